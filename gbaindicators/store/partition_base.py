"""Partitions that stand elsewhere than beside the file that is built: in a shared database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb

__all__ = ["Base"]


class Base(Protocol):
    """Partitions that were made before and need not be made again, by the names of their files."""

    @property
    def files(self) -> Collection[str]:
        """Names that the files of the partitions have beside a database file."""

    def attached(self, connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        """Let a connection read them within the block."""

    def rows(self, files: Sequence[str]) -> str:
        """SQL that reads the rows of some of them."""

    def findings(self, files: Sequence[str]) -> str:
        """SQL that reads what the checks of single figures found in some of them."""
