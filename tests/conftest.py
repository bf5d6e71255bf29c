"""What tests share: a data home of their own, the shipped database, and small datasets made of rows."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from gbaindicators.catalog import datasets_dir
from gbaindicators.store import build
from gbaindicators.tables import observations

# How long an example takes says how busy the machine is: timings are for the benchmarks.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

#: A row of an observation file that breaks no rule; a made-up row says only what differs from it.
ROW = {
    "indicator": "gdp", "area": "macao", "period": "2020", "value": "204.4", "unit": "MOP", "scale": "9",
    "adjustment": "nsa", "prices": "current", "status": "A", "vintage": "2024-05-31", "source": "dsec_gba_gdp",
    "locator": "row 1", "note": "",
}  # fmt: skip

Rows = Sequence[Mapping[str, object]]
MakeDatasets = Callable[..., Path]
MakeDatabase = Callable[..., Path]


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a data home of its own, before anything is collected, so that doctests use it too."""
    config.stash[_HOME] = (os.environ.get("GBA_HOME"), tempfile.mkdtemp(prefix="gba-home-"))
    os.environ["GBA_HOME"] = config.stash[_HOME][1]
    os.environ.pop("GBA_DATABASE", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    before, made = config.stash[_HOME]
    shutil.rmtree(made, ignore_errors=True)
    if before is None:
        os.environ.pop("GBA_HOME", None)
    else:
        os.environ["GBA_HOME"] = before


_HOME = pytest.StashKey[tuple[str | None, str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the real services, and what takes long, alone unless -m names them."""
    for marker in ("live", "slow"):
        if marker not in config.option.markexpr:
            left = {item for item in items if item.get_closest_marker(marker)}
            items[:] = [item for item in items if item not in left]
            config.hook.pytest_deselected(items=list(left))


@pytest.fixture(scope="session")
def shipped() -> Path:
    """Database of the shipped figures in the data home of the run; tests only read it."""
    path = Path(os.environ["GBA_HOME"]) / "gba.duckdb"
    if not path.exists():
        build()
    return path


def write_csv(path: Path, columns: Sequence[str], rows: Rows) -> Path:
    """Write a dataset file as the format wants it: UTF-8, LF, the last line ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def make_datasets(tmp_path_factory: pytest.TempPathFactory) -> MakeDatasets:
    """Make a small datasets folder of rows: ``make_datasets(gdp=[{"period": "2021", "value": "241"}])``.

    Rows name only what differs from `ROW`. Further arguments: ``sources`` (rows) and ``preferences`` (TOML text) are
    added to a copy of the shipped catalogue, ``crossings`` is the text of a crossings file.
    """

    def make(sources: Rows = (), preferences: str = "", crossings: str = "", **tables: Rows) -> Path:
        root = tmp_path_factory.mktemp("datasets")
        for table, rows in tables.items():
            write_csv(
                root / "observations" / f"{table}.csv", observations.COLUMNS, [ROW | dict(r) for r in rows]
            )
        if crossings:
            (root / "crossings").mkdir()
            (root / "crossings" / "hk_daily_crossings.csv").write_text(crossings, encoding="utf-8")
        if sources or preferences:
            _extend_catalog(root / "catalog", sources, preferences)
        return root

    return make


@pytest.fixture(scope="session")
def make_database(make_datasets: MakeDatasets, tmp_path_factory: pytest.TempPathFactory) -> MakeDatabase:
    """Build a database of made-up rows; arguments as of `make_datasets`."""

    def make(**what: Any) -> Path:
        path = tmp_path_factory.mktemp("database") / "made_up.duckdb"
        build(make_datasets(**what), path)
        return path

    return make


def _extend_catalog(folder: Path, sources: Rows, preferences: str) -> None:
    shutil.copytree(datasets_dir() / "catalog", folder)
    with (folder / "sources.csv").open("a", encoding="utf-8", newline="") as file:
        fields = (
            "id",
            "producer",
            "title",
            "url",
            "mirror",
            "licence",
            "grade",
            "vintage",
            "vintage_basis",
            "note",
        )
        writer = csv.DictWriter(file, fields, restval="", lineterminator="\n")
        writer.writerows({"producer": "Made up", "title": "Made up"} | dict(s) for s in sources)
    with (folder / "preferences.toml").open("a", encoding="utf-8") as file:
        file.write(preferences)
