"""The sections of the report, each a function from the database to words, charts and tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from gbaindicators import charts
from gbaindicators.catalog import catalog, period_text
from gbaindicators.charts.labels import listing
from gbaindicators.comparison import (
    BAYS,
    benchmark,
    convergence,
    dispersion,
    inequality,
    integration_coverage,
    integration_index,
    sensitivity,
)
from gbaindicators.comparison.integration.flows import factor_flows
from gbaindicators.forecasting import forecast
from gbaindicators.reporting.exhibits import Exhibit, Section, Table, amount, money, people, percent
from gbaindicators.store import disagreements, findings, load, query
from gbaindicators.transforms import aggregate, cagr, convert, members, to_frequency

__all__ = ["SECTIONS"]

_GBA: Final = "greater_bay_area"


def _name(area: str) -> str:
    return catalog().areas[area].names["en"]


def _definition(row: dict[str, object], subject: str = "economy") -> str:
    return catalog().definition(str(row["area"]), subject, str(row["definition"])).names["en"]


def _said(table: pl.DataFrame) -> str:
    """Say by which definition each bay is measured and what limits the comparison."""
    said = []
    for (area,), rows in table.partition_by("area", as_dict=True, maintain_order=True).items():
        pieces = dict.fromkeys(p for note in rows["note"].unique().sort() for p in note.split("; "))
        breaks = rows.sort("period")[1:].filter(pl.col("status") == "B")["period"].dt.year()
        limits = [p for p in pieces if not p.startswith("break: ")]
        if breaks.len():
            years = ", ".join(map(str, breaks))
            limits.append(f"breaks, where source or vintage changes and growth must not be read, in {years}")
        said.append(f"{_name(str(area))}: {'; '.join(limits)}.")
    return " ".join(said)


def _drawn(table: pl.DataFrame) -> pl.DataFrame:
    """Give a chart the note's words in place of the method's ids."""
    return table.with_columns(pl.col("note").str.split("; break: ").list.first().alias("method"))


def headline() -> Section:
    """GDP, GDP per head and population of the four bays in the latest common year."""
    market, parity = benchmark("gdp"), benchmark("gdp", basis="ppp")
    head, head_ppp = benchmark("gdp_per_capita"), benchmark("gdp_per_capita", basis="ppp")
    persons = benchmark("population")
    year = market["period"][0].year
    by_area = [
        {row["area"]: row for row in table.iter_rows(named=True)}
        for table in (market, parity, head, head_ppp, persons)
    ]
    rows = []
    for area in BAYS:
        gdp, ppp, per_head, per_head_ppp, population = (table[area] for table in by_area)
        rows.append([
            _name(area), _definition(gdp), money(gdp["value"], gdp["unit"]), str(gdp["rank"]), money(ppp["value"], ppp["unit"]),
            str(ppp["rank"]), money(per_head["value"], per_head["unit"]), money(per_head_ppp["value"], per_head_ppp["unit"]),
            people(population["value"]),
        ])  # fmt: skip
    columns = ("Bay area", "Definition", f"GDP {year}, market rates", "Rank", f"GDP {year}, PPP", "Rank", "GDP per head, market",
               "GDP per head, PPP", f"Population {persons['period'][0].year}")  # fmt: skip
    here, there = by_area[0][_GBA], by_area[1][_GBA]
    shares = ", ".join(
        f"{100 * here['value'] / by_area[0][a]['value']:.0f}% of the {_name(a)} (at PPP {100 * there['value'] / by_area[1][a]['value']:.0f}%)"
        for a in BAYS if a != _GBA
    )  # fmt: skip
    text = (
        f"In {year}, the latest year for which all four can be compared, the GDP of the {_name(_GBA)} was "
        f"{money(here['value'], here['unit'])} at market exchange rates and {money(there['value'], there['unit'])} at purchasing power "
        f"parity: {shares}.",
        "Every figure is for the calendar year. Japan's prefectures publish fiscal years from April, which are weighted by months. The "
        "population behind GDP per head is the mean of two year-ends for the cities of the Greater Bay Area and the producer's "
        "estimate for the year elsewhere.",
    )
    table = pl.concat([market, parity, head, head_ppp, persons], how="diagonal_relaxed")
    notes = _said(market)
    return Section("headline", "Where the Greater Bay Area stands", text, (
        Exhibit("headline", f"Four bay areas, {year}", table, notes, table=Table(columns, rows, frozenset({2, 3, 4, 5, 6, 7, 8}))),
        Exhibit("gdp-market", f"GDP at market exchange rates, {year}", market, notes, figure=charts.bars(_drawn(market), title=f"GDP at market exchange rates, {year}")),
        Exhibit("gdp-ppp", f"GDP at purchasing power parity, {year}", parity, _said(parity), figure=charts.bars(_drawn(parity), title=f"GDP at purchasing power parity, {year}")),
    ))  # fmt: skip


def rankings() -> Section:
    """How the ranking moves with definitions and rates."""
    table = sensitivity("gdp")
    grid = sensitivity("gdp", prices=("current", "2015"), year=None)
    year = table["period"][0].year
    rows = [
        [_name(r["area"]), _definition(r), "market rates" if r["basis"] == "market" else "PPP", money(r["value"], r["unit"]),
         "–" if r["rank"] is None else str(r["rank"]), f"{r['best']}" if r["best"] == r["worst"] else f"{r['best']} to {r['worst']}"]
        for r in table.iter_rows(named=True)
    ]  # fmt: skip
    moves = table.filter(area=_GBA, definition="eleven_cities")
    said = {
        r["basis"]: f"{r['best']}" if r["best"] == r["worst"] else f"{r['best']} to {r['worst']}"
        for r in moves.iter_rows(named=True)
    }
    text = (
        f"On its usual definition (eleven cities) the Greater Bay Area ranks {said['market']} at market rates and {said['ppp']} at purchasing "
        f"power parity in {year}, over all combinations of the definitions that the other bays go by.",
    )
    columns = (
        "Bay area",
        "Definition",
        "Rates",
        f"GDP {year}",
        "Rank among default definitions",
        "Rank over all combinations",
    )
    return Section("ranking", "How the ranking depends on the measure", text, (
        Exhibit("ranking", f"Ranks by definition and rates, {year}", table, "A rank over all combinations is the best and the worst that a bay takes "
                "when the others go by any of their definitions.", table=Table(columns, rows, frozenset({3, 4, 5}))),
        Exhibit("ranking-grid", "Ranks by definition, rates, prices and year", grid, "Prices of 2015 are real: deflated in each economy, and converted at "
                "the rate of that year.", figure=charts.sensitivity(grid, title="Ranks by definition, rates, prices and year")),
    ))  # fmt: skip


def history() -> Section:
    """GDP and GDP per head as far back as the figures go."""
    exhibits = []
    for id_, indicator, basis, title in (
        ("history-market", "gdp", "market", "GDP at market exchange rates"),
        ("history-ppp", "gdp", "ppp", "GDP at purchasing power parity"),
        ("history-head", "gdp_per_capita", "ppp", "GDP per head at purchasing power parity"),
    ):
        table = benchmark(indicator, basis=basis, year=None)  # type: ignore[arg-type]
        exhibits.append(
            Exhibit(id_, title, table, _said(table), figure=charts.line(_drawn(table), title=title))
        )
    return Section("history", "As long a history as the figures carry", (), tuple(exhibits))


def cities() -> Section:
    """The eleven cities of the Greater Bay Area."""
    gdp = load("gdp", members(_GBA), frequency="A", start="2000", end="2024").pipe(convert, "USD")
    last = gdp.filter((pl.col("status") != "B").all().over("period"))["period"].max()
    latest = gdp.filter(pl.col("period") == last).sort("value", descending=True)
    year = last.year  # type: ignore[union-attr]
    total = latest["value"].sum()
    local = load("gdp", members(_GBA), frequency="A")
    rates = {r["area"]: r["value"] for r in cagr(local, "2010", str(year)).iter_rows(named=True)}
    rows = [
        [
            _name(r["area"]),
            money(r["value"], r["unit"]),
            percent(100 * r["value"] / total),
            percent(rates[r["area"]]),
        ]
        for r in latest.iter_rows(named=True)
    ]
    columns = (
        "City",
        f"GDP {year}",
        "Share of the eleven",
        f"Nominal growth a year 2010-{year}, own currency",
    )
    return Section("cities", "The eleven cities", (
        f"{year} is the last year in which all eleven stand in one vintage. The nine mainland cities' 2024 is on the base of the fifth "
        "economic census, 2023 and before are not: growth from 2023 to 2024 cannot be read from these levels.",
    ), (
        Exhibit("cities", f"GDP of the eleven cities, {year}", latest, figure=charts.bars(latest, title=f"GDP of the eleven cities, {year}"),
                table=Table(columns, rows, frozenset({1, 2, 3}))),
    ))  # fmt: skip


def converging() -> Section:
    """Whether GDP per head of the eleven cities comes closer together."""
    start, end = "2000", "2023"
    local = load("gdp_per_capita", members(_GBA), frequency="A", start=start, end=end)
    bases = {"PPP": convert(local, "USD", basis="ppp"), "market rates": convert(local, "USD")}
    spread = pl.concat(
        found.with_columns(basis=pl.lit(basis), measure=pl.lit(f"{name}, {basis}"))
        for basis, heads in bases.items()
        for name, found in (
            ("Standard deviation of logarithms", dispersion(heads).filter(measure="sd_log")),
            ("Theil's T", inequality(heads).filter(measure="theil_t").drop("component")),
        )
    )
    slopes = pl.concat(
        convergence(heads, start, end, without=["hong_kong", "macao"]).with_columns(basis=pl.lit(basis))
        for basis, heads in bases.items()
    )
    sd, theil, sd_market, theil_market = (
        f"from {rows['value'][0]:.2f} to {rows['value'][-1]:.2f}" for rows in spread.partition_by("measure")
    )
    all_, mainland = (
        f"{r['estimate']:.3f} (standard error {r['se']:.3f})"
        for r in slopes.filter(basis="PPP").iter_rows(named=True)
    )
    text = (
        f"From {start} to {end} the standard deviation of the logarithms of GDP per head among the eleven cities went {sd} at purchasing power parity "
        f"and {sd_market} at market exchange rates; Theil's T went {theil} and {theil_market}.",
        f"A regression of the cities' growth a year from {start} to {end} on the logarithm of GDP per head in {start}, at purchasing power parity, has the "
        f"coefficient (beta) {all_} with all eleven cities and {mainland} without Hong Kong and Macao. Below zero, cities with the lower "
        "GDP per head grew faster.",
    )  # fmt: skip
    rows = [
        [f"{r['areas']} cities" + (f", without {listing([_name(a) for a in r['without']], 'en')}" if r["without"] else ""), r["basis"],
         f"{r['estimate']:.4f}", f"{r['se']:.4f}", f"{r['p']:.3f}", "–" if r["half_life"] is None else f"{r['half_life']:.0f} years", f"{r['r2']:.2f}"]
        for r in slopes.iter_rows(named=True)
    ]  # fmt: skip
    columns = ("Regression over", "Rates", "Beta", "Standard error", "p", "Half of a gap closes in", "R²")
    title = f"Dispersion of GDP per head among the eleven cities, {start} to {end}"
    return Section("convergence", "Do the cities converge?", text, (
        Exhibit("dispersion", title, spread, "Each city counts once. The mainland's cities share one PPP, so price levels that differ between them stay in. "
                "Both measures are zero when all cities are alike.", figure=charts.line(spread.drop("unit", "basis", "method"), title=title)),
        Exhibit("beta", f"Beta convergence of GDP per head, {start} to {end}", slopes, "Least squares over cities, HC3 errors. So few cities "
                "leave the errors uncertain and give single cities much weight.", table=Table(columns, rows, frozenset({2, 3, 4, 5, 6}))),
    ))  # fmt: skip


def gateways() -> Section:
    """Containers and air passengers by bay area."""
    exhibits = []
    for id_, indicator, word in (
        ("containers", "container_throughput", "Containers handled"),
        ("air", "air_passengers", "Air passengers"),
    ):
        table = benchmark(indicator)
        year = table["period"][0].year
        notes = f"{_said(table)} {year} is the latest year published for all members."
        exhibits.append(
            Exhibit(
                id_,
                f"{word}, {year}",
                table,
                notes,
                figure=charts.bars(_drawn(table), title=f"{word}, {year}"),
            )
        )
        long = benchmark(indicator, year=None)
        exhibits.append(
            Exhibit(
                f"{id_}-history",
                f"{word} by bay area, all years published for every member",
                long,
                f"{_said(long)} Years in which a member is not published are left open.",
                figure=charts.line(_drawn(long), title=f"{word} by bay area"),
            )
        )
    return Section("gateways", "Ports and airports", (
        "Ports are counted whole (loaded and empty, foreign and domestic); counts of loaded boxes or of foreign trade alone are other "
        "series and never stand beside them.",
    ), tuple(exhibits))  # fmt: skip


def boundary() -> Section:
    """Hong Kong's boundary crossings by month, and by control point."""
    daily = load("crossings", "hong_kong", frequency="D")
    monthly = to_frequency(daily, "M")
    whole = monthly.filter(pl.col("value").is_not_null())
    left = ", ".join(monthly.filter(pl.col("value").is_null())["period"].dt.strftime("%Y-%m").to_list())
    points = to_frequency(
        load("crossings", frequency="D", start="2025-01", end="2025-12").filter(
            pl.col("area") != "hong_kong"
        ),
        "A",
    ).sort("value", descending=True)
    points = points.filter(pl.col("value") > 0)
    peak = whole.sort("value", descending=True).row(0, named=True)
    text = (
        f"The Immigration Department counts every crossing day by day, both directions, from 24 January 2020. The busiest month is "
        f"{peak['period']:%B %Y} with {people(peak['value'])} crossings. A same-day return is two crossings; crossings are not people.",
    )
    return Section("boundary", "Hong Kong's boundary", text, (
        Exhibit("crossings", "Crossings of Hong Kong's boundary by month", whole, f"Sum of all control points, both directions. Incomplete months left out: {left}.", figure=charts.line(whole, title="Crossings of Hong Kong's boundary, by month")),
        Exhibit("control-points", "Crossings by control point, 2025", points, "Both directions. The bridge point is the Hong Kong port of the Hong Kong-Zhuhai-Macao Bridge.", figure=charts.bars(points, title="Crossings by control point, 2025")),
    ))  # fmt: skip


