"""The table of observations: published figures as text, made into numbers, dates and base units.

`normalise` does the arithmetic, `published_text` undoes it, `observation_schema` holds the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import parse_period, period_end
from gbaindicators.errors import PeriodError
from gbaindicators.tables.validation import Rule, TableSchema

if TYPE_CHECKING:
    from gbaindicators.catalog import Catalog

__all__ = ["ADJUSTMENTS", "COLUMNS", "STATUS_CODES", "normalise", "observation_schema", "published_text"]

#: Header of an observation file, in order.
COLUMNS: Final = (
    "indicator", "area", "period", "value", "unit", "scale", "adjustment", "prices", "status", "vintage",
    "source", "locator", "note",
)  # fmt: skip
#: nsa: as it is; sa: seasonally adjusted; ytd: since January; cumulative: since the scheme or port began.
ADJUSTMENTS: Final = ("nsa", "sa", "ytd", "cumulative")
#: SDMX OBS_STATUS: normal, provisional, estimated, break, low reliability, missing.
STATUS_CODES: Final = ("A", "P", "E", "B", "U", "M")

_NUMBER: Final = r"^-?(?:\d+\.?\d*|\.\d+)$"
_PRICES: Final = r"^(?:current|constant|(?:constant|chained) \d{4})?$"
_SCALE: Final = r"^-?\d{1,2}$"
# Units that stand for whatever money the area uses, and the kinds of unit that fit them.
_OPEN_UNITS: Final = {
    "currency": "money", "currency per USD": "exchange_rate", "currency per international dollar": "ppp_rate",
}  # fmt: skip
# Tons whose size the source does not fix stand beside tonnes, visibly, and are never converted.
_BESIDE: Final = {"mass": {"mass", "freight", "mass_unknown"}}


def _told(
    texts: pl.Series,
    told: Mapping[str, Sequence[Any]],
    columns: Mapping[str, pl.DataType | type[pl.DataType]],
) -> pl.DataFrame:
    """What is told of each text, null where nothing is, in some columns."""
    # a fraction of the time of replace_strict, which joins anew for every column
    place = texts.cast(pl.Enum(list(told)), strict=False).to_physical()
    return pl.DataFrame(list(told.values()), schema=columns, orient="row").select(pl.all().gather(place))


@lru_cache(maxsize=1 << 17)
def _period(text: str) -> tuple[str, date, date] | None:
    try:
        frequency, start = parse_period(text)
    except PeriodError:
        return None
    return frequency, start, period_end(frequency, start)


def normalise(batch: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Make numbers and dates of a batch of text rows; what cannot be made is null.

    Adds ``frequency``, ``start`` (first day), ``end`` (last day), ``known`` (last day of the vintage), ``amount``
    (the value in base units) and ``base`` (their unit). The decimal text is shifted before it becomes a float, so
    that ``2.3`` times ten to the 8 is exactly ``230000000``.
    """
    periods = {t: p for t in batch["period"].unique() if (p := _period(t))}
    known = {t: p[2:] for t in batch["vintage"].unique() if (p := _period(t)) and p[0] in "AMD"}
    units = {u.id: (u.base, u.factor) for u in catalog.units.values()}
    unit = _told(batch["unit"], units, {"base": pl.String, "factor": pl.Float64})
    decimal = pl.col("value")
    if not (batch["scale"] == "0").all():
        decimal = decimal + "e" + pl.col("scale")
    return batch.with_columns(
        *_told(batch["period"], periods, {"frequency": pl.String, "start": pl.Date, "end": pl.Date}),
        *_told(batch["vintage"], known, {"known": pl.Date}),
        unit["base"],
        (decimal.cast(pl.Float64, strict=False) * unit["factor"]).alias("amount"),
    )


def published_text(amount: float, scale: int, factor: float, decimals: int) -> str:
    """Write an amount in base units as the text it was published as: the inverse of `normalise`.

    >>> published_text(230000000.0, 8, 1.0, 1)
    '2.3'
    """
    from decimal import Decimal

    return f"{(Decimal(repr(amount / factor)) / (Decimal(10) ** scale)):.{decimals}f}"


