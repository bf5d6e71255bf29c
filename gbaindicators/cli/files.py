"""Frames as files and as text for other programs: CSV, JSON, Parquet and Excel, written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from click.exceptions import Exit

from gbaindicators.errors import ExportError, UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FORMATS", "PUBLISHED", "encode", "format_of", "to_stdout", "write_file"]

#: What a result is printed as.
FORMATS: Final = ("table", "csv", "json", "parquet")
_SUFFIXES: Final = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".xlsx": "xlsx"}
#: What a table for publication is written as.
PUBLISHED: Final = (".html", ".tex", ".png")


def format_of(path: Path, chosen: str = "table", also: tuple[str, ...] = ()) -> str:
    """Format that a file's name asks for, checked against the one that was chosen, and its folder.

    `also` names endings that the command knows beyond these.

    Raises
    ------
    UsageError
        When the suffix is unknown, or is of another format than the chosen one.
    ExportError
        When the folder does not exist.
    """
    found = _SUFFIXES.get(path.suffix.lower())
    if path.suffix.lower() in PUBLISHED:
        raise UsageError(
            f"'{path}' would be a table for publication, which load, benchmark, forecast and revisions write: name a file "
            f"that ends in one of {', '.join(_SUFFIXES)}"
        )
    if found is None:
        raise UsageError(
            f"'{path}' ends in none of {', '.join((*_SUFFIXES, *also))}: the suffix says what to write"
        )
    if chosen not in ("table", found):
        raise UsageError(
            f"'{path}' is a {found} file by its name, but --format says {chosen}: drop one of them"
        )
    _check_place(path)
    return found


def _check_place(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise ExportError(f"the folder '{path.absolute().parent}' does not exist: make it first")
    if path.is_dir():
        raise ExportError(f"'{path}' is a folder: name a file in it")


def encode(frame: pl.DataFrame, form: str) -> bytes:
    """Write a frame as ``csv``, ``json``, ``parquet`` or ``xlsx``.

    In CSV and Excel lists are joined with ``"; "``; in CSV a text that a spreadsheet would take for a formula gets
    an apostrophe before it.

    Examples
    --------
    >>> import polars as pl
    >>> encode(pl.DataFrame({"value": [-1.5], "note": ["=1+1"], "sources": [["a", "b"]]}), "csv").decode().splitlines()
    ['value,note,sources', "-1.5,'=1+1,a; b"]
    """
    import polars as pl

    from gbaindicators.tables.spreadsheets import csv_bytes, workbook_bytes

    buffer = io.BytesIO()
    match form:
        case "csv":
            return csv_bytes(frame)
        case "json":
            # Polars writes these as text, so that no digit is lost; readers want numbers.
            frame.with_columns(pl.col(pl.Decimal, pl.Int128).cast(pl.Float64)).write_json(buffer)
            buffer.write(b"\n")
        case "parquet":
            frame.write_parquet(buffer)
        case _:
            return workbook_bytes({"figures": frame})
    return buffer.getvalue()


def write_file(path: Path, content: bytes) -> None:
    """Write a file through one beside it, so that it appears whole or not at all.

    Raises
    ------
    ExportError
        When it cannot be written.
    """
    _check_place(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        with aside.open("xb") as file:
            file.write(content)
        aside.replace(path)
    except OSError as error:
        raise ExportError(f"'{path}' cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def to_stdout(content: str | bytes) -> None:
    """Print a result; a reader that has seen enough (``| head``) ends the command quietly."""
    if isinstance(content, str):
        content = content.encode(sys.stdout.encoding or "utf-8", "replace")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Exit from None
