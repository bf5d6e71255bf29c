"""Files that this version of DuckDB, or of the package, does not read: what is said of them, and what is made anew."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import gbaindicators as gba
from gbaindicators.errors import DatabaseError
from gbaindicators.store import building, current
from gbaindicators.store.layout import LAYOUT
from gbaindicators.version import __version__


def test_a_file_whose_header_says_another_version_is_not_taken_for_a_locked_one(
    make_database, tmp_path: Path
) -> None:
    content = bytearray(make_database(gdp=[{}]).read_bytes())
    content[12:20] = (5000).to_bytes(8, "little")  # where DuckDB writes its storage version
    path = tmp_path / "newer.duckdb"
    path.write_bytes(content)
    for use in (lambda: gba.load("gdp", database=path), lambda: gba.build(database=path)):
        with pytest.raises(DatabaseError, match=r"damaged, or written by a newer DuckDB.*gba build") as error:
            use()
        assert "locked" not in str(error.value)
    assert path.read_bytes() == bytes(content)


def laid_out(path: Path, layout: int | None, version: str = __version__) -> Path:
    """Make a database say that it has another layout; the first one had no number."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE build SET package_version = ?, layout = ?", [version, layout])
        if layout is None:
            connection.execute("ALTER TABLE build DROP COLUMN layout")
            connection.execute("DROP VIEW printed; ALTER TABLE observation DROP COLUMN dated")
    return path


def test_an_older_layout_is_not_read_but_built_anew(make_datasets, tmp_path: Path) -> None:
    root, path = make_datasets(gdp=[{"value": "7"}]), tmp_path / "mine.duckdb"
    gba.build(root, path)
    laid_out(path, None, "0.0.9")
    said = (
        rf"mine.duckdb was built by gbaindicators 0\.0\.9 in layout 1; this version, .*, reads layout {LAYOUT}\. "
        rf"Build it anew: gba build --datasets {root} --database '.*mine.duckdb'"
    )
    for read in (gba.load, gba.scan, lambda name, database: gba.revisions(name, "macao", database=database)):
        with pytest.raises(DatabaseError, match=said):
            read("gdp", database=path)
    gba.build(root, path)
    assert gba.load("gdp", database=path)["value"].to_list() == [7e9]


def test_a_newer_layout_asks_for_the_newer_version(make_database) -> None:
    path = laid_out(make_database(gdp=[{}]), LAYOUT + 1, "9.1")
    with pytest.raises(DatabaseError, match=r"in layout 3; .* pip install --upgrade 'gbaindicators>=9\.1'"):
        gba.load("gdp", database=path)


@pytest.mark.parametrize("layout", [None, LAYOUT - 1])
def test_shipped_figures_of_an_older_layout_are_built_anew_when_they_are_read(
    layout: int | None, make_datasets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_datasets(gdp=[{"value": "7"}])
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    monkeypatch.setattr(current, "_seen", set())
    for module in (building, current):
        monkeypatch.setattr(module, "datasets_dir", lambda: root)
    assert gba.load("gdp")["value"].to_list() == [7e9]
    with duckdb.connect(str(laid_out(tmp_path / "gba.duckdb", layout))) as connection:
        connection.execute("UPDATE build SET fingerprint = 'of another layout'")
    current._seen.clear()
    assert gba.load("gdp")["value"].to_list() == [7e9]
    assert gba.query("SELECT layout FROM build").item() == LAYOUT
