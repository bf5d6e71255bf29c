"""Values divided by a figure that is looked up for each: a rate, a price index, a population.

The figures come in a table with ``_figure``, its origin in ``_figure_sources``, ``_figure_status`` and
``_figure_vintage`` where it is known, and in ``_step`` what is done with it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.transforms.provenance import merge_provenance

__all__ = ["divided", "origin_columns", "united", "with_origin"]

_PREFIX: Final = "_figure_"


def divided(frame: pl.DataFrame, figures: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Divide each value by the figure of its row among the figures; one that has none stays."""
    figure = figures["_figure"].gather(rows)
    frame = frame.with_columns(pl.col("value") / (figure.fill_null(1.0) if figure.has_nulls() else figure))
    return with_origin(frame, figures, rows)


def with_origin(frame: pl.DataFrame, figures: pl.DataFrame, rows: pl.Series | None = None) -> pl.DataFrame:
    """Take in the origin of the figures and say in ``method`` what was done, row by row or by `rows` of figures."""
    origin = origin_columns(figures)
    frame = merge_provenance(frame, figures.select(origin.keys()).rename(origin), rows)
    said = pl.lit(figures["_step"] if rows is None else figures["_step"].gather(rows))
    if "method" not in frame.columns:
        return frame.with_columns(said.alias("method"))
    before = pl.col("method").replace("", None)
    return frame.with_columns(method=pl.coalesce(before + "; " + said, said, before))


def origin_columns(figures: pl.DataFrame) -> dict[str, str]:
    """Columns of figures that hold their origin, with the names that these have in a series frame."""
    return {c: c.removeprefix(_PREFIX) for c in figures.columns if c.startswith(_PREFIX)}


def united(ours: str, theirs: str) -> pl.Expr:
    """Union of two columns of sources, of which one may be null."""
    return pl.coalesce(pl.col(ours).list.set_union(theirs), ours, theirs)
