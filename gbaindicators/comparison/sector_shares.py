"""The share of parts in a total that is given, such as that of sectors in GDP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import (
    append_method,
    check_series_frame,
    check_unique_periods,
    series_keys,
    series_name,
)
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.provenance import add_note, merge_provenance

__all__ = ["shares_of_total"]

#: How far a part may reach above its total by rounding of the published figures.
_ROUNDING: Final = 1e-3


def shares_of_total(parts: pl.DataFrame, total: pl.DataFrame) -> pl.DataFrame:
    """Compute the share in percent of parts in a total that is given: of sectors in GDP.

    `gba.shares` divides by the sum of the parts; this divides by the published total, so that the parts need not
    be complete.

    Parameters
    ----------
    parts
        Series frame with ``indicator``: what the total contains, such as ``value_added_tertiary``.
    total
        Series frame of one indicator, such as ``gdp``, over the same areas.

    Returns
    -------
    polars.DataFrame
        The rows of `parts`; ``value`` in ``percent`` (``unit``), null with a ``note`` where the total has no value.
        ``sources``, ``status`` and ``vintage`` take in the total's.

    Raises
    ------
    FrameError
        When the total does not contain the part: the catalogue knows its parts and this is none of them, or the part
        is larger than the total; when an area has no total at all; when units, prices or adjustment differ.

    Examples
    --------
    >>> from datetime import date
    >>> part = pl.DataFrame({
    ...     "indicator": "value_added_tertiary", "area": "guangzhou", "period": [date(2023, 1, 1)], "value": [22.0],
    ... })
    >>> gdp = part.with_columns(indicator=pl.lit("gdp"), value=pl.lit(30.0))
    >>> shares_of_total(part, gdp)["value"].round(2).to_list()
    [73.33]
    """
    parts, total = (read_series(f, "a share of a total") for f in (parts, total))
    for frame in (parts, total):
        check_series_frame(frame, "indicator")
        check_unique_periods(frame)
    names = total["indicator"].cast(pl.String).unique().to_list()
    if len(names) != 1:
        raise FrameError(
            f"the total must be one indicator, it holds {', '.join(names) or 'none'}: filter it to one"
        )
    name = names[0]
    _check_contains(name, parts["indicator"].cast(pl.String).unique().sort().to_list())
    beside = _beside(parts, total, name)
    _check_units(parts, beside)
    whole = pl.lit(beside["value"])
    _check_smaller(parts, beside["value"], name)
    share = pl.when(whole > 0).then(100 * pl.col("value") / whole)
    result = parts.with_columns(value=share, unit=pl.lit("percent"))
    absent = pl.when(whole.is_null()).then(pl.lit(f"no value of {name}"))
    return append_method(add_note(merge_provenance(result, beside), absent), f"share in {name}")


def _check_contains(total: str, parts: Sequence[str]) -> None:
    known = [i for i in catalog().identities if i.over == "indicators" and i.total == total]
    within = {p for i in known for p in i.parts}
    if total in parts:
        raise FrameError(f"{total!r} is among its own parts: filter it out of the parts")
    if known and (strangers := [p for p in parts if p not in within]):
        raise FrameError(
            f"{total!r} does not contain {', '.join(strangers)}: its parts are {', '.join(sorted(within))}; a ratio of two "
            "amounts that are no part of each other is no share"
        )


def _beside(parts: pl.DataFrame, total: pl.DataFrame, name: str) -> pl.DataFrame:
    """Total of each row of the parts, null where it has no value in the period."""
    on = [c for c in series_keys(parts) if c in total.columns and c != "indicator"]
    lost = parts.join(total, on=on, how="anti", nulls_equal=True) if on else parts.clear()
    if lost.height:
        part = series_name(lost.select(series_keys(parts)).row(0, named=True))
        raise FrameError(
            f"there is no total {name!r} for {part}: part and total must agree in {', '.join(map(repr, on))}; "
            "load the total for these areas, or filter them out"
        )
    return parts.select(*on, "period").join(
        total, on=[*on, "period"], how="left", nulls_equal=True, maintain_order="left"
    )


def _check_units(parts: pl.DataFrame, beside: pl.DataFrame) -> None:
    if "unit" not in parts.columns or "unit" not in beside.columns:
        return
    units = pl.DataFrame([parts["unit"], beside["unit"].alias("of_total")])
    if (bad := units.filter(pl.col("unit") != pl.col("of_total"))).height:
        raise FrameError(
            f"a part in {bad['unit'][0]!r} cannot be a share of a total in {bad['of_total'][0]!r}: convert one of "
            "them, frame.pipe(gba.convert, 'USD')"
        )


def _check_smaller(parts: pl.DataFrame, whole: pl.Series, total: str) -> None:
    above = parts.filter((parts["value"] > whole * (1 + _ROUNDING)).fill_null(False))
    if above.height:
        row = above.row(0, named=True)
        raise FrameError(
            f"{series_name({k: row[k] for k in series_keys(parts)})} is {row['value']:g} in the period that begins "
            f"{row['period']}, more than {total!r}, which therefore does not contain it: give the total that it is part "
            "of, or mend the figure"
        )
