"""A shared database between versions of the package: what is read, made anew, or left alone, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

import gbaindicators as gba
from gbaindicators.errors import DatabaseError
from gbaindicators.store import building, layout
from gbaindicators.store.lake import session
from gbaindicators.store.lake.attaching import attach_lake
from gbaindicators.store.lake.location import parse_lake
from gbaindicators.version import __version__
from tests.store.lake.lake_writers import values
from tests.store.test_dated import DAYS, FIGURES, Print, agrees, datasets_of, expected, told
from tests.store.test_partitions import write

Edition = Callable[..., Path]


@pytest.fixture
def here(tmp_path: Path) -> str:
    """Shared database whose catalogue is a file."""
    return f"ducklake:{tmp_path / 'team.ducklake'}"


def as_version(monkeypatch: pytest.MonkeyPatch, version: str, number: int = layout.LAYOUT) -> None:
    """Go on as another version of the package would."""
    for module in (layout, building):
        monkeypatch.setattr(module, "__version__", version)
        monkeypatch.setattr(module, "LAYOUT", number)


def as_first_layout(database: str) -> None:
    """Lay out a shared database as it was before layouts had numbers."""
    lake = parse_lake(database)
    with duckdb.connect() as connection:
        attach_lake(connection, lake, write=True)
        connection.execute("ALTER TABLE lake.main.observation DROP COLUMN dated")
        connection.execute("ALTER TABLE lake.main.build DROP COLUMN layout")


# --- publishing ------------------------------------------------------------------------------------------------------


def test_an_older_version_does_not_publish_over_a_newer(
    team: str, edition: Edition, make_datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    gba.build(edition(1), team)
    as_version(monkeypatch, "0.0.9")
    said = (
        rf"built by the newer gbaindicators {__version__} .*; this is 0\.0\.9 .*nothing was published\. "
        rf"Update gbaindicators here: pip install --upgrade 'gbaindicators>={__version__}'"
    )
    with pytest.raises(DatabaseError, match=said):
        gba.build(edition(2), team)
    with pytest.raises(DatabaseError, match=said):
        gba.contribute(make_datasets(gdp=[{"period": "2022"}]), team, name="desk")
    assert gba.snapshots(team).height == 1
    assert values(team) == [1e9]  # it reads what it can read


def test_it_makes_no_partitions_to_find_that_out(
    here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "parts", "gdp", "year=2020", [{}])
    gba.build(tmp_path / "parts", here)
    as_version(monkeypatch, "0.0.9")
    lines: list[str] = []
    with pytest.raises(DatabaseError, match="the newer gbaindicators"):
        gba.build(tmp_path / "parts", here, progress=lines.append)
    assert not lines


def test_a_newer_version_goes_on_and_the_old_one_stops(
    here: str, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    gba.build(edition(1), here)
    with monkeypatch.context() as newer:
        as_version(newer, "0.10.0.dev3")
        gba.build(edition(2), here)
        gba.build(edition(3), here)
    with pytest.raises(DatabaseError, match=r"the newer gbaindicators 0\.10\.0\.dev3"):
        gba.build(edition(1), here)
    assert values(here) == [3e9]
    assert gba.snapshots(here).height == 3


def test_a_contribution_leaves_the_build_to_its_version(
    here: str, edition: Edition, make_datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of a team who updates first and contributes does not stop the nightly build of the others."""
    gba.build(edition(1), here)
    with monkeypatch.context() as newer:
        as_version(newer, "0.10")
        gba.contribute(make_datasets(gdp=[{"period": "2022", "value": "8"}]), here, name="desk")
    gba.build(edition(2), here)
    assert gba.load("gdp", start="2019", database=here)["value"].to_list() == [2e9, 8e9]


# --- layouts ---------------------------------------------------------------------------------------------------------


def test_a_newer_layout_is_neither_read_nor_written(
    here: str, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        as_version(newer, "0.10", layout.LAYOUT + 1)
        gba.build(edition(1), here)
        assert values(here) == [1e9]
    said = r"snapshot \d+ of ducklake:.* was built by gbaindicators 0\.10 in layout 3; this version, .*, reads layout 2\. Update"
    with pytest.raises(DatabaseError, match=said):
        values(here)
    with pytest.raises(DatabaseError, match=r"the newer gbaindicators 0\.10 \(layout 3\)"):
        gba.build(edition(2), here)


def test_an_older_layout_is_made_anew_with_what_was_contributed(
    team: str, edition: Edition, make_datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    gba.build(edition(1), team)
    desk = make_datasets(gdp=[{"period": "2022", "value": "8"}])
    gba.contribute(desk, team, name="desk")
    as_first_layout(team)
    monkeypatch.setattr(session, "_attached", {})  # as another process
    said = rf"built by gbaindicators {__version__} in layout 1; this version, .*, reads layout 2\. Build it anew: gba build --datasets"
    for use in (values, lambda where: gba.contribute(desk, where, name="late")):
        with pytest.raises(DatabaseError, match=said):
            use(team)
    gba.build(edition(2), team)
    assert gba.load("gdp", start="2019", database=team)["value"].to_list() == [2e9, 8e9]
    last, *earlier = reversed(gba.snapshots(team)["snapshot"].to_list())
    assert values(f"{team}&snapshot={last}") == [2e9, 8e9]
    with pytest.raises(DatabaseError, match=rf"snapshot {earlier[0]} of .*in layout 1"):
        values(f"{team}&snapshot={earlier[0]}")


def test_partitions_of_an_older_layout_are_made_anew(here: str, tmp_path: Path) -> None:
    for year in (2019, 2020):
        write(tmp_path / "parts", "gdp", f"year={year}", [{"period": str(year)}])
    assert gba.build(tmp_path / "parts", here).new_partitions == 2
    as_first_layout(here)
    assert gba.build(tmp_path / "parts", here).new_partitions == 2
    assert gba.load("gdp", database=here).height == 2
    assert gba.build(tmp_path / "parts", here).new_partitions == 0


# --- the choice among sources ----------------------------------------------------------------------------------------


@given(figures=FIGURES)
@settings(max_examples=2, suppress_health_check=list(HealthCheck))
def test_a_shared_database_chooses_by_the_rule(
    make_datasets, tmp_path: Path, figures: dict[int, list[Print]]
) -> None:
    root = datasets_of(make_datasets, figures)
    lake = f"ducklake:{root / 'team.ducklake'}"
    gba.build(root, lake)
    assert told(gba.load("gdp", "macao", database=lake)) == expected(figures, DAYS[-1])
    agrees(lake, figures)
