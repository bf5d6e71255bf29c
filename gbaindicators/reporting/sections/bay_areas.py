"""The four bay areas side by side: where they stand, how their ranks depend on the measure, and their history."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import listing
from gbaindicators.comparison import BAYS, benchmark, sensitivity
from gbaindicators.reporting import tracing
from gbaindicators.reporting.exhibits import Cell, Exhibit, Note, Section, Statement, Table, plain
from gbaindicators.reporting.numbers import amount, column_scale, share, writer
from gbaindicators.reporting.sections.telling import (
    area_name,
    chart_table,
    definition_name,
    drawn,
    limits,
    unit_line,
    year_of,
)
from gbaindicators.reporting.words import Words

__all__ = ["headline", "history", "ranking"]

_GBA: Final = "greater_bay_area"
#: What stands side by side, in order: column of the words, indicator, basis.
_MEASURES: Final = (
    ("column_gdp", "gdp", "market"), ("column_gdp_ppp", "gdp", "ppp"), ("column_head", "gdp_per_capita", "market"),
    ("column_head_ppp", "gdp_per_capita", "ppp"), ("column_people", "population", "market"),
)  # fmt: skip


def headline(words: Words) -> Section:
    """GDP, GDP per head and population of the four bays in the latest common year."""
    tables = [benchmark(indicator, basis=basis) for _, indicator, basis in _MEASURES]  # type: ignore[arg-type]
    market, parity = tables[0], tables[1]
    data = pl.concat(tables, how="diagonal_relaxed")
    year = year_of(market)
    titles = {basis: words(f"headline.gdp_{basis}", year=year) for basis in ("market", "ppp")}
    return Section("headline", words("headline.title"), _stands(tables, words), (
        Exhibit("headline", words("headline.table", year=year), data, limits(market, words),
                table=_side_by_side(tables, words), trail=tracing.of_members(data), open_table=True),
        _bars("gdp-market", titles["market"], market, words),
        _bars("gdp-ppp", titles["ppp"], parity, words),
    ))  # fmt: skip


def _bars(id_: str, title: str, table: pl.DataFrame, words: Words) -> Exhibit:
    figure = charts.bars(drawn(table, words), title=title, subtitle=unit_line(table, words), lang=words.lang)
    return Exhibit(
        id_, title, table, limits(table, words), figure=figure,
        table=chart_table(table, words), trail=tracing.of_members(table),
    )  # fmt: skip


def _side_by_side(tables: list[pl.DataFrame], words: Words) -> Table:
    """Print the bays beside each other: a row for each measure, and its rank below."""
    none = words("table.none")
    definitions = {r["area"]: definition_name(r, words) for r in tables[0].iter_rows(named=True)}
    body = [plain(words("table.definition"), *(definitions[area] for area in BAYS))]
    start = 0
    for (key, _, _), table in zip(_MEASURES, tables, strict=True):
        scale = column_scale(table, words.lang)
        found = {r["area"]: (start + i, r) for i, r in enumerate(table.iter_rows(named=True))}
        start += table.height
        values = [Cell(writer(scale)(found[a][1]["value"]), (found[a][0],)) for a in BAYS]
        ranks = [Cell(str(found[a][1]["rank"] or none), (found[a][0],)) for a in BAYS]
        body.append((Cell(words(f"headline.{key}", year=year_of(table), unit=scale.unit)), *values))
        body.append((Cell(words("table.rank")), *ranks))
    return Table(("", *(area_name(a, words) for a in BAYS)), body, frozenset(range(1, len(BAYS) + 1)))


def _stands(tables: list[pl.DataFrame], words: Words) -> tuple[Statement, ...]:
    """Say where the Greater Bay Area stands, in sentences that only hold numbers of the tables."""
    lang = words.lang
    starts = [sum(t.height for t in tables[:i]) for i in range(len(tables))]
    by_area = [{r["area"]: r for r in table.iter_rows(named=True)} for table in tables]
    place = {(i, area): starts[i] + list(rows).index(area) for i, rows in enumerate(by_area) for area in rows}
    gdp, ppp, head, head_ppp, people = (rows[_GBA] for rows in by_area)
    others = [a for a in BAYS if a != _GBA]
    shares = [
        words(
            "headline.share", area=area_name(a, words), share=share(gdp["value"] / by_area[0][a]["value"]),
            share_ppp=share(ppp["value"] / by_area[1][a]["value"]),
        )
        for a in others
    ]  # fmt: skip
    year = year_of(tables[0])
    return (
        Statement(
            words(
                "headline.gdp", year=year, area=area_name(_GBA, words), definition=definition_name(gdp, words),
                market=amount(gdp["value"], gdp["unit"], lang), rank=gdp["rank"], count=tables[0].height,
                ppp=amount(ppp["value"], ppp["unit"], lang), rank_ppp=ppp["rank"],
            ),
            [("headline", place[i, _GBA]) for i in (0, 1)], summary=True,
        ),
        Statement(
            words("headline.shares", shares=listing(shares, lang)),
            [("headline", place[i, a]) for i in (0, 1) for a in (_GBA, *others)], summary=True,
        ),
        Statement(
            words(
                "headline.per_head", year=year_of(tables[2]), market=amount(head["value"], head["unit"], lang), rank=head["rank"],
                count=tables[2].height, ppp=amount(head_ppp["value"], head_ppp["unit"], lang), rank_ppp=head_ppp["rank"],
                year_people=year_of(tables[4]), people=amount(people["value"], people["unit"], lang), rank_people=people["rank"],
            ),
            [("headline", place[i, _GBA]) for i in (2, 3, 4)], summary=True,
        ),
        Statement(words("headline.method")),
    )  # fmt: skip


def ranking(words: Words) -> Section:
    """How the ranking moves with definitions and rates."""
    table = sensitivity("gdp")
    grid = sensitivity("gdp", prices=("current", "2015"), year=None)
    year = year_of(table)
    rows = list(enumerate(table.iter_rows(named=True)))
    usual = {
        r["basis"]: (i, _span(r, words))
        for i, r in rows
        if r["area"] == _GBA and r["definition"] == catalog().definition(_GBA).id
    }
    text = words(
        "ranking.said", definition=catalog().definition(_GBA).names[words.lang], area=area_name(_GBA, words),
        market=usual["market"][1], ppp=usual["ppp"][1], year=year,
    )  # fmt: skip
    title = words("ranking.grid")
    by = ("basis", "prices", "area", "definition")
    return Section("ranking", words("ranking.title"), (Statement(text, [("ranking", i) for i, _ in usual.values()], summary=True),), (
        Exhibit("ranking", words("ranking.table", year=year), table, (Note(words("ranking.note")),), table=_ranks(rows, table, words),
                trail=_of_definitions(table), open_table=True),
        Exhibit("ranking-grid", title, grid, (Note(words("ranking.grid_note")),), figure=charts.sensitivity(grid, title=title, lang=words.lang),
                table=chart_table(grid.with_columns(told=_told(grid)), words, by, value="told", write=str), trail=_of_definitions(grid)),
    ))  # fmt: skip


def _span(row: dict[str, Any], words: Words) -> str:
    best, worst = row["best"], row["worst"]
    return str(best) if best == worst else words("table.range", low=best, high=worst)


def _told(grid: pl.DataFrame) -> pl.Expr:
    """Rank, or the range of ranks."""
    return (
        pl.when(pl.col("best") == pl.col("worst"))
        .then(pl.col("best").cast(pl.String))
        .otherwise(pl.format("{}–{}", "best", "worst"))
    )


def _ranks(rows: list[tuple[int, dict[str, Any]]], table: pl.DataFrame, words: Words) -> Table:
    # dollars and international dollars are of one size
    scale = column_scale(table.filter(basis="market"), words.lang)
    none = words("table.none")
    columns = (
        words("table.area"), words("table.definition"), words("ranking.rates"),
        words("ranking.column_gdp", year=year_of(table), unit=scale.unit), words("ranking.default_rank"), words("ranking.all_ranks"),
    )  # fmt: skip
    body = [
        [*plain(area_name(r["area"], words), definition_name(r, words), words(f"ranking.{r['basis']}")), Cell(writer(scale)(r["value"]), (i,)),
         Cell(none if r["rank"] is None else str(r["rank"]), (i,)), Cell(_span(r, words), (i,))]
        for i, r in rows
    ]  # fmt: skip
    return Table(columns, body, frozenset({3, 4, 5}))


def _of_definitions(table: pl.DataFrame) -> pl.DataFrame:
    """Trail of a table whose rows name definitions: the years of the members, fiscal ones included."""
    keys = table.select("area", "definition").unique()
    members = [list(catalog().definition(a, "economy", d).members) for a, d in keys.rows()]
    parts = table.with_row_index("row").join(
        keys.with_columns(member=pl.Series(members, dtype=pl.List(pl.String))), on=["area", "definition"]
    )
    year = pl.col("period").dt.year()
    # a calendar year is of the fiscal year that ends in it and of the one that begins in it
    days = pl.concat_list(pl.date(year, 1, 1), pl.date(year - 1, 4, 1), pl.date(year, 4, 1))
    parts = parts.with_columns(frequency=pl.lit("A"), area=pl.col("member"), days=days).explode("area")
    figures = parts.explode("days").with_columns(period=pl.col("days"))
    return tracing.together(tracing.of_inputs(figures), tracing.rates_of(parts))


def history(words: Words) -> Section:
    """GDP and GDP per head as far back as the figures go."""
    exhibits = []
    for key, indicator, basis in (
        ("market", "gdp", "market"),
        ("ppp", "gdp", "ppp"),
        ("head", "gdp_per_capita", "ppp"),
    ):
        table, title = benchmark(indicator, basis=basis, year=None), words(f"history.{key}")  # type: ignore[arg-type]
        figure = charts.line(
            drawn(table, words), title=title, subtitle=unit_line(table, words), lang=words.lang
        )
        exhibits.append(
            Exhibit(
                f"history-{key}", title, table, limits(table, words), figure=figure,
                table=chart_table(table, words), trail=tracing.of_members(table),
            )
        )  # fmt: skip
    return Section("history", words("history.title"), (), tuple(exhibits))
