"""Amounts divided among the people they belong to."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame, series_keys, series_name
from gbaindicators.transforms.aggregation import ratios_in
from gbaindicators.transforms.dividing import origin_columns, with_origin
from gbaindicators.transforms.inputs import check_annual, check_first_days, read_series
from gbaindicators.transforms.lazily import by_series
from gbaindicators.transforms.provenance import add_note, merge_provenance
from gbaindicators.transforms.rates import published

__all__ = ["per_capita", "publishes_year_ends"]

#: Currencies of the areas that publish their population at the end of the year.
_YEAR_END: Final = frozenset({"CNY", "HKD", "MOP"})


@by_series({"note": pl.String, "method": pl.String}, changes=["indicator"])
def per_capita(frame: pl.DataFrame, *, population: pl.DataFrame | pl.LazyFrame | None = None) -> pl.DataFrame:
    """Divide annual amounts by the population of the same area and year.

    Areas that publish their population at the end of the year (those of the renminbi, the Hong Kong dollar and
    the pataca) take the mean of this year-end and the one before, which is the practice of the statistical
    offices of the mainland and of Macao. Other areas take their producer's estimate for the year: 1 July in the
    United States, 1 October in Japan. So does every area of a population frame of the indicator
    ``population_midyear``: Hong Kong's own figures per head rest on it, and the mean of year-ends departs from
    them by up to 1.2 percent (2022). The year of a period that does not begin in January is the one in which its
    middle lies: fiscal 2022 from April is compared with the population of 2022.

    Parameters
    ----------
    frame
        Annual series frame (polars.DataFrame or LazyFrame) of money or counts.
    population
        Annual series frame of persons, with ``area`` where `frame` has it; by default the database's
        ``population``. A population without areas is that of the year, whatever its day.

    Returns
    -------
    pl.DataFrame
        Money per head in the unit of money, counts in a unit such as "TEU per head"; ``indicator`` gains
        "_per_capita". A year without its population (the first one has no year-end before it) is null, and
        ``note`` says which figure is missing. ``status`` is the worst of both, and ``sources`` and
        ``vintage`` take in those of the population.

    Raises
    ------
    FrameError
        When an area has no population, the frame is not annual, holds ratios, or a series and its population
        have no year in common.

    Notes
    -----
    The mean of year-ends follows the note to GDP per head in the DSEC table of the Greater Bay Area cities
    ("average permanent population").

    Examples
    --------
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"area": ["macao"], "period": [date(2016, 1, 1)], "value": [360344e6]})
    >>> heads = pl.DataFrame(
    ...     {"area": "macao", "period": [date(2015, 1, 1), date(2016, 1, 1)], "value": [646_800, 644_900]}
    ... )
    >>> per_capita(gdp, population=heads)["value"].round(0).to_list()
    [557938.0]
    """
    frame = read_series(frame, "per_capita")
    check_annual(frame, "per_capita")
    if ratios := ratios_in(frame):
        raise FrameError(
            f"{', '.join(map(repr, ratios))} cannot be divided among heads: per_capita takes amounts such as gdp, "
            "leave the other rows out with frame.filter(...)"
        )
    heads = _heads(published("population", population, needed=len(frame) > 0), frame)
    keys = [c for c in ("area", "_year") if c in heads.columns]
    work = frame.with_columns(_year=_year_of_middle()).join(heads, on=keys, how="left", maintain_order="left")
    unknown = pl.col("_figure").is_null() & pl.col("value").is_not_null()
    reason = pl.coalesce("_reason", "no population of " + pl.col("_year").cast(pl.String))
    work = add_note(work, pl.when(unknown).then(reason))
    work = work.with_columns(value=pl.col("value") / pl.col("_figure"))
    _check_some_heads(frame, work)
    if "unit" in frame.columns:
        work = work.with_columns(unit=_unit_per_head())
    if "indicator" in frame.columns:
        work = work.with_columns(indicator=pl.col("indicator") + "_per_capita")
    added = [c for c in ("note", "method") if c not in frame.columns]
    return with_origin(work, work).select(*frame.columns, *added)


def _heads(population: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Heads to divide by, per area and year, or the reason why there are none."""
    heads = _annual_population(population, frame)
    estimates = heads.with_columns(_step=pl.lit("per head of the population of the year"))
    midyear = "indicator" in population.columns and (population["indicator"] == "population_midyear").all()
    if midyear or "area" not in heads.columns:
        return estimates.with_columns(_reason=pl.lit(None, dtype=pl.String))
    at_year_end = pl.col("area").is_in([a for a in heads["area"].unique() if publishes_year_ends(a)])
    year_ends = _means_of_year_ends(heads.filter(at_year_end))
    return pl.concat([estimates.filter(~at_year_end), year_ends], how="diagonal")


