"""From the members to the whole: cities and prefectures added up to bay areas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import (
    append_method,
    check_unique_periods,
    one_unit,
    series_keys,
)
from gbaindicators.transforms.inputs import NoRowsError, read_series
from gbaindicators.transforms.lazily import by_period
from gbaindicators.transforms.provenance import collapsed

__all__ = ["aggregate", "members", "ratios_in"]

#: What the sum of chain-linked volumes is not.
_OF_CHAINED = ", near the chain-linked volume of the whole and the same in the base year only"

Missing = Literal["null", "skip"]


def members(area: str, *, subject: str = "economy", definition: str | None = None) -> list[str]:
    """List the members of a bay area.

    Parameters
    ----------
    area
        A bay area.
    subject
        ``"economy"``, ``"ports"`` or ``"airports"``: a bay has other members in the port tables.
    definition
        Which definition of the bay area; by default the subject's default one.

    Returns
    -------
    list of str
        Ids of the member areas.

    Raises
    ------
    UsageError
        When the area has no members.
    UnknownNameError
        When there is no such area or definition.

    Examples
    --------
    >>> members("tokyo_bay_area")
    ['tokyo', 'kanagawa', 'saitama', 'chiba']
    >>> members("greater_bay_area", subject="ports")
    ['hong_kong', 'shenzhen', 'guangzhou']
    """
    return list(catalog().definition(area, subject, definition).members)


def _adding(
    series: pl.DataFrame,
    to: str,
    *,
    definition: str | Sequence[str] | None = None,
    subject: str | None = None,
    missing: Missing = "null",
) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Check that series can be added up, and give the function that does it in some periods."""
    if missing not in get_args(Missing):
        raise UsageError(f"missing must be 'null' or 'skip', not {missing!r}")
    if "area" not in series.columns:
        raise FrameError("aggregate needs the column 'area': it tells which rows are members")
    _check_additive(series)
    name, label, parts = _definition(series, to, definition, subject)
    series = series.filter(pl.col("area").cast(pl.String).is_in(parts))
    _check_members(series, name, parts, missing)
    one_unit(series, "aggregate")
    _check_one_basis(series.drop("members", strict=False))

    def add_up(frame: pl.DataFrame) -> pl.DataFrame:
        frame = read_series(frame, "aggregate")
        frame = frame.filter(pl.col("area").cast(pl.String).is_in(parts)).drop("members", strict=False)
        check_unique_periods(frame)
        whole = _sum(frame, parts, missing).with_columns(area=pl.lit(name))
        whole = append_method(
            whole,
            f"sum of {len(parts)} members ({label})" + (_OF_CHAINED if _has_chained(frame) else "")
            if len(parts) > 1
            else f"its one member, {parts[0]} ({label})",
        )
        added = [c for c in ("members", "method") if c not in frame.columns]
        return whole.sort([*series_keys(whole), "period"]).select(*frame.columns, *added)

    return add_up


@by_period(_adding, {"members": pl.List(pl.String), "method": pl.String})
def aggregate(
    frame: pl.DataFrame,
    to: str,
    *,
    definition: str | Sequence[str] | None = None,
    subject: str | None = None,
    missing: Missing = "null",
) -> pl.DataFrame:
    """Add the members of a bay area up.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) with ``area``, in one unit. Areas that are no members are left out.
    to
        The bay area.
    definition
        Which definition of the bay area, by default the default one; or a list of members, and then `to` may be
        any name.
    subject
        ``"economy"``, ``"ports"`` or ``"airports"``; by default what the indicator belongs to.
    missing
        ``"null"``: a period in which a member has no value is null. ``"skip"``: it is the sum of the others.

    Returns
    -------
    pl.DataFrame
        One row per series and period, sorted. ``members`` lists the areas that have a value in that period,
        ``method`` names the definition, and says of chain-linked volumes that their sum is not that of the whole
        outside of the base year; ``status`` is the worst of the parts (M where the sum is null),
        ``sources`` their union and ``vintage`` the latest.

    Raises
    ------
    FrameError
        When the values cannot be added (rates, ratios, indices, several units, calendar and fiscal years,
        several adjustments or price bases), a member is nowhere in the frame (unless skipped), or a member has
        two values for one period.

    Examples
    --------
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"area": ["hong_kong", "macao"], "period": date(2023, 1, 1), "value": [2.0, 1.0]})
    >>> aggregate(gdp, "both", definition=["hong_kong", "macao"]).select("area", "value").row(0)
    ('both', 3.0)
    """
    frame = read_series(frame, "aggregate")
    return _adding(frame, to, definition=definition, subject=subject, missing=missing)(frame)


def _has_chained(frame: pl.DataFrame) -> bool:
    return any(prices.startswith("chained") for prices in _values(frame, "prices"))


def ratios_in(frame: pl.DataFrame) -> list[str]:
    """Name what in a frame is a rate, a ratio, a price or an index, by its unit or in the catalogue.

    Indicators that the catalogue does not know count as amounts.
    """
    known, units = catalog().indicators, catalog().units

    def is_ratio_unit(name: str) -> bool:
        kind = units[name].kind if name in units else ""
        stated = kind in ("ratio", "index", "exchange_rate", "ppp_rate")
        return stated or name.startswith(("index", "percent")) or name.endswith(" per head")

    def is_ratio(name: str) -> bool:
        return name.endswith("_per_capita") or (name in known and known[name].kind not in ("flow", "stock"))

    return [*filter(is_ratio_unit, _values(frame, "unit")), *filter(is_ratio, _values(frame, "indicator"))]