def flows() -> Section:
    """Integration by the six factor flows, with what there is to measure each."""
    index, coverage = integration_index(), integration_coverage()
    names = {f.id: f.names["en"] for f in factor_flows()} | {"index": "Scored flows together"}
    drawn = index.with_columns(pl.col("flow").replace_strict(names))
    known = index.drop_nulls("value")
    years = known["period"].dt.year().unique().sort().to_list()
    first, last = years[0], years[-1]
    scored = [f for f in factor_flows() if f.id in known["flow"]]
    lacking = [f.id for f in factor_flows() if f not in scored]
    values = {(r["flow"], r["period"].year): r["value"] for r in known.iter_rows(named=True)}
    moved = [f"for {f.id} from {values[f.id, first]:.1f} to {values[f.id, last]:.1f}" for f in scored]
    text = (
        f"The policy documents name {len(names) - 1} factor flows. Only {len(scored)} of them can be scored, {listing([f.id for f in scored], 'en')}: for "
        f"{listing(lacking, 'en')} no figure has a value in every year from {first} to {last}. The index rests on the scored flows, weighted equally, and says "
        "nothing about the others.",
        f"From {first} to {last} the index ({known['unit'][0].removeprefix('index ')}) went {listing(moved, 'en')}. Where they move apart, the order of the years "
        "hangs on the weights.",
    )  # fmt: skip
    shown = [f.id for f in scored] + ["index"]
    rows = [[str(y), *(f"{values[flow, y]:,.1f}" for flow in shown)] for y in years]
    caveats = " ".join(f"{f.names['en']}: {f.caveat}." for f in scored if f.caveat)
    title = f"Index of integration by factor flow, {first} to {last}"
    return Section("flows", "Integration by factor flow", text, (
        Exhibit("integration-index", title, index, caveats, figure=charts.line(drawn.drop("indicator", "method", "note", "members", "rank"), title=title),
                table=Table(("Year", *(names[f] for f in shown)), rows, frozenset(range(1, len(shown) + 1)))),
        Exhibit("integration-coverage", "What there is to measure each flow", coverage, f"All {coverage.height} figures, with their years and why they are not used, "
                "are in the data and the workbook.", table=_coverage(coverage)),
    ))  # fmt: skip


