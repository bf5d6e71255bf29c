"""The figures of an area made from those of its members: in one currency, added up, per head."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gbaindicators.catalog import Definition, catalog
from gbaindicators.comparison.bays.accounts import parts_of_figures, parts_of_people, with_account
from gbaindicators.comparison.bays.annual_figures import check_members, in_calendar_years
from gbaindicators.comparison.bays.choices import PER_HEAD, Years, rate_target
from gbaindicators.errors import UsageError
from gbaindicators.store import load
from gbaindicators.tables.series_frame import append_method
from gbaindicators.transforms import aggregate, convert, deflate, per_capita
from gbaindicators.transforms.conversion_rates import Basis
from gbaindicators.transforms.provenance import merge_provenance

__all__ = ["bay_figures", "people_of"]


def bay_figures(
    indicator: str,
    figures: pl.DataFrame,
    definitions: Sequence[Definition],
    *,
    currency: str = "USD",
    basis: Basis = "market",
    prices: str | int = "current",
    years: Years = "calendar",
) -> pl.DataFrame:
    """Make all years of some definitions from the figures of their members; one row for each of both.

    Parameters
    ----------
    indicator, definitions
        What is compared, and by which members.
    figures
        What `annual_figures` gives for them.
    currency, basis, prices, years
        As for `benchmark`.

    Raises
    ------
    UsageError
        When a member has no figures at all, or `prices` is a year and the figures are no money.
    """
    check_members(indicator, figures, definitions)
    parts = parts_of_figures(figures, years)
    rows = in_calendar_years(figures) if years == "calendar" else figures.drop("value_periods")
    if catalog().currency_of(rows["unit"][0]) is not None:
        rows, rates = _in_money(rows, currency, basis, prices)
        parts = parts.join(rates, on=["area", "into"], how="left")
    elif prices != "current":
        raise UsageError(f"{indicator!r} is no money, so it has no prices of {prices}: leave prices= out")
    else:
        parts = parts.with_columns(rate=pl.lit(None, pl.String))
    people = None
    if indicator == PER_HEAD:
        people = people_of(rows)
        rows = rows.join(people.select("area", "period"), on=["area", "period"], how="semi")
        parts = pl.concat([parts, parts_of_people(people)], how="diagonal_relaxed")
    made = [with_account(_whole(rows, people, one), parts, one) for one in definitions]
    return pl.concat(made, how="diagonal_relaxed")


def people_of(money: pl.DataFrame) -> pl.DataFrame:
    """Population by area and year as `per_capita` divides money by it, of the years that have one."""
    heads = per_capita(money).filter(pl.col("value").is_not_null())
    amounts = money.select("area", "period", _money="value")
    people = heads.join(amounts, on=["area", "period"], maintain_order="left").with_columns(
        value=pl.col("_money") / pl.col("value"),
        indicator=pl.lit("population"), unit=pl.lit("persons"), prices=pl.lit(None, pl.String),
    )  # fmt: skip
    return people.drop("_money")


def _in_money(
    rows: pl.DataFrame, currency: str, basis: Basis, prices: str | int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Figures in one currency (and at constant prices), and the rate of each: ``area, into, rate``."""
    if prices != "current":
        rows = _with_years_of(rows, load("gdp_deflator", frequency="A"), pl.col("area"))
        rows = deflate(rows, prices)
    else:
        rates = load("fx_rate" if basis == "market" else "ppp", frequency="A")
        home = pl.col("unit").str.split(" ").list.first().replace_strict(catalog().currencies, default=None)
        rows = _with_years_of(rows, rates, home, always=basis == "market")
    converted = convert(rows, currency, basis=basis)
    rate = (rows["value"] / converted["value"]).round_sig_figs(6).cast(pl.String)
    said = pl.format("{} {} per {}", rate, "unit", pl.lit(rate_target(currency, basis)))
    stated = rows.select("area", into="period", rate=pl.when(pl.col("unit") != currency).then(said))
    return converted, stated


def _with_years_of(
    rows: pl.DataFrame, figures: pl.DataFrame, home: pl.Expr, *, always: bool = False
) -> pl.DataFrame:
    """Keep the years for which the home economies have a rate or deflator: benchmark compares what can be compared.

    With `always` dollars need none. A fiscal year needs both calendar years it lies in.
    """
    known = figures.select(_home=home, _year=pl.col("period").dt.year(), _known=pl.lit(value=True)).unique()
    years = pl.concat_list(pl.col("period").dt.year(), pl.col("period").dt.offset_by("11mo").dt.year())
    needed = rows.with_row_index("_row").select(
        "_row",
        _home=pl.col("unit").replace_strict(catalog().currencies, default=None),
        _year=years.list.unique(),
        _free=pl.lit(always) & (pl.col("unit") == "USD"),
    )
    found = needed.explode("_year").join(known, on=["_home", "_year"], how="left")
    kept = found.group_by("_row").agg((pl.col("_known").fill_null(value=False) | pl.col("_free")).all())
    return rows.filter(kept.sort("_row")["_known"])


def _whole(rows: pl.DataFrame, people: pl.DataFrame | None, definition: Definition) -> pl.DataFrame:
    """All years of one area: the sum of its members, or that over their people."""
    whole = _sum(rows, definition)
    return whole if people is None else _over(whole, _sum(people, definition))


def _sum(rows: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    if definition.members == (definition.area,):
        whole = rows.filter(area=definition.area).with_columns(members=pl.concat_list("area"))
    else:
        given = definition.members if definition.id == "given" else definition.id
        whole = aggregate(rows, definition.area, definition=given, subject=definition.subject)
    return whole.filter(pl.col("value").is_not_null())


def _over(money: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """GDP of the members over their population: not the mean of their figures per head."""
    beside = money.select("period").join(people, on="period", how="left", maintain_order="left")
    ratio = merge_provenance(money, beside).with_columns(
        pl.col("value") / beside["value"], indicator=pl.lit(PER_HEAD)
    )
    return append_method(ratio, "over the members' population")
