"""The command that refreshes the figures from the statistical services."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gbaindicators.cli import completing, options
from gbaindicators.cli.files import to_stdout
from gbaindicators.cli.logs import log
from gbaindicators.cli.printing import plain_table
from gbaindicators.cli.results import print_parts
from gbaindicators.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from gbaindicators.ingest.outcomes import Outcome, Refresh

__all__ = ["refresh"]

#: Characters of a reason that a person is shown.
_LONGEST = 400


@click.command()
@click.option(
    "--source",
    "-s",
    metavar="SERVICE",
    multiple=True,
    callback=options.listed,
    shell_complete=completing.services,
    help="Ask this service only. May be repeated.",
)
@click.option(
    "--since",
    metavar="PERIOD",
    help="Ask for the periods from here on, due or not: 2020, 2023-Q2 or 2023-05-17.",
)
@click.option("--force", is_flag=True, help="Ask for all series, due or not.")
@click.option("--dry-run", is_flag=True, help="Say what is due and why; ask and change nothing.")
@click.option("--review", is_flag=True, help="Show what was held back, figure by figure, and why.")
@click.option(
    "--out",
    "-o",
    type=options.path,
    metavar="FILE",
    help="With --review: draw known and held figures (.html, .png, .svg, .pdf).",
)
@click.option(
    "--accept",
    metavar="SERVICE[:SERIES]",
    multiple=True,
    callback=options.listed,
    shell_complete=completing.services,
    help="Take over what was held back, such as worldbank or worldbank:gdp/macao. May be repeated.",
)
@click.option(
    "--schedule",
    type=click.Choice(("cron", "systemd", "github")),
    help="Print what runs the refresh every night: a crontab, systemd units or a workflow of GitHub.",
)
@options.verbosity
def refresh(
    source: list[str] | None,
    since: str | None,
    force: bool,
    dry_run: bool,
    review: bool,
    out: Path | None,
    accept: list[str] | None,
    schedule: Literal["cron", "systemd", "github"] | None,
) -> None:
    """Ask the statistical services for what is due, and publish a database with it.

    Every answer is kept and compared with what is known. Figures that would delete history, change much of it, change a
    unit or leap are held back: look at them with --review, take them over with --accept. Keys are read from the
    environment (FRED_API_KEY, BEA_API_KEY, ESTAT_APP_ID); services whose key is not set are passed over.

    Ends with 1 when a service failed or figures were held back; what the others gave is published all the same.

    \b
    For example:
      gba refresh --dry-run
      gba refresh
      gba refresh --source immd --since 2026-01
      gba refresh --review --out held.html
      gba refresh --accept worldbank:gdp/macao
    """
    _check(review=review, out=out, accept=accept, dry_run=dry_run)
    if schedule is not None:
        from gbaindicators.ingest.scheduling import schedule_text

        to_stdout(schedule_text(schedule))
    elif review:
        _review(out)
    elif dry_run:
        _plan(source, everything=force or since is not None)
    else:
        _run(source, since, force=force, accept=accept)


def _check(*, review: bool, out: Path | None, accept: list[str] | None, dry_run: bool) -> None:
    if out is not None and not review:
        raise UsageError("--out goes with --review: it draws what was held back")
    if sum((review, bool(accept), dry_run)) > 1:
        raise UsageError("--review, --accept and --dry-run do different things: give one of them")


def _run(source: list[str] | None, since: str | None, *, force: bool, accept: list[str] | None) -> None:
    from gbaindicators import ingest

    with log.working("refreshing") as progress:
        if accept:
            done = ingest.accept_held(accept, progress=progress)
        else:
            done = ingest.refresh(source, since=since, force=force, progress=progress)
    _tell(done)
    if not done.well:
        raise click.exceptions.Exit(1)


def _tell(done: Refresh) -> None:
    """Say what became of every service: lines for people, an object for machines."""
    for one in done.outcomes:
        fields = {name: getattr(one, name) for name in one.__slots__}
        text = _head(one) if log.as_json else "\n  ".join([_head(one), *_reasons(one)])
        if one.state == "failed":
            log.error("failed", text, **fields)
        elif one.state == "held":
            log.warning("held", text, **fields)
        else:
            log.note(one.state.replace(" ", "_"), text, **fields)
    if done.problem:
        log.error("not_published", f"{done.problem}. The last good database stands")
    states = [one.state for one in done.outcomes]
    words = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    what = f"published {done.database}" if done.published else "nothing new to publish"
    log.done(
        "refreshed",
        f"{', '.join(words) or 'no services'}; {'not published' if done.problem else what}",
        published=done.published,
        database=done.database,
        problem=done.problem,
    )


def _head(one: Outcome) -> str:
    counts = [
        f"{count:,} {word}"
        for count, word in ((one.new, "new"), (one.revised, "revised"), (one.withdrawn, "withdrawn"), (one.held, "held back"))
        if count
    ]  # fmt: skip
    told = f" ({', '.join(counts)})" if counts else ""
    return f"{one.service}: {one.state}{told}"


def _reasons(one: Outcome) -> list[str]:
    """Reasons as a person reads them: the service is named in the head already, and the log has the whole text."""
    lines = [reason.removeprefix(f"{one.service}: ") for reason in one.reasons]
    if one.held:
        lines.append(f"look: gba refresh --review; take over: gba refresh --accept {one.service}")
    return [line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ... (the whole: --json)" for line in lines]


def _plan(source: list[str] | None, *, everything: bool) -> None:
    """Print what a refresh would ask, service by service."""
    import polars as pl

    from gbaindicators import ingest

    turns = _turns(ingest.refresh_plan(source), everything=everything)
    grouped = turns.group_by("service", maintain_order=True).agg(
        pl.len().alias("series"),
        pl.col("due").sum(),
        pl.col("expected").min().alias("next_expected"),
        pl.col("asked").max().dt.strftime("%Y-%m-%d %H:%M").alias("last_asked"),
        pl.col("why")
        .filter(pl.col("due") | pl.col("key").is_not_null())
        .unique(maintain_order=True)
        .head(2)
        .str.join("; "),
    )
    print_parts(plain_table(grouped))
    due = turns["due"].sum()
    log.done(
        "plan", f"{due} of {turns.height} series would be asked; nothing was", due=due, series=turns.height
    )


def _turns(plan: pl.DataFrame, *, everything: bool) -> pl.DataFrame:
    """Series with whether and why they would be asked; those of a service whose key is not set would not."""
    import polars as pl

    from gbaindicators.catalog import catalog

    keyless = [
        (s.id, s.key) for s in catalog().services.values() if s.key_needed and not os.environ.get(s.key)
    ]
    missing = pl.DataFrame(keyless, {"service": pl.String, "key": pl.String}, orient="row")
    passed_over = pl.col("key").is_not_null()
    return plan.join(missing, on="service", how="left", maintain_order="left").with_columns(
        due=(pl.lit(everything) | pl.col("due")) & ~passed_over,
        why=pl.when(passed_over)
        .then(pl.format("passed over: {} is not set", "key"))
        .when(pl.lit(everything))
        .then(pl.lit("asked for"))
        .otherwise("why"),
    )


def _review(out: Path | None) -> None:
    from gbaindicators import ingest

    held = ingest.held_changes()
    if not held.height:
        log.done("review", "nothing is held back", held=0)
        return
    for (service, feed), rows in held.group_by("service", "feed", maintain_order=True):
        print_parts([f"{service}:{feed}: {rows['reason'][0]}", *plain_table(_shown(rows)), ""])
    if out is not None:
        from gbaindicators.charts import export
        from gbaindicators.charts.held import held_back
        from gbaindicators.ingest.reviewing import known_figures

        export(held_back(held, known_figures(held)), out)
        log.done("written", f"wrote {out}", path=out)
    services = held["service"].unique(maintain_order=True).to_list()
    log.done("review", f"{held.height:,} figures are held back; take them over with: gba refresh --accept {services[0]}",
             held=held.height, services=services)  # fmt: skip


def _shown(rows: pl.DataFrame) -> pl.DataFrame:
    """First and last changes of a series, enough to judge by."""
    import polars as pl

    columns = ["period", "change", "known_value", "value", "unit", "status", "vintage"]
    some = rows.select(columns)
    return some if some.height <= 12 else pl.concat([some.head(6), some.tail(6)])
