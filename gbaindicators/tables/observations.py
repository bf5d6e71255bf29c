"""The table of observations: published figures as text, made into numbers, dates and base units.

`normalise` does the arithmetic, `published_text` undoes it, `observation_schema` holds the rules.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import parse_period, period_end
from gbaindicators.errors import PeriodError
from gbaindicators.tables.validation import rule

if TYPE_CHECKING:
    import pandera.polars as pa

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


def _lookup(column: str, mapping: dict[str, Any], dtype: Any) -> pl.Expr:
    return pl.col(column).replace_strict(mapping, default=None, return_dtype=dtype)


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
    periods = {t: _period(t) for t in batch["period"].unique()}
    known = {t: _period(t) for t in batch["vintage"].unique()}
    units = catalog.units
    decimal = pl.col("value")
    if not (batch["scale"] == "0").all():
        decimal = decimal + "e" + pl.col("scale")
    return batch.with_columns(
        _lookup("period", {t: p[0] for t, p in periods.items() if p}, pl.String).alias("frequency"),
        _lookup("period", {t: p[1] for t, p in periods.items() if p}, pl.Date).alias("start"),
        _lookup("period", {t: p[2] for t, p in periods.items() if p}, pl.Date).alias("end"),
        _lookup("vintage", {t: p[2] for t, p in known.items() if p and p[0] in "AMD"}, pl.Date).alias("known"),
        _lookup("unit", {u.id: u.base for u in units.values()}, pl.String).alias("base"),
        (
            decimal.cast(pl.Float64, strict=False)
            * _lookup("unit", {u.id: u.factor for u in units.values()}, pl.Float64)
        ).alias("amount"),
    )  # fmt: skip


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


def observation_schema(catalog: Catalog, table: str | None = None) -> pa.DataFrameSchema:
    """Pandera schema of a normalised batch of one table (None: of any).

    Pandera validates eager frames only: a LazyFrame would pass with nothing checked but its columns.
    """
    import pandera.polars as pa

    tables = catalog.tables if table is None else (table,)
    indicators = [i.id for i in catalog.indicators.values() if i.table in tables]
    pairs = {(i, u) for i in indicators for u in _allowed_units(catalog, i)}
    lows = {i: catalog.indicators[i].minimum for i in indicators if catalog.indicators[i].minimum is not None}
    highs = {
        i: catalog.indicators[i].maximum for i in indicators if catalog.indicators[i].maximum is not None
    }
    unit_pairs = (
        pl.DataFrame(sorted(pairs), schema=["indicator", "unit"], orient="row")
        .select(pl.concat_str("indicator", pl.lit("|"), "unit"))
        .to_series()
    )

    def text(*checks: pa.Check) -> pa.Column:
        return pa.Column(str, list(checks), nullable=True)

    low = _lookup("indicator", lows, pl.Float64)
    high = _lookup("indicator", highs, pl.Float64)
    missing = pl.col("status") == "M"
    where = f"of the table {table!r}" if table else "in the catalogue"
    return pa.DataFrameSchema(
        {
            "indicator": text(rule(f"is an indicator {where}", lambda: pl.col("indicator").is_in(indicators))),
            "area": text(rule("is an area in the catalogue", lambda: pl.col("area").is_in(list(catalog.areas)))),
            "period": text(
                rule("is SDMX period text such as 2023, 2023-Q2, 2023-05 or 2022-04-01/P1Y", lambda: pl.col("start").is_not_null())
            ),
            "value": text(
                rule("is a finite number in plain digits (or empty with status M)", lambda: (pl.col("value").str.contains(_NUMBER) & pl.col("amount").is_finite().fill_null(True)) | (missing & (pl.col("value") == ""))),
                rule("is not below what the indicator can be", lambda: pl.col("amount") >= low),
                rule("is not above what the indicator can be", lambda: pl.col("amount") <= high),
            ),
            "unit": text(
                rule("is a unit in the catalogue", lambda: pl.col("unit").is_in(list(catalog.units))),
                rule(
                    "is a unit of the indicator",
                    lambda: pl.concat_str("indicator", pl.lit("|"), "unit").is_in(unit_pairs.implode())
                    | ~pl.col("indicator").is_in(indicators)
                    | ~pl.col("unit").is_in(list(catalog.units)),
                ),
            ),
            "scale": text(rule("is a power of ten from -9 to 18", lambda: pl.col("scale").str.contains(_SCALE) & pl.col("scale").cast(pl.Int32, strict=False).is_between(-9, 18))),
            "adjustment": text(rule("is one of " + ", ".join(ADJUSTMENTS), lambda: pl.col("adjustment").is_in(ADJUSTMENTS))),
            "prices": text(rule("is empty, current, constant, 'constant 2015' or 'chained 2015'", lambda: pl.col("prices").str.contains(_PRICES))),
            "status": text(rule("is an SDMX OBS_STATUS: " + ", ".join(STATUS_CODES), lambda: pl.col("status").is_in(STATUS_CODES))),
            "vintage": text(
                rule("is a date: 2024-05-31, 2024-05 or 2024", lambda: pl.col("known").is_not_null()),
                rule("is not before the period begins", lambda: pl.col("known") >= pl.col("start")),
            ),
            "source": text(rule("is a source in the catalogue", lambda: pl.col("source").is_in(list(catalog.sources)))),
            "locator": text(rule("says where in the source the figure stands", lambda: pl.col("locator").str.strip_chars() != "")),
            "note": text(),
        },
        strict=False,
    )  # fmt: skip
