"""How integrated the Greater Bay Area is, year by year, by the six factor flows: `integration_index`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Final

import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.comparison.integration.composite import Weights, composite_index
from gbaindicators.comparison.integration.flows import Flow, FlowIndicator, factor_flows, flow_indicators
from gbaindicators.comparison.integration.matrix import TOTAL
from gbaindicators.comparison.integration.scores import Aggregation, Normalisation
from gbaindicators.comparison.integration.yearly_figures import YEARLY, Figures, yearly_figures
from gbaindicators.errors import SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import FREQUENCY

__all__ = ["MINIMUM_YEARS", "integration_coverage", "integration_index", "integration_inputs"]

#: Years that a window needs: of fewer, a scale over the years says nothing.
MINIMUM_YEARS: Final = 4
_AREA: Final = "greater_bay_area"
Asked = tuple[int | None, int | None]


def integration_index(
    *,
    start: str | int | None = None,
    end: str | int | None = None,
    base: str | int | None = None,
    normalise: Normalisation = "base_year",
    weights: Weights = "equal",
    aggregate: Aggregation = "geometric",
) -> pl.DataFrame:
    """Measure how much moves within the Greater Bay Area, year by year, whole and by factor flow.

    The policy documents name six factor flows: people, goods, services, capital, data, and technology and innovation.
    A figure enters when it has a value in every year; nothing is imputed. A flow without such a figure is not scored:
    its rows are null with status M, and ``note`` says what there is and what would be needed. The whole rests on the
    flows that are scored, as its ``note`` says, and is no statement about the others. Where the scored flows move
    apart, the order of the years hangs on the weights: `index_robustness` of `integration_inputs` says how far.

    Parameters
    ----------
    start, end
        First and last year. By default the years that score most flows, then use most figures, then are most.
    base
        Year that is 100 when ``normalise="base_year"``; by default the last.
    normalise, weights, aggregate
        As for `composite_index`. By default the geometric mean of ratios to the base year with equal weights for the
        flows: the ratio of two years then does not depend on the base. `weights` by flow name the flows that are
        scored.

    Returns
    -------
    polars.DataFrame
        ``indicator, area, flow, frequency, period, value, unit, rank, members, sources, status, method, note``, one
        row for each year and flow, and for ``"index"``, the whole. ``members`` names the figures used.

    Raises
    ------
    SeriesTooShortError
        When no flow can be scored, or the years are fewer than four.
    UsageError
        When the geometric mean meets scores of zero (min-max, z), or weights name a flow that is not scored.
    PeriodError
        When a year cannot be read.

    References
    ----------
    OECD and JRC, *Handbook on Constructing Composite Indicators: Methodology and User Guide*, OECD Publishing, 2008.

    Examples
    --------
    >>> index = integration_index()
    >>> scored = index.filter(pl.col("value").is_not_null())
    >>> scored["flow"].unique().sort().to_list()
    ['goods', 'index', 'people']
    """
    figures = yearly_figures()
    inputs = _inputs(figures, _asked(start, end))
    years = inputs["period"].unique().sort()
    groups = dict(inputs.select("indicator", "flow").unique().rows())
    flows = set(groups.values())
    _check_weights(weights, groups)
    falling = {i.name for i in flow_indicators() if i.direction == "lower"}
    scores = composite_index(
        inputs.drop("flow", "method"),
        groups=groups,
        lower_is_better=sorted(falling & set(groups)),
        normalise=normalise,
        base=base if base is not None else years[-1].year,
        weights=weights,
        aggregate=aggregate,
    ).rename({"group": "flow"})
    scores = scores.with_columns(
        pl.col("flow").replace_strict(_notes_of_scored(flows), return_dtype=pl.String).alias("note")
    )
    unscored = [_unscored(f, figures, years) for f in factor_flows() if f.id not in flows]
    rows = pl.concat([scores, *unscored], how="diagonal_relaxed")
    return _in_order(rows.with_columns(pl.col("unit").fill_null(scores["unit"][0])))


def _check_weights(weights: Weights, groups: Mapping[str, str]) -> None:
    """Refuse weights of a flow that is not scored; those of figures are checked where they are weighed."""
    flows = set(groups.values())
    if not isinstance(weights, Mapping) or set(weights) <= set(groups):
        return
    if unscored := sorted(set(weights) - flows):
        raise UnknownNameError(
            "scored flow in weights", unscored[0], flows, "integration_coverage() says what the others lack."
        )


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the index, flow by flow in the order of the documents, the whole last."""
    order = {f.id: i for i, f in enumerate(factor_flows())} | {TOTAL: len(factor_flows())}
    return (
        rows.with_columns(
            indicator=pl.lit("integration_index"), area=pl.lit(_AREA), frequency=pl.lit("A", FREQUENCY)
        )
        .sort(pl.col("flow").replace_strict(order), "period")
        .select(
            "indicator", "area", "flow", "frequency", "period", "value", "unit", "rank", "members", "sources",
            "status", "method", "note",
        )
    )  # fmt: skip


