"""The series that the explorer offers, in every unit that makes sense for them, and what goes into each figure.

The arithmetic is the package's: `convert`, `per_capita`, `to_calendar_year`, `to_frequency` and `aggregate`. Beside
each series stand its inputs, so that a reader can follow any figure to the rows of its sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Definition, catalog
from gbaindicators.reporting.explorer.gathering import FISCAL, KEYS, number_of
from gbaindicators.transforms import aggregate, convert, per_capita, to_calendar_year, to_frequency
from gbaindicators.transforms.conversion_rates import Basis
from gbaindicators.transforms.per_head import publishes_year_ends

__all__ = ["Figures", "Inputs", "Measure", "Rows", "Series", "shown_series"]

#: Months in a period, by kind.
_MONTHS: Final = {"A": 12, FISCAL: 12, "S": 6, "Q": 3, "M": 1}
_PER_HEAD: Final = "gdp_per_capita"
#: Columns that say where a figure stands.
_DETAILS: Final = (
    "kind",
    "source",
    "locator",
    "note",
    "published_value",
    "published_unit",
    "published_scale",
)
#: What is counted in persons already is not divided by them.
_PEOPLE: Final = ("population", "labour")


@dataclass(frozen=True)
class Rows:
    """Which published rows go into a figure of period `p`: those of `series` from ``ratio * p + shift`` on, `count` of them."""

    series: int
    ratio: int = 1
    shift: int = 0
    count: int = 1


#: What goes into a figure: of each input the first alternative that has rows.
Inputs = tuple[tuple[Rows, ...], ...]


@dataclass(frozen=True)
class Measure:
    """A series in one unit: its frame, what goes into it, and the steps that made it (ids of words)."""

    frame: pl.DataFrame
    inputs: Inputs
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """One line that the explorer can draw: an area (by a definition, if it is a bay) in its units.

    `key` is what tells published series apart: indicator, area, kind of period, adjustment, prices, unit.
    """

    key: tuple[Any, ...]
    measures: Mapping[str, Measure]
    definition: str | None = None

    @property
    def own(self) -> Measure:
        """The figures in the unit in which they are published."""
        return self.measures["own"]

    def with_measures(self, more: Mapping[str, Measure]) -> Series:
        """Add units."""
        return replace(self, measures={**self.measures, **more})


@dataclass(frozen=True)
class Figures:
    """The published figures, by series."""

    rows: pl.DataFrame
    series: dict[tuple[Any, ...], int] = field(init=False)
    parts: list[pl.DataFrame] = field(init=False)

    def __post_init__(self) -> None:
        parts = self.rows.partition_by(KEYS, as_dict=True, maintain_order=True)
        object.__setattr__(self, "series", {key: i for i, key in enumerate(parts)})
        object.__setattr__(self, "parts", list(parts.values()))

    @cached_property
    def numbers(self) -> list[frozenset[int]]:
        """Numbers of the periods that each series has."""
        kinds = [part["kind"][0] for part in self.parts]
        periods = [part["period"].to_list() for part in self.parts]
        return [frozenset(number_of(k, p) for p in of) for k, of in zip(kinds, periods, strict=True)]

    @cached_property
    def rates(self) -> dict[tuple[str, str], int]:
        """Series of rates: by unit ("CNY per USD") and kind of period."""
        return {(k[5], k[2]): i for k, i in self.series.items() if k[0] in ("fx_rate", "ppp")}

    def plain(self, series: int) -> pl.DataFrame:
        """Figures of a series, for the arithmetic."""
        return self.parts[series].drop(_DETAILS)

    def has(self, rows: Rows, number: int) -> bool:
        """Whether all rows that a period needs are there."""
        first = rows.ratio * number + rows.shift
        return all(n in self.numbers[rows.series] for n in range(first, first + rows.count))


def shown_series(figures: Figures) -> list[Series]:
    """Make every series that can be shown: areas as published and in calendar years, and the bay areas."""
    areas = _in_currencies(figures, _of_areas(figures))
    people = {s.key[1]: s for s in areas if s.key[0] == "population" and s.key[2] == "A"}
    people_of_bays = _people_of_bays(people)
    bays = [b.with_measures(_bay_per_head(b, people, people_of_bays)) for b in _of_bays(areas)]
    return [*_per_head(areas, people), *bays, *_gdp_per_head(bays)]


def _together(
    frames: Sequence[pl.DataFrame], do: Callable[[pl.DataFrame], pl.DataFrame]
) -> list[pl.DataFrame]:
    """Do something to many series in one call, which is much faster than one after the other."""
    if not frames:
        return []
    marked = [f.with_columns(line=pl.lit(i)) for i, f in enumerate(frames)]
    made = do(pl.concat(marked, how="diagonal_relaxed"))
    parts = made.partition_by("line", as_dict=True, include_key=False, maintain_order=True)
    return [parts.get((i,), made.drop("line").clear()) for i in range(len(frames))]


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("value").is_not_null())


def _of_areas(figures: Figures) -> list[Series]:
    """Series of the areas, as published, and years made from fiscal years and months where there are no others."""
    found = {
        key: Series(key, {"own": Measure(figures.plain(i), ((Rows(i),),))})
        for key, i in figures.series.items()
    }
    for series in (*_calendar_years(figures), *_years_of_months(figures)):
        found[series.key] = series
    return list(found.values())


def _calendar_years(figures: Figures) -> Iterator[Series]:
    """Calendar years of what is published by fiscal years only: flows by months, stocks as counted in the middle."""
    keys = [
        k for k in figures.series if k[2] == FISCAL and k[3] == "nsa" and _year_key(k) not in figures.series
    ]
    frames = {k: figures.plain(figures.series[k]) for k in keys}
    stocks = [k for k in keys if catalog().indicators[k[0]].kind == "stock"]
    flows = [k for k in keys if k not in stocks and frames[k].height > 1 and _one_start(frames[k])]
    middle = pl.col("period").dt.offset_by("6mo").dt.truncate("1y")
    for key in stocks:
        inputs = ((Rows(figures.series[key]),),)
        measure = Measure(frames[key].with_columns(middle), inputs, ("middle_of_fiscal",))
        yield Series(_year_key(key), {"own": measure})
    for key, frame in zip(flows, _together([frames[k] for k in flows], to_calendar_year), strict=True):
        inputs = ((Rows(figures.series[key], shift=-1, count=2),),)
        if (known := _known(frame).drop("note", strict=False)).height:
            yield Series(_year_key(key), {"own": Measure(known, inputs, ("calendar_of_fiscal",))})


def _year_key(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*key[:2], "A", *key[3:])


def _one_start(years: pl.DataFrame) -> bool:
    return years["period"].dt.month().n_unique() == 1


def _years_of_months(figures: Figures) -> Iterator[Series]:
    """Years of flows that are published by month: as published, else sums of twelve months."""
    names = catalog().indicators
    keys = [k for k in figures.series if k[2] == "M" and k[3] == "nsa"]
    keys = [k for k in keys if (names[k[0]].kind, names[k[0]].over_time) == ("flow", "sum")]
    frames = [figures.plain(figures.series[k]) for k in keys]
    for key, sums in zip(keys, _together(frames, lambda f: to_frequency(f, "A")), strict=True):
        months = Rows(figures.series[key], ratio=12, count=12)
        years = figures.series.get(_year_key(key))
        summed = _known(sums)
        inputs: tuple[Rows, ...] = (months,)
        steps = ("sum_of_months",)
        if years is not None:
            have = figures.plain(years)
            inputs, steps = (Rows(years), months), ("sum_of_months_where_lacking",)
            summed = summed.join(have, on="period", how="anti")
            if summed.height:
                summed = pl.concat([have, summed], how="diagonal_relaxed").sort("period")
        if summed.height:
            frame = summed.with_columns(pl.col("frequency").cast(pl.String))
            yield Series(_year_key(key), {"own": Measure(frame, (inputs,), steps)})


def _in_currencies(figures: Figures, series: Sequence[Series]) -> list[Series]:
    """Add US dollars at market rates and, for calendar years, international dollars, where there are rates."""
    made: list[dict[str, Measure]] = [{} for _ in series]
    money = [i for i, s in enumerate(series) if catalog().currency_of(s.key[5])]
    bases: tuple[tuple[str, Basis, str], ...] = (("usd", "market", "fx_rate"), ("ppp", "ppp", "ppp"))
    for name, basis, of in bases:
        taken = [(i, *found) for i in money if (found := _with_rates(figures, series[i], basis))]
        rates = figures.rows.filter(pl.col("indicator") == of).drop(_DETAILS)
        frames = _together([t[1] for t in taken], partial(convert, to="USD", basis=basis, rates=rates))
        for (i, _, inputs, step), frame in zip(taken, frames, strict=True):
            own = series[i].own
            made[i][name] = Measure(frame, (*own.inputs, *inputs), (*own.steps, *step))
    return [s.with_measures(more) for s, more in zip(series, made, strict=True)]


def _with_rates(
    figures: Figures, series: Series, basis: Basis
) -> tuple[pl.DataFrame, Inputs, tuple[str, ...]] | None:
    """Figures of the periods that have a rate, the rows of the rate, and the words; None where no rate fits."""
    if basis == "market" and series.key[5] == "USD":
        return series.own.frame, (), ()
    found = _rates(figures, series, basis)
    if found is None:
        return None
    rates, step = found
    frame = series.own.frame
    known = [figures.has(rates, number_of(series.key[2], p)) for p in frame["period"]]
    frame = frame.filter(pl.Series(known, dtype=pl.Boolean))
    if frame.is_empty():
        return None
    # an international dollar is worth a dollar in the United States: their rate says for which years, and divides nothing
    return (frame, (), ()) if series.key[5] == "USD" else (frame, ((rates,),), (step,))


def _rates(figures: Figures, series: Series, basis: Basis) -> tuple[Rows, str] | None:
    """Rate rows that `convert` takes for a series, and the words for them."""
    indicator, _, kind, _, prices, unit = series.key
    year = re.search(r"\d{4}", prices or "")
    if (prices not in (None, "current") and not year) or (basis == "ppp" and kind != "A"):
        return None
    every, step, months = "A", "at_ppp" if basis == "ppp" else "at_rate", _MONTHS[kind]
    start = series.own.frame["period"][0].month - 1 if kind == FISCAL else 0
    place: dict[str, int] = {}
    if year:
        step, place = f"{step}_of_year", {"ratio": 0, "shift": int(year[0])}
    elif basis == "market" and catalog().indicators[indicator].kind in ("stock", "price"):
        every, step, place = "M", "at_last_month", {"ratio": months, "shift": start + months - 1}
    elif kind != "A":
        every, place = "M", {"ratio": months, "shift": start, "count": months}
    rate = figures.rates.get((f"{unit} per {'USD' if basis == 'market' else 'international dollar'}", every))
    return None if rate is None else (Rows(rate, **place), step)


def _may_be_per_head(series: Series) -> bool:
    entry = catalog().indicators[series.key[0]]
    amount = entry.kind in ("flow", "stock") and entry.over_areas == "sum" and entry.table not in _PEOPLE
    return amount and series.key[2:4] == ("A", "nsa")


def _per_head(areas: Sequence[Series], people: Mapping[str, Series]) -> list[Series]:
    """Add figures per head to the annual amounts of areas with a population."""
    asked = [
        (i, name, frame)
        for i, s in enumerate(areas)
        if _may_be_per_head(s) and s.key[1] in people
        for name, measure in s.measures.items()
        if (
            frame := _with_people(measure, people[s.key[1]].own.frame, at_end=publishes_year_ends(s.key[1]))
        ).height
    ]
    if not asked:
        return list(areas)
    heads = pl.concat([s.own.frame for s in people.values()], how="diagonal_relaxed")
    frames = _together([frame for *_, frame in asked], lambda f: per_capita(f, population=heads))
    made: list[dict[str, Measure]] = [{} for _ in areas]
    for (i, name, _), frame in zip(asked, frames, strict=True):
        area = areas[i].key[1]
        made[i][f"{name}_head"] = _over(
            areas[i].measures[name],
            frame,
            _heads(people[area], at_end=publishes_year_ends(area)),
            at_end=publishes_year_ends(area),
        )
    return [s.with_measures(more) for s, more in zip(areas, made, strict=True)]


def _over(amount: Measure, frame: pl.DataFrame, heads: Inputs, *, at_end: bool) -> Measure:
    """Figures per head with the rows of both sides."""
    step = "per_head_of_year_ends" if at_end else "per_head"
    return Measure(frame.drop("note"), (*amount.inputs, *heads), (*amount.steps, step))


def _with_people(measure: Measure, people: pl.DataFrame, *, at_end: bool) -> pl.DataFrame:
    """Figures of the years that have a population: that of the year, or of its end and the one before."""
    years = set(people["period"].dt.year())
    year = pl.col("period").dt.year()
    return measure.frame.filter(year.is_in(years) & ((year - 1).is_in(years) | (not at_end)))


def _heads(people: Series, *, at_end: bool) -> Inputs:
    """Population rows behind a year: two year-ends where people are counted then, else one."""
    inputs = people.own.inputs
    if not at_end:
        return inputs
    return tuple(tuple(replace(r, shift=r.shift - 1, count=r.count + 1) for r in one) for one in inputs)


def _of_bays(areas: Sequence[Series]) -> Iterator[Series]:
    """Bay areas as the sums of their members, by every definition all of whose members have figures."""
    asked = list(_addable(areas))
    units = [[u for u in parts[0].measures if all(u in p.measures for p in parts)] for parts, _ in asked]
    sums = _sums(
        [
            ([p.measures[u] for p in parts], definition)
            for (parts, definition), of in zip(asked, units, strict=True)
            for u in of
        ]
    )
    for (parts, definition), of in zip(asked, units, strict=True):
        measures = {u: whole for u in of if (whole := next(sums)) is not None}
        if measures:
            unit = measures.get("own", next(iter(measures.values()))).frame["unit"][0]
            indicator, _, kind, adjustment, prices, _ = parts[0].key
            key = (indicator, definition.area, kind, adjustment, prices, unit)
            yield Series(key, measures, definition.id)


def _addable(areas: Sequence[Series]) -> Iterator[tuple[list[Series], Definition]]:
    """Series of all members of a bay area, by indicator, definition and kind of period."""
    by_place: dict[tuple[str, str, str], list[Series]] = {}
    for s in areas:
        if s.key[3] == "nsa":
            by_place.setdefault((s.key[0], s.key[1], s.key[2]), []).append(s)
    for entry in catalog().indicators.values():
        if entry.kind not in ("flow", "stock") or entry.over_areas != "sum":
            continue
        subject = catalog().subject(entry.id)
        for definition in (d for d in catalog().definitions if d.subject == subject):
            for kind in ("A", "Q", "M"):
                parts = [by_place.get((entry.id, member, kind), []) for member in definition.members]
                # several price bases or units of one member are not one figure
                if all(len(p) == 1 for p in parts):
                    yield [p[0] for p in parts], definition


def _sums(asked: Sequence[tuple[Sequence[Measure], Definition]]) -> Iterator[Measure | None]:
    """Add up members by `aggregate`, None where they differ in unit or prices, or share no period."""
    frames = [pl.concat([p.frame for p in parts], how="diagonal_relaxed") for parts, _ in asked]
    alike: dict[tuple[str, ...], list[int]] = {}
    for i, (frame, (_, of)) in enumerate(zip(frames, asked, strict=True)):
        if frame["unit"].n_unique() == 1 and frame["prices"].n_unique() == 1:
            alike.setdefault((of.area, of.id, of.subject, frame["prices"][0]), []).append(i)
    wholes: dict[int, pl.DataFrame] = {}
    for (area, id_, subject, _), places in alike.items():
        add = partial(aggregate, to=area, definition=id_, subject=subject)
        for i, whole in zip(places, _together([frames[i].drop("unit") for i in places], add), strict=True):
            unit = pl.lit(frames[i]["unit"][0]).alias("unit")
            wholes[i] = _known(whole).drop("members", strict=False).with_columns(unit)
    for i, (parts, _) in enumerate(asked):
        if i not in wholes or wholes[i].is_empty():
            yield None
            continue
        inputs = tuple(dict.fromkeys(one for p in parts for one in p.inputs))
        steps = tuple(dict.fromkeys(step for p in parts for step in p.steps))
        yield Measure(wholes[i], inputs, (*steps, "sum_of_members"))


def _people_of_bays(people: Mapping[str, Series]) -> dict[tuple[str, str], Measure | None]:
    """Population by bay area and id of its definition, where all members have one."""
    definitions = [
        d for d in catalog().definitions if d.subject == "economy" and all(m in people for m in d.members)
    ]
    sums = _sums([([people[m].own for m in d.members], d) for d in definitions])
    return {(d.area, d.id): whole for d, whole in zip(definitions, sums, strict=True)}


def _bay_per_head(
    bay: Series, people: Mapping[str, Series], of_bays: Mapping[tuple[str, str], Measure | None]
) -> dict[str, Measure]:
    """Amounts of the members over their population, not the mean of their figures per head."""
    indicator, area = bay.key[:2]
    if not _may_be_per_head(bay) or catalog().subject(indicator) != "economy":
        return {}
    definition = catalog().definition(area, "economy", bay.definition)
    whole = of_bays.get((area, definition.id))
    if whole is None:
        return {}
    parts = [people[m] for m in definition.members]
    at_end = all(map(publishes_year_ends, definition.members))
    heads = tuple(i for p in parts for i in _heads(p, at_end=at_end))
    frames = {
        u: f for u, m in bay.measures.items() if (f := _with_people(m, whole.frame, at_end=at_end)).height
    }
    made = _together(list(frames.values()), lambda f: per_capita(f, population=whole.frame))
    return {
        f"{u}_head": _over(bay.measures[u], frame, heads, at_end=at_end)
        for u, frame in zip(frames, made, strict=True)
    }


def _gdp_per_head(bays: Sequence[Series]) -> Iterator[Series]:
    """GDP per head of the bay areas, which is their GDP over their population."""
    for bay in bays:
        heads = {u.removesuffix("_head"): m for u, m in bay.measures.items() if u.endswith("_head")}
        if bay.key[0] == "gdp" and heads:
            yield Series((_PER_HEAD, *bay.key[1:]), heads, bay.definition)
