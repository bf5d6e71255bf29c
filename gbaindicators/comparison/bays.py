"""The same figure for each bay area: `benchmark`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import polars as pl

from gbaindicators.catalog import Definition, catalog, parse_period
from gbaindicators.errors import UsageError
from gbaindicators.store import load
from gbaindicators.tables.series_frame import append_method, merge_sources
from gbaindicators.transforms import aggregate, convert, per_capita, to_calendar_year, to_frequency

__all__ = ["BAYS", "Basis", "benchmark"]

Basis = Literal["market", "ppp"]

#: The bay areas compared by default.
BAYS: Final = ("greater_bay_area", "new_york_bay_area", "tokyo_bay_area", "san_francisco_bay_area")
_PER_HEAD: Final = "gdp_per_capita"


def benchmark(
    indicator: str = "gdp",
    bays: str | Sequence[str] = BAYS,
    *,
    definition: Mapping[str, str] | None = None,
    currency: str = "USD",
    basis: Basis = "market",
    year: str | int | None = "latest",
) -> pl.DataFrame:
    """Compare bay areas on one indicator, in calendar years.

    Money is converted at the year's average market rate or at purchasing power parity. Fiscal years (Japan's, from
    April) become calendar years by months. A bay area is the sum of the members of its definition and has no value
    in a year in which a member has none. GDP per head is the GDP of the members over their population, where the
    population is the mean of two year-ends for the cities of the Greater Bay Area and the producer's estimate for the
    year elsewhere. Where a member's year is not published but its twelve months are, the year is their sum.

    Parameters
    ----------
    indicator
        ``"gdp"``, ``"gdp_per_capita"``, ``"population"``, ``"container_throughput"``, ``"air_passengers"``, or another
        annual indicator that may be added up over areas.
    bays
        Bay areas, by default the four; one or several ids, names or aliases.
    definition
        Which definition of a bay, by bay: ``{"new_york_bay_area": "three_states"}``; defaults elsewhere.
    currency
        Currency to compare money in.
    basis
        ``"market"`` or ``"ppp"`` (in international dollars for ``currency="USD"``).
    year
        ``"latest"``: the latest calendar year for which every bay has a value; a year; or None for all years.

    Returns
    -------
    polars.DataFrame
        ``indicator, area, frequency, period, value, unit, sources, status, vintage, definition, members, rank, method,
        note``, one row per bay and year. ``note`` says what limits the comparison in that cell.

    Raises
    ------
    UsageError
        When the indicator cannot be added up over areas, when there is no year for all bays, or a bay lacks the given
        year: says which years there are.
    UnknownNameError
        For an unknown indicator, bay or definition.

    Examples
    --------
    >>> table = benchmark("gdp")
    >>> table.select("area", pl.col("period").dt.year(), (pl.col("value") / 1e12).round(2), "rank").rows()
    [('new_york_bay_area', 2022, 2.16, 1), ('greater_bay_area', 2022, 1.94, 2), ('tokyo_bay_area', 2022, 1.52, 3), ('san_francisco_bay_area', 2022, 1.22, 4)]
    """
    names = catalog()
    check_additive(indicator)
    areas = list(dict.fromkeys(names.area(b).id for b in ([bays] if isinstance(bays, str) else bays)))
    if not areas:
        raise UsageError(f"no bay area is given: name some of {', '.join(BAYS)}")
    subject = names.subject(indicator)
    chosen = {names.area(bay).id: choice for bay, choice in (definition or {}).items()}
    if unused := chosen.keys() - set(areas):
        raise UsageError(
            f"a definition is given for {', '.join(sorted(unused))}, which is not among the bays compared"
        )
    rows = [_bay(indicator, names.definition(a, subject, chosen.get(a)), currency, basis) for a in areas]
    table = pl.concat(rows, how="diagonal_relaxed")
    if year is not None:
        table = _of_year(table, year)
    ranked = pl.col("value").rank("min", descending=True).over("period").cast(pl.Int64).alias("rank")
    order = ("indicator", "area", "frequency", "period", "value", "unit", "sources", "status", "vintage", "definition",
             "members", "rank", "method", "note")  # fmt: skip
    sort = ["period", "rank"] if year is not None else ["area", "period"]
    return table.with_columns(ranked).select(order).sort(sort)


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


def _bay(indicator: str, definition: Definition, currency: str, basis: Basis) -> pl.DataFrame:
    """All calendar years of one bay area."""
    if indicator == _PER_HEAD:
        return _per_head(definition, currency, basis)
    rows = _members(indicator, definition)
    if catalog().indicator(indicator).unit == "currency":
        rows = rows.pipe(_with_rates, basis).pipe(convert, currency, basis=basis)
    return _whole(rows, definition)


def _members(indicator: str, definition: Definition) -> pl.DataFrame:
    """Annual figures of the members in calendar years."""
    rows = load(indicator, list(definition.members))
    rows = rows.filter(pl.col("adjustment") == "nsa", pl.col("value").is_not_null())
    years = rows.filter(pl.col("frequency") == "A")
    months = rows.filter(pl.col("frequency") == "M")
    if months.height and catalog().indicator(indicator).over_time == "sum":
        summed = to_frequency(months, "A").filter(pl.col("value").is_not_null())
        missing = summed.join(years, on=["area", "period"], how="anti")
        years = pl.concat([years, append_method(missing, "sum of twelve months")], how="diagonal_relaxed")
    absent = sorted(set(definition.members) - set(years["area"]))
    if absent:
        raise UsageError(
            f"no annual figures of {indicator!r} for {', '.join(absent)}, so {definition.area!r} "
            f"({definition.id}) cannot be made; choose another definition or indicator"
        )
    return _of_mid_year(years) if catalog().indicator(indicator).kind == "stock" else to_calendar_year(years)


def _of_mid_year(years: pl.DataFrame) -> pl.DataFrame:
    """Give a stock of a fiscal year to the calendar year in which its middle lies: Japan counts people on 1 October."""
    fiscal = pl.col("period").dt.month() != 1
    middle = pl.col("period").dt.offset_by("6mo").dt.truncate("1y")
    moved = append_method(years.filter(fiscal), "figure of the fiscal year whose middle lies in the year")
    return pl.concat([years.filter(~fiscal), moved.with_columns(middle)], how="diagonal_relaxed")


def _with_rates(rows: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    """Keep the years for which the currencies have a rate: benchmark compares what can be compared."""
    rates = load("fx_rate" if basis == "market" else "ppp", frequency="A")
    currency = pl.col("unit").str.split(" ").list.first()
    known = rates.select(currency.alias("unit"), "period")
    known = pl.concat([known, rows.filter(pl.col("unit") == "USD").select("unit", "period")]).unique()
    return rows.join(known, on=["unit", "period"], how="semi", maintain_order="left")


def _whole(rows: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    whole = aggregate(rows, definition.area, definition=definition.id, subject=definition.subject)
    whole = whole.filter(pl.col("value").is_not_null())
    return whole.with_columns(pl.lit(definition.id).alias("definition"), _note(definition))


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
        ],
        separator="; ", ignore_nulls=True,
    ).alias("note")  # fmt: skip


def _per_head(definition: Definition, currency: str, basis: Basis) -> pl.DataFrame:
    """GDP of the members over their population: not the mean of their figures per head."""
    gdp = _members("gdp", definition).pipe(_with_rates, basis).pipe(convert, currency, basis=basis)
    heads = per_capita(gdp)
    gdp = gdp.join(
        heads.filter(pl.col("value").is_not_null()).select("area", "period"),
        on=["area", "period"],
        how="semi",
    )
    people = heads.join(gdp.select("area", "period", pl.col("value").alias("gdp")), on=["area", "period"]).with_columns(
        pl.lit("population").alias("indicator"), (pl.col("gdp") / pl.col("value")).alias("value"),
        pl.lit("persons").alias("unit"), pl.lit(None, pl.String).alias("prices"),
    ).drop("gdp")  # fmt: skip
    money = _whole(gdp, definition)
    persons = _whole(people, definition).select(
        "period", pl.col("value").alias("_persons"), pl.col("sources").alias("_sources")
    )
    ratio = money.join(persons, on="period").with_columns(
        pl.lit(_PER_HEAD).alias("indicator"),
        pl.col("value") / pl.col("_persons"),
        merge_sources("sources", "_sources"),
    )
    return append_method(ratio.drop("_persons", "_sources"), "over the members' population")


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
