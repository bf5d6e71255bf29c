"""Which exchange rate or purchasing power parity a value is converted at.

Exchange rates and purchasing power parities are units of local currency per US or international dollar. A
value is divided by the rate of its own currency and multiplied by that of the target; the dollar's own rate
is one. The average over several months is the mean of those rates, not of their inverses.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import polars as pl
import polars.selectors as cs

from gbaindicators.catalog import catalog, frequency_code
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame
from gbaindicators.transforms.dividing import united
from gbaindicators.transforms.frequencies import MONTHS
from gbaindicators.transforms.rates import Figures, mean_over_months, published, read_figures

__all__ = ["PPP", "Basis", "conversion_factors", "rate_rule"]

Basis = Literal["market", "ppp"]

#: Unit of money at purchasing power parity.
PPP: Final = "international dollars"
#: Rules of conversion: which months a value takes the average rate of. Any other rule is a price base.
_PERIOD, _LAST_MONTH, _SINCE_JANUARY = "period", "last month", "since January"
_YEAR: Final = r"(\d{4})"


def rate_rule(frame: pl.DataFrame) -> pl.Expr:
    """Which rate a row takes: that of its period, of another span, or of the base of its constant prices."""
    rule = pl.lit(_PERIOD)
    if "adjustment" in frame.columns and (frame["adjustment"] == "ytd").any():
        rule = pl.when(pl.col("adjustment") == "ytd").then(pl.lit(_SINCE_JANUARY)).otherwise(rule)
    if "indicator" in frame.columns:
        known = catalog().indicators
        levels = [
            i for i in frame["indicator"].unique() if i in known and known[i].kind in ("stock", "price")
        ]
        if levels:
            rule = pl.when(pl.col("indicator").is_in(levels)).then(pl.lit(_LAST_MONTH)).otherwise(rule)
    if "prices" in frame.columns and (frame["prices"] != "current").any():
        rule = pl.when(pl.col("prices") != "current").then("prices").otherwise(rule)
    return rule


def conversion_factors(
    needs: pl.DataFrame, target: str, basis: Basis, rates: pl.DataFrame | pl.LazyFrame | None
) -> pl.DataFrame:
    """Divisor of every unit, frequency, period and rule, with its origin and the words for it."""
    _check_price_bases(needs)
    codes = {f: frequency_code(f) for f in needs["frequency"].unique()}
    code = pl.col("frequency").cast(pl.String).replace_strict(codes, return_dtype=pl.String)
    span = ["every", "first", "last"]
    needs = needs.with_columns(_code=code).with_columns(
        *_span(basis), _step=f"to {target} " + _wording(basis)
    )
    own, others = needs.select(*span, of="unit"), needs.select(*span, of=pl.lit(target))
    means = _means(pl.concat([own, others]).unique(), rates, basis)
    targets = means.filter(pl.col("of") == target).drop("of")
    factors = (
        needs.join(means, left_on=["unit", *span], right_on=["of", *span], how="left", maintain_order="left")
        .join(targets, on=span, how="left", suffix="_target", maintain_order="left")
        .with_columns(
            # What is null here is the dollar's own rate: any other that is missing was an error.
            _figure=pl.col("_figure").fill_null(1.0) / pl.col("_figure_target").fill_null(1.0),
            _figure_sources=united("_figure_sources", "_figure_sources_target"),
            _figure_vintage=pl.max_horizontal("_figure_vintage", "_figure_vintage_target"),
        )
    )
    return factors.drop(*span, "_code", cs.ends_with("_target"))


def _means(spans: pl.DataFrame, rates: pl.DataFrame | pl.LazyFrame | None, basis: Basis) -> pl.DataFrame:
    """Mean rate of each currency and span; the dollar has none."""
    wanted = spans.filter(~pl.col("of").is_in(["USD", PPP]))
    if len(wanted):
        return mean_over_months(wanted, _rates(rates, basis))
    return wanted.with_columns(
        _figure=pl.lit(1.0),
        _figure_sources=pl.lit([], dtype=pl.List(pl.String)),
        _figure_vintage=pl.lit(None, dtype=pl.Date),
    )


def _check_price_bases(needs: pl.DataFrame) -> None:
    for base in needs["_rule"].unique():
        if base not in (_PERIOD, _LAST_MONTH, _SINCE_JANUARY) and not re.search(_YEAR, base):
            raise FrameError(
                f"the prices {base!r} do not say of which year, so no rate fits them: say it, "
                "frame.with_columns(prices=pl.lit('constant 2015')), or convert current prices"
            )


def _rates(given: pl.DataFrame | pl.LazyFrame | None, basis: Basis) -> Figures:
    """Exchange rates or PPP conversion factors, by currency."""
    name, indicator, dollar = {
        "market": ("exchange rate", "fx_rate", "USD"),
        "ppp": ("PPP conversion factor", "ppp", "international dollar"),
    }[basis]
    frame = check_series_frame(published(indicator, given), "unit", "frequency")
    of = pl.col("unit").str.extract(rf"^(\w+) per {dollar}$")
    return read_figures(name, "rates", frame, of)


def _span(basis: Basis) -> list[pl.Expr]:
    """Which figures a row takes: annual or monthly ones, from which month to which."""
    rule, code, period = pl.col("_rule"), pl.col("_code"), pl.col("period")
    year = rule.str.extract(_YEAR)
    start = period.dt.month_start()
    months = code.replace_strict(MONTHS, default=1, return_dtype=pl.Int32)
    last = start.dt.offset_by(pl.format("{}mo", months - 1))
    last = (
        pl.when((code == "W") & (rule == _LAST_MONTH))
        .then(period.dt.offset_by("6d").dt.month_start())
        .otherwise(last)
    )
    if basis == "ppp":
        annual, first = pl.lit(True), start
    else:
        annual = (code == "A") & (start.dt.month() == 1) & (rule != _LAST_MONTH)
        first = pl.when(rule == _LAST_MONTH).then(last).otherwise(start)
        to_date = (rule == _SINCE_JANUARY) & (code != "A")
        first = pl.when(to_date).then(start.dt.truncate("1y")).otherwise(first)
    price_year = pl.date(year.cast(pl.Int32), 1, 1)
    return [
        pl.when(annual | year.is_not_null()).then(pl.lit("A")).otherwise(pl.lit("M")).alias("every"),
        pl.coalesce(price_year, first).alias("first"),
        pl.coalesce(price_year, last).alias("last"),
    ]


def _wording(basis: Basis) -> pl.Expr:
    """Say which rate a row takes."""
    rule, code = pl.col("_rule"), pl.col("_code")
    year = rule.str.extract(_YEAR)
    if basis == "ppp":
        return (
            pl.when(year.is_not_null())
            .then("at PPP of " + year)
            .when(code != "A")
            .then(pl.lit("at the PPP of the calendar year"))
            .when(pl.col("period").dt.month() != 1)
            .then(pl.lit("at the PPP of its calendar years weighted by months"))
            .otherwise(pl.lit("at PPP"))
        )
    return (
        pl.when(year.is_not_null())
        .then("at the average market rate of " + year)
        .when(rule == _LAST_MONTH)
        .then(pl.lit("at the market rate of the period's last month"))
        .when((rule == _SINCE_JANUARY) & (code != "A"))
        .then(pl.lit("at the average market rate since January"))
        .when(code.is_in(["W", "D"]))
        .then(pl.lit("at the average market rate of the month"))
        .otherwise(pl.lit("at the period's average market rate"))
    )
