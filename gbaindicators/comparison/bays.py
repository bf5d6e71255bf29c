"""The same figure for each bay area: `benchmark`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, get_args

import polars as pl

from gbaindicators.catalog import Definition, catalog, parse_period
from gbaindicators.errors import UsageError
from gbaindicators.store import load
from gbaindicators.tables.series_frame import append_method, merge_sources
from gbaindicators.transforms import (
    aggregate,
    convert,
    deflate,
    per_capita,
    to_calendar_year,
    to_frequency,
)

__all__ = [
    "BAYS",
    "Basis",
    "Choice",
    "Mixed",
    "Years",
    "annual_figures",
    "bay_figures",
    "benchmark",
    "check_additive",
    "check_choice",
    "chosen_for",
    "definition_of",
    "in_calendar_years",
    "lacking",
    "refuse_mixtures",
    "with_mixtures",
]

Basis = Literal["market", "ppp"]
Years = Literal["calendar", "published"]
Mixed = Literal["refuse", "mark"]
#: A definition by its id, or the members themselves.
Choice = str | Sequence[str]

#: The bay areas compared by default.
BAYS: Final = ("greater_bay_area", "new_york_bay_area", "tokyo_bay_area", "san_francisco_bay_area")
_PER_HEAD: Final = "gdp_per_capita"
#: Currencies of the areas that count their people at the end of the year.
_YEAR_END: Final = ("CNY", "HKD", "MOP")
_BREAK: Final = "figures from before and after a break in one"
_ORDER: Final = (
    "indicator", "area", "frequency", "period", "value", "unit", "prices", "sources", "status", "vintage", "definition",
    "members", "periods", "vintages", "rates", "rank", "mixed", "method", "note",
)  # fmt: skip


def benchmark(
    indicator: str | Mapping[str, str] = "gdp",
    bays: str | Sequence[str] = BAYS,
    *,
    definition: Mapping[str, Choice] | None = None,
    currency: str = "USD",
    basis: Basis = "market",
    prices: str | int = "current",
    years: Years = "calendar",
    year: str | int | None = "latest",
    mixed: Mixed = "refuse",
) -> pl.DataFrame:
    """Compare bay areas on one indicator, and account for every figure.

    Money is converted at the year's average market rate or at purchasing power parity. Fiscal years (Japan's, from
    April) become calendar years by months. A bay area is the sum of the members of its definition and has no value
    in a year in which a member has none. GDP per head is the GDP of the members over their population, where the
    population is the mean of two year-ends for the cities of the Greater Bay Area and the producer's estimate for the
    year elsewhere. Where a member's year is not published but its twelve months are, the year is their sum.

    What does not measure the same is not put side by side unless asked for: fiscal years beside calendar years,
    real beside nominal figures, different counts of one thing (loaded containers beside all of them), and figures
    made from both sides of a break (a calendar year of a fiscal year before a change of source and one after it, a
    mean population of year-ends before and after a census revision).

    Parameters
    ----------
    indicator
        ``"gdp"``, ``"gdp_per_capita"``, ``"population"``, ``"container_throughput"``, ``"air_passengers"``, or another
        annual indicator that may be added up over areas. Or one for each bay, which mixes counts:
        ``{"new_york_bay_area": "container_throughput_loaded", "tokyo_bay_area": "container_throughput"}``.
    bays
        Bay areas, by default the four; one or several ids, names or aliases.
    definition
        Which definition of a bay, by bay: ``{"new_york_bay_area": "three_states"}``, or a list of its members:
        ``{"tokyo_bay_area": ["tokyo", "kanagawa"]}``; defaults elsewhere.
    currency
        Currency to compare money in.
    basis
        ``"market"`` or ``"ppp"`` (in international dollars for ``currency="USD"``).
    prices
        ``"current"``, or a base year such as ``"2015"``: money at current prices is divided by the GDP deflator of its
        economy, and converted at the base year's rate, which keeps growth real.
    years
        ``"calendar"``, or ``"published"`` for fiscal years as they are, dated by the day they begin.
    year
        ``"latest"``: the latest year for which every bay has a value; a year; or None for all years.
    mixed
        ``"refuse"`` to raise where figures would not measure the same, or ``"mark"`` to say it in ``mixed`` and
        ``note``.

    Returns
    -------
    polars.DataFrame
        ``indicator, area, frequency, period, value, unit, prices, sources, status, vintage, definition, members,
        periods, vintages, rates, rank, mixed, method, note``, one row per bay and year. What went into each cell are
        its ``members``, ``periods`` (the published years or months, "2022-04-01/P1Y" for a year from April),
        ``vintages`` and ``rates`` ("6.7372 CNY per USD"). ``mixed`` is what does not measure the same in the cell or
        beside it (empty by default), and ``note`` says what limits the comparison: also where a member's figure stands in
        secondary sources only (press, encyclopedias, compilations).

    Raises
    ------
    UsageError
        When the indicator cannot be added up over areas, when there is no year for all bays, a bay lacks the given
        year (says which years there are), figures would be mixed, or a base year is given for what is no money at
        current prices.
    UnknownNameError
        For an unknown indicator, bay, definition, member or currency.

    Examples
    --------
    >>> table = benchmark("gdp")
    >>> table.select("area", pl.col("period").dt.year(), (pl.col("value") / 1e12).round(2), "rank").rows()
    [('new_york_bay_area', 2022, 2.16, 1), ('greater_bay_area', 2022, 1.94, 2), ('tokyo_bay_area', 2022, 1.52, 3), ('san_francisco_bay_area', 2022, 1.22, 4)]
    >>> tokyo = table.row(2, named=True)
    >>> tokyo["members"], tokyo["periods"], tokyo["rates"]
    (['chiba', 'kanagawa', 'saitama', 'tokyo'], ['2021-04-01/P1Y', '2022-04-01/P1Y'], ['131.498 JPY per USD'])
    """
    check_choice("basis", basis, get_args(Basis))
    check_choice("years", years, get_args(Years))
    check_choice("mixed", mixed, get_args(Mixed))
    wanted = _definitions(_by_bay(indicator, bays), definition or {})
    tables = [
        bay_figures(
            name,
            annual_figures(name, parts),
            parts,
            currency=currency,
            basis=basis,
            prices=prices,
            years=years,
        )
        for name, parts in wanted.items()
    ]
    table = pl.concat(tables, how="diagonal_relaxed")
    if table["unit"].n_unique() > 1:
        units = ", ".join(
            f"{i}: {u}" for i, u in table.select("indicator", "unit").unique().sort("unit").rows()
        )
        raise UsageError(f"figures in different units do not compare ({units}): name indicators of one unit")
    if year is not None:
        table = _of_year(table, year)
    table = with_mixtures(table)
    if mixed == "refuse":
        refuse_mixtures(table)
    said = pl.col("mixed").list.join("; ").replace("", None)
    ranked = pl.col("value").rank("min", descending=True).over(pl.col("period").dt.year()).cast(pl.Int64)
    sort = ["rank"] if year is not None else ["area", "period"]
    return (
        table.with_columns(
            ranked.alias("rank"), note=pl.concat_str("note", said, separator="; ", ignore_nulls=True)
        )
        .select(_ORDER)
        .sort(sort, maintain_order=True)
    )


def check_choice(argument: str, value: object, choices: Sequence[str]) -> None:
    """Check that an argument is one of a few words, and raise UsageError that names them otherwise."""
    if value not in choices:
        raise UsageError(f"{argument} must be {' or '.join(map(repr, choices))}, not {value!r}")


def check_additive(indicator: str) -> None:
    """Check that an indicator has a figure for a bay: that it can be added up over the members.

    Raises
    ------
    UsageError
        For a rate, a price, an index, or an amount that counts some things in several areas.
    """
    entry = catalog().indicator(indicator)
    if indicator != _PER_HEAD and (entry.kind not in ("flow", "stock") or entry.over_areas != "sum"):
        raise UsageError(
            f"{indicator!r} cannot be added up over the members of a bay area: compare an amount such as 'gdp' or "
            f"'population', or look at the members one by one: gba.load({indicator!r})"
        )


def annual_figures(indicator: str, definitions: Iterable[Definition]) -> pl.DataFrame:
    """Load the published years of all members of some definitions, with sums of months where a year lacks.

    For GDP per head these are those of GDP.
    """
    indicator = "gdp" if indicator == _PER_HEAD else indicator
    rows = load(indicator, list(dict.fromkeys(m for d in definitions for m in d.members)))
    rows = rows.filter(pl.col("adjustment") == "nsa", pl.col("value").is_not_null())
    years = rows.filter(pl.col("frequency") == "A").with_columns(value_periods=pl.concat_list(_year_text()))
    months = rows.filter(pl.col("frequency") == "M")
    if not months.height or catalog().indicator(indicator).over_time != "sum":
        return years
    summed = to_frequency(months, "A").filter(pl.col("value").is_not_null())
    missing = summed.join(years, on=["area", "period"], how="anti")
    of_year = pl.concat_list(pl.col("period").dt.offset_by(f"{m}mo").dt.strftime("%Y-%m") for m in range(12))
    missing = append_method(missing, "sum of twelve months").with_columns(value_periods=of_year)
    return pl.concat([years, missing], how="diagonal_relaxed")


def _year_text() -> pl.Expr:
    """Write years as the catalogue does: 2022, and 2022-04-01/P1Y for one that begins in April."""
    calendar = pl.col("period").dt.ordinal_day() == 1
    return (
        pl.when(calendar)
        .then(pl.col("period").dt.strftime("%Y"))
        .otherwise(pl.col("period").dt.strftime("%Y-%m-%d/P1Y"))
    )


def lacking(indicator: str, figures: pl.DataFrame, definition: Definition) -> list[str]:
    """Members of a definition that have no annual figures (for GDP per head: no GDP or no population)."""
    have = set(figures["area"])
    if indicator == _PER_HEAD and have:
        have &= set(load("population", list(have), frequency="A")["area"])
    return sorted(set(definition.members) - have)


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
    for one in definitions:
        if absent := lacking(indicator, figures, one):
            of = " or 'population'" if indicator == _PER_HEAD else ""
            raise UsageError(
                f"no annual figures of {'gdp' if of else indicator!r}{of} for {', '.join(absent)}, so {one.area!r} "
                f"({one.id}) cannot be made; choose another definition or indicator"
            )
    parts = _parts(figures, years)
    rows = in_calendar_years(figures) if years == "calendar" else figures.drop("value_periods")
    money = catalog().currency_of(rows["unit"][0]) is not None
    if prices != "current" and not money:
        raise UsageError(f"{indicator!r} is no money, so it has no prices of {prices}: leave prices= out")
    if money:
        rows, rates = _in_money(rows, currency, basis, prices)
        parts = parts.join(rates, on=["area", "into"], how="left")
    heads = pl.DataFrame()
    if indicator == _PER_HEAD:
        rows, heads = _with_people(rows)
        parts = pl.concat([parts, _parts_of_people(heads)], how="diagonal_relaxed")
    made = [_whole(indicator, rows, heads, parts, one) for one in definitions]
    return pl.concat(made, how="diagonal_relaxed")


def _by_bay(indicator: str | Mapping[str, str], bays: str | Sequence[str]) -> dict[str, str]:
    """Which indicator each bay is measured by."""
    names = catalog()
    areas = list(dict.fromkeys(names.area(b).id for b in ([bays] if isinstance(bays, str) else bays)))
    if not areas:
        raise UsageError(f"no bay area is given: name some of {', '.join(BAYS)}")
    if isinstance(indicator, str):
        check_additive(indicator)
        return dict.fromkeys(areas, indicator)
    if not isinstance(indicator, Mapping):
        raise UsageError(
            f"the indicator is {indicator!r}: give its id, such as 'gdp', or one for each bay area"
        )
    chosen = {names.area(bay).id: name for bay, name in indicator.items()}
    if differ := set(areas) ^ set(chosen):
        raise UsageError(
            f"indicators by bay must name every bay compared and no other, which is not so for "
            f"{', '.join(sorted(differ))}: pass bays={sorted(chosen)!r}"
        )
    for name in chosen.values():
        check_additive(name)
    return {area: chosen[area] for area in areas}


def chosen_for(areas: Sequence[str], choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Definitions chosen for some of the areas compared, by their ids.

    Raises
    ------
    UnknownNameError
        When there is no such area.
    UsageError
        When no area is named with a choice, or one that is not compared.
    """
    if not isinstance(choices, Mapping):
        raise UsageError(
            f"definition names each area: definition={{{areas[-1]!r}: {choices!r}}}, or leave it out for the default ones"
        )
    chosen = {catalog().area(area).id: choice for area, choice in choices.items()}
    if unused := chosen.keys() - set(areas):
        raise UsageError(
            f"a definition is given for {', '.join(sorted(unused))}, which is not among the areas compared, "
            f"{', '.join(areas)}"
        )
    return chosen


