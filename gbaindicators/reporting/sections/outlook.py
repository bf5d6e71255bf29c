"""Outlook: a first forecast of the Greater Bay Area's GDP."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import Scale, period_label
from gbaindicators.forecasting import forecast
from gbaindicators.reporting import tracing
from gbaindicators.reporting.exhibits import Cell, Exhibit, Note, Section, Statement, Table
from gbaindicators.reporting.numbers import amount, column_scale, writer
from gbaindicators.reporting.sections.telling import area_name
from gbaindicators.reporting.words import Words
from gbaindicators.store import load
from gbaindicators.transforms import aggregate, convert, members

__all__ = ["outlook"]

_GBA: Final = "greater_bay_area"
_START, _END = "2000", "2023"


def outlook(words: Words) -> Section:
    """Forecast the GDP of the Greater Bay Area five years on."""
    local = load("gdp", members(_GBA), frequency="A", start=_START, end=_END)
    gdp = local.pipe(convert, "USD").pipe(aggregate, _GBA)
    ahead = forecast(gdp, 5)
    end = ahead.row(-1, named=True)
    both = pl.concat([gdp, ahead], how="diagonal_relaxed")
    lang, name = words.lang, catalog().definition(_GBA).names[words.lang]
    said = words(
        "outlook.said", area=area_name(_GBA, words), definition=name, year=end["period"].year, value=amount(end["value"], end["unit"], lang),
        low=amount(end["lower_80"], end["unit"], lang), high=amount(end["upper_80"], end["unit"], lang),
    )  # fmt: skip
    title, how = words("outlook.chart"), str(end["method"]).split("; ")[-1]
    notes = (Note(words("outlook.note", definition=name)), Note(f"{how[0].upper()}{how[1:]}.", "en"))
    trained = words("outlook.trained", start=gdp["period"][0].year, end=gdp["period"][-1].year)
    return Section("outlook", words("outlook.title"), (
        Statement(said, [("outlook", both.height - 1)], summary=True), Statement(trained),
    ), (
        Exhibit("outlook", title, both, notes, figure=charts.fan(gdp, ahead, title=title, lang=lang), table=_table(both, words), trail=_trail(both, local)),
    ))  # fmt: skip


def _table(both: pl.DataFrame, words: Words) -> Table:
    scale: Scale = column_scale(both, words.lang)
    write = writer(scale)
    body = []
    for i, r in enumerate(both.iter_rows(named=True)):
        year = period_label("A", r["period"], words.lang)
        if r["lower_80"] is not None:
            year += (
                f" ({words('outlook.forecast')})"
                if words.lang == "en"
                else f"（{words('outlook.forecast')}）"
            )
        body.append([Cell(year), *(Cell(write(r[c]), (i,)) for c in ("value", "lower_80", "upper_80"))])
    heads = [words(f"outlook.{key}", unit=scale.unit) for key in ("gdp", "low", "high")]
    return Table((words("table.year"), *heads), body, frozenset({1, 2, 3}))


def _trail(both: pl.DataFrame, local: pl.DataFrame) -> pl.DataFrame:
    """Trail of a year: the cities' GDP and the rates of it; of a forecast: those of all years it is trained on."""
    rows = both.with_row_index("row")
    ahead = pl.col("lower_80").is_not_null()
    past = rows.filter(~ahead).select("row", "period", whole="sources")
    inputs = local.drop("sources").join(past, on="period").rename({"whole": "sources"})
    future = rows.filter(ahead).select("row", whole="sources")
    trained = local.drop("sources").join(future, how="cross").rename({"whole": "sources"})
    return tracing.together(
        *(of(rows) for rows in (inputs, trained) for of in (tracing.of_inputs, tracing.rates_of))
    )
