"""How lazy frames are cut into pieces that fit into memory.

A cut numbers the pieces by keys: rows that a transform looks at together have the same keys. A few pieces are filtered out
of their source one after another, each with a condition that reaches down to where the data lie. More of them would mean
reading the source as often: then one streaming pass sorts the rows into Parquet files, a folder a piece. They lie in a
temporary folder of their own (in ``TMPDIR``, like all temporary files), each until its piece is read, and the folder goes
when the last one was, or whatever ends the work before.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from gbaindicators.errors import ExportError

__all__ = ["PIECE", "Part", "cut", "pieces"]

#: Column of a cut: the number of the piece.
PIECE: Final = "__piece"
#: Rows of a piece. A transform takes a few hundred bytes a row.
_ROWS: Final = 1_000_000
#: So many pieces are filtered out of the source, each for itself; more are sorted into files first.
_SCANS: Final = 4
#: Rows that each file under way holds back in memory before it writes them.
_HELD: Final = 10_000
#: A full disk, a full quota, and a file larger than the system lets a process write.
_FULL: Final = re.compile(r"os error (28|122|27)\b")


class Part(NamedTuple):
    """A lazy frame, and the keys whose rows each piece needs of it; None where every piece needs all of it."""

    frame: pl.LazyFrame
    needs: pl.DataFrame | None

    def schema(self) -> pl.Schema:
        """Columns of the frame."""
        return self.frame.collect_schema()

    def within(self, needs: pl.DataFrame) -> pl.LazyFrame:
        """Rows in the range of the keys: a condition by which Parquet skips the rest, where they are text or dates."""
        plain = [k for k in needs.columns if k != PIECE and needs.schema[k] in (pl.String, pl.Date)]
        ranges = [
            pl.col(k).is_between(pl.lit(needs[k].min()), pl.lit(needs[k].max()))
            for k in plain
            if not needs[k].has_nulls()
        ]
        return self.frame.filter(ranges) if ranges else self.frame


def cut(frames: Sequence[pl.LazyFrame], keys: Sequence[str]) -> pl.DataFrame:
    """Number the pieces that rows go to by their keys (`keys`, ``__piece``), in order of the keys.

    Examples
    --------
    >>> frame = pl.LazyFrame({"area": ["macao", "zhuhai", "macao"], "value": [1.0, 2.0, 3.0]})
    >>> cut([frame], ["area"]).rows()
    [('macao', 0), ('zhuhai', 0)]
    """
    counts = pl.concat([frame.group_by(keys).agg(pl.len().alias("__rows")) for frame in frames])
    counts = counts.group_by(keys).agg(pl.col("__rows").cast(pl.Int64).sum()) if len(frames) > 1 else counts
    found = counts.collect(engine="streaming").sort(keys)
    number = (pl.col("__rows").cast(pl.Int64).cum_sum() - 1) // _ROWS
    # the number of a piece is that of its last row over the rows of a piece, so some numbers are left out
    return found.select(*keys, number.rle_id().alias(PIECE))


def pieces(parts: Sequence[Part], number: int, *, few: bool) -> Iterator[list[pl.DataFrame]]:
    """Read the pieces 0 to `number` of some frames, one after another: of each frame what the piece needs of it.

    Parameters
    ----------
    parts
        The frames.
    number
        How many pieces there are.
    few
        Whether the reader will stop after a few of them, so that it does not pay to sort all rows.

    Raises
    ------
    ExportError
        When there is no room for the sorted rows; says how to mend it.
    """
    if few or number <= _SCANS:
        for piece in range(number):
            yield [_filtered(part, piece) for part in parts]
        return
    with tempfile.TemporaryDirectory(prefix="gbaindicators-") as name:
        folders = [Path(name) / str(place) for place in range(len(parts))]
        whole = [_sorted_into(folder, part) for folder, part in zip(folders, parts, strict=True)]
        for piece in range(number):
            yield [
                _read(folder / f"{PIECE}={piece}", part.schema()) if frame is None else frame
                for folder, part, frame in zip(folders, parts, whole, strict=True)
            ]


def _filtered(part: Part, piece: int) -> pl.DataFrame:
    if part.needs is None:
        return part.frame.collect(engine="streaming")
    needs = part.needs.filter(pl.col(PIECE) == piece).drop(PIECE)
    rows = part.within(needs).join(
        needs.lazy(), on=needs.columns, how="semi", nulls_equal=True, maintain_order="left"
    )
    return rows.collect(engine="streaming")


def _sorted_into(folder: Path, part: Part) -> pl.DataFrame | None:
    """Sort the rows of a frame into files, a folder a piece; one that every piece needs whole is read."""
    if part.needs is None:
        return part.frame.collect(engine="streaming")
    keys = [c for c in part.needs.columns if c != PIECE]
    rows = part.within(part.needs).join(
        part.needs.lazy(), on=keys, how="inner", nulls_equal=True, maintain_order="left"
    )
    try:
        rows.sink_parquet(
            pl.PartitionBy(folder, key=PIECE, include_key=False),
            compression="lz4", statistics=False, row_group_size=_HELD, mkdir=True, engine="streaming",
        )  # fmt: skip
    except (OSError, pl.exceptions.PolarsError) as error:
        if _FULL.search(str(error)) is None:
            raise
        raise ExportError(
            f"no room left in {tempfile.gettempdir()} for the rows of a lazy frame while they are sorted into pieces: "
            "free some, point TMPDIR at a larger disk before Python starts, or take less at once: fewer columns "
            "(.select(...) leaves sources out) or fewer series (.filter(...))"
        ) from error
    return None


def _read(folder: Path, schema: pl.Schema) -> pl.DataFrame:
    """Read the files of a piece and remove them."""
    if not folder.exists():
        return pl.DataFrame(schema=schema)
    rows = pl.read_parquet(folder / "*.parquet", hive_partitioning=False, memory_map=False)
    shutil.rmtree(folder)
    return rows
