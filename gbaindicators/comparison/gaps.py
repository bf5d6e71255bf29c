"""How far one area is from another, and when it may catch up: `gap` and `catch_up`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal, get_args

import polars as pl

from gbaindicators.catalog import Definition, catalog, parse_period
from gbaindicators.comparison.bays import (
    Basis,
    Choice,
    Mixed,
    annual_figures,
    bay_figures,
    check_additive,
    check_choice,
    chosen_for,
    definition_of,
    in_calendar_years,
)
from gbaindicators.comparison.overtaking import overtake
from gbaindicators.errors import (
    FrameError,
    MissingRateError,
    SeriesTooShortError,
    UnknownNameError,
    UsageError,
)
from gbaindicators.forecasting import simulate
from gbaindicators.store import load
from gbaindicators.tables.series_frame import (
    FREQUENCY,
    check_series_frame,
    check_unique_periods,
    combine_status,
    merge_sources,
    one_unit,
    series_keys,
)
from gbaindicators.transforms import deflate, per_capita

__all__ = ["catch_up", "gap"]

Rate = Literal["held", "simulated"]

_PER_HEAD: Final = "gdp_per_capita"
_NO_SOURCES: Final = pl.lit([], pl.List(pl.String))
_MOST_YEARS: Final = 50
#: Years of the past below which the assumptions name a series.
_SHORT: Final = 10


def gap(
    figures: str | pl.DataFrame,
    area: str,
    other: str,
    *,
    population: pl.DataFrame | None = None,
    over: int = 5,
    definition: Mapping[str, Choice] | None = None,
    currency: str = "USD",
    basis: Basis = "market",
    prices: str | int = "current",
    mixed: Mixed = "refuse",
) -> pl.DataFrame:
    """Measure how far one area is from another, period by period, and how many years parity is away.

    Years to parity are those after which `area` would reach `other` if both went on growing as on average over the
    last years: ``ln(other / area) / ln((1 + growth of area) / (1 + growth of other))``.

    A growth rate across a break (status B: the source or its vintage changes; for population also a change of source,
    which comes with a census) is no growth. It is left out, and ``note`` says so, unless ``mixed="mark"`` asks for it.

    Parameters
    ----------
    figures
        An annual indicator, for bay areas or other areas; or a series frame with ``area``, in one unit, of any
        frequency.
    area, other
        The area whose distance is measured, and the one that it is measured from.
    population
        With a frame: series frame of persons with ``area``, of the same periods, for ratios per head. For the indicator
        GDP the shipped population is taken.
    over
        Years over whose average growth parity is computed.
    definition, currency, basis, prices
        With an indicator: as for `benchmark`.
    mixed
        ``"refuse"`` to leave growth across a break out, or ``"mark"`` to compute it and say so in ``mixed`` and
        ``note``.

    Returns
    -------
    polars.DataFrame
        One row for each period that both have: ``indicator`` (where known), ``area, other, frequency`` (where known),
        ``period``; ``value``, the level of `area` over that of `other`, with ``unit`` "ratio"; ``per_head``, the same of
        figures per head (null without population); ``value_area`` and ``value_other``; ``growth_area`` and ``growth_other`` over the year before in
        percent, and ``growth_differential`` in percentage points; ``years_to_parity`` with its ``assumption``;
        ``sources``, ``status``, ``mixed``, ``method`` and ``note``, which says why a number is null.

    Raises
    ------
    UsageError
        When `over` is no number of years from 1 to 50, both areas are the same, they have no period in common, or the
        indicator cannot be added up over areas.
    UnknownNameError
        When an area is not in the frame, or not in the catalogue.
    FrameError
        When the frame has several units, or other keys than the area tell its series apart.

    Examples
    --------
    >>> from datetime import date
    >>> gdp = pl.DataFrame({
    ...     "area": ["macao", "macao", "zhuhai", "zhuhai"],
    ...     "period": [date(2023, 1, 1), date(2024, 1, 1)] * 2,
    ...     "value": [50.0, 55.0, 100.0, 100.0],
    ... })
    >>> table = gap(gdp, "macao", "zhuhai", over=1)
    >>> table.select("value", pl.col("growth_differential").round(6), pl.col("years_to_parity").round(2)).rows()
    [(0.5, None, None), (0.55, 10.0, 6.27)]
    >>> table["assumption"][1]
    'macao goes on growing by 10.0% and zhuhai by 0.0% a year, as in the 1 year before'
    """
    if isinstance(over, bool) or not isinstance(over, int) or not 1 <= over <= _MOST_YEARS:
        raise UsageError(f"over is a number of years from 1 to {_MOST_YEARS}, not {over!r}")
    check_choice("mixed", mixed, get_args(Mixed))
    if isinstance(figures, str):
        check_additive(figures)
        area, other = catalog().area(area).id, catalog().area(other).id
        frame, heads = _of_indicator(figures, area, other, definition or {}, currency, basis, prices)
    else:
        frame, heads = _of_frame(figures, area, other), None
        if population is not None:
            people = _of_frame(population, area, other)
            heads = frame.join(people.select("area", "period", _heads="value"), on=["area", "period"])
            heads = heads.with_columns(pl.col("value") / pl.col("_heads"))
    if area == other:
        raise UsageError(f"{area!r} has no gap to itself: name two areas")
    sides = [_side(frame, one, over) for one in (area, other)]
    met = sides[0].join(sides[1], on="period", suffix="_other").sort("period")
    if met.is_empty():
        raise UsageError(
            f"{area} and {other} have no period in common: {_span(sides[0], area)}, {_span(sides[1], other)}; load "
            "periods that both have, or choose another definition"
        )
    table = _with_growth(met, area, other, mixed)
    table = _with_parity(table, area, other, over, mixed)
    if heads is not None:
        table = table.join(
            _ratio_per_head(heads, area, other), on="period", how="left", maintain_order="left"
        )
    return _shaped(table, frame, area, other, over)


def _of_indicator(
    indicator: str,
    area: str,
    other: str,
    choices: Mapping[str, Choice],
    currency: str,
    basis: Basis,
    prices: str | int,
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Figures of both areas, and those per head where there are some."""
    definitions = _definitions(indicator, area, other, choices)

    def made(name: str) -> pl.DataFrame:
        figures = annual_figures(name, definitions)
        return bay_figures(name, figures, definitions, currency=currency, basis=basis, prices=prices)

    frame = made(indicator)
    if indicator == _PER_HEAD:
        return frame, frame
    return frame, made(_PER_HEAD) if indicator == "gdp" else None