def _coverage(coverage: pl.DataFrame) -> Table:
    """One row a flow: how many figures it has, which the index uses, and what would be needed."""
    rows = []
    for flow in factor_flows():
        of_flow = coverage.filter(flow=flow.id)
        used = of_flow.filter("used").group_by("indicator", maintain_order=True).agg("area").iter_rows()
        said = [
            f"{catalog().indicators[i].names['en']} ({_name(areas[0]) if len(areas) == 1 else f'{len(areas)} areas'})"
            for i, areas in used
        ]
        longest = of_flow.sort("used", "observations")["observations"][-1]
        rows.append(
            [flow.names["en"], str(of_flow.height), str(of_flow["used"].sum()), str(longest), "; ".join(said) or "–", flow.needed]
        )  # fmt: skip
    columns = (
        "Flow",
        "Figures mapped to it",
        "Used",
        "Years of the longest",
        "Which are used",
        "What would be needed",
    )
    return Table(columns, rows, frozenset({1, 2, 3}))


def integration() -> Section:
    """What the policy documents count: cards, enrolments, recognitions."""
    stated = query("""
        SELECT i.name_en AS what, p.area, p.counterpart_area, p.as_of, p.value, p.unit, p.qualifier, p.quote, p.note, p.source, i.table_name, p.indicator
        FROM policy_statement p JOIN indicator i ON i.id = p.indicator
        WHERE i.table_name IN ('card_transactions', 'enrolled_residents', 'integration') AND p.value IS NOT NULL
        ORDER BY i.table_name, p.as_of, i.name_en
    """)
    hedges = {"exact": "", "about": "about ", "nearly": "nearly ", "more_than": "more than ", "rank": ""}
    rows = [
        [r["what"], f"{hedges[r['qualifier']]}{r['value']:,g} {r['unit']}" if r["value"] < 1e6 else f"{hedges[r['qualifier']]}{r['value']:,.0f} {r['unit']}",
         r["as_of"] or "undated", " / ".join(_name(a) for a in r["area"].split(";")), f"“{r['quote']}”", r["note"] or ""]
        for r in stated.iter_rows(named=True)
    ]  # fmt: skip
    columns = ("What", "Stated", "As of", "Where", "In the words of the document", "Note")
    series = query("""
        SELECT indicator, area, frequency, period, value, unit, sources, adjustment, status, vintage, note
        FROM latest WHERE table_name IN ('card_transactions', 'enrolled_residents') ORDER BY indicator, area, period
    """)
    measured = [
        [catalog().indicators[r["indicator"]].names["en"], _name(r["area"]), period_text(r["frequency"], r["period"]),
         f"{r['value']:,.0f} {r['unit']}", r["note"] or "", catalog().sources[r["sources"][0]].producer]
        for r in series.iter_rows(named=True)
    ]  # fmt: skip
    return Section("integration", "Cards and enrolments: what the policy documents count", (
        "The founding documents state totals to date. They are shown with the words that state them, because a total of enrolments is not a number "
        "of residents, and cards issued are not cards used.",
    ), (
        Exhibit("policy", "Counts of the policy documents", stated, table=Table(columns, rows, frozenset({1}))),
        Exhibit("cards-enrolments", "Cards and enrolments, the preferred figure of each period", series, "Totals to date unless the name says otherwise.",
                table=Table(("What", "Where", "When", "Figure", "Note", "Source"), measured, frozenset({3}))),
    ))  # fmt: skip


