"""The data behind a chart, as CSV and as a workbook: the frame in base units, with its sources."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import source_ids
from gbaindicators.tables.spreadsheets import csv_bytes, with_time_period, workbook_bytes

__all__ = ["chart_csv", "chart_workbook"]


def chart_csv(frames: Sequence[pl.DataFrame]) -> bytes:
    """Write the frames of a chart one below the other, every row with its sources in full."""
    data = _together(frames)
    if "sources" in data.columns:
        cited = [None if ids is None else "; ".join(catalog().cite(ids)) for ids in data["sources"].to_list()]
        data = data.with_columns(pl.Series("sources", cited, dtype=pl.String))
    return csv_bytes(data)


def chart_workbook(frames: Sequence[pl.DataFrame]) -> bytes:
    """Write the frames of a chart to one sheet, and their sources to another."""
    known = catalog().sources
    sources = [
        {"id": s.id, "citation": s.citation(), "url": s.url, "licence": s.licence, "grade": s.grade}
        if (s := known.get(id_))
        else {"id": id_, "citation": id_, "url": None, "licence": None, "grade": None}
        for id_ in source_ids(*frames)
    ]
    sheets = {"data": _together(frames)}
    return workbook_bytes(sheets | ({"sources": pl.DataFrame(sources)} if sources else {}))


def _together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame of all, with periods as SDMX text too."""
    # some are there to be cited only
    told = [f for f in frames if not set(f.columns) <= {"sources", "vintage"}]
    return with_time_period(pl.concat(told, how="diagonal_relaxed"))