def _annual_population(population: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Population by area and year, its origin in columns that begin with ``_figure_``."""
    by_area = "area" in frame.columns
    heads = check_series_frame(population, *(["area"] if by_area else [])).filter(
        pl.col("value").is_not_null()
    )
    if "unit" in heads.columns and (heads["unit"] != "persons").any():
        raise FrameError("the population must be in 'persons': multiply it into persons and set its unit")
    if "frequency" in heads.columns:
        heads = heads.filter(pl.col("frequency").cast(pl.String) == "A")
    check_first_days(heads, "A")
    keys = ["area", "_year"] if by_area else ["_year"]
    origin = [c for c in ("sources", "status", "vintage") if c in heads.columns]
    heads = heads.with_columns(_year=_year_of_middle()).select(
        *keys, pl.col("value").alias("_figure"), *(pl.col(c).alias(f"_figure_{c}") for c in origin)
    )
    if by_area and (absent := sorted(set(frame["area"]) - set(heads["area"]))):
        raise FrameError(
            f"no population of {', '.join(map(repr, absent))}: pass population= with it; that of a country is "
            "gba.load('population_midyear'), that of a bay area "
            "gba.load('population', gba.members(area)).pipe(gba.aggregate, area)"
        )
    twice = heads.filter(pl.struct(keys).is_duplicated()).select(keys)
    if len(twice):
        raise FrameError(
            f"two populations of {series_name(twice.row(0, named=True))}: keep one in population="
        )
    return heads


def _year_of_middle() -> pl.Expr:
    """Calendar year in which the middle of a year lies that begins in any month."""
    return pl.col("period").dt.offset_by("6mo").dt.year()


def publishes_year_ends(area: str) -> bool:
    """Whether an area, or each member of a bay area, has its population published at the end of the year."""
    entry = catalog().areas.get(area)
    if entry is None or entry.currency is not None:
        return entry is not None and entry.currency in _YEAR_END
    parts = [
        m
        for d in catalog().definitions
        if (d.area, d.subject, d.default) == (area, "economy", True)
        for m in d.members
    ]
    return bool(parts) and all(publishes_year_ends(m) for m in parts)


def _means_of_year_ends(heads: pl.DataFrame) -> pl.DataFrame:
    """Mean of the population at the end of each year and of the year before."""
    before = heads.with_columns(pl.col("_year") + 1)
    both = heads.join(before, on=["area", "_year"], how="full", coalesce=True, suffix="_before")
    origin = origin_columns(heads)
    theirs = both.select(pl.col(f"{c}_before").alias(name) for c, name in origin.items())
    both = merge_provenance(both.rename(origin), theirs).rename({name: c for c, name in origin.items()})
    lacking = (
        pl.when(pl.col("_figure").is_null())
        .then("_year")
        .when(pl.col("_figure_before").is_null())
        .then(pl.col("_year") - 1)
    )
    return both.select(
        *(c for c in heads.columns if c != "_figure"),
        _figure=(pl.col("_figure") + pl.col("_figure_before")) / 2,
        _reason="no population at the end of " + lacking.cast(pl.String),
        _step=pl.lit("per head of the mean of the year-end populations"),
    )


def _check_some_heads(frame: pl.DataFrame, work: pl.DataFrame) -> None:
    """Check that no series is left without a single value because its population is of other years."""
    keys = series_keys(frame)
    had = frame["value"].is_not_null()
    state = work.select(*keys, "note", had=had, has=pl.col("value").is_not_null(), _all=pl.lit("")).group_by(
        "_all", *keys
    )
    empty = state.agg(pl.col("had").any(), pl.col("has").any(), pl.col("note").filter("had").first())
    empty = empty.filter(pl.col("had") & ~pl.col("has")).sort("_all", *keys)
    if len(empty):
        row = empty.select(*keys, "note").row(0, named=True)
        note = row.pop("note")
        raise FrameError(
            f"nothing per head of {series_name(row)} can be computed ({note} for its first period): "
            "pass population= with the years of the frame"
        )


def _unit_per_head() -> pl.Expr:
    """Unit of each row per head: money stays money."""
    money = [id_ for id_, unit in catalog().units.items() if unit.kind in ("money", "money_ppp")]
    unit = pl.col("unit")
    return pl.when(unit.is_in(money)).then(unit).otherwise(unit + " per head")