def _definitions(indicator: str, area: str, other: str, choices: Mapping[str, Choice]) -> list[Definition]:
    chosen, subject = chosen_for([area, other], choices), catalog().subject(indicator)
    return [definition_of(one, subject, chosen.get(one)) for one in dict.fromkeys((area, other))]


def _of_frame(frame: pl.DataFrame, area: str, other: str) -> pl.DataFrame:
    """Rows of both areas of a user's frame, after checking that they are one series each."""
    frame = check_series_frame(frame, "area")
    known = frame["area"].cast(pl.String).unique().drop_nulls().sort().to_list()
    for one in (area, other):
        if one not in known:
            raise UnknownNameError("area", one, known, "Load both areas into one frame.")
    both = frame.filter(pl.col("area").cast(pl.String).is_in([area, other]), pl.col("value").is_not_null())
    one_unit(both, "a gap")
    for column in series_keys(both):
        if column not in ("area", "definition", "mixed") and both[column].n_unique() > 1:
            raise FrameError(f"the two differ in {column!r}: filter them to one, or they do not compare")
    check_unique_periods(both.drop("definition", "mixed", strict=False))
    return both.with_columns(pl.col("area").cast(pl.String))


def _side(frame: pl.DataFrame, area: str, over: int) -> pl.DataFrame:
    """One area's values with those of one and of `over` years before, and whether a break lies between."""
    own = frame.filter(area=area).sort("period")
    broken = pl.col("status") == "B" if "status" in own.columns else pl.lit(value=False)
    if "mixed" in own.columns:
        broken |= pl.col("mixed").list.len() > 0
    if "sources" in own.columns and "indicator" in own.columns and own["indicator"][0] == "population":
        broken |= (pl.col("sources") != pl.col("sources").shift()).fill_null(value=False)
    own = own.select(
        "period", "value",
        sources=pl.col("sources") if "sources" in own.columns else _NO_SOURCES,
        status=pl.col("status") if "status" in own.columns else pl.lit("A"),
        grade=pl.col("grade") if "grade" in own.columns else pl.lit(None, pl.String),
        breaks=broken.fill_null(value=False).cast(pl.Int64).cum_sum(),
    )  # fmt: skip
    for name, years in (("year", 1), ("span", over)):
        earlier = own.select(
            pl.col("period").dt.offset_by(f"{years}y"),
            pl.col("value").alias(f"before_{name}"),
            pl.col("breaks").alias("_breaks"),
        )
        own = own.join(earlier, on="period", how="left", maintain_order="left").with_columns(
            (pl.col("breaks") > pl.col("_breaks")).fill_null(value=False).alias(f"broken_{name}")
        )
        own = own.drop("_breaks")
    return own