def _allowed_units(catalog: Catalog, indicator: str) -> set[str]:
    unit = catalog.indicators[indicator].unit
    kind = _OPEN_UNITS.get(unit) or catalog.units[unit].kind
    if kind == "index":
        return {u.id for u in catalog.units.values() if u.kind == "index"}
    if kind in ("count", "ratio", "boxes"):
        return {unit}
    kinds = _BESIDE.get(kind, {kind})
    return {u.id for u in catalog.units.values() if u.kind in kinds}


def _limit(limits: Mapping[str, float]) -> pl.Expr:
    """Limit of the indicator of a row, null where it has none."""
    place = pl.col("indicator").cast(pl.Enum(list(limits)), strict=False).to_physical()
    return pl.lit(pl.Series(list(limits.values()), dtype=pl.Float64)).gather(place)


def observation_schema(catalog: Catalog, table: str | None = None) -> TableSchema:
    """Rules of a normalised batch of one table (None: of any)."""
    tables = catalog.tables if table is None else (table,)
    indicators = [i.id for i in catalog.indicators.values() if i.table in tables]
    lows = {i: low for i in indicators if (low := catalog.indicators[i].minimum) is not None}
    highs = {i: high for i in indicators if (high := catalog.indicators[i].maximum) is not None}
    pairs = pl.Series(
        sorted(f"{i}|{u}" for i in indicators for u in _allowed_units(catalog, i)), dtype=pl.String
    )
    text, scale, amount = pl.col("value"), pl.col("scale"), pl.col("amount")
    indicator, unit = pl.col("indicator"), pl.col("unit")
    missing = (pl.col("status") == "M") & (text == "")
    where = f"of the table {table!r}" if table else "in the catalogue"
    return TableSchema(
        {
            "indicator": [Rule(f"is an indicator {where}", indicator.is_in(indicators))],
            "area": [Rule("is an area in the catalogue", pl.col("area").is_in(list(catalog.areas)))],
            "period": [Rule("is SDMX period text such as 2023, 2023-Q2, 2023-05 or 2022-04-01/P1Y", pl.col("start").is_not_null())],
            "value": [
                Rule("is a finite number in plain digits (or empty with status M)", (text.str.contains(_NUMBER) & amount.is_finite().fill_null(True)) | missing),
                Rule("is not below what the indicator can be", amount >= _limit(lows)),
                Rule("is not above what the indicator can be", amount <= _limit(highs)),
            ],
            "unit": [
                Rule("is a unit in the catalogue", unit.is_in(list(catalog.units))),
                Rule(
                    "is a unit of the indicator",
                    pl.concat_str(indicator, pl.lit("|"), unit).is_in(pairs.implode()) | ~indicator.is_in(indicators) | ~unit.is_in(list(catalog.units)),
                ),
            ],
            "scale": [Rule("is a power of ten from -9 to 18", scale.str.contains(_SCALE) & scale.cast(pl.Int32, strict=False).is_between(-9, 18))],
            "adjustment": [Rule("is one of " + ", ".join(ADJUSTMENTS), pl.col("adjustment").is_in(ADJUSTMENTS))],
            "prices": [Rule("is empty, current, constant, 'constant 2015' or 'chained 2015'", pl.col("prices").str.contains(_PRICES))],
            "status": [Rule("is an SDMX OBS_STATUS: " + ", ".join(STATUS_CODES), pl.col("status").is_in(STATUS_CODES))],
            "vintage": [
                Rule("is a date: 2024-05-31, 2024-05 or 2024", pl.col("known").is_not_null()),
                Rule("is not before the period begins", pl.col("known") >= pl.col("start")),
            ],
            "source": [Rule("is a source in the catalogue", pl.col("source").is_in(list(catalog.sources)))],
            "locator": [Rule("says where in the source the figure stands", pl.col("locator").str.strip_chars() != "")],
            "note": [],
        },
        nullable=True,
        steady=("indicator", "area", "unit", "scale", "adjustment", "prices", "status", "source"),
    )  # fmt: skip