def _definitions(indicators: Mapping[str, str], choices: Mapping[str, Choice]) -> dict[str, list[Definition]]:
    """Definitions to make, by indicator."""
    names, chosen = catalog(), chosen_for(list(indicators), choices)
    wanted: dict[str, list[Definition]] = {}
    for area, indicator in indicators.items():
        subject, choice = names.subject(indicator), chosen.get(area)
        found = names.definition(area, subject) if choice is None else definition_of(area, subject, choice)
        wanted.setdefault(indicator, []).append(found)
    return wanted


def _is_stock(figures: pl.DataFrame) -> bool:
    return catalog().indicator(figures["indicator"][0]).kind == "stock"


def in_calendar_years(figures: pl.DataFrame) -> pl.DataFrame:
    """Turn the fiscal years among annual figures into calendar years: flows by months, stocks by their middle."""
    rows = figures.drop("value_periods")
    rows = _of_mid_year(rows) if _is_stock(figures) else to_calendar_year(rows)
    return rows.filter(pl.col("value").is_not_null())


def _of_mid_year(years: pl.DataFrame) -> pl.DataFrame:
    """Give a stock of a fiscal year to the calendar year in which its middle lies: Japan counts people on 1 October."""
    fiscal = pl.col("period").dt.month() != 1
    moved = append_method(years.filter(fiscal), "figure of the fiscal year whose middle lies in the year")
    return pl.concat([years.filter(~fiscal), moved.with_columns(_middle())], how="diagonal_relaxed")