def _span(side: pl.DataFrame, area: str) -> str:
    if side.is_empty():
        return f"{area} has none"
    return f"{area} has {side['period'][0]} to {side['period'][-1]}"


def _with_growth(met: pl.DataFrame, area: str, other: str, mixed: Mixed) -> pl.DataFrame:
    """Growth over the year before, with what hinders it."""
    rates, marks = [], []
    notes: list[pl.Expr] = []
    for one, end in ((area, ""), (other, "_other")):
        positive = pl.col(f"before_year{end}") > 0
        rate = pl.when(positive).then((pl.col(f"value{end}") / pl.col(f"before_year{end}") - 1) * 100)
        broken = pl.col(f"broken_year{end}")
        if mixed == "mark":
            marks.append(pl.when(broken).then(pl.lit(f"growth across a break of {one}")))
        else:
            rate = pl.when(~broken).then(rate)
            notes.append(pl.when(broken).then(pl.lit(f"no growth of {one} across its break")))
        notes.append(
            pl.when(pl.col(f"before_year{end}").is_null()).then(pl.lit(f"no figure of {one} a year before"))
        )
        notes.append(pl.format(f"{one}: {{}}", pl.col(f"grade{end}")))
        rates.append(rate.alias(f"growth_{'other' if end else 'area'}"))
    return met.with_columns(
        *rates,
        mixed=pl.concat_list(marks).list.drop_nulls() if marks else _NO_SOURCES,
        note=pl.concat_str(notes, separator="; ", ignore_nulls=True),
    ).with_columns(growth_differential=pl.col("growth_area") - pl.col("growth_other"))


