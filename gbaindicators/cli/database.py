"""Commands about the database: build, validate and status."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gbaindicators.cli import completing, options
from gbaindicators.cli.files import encode, format_of, to_stdout, write_file
from gbaindicators.cli.logs import log
from gbaindicators.cli.printing import make_entries, make_table, plain_table
from gbaindicators.cli.results import print_parts
from gbaindicators.errors import DatasetError, UsageError, ValidationError

if TYPE_CHECKING:
    import polars as pl

    from gbaindicators.cli.layout import Part, Table
    from gbaindicators.store import Lake

__all__ = ["build", "status", "validate"]

#: How many findings of each check are printed.
_MOST_SHOWN: Final = 5
#: Characters of the reason why something is stale that are printed; ``--format json`` has all.
_LONGEST_REASON: Final = 240
#: A reason, and of which series of an indicator it speaks where it does not speak of all.
_WHY: Final = r"(?s)^(?<why>.*?)(?<part> \(\d+ of \d+ series, first [^()]+\))?$"


@click.command()
@click.option(
    "--datasets",
    type=options.path,
    metavar="FOLDER",
    help="Datasets to build from instead of the shipped figures.",
)
@click.option(
    "--database",
    metavar="DATABASE",
    shell_complete=completing.files,
    help="Publish to this instead of GBA_DATABASE or the one in the data home: a file, or a database that a team "
    "shares, ducklake:postgres:dbname=gba host=db.example.org?data_path=/mnt/team/gba.",
)
@options.verbosity
def build(datasets: Path | None, database: str | None) -> None:
    """Build the database from the datasets and publish it.

    The new database replaces the old one only when every row is valid; until then, and if anything fails, the last
    good one stands.

    \b
    For example:
      gba build
      gba build --datasets my-datasets --database my.duckdb
      gba build --database "ducklake:postgres:dbname=gba?data_path=/mnt/team/gba"
    """
    from gbaindicators import store

    _check_exists(datasets)
    try:
        with log.working("building the database") as progress:
            made = store.build(datasets, database, progress=progress)
    except ValidationError as error:
        log.error("ValidationError", str(error), failures=error.failures.head(100).to_dicts())
        raise click.exceptions.Exit(1) from None
    except DatasetError as error:
        log.error("DatasetError", f"{error}. Nothing was published")
        raise click.exceptions.Exit(1) from None
    log.done(
        "built",
        f"built {made.database}: {made.observations:,} observations in {made.series:,} series from "
        f"{made.sources:,} sources, {made.findings:,} findings to look at",
        **vars(made),
    )


@click.command()
@click.argument(
    "path",
    type=options.path,
    required=False,
    help="Datasets folder or one CSV file; the shipped figures by default.",
)
@click.option(
    "--out",
    "-o",
    type=options.path,
    metavar="FILE",
    help="Write what was found to a .csv, .json, .parquet or .xlsx file.",
)
@click.option("--findings", is_flag=True, help="Also list what the checks across tables found.")
@options.verbosity
def validate(path: Path | None, out: Path | None, findings: bool) -> None:
    """Check figures against the rules of their tables, without publishing anything.

    Ends with 1 when a cell breaks a rule. Findings are what the checks could not decide; they stop no build.

    \b
    For example:
      gba validate my.csv --out failures.csv
      gba validate my-datasets --findings
    """
    import polars as pl

    from gbaindicators import store

    _check_exists(path)
    form = format_of(out) if out else ""
    try:
        with log.working("checking"):
            failures, found = store.validate_datasets(path)
    except DatasetError as error:
        log.error("DatasetError", str(error))
        raise click.exceptions.Exit(1) from None
    if path is not None and path.is_file():
        failures = failures.with_columns(pl.lit(str(path)).alias("file"))
    report = failures if failures.height or not findings else found
    if out is not None:
        write_file(out, encode(report, form))
        log.done("written", f"wrote {out} ({report.height:,} rows)", path=out, rows=report.height)
    if failures.height:
        cells = f"{failures.height:,} cell{'s break' if failures.height > 1 else ' breaks'} the rules of their table"
        print_parts(plain_table(failures))
        log.error("invalid", cells, failures=failures.head(100).to_dicts())
        raise click.exceptions.Exit(1)
    if findings and found.height:
        print_parts(_by_check(found))
    log.done("valid", f"valid; {found.height:,} findings to look at", findings=found.height)


def _by_check(found: pl.DataFrame) -> list[Part]:
    """Findings check by check, the first of each: which figure, what was found, where it stands."""
    import polars as pl

    from gbaindicators.catalog import period_text_expr

    place = pl.when(pl.col("file").is_not_null()).then(pl.format("{}, row {}", "file", "row"))
    lines = found.select(
        "check",
        pl.concat_str("indicator", "area", period_text_expr(), separator=", ", ignore_nulls=True).alias(
            "figure"
        ),
        pl.concat_str(pl.coalesce("detail", "rule"), place, separator="; ", ignore_nulls=True).alias("what"),
    )
    parts: list[Part] = []
    for (check,), rows in lines.group_by("check", maintain_order=True):
        more = f", the first {_MOST_SHOWN}; --out FILE writes all" if rows.height > _MOST_SHOWN else ""
        parts += [f"Check {check} ({rows.height:,}{more})"]
        parts += make_entries([(figure, what) for _, figure, what in rows.head(_MOST_SHOWN).iter_rows()])
        parts += [""]
    return parts


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json")),
    default="table",
    help="How to print it.",
)
@options.database
@options.verbosity
def status(form: str, database: str | None) -> None:
    """Say what the database holds, and how fresh it is against the calendars of the services.

    \b
    For example:
      gba status
      gba status --format json
    """
    from gbaindicators import ingest, store

    place = store.database_place(database)
    fresh = ingest.freshness()
    if isinstance(place, Path) and not place.exists():
        if form == "json":
            known = {"database": place, "exists": False, "freshness": fresh.to_dicts()}
            to_stdout(json.dumps(known, default=str, indent=2) + "\n")
        else:
            named = database is not None or store.chosen_database() is not None
            how = (
                f"gba build --database {place} makes it"
                if named
                else "the first read builds it, or gba build"
            )
            there_is_none = f"There is no database at {place} yet: {how}."
            print_parts([there_is_none, "", *_freshness(fresh)])
        return
    facts, tables = _facts(place)
    if form == "json":
        told = {**facts, "tables": tables.to_dicts(), "freshness": fresh.to_dicts()}
        to_stdout(json.dumps(told, default=str, indent=2) + "\n")
        return
    lines = [
        f"Database    {place}" + (f" ({facts['megabytes']:.0f} MB)" if facts["megabytes"] else ""),
        f"Built       {facts['built_at']:%Y-%m-%d %H:%M} UTC by gbaindicators {facts['package_version']}, "
        f"DuckDB {facts['duckdb_version']}",
        f"Datasets    {facts['datasets']}"
        + ("" if facts["current"] else " (older than those shipped: the next read rebuilds it)"),
        f"Figures     {facts['observations']:,} observations in {facts['series']:,} series from {facts['sources']:,} sources",
        f"To look at  {facts['findings']:,} findings: gba validate --findings",
        f"            {facts['disagreements']:,} disagreements: gba disagreements",
    ]
    if facts["snapshots"]:
        last = facts["snapshots"][-1]
        lines.append(
            f"Snapshots   {len(facts['snapshots'])}, the last {last['snapshot']} by {last['author']}: {last['message']}; "
            "gba snapshots lists them"
        )
    print_parts(["\n".join(lines), "", *plain_table(tables), "", *_freshness(fresh)])


def _freshness(fresh: pl.DataFrame) -> list[Part]:
    """Freshness of the services that were ever asked, and why what is stale is so; then those that never were."""
    import polars as pl

    answered = pl.col("last_asked").is_not_null() | pl.col("state").is_in(["failed", "held back"])
    asked, never = fresh.filter(answered.any().over("service")), fresh.filter(~answered.any().over("service"))
    parts: list[Part] = []
    if asked.height:
        alike = ["service", "last_period", "next_expected", "late_days", "state", "why"]
        rows = (
            asked.group_by(alike, maintain_order=True).agg("indicator").sort("service", maintain_order=True)
        )
        parts += [_freshness_table(rows, asked), ""]
        reasons = _reasons(asked)
        parts += [*make_entries(reasons), ""] if reasons else []
    if never.height:
        states = never.group_by("service", maintain_order=True).agg(pl.col("state").first()).iter_rows()
        ids = [f"{service} (no key)" if state == "no key" else service for service, state in states]
        parts += [f"Never asked: {', '.join(ids)}. What a refresh would ask: gba refresh --dry-run"]
    return parts


def _reasons(fresh: pl.DataFrame) -> list[tuple[str, str]]:
    """Services, each with the indicators that are not current for one reason and, once, that reason."""
    import polars as pl

    return [
        (service, f"{', '.join(dict.fromkeys(names))}\n{_cut(why)}")
        for service, why, names in fresh.drop_nulls("why")
        .with_columns(pl.col("why").str.extract_groups(_WHY).struct.unnest())
        .with_columns(pl.concat_str("indicator", "part", ignore_nulls=True))
        .group_by("service", "why", maintain_order=True)
        .agg("indicator")
        .sort("service", maintain_order=True)
        .iter_rows()
    ]


def _freshness_table(rows: pl.DataFrame, asked: pl.DataFrame) -> Table:
    """Rows under the name of their service; indicators that are equally fresh stand together."""
    import polars as pl

    columns: dict[str, list[str]] = {n: [] for n in ("service", "last", "expected", "late", "state")}
    for (service,), some in rows.group_by("service", maintain_order=True):
        when = asked.filter(pl.col("service") == service)["last_asked"].max()
        told = f"answered {when:%Y-%m-%d}" if isinstance(when, datetime) else "no sound answer yet"
        cells = [[f"{service}, {told}", "", "", "", ""]]
        for row in some.iter_rows(named=True):
            late = str(row["late_days"]) if row["late_days"] else ""
            cells.append(
                [
                    f"  {_first_of(row['indicator'])}",
                    row["last_period"] or "",
                    str(row["next_expected"] or ""),
                    late,
                    row["state"],
                ]
            )
        for name, column in zip(columns, zip(*cells, strict=True), strict=True):
            columns[name] += column
    return make_table(columns, ["late"], 0)


def _first_of(indicators: list[str]) -> str:
    """The first of some indicators, and how many more."""
    names = list(dict.fromkeys(indicators))
    return names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "")


def _cut(why: str) -> str:
    return why if len(why) <= _LONGEST_REASON else why[: _LONGEST_REASON - 1] + "…"


def _facts(place: Path | Lake) -> tuple[dict[str, Any], pl.DataFrame]:
    """What a database says of itself, and how fresh its tables are."""
    from gbaindicators import store
    from gbaindicators.catalog import datasets_dir
    from gbaindicators.store.fingerprint import fingerprint
    from gbaindicators.store.names import fetch

    with store.connect(place) as connection:
        counts = fetch(
            connection,
            """SELECT b.*, (SELECT count(*) FROM disagreements) AS disagreements, (SELECT count(DISTINCT source) FROM observation)
               AS sources, (SELECT count(DISTINCT (indicator, area, frequency, adjustment, prices)) FROM observation) AS series
               FROM build b""",
        ).row(0, named=True)
        tables = fetch(
            connection,
            """SELECT table_name AS "table", count(*) AS figures, max(period) AS last_period, max(vintage) AS last_vintage
               FROM observation GROUP BY ALL ORDER BY ALL""",
        )
    current = counts["datasets"] != "shipped" or counts["fingerprint"] == fingerprint(datasets_dir())
    facts = {
        "database": place,
        "exists": True,
        "megabytes": place.stat().st_size / 1e6 if isinstance(place, Path) else None,
        "snapshots": [] if isinstance(place, Path) else store.snapshots(place).to_dicts(),
        **counts,
        "current": current,
    }
    return facts, tables


def _check_exists(path: Path | None) -> None:
    if path is not None and not path.exists():
        raise UsageError(f"there is no file or folder '{path}'")