def outlook() -> Section:
    """A first forecast of the Greater Bay Area's GDP."""
    gdp = (
        load("gdp", members(_GBA), frequency="A", start="2000", end="2023")
        .pipe(convert, "USD")
        .pipe(aggregate, _GBA)
    )
    ahead = forecast(gdp, 5)
    end = ahead.row(-1, named=True)
    text = (
        f"A statistical extrapolation of GDP in US dollars, not a view on policy: for {end['period'].year} it gives {money(end['value'], end['unit'])}, with 80% "
        f"of outcomes expected between {money(end['lower_80'], end['unit'])} and {money(end['upper_80'], end['unit'])}. It is trained up to 2023, the last "
        "year in one vintage, and in dollars it carries the exchange rate's swings with it.",
    )
    both = pl.concat([gdp, ahead], how="diagonal_relaxed")
    names, how = catalog().definition(_GBA).names["en"], str(end["method"]).split("; ")[-1]
    return Section("outlook", "Outlook", text, (
        Exhibit("outlook", "GDP of the Greater Bay Area in US dollars, history and forecast", both, f"{names}, converted at the market rate of the year. {how[0].upper()}{how[1:]}.", figure=charts.fan(gdp, ahead, title="GDP of the Greater Bay Area, with forecast")),
    ))  # fmt: skip