def _with_parity(table: pl.DataFrame, area: str, other: str, over: int, mixed: Mixed) -> pl.DataFrame:
    """Years to parity at the average growth of the last years, or why there are none."""
    pace = [(pl.col(f"value{end}") / pl.col(f"before_span{end}")).log() / over for end in ("", "_other")]
    usable = [(pl.col(f"before_span{end}") > 0) & (pl.col(f"value{end}") > 0) for end in ("", "_other")]
    known = usable[0].fill_null(value=False) & usable[1].fill_null(value=False)
    broken = pl.col("broken_span") | pl.col("broken_span_other")
    span = f"{over} year{'s' * (over > 1)}"
    table = table.with_columns(
        _pace=pl.when(known).then(pace[0]), _pace_other=pl.when(known).then(pace[1]),
        _ratio=pl.col("value") / pl.col("value_other"),
    )  # fmt: skip
    faster = pl.col("_pace") > pl.col("_pace_other") + 1e-12
    refused = broken & pl.lit(mixed == "refuse")
    reason = (
        pl.when(pl.col("_ratio") >= 1).then(pl.lit(f"no years to parity: {area} is ahead already"))
        .when(~known).then(pl.lit(f"no years to parity: no figures of both {span} before"))
        .when(refused).then(pl.lit(f"no years to parity: a break lies in the {span} before"))
        .when(~faster).then(pl.lit(f"parity never comes at these rates: {area} grows no faster than {other}"))
    )  # fmt: skip
    percent = [((pl.col(c).exp() - 1) * 100).round(2) for c in ("_pace", "_pace_other")]
    assumption = pl.format(
        f"{area} goes on growing by {{}}% and {other} by {{}}% a year, as in the {span} before", *percent
    )
    mark = pl.when(broken & known & pl.lit(mixed == "mark")).then(
        pl.lit([f"growth of the {span} before across a break"])
    )
    return table.with_columns(
        years_to_parity=pl.when(reason.is_null()).then(
            -pl.col("_ratio").log() / (pl.col("_pace") - pl.col("_pace_other"))
        ),
        assumption=pl.when(known & ~refused).then(assumption),
        mixed=pl.concat_list("mixed", mark.otherwise(_NO_SOURCES)),
        note=pl.concat_str(pl.col("note").replace("", None), reason, separator="; ", ignore_nulls=True),
    )


def _ratio_per_head(heads: pl.DataFrame, area: str, other: str) -> pl.DataFrame:
    columns = ["period", "value", *(c for c in ("sources",) if c in heads.columns)]
    ours, theirs = (heads.filter(area=one).select(columns) for one in (area, other))
    met = ours.join(theirs, on="period", suffix="_other")
    made = met.select("period", per_head=pl.col("value") / pl.col("value_other"))
    if "sources" not in columns:
        return made
    return made.with_columns(met.select(merge_sources("sources", "sources_other").alias("_heads"))["_heads"])


def _shaped(table: pl.DataFrame, frame: pl.DataFrame, area: str, other: str, over: int) -> pl.DataFrame:
    """Columns of the result in order."""
    if "per_head" not in table.columns:
        table = table.with_columns(per_head=pl.lit(None, pl.Float64))
    sources = [c for c in ("sources", "sources_other", "_heads") if c in table.columns]
    marked = pl.col("mixed").list.join("; ").replace("", None)
    # both areas have the same, as is checked for a frame
    known = {
        c: pl.lit(frame[c][0], frame.schema[c]) for c in ("indicator", "frequency") if c in frame.columns
    }
    leading = [c for c in ("indicator", "area", "other", "frequency") if c in ("area", "other", *known)]
    return table.with_columns(
        area=pl.lit(area), other=pl.lit(other), value_area="value", value=pl.col("_ratio"), unit=pl.lit("ratio"),
        sources=merge_sources(*sources), status=combine_status([pl.col("status"), pl.col("status_other")]),
        method=pl.lit(f"{area} over {other}; years to parity at the average growth of {over} years"),
        note=pl.concat_str("note", marked, separator="; ", ignore_nulls=True).replace("", None),
        **known,
    ).select(
        *leading, "period", "value", "unit", "per_head", "value_area", "value_other", "growth_area", "growth_other",
        "growth_differential", "years_to_parity", "assumption", "sources", "status", "mixed", "method", "note",
    )  # fmt: skip


