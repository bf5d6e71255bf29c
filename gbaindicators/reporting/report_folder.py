"""The report: page, workbook, data and database in one folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gbaindicators.charts import export_many
from gbaindicators.errors import ExportError
from gbaindicators.reporting.page import render_page
from gbaindicators.reporting.sections import SECTIONS
from gbaindicators.reporting.workbook import write_csv, write_workbook
from gbaindicators.store import connect, database_path

__all__ = ["ReportSummary", "report"]


@dataclass(frozen=True)
class ReportSummary:
    """What a report wrote: its folder, its files, and why pictures are missing if they are."""

    folder: Path
    files: tuple[Path, ...]
    pictures_missing: str | None = None


def report(
    out: str | os.PathLike[str] = "gba-report",
    *,
    images: bool = True,
    progress: Callable[[str], None] | None = None,
) -> ReportSummary:
    """Write the report on the Greater Bay Area and the bays it is compared with.

    The folder holds ``index.html`` (one page, opens offline), ``gba-report.xlsx``, ``data/*.csv`` (the frame behind
    every exhibit), ``charts/*.png`` and ``gba.duckdb``. An older report in the folder is replaced file by file.

    Parameters
    ----------
    out
        Folder to write to; it is made if it is not there.
    images
        Also write every chart as PNG. They need Chrome or Chromium; without one everything else is written all the
        same and ``pictures_missing`` says how to get it.
    progress
        Called with a line of text at every step.

    Returns
    -------
    ReportSummary
        Folder, files, and why pictures are missing.

    Raises
    ------
    ExportError
        When the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> written = report(tempfile.mkdtemp(), images=False)
    >>> [file.name for file in written.files][:2]
    ['index.html', 'gba-report.xlsx']
    """
    say = progress or (lambda _: None)
    folder = Path(out).expanduser()
    try:
        (folder / "data").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror or error}") from None
    with connect() as connection:
        counted = connection.execute("SELECT count(published_value) FROM observation").fetchone()
    sections = []
    for label, section in SECTIONS:
        say(label)
        sections.append(section())
    exhibits = [e for s in sections for e in s.exhibits]
    say("writing page, workbook and data")
    page, book = folder / "index.html", folder / "gba-report.xlsx"
    files = [page, book]
    try:
        page.write_text(render_page(sections, counted[0] if counted else 0), encoding="utf-8")
        write_workbook(sections, book)
        for exhibit in exhibits:
            files.append(folder / "data" / f"{exhibit.id}.csv")
            write_csv(exhibit.data, files[-1])
        database = folder / "gba.duckdb"
        shutil.copyfile(database_path(), database)
        files.append(database)
    except OSError as error:
        raise ExportError(f"the report could not be written to {folder}: {error.strerror or error}") from None
    missing = None
    if images:
        say("drawing pictures")
        (folder / "charts").mkdir(exist_ok=True)
        try:
            files += export_many(
                {folder / "charts" / f"{e.id}.png": e.figure for e in exhibits if e.figure is not None}
            )
        except ExportError as error:
            missing = str(error)
    return ReportSummary(folder, tuple(files), missing)
