"""Files of the report: each appears whole or not at all, and one that would not change is left alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gbaindicators.errors import ExportError

__all__ = ["Folder"]


@dataclass
class Folder:
    """A folder that is written to, and what became of its files."""

    path: Path
    files: list[Path] = field(default_factory=list)
    changed: list[Path] = field(default_factory=list)

    def write(self, name: str, content: bytes) -> Path:
        """Write a file unless it holds these bytes already.

        Raises
        ------
        ExportError
            When it cannot be written.
        """
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != content:
                _replace(path, lambda aside: aside.write_bytes(content))
                self.changed.append(path)
        except OSError as error:
            raise ExportError(
                f"the report could not be written to {self.path}: {name}: {error.strerror or error}"
            ) from None
        self.files.append(path)
        return path

    def digest(self, *, without: Sequence[str] = ()) -> str:
        """Hash of the names and contents of the files written, apart from some."""
        whole = hashlib.sha256()
        for path in sorted(self.files):
            name = path.relative_to(self.path).as_posix()
            if name not in without:
                whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return whole.hexdigest()


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the place and move into it."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        write(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
