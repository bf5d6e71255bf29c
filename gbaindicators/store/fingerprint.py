"""What a database is made of, as one hash: the figures, the SQL and the package's version."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from gbaindicators.catalog.folders import sql_dir
from gbaindicators.store.layout import LAYOUT
from gbaindicators.version import __version__

__all__ = ["fingerprint", "remembered_fingerprint"]

#: Bytes that are read at a time: files may be large.
_CHUNK: Final = 1 << 18


@cache
def fingerprint(root: Path) -> str:
    """Hash of a datasets folder without partitions, the SQL and the package version: what a database is made of."""
    digest = _digest()
    for path in _files(root):
        digest.update(f"{path.name}\0".encode())
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def remembered_fingerprint(root: Path, memory: Path) -> str:
    """Take the fingerprint of a folder, or what it was when it was taken last, if no file has changed since.

    Parameters
    ----------
    root
        The datasets folder.
    memory
        File to remember it in. A file of the same name, size and time of change is taken to be unchanged.
    """
    stamp = _stamp(root)
    with contextlib.suppress(OSError, ValueError):
        before, remembered = memory.read_text(encoding="ascii").split()
        if before == stamp:
            return remembered
    found = fingerprint(root)
    aside = memory.with_name(f"{memory.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # a home that cannot be written can be read all the same
        try:
            aside.write_text(f"{stamp} {found}\n", encoding="ascii")
            aside.replace(memory)
        finally:
            aside.unlink(missing_ok=True)
    return found


def _stamp(root: Path) -> str:
    digest = _digest()
    for path in _files(root):
        state = path.stat()
        digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _digest() -> hashlib.blake2b:
    return hashlib.blake2b(f"{__version__} {LAYOUT}".encode(), digest_size=16)


def _files(root: Path) -> Iterator[Path]:
    """Files in order; partitions have hashes of their own."""
    yield from sorted(p for p in root.rglob("*") if p.is_file() and not _in_partition(root, p))
    yield from sorted(sql_dir().rglob("*.sql"))


def _in_partition(root: Path, path: Path) -> bool:
    parts = path.relative_to(root).parts
    return parts[0] == "observations" and len(parts) > 2