def _middle() -> pl.Expr:
    return pl.col("period").dt.offset_by("6mo").dt.truncate("1y")


def _parts(figures: pl.DataFrame, years: Years) -> pl.DataFrame:
    """Which published figures go into which year: ``area, into, periods, vintage, secondary, straddles``.

    A fiscal flow goes into two calendar years; where a break comes with it, the first of them has both sides.
    """
    split = pl.col("period").dt.month() != 1
    if years == "published":
        into, split = pl.concat_list("period"), pl.lit(value=False)
    elif _is_stock(figures):
        into, split = pl.concat_list(_middle()), pl.lit(value=False)
    else:
        first = pl.col("period").dt.truncate("1y")
        into = (
            pl.when(split)
            .then(pl.concat_list(first, first.dt.offset_by("1y")))
            .otherwise(pl.concat_list(first))
        )
    parts = figures.select(
        "area", "vintage", "status", into=into, periods="value_periods", split=split, later="period",
        secondary=_secondary(),
    ).explode("into")  # fmt: skip
    broken = (
        pl.col("split") & (pl.col("status") == "B") & (pl.col("into").dt.year() == pl.col("later").dt.year())
    )
    return parts.select("area", "into", "periods", "vintage", "secondary", straddles=broken)


def _secondary() -> pl.Expr:
    """Whether nobody but secondary sources (press, encyclopedias, compilations) has a figure."""
    ids = [id_ for id_, source in catalog().sources.items() if source.grade == "secondary"]
    return pl.col("sources").list.eval(pl.element().is_in(ids)).list.all() & (
        pl.col("sources").list.len() > 0
    )


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
    per = "international dollar" if basis == "ppp" and currency == "USD" else currency
    rate = (rows["value"] / converted["value"]).round_sig_figs(6).cast(pl.String)
    stated = rows.select("area", pl.col("period").alias("into"), "unit", rate=rate).select(
        "area", "into",
        rate=pl.when(pl.col("unit") != currency).then(pl.format("{} {} per {}", "rate", "unit", pl.lit(per))),
    )  # fmt: skip
    return converted, stated


