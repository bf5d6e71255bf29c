"""The table a factor model is estimated on: months by stationary series, the nowcast's target in the last column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError
from gbaindicators.forecasting.nowcasts.real_time import known_on, newest
from gbaindicators.tables.series_frame import check_unique_periods, series_keys, series_name
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import read_series

__all__ = ["Panel", "make_panel"]

Matrix = NDArray[np.float64]

#: What is done to a series beside taking three months together, in words.
TRANSFORMS: Final = {"growth": "growth", "change": "change", "level": "as it stands"}
_FEWEST_QUARTERS: Final = 20
#: Quarters in which an indicator and the target are both known, before the indicator is of use.
_FEWEST_SHARED: Final = 12


@dataclass(frozen=True)
class Panel:
    """Months by series; the last column is the quarterly target, in the last month of each quarter."""

    first: int
    series: tuple[dict[str, Any], ...]
    values: Matrix
    sources: tuple[str, ...]
    left_out: dict[str, str]
    by_lag: int
    by_vintage: int

    @property
    def names(self) -> list[str]:
        """Readable names of the series, the target's last."""
        return [str(s["name"]) for s in self.series]

    def month(self, row: int) -> date:
        """First day of the month of a row."""
        return date((self.first + row) // 12, (self.first + row) % 12 + 1, 1)

    def row(self, month: date) -> int:
        """Row of a month, which may lie beyond the end."""
        return _ordinal(month) - self.first

    def of_series(self, names: Sequence[str]) -> Panel:
        """Return the panel of these series in this order, empty columns where one is not there."""
        at = {name: i for i, name in enumerate(self.names)}
        empty = np.full((len(self.values), 1), np.nan)
        every = np.hstack([self.values, empty])
        series = tuple(self.series[at[n]] if n in at else {"name": n} for n in names)
        return replace(self, series=series, values=every[:, [at.get(n, -1) for n in names]])

    def extended(self, rows: int) -> Matrix:
        """Return the values with empty months up to a number of rows."""
        more = max(rows - len(self.values), 0)
        return np.pad(self.values, ((0, more), (0, 0)), constant_values=np.nan)


def make_panel(target: pl.DataFrame, monthly: pl.DataFrame, as_of: date | None, over: int) -> Panel:
    """Check both frames, keep what was known on a day and make every series stationary.

    Raises
    ------
    FrameError, SeriesTooShortError
        As `nowcast` says.
    """
    target, monthly = _target(target), _monthly(monthly)
    if as_of is not None:
        target, monthly = known_on(target, as_of), known_on(monthly, as_of)
    else:
        target, monthly = newest(target), newest(monthly)
    check_unique_periods(target)
    check_unique_periods(monthly)
    known = target.filter(pl.col("value").is_not_null())
    if known.height < _FEWEST_QUARTERS:
        when = f" known on {as_of}" if as_of else ""
        raise SeriesTooShortError(
            f"a nowcast needs at least {_FEWEST_QUARTERS} quarters of its target, {known.height} are{when or ' there'}: "
            "load a longer span or take a later day"
        )
    used = monthly.filter(pl.col("value").is_not_null())
    if used.is_empty():
        raise FrameError("no monthly figure is known: load the indicators, or take a later day")
    end = pl.max_horizontal(_last_month(used).max(), _last_month(known).max())
    last = _ordinal(pl.select(end).item())
    first = min(_ordinal(d) for d in (used["period"].min(), known["period"].min()))  # type: ignore[arg-type]
    columns, series, groups, left_out = [], [], [], {}
    of_target = _place(known, first, last, 3)
    for row, group in _series(used):
        name = series_name({k: v for k, v in row.items() if k not in ("lag", "transform")})
        column = _stationary(name, row, group, first, last, over)
        shared = int((np.isfinite(column) & np.isfinite(of_target)).sum())
        if shared < _FEWEST_SHARED:
            left_out[name] = f"known in {shared} quarters of the target, {_FEWEST_SHARED} are needed"
            continue
        if np.nanstd(column) < 1e-9 * max(1.0, float(np.nanmax(np.abs(column)))):
            raise FrameError(
                f"{name} is constant ({row['transform']}): it can tell nothing, filter it out of the monthly series"
            )
        columns.append(column)
        groups.append(group)
        series.append({**row, "name": name})
    if not columns:
        raise FrameError(
            "no monthly series overlaps the target for long enough: "
            + "; ".join(f"{k} is {v}" for k, v in list(left_out.items())[:5])
        )
    twice = [n for n, count in Counter(s["name"] for s in series).items() if count > 1]
    if twice:
        raise FrameError(
            f"{twice[0]} is there twice, told apart by 'lag', 'transform' or 'prices' only: make these the same in all of "
            "its rows, or filter one out"
        )
    keys = series_keys(target.drop("lag", "timing", strict=False))
    row = {**known.select(keys).row(0, named=True), "transform": "level"}
    values = np.column_stack([*columns, of_target])
    # what an indicator did before would estimate its own course, not what it says of the target
    begin = max(int(np.isfinite(of_target).argmax()) - 2, 0)
    timings = [t for f in (target, monthly) if "timing" in f.columns for t in f["timing"]]
    return Panel(
        first=first + begin,
        series=(*series, {**row, "name": series_name({k: row[k] for k in keys})}),
        values=values[begin:],
        sources=_sources(known, *groups),
        left_out=left_out,
        by_lag=timings.count("lag"),
        by_vintage=timings.count("vintage"),
    )


def _target(frame: pl.DataFrame) -> pl.DataFrame:
    frame = with_frequency(read_series(frame, "a nowcast"))
    keys = [k for k in series_keys(frame) if k != "lag"]
    if frame.select(keys).n_unique() != 1:
        names = [series_name(r) for r in frame.select(keys).unique(maintain_order=True).head(3).to_dicts()]
        raise FrameError(
            f"the target is one quarterly series, the frame has {'; '.join(names) or 'none'}: filter it first"
        )
    if frame["frequency"].cast(pl.String)[0] != "Q":
        raise FrameError(
            f"the target is quarterly, not of frequency {frame['frequency'][0]!r}: take its quarters, "
            "gba.load(..., frequency='Q'), or aggregate, frame.pipe(gba.to_frequency, 'Q')"
        )
    if "unit" in frame.columns and set(frame["unit"].drop_nulls()) - {"percent"}:
        raise FrameError(
            f"the target is growth in percent, the frame is in {frame['unit'].drop_nulls()[0]!r}: "
            "make growth of it first, frame.pipe(gba.growth), and say over what span with over="
        )
    return frame


def _monthly(frame: pl.DataFrame) -> pl.DataFrame:
    frame = with_frequency(read_series(frame, "a nowcast"))
    other = sorted(set(frame["frequency"].cast(pl.String)) - {"M", "Q"})
    if other:
        raise FrameError(
            f"indicators are monthly or quarterly, the frame has frequency {', '.join(map(repr, other))}: "
            "aggregate first, frame.pipe(gba.to_frequency, 'M'), or filter those rows out"
        )
    if "adjustment" in frame.columns and (frame["adjustment"].cast(pl.String) == "ytd").any():
        raise FrameError("running totals of the year start over each January: frame.pipe(gba.from_ytd) first")
    if "transform" not in frame.columns:
        frame = frame.with_columns(transform=pl.lit(None, pl.String))
    for name in frame["transform"].drop_nulls().unique():
        if name not in TRANSFORMS:
            raise UnknownNameError("transform", name, TRANSFORMS)
    pairs = [c for c in ("indicator", "unit") if c in frame.columns]
    if not pairs:
        return frame.with_columns(pl.col("transform").fill_null("growth"))
    usual = pl.struct(pairs).map_elements(_usual_transform, return_dtype=pl.String)
    return frame.with_columns(pl.coalesce("transform", usual).alias("transform"))


def _usual_transform(row: dict[str, Any]) -> str:
    """Growth of what has a level; rates of growth and diffusion indices as they stand; change of other rates."""
    known = catalog().indicators.get(str(row.get("indicator")))
    if row.get("unit") == "percent":
        return (
            "change" if known is not None and known.kind == "rate" and known.over_time == "mean" else "level"
        )
    return "level" if known is not None and known.kind == "index" and known.maximum == 100 else "growth"


def _series(frame: pl.DataFrame) -> list[tuple[dict[str, Any], pl.DataFrame]]:
    keys = [k for k in series_keys(frame) if k != "timing"]
    groups = frame.sort("period").partition_by(keys, maintain_order=True, include_key=True)
    return [(g.select(keys).row(0, named=True), g) for g in groups]


def _stationary(
    name: str, row: dict[str, Any], group: pl.DataFrame, first: int, last: int, over: int
) -> Matrix:
    """Three months to date, and their growth or change over `over` months, by date."""
    months = 3 if str(row["frequency"]) == "Q" else 1
    values = _place(group, first, last, months)
    if months == 1:
        values = _mean_of_three(values)
    if row["transform"] == "level":
        return values
    base: Matrix = np.concatenate([np.full(over, np.nan), values])[: len(values)]
    change: Matrix = values - base
    if row["transform"] == "change":
        return change
    if (values <= 0).any():
        raise FrameError(
            f"{name} has values of zero or less, of which growth has no meaning: say what to do instead in a column "
            "transform, 'change' (difference) or 'level' (as it stands)"
        )
    rate: Matrix = 100 * change / base
    rate[_crosses_break(group, first, len(values), months, over)] = np.nan
    return rate


def _mean_of_three(values: Matrix) -> Matrix:
    padded = np.concatenate([np.full(2, np.nan), values])
    mean: Matrix = (padded[2:] + padded[1:-1] + padded[:-2]) / 3
    return mean


def _crosses_break(group: pl.DataFrame, first: int, rows: int, months: int, over: int) -> NDArray[np.bool_]:
    """Whether a break (status B) lies between the figures that a growth rate compares."""
    crosses = np.zeros(rows, dtype=bool)
    if "status" in group.columns:
        span = over if months == 3 else over + 2
        for start in group.filter(pl.col("status") == "B")["period"]:
            at = _ordinal(start) - first + months - 1
            crosses[at : at + span] = True
    return crosses


def _place(group: pl.DataFrame, first: int, last: int, months: int) -> Matrix:
    """Put figures into the last month of their period."""
    values = np.full(last - first + 1, np.nan)
    for period, value in group.select("period", "value").iter_rows():
        values[_ordinal(period) - first + months - 1] = value
    return values


def _last_month(frame: pl.DataFrame) -> pl.Series:
    quarterly = pl.col("frequency").cast(pl.String) == "Q"
    month = pl.when(quarterly).then(pl.col("period").dt.offset_by("2mo")).otherwise("period")
    return frame.select(month.alias("month"))["month"]


def _ordinal(day: date) -> int:
    return day.year * 12 + day.month - 1


def _sources(*frames: pl.DataFrame) -> tuple[str, ...]:
    lists: Sequence[pl.Series] = [
        f["sources"].explode().drop_nulls() for f in frames if "sources" in f.columns
    ]
    return tuple(sorted({s for one in lists for s in one}))