def catch_up(
    area: str,
    other: str,
    until: str | int,
    *,
    indicator: str = "gdp",
    definition: Mapping[str, Choice] | None = None,
    currency: str = "USD",
    basis: Basis = "market",
    prices: str | int = "current",
    rate: Rate = "held",
    start: str | int = 2000,
    paths: int = 1000,
    model: str = "auto",
    seed: int = 0,
) -> pl.DataFrame:
    """Give the probability that one area passes another by a year, with the assumptions beside the number.

    The members of each area are added up by currency, and `simulate` draws joint paths of these sums in their own
    currencies: of the Greater Bay Area one for the mainland cities, one for Hong Kong and one for Macao. Path by path
    they are converted and added, and `overtake` counts the paths in which `area` is above `other`. Years that are
    published already for some of the sums, or rates, are taken as published. For GDP per head the population of each
    area is one more series of the joint paths, and the sums are divided by it. With a base year as `prices` growth is
    real: amounts are divided by the GDP deflator of their economy and converted at the rates of the base year.

    Parameters
    ----------
    area, other
        The area that may pass, and the one it may pass: bay areas or other areas.
    until
        Last year to look at.
    indicator
        An annual amount that may be added up over areas, such as ``"gdp"`` or ``"population"``, or
        ``"gdp_per_capita"``.
    definition
        Which definition of a bay, by bay, as for `benchmark`.
    currency, basis, prices
        Currency to compare money in, at market rates or purchasing power parity, and ``"current"`` or a base year, as
        for `benchmark`.
    rate
        ``"held"``: rates stay at their last published value. ``"simulated"``: they are series of the joint paths, with
        the distribution and the correlations that their own past gives them. At the prices of a base year there is
        nothing to simulate.
    start
        First year of the past that the model is fitted to.
    paths, model, seed
        As for `simulate`.

    Returns
    -------
    polars.DataFrame
        What `overtake` gives, one row a year from the first that is not published for both, with ``sources`` and
        ``assumptions``, one sentence each.

    Raises
    ------
    UsageError
        When `until` is published already, the indicator cannot be added up, both areas are the same, or `prices` is a
        year and the figures are no money or the rate is to be simulated.
    SeriesTooShortError
        When some series has too few years to be forecast: names it.
    MissingRateError
        When a currency has no rate, or an economy no GDP deflator for the base year.
    UnknownNameError
        For an unknown area, indicator, definition or currency.

    Examples
    --------
    >>> chance = catch_up("shenzhen", "hong_kong", 2027, paths=200)
    >>> chance.select("area", "other").row(0), chance["period"][-1].year
    (('shenzhen', 'hong_kong'), 2027)
    >>> chance["assumptions"][0][0][:51]
    'exchange rates stay at their last published values:'
    >>> real = catch_up("shenzhen", "hong_kong", 2027, indicator="gdp_per_capita", prices=2015, paths=200)
    >>> real["method"][0][:58]
    'share of 200 joint paths in USD at 2015 prices per head, a'
    >>> real["assumptions"][0][0].split(",")[0]
    'amounts are at prices of 2015 by the GDP deflator of each economy'
    """
    check_choice("rate", rate, get_args(Rate))
    check_choice("basis", basis, get_args(Basis))
    check_additive(indicator)
    area, other = catalog().area(area).id, catalog().area(other).id
    if area == other:
        raise UsageError(f"{area!r} cannot pass itself: name two areas")
    first, last = (parse_period(str(year)).start.year for year in (start, until))
    definitions = _definitions(indicator, area, other, definition or {})
    rows = in_calendar_years(annual_figures(indicator, definitions))
    is_money = catalog().currency_of(rows["unit"][0]) is not None
    real = prices != "current"
    if real:
        rows = _deflated(rows, indicator, prices, rate)
    blocks = pl.concat([_blocks(rows, one, "amount") for one in definitions])
    if indicator == _PER_HEAD:
        people = _people(rows)
        blocks = pl.concat([blocks, *(_blocks(people, one, "people") for one in definitions)])
    _check_start(blocks, first)
    blocks = blocks.filter(pl.col("period") >= date(first, 1, 1))
    amounts = blocks.filter(series="amount")
    base = parse_period(str(prices)).start.year if real else None
    rates = _rates(amounts, currency, basis, base or first) if is_money else blocks.clear()
    if base is not None:
        rates = rates.filter(pl.col("period") == date(base, 1, 1))
    known_until: date = min(
        blocks.group_by("series", "area", "part").agg(pl.col("period").max())["period"].to_list()
    )
    if last <= known_until.year:
        raise UsageError(f"both areas are published to {known_until.year}: until={until!r} must be later")
    simulated = pl.concat([blocks, rates]) if rate == "simulated" else blocks
    drawn = _drawn(simulated, last, known_until, paths, model, seed)
    if rate == "simulated":
        theirs = drawn.filter(pl.col("series") == "rate")
    else:
        theirs = rates.select("part", "value") if real else _held(rates, last)
    joint = _joint(drawn, theirs)
    unit = _per(currency, basis).replace("dollar", "dollars") if is_money else rows["unit"][0]
    unit += f" at {base} prices" if real else ""
    unit += " per head" if indicator == _PER_HEAD else ""
    said = _said_of_prices(rates, base) if real else _said_of_rates(rates, rate, basis)
    said += _said_of_amounts(blocks, definitions, model)
    if is_money and not real and "current" in rows["prices"]:
        said.append("amounts are at current prices, so inflation counts as growth")
    sources = sorted({s for frame in (blocks, rates) for cell in frame["sources"] for s in cell})
    table = overtake(joint.with_columns(unit=pl.lit(unit)), area, other)
    return table.with_columns(
        sources=pl.lit(sources, pl.List(pl.String)),
        method=pl.lit(f"share of {paths:,} joint paths in {unit}, added up from members by currency"),
        assumptions=pl.lit(said, pl.List(pl.String)),
    )


