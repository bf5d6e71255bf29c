"""`revisions`: how published figures changed from release to release, and whether the changes could have been foreseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import frequency_code, period_text_expr, step
from gbaindicators.errors import UnknownNameError, UsageError
from gbaindicators.store import connect, load
from gbaindicators.store.names import Database, area_ids, fetch, kind_of
from gbaindicators.tables.observations import ADJUSTMENTS
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms.newey_west import lags_for

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Revisions", "revisions"]

#: Below these a test says nothing: it is left out and the remark says so.
_FEWEST: Final = 10
_FEWEST_FOR_REGRESSION: Final = 20
_SERIES: Final = ("frequency", "adjustment", "prices", "unit", "begins")
_COLUMNS: Final = (
    "indicator", "area", "frequency", "period", "value", "unit", "sources", "adjustment", "prices", "status",
    "vintage", "method", "release", "days", "revision", "revision_from_first", "rounding",
)  # fmt: skip

# The first of several figures of one day is the one that the choice among sources prefers.
_RELEASES: Final = """
    SELECT o.indicator, o.area, o.frequency, o.period, o.value, o.unit, [o.source] AS sources, o.adjustment, o.prices,
           o.status, o.vintage, o.method, o.source, s.grade,
           NOT o.dated AS undated,
           coalesce(regexp_replace(s.producer, ', and other producers$', ''), o.source) AS producer,
           CASE o.frequency WHEN 'A' THEN month(o.period) ELSE 1 END AS begins,
           coalesce(half_unit(o.published_value, o.published_scale, coalesce(u.factor, 1)), 0) AS rounding
    FROM observation o LEFT JOIN source s ON s.id = o.source LEFT JOIN unit u ON u.id = o.published_unit
    WHERE o.indicator = ? AND o.area = ? AND o.status <> 'U'
    ORDER BY o.period, o.vintage, o.standing, length(o.published_value) - o.published_scale DESC, o.source
