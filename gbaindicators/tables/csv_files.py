"""Reading dataset CSV files strictly: a file that is not exactly as agreed is an error that says how to mend it."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from gbaindicators.errors import DatasetError

__all__ = ["read_batches", "read_header"]

_CHUNK: Final = 1 << 18
_LARGEST: Final = 64 << 30


def read_header(path: Path) -> list[str]:
    """Column names of a CSV file.

    Raises
    ------
    DatasetError
        For a file that cannot be read, is empty, begins with a byte-order mark, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(1 << 16)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not first.strip():
        raise DatasetError(f"{path}: the file is empty; it needs at least its header line")
    if first.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DatasetError(
            f"{path}: begins with a byte-order mark. Save it as UTF-8 without BOM (in Excel choose a text editor's "
            "'UTF-8', or run: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE)"
        )
    if first.endswith(b"\r\n") or b"\r" in first:
        raise DatasetError(
            f"{path}: lines end with CRLF. Convert them to LF, for example: sed -i 's/\\r$//' FILE"
        )
    try:
        line = first.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, 1, error) from None
    return next(csv.reader([line]), [])


def _not_utf8(path: Path, line: int, error: UnicodeDecodeError) -> DatasetError:
    byte = error.object[error.start]
    return DatasetError(
        f"{path}, line {line}: byte 0x{byte:02x} is not UTF-8 (a Latin-1 or GBK file?). Convert it, for example: "
        "iconv -f LATIN1 -t UTF-8 FILE > NEW"
    )


def _check_bytes(path: Path) -> None:
    """Check encoding, line ends and the end of the file in one pass over its bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done, last = 0, b""
    if path.stat().st_size > _LARGEST:
        raise DatasetError(f"{path}: larger than {_LARGEST >> 30} GiB; split it")
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            if b"\r" in chunk:
                line = _line_at(path, done + chunk.index(b"\r"))
                raise DatasetError(
                    f"{path}, line {line}: holds a carriage return (CRLF line ends?). Convert to LF, for example: "
                    "sed -i 's/\\r$//' FILE"
                )
            if b"\0" in chunk:
                raise DatasetError(f"{path}: holds NUL bytes, so it is no text file (UTF-16? damaged?)")
            begun = len(decoder.getstate()[0])
            if begun or not chunk.isascii():
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    raise _not_utf8(path, _line_at(path, done - begun + error.start), error) from None
            done, last = done + len(chunk), chunk[-1:]
    if decoder.getstate()[0] or last != b"\n":
        raise DatasetError(
            f"{path}, line {_line_at(path, done)}: the last line is not ended by a line feed, so the file was probably cut "
            "in the middle. Fetch it again; if it is whole, end it with a line feed"
        )


def _line_at(path: Path, place: int) -> int:
    """Number of the line that a byte is in: to count lines takes as long as to read them, and only an error asks."""
    with path.open("rb") as file:
        read, lines = 0, 1
        while read < place and (chunk := file.read(min(_CHUNK, place - read))):
            read, lines = read + len(chunk), lines + chunk.count(b"\n")
    return lines


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    if list(header) == list(columns):
        return
    if missing := [c for c in columns if c not in header]:
        folded = {h.strip().casefold(): h for h in header}
        wrong = {m: folded[m.casefold()] for m in missing if m.casefold() in folded}
        if wrong:
            pairs = ", ".join(f"{given!r} must be {name!r}" for name, given in wrong.items())
            raise DatasetError(f"{path}, line 1: column names are case-sensitive and without blanks: {pairs}")
        raise DatasetError(
            f"{path}, line 1: missing column{'s' * (len(missing) > 1)} {', '.join(missing)}. "
            f"The header must read: {','.join(columns)}"
        )
    if extra := [h for h in header if h not in columns]:
        raise DatasetError(
            f"{path}, line 1: extra column{'s' * (len(extra) > 1)} {', '.join(map(repr, extra))}. "
            f"Remove them; the header must read: {','.join(columns)}"
        )
    raise DatasetError(
        f"{path}, line 1: columns repeat or stand in another order. The header must read: {','.join(columns)}"
    )


def read_batches(path: Path, columns: Sequence[str], batch_rows: int = 500_000) -> Iterator[pl.DataFrame]:
    """Yield a CSV file as frames of text columns plus ``row``, the record's number (the header is row 1).

    Parameters
    ----------
    path
        UTF-8 without byte-order mark, LF line ends, the last line ended, RFC 4180 quoting.
    columns
        The exact header.
    batch_rows
        Rows per frame, so that files larger than memory can be read.

    Raises
    ------
    DatasetError
        For anything else, with the line and how to mend it.
    """
    _check_header(path, read_header(path), columns)
    _check_bytes(path)
    scan = pl.scan_csv(
        path, schema=dict.fromkeys(columns, pl.String), empty_string_is_null=False, row_index_name="row",
        row_index_offset=2, missing_columns="raise", extra_columns="raise", glob=False,
    )  # fmt: skip
    try:
        for batch in scan.collect_batches(chunk_size=batch_rows, maintain_order=True):
            if batch.height:
                yield batch.with_columns(pl.col("row").cast(pl.Int64))
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise DatasetError(
            f"{path}: a row has more fields than the header, or a quote is not closed ({reason}). "
            'Fields with commas or quotes need RFC 4180 quoting: "a, ""b"""'
        ) from None