def _check_start(blocks: pl.DataFrame, first: int) -> None:
    ends = blocks.group_by("series", "area", "part").agg(pl.col("period").dt.year().max())
    if (earliest := ends.sort("period", "area", "part").row(0, named=True))["period"] < first:
        raise UsageError(
            f"{earliest['area']} ({earliest['part']}) ends in {earliest['period']}, so nothing of it is left from {first} "
            "on: begin earlier with start="
        )


def _deflated(rows: pl.DataFrame, indicator: str, prices: str | int, rate: Rate) -> pl.DataFrame:
    """Money at the prices of a base year, in the years that have a deflator."""
    if catalog().currency_of(rows["unit"][0]) is None:
        raise UsageError(f"{indicator!r} is no money, so it has no prices of {prices}: leave prices= out")
    if rate == "simulated":
        raise UsageError(
            f"amounts at the prices of {prices} are converted at the rates of that year: leave rate= out, or use "
            "prices='current'"
        )
    deflators = load("gdp_deflator", frequency="A").select("period", _home="area")
    home = pl.col("unit").replace_strict(catalog().currencies, default=None)
    known = rows.with_columns(_home=home).join(deflators, on=["_home", "period"], how="semi").drop("_home")
    if known.is_empty():
        raise MissingRateError("no year of these figures has a GDP deflator: use prices='current'")
    return deflate(known, prices)


def _people(rows: pl.DataFrame) -> pl.DataFrame:
    """Population of the members, as `per_capita` takes it."""
    heads = per_capita(rows).filter(pl.col("value").is_not_null())
    money = rows.select("area", "period", _money="value")
    people = heads.join(money, on=["area", "period"], maintain_order="left")
    return people.with_columns(
        pl.col("_money") / pl.col("value"), indicator=pl.lit("population"), unit=pl.lit("persons")
    ).drop("_money")


