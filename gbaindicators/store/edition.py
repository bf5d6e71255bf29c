"""An edition: the partitions that a database refers to, and where their rows are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from gbaindicators.store.partition_base import Base
from gbaindicators.store.partition_files import quoted
from gbaindicators.store.partition_inputs import Input, Partition

__all__ = ["Edition"]


@dataclass
class Edition:
    """The partitions that a database refers to.

    Attributes
    ----------
    folder
        Where their files lie.
    files
        For each partition its file, relative to the folder.
    inputs
        The files it was made of, by their label.
    new
        Names of the partitions that were written.
    failures
        Cells that break a rule.
    retired
        Files in the folder that are of earlier editions, and since when.
    base
        Where the partitions stand that are not in the folder.
    """

    folder: Path
    base: Base | None = None
    files: dict[Partition, str] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    failures: list[pl.DataFrame] = field(default_factory=list)
    retired: dict[str, datetime] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """Names of the tables that are in partitions."""
        return sorted({partition.table for partition in self.files})

    def has(self, file: str) -> bool:
        """Tell whether a partition was made before, here or in the base."""
        return (self.folder / file).exists() or (self.base is not None and file in self.base.files)

    def rows(self, files: Collection[str]) -> str:
        """SQL that reads the rows of some of the partitions."""
        here = [quoted(self.folder / file) for file in files if (self.folder / file).exists()]
        elsewhere = [file for file in files if not (self.folder / file).exists()]
        parts = [f"FROM read_parquet([{', '.join(here)}], hive_partitioning = false)"] if here else []
        if elsewhere and self.base is not None:
            parts.append(self.base.rows(elsewhere))
        return " UNION ALL BY NAME ".join(parts)
