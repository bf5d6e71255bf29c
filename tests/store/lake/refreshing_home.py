"""A data home on a machine of its own, which refreshes into a shared database by the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import polars as pl

from gbaindicators.store.archive import Archive
from tests.ingest.world import KEY

ROOT = Path(__file__).parents[3]
GBA = (sys.executable, "-c", "from tests.store.lake.refreshing_home import gba; gba()")


def gba() -> None:
    """Run the command line beside few shipped figures, without the pauses between requests."""
    from gbaindicators.cli.app import main
    from gbaindicators.ingest import publishing, refreshing
    from gbaindicators.ingest.fetching import Client
    from gbaindicators.store import building

    refreshing.Client = partial(Client, pause=0.0, backoff=0.05)  # type: ignore[assignment,misc]
    datasets = Path(os.environ["TEST_DATASETS"])
    for module in (publishing, building):
        module.datasets_dir = lambda: datasets  # type: ignore[attr-defined]
    sys.exit(main(sys.argv[1:]))


class Machine:
    """A machine of the team.

    Attributes
    ----------
    home
        Its data home.
    database
        Connection string of the database that it refreshes into.
    """

    def __init__(self, home: Path, database: str, services: str, datasets: Path) -> None:
        self.home, self.database, self.services, self.datasets = home, database, services, datasets

    def run(self, *words: str, database: str | None = None) -> tuple[int, str]:
        """Run a command to its end; gives its exit code and all it said."""
        own = {
            "GBA_HOME": str(self.home), "GBA_REPLAY": self.services, "FRED_API_KEY": KEY,
            "GBA_DATABASE": database or self.database, "TEST_DATASETS": str(self.datasets),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        }  # fmt: skip
        done = subprocess.run(
            [*GBA, *words], env=os.environ | own, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
        )  # fmt: skip
        return done.returncode, done.stdout

    def accepted(self, service: str) -> pl.DataFrame:
        """What refreshes accepted here."""
        return Archive(self.home / "archive").known(service)