def _joint(drawn: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Sums of each area on every path, in one currency, over the people where they are drawn as well."""
    keys = [c for c in ("path", "period", "part") if c in rates.columns]
    amounts = drawn.filter(pl.col("series") == "amount")
    converted = amounts.join(rates.select(*keys, _rate="value"), on=keys, how="left")
    one = pl.col("_rate").fill_null(1.0)  # what needs no conversion has no rate
    cells = ["area", "frequency", "path", "period"]
    joint = converted.group_by(cells).agg((pl.col("value") / one).sum())
    people = drawn.filter(pl.col("series") == "people").select(*cells, _people="value")
    if people.is_empty():
        return joint
    return joint.join(people, on=cells).with_columns(pl.col("value") / pl.col("_people")).drop("_people")


def _blocks(figures: pl.DataFrame, definition: Definition, kind: str) -> pl.DataFrame:
    """Sums of the members in each currency, in the last stretch of years without a gap."""
    rows = figures.filter(pl.col("area").is_in(definition.members))
    if absent := sorted(set(definition.members) - set(rows["area"])):
        raise UsageError(f"no annual figures for {', '.join(absent)} of {definition.area} ({definition.id})")
    units = rows.group_by("unit").agg(pl.col("area").n_unique().alias("_all"))
    sums = rows.group_by("unit", "period").agg(
        pl.col("value").sum(), pl.col("area").n_unique().alias("_have"),
        (pl.col("status") == "B").any().alias("value_broken"),
        pl.col("sources").explode().drop_nulls().unique().sort(),
    ).join(units, on="unit").filter(pl.col("_have") == pl.col("_all")).sort("unit", "period")  # fmt: skip
    gapless = (pl.col("period").dt.year().diff().fill_null(1) == 1).over("unit")
    stretch = (~gapless).cast(pl.Int64).cum_sum().over("unit")
    sums = sums.filter(stretch == stretch.max().over("unit"))
    return _as_series(sums.with_columns(area=pl.lit(definition.area), part="unit"), kind)


def _as_series(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    return rows.select(
        "area", "part", pl.lit("A").cast(FREQUENCY).alias("frequency"), "period", "value", "unit", "sources",
        "value_broken", series=pl.lit(kind),
    )  # fmt: skip


def _rates(blocks: pl.DataFrame, currency: str, basis: Basis, first: int) -> pl.DataFrame:
    """Annual rates of the currencies that need one, in their units per unit of the target."""
    if currency not in catalog().currencies:
        raise UnknownNameError("currency", currency, catalog().currencies)
    published = load("fx_rate" if basis == "market" else "ppp", frequency="A").filter(
        pl.col("status") != "U", pl.col("period") >= date(first, 1, 1)
    )
    published = published.with_columns(part=pl.col("unit").str.split(" ").list.first())
    wanted = [c for c in blocks["part"].unique().sort() if c != currency]
    if missing := [c for c in (*wanted, currency) if c != "USD" and c not in published["part"]]:
        raise MissingRateError(
            f"no annual {basis} rate of {', '.join(missing)} since {first}: choose an earlier start"
        )
    rows = published.filter(pl.col("part").is_in(wanted))
    if "USD" in wanted:  # dollars against another currency
        dollars = published.filter(part=currency).with_columns(value=pl.lit(1.0), part=pl.lit("USD"))
        rows = pl.concat([rows.filter(pl.col("part") != "USD"), dollars])
    if currency != "USD":
        target = published.filter(part=currency).select("period", _target="value")
        rows = rows.join(target, on="period").with_columns(pl.col("value") / pl.col("_target"))
    rows = rows.with_columns(
        area=pl.lit(""), value_broken=pl.lit(value=False),
        unit=pl.format("{} per {}", "part", pl.lit(_per(currency, basis))),
    )  # fmt: skip
    return _as_series(rows, "rate").sort("part", "period")


def _per(currency: str, basis: Basis) -> str:
    return "international dollar" if basis == "ppp" and currency == "USD" else currency


def _drawn(
    series: pl.DataFrame, last: int, known_until: date, paths: int, model: str, seed: int
) -> pl.DataFrame:
    """Joint paths from the first year not published for all, with published years as they are."""
    keys = ["series", "area", "part"]
    ends = series.group_by(keys).agg(pl.col("period").max())
    horizon = last - int(ends.select(pl.col("period").dt.year().min()).item())
    frame = series.select(*keys, "frequency", "period", "value", "unit")
    ahead = simulate(frame, max(horizon, 1), paths=paths, model=model, seed=seed)
    lost = ends.join(ahead.select(keys).unique(), on=keys, how="anti").sort(keys)
    if lost.height:
        names = ", ".join(f"{r['area'] or 'the rate'} ({r['part']})" for r in lost.iter_rows(named=True))
        raise SeriesTooShortError(
            f"no forecast could be made of {names}: begin earlier with start=, or choose another definition or model"
        )
    every = pl.DataFrame({"path": range(paths)}, schema={"path": ahead.schema["path"]})
    past = frame.filter(pl.col("period") > known_until).join(every, how="cross").select(ahead.columns)
    both = pl.concat([past, ahead], how="vertical_relaxed")
    return both.filter(pl.col("period") > known_until, pl.col("period") <= date(last, 1, 1))


def _held(rates: pl.DataFrame, last: int) -> pl.DataFrame:
    """Rates as published, and the last one in every later year."""
    ends = rates.group_by("part").agg(pl.all().sort_by("period").last())
    later = ends.with_columns(
        period=pl.date_ranges(
            pl.col("period").dt.offset_by("1y"), pl.max_horizontal(pl.lit(date(last, 1, 1)), pl.col("period").dt.offset_by("1y")), "1y"
        )
    ).explode("period")  # fmt: skip
    return pl.concat([rates, later.select(rates.columns)], how="vertical_relaxed").select(
        "part", "period", "value"
    )


def _said_of_prices(rates: pl.DataFrame, base: int | None) -> list[str]:
    """What is assumed where growth is real, in words."""
    values = ", ".join(
        f"{value:.6g} {unit}" for value, unit in rates.sort("part").select("value", "unit").rows()
    )
    converted = f", converted at the rates of that year: {values}" if values else ""
    return [f"amounts are at prices of {base} by the GDP deflator of each economy{converted}"]


def _said_of_rates(rates: pl.DataFrame, rate: Rate, basis: Basis) -> list[str]:
    """What is assumed of the rates, in words."""
    if rates.is_empty():
        return []
    ends = rates.group_by("part").agg(pl.col("value", "unit", "period").sort_by("period").last()).sort("part")
    word = "exchange rates" if basis == "market" else "purchasing power parities"
    values = ", ".join(
        f"{r['value']:.6g} {r['unit']} ({r['period'].year})" for r in ends.iter_rows(named=True)
    )
    if rate == "held":
        return [f"{word} stay at their last published values: {values}"]
    return [f"{word} follow their own past, drawn jointly with the amounts, from {values}"]


def _said_of_amounts(blocks: pl.DataFrame, definitions: list[Definition], model: str) -> list[str]:
    """What is assumed of the amounts, in words."""
    spans = blocks.group_by("area", "part").agg(pl.col("period").min(), pl.col("period").max().alias("end"))
    past = ", ".join(
        f"{r['area']} in {r['part']} {r['period'].year}-{r['end'].year}"
        for r in spans.sort("area", "part").iter_rows(named=True)
    )
    said = [f"growth, its spread and its correlations go on as in the past ({past}), by the model {model!r}"]
    short = [
        f"{r['area']} in {r['part']} ({r['end'].year - r['period'].year + 1} years)"
        for r in spans.sort("area", "part").iter_rows(named=True)
        if r["end"].year - r["period"].year + 1 < _SHORT
    ]
    if short:
        said.append(f"the spread of {', '.join(short)} can be told from so few years")
    said += [f"{d.area} is {d.names['en']} ({d.id})" for d in definitions if d.members != (d.area,)]
    inside = pl.col("period") > pl.col("period").min().over("area", "part")
    broken = blocks.filter(inside, "value_broken").select("area", year=pl.col("period").dt.year()).unique()
    if broken.height:
        years = ", ".join(f"{area} {year}" for area, year in broken.sort("area", "year").rows())
        said.append(f"breaks of source or vintage in the past are taken as growth ({years})")
    return said
