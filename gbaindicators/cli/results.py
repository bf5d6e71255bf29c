"""Where a result goes: to stdout as a table or in a format for programs, or to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gbaindicators.cli.files import PUBLISHED, encode, format_of, to_stdout, write_file
from gbaindicators.cli.layout import Part, lay_out
from gbaindicators.cli.logs import log
from gbaindicators.errors import FrameError, UsageError

if TYPE_CHECKING:
    import polars as pl
    from great_tables import GT

__all__ = ["deliver", "print_parts", "publication"]


def deliver(
    frame: pl.DataFrame,
    form: str,
    out: Path | None,
    table: Callable[[], Iterable[Part]],
    published: Callable[[], GT] | None = None,
) -> None:
    """Print a frame in a format, or write it to a file.

    Parameters
    ----------
    frame
        The whole result.
    form
        ``table``, ``csv``, ``json`` or ``parquet``.
    out
        File to write, its suffix says the format.
    table
        Makes the parts of the table that a reader sees.
    published
        Makes the table for publication, which goes to a file that ends in .html, .tex or .png.
    """
    if out is not None and published is not None and out.suffix.lower() in PUBLISHED:
        if form != "table":
            raise UsageError(
                f"'{out}' is a table for publication by its name, but --format says {form}: drop one of them"
            )
        from gbaindicators import charts

        with log.working("setting the table"):
            try:
                charts.export(published(), out)
            except FrameError as error:
                raise FrameError(
                    f"{error}. Here --frequency, --area, --start and --end choose the figures, and --to converts money"
                ) from None
        log.done("written", f"wrote {out}", path=out)
    elif out is not None:
        write_file(out, encode(frame, format_of(out, form, PUBLISHED if published else ())))
        log.done("written", f"wrote {out} ({frame.height:,} rows)", path=out, rows=frame.height)
    elif form == "table":
        print_parts(table())
    elif form == "parquet" and sys.stdout.isatty():
        raise UsageError("Parquet is no text: name a file with --out, or send stdout to one")
    else:
        to_stdout(encode(frame, form))


def publication(kind: str, *shown: Any, **options: Any) -> Callable[[], GT]:
    """Name a table of `gba.table` and what it shows, to be made where a file asks for it."""

    def make() -> GT:
        from gbaindicators.charts import tabular

        table: GT = getattr(tabular, kind)(*shown, **options)
        return table

    return make


def print_parts(parts: Iterable[Part]) -> None:
    """Print parts of text, at 80 columns where stdout is no terminal."""
    to_stdout(lay_out(parts))