def quality() -> Section:
    """What the checks found and could not decide."""
    found = findings()
    rules = (
        found.group_by("check")
        .agg(
            pl.col("rule").first(),
            pl.len().alias("n"),
            pl.struct("indicator", "area").n_unique().alias("series"),
        )
        .sort("check")
    )
    rows = [
        [r["check"].replace("_", " "), r["rule"].split(" (")[0], f"{r['n']:,}", f"{r['series']:,}"]
        for r in rules.iter_rows(named=True)
    ]
    levels = [i.id for i in catalog().indicators.values() if i.kind in ("flow", "stock")]
    large = (
        disagreements(at_least=0.05)
        .filter(pl.col("frequency") == "A", pl.col("indicator").is_in(levels))
        .sort(pl.col("relative_difference").abs(), descending=True)
    )
    producers = {id_: source.producer for id_, source in catalog().sources.items()}
    apart = [
        [f"{catalog().indicators[r['indicator']].names['en']}, {r['unit']}", _name(r["area"]), f"{r['period'].year}{'' if r['period'].month == 1 else ' fiscal'}", amount(r["value"]),
         producers[r["source"]], amount(r["other_value"]), producers[r["other_source"]], percent(100 * r["relative_difference"])]
        for r in large.head(25).iter_rows(named=True)
    ]  # fmt: skip
    return Section("quality", "What does not agree", (
        "Every build checks the figures against one another. What it finds and cannot decide stays visible here; it does not stop the build. "
        "A doubtful figure (status U) is shown but never preferred.",
    ), (
        Exhibit("findings", "Findings of the checks", found, "All of them are in the workbook and in the table finding of the database.", table=Table(("Check", "Rule", "Findings", "Series"), rows, frozenset({2, 3}))),
        Exhibit("disagreements", "Largest disagreements between sources, annual amounts", large, f"The preferred figure first. The {len(apart)} largest of {large.height} that differ by 5% or more; all of them are in the workbook.", table=Table(("Indicator", "Area", "Year", "Preferred", "Source", "Other", "Source", "Difference"), apart, frozenset({3, 5, 7}))),
    ))  # fmt: skip


#: The report's sections in order, with the words that progress shows.
SECTIONS: Final[tuple[tuple[str, Callable[[], Section]], ...]] = (
    ("comparing the bay areas", headline),
    ("ranking under all definitions", rankings),
    ("drawing the history", history),
    ("the eleven cities", cities),
    ("convergence of the cities", converging),
    ("ports and airports", gateways),
    ("Hong Kong's boundary", boundary),
    ("integration by factor flow", flows),
    ("cards and enrolments", integration),
    ("forecasting", outlook),
    ("what does not agree", quality),
)
