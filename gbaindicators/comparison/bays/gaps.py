"""How far one area is from another: `gap`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.comparison.bays.annual_figures import annual_figures
from gbaindicators.comparison.bays.bay_figures import bay_figures
from gbaindicators.comparison.bays.choices import PER_HEAD, Choice, Mixed, check_additive, check_choice
from gbaindicators.comparison.bays.definitions import definitions_of
from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import (
    check_series_frame,
    check_unique_periods,
    combine_status,
    merge_sources,
    one_unit,
    series_keys,
)
from gbaindicators.transforms.conversion_rates import Basis

__all__ = ["gap"]

_NO_SOURCES: Final = pl.lit([], pl.List(pl.String))
_MOST_YEARS: Final = 50

#: Both areas, each with the end of the names of its columns.
Pair = tuple[tuple[str, str], tuple[str, str]]


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
    which comes with a census) is no growth, and neither is one from or to a figure with both sides of a break in it. It
    is left out, and ``note`` says so, unless ``mixed="mark"`` asks for it.

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
        When the frame has several units, other keys than the area tell its series apart, or the population is of
        another frequency.

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
        frame = _of_frame(figures, area, other)
        heads = None if population is None else _per_head(frame, _of_frame(population, area, other))
    if area == other:
        raise UsageError(f"{area!r} has no gap to itself: name two areas")
    pair = ((area, ""), (other, "_other"))
    met = _side_by_side(frame, area, other, over)
    table = _with_parity(_with_growth(met, pair, mixed), area, other, over, mixed)
    if heads is not None:
        ratio = _ratio_per_head(heads, area, other)
        table = table.join(ratio, on="period", how="left", maintain_order="left")
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
    definitions = definitions_of(indicator, (area, other), choices)

    def made(name: str) -> pl.DataFrame:
        figures = annual_figures(name, definitions)
        return bay_figures(name, figures, definitions, currency=currency, basis=basis, prices=prices)

    frame = made(indicator)
    if indicator == PER_HEAD:
        return frame, frame
    return frame, made(PER_HEAD) if indicator == "gdp" else None


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


def _per_head(frame: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Figures over the people of the same periods, with the sources of both."""
    if "frequency" in frame.columns and "frequency" in people.columns and len(frame) and len(people):
        codes = [str(side["frequency"][0]) for side in (frame, people)]
        if codes[0] != codes[1]:
            raise FrameError(
                f"the population is of frequency {codes[1]!r}, the figures of {codes[0]!r}: give the population of the same "
                "periods, gba.to_frequency makes longer ones"
            )
    origin = [pl.col("sources").alias("_sources")] if "sources" in people.columns else []
    heads = frame.join(people.select("area", "period", *origin, _heads="value"), on=["area", "period"])
    heads = heads.with_columns(pl.col("value") / pl.col("_heads"))
    both = [c for c in ("sources", "_sources") if c in heads.columns]
    return heads.with_columns(merge_sources(*both)) if both else heads


def _side_by_side(frame: pl.DataFrame, area: str, other: str, over: int) -> pl.DataFrame:
    """Values of both areas in the periods that they have in common."""
    ours, theirs = (_side(frame, one, over) for one in (area, other))
    met = ours.join(theirs, on="period", suffix="_other").sort("period")
    if met.is_empty():
        raise UsageError(
            f"{area} and {other} have no period in common: {_span(ours, area)}, {_span(theirs, other)}; load "
            "periods that both have, or choose another definition"
        )
    return met


def _side(frame: pl.DataFrame, area: str, over: int) -> pl.DataFrame:
    """One area's values with those of one and of `over` years before, and whether a break lies between."""
    own = frame.filter(area=area).sort("period")
    has = set(own.columns)
    own = own.select(
        "period",
        "value",
        sources=pl.col("sources") if "sources" in has else _NO_SOURCES,
        status=pl.col("status") if "status" in has else pl.lit("A"),
        grade=pl.col("grade") if "grade" in has else pl.lit(None, pl.String),
        breaks=_broken(own).fill_null(value=False).cast(pl.Int64).cum_sum(),
    )
    return _with_earlier(_with_earlier(own, "year", 1), "span", over)


def _broken(own: pl.DataFrame) -> pl.Expr:
    """Whether a break lies between each figure of one area and the one before it."""
    broken = pl.col("status") == "B" if "status" in own.columns else pl.lit(value=False)
    if "mixed" in own.columns:
        # a figure with both sides of a break in it differs from the one before it and from the one after it
        both_sides = pl.col("mixed").list.len() > 0
        broken |= both_sides | both_sides.shift(fill_value=False)
    if "sources" in own.columns and "indicator" in own.columns and own["indicator"][0] == "population":
        broken |= (pl.col("sources") != pl.col("sources").shift()).fill_null(value=False)
    return broken


def _with_earlier(own: pl.DataFrame, name: str, years: int) -> pl.DataFrame:
    """Add the value of some years before, and whether a break lies between."""
    earlier = own.select(
        pl.col("period").dt.offset_by(f"{years}y"),
        pl.col("value").alias(f"before_{name}"),
        pl.col("breaks").alias("_breaks"),
    )
    broken = (pl.col("breaks") > pl.col("_breaks")).fill_null(value=False)
    found = own.join(earlier, on="period", how="left", maintain_order="left")
    return found.with_columns(broken.alias(f"broken_{name}")).drop("_breaks")


