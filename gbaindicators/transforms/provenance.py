"""What rides along when values are made from others: sources, status and vintage."""

from __future__ import annotations

import polars as pl

from gbaindicators.tables.series_frame import OF_OBSERVATION, STATUSES, combine_status, merge_sources

__all__ = ["add_note", "collapsed", "merge_provenance"]

_OTHER = "__other"


def merge_provenance(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Take the union of sources, the worst status and the latest vintage of two frames, row by row.

    Nulls in `other` (a row that has no counterpart) leave the row of `frame` as it is.
    """
    merged = {
        "sources": merge_sources("sources", _OTHER),
        "status": combine_status([pl.col("status"), pl.col(_OTHER)]),
        "vintage": pl.max_horizontal("vintage", _OTHER),
    }
    for column, merge in merged.items():
        if column in frame.columns and column in other.columns:
            pair = frame.with_columns(other[column].alias(_OTHER))
            theirs = pl.col(_OTHER)
            # the union of lists is dear, and mostly both ends come from the same source
            if not pair.select((theirs.is_null() | theirs.eq_missing(pl.col(column))).all()).item():
                frame = pair.with_columns(merge.alias(column)).drop(_OTHER)
    return frame


def collapsed(frame: pl.DataFrame) -> list[pl.Expr]:
    """Aggregations of every column that belongs to observations, when several rows become one.

    Lists become their union, texts are joined where they differ, status is the worst, dates the latest. Unit is
    the first one: who aggregates sees to it that there is one.
    """
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if name == "unit":
            columns.append(column.drop_nulls().first())
        elif name == "status":
            order = pl.Enum(STATUSES)
            worst = column.cast(order).to_physical().max()
            columns.append(worst.cast(order).cast(pl.String))
        elif name not in OF_OBSERVATION or name in ("period", "value"):
            continue
        elif isinstance(dtype, pl.List):
            columns.append(column.explode().drop_nulls().unique().sort())
        elif dtype == pl.String:
            texts = column.drop_nulls().unique(maintain_order=True)
            columns.append(pl.when(texts.len() > 0).then(texts.str.join("; ")))
        else:
            columns.append(column.max())
    return columns


def add_note(frame: pl.DataFrame, note: pl.Expr) -> pl.DataFrame:
    """Add to ``note`` what `note` says, after what stood there; null says nothing."""
    if "note" not in frame.columns:
        return frame.with_columns(note.cast(pl.String).alias("note"))
    return frame.with_columns(
        pl.concat_str("note", note, separator="; ", ignore_nulls=True).replace("", None)
    )
