"""Price and quantity indices from the prices and quantities of single items.

For items with prices p and quantities q in an earlier period 0 and a later period 1:

- Laspeyres: ``sum(p1 q0) / sum(p0 q0)``
- Paasche: ``sum(p1 q1) / sum(p0 q1)``
- Fisher: the geometric mean of both
- Tornqvist: ``exp(sum((s0 + s1) / 2 * ln(p1 / p0)))``, s being the items' shares in expenditure p q

Quantity indices exchange p and q. A chained index multiplies the indices from each period to the next; a direct one
compares every period with the base period. See ILO, IMF, OECD, UNECE, Eurostat and World Bank, Consumer Price Index
Manual: Theory and Practice (2004), chapters 15 and 16.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import polars as pl

from gbaindicators.catalog import parse_period, period_text, step
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.tables.combinations import combinations
from gbaindicators.tables.series_frame import (
    FREQUENCY,
    OF_OBSERVATION,
    append_method,
    series_keys,
    series_name,
)
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.indexing import index
from gbaindicators.transforms.inputs import NoRowsError
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.provenance import collapsed

__all__ = ["price_index", "quantity_index"]

Formula = Literal["laspeyres", "paasche", "fisher", "tornqvist"]

_NEEDED: Final = ("period", "item", "price", "quantity")
#: Columns of single items.
_WITHIN: Final = ("item", "price", "quantity")


def _of_index(frame: pl.DataFrame, **_: object) -> Columns:
    """Columns of an index."""
    goods = frame.clear().drop("item", "price", "quantity", "unit", "value", strict=False)
    origin = goods.group_by(pl.lit(0).alias("__all")).agg(collapsed(goods)).drop("__all")
    index_of = {k: goods.schema[k] for k in (*series_keys(goods), "period")} | {"value": pl.Float64()}
    return index_of | origin.schema | {"method": pl.String(), "unit": pl.String()}


def _begins(frame: pl.LazyFrame, base: str | None, **_: object) -> dict[str, str]:
    """Give the base of all indices of a lazy frame."""
    if base is not None:
        return {}
    number, code, start = (
        frame.select(
            pl.col("period").n_unique(),
            pl.col("frequency", "period").sort_by("period").first().name.prefix("first_"),
        )
        .collect(engine="streaming")
        .row(0)
    )
    if not number:
        return {}
    _check_two(number)
    return {"base": period_text(code, start)}


@by_series(_of_index, within=_WITHIN, whole=_begins)
def price_index(
    frame: pl.DataFrame,
    formula: Formula = "laspeyres",
    *,
    chained: bool = True,
    base: str | None = None,
    matched: bool = False,
) -> pl.DataFrame:
    """Compute the price index of items with prices and quantities.

    Parameters
    ----------
    frame
        One row an item and period (polars.DataFrame or LazyFrame): ``period`` (first day), ``item``, ``price`` and
        ``quantity``; ``frequency`` where the dates do not tell it. Further columns such as ``area`` tell indices
        apart; ``sources``, ``status`` and ``vintage`` ride along. Prices are above zero, quantities not below.
    formula
        ``"laspeyres"``, ``"paasche"``, ``"fisher"`` or ``"tornqvist"``.
    chained
        Multiply the indices from each period to the next; False compares every period with the base period.
    base
        Period that is 100 as SDMX text, by default the first of the frame. Of a chained index it may also be longer
        than the frame's periods: the mean over the months of 2015 is 100.
    matched
        Take in each comparison the items that both periods have. Otherwise an item that is missing is an error.

    Returns
    -------
    pl.DataFrame
        One row an index and period, in order of time: the columns that tell indices apart, ``frequency``,
        ``period``, ``value``, ``unit`` "index 2015=100" and ``method``. ``sources``, ``status`` and ``vintage`` take
        in those of every period compared.

    Raises
    ------
    FrameError
        When a column is missing, a price or quantity is missing or of the wrong sign, an item stands twice in a
        period or is missing from one, a period is missing within a chain, or all quantities of a period are zero.
    SeriesTooShortError
        When there is but one period and no `base`.
    UsageError
        When the formula is unknown, or the base of a direct index is no period of the frame.

    Notes
    -----
    Formulas and source stand at the head of the module. The price index times the quantity index is the index of
    values for Fisher with Fisher, and for Laspeyres with Paasche.

    Examples
    --------
    >>> from datetime import date
    >>> goods = pl.DataFrame({
    ...     "period": [date(2020, 1, 1)] * 2 + [date(2021, 1, 1)] * 2,
    ...     "item": ["tea", "rice"] * 2,
    ...     "price": [10.0, 2.0, 12.0, 2.0],
    ...     "quantity": [1.0, 5.0, 1.0, 9.0],
    ... })
    >>> price_index(goods)["value"].round(6).to_list()
    [100.0, 110.0]
    >>> price_index(goods, "paasche")["value"].round(6).to_list()
    [100.0, 107.142857]
    """
    return _index(frame, ("price", "quantity"), formula, chained=chained, base=base, matched=matched)


@by_series(_of_index, within=_WITHIN, whole=_begins)
def quantity_index(
    frame: pl.DataFrame,
    formula: Formula = "laspeyres",
    *,
    chained: bool = True,
    base: str | None = None,
    matched: bool = False,
) -> pl.DataFrame:
    """Compute the quantity index of items with prices and quantities.

    It is the price index with prices and quantities exchanged. A Tornqvist quantity index needs quantities above
    zero.

    Parameters
    ----------
    frame, formula, chained, base, matched
        As for `price_index`.

    Returns
    -------
    polars.DataFrame
        As from `price_index`.

    Raises
    ------
    FrameError, SeriesTooShortError, UsageError
        As `price_index` does.

    Examples
    --------
    >>> from datetime import date
    >>> goods = pl.DataFrame({
    ...     "period": [date(2020, 1, 1)] * 2 + [date(2021, 1, 1)] * 2,
    ...     "item": ["tea", "rice"] * 2,
    ...     "price": [10.0, 2.0, 12.0, 2.0],
    ...     "quantity": [1.0, 5.0, 1.0, 9.0],
    ... })
    >>> quantity_index(goods)["value"].round(6).to_list()
    [100.0, 140.0]
    """
    return _index(frame, ("quantity", "price"), formula, chained=chained, base=base, matched=matched)


def _index(
    frame: pl.DataFrame,
    names: tuple[str, str],
    formula: str,
    *,
    chained: bool,
    base: str | None,
    matched: bool,
) -> pl.DataFrame:
    if formula not in get_args(Formula):
        raise UsageError(f"formula must be one of {', '.join(map(repr, get_args(Formula)))}, not {formula!r}")
    goods = _read(frame, names[0], formula, base)
    keys = series_keys(goods.drop("item", "price", "quantity"))
    series = combinations(goods, keys)
    goods = goods.with_columns(series.rows.alias("__series"))
    periods = goods.select("__series", "frequency", "period").unique().sort("__series", "period")
    first = periods.sort("period").row(0, named=True)
    base = base or period_text(first["frequency"], first["period"])
    compared = _comparisons(periods, series.table, None if chained else base)
    links = _links(goods, compared, series.table, names, formula, matched=matched)
    levels = periods.join(links, on=["__series", "period"], how="left", maintain_order="left")
    levels = levels.with_columns(pl.col("value").fill_null(1.0))
    if chained:
        levels = levels.with_columns(pl.col("value").cum_prod().over("__series"))
    levels = _with_origin(levels, goods, chained=chained)
    result = pl.concat(
        [series.table[levels["__series"]], levels.drop("__series", "frequency")], how="horizontal"
    )
    said = f"{'chained' if chained else 'direct'} {formula.title()} {names[0]} index"
    return index(append_method(result, said + (" of matched items" if matched else "")), base)


def _read(frame: pl.DataFrame, of: str, formula: str, base: str | None) -> pl.DataFrame:
    """Check the columns, the values and the keys; give every row its frequency."""
    if missing := [c for c in _NEEDED if c not in frame.columns]:
        raise FrameError(
            f"an index needs the columns {', '.join(map(repr, _NEEDED))}; the frame lacks "
            f"{', '.join(map(repr, missing))}: rename them, frame.rename(...)"
        )
    if frame.schema["period"] != pl.Date or frame["period"].has_nulls() or frame["item"].has_nulls():
        raise FrameError(
            "'period' must hold dates (the first day of each period) and 'item' names, none missing"
        )
    frame = frame.with_columns(pl.col("price", "quantity").cast(pl.Float64)).drop(
        "unit", "value", strict=False
    )
    positive = {"price", of} if formula == "tornqvist" else {"price"}
    for column in ("price", "quantity"):
        good = pl.col(column) > 0 if column in positive else pl.col(column) >= 0
        bad = frame.filter(~(good & pl.col(column).is_finite()).fill_null(False))
        if bad.height:
            item, period, value = bad.select("item", "period", column).row(0)
            raise FrameError(
                f"the {column} of {item!r} in the period that begins {period} is {value}: it must be a number "
                f"{'above zero' if column in positive else 'not below zero'}; leave the row out or correct it"
            )
    keys = [c for c in frame.columns if c not in OF_OBSERVATION and c not in ("price", "quantity")]
    twice = frame.filter(pl.struct(*keys, "period").is_duplicated())
    if twice.height:
        item, period = twice.select("item", "period").row(0)
        raise FrameError(f"{item!r} stands twice in the period that begins {period}: keep one row of it")
    if not frame.height:
        raise NoRowsError("the frame is empty: there are no items to make an index of")
    if base is None:
        _check_two(frame["period"].n_unique())
    if "frequency" in frame.columns:
        return with_frequency(frame)
    dates = frame.drop("item", "price", "quantity").unique([k for k in keys if k != "item"] + ["period"])
    return frame.with_columns(frequency=pl.lit(with_frequency(dates)["frequency"][0], FREQUENCY))


def _check_two(periods: int) -> None:
    if periods < 2:
        raise SeriesTooShortError(
            "an index compares periods, the frame has one: add the period to compare with, or say the base"
        )


def _comparisons(periods: pl.DataFrame, series: pl.DataFrame, base: str | None) -> pl.DataFrame:
    """Which period of each series is compared with which (``__from``): the one before, or the base."""
    if base is None:
        codes = periods["frequency"].unique().cast(pl.String)
        back = pl.col("frequency").cast(pl.String).replace_strict({c: f"-{step(c)}" for c in codes})
        later = periods.filter(pl.col("period") > pl.col("period").min().over("__series"))
        pairs = later.with_columns(pl.col("period").dt.offset_by(back).alias("__from"))
    else:
        start = parse_period(base)
        if (periods["frequency"].cast(pl.String) != start.frequency).any():
            raise UsageError(
                f"a direct index compares with one period of the frame, {base!r} is none: chained=True"
            )
        pairs = periods.filter(pl.col("period") != start.start).with_columns(__from=pl.lit(start.start))
    known = periods.select("__series", "period", __known=pl.lit(True))
    checked = pairs.join(known, left_on=["__series", "__from"], right_on=["__series", "period"], how="left")
    for row in checked.filter(pl.col("__known").is_null()).sort("period").head(1).iter_rows(named=True):
        name = series_name(
            {k: v for k, v in series.row(row["__series"], named=True).items() if k != "frequency"}
        )
        absent, then = (period_text(row["frequency"], row[c]) for c in ("__from", "period"))
        raise FrameError(f"{name} has no items in {absent}, which {then} is compared with: add that period")
    return pairs.select("__series", "period", "__from")


def _links(
    goods: pl.DataFrame,
    compared: pl.DataFrame,
    series: pl.DataFrame,
    names: tuple[str, str],
    formula: str,
    *,
    matched: bool,
) -> pl.DataFrame:
    """Index of each comparison (``__series, period, value``)."""
    of, weight = names
    now = compared.join(
        goods.select("__series", "period", "item", x1=of, w1=weight), on=["__series", "period"]
    )
    then = compared.join(
        goods.select("__series", "item", __from="period", x0=of, w0=weight), on=["__series", "__from"]
    )
    both = now.join(then, on=["__series", "period", "__from", "item"], how="full", coalesce=True)
    alone = pl.any_horizontal(pl.col("x0", "x1").is_null())
    if not matched:
        for row in both.filter(alone).sort("period", "item").head(1).iter_rows(named=True):
            absent, there = ("__from", "period") if row["x0"] is None else ("period", "__from")
            raise FrameError(
                f"{row['item']!r} is there in the period that begins {row[there]} but not in {row[absent]}: add it, leave "
                "it out, or compare what both have with matched=True"
            )
    links = both.filter(~alone).group_by("__series", "period").agg(value=_formula(formula))
    wrong = compared.join(links, on=["__series", "period"], how="left")
    for row in (
        wrong.filter(~(pl.col("value").is_finite() & (pl.col("value") > 0)).fill_null(False))
        .sort("period")
        .head(1)
        .iter_rows(named=True)
    ):
        raise FrameError(
            f"{row['__from']} and {row['period']} cannot be compared: they have no item in common, or all their "
            "quantities are zero"
        )
    return links


def _formula(formula: str) -> pl.Expr:
    x0, x1, w0, w1 = (pl.col(c) for c in ("x0", "x1", "w0", "w1"))
    laspeyres, paasche = (x1 * w0).sum() / (x0 * w0).sum(), (x1 * w1).sum() / (x0 * w1).sum()
    share = (x0 * w0 / (x0 * w0).sum() + x1 * w1 / (x1 * w1).sum()) / 2
    return {
        "laspeyres": laspeyres,
        "paasche": paasche,
        "fisher": (laspeyres * paasche).sqrt(),
        "tornqvist": (share * (x1 / x0).log()).sum().exp(),
    }[formula]


def _with_origin(levels: pl.DataFrame, goods: pl.DataFrame, *, chained: bool) -> pl.DataFrame:
    """Add the origin of the items of each period, and in a chain of all periods before it."""
    by = ["__series", "period"]
    of_period = goods.group_by(by).agg(collapsed(goods))
    if chained and of_period.width > len(by):
        reach = of_period.select(by).join(of_period.rename({"period": "__at"}), on="__series")
        of_period = reach.filter(pl.col("__at") <= pl.col("period")).group_by(by).agg(collapsed(of_period))
    return levels.join(of_period, on=by, how="left", maintain_order="left")