def _span(side: pl.DataFrame, area: str) -> str:
    if side.is_empty():
        return f"{area} has none"
    return f"{area} has {side['period'][0]} to {side['period'][-1]}"


def _with_growth(met: pl.DataFrame, pair: Pair, mixed: Mixed) -> pl.DataFrame:
    """Growth over the year before, with what hinders it."""
    marks, notes = _NO_SOURCES, [note for one, end in pair for note in _notes_on_growth(one, end, mixed)]
    if mixed == "mark":
        said = (
            pl.when(pl.col(f"broken_year{end}")).then(pl.lit(f"growth across a break of {one}"))
            for one, end in pair
        )
        marks = pl.concat_list(said).list.drop_nulls()
    return met.with_columns(
        growth_area=_growth("", mixed),
        growth_other=_growth("_other", mixed),
        mixed=marks,
        note=pl.concat_str(notes, separator="; ", ignore_nulls=True),
    ).with_columns(growth_differential=pl.col("growth_area") - pl.col("growth_other"))


def _growth(end: str, mixed: Mixed) -> pl.Expr:
    """Growth of one side in percent; across a break only if that is to be marked."""
    before = pl.col(f"before_year{end}")
    rate = pl.when(before > 0).then((pl.col(f"value{end}") / before - 1) * 100)
    return rate if mixed == "mark" else pl.when(~pl.col(f"broken_year{end}")).then(rate)


def _notes_on_growth(area: str, end: str, mixed: Mixed) -> list[pl.Expr]:
    """Why one side has no growth, and of what grade its sources are."""
    before = pl.col(f"before_year{end}")
    across = pl.col(f"broken_year{end}") & pl.lit(mixed == "refuse")
    return [
        pl.when(across).then(pl.lit(f"no growth of {area} across its break")),
        pl.when(before.is_null()).then(pl.lit(f"no figure of {area} a year before")),
        pl.when(before <= 0).then(pl.lit(f"no growth of {area} from a figure that is not above zero")),
        pl.format(f"{area}: {{}}", pl.col(f"grade{end}")),
    ]


def _with_parity(table: pl.DataFrame, area: str, other: str, over: int, mixed: Mixed) -> pl.DataFrame:
    """Years to parity at the average growth of the last years, or why there are none."""
    span = f"{over} year{'s' * (over > 1)}"
    broken = pl.col("broken_span") | pl.col("broken_span_other")
    known = pl.col("_pace").is_not_null() & pl.col("_pace_other").is_not_null()
    refused = broken & pl.lit(mixed == "refuse")
    across = pl.when(broken & known & pl.lit(mixed == "mark")).then(
        pl.lit([f"growth of the {span} before across a break"])
    )
    reason = _why_no_parity(area, other, span, refused)
    years = -pl.col("_ratio").log() / (pl.col("_pace") - pl.col("_pace_other"))
    percent = [((pl.col(c).exp() - 1) * 100).round(2) for c in ("_pace", "_pace_other")]
    assumption = pl.format(
        f"{area} goes on growing by {{}}% and {other} by {{}}% a year, as in the {span} before", *percent
    )
    return table.with_columns(
        _pace=_pace("", over),
        _pace_other=_pace("_other", over),
        _ratio=pl.col("value") / pl.col("value_other"),
    ).with_columns(
        years_to_parity=pl.when(reason.is_null()).then(years),
        assumption=pl.when(known & ~refused).then(assumption),
        mixed=pl.concat_list("mixed", across.otherwise(_NO_SOURCES)),
        note=pl.concat_str(pl.col("note").replace("", None), reason, separator="; ", ignore_nulls=True),
    )


def _pace(end: str, over: int) -> pl.Expr:
    """Average growth of one side over the last years, as a logarithm; null where a figure is not above zero."""
    now, before = pl.col(f"value{end}"), pl.col(f"before_span{end}")
    return pl.when((before > 0) & (now > 0)).then((now / before).log() / over)


def _why_no_parity(area: str, other: str, span: str, refused: pl.Expr) -> pl.Expr:
    """Why there are no years to parity; null where there are."""
    no_figures = pl.col("before_span").is_null() | pl.col("before_span_other").is_null()
    no_pace = pl.col("_pace").is_null() | pl.col("_pace_other").is_null()
    no_faster = pl.col("_pace") <= pl.col("_pace_other") + 1e-12
    return (
        pl.when(pl.col("value") >= pl.col("value_other"))
        .then(pl.lit(f"no years to parity: {area} is ahead already"))
        .when(no_figures)
        .then(pl.lit(f"no years to parity: no figures of both {span} before"))
        .when(no_pace)
        .then(pl.lit("no years to parity: a figure is not above zero"))
        .when(refused)
        .then(pl.lit(f"no years to parity: a break lies in the {span} before"))
        .when(no_faster)
        .then(pl.lit(f"parity never comes at these rates: {area} grows no faster than {other}"))
    )


def _ratio_per_head(heads: pl.DataFrame, area: str, other: str) -> pl.DataFrame:
    """Figures per head of one area over those of the other, with the sources that they have."""
    has_sources = "sources" in heads.columns
    columns = ["period", "value", *["sources"] * has_sources]
    ours, theirs = (heads.filter(area=one).select(columns) for one in (area, other))
    met = ours.join(theirs, on="period", suffix="_other")
    origin = [merge_sources("sources", "sources_other").alias("_heads")] if has_sources else []
    return met.select("period", *origin, per_head=pl.col("value") / pl.col("value_other"))


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