def integration_inputs(*, start: str | int | None = None, end: str | int | None = None) -> pl.DataFrame:
    """Give the yearly figures that `integration_index` combines, ready for `composite_index` and `index_robustness`.

    Parameters
    ----------
    start, end
        As for `integration_index`.

    Returns
    -------
    polars.DataFrame
        ``flow, indicator, period, value, unit, sources, status, method``: every figure has a value in every year.
        ``indicator`` names the figure, indicator and area.

    Raises
    ------
    SeriesTooShortError, PeriodError
        As `integration_index` does.

    Examples
    --------
    >>> inputs = integration_inputs()
    >>> groups = dict(inputs.select("indicator", "flow").unique().rows())
    >>> sorted(set(groups.values()))
    ['goods', 'people']
    """
    asked = _asked(start, end)
    return _inputs(yearly_figures(), asked)


def integration_coverage(*, start: str | int | None = None, end: str | int | None = None) -> pl.DataFrame:
    """List the figures behind each factor flow: which there are, and whether the index uses them.

    Parameters
    ----------
    start, end
        As for `integration_index`.

    Returns
    -------
    polars.DataFrame
        ``flow, indicator, area, direction, treatment, first, last, observations, used, note, source``: one row for
        each figure. ``observations`` counts years with a value (all twelve months, or every day, where a year is a
        sum); ``note`` says why a figure is not used; ``source`` is the document that the mapping follows.

    Raises
    ------
    SeriesTooShortError, PeriodError
        As `integration_index` does.

    Examples
    --------
    >>> coverage = integration_coverage()
    >>> coverage.filter(flow="data").select("indicator", "observations", "used").rows()
    [('regions_sharing_medical_data', 0, False)]
    """
    asked = _asked(start, end)
    figures = yearly_figures()
    used = _inputs(figures, asked)
    years = used["period"].unique().sort()
    names = set(used["indicator"])
    rows = []
    for entry, values in figures.items():
        periods = values["period"]
        rows.append(
            {
                "flow": entry.flow,
                "indicator": entry.indicator,
                "area": entry.area,
                "direction": entry.direction,
                "treatment": entry.treatment,
                "first": periods.min(),
                "last": periods.max(),
                "observations": len(periods),
                "used": entry.name in names,
                "note": None if entry.name in names else _why_not(entry, periods, years),
                "source": entry.source,
            }
        )
    return pl.DataFrame(rows).cast({"first": pl.Date, "last": pl.Date, "note": pl.String})


def _asked(start: str | int | None, end: str | int | None) -> Asked:
    """Read the first and last year asked for, None where there is none."""
    first, last = _year(start), _year(end)
    if first is not None and last is not None and last - first + 1 < MINIMUM_YEARS:
        raise SeriesTooShortError(
            f"{first} to {last} are fewer than {MINIMUM_YEARS} years: an index over so few says nothing"
        )
    return first, last


