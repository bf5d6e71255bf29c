"""Commands about a database that a team shares: contribute, withdraw and snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gbaindicators.cli import options
from gbaindicators.cli.logs import log
from gbaindicators.cli.printing import plain_table
from gbaindicators.cli.results import deliver
from gbaindicators.errors import DatasetError, ValidationError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["contribute", "snapshots", "withdraw"]

_Name = Annotated[str, typer.Option("--name", metavar="NAME", help="What the contribution is called.")]
_Author = Annotated[str | None, typer.Option(metavar="NAME", help="Who it is, by default the login name.")]
_Message = Annotated[
    str | None, typer.Option("--message", "-m", metavar="TEXT", help="What changes, and why.")
]


def contribute(
    datasets: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Datasets folder with observations/*.csv.")
    ],
    name: _Name,
    author: _Author = None,
    message: _Message = None,
    database: options.Database = None,
) -> None:
    """Add figures to a database that a team shares, beside those of its build and of others.

    They are validated, and all of it becomes one snapshot. What was contributed under the same name is replaced.

    For example:

        gba contribute tourism --name tourism-desk -m "hotel guests 2025" --database "ducklake:postgres:dbname=gba host=db"
    """
    from gbaindicators import store

    try:
        with log.working("contributing"):
            made = store.contribute(datasets, database, name=name, author=author, message=message)
    except ValidationError as error:
        log.error("ValidationError", str(error), failures=error.failures.head(100).to_dicts())
        raise typer.Exit(1) from None
    except DatasetError as error:
        log.error("DatasetError", f"{error}. Nothing was published")
        raise typer.Exit(1) from None
    log.done(
        "contributed", f"contributed to {made.database}: {made.observations:,} observations now", **vars(made)
    )


def withdraw(
    name: _Name,
    author: _Author = None,
    message: _Message = None,
    database: options.Database = None,
) -> None:
    """Take a contribution out of a database that a team shares; snapshots before this one keep it.

    For example:

        gba withdraw --name tourism-desk --database "ducklake:postgres:dbname=gba host=db"
    """
    from gbaindicators import store

    with log.working("withdrawing"):
        made = store.withdraw(name, database, author=author, message=message)
    log.done(
        "withdrawn",
        f"withdrew {name} from {made.database}: {made.observations:,} observations now",
        **vars(made),
    )


def snapshots(
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """List the snapshots of a database that a team shares: who published what, and when (UTC).

    For example:

        gba snapshots --database "ducklake:postgres:dbname=gba host=db"
        gba load gdp --area macao --database "ducklake:postgres:dbname=gba host=db?snapshot=12"
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