def _with_years_of(
    rows: pl.DataFrame, figures: pl.DataFrame, home: pl.Expr, *, always: bool = False
) -> pl.DataFrame:
    """Keep the years for which the home economies have a rate or deflator: benchmark compares what can be compared.

    With `always` dollars need none. A fiscal year needs both calendar years it lies in.
    """
    known = figures.select(home.alias("_home"), pl.col("period").dt.year().alias("_year")).unique()
    first = pl.col("period").dt.year()
    kept = (
        rows.with_row_index("_row")
        .select(
            "_row", "unit", _home=pl.col("unit").replace_strict(catalog().currencies, default=None),
            _year=pl.concat_list(first, pl.col("period").dt.offset_by("11mo").dt.year()).list.unique(),
        )
        .explode("_year")
        .join(known.with_columns(_known=pl.lit(value=True)), on=["_home", "_year"], how="left")
        .group_by("_row")
        .agg((pl.col("_known").fill_null(value=False) | (pl.lit(always) & (pl.col("unit") == "USD"))).all())
        .sort("_row")
    )  # fmt: skip
    return rows.filter(kept["_known"])


def _with_people(gdp: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """GDP of the years that have a population, and that population as per_capita takes it."""
    heads = per_capita(gdp).filter(pl.col("value").is_not_null())
    gdp = gdp.join(heads.select("area", "period"), on=["area", "period"], how="semi")
    people = heads.join(gdp.select("area", "period", gdp="value"), on=["area", "period"]).with_columns(
        pl.lit("population").alias("indicator"), (pl.col("gdp") / pl.col("value")).alias("value"),
        pl.lit("persons").alias("unit"), pl.lit(None, pl.String).alias("prices"),
    ).drop("gdp")  # fmt: skip
    return gdp, people


def _parts_of_people(people: pl.DataFrame) -> pl.DataFrame:
    """Which published populations go into a year: two year-ends where they are counted then, else one estimate."""
    areas = catalog().areas
    at_end = [a for a in people["area"].unique() if areas[a].currency in _YEAR_END]
    published = load("population", people["area"].unique().to_list(), frequency="A").sort("area", "period")
    mean = pl.col("area").is_in(at_end)
    year = _middle()
    before = [pl.col(c).shift().over("area") for c in ("period", "sources")]
    changed = (before[0] == pl.col("period").dt.offset_by("-1y")) & (before[1] != pl.col("sources"))
    parts = published.select(
        "area", "vintage", periods=pl.concat_list(_year_text()), later=year,
        into=pl.when(mean).then(pl.concat_list(year, year.dt.offset_by("1y"))).otherwise(pl.concat_list(year)),
        broken=mean & ((pl.col("status") == "B") | changed), secondary=_secondary(),
    ).explode("into")  # fmt: skip
    straddles = pl.col("broken") & (pl.col("into") == pl.col("later"))
    years = people.select("area", "period", into=_middle())
    return parts.join(years, on=["area", "into"]).select(
        "area", "periods", "vintage", "secondary", into="period", straddles=straddles
    )


def _whole(
    indicator: str, rows: pl.DataFrame, people: pl.DataFrame, parts: pl.DataFrame, definition: Definition
) -> pl.DataFrame:
    """All years of one bay area with what went into them."""
    whole = _sum(rows, definition)
    if indicator == _PER_HEAD:
        whole = _over(whole, _sum(people, definition))
    mine = parts.filter(pl.col("area").is_in(definition.members))
    rates = (
        pl.col("rate").drop_nulls().unique().sort()
        if "rate" in parts.columns
        else pl.lit([], pl.List(pl.String)).first()
    )
    account = mine.group_by(pl.col("into").alias("period")).agg(
        pl.col("periods").explode().unique().sort(),
        pl.col("vintage").drop_nulls().unique().sort().dt.strftime("%Y-%m-%d").alias("vintages"),
        rates.alias("rates"),
        pl.col("straddles").any(),
        _said_of_grade(definition),
    )
    mixed = pl.when("straddles").then(pl.lit([_BREAK])).otherwise(pl.lit([], pl.List(pl.String)))
    return (
        whole.join(account, on="period", how="left", maintain_order="left")
        .with_columns(pl.lit(definition.id).alias("definition"), _note(definition), mixed.alias("mixed"))
        .drop("straddles")
    )


def _said_of_grade(definition: Definition) -> pl.Expr:
    """Say which members' figures of a year stand in secondary sources only."""
    weak = pl.col("area").filter(pl.col("secondary")).unique().sort()
    whole = pl.lit("secondary sources only")
    return (
        pl.when(weak.len() == len(definition.members))
        .then(whole)
        .when(weak.len() > 0)
        .then(pl.format("{} for {}", whole, weak.str.join(", ")))
        .alias("grade")
    )


def _sum(rows: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    if definition.members == (definition.area,):
        whole = rows.filter(area=definition.area).with_columns(members=pl.concat_list("area"))
    else:
        given = definition.members if definition.id == "given" else definition.id
        whole = aggregate(rows, definition.area, definition=given, subject=definition.subject)
    return whole.filter(pl.col("value").is_not_null())


def _over(money: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """GDP of the members over their population: not the mean of their figures per head."""
    persons = people.select("period", _persons="value", _sources="sources")
    ratio = money.join(persons, on="period", maintain_order="left").with_columns(
        pl.lit(_PER_HEAD).alias("indicator"),
        pl.col("value") / pl.col("_persons"),
        merge_sources("sources", "_sources"),
    )
    return append_method(ratio.drop("_persons", "_sources"), "over the members' population")


def definition_of(area: str, subject: str = "economy", choice: Choice | None = None) -> Definition:
    """Definition of a bay area by its id or by a list of members; of another area, itself as its one member.

    Raises
    ------
    UnknownNameError
        When there is no such area, definition or member.
    UsageError
        When the list of members is empty or names one twice.
    """
    names = catalog()
    found = names.area(area)
    if choice is not None and not isinstance(choice, str):
        if not isinstance(choice, Sequence):
            raise UsageError(f"the definition of {found.id} is {choice!r}: give its id, or a list of members")
        members = tuple(names.area(member).id for member in choice)
        if not members or len(set(members)) < len(members):
            raise UsageError(f"the members of {found.id} must be named once each, not {list(choice)!r}")
        label = {"en": "Members given: " + ", ".join(names.areas[m].names["en"] for m in members)}
        return Definition("given", found.id, subject, label, members, default=False, note="")
    if choice is not None or any(d.area == found.id and d.subject == subject for d in names.definitions):
        return names.definition(area, subject, choice)
    return Definition("itself", found.id, subject, found.names, (found.id,), default=True, note="")


def _note(definition: Definition) -> pl.Expr:
    """Say in words what a status means for the comparison."""
    method = pl.col("method").fill_null("")
    return pl.concat_str(
        [
            pl.lit(definition.names["en"]),
            pl.when(method.str.contains("weighted mean")).then(pl.lit("fiscal years weighted by months")),
            pl.when(method.str.contains("whose middle")).then(pl.lit("counted in the middle of the fiscal year")),
            pl.when(method.str.contains("twelve months")).then(pl.lit("years as sums of months")),
            pl.when(pl.col("status") == "B").then(pl.lit("break: the source or its vintage changes in this year")),
            pl.when(pl.col("status") == "P").then(pl.lit("provisional")),
            pl.col("grade"),
        ],
        separator="; ", ignore_nulls=True,
    ).alias("note")  # fmt: skip


def with_mixtures(table: pl.DataFrame) -> pl.DataFrame:
    """Add to ``mixed`` what stands beside figures of another kind in the same year."""
    year = pl.col("period").dt.year()
    fiscal = pl.col("period").dt.ordinal_day() != 1
    several = [pl.col(c).fill_null("").n_unique().over(year) > 1 for c in ("prices", "indicator")]
    beside = pl.concat_list(
        pl.when(fiscal & ~fiscal.all().over(year)).then(pl.lit("fiscal year beside calendar years")),
        pl.when(several[0]).then(
            pl.format("{} prices beside others", pl.col("prices").fill_null("unstated"))
        ),
        pl.when(several[1]).then(pl.format("{} beside another indicator", "indicator")),
    ).list.drop_nulls()
    return table.with_columns(mixed=pl.concat_list("mixed", beside))


def refuse_mixtures(table: pl.DataFrame) -> None:
    """Raise UsageError where `with_mixtures` found something: says in which cells and what, and how to mend it."""
    bad = table.filter(pl.col("mixed").list.len() > 0).sort("area", "period")
    if bad.is_empty():
        return
    found = "; ".join(
        f"{area} {period.year}: {' and '.join(mixed)}"
        for area, period, mixed in bad.select("area", "period", "mixed").head(4).rows()
    )
    clean = sorted(set(table["period"].dt.year()) - set(bad["period"].dt.year()))
    raise UsageError(
        f"this would mix what does not measure the same ({found}): mixed='mark' gives the table with these cells "
        "marked" + (f"; without a mixture are the years {_spans(clean)}" if clean else "; years='calendar', one "
        "indicator and one kind of prices mix nothing")
    )  # fmt: skip


def _of_year(table: pl.DataFrame, year: str | int) -> pl.DataFrame:
    spans = table.group_by("area", maintain_order=True).agg(pl.col("period").dt.year().unique().sort())
    years = {row["area"]: row["period"] for row in spans.iter_rows(named=True)}
    if year == "latest":
        common = set.intersection(*(set(y) for y in years.values()))
        if not common:
            raise UsageError(
                "the bays have no year in common: "
                + _say(years)
                + ". Name fewer bays, or year=None for all years"
            )
        wanted = max(common)
    else:
        wanted = parse_period(str(year)).start.year
        lacking = [area for area, have in years.items() if wanted not in have]
        if lacking:
            raise UsageError(
                f"no comparable figure for {wanted} of {', '.join(lacking)}: "
                + _say(years)
                + ". year='latest' takes the last common year"
            )
    return table.filter(pl.col("period").dt.year() == wanted)


def _say(years: Mapping[str, Sequence[int]]) -> str:
    return "; ".join(f"{area} has {_spans(have)}" for area, have in years.items())


def _spans(years: Sequence[int]) -> str:
    """Write years as spans: 2010, 2015, 2018-2020."""
    parts: list[list[int]] = []
    for year in years:
        if parts and year == parts[-1][-1] + 1:
            parts[-1].append(year)
        else:
            parts.append([year])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)
