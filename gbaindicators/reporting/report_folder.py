"""The report: page, print, workbook, data and database in one folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal, get_args

from gbaindicators.charts import export_many
from gbaindicators.errors import ExportError, UsageError
from gbaindicators.reporting.explorer import explorer
from gbaindicators.reporting.numbers import day_text
from gbaindicators.reporting.page import Edition, Page, render_page
from gbaindicators.reporting.printing import print_page
from gbaindicators.reporting.sections import MADE, chosen, make
from gbaindicators.reporting.tracing import Trails
from gbaindicators.reporting.words import Words, words_of
from gbaindicators.reporting.workbook import csv_of, workbook
from gbaindicators.reporting.writing import Folder
from gbaindicators.store import connect, database_bytes, held_open, known_by, known_day

__all__ = ["Format", "ReportSummary", "report"]

Format = Literal["html", "pdf", "xlsx", "all"]
PAGE: Final = "index.html"
PRINT: Final = "gba-report.pdf"
BOOK: Final = "gba-report.xlsx"
DATABASE: Final = "gba.duckdb"


@dataclass(frozen=True)
class ReportSummary:
    """What a report wrote.

    `files` are all of them and `changed` those whose bytes are new; `digest` is the hash of all but the database;
    `edition` names the content of the database; `pictures_missing` says why pictures and print are missing if they are.
    """

    folder: Path
    files: tuple[Path, ...]
    changed: tuple[Path, ...]
    digest: str
    edition: str
    pictures_missing: str | None = None


def report(
    out: str | os.PathLike[str] = "gba-report",
    *,
    lang: str = "en",
    as_of: str | date | None = None,
    sections: Sequence[str] | None = None,
    format: Format = "all",
    images: bool = True,
    progress: Callable[[str], None] | None = None,
) -> ReportSummary:
    """Write the report on the Greater Bay Area and the bays it is compared with.

    The folder holds ``index.html`` (one page, opens offline), ``gba-report.pdf`` (the page printed on A4),
    ``gba-report.xlsx``, ``data/*.csv`` (the frame behind every exhibit), ``charts/*.png`` and ``gba.duckdb``. The
    same figures give the same bytes: a file that would not change is not written again.

    Parameters
    ----------
    out
        Folder to write to; it is made if it is not there.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``.
    as_of
        Make the report of what was known at the end of this day. A section that lacks figures says so.
    sections
        Ids of the sections to make, all by default: ``summary``, ``explorer``, ``headline``, ``ranking``, ``history``,
        ``cities``, ``convergence``, ``gateways``, ``boundary``, ``flows``, ``integration``, ``outlook``, ``quality``.
    format
        ``"html"`` for the page and its data, ``"pdf"`` or ``"xlsx"`` for that file alone, ``"all"`` for everything.
    images
        With ``"all"``, also write every chart as PNG and the print. They need Chrome or Chromium; without one
        everything else is written all the same and ``pictures_missing`` says how to get it.
    progress
        Called with a line of text at every step.

    Returns
    -------
    ReportSummary
        Folder, files, which of them changed, their digest, and why pictures are missing.

    Raises
    ------
    ExportError
        When the folder cannot be written, or ``"pdf"`` is asked for and there is no browser.
    UnknownNameError
        For an unknown language or section.
    UsageError
        For an unknown format.
    PeriodError
        For a date that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> written = report(tempfile.mkdtemp(), sections=["cities"], format="html", lang="zh-Hant")
    >>> [file.name for file in written.files]
    ['index.html', 'cities.csv']
    """
    words, names = words_of(lang), chosen(sections)
    if format not in get_args(Format):
        raise UsageError(f"format must be {', '.join(get_args(Format))}, not {format!r}")
    folder = Folder(_ready(out))
    with known_by(as_of), held_open():
        made = _Report(words, names, progress or (lambda _: None))
        missing = made.write(folder, format, images=images)
    digest = folder.digest(without=[DATABASE])
    return ReportSummary(
        folder.path, tuple(folder.files), tuple(folder.changed), digest, made.edition.id, missing
    )


def _ready(out: str | os.PathLike[str]) -> Path:
    path = Path(out).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror or error}. Choose another folder"
        ) from None
    return path


class _Report:
    """The sections that were asked for, and the files that are made of them."""

    def __init__(self, words: Words, names: Sequence[str], say: Callable[[str], None]) -> None:
        self._words, self._names, self._say = words, names, say
        self.edition = _edition(words)
        self._sections = []
        for name in (n for n in names if n in MADE):
            say(words(f"{name}.progress"))
            self._sections.append(make(name, words))
        self._exhibits = [e for s in self._sections for e in s.exhibits]
        self._trails = Trails.of(self._exhibits)

    def write(self, folder: Folder, form: Format, *, images: bool) -> str | None:
        """Write the files of a format, and say why pictures are missing if they are."""
        self._say(self._words("page.progress_write"))
        whole = form == "all"
        if whole or form == "html":
            folder.write(PAGE, self._page(self._beside(whole), self._names).encode())
        if whole or form == "xlsx":
            folder.write(BOOK, workbook(self._sections, self._trails, self._words))
        if whole or form == "html":
            for exhibit in self._exhibits:
                folder.write(f"data/{exhibit.id}.csv", csv_of(exhibit.data))
        if whole:
            folder.write(DATABASE, database_bytes())
        if form == "pdf":
            self._print(folder)
        return self._draw(folder) if whole and images else None

    def _beside(self, whole: bool) -> dict[str, str]:
        """Files beside the page, and what they are."""
        words = self._words
        book = {BOOK: words("page.beside_workbook")} if whole else {}
        database = {DATABASE: words("page.beside_database")} if whole else {}
        data = {"data/": words("page.beside_data")} if self._exhibits else {}
        return book | data | database

    def _page(self, beside: dict[str, str], names: Sequence[str]) -> str:
        day, lang = known_day(), self._words.lang
        return render_page(
            Page(
                self._words, self._sections, self._trails, self.edition, as_of=None if day is None else day_text(day, lang),
                summary="summary" in names, explorer=explorer(lang, day) if "explorer" in names else None, beside=beside,
            )
        )  # fmt: skip

    def _print(self, folder: Folder) -> None:
        self._say(self._words("page.progress_print"))
        edition = self.edition
        note = self._words(
            "page.edition", edition=edition.id, observations=edition.observations, newest=edition.newest
        )
        # the explorer is a thing to use, not to print
        page = self._page({}, [name for name in self._names if name != "explorer"])
        folder.write(PRINT, print_page(page, self._words, note))

    def _draw(self, folder: Folder) -> str | None:
        """Draw the charts and print the page, or say why that cannot be done."""
        self._say(self._words("page.progress_draw"))
        figures = {e.id: e.figure for e in self._exhibits if e.figure is not None}
        try:
            with tempfile.TemporaryDirectory(prefix="gba-report-") as aside:
                export_many({Path(aside) / f"{id_}.png": figure for id_, figure in figures.items()})
                for id_ in figures:
                    folder.write(f"charts/{id_}.png", (Path(aside) / f"{id_}.png").read_bytes())
            self._print(folder)
        except ExportError as error:
            return str(error)
        return None


def _edition(words: Words) -> Edition:
    """Name the content of the database, as it is known to be: what it was built of, not when."""
    with connect() as connection:
        row = connection.execute(
            "SELECT count(published_value), max(vintage), (SELECT concat_ws(' ', fingerprint, archive) FROM build) FROM observation"
        ).fetchone()
    assert row is not None
    id_ = hashlib.blake2b(str(row[2]).encode(), digest_size=8).hexdigest()
    newest = words("table.none") if row[1] is None else day_text(row[1], words.lang)
    return Edition(id_, f"{row[0]:,}", newest)
