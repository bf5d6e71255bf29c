"""A frame of indicators laid out as a matrix of units by indicators, and the checks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.comparison.integration.scores import Array
from gbaindicators.errors import FrameError, UnknownNameError, UsageError

__all__ = ["TOTAL", "Matrix", "check_names", "read_matrix", "unit_keys"]

#: Name of the whole index among its groups.
TOTAL: Final = "index"


@dataclass(frozen=True)
class Matrix:
    """Values of the units (rows) by the indicators (columns), nan where there is none."""

    units: pl.DataFrame
    indicators: list[str]
    groups: list[str]
    values: Array
    falling: npt.NDArray[np.bool_]
    base: Array

    def names(self) -> list[str]:
        """Readable name of each unit."""
        return [", ".join(str(v) for v in row) for row in self.units.rows()]

    def without(self, column: int) -> Matrix:
        """The same without one indicator."""
        keep = [i for i in range(len(self.indicators)) if i != column]
        return Matrix(
            self.units,
            [self.indicators[i] for i in keep],
            [self.groups[i] for i in keep],
            self.values[:, keep],
            self.falling[keep],
            self.base[:, keep],
        )


def read_matrix(
    frame: pl.DataFrame,
    *,
    groups: Mapping[str, str] | None = None,
    lower_is_better: Sequence[str] = (),
    base: str | int | None = None,
    complete: bool = True,
) -> Matrix:
    """Lay a frame out as a matrix and check it; `composite_index` says what is refused."""
    keys = unit_keys(frame)
    _check_frame(frame, keys)
    units = frame.select(keys).unique().sort(keys)
    indicators = frame["indicator"].cast(pl.String).unique(maintain_order=True).to_list()
    values = np.full((units.height, len(indicators)), np.nan)
    places = frame.join(units.with_row_index("_unit"), on=keys, how="left", maintain_order="left")["_unit"]
    column = {name: i for i, name in enumerate(indicators)}
    columns = [column[name] for name in frame["indicator"]]
    values[places.to_numpy(), columns] = frame["value"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        raise FrameError(f"{indicators[int(empty.argmax())]!r} has no value in any unit: leave it out")
    if complete and np.isnan(values).any():
        raise FrameError(_say_missing(units, indicators, values))
    check_names("lower_is_better", set(lower_is_better), set(indicators), whole=False)
    if groups is not None:
        check_names("groups", set(groups), set(indicators), whole=True)
        if TOTAL in groups.values():
            raise UsageError(f"a group cannot be called {TOTAL!r}: this is the name of the whole")
    return Matrix(
        units,
        indicators,
        [TOTAL if groups is None else groups[i] for i in indicators],
        values,
        np.array([i in lower_is_better for i in indicators]),
        _bases(units, values, base),
    )


def unit_keys(frame: pl.DataFrame) -> list[str]:
    """Columns that tell apart what is scored."""
    return [c for c in ("area", "period") if c in frame.columns]


def _check_frame(frame: pl.DataFrame, keys: list[str]) -> None:
    """Check that a frame has one number for each indicator in each unit that is scored."""
    if not isinstance(frame, pl.DataFrame):
        raise FrameError(f"expected an eager Polars frame, got {type(frame).__name__}")
    absent = [c for c in ("indicator", "value") if c not in frame.columns]
    if absent or not keys:
        lacking = absent or ["area' or 'period"]
        raise FrameError(
            f"the frame lacks the column {', '.join(map(repr, lacking))}: a composite needs 'indicator', 'value' and "
            "'area' or 'period'"
        )
    if frame.is_empty():
        raise FrameError("the frame is empty: there is nothing to combine")
    _check_numbers(frame["value"])
    for column in ("indicator", *keys):
        if frame[column].has_nulls():
            raise FrameError(f"{column!r} is null in some rows: say what they are, or leave them out")
    _check_no_doubles(frame, keys)
    _check_units(frame)


def _check_numbers(values: pl.Series) -> None:
    if not values.dtype.is_numeric():
        raise FrameError(f"'value' must hold numbers, not {values.dtype}")
    if not values.is_finite().all(ignore_nulls=True):
        raise FrameError("'value' holds NaN or infinite numbers: a missing value is null")


def _check_no_doubles(frame: pl.DataFrame, keys: list[str]) -> None:
    twice = frame.filter(pl.struct("indicator", *keys).is_duplicated())
    if twice.height:
        row = ", ".join(str(v) for v in twice.select("indicator", *keys).row(0))
        raise FrameError(
            f"two values for {row}: filter the frame to one frequency, adjustment and source for each indicator"
        )


def _check_units(frame: pl.DataFrame) -> None:
    if "unit" not in frame.columns:
        return
    units = frame.group_by("indicator", maintain_order=True).agg(pl.col("unit").unique().sort())
    for name, found in units.rows():
        if len(found) > 1:
            raise FrameError(
                f"{name!r} is in {' and '.join(map(str, found))}: convert it to one unit, or name the series apart"
            )


def _say_missing(units: pl.DataFrame, indicators: list[str], values: Array) -> str:
    holes = np.argwhere(np.isnan(values))
    where = [
        f"{indicators[c]} in {', '.join(str(v) for v in units.row(int(r)))}" for r, c in holes[:3].tolist()
    ]
    more = f" and {len(holes) - 3} more" if len(holes) > 3 else ""
    return (
        f"no value of {'; '.join(where)}{more}: nothing is imputed. Leave out the indicators or the units, or score "
        "each unit on what it has with missing='available'"
    )


def check_names(argument: str, given: set[str], known: set[str], *, whole: bool) -> None:
    """Check that an argument names indicators of the frame, and all of them if it speaks of the `whole`."""
    for name in sorted(given - known):
        raise UnknownNameError(f"indicator in {argument}", name, known)
    if whole and (left := sorted(known - given)):
        raise UnknownNameError(
            f"{argument} for the indicator", left[0], given, f"Every indicator needs an entry in {argument}."
        )


def _bases(units: pl.DataFrame, values: Array, base: str | int | None) -> Array:
    """Value of the base period in the same area for every cell; nan where there is none or no base is asked for."""
    if base is None or "period" not in units.columns:
        return np.full_like(values, np.nan)
    start = parse_period(str(base)).start
    keys = [c for c in units.columns if c != "period"]
    at_base = units.with_row_index("_base").filter(pl.col("period") == start).select(*keys, "_base")
    rows = (
        units.join(at_base, on=keys, how="left", maintain_order="left")
        if keys
        else units.join(at_base, how="left", on=pl.lit(1), maintain_order="left")
    )["_base"]
    padded = np.vstack([values, np.full((1, values.shape[1]), np.nan)])
    return np.asarray(padded[rows.fill_null(len(values)).to_numpy()])