def _values(frame: pl.DataFrame, column: str) -> list[str]:
    return (
        frame[column].cast(pl.String).unique().drop_nulls().sort().to_list()
        if column in frame.columns
        else []
    )


def _check_additive(frame: pl.DataFrame) -> None:
    known = catalog().indicators
    overlapping = [n for n in _values(frame, "indicator") if n in known and known[n].over_areas != "sum"]
    wrong = ratios_in(frame) or overlapping
    if wrong:
        raise FrameError(
            f"{', '.join(map(repr, wrong))} cannot be added over areas: aggregate the levels first and make "
            "growth, shares and figures per head of the sums, or leave those rows out with frame.filter(...)"
        )


def _definition(
    frame: pl.DataFrame, to: str, definition: str | Sequence[str] | None, subject: str | None
) -> tuple[str, str, list[str]]:
    """Name of the whole, label of its definition, and its members."""
    if isinstance(definition, Mapping):
        raise UsageError(
            f"definition is the id of one definition, or a list of members, not {dict(definition)!r}: aggregate makes one "
            f"bay area, so pass what is meant for {to!r}"
        )
    if definition is not None and not isinstance(definition, str):
        if not definition:
            raise UsageError("the list of members is empty")
        if strange := [m for m in definition if not isinstance(m, str)]:
            raise UsageError(f"members are named by the ids of areas, not {strange[0]!r}")
        return to, "given by the user", list(dict.fromkeys(definition))
    if subject is None:
        known = catalog().indicators
        subjects = {catalog().subject(n) for n in _values(frame, "indicator") if n in known} or {"economy"}
        if len(subjects) > 1:
            raise FrameError(
                f"the indicators belong to {' and '.join(sorted(subjects))}, where {to!r} has different members: "
                "aggregate one after the other, or pass subject="
            )
        (subject,) = subjects
    found = catalog().definition(to, subject, definition)
    return found.area, found.id, list(found.members)


def _check_members(frame: pl.DataFrame, name: str, parts: list[str], missing: Missing) -> None:
    """Check that the members are in the frame, when they must be all of them."""
    there = set(_values(frame, "area"))
    absent = [p for p in parts if p not in there]
    if len(absent) == len(parts) or (absent and missing == "null"):
        mend = "load them too" + (
            "" if len(absent) == len(parts) else ", or pass missing='skip' to add up the others"
        )
        raise NoRowsError(f"members of {name} are not in the frame: {', '.join(absent)}: {mend}")


def _check_one_basis(frame: pl.DataFrame) -> None:
    """Check that nothing is added up that does not measure the same: years, adjustments, price bases."""
    keys = [k for k in series_keys(frame) if k not in ("area", "adjustment", "prices")]
    if "frequency" in frame.columns:
        years = frame.filter(pl.col("frequency").cast(pl.String) == "A")
        starts = years.group_by(keys).agg(pl.col("period").dt.month().n_unique().alias("starts"))
        if (starts["starts"] > 1).any():
            raise FrameError(
                "calendar and fiscal years cannot be added: frame.pipe(gba.to_calendar_year) first"
            )
    for column in [c for c in ("adjustment", "prices") if c in frame.columns]:
        has = (
            pl.col(column)
            .cast(pl.String)
            .fill_null("not stated")
            .unique()
            .sort()
            .str.join(" and ")
            .alias("has")
        )
        kinds = frame.with_columns(whole=pl.lit("")).group_by("whole", *keys, "area").agg(has)
        mixed = kinds.filter(pl.col("has").n_unique().over("whole", *keys) > 1).sort("has", "area")
        if len(mixed):
            examples = mixed.unique("has", keep="first", maintain_order=True).select("area", "has").rows()
            raise FrameError(
                f"the members differ in {column!r} ({', '.join(f'{area}: {has}' for area, has in examples)}): "
                f"keep one, frame.filter(pl.col({column!r}) == ...)"
            )


def _sum(frame: pl.DataFrame, parts: list[str], missing: Missing) -> pl.DataFrame:
    """Sums by series and period."""
    if "status" in frame.columns:  # that of a missing value is no part of a sum that skips it
        frame = frame.with_columns(status=pl.when(pl.col("value").is_not_null()).then("status"))
    keys = [*(k for k in series_keys(frame) if k != "area"), "period"]
    there = pl.col("value").is_not_null()
    enough = there.sum() == len(parts) if missing == "null" else there.any()
    whole = frame.group_by(keys).agg(
        pl.when(enough).then(pl.col("value").sum()).alias("value"),
        pl.col("area").cast(pl.String).filter(there).sort().alias("members"),
        *collapsed(frame),
    )
    if "status" in whole.columns:
        whole = whole.with_columns(
            status=pl.when(pl.col("value").is_null()).then(pl.lit("M")).otherwise("status")
        )
    return whole
