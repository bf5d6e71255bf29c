"""Contributions of parts to the growth of their total."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import (
    STATUSES,
    append_method,
    check_unique_periods,
    one_unit,
    series_keys,
)
from gbaindicators.transforms.growth import grown
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import Columns, by_change
from gbaindicators.transforms.lookback import earlier_rows
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance

__all__ = ["check_parts", "check_parts_of_one", "contributions", "parts_of_totals", "totals"]

_TOTAL = "total"


def _of_parts(frame: pl.DataFrame, by: str, **_: object) -> Columns:
    """Columns of `contributions`."""
    return frame.schema | dict.fromkeys((by, "unit", "method", "note"), pl.String())


def _contributing(
    series: pl.DataFrame, source: pl.LazyFrame | None, by: str = "area", *, over: str = "1y"
) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Check that series are parts of totals, and give the function that splits the growth of these in some periods.

    Between a period and the one before it `source` may have breaks that the periods themselves do not show.
    """
    check_parts_of_one(series, by, "contributions to growth")
    parts = parts_of_totals(series.with_columns(pl.col(by).cast(pl.String)), by)
    of_parts, of_totals = (None, None) if source is None else _breaks(source, by)

    def contribute(frame: pl.DataFrame) -> pl.DataFrame:
        frame = read_series(frame, "contributions to growth").with_columns(pl.col(by).cast(pl.String))
        check_unique_periods(frame)
        whole = totals(frame, by, parts)
        total_growth = grown(whole, over, breaks=of_totals)
        before = whole.select(pl.all().gather(earlier_rows(whole, over)))
        total_growth = add_note(total_growth, pl.lit(before["note"] + f" {over} earlier"))

        # beside each part: its total one span earlier, and what became of the growth of that total
        on = [*_group(frame, by), "period"]
        beside = (
            before.drop(on, "note")
            .rename({"value": "total"})
            .hstack(
                total_growth.select(
                    *on, pl.col("note").alias("why"), pl.col("value").is_not_null().alias("known")
                )
            )
        )
        beside = frame.select(on).join(beside, on=on, how="left", nulls_equal=True, maintain_order="left")
        change = frame["value"] - frame["value"].gather(earlier_rows(frame, over))
        share = pl.when(pl.lit(beside["known"])).then(pl.lit(100 * change / beside["total"]))
        shared = append_method(
            frame.with_columns(value=share, unit=pl.lit("percentage points")),
            f"contribution to the growth of the total over {over}",
        )
        own = grown(frame, over, breaks=of_parts)
        shared = add_note(merge_provenance(merge_provenance(shared, own), beside), pl.lit(beside["why"]))
        return pl.concat([shared, total_growth.select(shared.columns)])

    return contribute


