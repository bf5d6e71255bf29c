"""Commands about a database that a team shares: contribute, withdraw and snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gbaindicators.cli import options
from gbaindicators.cli.logs import log
from gbaindicators.cli.printing import plain_table
from gbaindicators.cli.results import deliver
from gbaindicators.errors import DatasetError, ValidationError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["contribute", "snapshots", "withdraw"]

_name: Final = click.option("--name", metavar="NAME", required=True, help="What the contribution is called.")
_author: Final = click.option(
    "--author", metavar="NAME", help="Who publishes this; the login name by default."
)
_message: Final = click.option("--message", "-m", metavar="TEXT", help="What changes, and why.")


@click.command()
@click.argument(
    "datasets", type=options.path, metavar="FOLDER", help="Datasets folder with observations/*.csv."
)
@_name
@_author
@_message
@options.database
@options.verbosity
def contribute(
    datasets: Path, name: str, author: str | None, message: str | None, database: str | None
) -> None:
    """Add figures to a database that a team shares, beside those of its build and of others.

    They are validated, and all of it becomes one snapshot. What was contributed under the same name is replaced.

    \b
    For example:
      export GBA_DATABASE="ducklake:postgres:dbname=gba host=db"
      gba contribute tourism --name tourism-desk -m "hotel guests 2025"
    """
    from gbaindicators import store

    try:
        with log.working("contributing"):
            made = store.contribute(datasets, database, name=name, author=author, message=message)
    except ValidationError as error:
        log.error("ValidationError", str(error), failures=error.failures.head(100).to_dicts())
        raise click.exceptions.Exit(1) from None
    except DatasetError as error:
        log.error("DatasetError", f"{error}. Nothing was published")
        raise click.exceptions.Exit(1) from None
    log.done(
        "contributed", f"contributed to {made.database}: {made.observations:,} observations now", **vars(made)
    )


@click.command()
@_name
@_author
@_message
@options.database
@options.verbosity
def withdraw(name: str, author: str | None, message: str | None, database: str | None) -> None:
    """Take a contribution out of a database that a team shares; snapshots before this one keep it.

    \b
    For example:
      gba withdraw --name tourism-desk --database "ducklake:postgres:dbname=gba"
    """
    from gbaindicators import store

    with log.working("withdrawing"):
        made = store.withdraw(name, database, author=author, message=message)
    log.done(
        "withdrawn",
        f"withdrew {name} from {made.database}: {made.observations:,} observations now",
        **vars(made),
    )


@click.command()
@options.form
@options.out
@options.database
@options.verbosity
def snapshots(form: str, out: Path | None, database: str | None) -> None:
    """List the snapshots of a database that a team shares: who published what, and when (UTC).

    \b
    For example:
      gba snapshots --database "ducklake:postgres:dbname=gba host=db"
      gba load gdp -a macao --database "ducklake:postgres:dbname=gba?snapshot=12"
    """
    from gbaindicators import store

    frame = store.snapshots(database)
    deliver(frame, form, out, lambda: plain_table(_shown(frame)))


def _shown(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return frame.with_columns(
        pl.col("time").dt.strftime("%Y-%m-%d %H:%M"),
        pl.concat_str(pl.lit("+"), "added", pl.lit(" -"), "removed").alias("changed"),
    ).select("snapshot", "time", "author", "changed", "message")
