"""What rides along when values are made from others: sources, status and vintage."""

from __future__ import annotations

import polars as pl

from gbaindicators.tables.series_frame import OF_OBSERVATION, STATUSES, combine_status, merge_sources

__all__ = ["add_note", "collapsed", "merge_provenance", "without_first_break"]


def merge_provenance(frame: pl.DataFrame, other: pl.DataFrame, rows: pl.Series | None = None) -> pl.DataFrame:
    """Take the union of sources, the worst status and the latest vintage of two frames, row by row.

    Nulls in `other` (a row that has no counterpart) leave the row of `frame` as it is.

    Parameters
    ----------
    frame, other
        Frames of the same length, or `other` of any length with `rows`.
    rows
        For each row of `frame` the row of `other` it takes in, null for none.
    """
    merged = []
    for column in ("sources", "status", "vintage"):
        if column in frame.columns and column in other.columns:
            ours, theirs = frame[column], other[column]
            if column == "sources":
                merged.append(_unite(ours, theirs, rows))
            else:
                pair = pl.DataFrame({"ours": ours, "theirs": _at(theirs, rows)})
                both = [pl.col("ours"), pl.col("theirs")]
                # mostly both ends come from the same source
                if not pair.select((both[1].is_null() | both[1].eq_missing(both[0])).all()).item():
                    worst = combine_status(both) if column == "status" else pl.max_horizontal(both)
                    merged.append(pair.select(worst.alias(column)).to_series())
    return frame.with_columns(merged)


def _at(values: pl.Series, rows: pl.Series | None) -> pl.Series:
    return values if rows is None else values.gather(rows)


def _unite(ours: pl.Series, theirs: pl.Series, rows: pl.Series | None) -> pl.Series:
    """Union of two columns of lists; made once for each distinct pair, because unions are dear and pairs few.

    The sum of the hashes of its texts stands for a pair. An absent list and an empty one both add nothing.
    """
    mine, others = _sum_of_hashes(ours), _at(_sum_of_hashes(theirs), rows).fill_null(0)
    nothing = _at(theirs.is_null(), rows).fill_null(True) | ((mine == others) & ours.is_not_null())
    if nothing.all():
        return ours
    pair = (mine + others).alias("pair")
    first = pair.arg_unique()
    lists = [ours.gather(first), _at(theirs, first if rows is None else rows.gather(first))]
    unions = pl.DataFrame([pair.gather(first), *(s.alias(n) for s, n in zip(lists, "ab", strict=True))])
    unions = unions.select("pair", merge_sources("a", "b"))
    return pair.to_frame().join(unions, on="pair", how="left", maintain_order="left")["sources"]


def _sum_of_hashes(lists: pl.Series) -> pl.Series:
    return lists.list.eval(pl.element().hash()).list.sum().fill_null(0)


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


def without_first_break(frame: pl.DataFrame, series: str) -> pl.DataFrame:
    """Take status B off the first period of each series: that break lies before all of its rows, not among them."""
    if "status" not in frame.columns:
        return frame
    starts = pl.col("period") == pl.col("period").min().over(series)
    broken = starts & (pl.col("status") == "B")
    return frame.with_columns(pl.when(broken).then(pl.lit("A")).otherwise("status").alias("status"))


def add_note(frame: pl.DataFrame, note: pl.Expr) -> pl.DataFrame:
    """Add to ``note`` what `note` says, after what stood there; null says nothing."""
    if "note" not in frame.columns:
        return frame.with_columns(note.cast(pl.String).alias("note"))
    return frame.with_columns(
        pl.concat_str("note", note, separator="; ", ignore_nulls=True).replace("", None)
    )