def _breaks(source: pl.LazyFrame, by: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Series and periods of status B: those of the parts, and those of their totals, whose status is the worst."""
    source = source.with_columns(pl.col(by).cast(pl.String))
    dated = [*series_keys(source), "period"]
    if "status" not in source.collect_schema():
        none = source.select(dated).clear().collect()
        return none, none
    of_parts = (
        source.filter(pl.col("status").cast(pl.String) == "B").select(dated).collect(engine="streaming")
    )
    worst = pl.col("status").cast(pl.Enum(STATUSES)).max().cast(pl.String)
    of_totals = source.group_by([c for c in dated if c != by]).agg(worst).filter(pl.col("status") == "B")
    of_totals = of_totals.with_columns(pl.lit(_TOTAL).alias(by)).select(dated)
    return of_parts, of_totals.collect(engine="streaming")


@by_change(_contributing, _of_parts)
def contributions(frame: pl.DataFrame, by: str = "area", *, over: str = "1y") -> pl.DataFrame:
    """Split the growth of a total into the percentage points that its parts contribute.

    The total is the sum of the parts in the frame. A part contributes
    ``100 * (value - value one span earlier) / total one span earlier``, and these add up to the growth of
    the total.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) in one unit. Its parts must not contain each other, and each of them is needed at both
        ends. Chain-linked volumes do not add up to the volume of their total and are refused: give values at
        current or at constant prices, or weight the real growth of each part by its share at current prices a year
        earlier, which is what chain-linked contributions are.
    by
        Column that tells the parts apart.
    over
        Span of the growth, as in `growth`.

    Returns
    -------
    polars.DataFrame
        The rows of the frame with contributions for values, then for each total its growth as rows whose `by`
        column is ``total``; ``unit`` is ``percentage points`` for the parts and ``percent`` for the totals,
        ``note`` says which parts are missing. Where any part is missing at either end, every value of that
        period is null. The provenance of a part takes in that of the total that it is divided by. An empty
        frame gives an empty frame.

    Raises
    ------
    FrameError
        When `by` is missing, units are mixed, a part contains another or is named ``total``, the parts of one
        total differ in adjustment or prices, or they are chain-linked volumes.
    UsageError
        When `over` does not suit the frame, as in `growth`.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({
    ...     "area": ["hong_kong", "hong_kong", "macao", "macao"],
    ...     "period": [date(2022, 1, 1), date(2023, 1, 1)] * 2,
    ...     "value": [90.0, 99.0, 10.0, 11.0],
    ... })
    >>> latest = contributions(gdp).filter(pl.col("period") == date(2023, 1, 1))
    >>> dict(zip(latest["area"], latest["value"].round(6)))
    {'hong_kong': 9.0, 'macao': 1.0, 'total': 10.0}
    """
    frame = read_series(frame, "contributions to growth")
    return _contributing(frame, None, by, over=over)(frame)


def _group(frame: pl.DataFrame, by: str) -> list[str]:
    return [k for k in series_keys(frame) if k != by]


def parts_of_totals(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """List the parts of each total in ``parts``, beside the columns that tell the totals apart."""
    return frame.group_by(_group(frame, by) or pl.lit(0).alias("__all")).agg(
        pl.col(by).unique().alias("parts")
    )


def totals(frame: pl.DataFrame, by: str, parts: pl.DataFrame) -> pl.DataFrame:
    """Sum of the parts per period, null with a note where one is missing, as a series frame of its own."""
    group = _group(frame, by)
    valued = pl.col(by).filter(pl.col("value").is_not_null())
    per_period = frame.group_by([*group, "period"], maintain_order=True).agg(
        pl.col("value").sum(), valued.alias("valued"), *collapsed(frame)
    )
    if group:
        per_period = per_period.join(parts, on=group, how="left", nulls_equal=True, maintain_order="left")
    else:
        per_period = per_period.join(parts.select("parts"), how="cross", maintain_order="left")
    missing = pl.col("parts").list.set_difference("valued").list.sort()
    whole = missing.list.len() == 0
    sums = per_period.with_columns(
        pl.lit(_TOTAL).alias(by),
        pl.when(whole).then("value"),
        pl.when(~whole).then("no value of " + missing.list.join(", ")).alias("note"),
    )
    return sums.select(*frame.columns, *({"note"} - set(frame.columns)))


def check_parts_of_one(series: pl.DataFrame, by: str, doing: str) -> None:
    """Raise FrameError when series are not parts of totals in one unit."""
    if by not in series_keys(series):
        raise FrameError(
            f"the frame has no column {by!r} that tells the parts apart (it has {', '.join(series_keys(series)) or 'none'})"
        )
    one_unit(series, doing)
    check_parts(series.with_columns(pl.col(by).cast(pl.String)), by)


def check_parts(frame: pl.DataFrame, by: str) -> None:
    """Raise FrameError when the parts of a total cannot be added up."""
    parts = set(frame[by].unique())
    if None in parts or _TOTAL in parts:
        raise FrameError(
            f"{by!r} must name a part in every row, and none may be named {_TOTAL!r}: filter or rename these rows"
        )
    if "prices" in frame.columns and frame["prices"].cast(pl.String).str.starts_with("chained").any():
        raise FrameError(
            "chain-linked volumes do not add up to their total: take values at current or constant prices"
        )
    if by == "area":
        for whole, part in _nested(parts):
            raise FrameError(f"{whole!r} contains {part!r}, which would count twice: filter one of them out")
    group = _group(frame, by)
    subject = [k for k in group if k in ("indicator", "frequency")]
    attributes = [k for k in group if k not in subject]
    if attributes:
        sets = frame.group_by(group).agg(pl.col(by).unique().sort())
        counts = sets.group_by(subject or [pl.lit(0)]).agg(pl.col(by).n_unique())
        if (counts[by] > 1).any():
            varying = [a for a in attributes if frame[a].n_unique() > 1]
            raise FrameError(
                f"the parts of one total must agree in {', '.join(map(repr, varying))}, and some are there with one "
                "value only: filter the frame, or set the column to one value where the difference does not matter"
            )


def _nested(areas: set[str]) -> list[tuple[str, str]]:
    """Pairs of areas of which the first contains the second, as the catalogue knows them."""
    known = catalog()
    pairs = [(d.area, m) for d in known.definitions if d.area in areas for m in d.members if m in areas]
    for area in areas & known.areas.keys():
        parent = known.areas[area].parent
        while parent is not None:
            if parent in areas:
                pairs.append((parent, area))
            parent = known.areas[parent].parent
    return sorted(pairs)