def _inputs(figures: Figures, asked: Asked) -> pl.DataFrame:
    """Figures that have a value in every year of the window."""
    known = pl.concat(
        values.select(pl.lit(entry.flow).alias("flow"), *list(YEARLY)[1:])
        for entry, values in figures.items()
        if not entry.excluded
    )
    first, last = _window(known, *asked)
    within = known.filter(pl.col("period").dt.year().is_between(first, last))
    inputs = within.filter(pl.len().over("indicator") == last - first + 1)
    if inputs.is_empty():
        raise SeriesTooShortError(
            f"no figure has a value in every year from {first} to {last}: see integration_coverage(), and choose "
            "other years"
        )
    return inputs.sort("flow", "indicator", "period")


def _why_not(entry: FlowIndicator, periods: pl.Series, years: pl.Series) -> str:
    if entry.excluded:
        return f"left out: {entry.excluded}"
    if periods.is_empty():
        return "no whole year or dated count"
    lacking = [str(y.year) for y in years if y not in set(periods)]
    return f"no figure for {', '.join(lacking)}"


def _notes_of_scored(flows: set[str]) -> dict[str, str | None]:
    notes: dict[str, str | None] = {f.id: f.caveat or None for f in factor_flows() if f.id in flows}
    others = [f.id for f in factor_flows() if f.id not in flows]
    whole = f"rests on {', '.join(f.id for f in factor_flows() if f.id in flows)}"
    if others:
        whole += f"; too few observations to score {', '.join(others)}"
    caveats = [f.caveat for f in factor_flows() if f.id in flows and f.caveat]
    return {**notes, TOTAL: "; ".join([whole, *caveats])}


def _unscored(flow: Flow, figures: Figures, years: pl.Series) -> pl.DataFrame:
    """Rows of a flow with too few observations: null, and a note on what there is and what would be needed."""
    counts = [f"{i.name} ({v.height})" for i, v in figures.items() if i.flow == flow.id and not i.excluded]
    note = (
        f"too few observations: no figure has a value in every year from {years[0].year} to {years[-1].year} "
        f"(years with one: {'; '.join(counts)}); needed: {flow.needed}"
    )
    return pl.DataFrame({"period": years}).with_columns(
        pl.lit(flow.id).alias("flow"),
        pl.lit(None, pl.Float64).alias("value"),
        pl.lit("M").alias("status"),
        pl.lit([], pl.List(pl.String)).alias("members"),
        pl.lit([], pl.List(pl.String)).alias("sources"),
        pl.lit(note).alias("note"),
    )


def _window(known: pl.DataFrame, start: int | None, end: int | None) -> tuple[int, int]:
    """First and last year: as given, and else those that score most flows with most figures over most years."""
    if start is not None and end is not None:
        return start, end
    years = sorted(set(known["period"].dt.year()))
    spans = [
        (first, last)
        for first, last in combinations(years, 2)
        if last - first + 1 >= MINIMUM_YEARS and start in (None, first) and end in (None, last)
    ]
    having: dict[str, tuple[str, set[int]]] = {
        name: (flow, set(found))
        for name, flow, found in known.group_by("indicator", "flow")
        .agg(pl.col("period").dt.year())
        .select("indicator", "flow", "period")
        .rows()
    }

    def worth(span: tuple[int, int]) -> tuple[int, int, int, int]:
        wanted = set(range(span[0], span[1] + 1))
        flows = [flow for flow, found in having.values() if wanted <= found]
        return len(set(flows)), len(flows), len(wanted), span[1]

    best = max(spans, key=worth, default=None)
    if best is None or not worth(best)[0]:
        raise SeriesTooShortError(
            f"no figure has {MINIMUM_YEARS} years in a row from {start or 'the first'} to {end or 'the last'}: see "
            "integration_coverage(), and choose other years"
        )
    return best


def _year(text: str | int | None) -> int | None:
    if text is None:
        return None
    period = parse_period(str(text))
    if period.frequency != "A":
        raise UsageError(f"{text!r} is not a year: the integration index is annual")
    return period.start.year
