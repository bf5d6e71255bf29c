"""The figures that the factor flows are mapped to, year by year: published, summed up, counted or stated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.comparison.bays.annual_figures import missing_years
from gbaindicators.comparison.integration.flows import FlowIndicator, flow_indicators
from gbaindicators.errors import UsageError
from gbaindicators.store import load, query
from gbaindicators.tables.series_frame import append_method
from gbaindicators.transforms import per_capita
from gbaindicators.transforms.provenance import collapsed

__all__ = ["YEARLY", "Figures", "yearly_figures"]

_STATED: Final = "policy_statements"
#: Columns of the yearly values of a figure.
YEARLY: Final[dict[str, pl.DataType]] = {
    "flow": pl.String(), "indicator": pl.String(), "period": pl.Date(), "value": pl.Float64(), "unit": pl.String(),
    "sources": pl.List(pl.String), "status": pl.String(), "method": pl.String(),
}  # fmt: skip
Figures = dict[FlowIndicator, pl.DataFrame]


def yearly_figures() -> Figures:
    """Yearly values of every figure of the mapping."""
    published, stated = _published(), _statements()
    return {entry: _annual(entry, published, stated) for entry in flow_indicators()}


def _published() -> dict[str, pl.DataFrame]:
    """Published figures by indicator, read a table at a time."""
    names = catalog().indicators
    wanted = {entry.indicator: names[entry.indicator].table for entry in flow_indicators()}
    # a name that is both a table and an indicator loads the indicator
    readings = {name if table in names else table for name, table in wanted.items() if table != _STATED}
    found: dict[str, pl.DataFrame] = {}
    for reading in sorted(readings):
        try:
            rows = load(reading)
        except UsageError:  # the mapping may name more than a database of one's own holds
            continue
        found |= {str(name[0]): part for name, part in rows.partition_by("indicator", as_dict=True).items()}
    return found


def _annual(
    entry: FlowIndicator, published: Mapping[str, pl.DataFrame], stated: pl.DataFrame
) -> pl.DataFrame:
    """Yearly values of one figure; empty when it has none."""
    definition = catalog().indicator(entry.indicator)
    if definition.table == _STATED:
        return _last_statements(entry, stated)
    rows = published.get(entry.indicator, pl.DataFrame(schema={"area": pl.String}))
    rows = rows.filter(pl.col("area").is_in(entry.points or [entry.area]))
    if rows.is_empty():
        return pl.DataFrame(schema=YEARLY)
    years = _sums(rows) if definition.over_time == "sum" else _last_counts(rows)
    if entry.points:
        years = _added(years, entry)
    if entry.treatment == "per_head":
        years = per_capita(years).filter(pl.col("value").is_not_null())
    return years.with_columns(pl.lit(entry.name).alias("indicator")).sort("period")


def _sums(rows: pl.DataFrame) -> pl.DataFrame:
    """Published calendar years, and the sums of whole years of shorter periods where there is none."""
    flows = rows.filter(pl.col("adjustment") == "nsa", pl.col("value").is_not_null())
    years = flows.filter(pl.col("frequency") == "A")
    for frequency in ("Q", "M", "D"):
        shorter = flows.filter(pl.col("frequency") == frequency)
        if shorter.height:
            years = pl.concat([years, missing_years(years, shorter)], how="diagonal_relaxed")
    return years


def _last_counts(rows: pl.DataFrame) -> pl.DataFrame:
    """Last count of each year."""
    counts = rows.filter(pl.col("value").is_not_null()).sort("period")
    year = pl.col("period").dt.truncate("1y")
    last = counts.group_by(year.alias("_year"), maintain_order=True).last()
    return append_method(
        last.with_columns(pl.col("_year").alias("period")).drop("_year"), "last count of the year"
    )


def _added(years: pl.DataFrame, entry: FlowIndicator) -> pl.DataFrame:
    """Sum over points, where every point has the year."""
    whole = years.group_by("period", maintain_order=True).agg(
        pl.col("value").sum(),
        pl.len().alias("_points"),
        pl.col("indicator", "frequency", "adjustment", "prices").first(),
        *collapsed(years.select("unit", "sources", "status", "vintage", "method")),
    )
    whole = whole.filter(pl.col("_points") == len(entry.points)).drop("_points")
    return append_method(
        whole.with_columns(pl.lit(entry.area).alias("area")), f"sum of {len(entry.points)} control points"
    )


def _statements() -> pl.DataFrame:
    """Dated values of all policy statements."""
    return query(
        "from policy_statement select indicator, area, as_of, value, unit, source where value is not null order by as_of"
    )


def _last_statements(entry: FlowIndicator, stated: pl.DataFrame) -> pl.DataFrame:
    """Values that policy texts state of one figure, the last of each year."""
    years: dict[date, dict[str, object]] = {}
    for row in stated.filter(indicator=entry.indicator, area=entry.area).to_dicts():
        text = str(row["as_of"] or "")
        if text[:4].isdigit():
            period = date(int(text[:4]), 1, 1)
            years[period] = {
                "flow": entry.flow, "indicator": entry.name, "period": period, "value": row["value"],
                "unit": row["unit"], "sources": [row["source"]], "status": "A", "method": "statement of a policy text",
            }  # fmt: skip
    return pl.DataFrame(list(years.values()), schema=YEARLY)
