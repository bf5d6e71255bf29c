"""Partitions of a datasets folder: which there are, what their files hold, and whether these changed.

A table too large for one CSV file lies in ``observations/TABLE/KEY=VALUE/.../``: Parquet or CSV files in hive
partitions, each with the columns of an observation file. A leaf folder is a partition.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import polars as pl

from gbaindicators.catalog import Catalog
from gbaindicators.errors import DatasetError
from gbaindicators.tables.csv_files import read_batches
from gbaindicators.tables.observations import COLUMNS
from gbaindicators.tables.validation import FAILURES

__all__ = ["Input", "Partition", "find_partitions", "outside_of_keys", "read_partition_file"]

#: What may tell partitions apart: what all sources and vintages of one figure have in common. They are chosen among
#: within a partition, so that no figure may lie in two.
_KEYS: Final[Mapping[str, pl.Expr]] = {
    "year": pl.col("start").dt.year(),
    "quarter": pl.col("start").dt.quarter(),
    "month": pl.col("start").dt.month(),
    "day": pl.col("start").dt.day(),
    "date": pl.col("start").cast(pl.String),
    "frequency": pl.col("frequency"),
    "indicator": pl.col("indicator"),
    "area": pl.col("area"),
    "adjustment": pl.col("adjustment"),
    "prices": pl.col("prices"),
}
_NUMBERS: Final = ("year", "quarter", "month", "day")
#: What hive writes for an empty value.
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
#: Types whose text is the published one: a binary float would lose the printed digits.
_EXACT: Final = "text, whole numbers, decimals or dates"
_CHUNK: Final = 1 << 22
#: Rows that are read, made into numbers and validated at a time.
_BATCH: Final = 250_000


@dataclass(frozen=True)
class Input:
    """One file of a partition, as it was when its hash was taken."""

    path: Path
    size: int
    changed_ns: int
    hash: str


@dataclass(frozen=True)
class Partition:
    """A leaf folder of a table.

    Attributes
    ----------
    table
        Name of the table.
    keys
        Hive keys with their values, in the order of the folders.
    files
        Its files, sorted.
    """

    table: str
    keys: tuple[tuple[str, str], ...]
    files: tuple[Path, ...]

    @cached_property
    def name(self) -> str:
        """The table and its keys, as the folders have them."""
        return "/".join(
            (self.table, *self.files[0].parent.parts[len(self.files[0].parent.parts) - len(self.keys) :])
        )

    def label(self, file: Path) -> str:
        """Name of one of its files in reports."""
        return f"observations/{self.name}/{file.name}"

    def inputs(self, known: Mapping[str, Input]) -> list[Input]:
        """Its files with their hashes; of a `known` one with the same size and time of change the hash is taken over."""
        found = []
        for path in self.files:
            state, before = path.stat(), known.get(self.label(path))
            if before is not None and (before.size, before.changed_ns) == (state.st_size, state.st_mtime_ns):
                found.append(replace(before, path=path))
            else:
                found.append(Input(path, state.st_size, state.st_mtime_ns, _hash(path)))
        return found


def _hash(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def find_partitions(root: Path, names: Catalog) -> list[Partition]:
    """Find the partitions of every table of a datasets folder, sorted.

    Raises
    ------
    DatasetError
        For a folder that is no table or not ``KEY=VALUE``, keys that could part the sources of one figure, leaf
        folders at different depths, other kinds of files, or a table that is a CSV file too.
    """
    found: list[Partition] = []
    for folder in sorted(path for path in (root / "observations").glob("*") if path.is_dir()):
        if folder.name not in names.tables:
            raise DatasetError(
                f"{folder}: {folder.name!r} is no table of the catalogue. Name the folder after one of: "
                + ", ".join(sorted(names.tables))
            )
        if folder.with_suffix(".csv").exists():
            raise DatasetError(
                f"{folder} and {folder.name}.csv are one table: move the rows of the file into a partition"
            )
        leaves = [_partition(folder, Path(at), files) for at, _, files in os.walk(folder) if _data(at, files)]
        if not leaves:
            raise DatasetError(f"{folder} holds no figures: it needs KEY=VALUE/.../*.parquet or *.csv")
        _check_alike(folder, leaves)
        found += sorted(leaves, key=lambda leaf: leaf.name)
    return found


def _data(folder: str, files: list[str]) -> list[str]:
    """Files that hold figures; those of the system and of other writers begin with a dot or an underscore."""
    wanted = sorted(name for name in files if not name.startswith((".", "_")))
    for name in wanted:
        if not name.endswith((".parquet", ".csv")):
            raise DatasetError(
                f"{Path(folder) / name}: a partition holds .parquet and .csv files; move it away"
            )
    return wanted


def _partition(table: Path, folder: Path, files: list[str]) -> Partition:
    keys = []
    for part in folder.relative_to(table).parts:
        key, equals, value = part.partition("=")
        if not equals or key not in _KEYS:
            raise DatasetError(
                f"{folder}: {part!r} cannot part a table: the folders are KEY=VALUE with a key among "
                f"{', '.join(_KEYS)}, which all sources and vintages of a figure have in common"
            )
        if key in _NUMBERS and not value.isdecimal():
            raise DatasetError(f"{folder}: the value of {part!r} must be a whole number")
        keys.append((key, "" if value == _NULL else unquote(value)))
    return Partition(table.name, tuple(keys), tuple(folder / name for name in _data(str(folder), files)))


def _check_alike(folder: Path, leaves: list[Partition]) -> None:
    """Check that all partitions have the same keys: the same figure could else lie in two."""
    kinds = {tuple(key for key, _ in leaf.keys): leaf for leaf in leaves}
    if len(kinds) > 1:
        one, other = list(kinds.values())[:2]
        raise DatasetError(
            f"{folder}: the partitions {one.name} and {other.name} have different keys; a table has one way of parting"
        )


def outside_of_keys(rows: pl.DataFrame, partition: Partition, file: str) -> pl.DataFrame:
    """Cells of normalised rows that belong to another partition, as a validation report."""
    reports = []
    for key, value in partition.keys:
        wanted: int | str = int(value) if key in _NUMBERS else value
        column = key if key in rows.columns and key != "frequency" else "period"
        # null is a period that cannot be read, which another rule speaks of
        wrong = rows.filter(_KEYS[key].ne(wanted).fill_null(False))
        reports.append(
            wrong.select(
                pl.lit(file).alias("file"), "row", pl.lit(column).alias("column"), pl.col(column).alias("value"),
                pl.lit(f"belongs to its partition {key}={value}").alias("rule"),
            )
        )  # fmt: skip
    return pl.concat(reports) if reports else pl.DataFrame(schema=FAILURES)


def read_partition_file(path: Path) -> Iterator[pl.DataFrame]:
    """Yield a file as frames of text columns plus ``row``: of Parquet the first row is row 1.

    Parquet has the columns of an observation file, in any order. Numbers, decimals and dates become the text they
    would be in CSV, null becomes empty.

    Raises
    ------
    DatasetError
        When it cannot be read, columns are missing or left over, or of a type without an exact text.
    """
    if path.suffix == ".csv":
        yield from read_batches(path, COLUMNS, _BATCH)
        return
    try:
        scan = pl.scan_parquet(
            path, hive_partitioning=False, glob=False, row_index_name="row", row_index_offset=1
        )
        schema = scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    _check_columns(path, schema)
    text = scan.select(pl.col("row").cast(pl.Int64), pl.col(COLUMNS).cast(pl.String).fill_null(""))
    batches = text.collect_batches(chunk_size=_BATCH, maintain_order=True)
    try:
        yield from (batch for batch in batches if batch.height)
    except pl.exceptions.PolarsError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DatasetError:
    return DatasetError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}). Write it again")


def _check_columns(path: Path, schema: pl.Schema) -> None:
    have = set(schema) - {"row"}
    if have != set(COLUMNS):
        missing, extra = [c for c in COLUMNS if c not in have], sorted(have - set(COLUMNS))
        raise DatasetError(
            f"{path}: "
            + "; ".join(f"{what} {', '.join(some)}" for what, some in (("missing columns", missing), ("extra columns", extra)) if some)
            + f". The columns must be: {', '.join(COLUMNS)}"
        )  # fmt: skip
    for name in COLUMNS:
        dtype = schema[name]
        exact = dtype in (pl.String, pl.Categorical, pl.Date, pl.Null) or isinstance(dtype, pl.Enum)
        if not (exact or dtype.is_integer() or dtype.is_decimal()):
            raise DatasetError(
                f"{path}: the column {name!r} is {dtype}; it must hold {_EXACT}, as published figures are kept to "
                "their last printed digit"
            )
