"""The command report."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gbaindicators.cli import options
from gbaindicators.cli.figures import announce_first_build
from gbaindicators.cli.logs import log

__all__ = ["report"]


@click.command()
@click.option(
    "--out",
    "-o",
    type=options.path,
    metavar="FOLDER",
    default=Path("gba-report"),
    help="Folder to write.",
)
@options.lang
@options.as_of
@click.option(
    "--sections",
    metavar="IDS",
    help="Sections to make, with commas between them: summary, explorer, headline, ranking, history, cities, convergence, "
    "gateways, boundary, flows, integration, outlook, quality. All by default.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("html", "pdf", "xlsx", "all")),
    default="all",
    help="The page with its data, the print, the workbook, or everything.",
)
@click.option(
    "--images/--no-images",
    default=True,
    help="With everything: also the charts as PNG and the print, which need Chrome or Chromium.",
)
@options.database
@options.verbosity
def report(
    out: Path,
    lang: str,
    as_of: str | None,
    sections: str | None,
    form: Literal["html", "pdf", "xlsx", "all"],
    images: bool,
    database: str | None,
) -> None:
    """Write the report: a page for the browser, its print, a workbook, CSV files and the database.

    The same figures give the same bytes: files that would not change are not
    written again, and the digest tells a job whether anything did.

    \b
    For example:
      gba report
      gba report --lang zh-Hant --out baogao
      gba report --as-of 2026-06-30 --sections cities,boundary --format html
      gba report --out today --no-images
    """
    from gbaindicators import reporting, store

    announce_first_build(database)
    names = None if sections is None else [s.strip() for s in sections.split(",") if s.strip()]
    with store.using_database(database), log.working("writing the report") as progress:
        made = reporting.report(
            out, lang=lang, as_of=as_of, sections=names, format=form, images=images, progress=progress
        )
    if made.pictures_missing:
        log.warning("pictures_missing", made.pictures_missing)
    changed = (
        f"{len(made.changed)} of {len(made.files)} files changed"
        if made.changed
        else f"unchanged ({len(made.files)} files)"
    )
    first = next((f for f in made.files if f.suffix in (".html", ".pdf", ".xlsx")), made.folder)
    log.done(
        "written", f"wrote {made.folder}: {changed}, digest {made.digest[:16]}; open {first}",
        folder=made.folder, files=made.files, changed=made.changed, digest=made.digest, edition=made.edition,
    )  # fmt: skip
