"""Frames as files and as text for other programs: CSV, JSON, Parquet and Excel, written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import typer

from gbaindicators.errors import ExportError, UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Format", "encode", "format_of", "to_stdout", "workbook", "write_file"]

Format = Literal["table", "csv", "json", "parquet"]
_SUFFIXES: Final = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".xlsx": "xlsx"}
#: A spreadsheet takes a text cell that begins so for a formula.
_FORMULA: Final = r"^[=+\-@\t\r]"
_NUMBER: Final = r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"


def format_of(path: Path, chosen: str = "table") -> str:
    """Format that a file's name asks for, checked against the one that was chosen, and its folder.

    Raises
    ------
    UsageError
        When the suffix is unknown, or is of another format than the chosen one.
    ExportError
        When the folder does not exist.
    """
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"'{path}' ends in none of {', '.join(_SUFFIXES)}: the suffix says what to write")
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

    buffer = io.BytesIO()
    match form:
        case "csv":
            _without_formulas(_flat(frame)).write_csv(buffer)
        case "json":
            # Polars writes these as text, so that no digit is lost; readers want numbers.
            frame.with_columns(pl.col(pl.Decimal, pl.Int128).cast(pl.Float64)).write_json(buffer)
            buffer.write(b"\n")
        case "parquet":
            frame.write_parquet(buffer)
        case _:
            return workbook({"figures": frame})
    return buffer.getvalue()


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Join lists, and write anything nested more deeply as JSON."""
    import polars as pl

    columns: list[pl.Expr | pl.Series] = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.List) and not dtype.inner.is_nested():
            columns.append(pl.col(name).cast(pl.List(pl.String)).list.join("; "))
        elif dtype.is_nested():
            texts = (
                None if v is None else json.dumps(v, default=str, ensure_ascii=False)
                for v in frame[name].to_list()
            )
            columns.append(pl.Series(name, list(texts), dtype=pl.String))
    return frame.with_columns(columns)


def _without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    text = pl.col(pl.String)
    formula = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return frame.with_columns(pl.when(formula).then(pl.lit("'") + text).otherwise(text).name.keep())


def workbook(sheets: dict[str, pl.DataFrame]) -> bytes:
    """Write frames as the sheets of an Excel workbook, text always as text."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        for name, frame in sheets.items():
            _flat(frame).write_excel(book, name, freeze_panes=(1, 0), autofit=True)
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
        raise typer.Exit from None
