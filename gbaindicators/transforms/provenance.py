"""What rides along when values are made from others: sources, status and vintage."""

from __future__ import annotations

import polars as pl

from gbaindicators.tables.series_frame import OF_OBSERVATION, STATUSES, combine_status, merge_sources

__all__ = ["add_note", "collapsed", "merge_provenance"]


def merge_provenance(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Take the union of sources, the worst status and the latest vintage of two frames, row by row.

    Nulls in `other` (a row that has no counterpart) leave the row of `frame` as it is.
    """
    for column in ("sources", "status", "vintage"):
        if column in frame.columns and column in other.columns:
            pair = pl.DataFrame([frame[column].rename("ours"), other[column].rename("theirs")])
            theirs = pl.col("theirs")
            # mostly both ends come from the same source
            if not pair.select((theirs.is_null() | theirs.eq_missing(pl.col("ours"))).all()).item():
                frame = frame.with_columns(_merged(pair, column).alias(column))
    return frame


def _merged(pair: pl.DataFrame, column: str) -> pl.Series:
    if column == "sources":
        return _unite(pair)
    both = [pl.col("ours"), pl.col("theirs")]
    return pair.select(combine_status(both) if column == "status" else pl.max_horizontal(both)).to_series()


def _unite(pair: pl.DataFrame) -> pl.Series:
    """Union of two columns of lists; done once for each distinct pair, because unions are dear and pairs few."""
    # an absent list and an empty one both add nothing
    keyed = pair.with_columns(pl.all().list.join("\n").fill_null("").name.prefix("key_"))
    keys = ["key_ours", "key_theirs"]
    distinct = keyed.unique(keys).select(*keys, merge_sources("ours", "theirs"))
    return keyed.select(keys).join(distinct, on=keys, how="left", maintain_order="left")["sources"]


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
            columns.append(column.cast(pl.Enum(STATUSES)).max().cast(pl.String))
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