"""


@dataclass(frozen=True)
class Revisions:
    """What was published of each period of a series, release after release.

    Attributes
    ----------
    frame
        One row for each period and release: the columns of a series frame with ``vintage``, ``release`` (1 for the
        first that was kept), ``days`` (from the end of the period to the vintage), ``revision`` (from the release
        before), ``revision_from_first`` and ``rounding`` (half a unit of the last printed digit), all in ``unit``.
        ``frame.filter(release=1)`` is a series.
    statistics
        One row for each step, ``"first to latest"``, ``"release 1 to 2"`` and so on: see `revisions`.
    notes
        Whose releases they are, what was left out, and what to mind.
    """

    frame: pl.DataFrame
    statistics: pl.DataFrame
    notes: tuple[str, ...]

    @property
    def triangle(self) -> pl.DataFrame:
        """Periods by vintages, as in a real-time data set: what each release printed, null where it did not."""
        wide = self.frame.sort("vintage").pivot("vintage", index="period", values="value")
        return wide.sort("period")

    def summary(self) -> str:
        """Tell the statistics and the notes in a few lines of text."""
        first = self.frame.row(0, named=True)
        lines = [f"Revisions of {first['indicator']}, {first['area']}, {first['unit']}"]
        for row in self.statistics.iter_rows(named=True):
            t = "" if row["t_statistic"] is None else f" (t {row['t_statistic']:.2f})"
            lines.append(
                f"  {row['step']}: {row['count']} revision{'s' * (row['count'] != 1)}, mean {row['mean']:.4g}{t}, mean absolute {row['mean_absolute']:.4g}"
                + (f"; {row['remark']}" if row["remark"] else "")
            )
        return "\n".join([*lines, *self.notes])


def revisions(
    indicator: str,
    area: str,
    *,
    frequency: str | None = None,
    adjustment: str | None = None,
    prices: str | None = None,
    sources: str | Sequence[str] | None = None,
    database: Database = None,
) -> Revisions:
    """Follow the figures of a series from release to release.

    A revision is the difference between two vintages of one concept: the same unit, prices, adjustment, kind of year and
    producer. Levels in the prices of different years are different series, whose growth rates can be compared. The
    vintages of a producer are its own releases and tables and their copies, each by its stated date; figures of a service
    by the date that it states, else the day they were accepted. Figures without any (their source in `sources` states no
    month or day, and they carry 2026-11-22, when they were first seen) cannot be placed in time and are left out, as
    doubtful ones (status U) are; ``notes`` counts them.

    Parameters
    ----------
    indicator
        Id of an indicator.
    area
        Id, English name or alias of an area.
    frequency, adjustment, prices
        As in the columns of `load`. By default the series with most periods in several vintages, and no year-to-date
        figures; ``notes`` names the others.
    sources
        Ids of sources or names of producers to compare, or ``"all"``, also where their producers differ: press
        reports of a figure often are the first to tell it. By default those of one producer.
    database
        Path of a database, by default the one in the data home.

    Returns
    -------
    Revisions
        ``frame`` of all releases, ``triangle``, ``statistics`` and ``notes``. The statistics of each step are ``count``
        of revisions; their ``mean``, its ``t_statistic`` and ``p_value`` (Newey-West with ``4 (n/100)^(2/9)`` lags over the
        periods in order, Student's t); ``mean_absolute``, ``root_mean_square`` and ``relative_mean_absolute`` (sum of
        absolute revisions over that of the absolute earlier figures); ``share_revised`` by more than half a unit of the last
        digit of the coarser print, and ``share_up``; ``news_p`` and ``noise_p`` for rates; and a ``remark`` where there
        are too few to test. ``news_p`` tests whether the revision has mean zero given the earlier figure (small: it could have
        been foreseen, the figure was no efficient forecast), ``noise_p`` given the later figure (small: the earlier
        figure was not the later one with an error of measurement); both regress the revision on a constant and the
        figure and test both coefficients. Fewer than 10 revisions are not tested, fewer than 20 not regressed.

    Raises
    ------
    UnknownNameError
        For an unknown indicator, area, frequency, adjustment or source.
    UsageError
        When no period is there in two vintages: the message says which vintages there are.

    References
    ----------
    Mankiw, N. G. and M. D. Shapiro (1986), "News or Noise: An Analysis of GNP Revisions", Survey of Current Business
    66(5), 20-25; Faust, J., J. Rogers and J. Wright (2005), "News and Noise in G-7 GDP Announcements", Journal of Money,
    Credit and Banking 37(3), 403-419; Croushore, D. and T. Stark (2001), "A Real-Time Data Set for Macroeconomists",
    Journal of Econometrics 105(1), 111-130.

    Examples
    --------
    >>> growth = revisions("gdp_real_growth", "hong_kong", frequency="Q")
    >>> growth.frame.filter(period=pl.date(2023, 10, 1)).select("vintage", "value", "revision").rows()
    [(datetime.date(2024, 1, 31), 4.3, None), (datetime.date(2026, 6, 30), 4.2, -0.1)]
    """
    rows, kind = _read(indicator, area, frequency, adjustment, prices, sources, database)
    one = list(_SERIES) if sources is not None else [*_SERIES, "producer"]
    dated = rows.filter(~pl.col("undated"))
    found = _candidates(dated, one)
    if found.is_empty() or not found["revised"][0]:
        raise _no_two(indicator, area, found, rows)
    chosen = dated.join(found.head(1), on=one, nulls_equal=True)
    releases = _released(chosen)
    notes = [
        *_about_producers(chosen, found, one),
        *_about_left_out(rows, found),
        *_about_first(releases),
        *_conflicts(chosen),
    ]
    return Revisions(releases, _statistics(releases, kind in ("rate", "ratio")), tuple(notes))


def _read(
    indicator: str, area: str, frequency: str | None, adjustment: str | None, prices: str | None,
    sources: str | Sequence[str] | None, database: Database,
) -> tuple[pl.DataFrame, str]:  # fmt: skip
    """Every release of an indicator in an area that was asked for, and the kind of the indicator."""
    code = None if frequency is None else frequency_code(frequency)
    if adjustment is not None and adjustment not in ADJUSTMENTS:
        raise UnknownNameError("adjustment", adjustment, ADJUSTMENTS)
    with connect(database) as connection:
        if kind_of(connection, indicator) == "table_name":
            raise UsageError(
                f"{indicator!r} is a table: name one of its indicators, gba.indicators({indicator!r})"
            )
        ids = area_ids(connection, [area]) or []
        rows = fetch(connection, _RELEASES, [indicator, *ids])
        kind = connection.execute("SELECT kind FROM indicator WHERE id = ?", [indicator]).fetchall()[0][0]
        wanted = None if sources in (None, "all") else _source_ids(connection, sources)
    conditions = [
        pl.lit(True) if code is None else pl.col("frequency") == code,
        pl.col("adjustment") != "ytd" if adjustment is None else pl.col("adjustment") == adjustment,
        pl.lit(True) if prices is None else pl.col("prices") == prices,
        pl.lit(True) if wanted is None else pl.col("source").is_in(wanted),
    ]
    asked = rows.filter(conditions)
    if asked.is_empty():
        load(
            indicator, area, frequency=frequency, adjustment=adjustment, database=database
        )  # says what there is
        have = rows.select("frequency", "adjustment", "prices").unique(maintain_order=True).rows()
        raise UsageError(
            f"no figures of {indicator!r} for {area!r} in these prices and of these sources; there are: "
            + "; ".join(" ".join(v for v in row if v) for row in have)
        )
    # tables drop the zeros behind a decimal point: a source is as exact as its most exact figure
    return asked.with_columns(pl.col("rounding").min().over("source")), kind


def _source_ids(connection: duckdb.DuckDBPyConnection, wanted: str | Sequence[str] | None) -> list[str]:
    names = [wanted] if isinstance(wanted, str) else list(wanted or ())
    known = connection.execute("SELECT id, producer FROM source").fetchall()
    for name in names:
        if not any(name in row for row in known):
            raise UnknownNameError("source or producer", name, {n for row in known for n in row})
    return [id_ for id_, producer in known if id_ in names or producer in names]


def _candidates(dated: pl.DataFrame, one: list[str]) -> pl.DataFrame:
    """Series with the number of periods that are there in several vintages, most first."""
    counted = dated.group_by(*one, "period").agg(
        pl.col("vintage").n_unique().alias("n"), pl.col("vintage").unique()
    )
    series = counted.group_by(one).agg(
        (pl.col("n") > 1).sum().alias("revised"),
        pl.len().alias("periods"),
        pl.col("vintage").explode().unique().sort().alias("days_known"),
    )
    return series.sort(
        "revised", "periods", *one, descending=[True, True, *(False for _ in one)], nulls_last=True
    )


def _released(chosen: pl.DataFrame) -> pl.DataFrame:
    """One row for each period and vintage, with what it changed."""
    frame = chosen.unique(["period", "vintage"], keep="first", maintain_order=True)
    last = pl.col("period").dt.offset_by(step(frame["frequency"][0])) - pl.duration(days=1)
    value = pl.col("value")
    # subtraction leaves the noise of floats behind the digits that were printed
    return frame.with_columns(
        pl.col("frequency").cast(FREQUENCY),
        (pl.col("vintage") - last).dt.total_days().alias("days"),
        pl.col("vintage").cum_count().over("period").cast(pl.Int64).alias("release"),
        (value - value.shift().over("period")).round_sig_figs(12).alias("revision"),
        (value - value.first().over("period")).round_sig_figs(12).alias("revision_from_first"),
    ).select(_COLUMNS)


def _statistics(releases: pl.DataFrame, of_rates: bool) -> pl.DataFrame:
    """Measures of the revisions of each step."""
    several = releases.filter(pl.len().over("period") > 1)
    last = pl.col("release") == pl.col("release").max().over("period")
    steps = [("first to latest", several.filter(release=1), several.filter(last))]
    steps += [
        (f"release {k} to {k + 1}", several.filter(release=k), several.filter(release=k + 1))
        for k in range(1, int(several["release"].max()))  # type: ignore[arg-type]
    ]
    rows = []
    for name, earlier, later in steps:
        both = (
            earlier.join(later, on="period", suffix="_later")
            .drop_nulls(["value", "value_later"])
            .sort("period")
        )
        if both.height:
            rows.append({"step": name, **_measures(both, of_rates)})
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(_TESTS, pl.Float64), infer_schema_length=None)


_TESTS: Final = ("t_statistic", "p_value", "relative_mean_absolute", "news_p", "noise_p")


def _measures(both: pl.DataFrame, of_rates: bool) -> dict[str, Any]:
    import numpy as np

    before, after = both["value"].to_numpy(), both["value_later"].to_numpy()
    change = (both["value_later"] - both["value"]).round_sig_figs(12).to_numpy()
    n, size = len(change), np.abs(before).sum()
    visible = both.select(pl.max_horizontal("rounding", "rounding_later")).to_series().to_numpy() * (1 + 1e-9)
    tested = n >= _FEWEST and bool(np.ptp(change))
    t, p = _tested(change) if tested else (None, None)
    regressed = of_rates and tested and n >= _FEWEST_FOR_REGRESSION
    few = f"too few to test (fewer than {_FEWEST})" if n < _FEWEST else ""
    if not few and of_rates and n < _FEWEST_FOR_REGRESSION:
        few = f"too few to regress (fewer than {_FEWEST_FOR_REGRESSION})"
    return {
        "count": n, "mean": float(change.mean()), "t_statistic": t, "p_value": p,
        "mean_absolute": float(np.abs(change).mean()), "root_mean_square": float(np.sqrt((change**2).mean())),
        "relative_mean_absolute": float(np.abs(change).sum() / size) if size else None,
        "share_revised": float((np.abs(change) > visible).mean()), "share_up": float((change > visible).mean()),
        "news_p": _tested(change, before)[1] if regressed and np.ptp(before) else None,
        "noise_p": _tested(change, after)[1] if regressed and np.ptp(after) else None,
        "remark": few,
    }  # fmt: skip


def _tested(change: NDArray[np.float64], given: NDArray[np.float64] | None = None) -> tuple[float, float]:
    """Test a mean of zero, as it is or given a figure: the statistic (t, else F) and its p-value, by Newey-West."""
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    n = len(change)
    design = np.ones((n, 1)) if given is None else np.column_stack([np.ones(n), given])
    lags = {"maxlags": lags_for(n), "use_correction": True}
    fitted = OLS(change, design).fit(cov_type="HAC", cov_kwds=lags, use_t=True)
    if given is None:
        return float(fitted.tvalues[0]), float(fitted.pvalues[0])
    test = fitted.f_test(np.eye(2))
    return float(test.fvalue), float(test.pvalue)


def _about_producers(chosen: pl.DataFrame, found: pl.DataFrame, one: list[str]) -> list[str]:
    producers = chosen["producer"].unique(maintain_order=True).to_list()
    notes = [f"releases of {' and '.join(producers)}"]
    if len(producers) > 1:
        notes.append(
            "differences between producers count as revisions here: read them as such only where one quotes the other"
        )
    copied = chosen.filter(pl.col("grade") == "secondary")["source"].n_unique()
    if copied:
        notes.append(
            f"{copied} of {chosen['source'].n_unique()} sources are secondary: reports of a release, not the release"
        )
    others = [_series_text(row, one) for row in found[1:].filter(pl.col("revised") > 0).iter_rows(named=True)]
    if others:
        notes.append(
            f"also in several vintages: {'; '.join(others)}. Name frequency, adjustment, prices or sources to see them"
        )
    return notes


def _about_left_out(rows: pl.DataFrame, found: pl.DataFrame) -> list[str]:
    same = [c for c in found.columns if c in rows.columns]
    undated = rows.filter("undated").join(found.head(1), on=same, how="semi", nulls_equal=True).height
    text = f"{undated} figure{'s have' if undated > 1 else ' has'} no stated date of publication and cannot be placed: left out"
    return [text] if undated else []


def _about_first(releases: pl.DataFrame) -> list[str]:
    days = releases.filter(pl.len().over("period") > 1, pl.col("release") == 1)["days"].sort()
    notes = [
        f"release 1 is the first that was kept, not always the first print: {days[0]} to {days[-1]} days after the end "
        f"of the period, the median {median(days):.0f}"
    ]
    gone = releases["value"].null_count()
    return (
        [
            *notes,
            f"{gone} release{'s withdraw' if gone > 1 else ' withdraws'} a figure: no revision runs to or from them",
        ]
        if gone
        else notes
    )


def _conflicts(chosen: pl.DataFrame) -> list[str]:
    """Say where figures of one day differ by more than their rounding."""
    kept = chosen.unique(["period", "vintage"], keep="first", maintain_order=True)
    both = chosen.join(kept, on=["period", "vintage"], suffix="_kept", maintain_order="left")
    apart = (pl.col("value") - pl.col("value_kept")).abs() > (
        pl.col("rounding") + pl.col("rounding_kept")
    ) * (1 + 1e-9)
    rows = both.filter(apart).with_columns(period_text_expr().alias("text")).iter_rows(named=True)
    return [
        f"{r['text']} on {r['vintage']}: {r['source_kept']} says {r['value_kept']:.12g} (taken), {r['source']} {r['value']:.12g}"
        for r in rows
    ]


def _series_text(row: dict[str, Any], one: Sequence[str]) -> str:
    words = [str(row[c]) for c in one if row[c] is not None and c != "begins"]
    if row["begins"] != 1:
        words.append(f"years from month {row['begins']}")
    return f"{', '.join(words)} ({row['revised']} of {row['periods']} periods)"


def _no_two(indicator: str, area: str, found: pl.DataFrame, rows: pl.DataFrame) -> UsageError:
    """Say which vintages there are, since there are no two of one period."""
    one = [c for c in found.columns if c in rows.columns]
    lines = []
    for row in found.head(12).iter_rows(named=True):
        days = ", ".join(map(str, row["days_known"][:6])) + (" ..." if len(row["days_known"]) > 6 else "")
        words = [str(row[c]) for c in one if row[c] is not None and c != "begins"]
        lines.append(f"{', '.join(words)}: {days}")
    there = "; ".join(lines) + (" ..." if found.height > 12 else "") if lines else "none with a stated date"
    undated = rows["undated"].sum()
    return UsageError(
        f"no period of {indicator!r} for {area!r} was published twice in one unit, prices and adjustment by one producer. "
        f"Vintages: {there}."
        + (
            f" {undated} figure{'s have' if undated > 1 else ' has'} no stated date of publication."
            if undated
            else ""
        )
        + (
            " Levels in the prices of different years are no revisions of each other: ask for growth."
            if found["prices"].n_unique() > 1
            else ""
        )
        + (
            " Producers can be compared with sources='all'."
            if "producer" in one and found["producer"].n_unique() > 1
            else ""
        )
    )
