"""Contributions to a shared database, beside its build and beside what refreshes accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators import ingest
from gbaindicators.errors import DatabaseError, UsageError, ValidationError
from gbaindicators.store import Lake, building, database_place
from gbaindicators.store.archive import Archive
from gbaindicators.store.lake.snapshots import archives
from tests.conftest import ROW
from tests.store.lake.lake_writers import values


def test_a_contribution_replaces_its_own_figures_alone(
    team: str, edition: Callable[..., Path], make_datasets
) -> None:
    gba.build(edition(1), team)
    extra = {"sources": [{"id": "our_desk", "grade": "official", "vintage": "2024-05-31"}]}
    mine = [
        make_datasets(**extra, gdp=[{"period": "2021", "value": str(v), "source": "our_desk"}])
        for v in (5, 6)
    ]
    theirs = make_datasets(gdp=[{"period": "2022", "value": "8"}])
    gba.contribute(mine[0], team, name="mine", author="ann", message="first try")
    gba.contribute(theirs, team, name="theirs")
    gba.contribute(mine[1], team, name="mine")
    assert gba.load("gdp", start="2021", database=team)["value"].to_list() == [6e9, 8e9]
    files = gba.query(
        "SELECT DISTINCT file FROM observation WHERE file LIKE 'contributed%' ORDER BY 1", database=team
    )
    assert files["file"].to_list() == ["contributed/mine/gdp.csv", "contributed/theirs/gdp.csv"]
    # A source that the shipped catalogue does not know came with the figures, and stays through a build.
    gba.build(edition(2), team)
    assert gba.sources(["our_desk"], database=team)["producer"].to_list() == ["Made up"]
    assert gba.load("gdp", start="2021", database=team)["value"].to_list() == [6e9, 8e9]
    gba.withdraw("mine", team)
    assert gba.load("gdp", start="2021", database=team)["value"].to_list() == [8e9]
    with pytest.raises(UsageError, match="no contribution 'mine': it has theirs"):
        gba.withdraw("mine", team)
    # Sums and choices are made anew: a figure of the same source and vintage stands once.
    with pytest.raises(ValidationError, match="gives the same figure as row"):
        gba.contribute(theirs, team, name="again")
    assert gba.snapshots(team)["message"].to_list()[1] == "first try"
    assert gba.snapshots(team).height == 6


def test_what_the_build_says_too_is_said_once_and_a_difference_is_found(
    team: str, edition: Callable[..., Path], make_datasets
) -> None:
    gba.build(edition(1), team)
    gba.contribute(make_datasets(gdp=[{"period": "2022", "value": "8"}]), team, name="early")
    gba.build(make_datasets(gdp=[{"period": "2022", "value": "9"}]), team)
    assert gba.load("gdp", database=team)["value"].to_list() == [9e9]
    found = gba.findings("contribution", database=team).row(0, named=True)
    assert (found["file"], found["value"], found["period"]) == (
        "contributed/early/gdp.csv",
        "8",
        date(2022, 1, 1),
    )


def test_what_refreshes_of_two_machines_accepted_stays(
    team: str, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(building, "datasets_dir", lambda: folder)
    for value, (machine, period) in enumerate({"desk": "2022", "laptop": "2023"}.items(), start=5):
        folder = edition(value)
        monkeypatch.setenv("GBA_HOME", str(tmp_path / machine))
        accepted = pl.DataFrame([ROW | {"period": period, "value": "300"}])
        Archive().add("dsec", "accepted", "20240601T000000", accepted, {})
        gba.build(database=team)
    assert values(team, end="2019") == [6e9]
    assert gba.load("gdp", start="2022", database=team)["period"].dt.year().to_list() == [2022, 2023]
    lake = database_place(team)
    assert isinstance(lake, Lake)
    machines = {Archive(tmp_path / machine / "archive").fingerprint() for machine in ("desk", "laptop")}
    assert archives(lake) == machines
    # A build of somebody's own datasets is another matter: nothing of the archives belongs to it.
    gba.build(edition(7), team)
    assert values(team) == [7e9] and archives(lake) == set()
    monkeypatch.setenv("GBA_DATABASE", team)
    refreshed = ingest.refresh([], environment={})
    assert "it is left alone, what was accepted is kept" in refreshed.problem


def test_a_contribution_needs_a_base_and_rows_that_are_valid(team: str, edition: Callable[..., Path], make_datasets, tmp_path: Path) -> None:  # fmt: skip
    folder = make_datasets(gdp=[{}])
    with pytest.raises(DatabaseError, match="holds no figures yet; begin with: gba build"):
        gba.contribute(folder, team, name="mine")
    gba.build(edition(1), team)
    with pytest.raises(ValidationError, match=r"observations/gdp\.csv, row 2, value: 'x'"):
        gba.contribute(make_datasets(gdp=[{"value": "x"}]), team, name="mine")
    with pytest.raises(UsageError, match="cannot name a contribution"):
        gba.contribute(folder, team, name="../mine")
    with pytest.raises(UsageError, match="is a file, which has one writer"):
        gba.contribute(folder, tmp_path / "gba.duckdb", name="mine")
    assert gba.snapshots(team).height == 1
