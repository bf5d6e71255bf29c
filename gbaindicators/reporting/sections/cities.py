"""The eleven cities of the Greater Bay Area: their sizes, and whether they come closer together."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from gbaindicators import charts
from gbaindicators.charts.labels import listing, number_text
from gbaindicators.comparison import convergence, dispersion, inequality
from gbaindicators.reporting import tracing
from gbaindicators.reporting.exhibits import Cell, Exhibit, Note, Section, Statement, Table
from gbaindicators.reporting.numbers import amount, column_scale, percent, share, writer
from gbaindicators.reporting.sections.telling import area_name, chart_table, unit_line
from gbaindicators.reporting.words import Words
from gbaindicators.store import load
from gbaindicators.transforms import cagr, convert, members

__all__ = ["cities", "converging"]

_GBA: Final = "greater_bay_area"
_SINCE: Final = "2010"


def cities(words: Words) -> Section:
    """GDP of the eleven cities in the latest year without a break."""
    local = load("gdp", members(_GBA), frequency="A", start="2000")
    gdp = _with_rates(local)
    whole = (pl.col("status") != "B").all().over("period") & (pl.len().over("period") == len(members(_GBA)))
    last = gdp.filter(whole)["period"].max()
    latest = gdp.filter(pl.col("period") == last).sort("value", descending=True)
    year, title = last.year, words("cities.table", year=last.year)  # type: ignore[union-attr]
    rates = {r["area"]: r["value"] for r in cagr(local, _SINCE, str(year)).iter_rows(named=True)}
    total, values = float(latest["value"].sum()), latest["value"].to_list()
    names = [area_name(a, words) for a in latest["area"]]
    said = words(
        "cities.said", year=year, total=amount(total, "USD", words.lang), first=names[0], share=share(values[0] / total),
        three=listing(names[:3], words.lang), share_three=share(sum(values[:3]) / total),
    )  # fmt: skip
    whose = [("cities", i) for i in range(latest.height)]
    text = (Statement(said, whose, summary=True), Statement(words("cities.vintage", year=year)))
    return Section("cities", words("cities.title"), text, (
        Exhibit("cities", title, latest, figure=charts.bars(latest, title=title, subtitle=unit_line(latest, words), lang=words.lang), table=_table(latest, rates, words),
                trail=_trail(latest, local), open_table=True),
    ))  # fmt: skip


def _with_rates(local: pl.DataFrame) -> pl.DataFrame:
    """Convert the years that have a rate; the newest figures may be older than their rate."""
    rates = load("fx_rate", ["china", "hong_kong", "macao"], frequency="A")
    known = rates.filter(pl.len().over("period") == 3)["period"].unique()
    return convert(local.filter(pl.col("period").is_in(known.implode())), "USD")


def _trail(latest: pl.DataFrame, local: pl.DataFrame) -> pl.DataFrame:
    """Trail of the year and, for growth, of the year that it starts from."""
    first = local.filter(pl.col("period").dt.year() == int(_SINCE)).select("area", "period", "sources")
    start = latest.with_row_index("row").drop("period", "sources").join(first, on="area")
    return tracing.together(tracing.with_rates(latest), tracing.of_inputs(start))


def _table(latest: pl.DataFrame, rates: dict[str, float | None], words: Words) -> Table:
    scale, year, total = column_scale(latest, words.lang), latest["period"][0].year, latest["value"].sum()
    everyone = tuple(range(latest.height))
    body = [
        [Cell(area_name(r["area"], words)), Cell(writer(scale)(r["value"]), (i,)), Cell(percent(100 * r["value"] / total), everyone),
         Cell(percent(rates[r["area"]]), (i,))]
        for i, r in enumerate(latest.iter_rows(named=True))
    ]  # fmt: skip
    columns = (
        words("table.city"), words("cities.column_gdp", year=year, unit=scale.unit), words("cities.column_share"),
        words("cities.column_growth", start=_SINCE, year=year),
    )  # fmt: skip
    return Table(columns, body, frozenset({1, 2, 3}))


def converging(words: Words) -> Section:
    """Whether GDP per head of the eleven cities comes closer together."""
    start, end = "2000", "2023"
    local = load("gdp_per_capita", members(_GBA), frequency="A", start=start, end=end)
    bases = {"ppp": convert(local, "USD", basis="ppp"), "market": convert(local, "USD")}
    spread = pl.concat(
        found.with_columns(basis=pl.lit(basis), measure=pl.lit(words(f"convergence.measure_{key}", rates=words(f"convergence.{basis}"))))
        for basis, heads in bases.items()
        for key, found in (("sd", dispersion(heads).filter(measure="sd_log")), ("theil", inequality(heads).filter(measure="theil_t").drop("component")))
    )  # fmt: skip
    slopes = pl.concat(
        convergence(heads, start, end, without=["hong_kong", "macao"]).with_columns(basis=pl.lit(basis))
        for basis, heads in bases.items()
    )
    title = words("convergence.dispersion", start=start, end=end)
    shown = spread.drop("unit", "basis", "method")
    return Section("convergence", words("convergence.title"), _said(spread, slopes, start, end, words), (
        Exhibit("dispersion", title, spread, (Note(words("convergence.note")),), figure=charts.line(shown, title=title, lang=words.lang),
                table=chart_table(spread, words, "measure", write=lambda v: number_text(v, 3)), trail=_of_cities(spread, local)),
        Exhibit("beta", words("convergence.regression", start=start, end=end), slopes, (Note(words("convergence.regression_note")),),
                table=_slopes(slopes, words), trail=_of_ends(slopes, local, start), open_table=True),
    ))  # fmt: skip


def _said(
    spread: pl.DataFrame, slopes: pl.DataFrame, start: str, end: str, words: Words
) -> tuple[Statement, ...]:
    parts = spread.with_row_index("row").partition_by("measure", maintain_order=True)
    moved = [
        words(
            "convergence.from_to",
            first=number_text(part["value"][0], 2),
            last=number_text(part["value"][-1], 2),
        )
        for part in parts
    ]
    sd, theil, sd_market, theil_market = moved
    all_, mainland = (
        words(
            "convergence.with_error",
            estimate=number_text(r["estimate"], 3),
            error=number_text(r["se"], 3),
        )
        for r in slopes.filter(basis="ppp").iter_rows(named=True)
    )
    ends = [("dispersion", part["row"][place]) for part in parts for place in (0, -1)]
    return (
        Statement(words("convergence.said", start=start, end=end, sd=sd, sd_market=sd_market, theil=theil, theil_market=theil_market), ends, summary=True),
        Statement(words("convergence.beta", start=start, end=end, all=all_, mainland=mainland), [("beta", 0), ("beta", 1)]),
    )  # fmt: skip


def _slopes(slopes: pl.DataFrame, words: Words) -> Table:
    def cells(i: int, r: dict[str, Any]) -> list[Cell]:
        without = listing([area_name(a, words) for a in r["without"]], words.lang)
        whom = words("convergence.cities_without" if without else "convergence.cities", count=r["areas"], **({"areas": without} if without else {}))  # fmt: skip
        half = words("table.none") if r["half_life"] is None else words("convergence.years", years=number_text(r["half_life"], 0))  # fmt: skip
        numbers = [
            number_text(r["estimate"], 4),
            number_text(r["se"], 4),
            number_text(r["p"], 3),
            half,
            number_text(r["r2"], 2),
        ]
        return [Cell(whom), Cell(words(f"convergence.{r['basis']}")), *(Cell(n, (i,)) for n in numbers)]

    columns = [
        words(f"convergence.{key}") for key in ("over", "rates", "beta_column", "error", "p", "half_life")
    ]
    body = [cells(i, r) for i, r in enumerate(slopes.iter_rows(named=True))]
    return Table([*columns, "R²"], body, frozenset({2, 3, 4, 5, 6}))


def _of_cities(spread: pl.DataFrame, local: pl.DataFrame) -> pl.DataFrame:
    """Trail of a measure of a year: GDP per head of all cities in it."""
    rows = spread.select("period", spread_sources="sources").with_row_index("row")
    inputs = local.drop("sources").join(rows, on="period").rename({"spread_sources": "sources"})
    return tracing.together(tracing.of_inputs(inputs), tracing.rates_of(inputs))


def _of_ends(slopes: pl.DataFrame, local: pl.DataFrame, start: str) -> pl.DataFrame:
    """Trail of a regression: GDP per head of its cities in the first and the last year."""
    rows = slopes.select("without", ends="sources").with_row_index("row")
    years = local.filter(pl.col("period").dt.year().is_in([int(start), local["period"].max().year]))  # type: ignore[union-attr]
    inputs = years.drop("sources").join(rows, how="cross").rename({"ends": "sources"})
    inputs = inputs.filter(~pl.col("without").list.contains(pl.col("area")))
    return tracing.together(tracing.of_inputs(inputs), tracing.rates_of(inputs))
