"""The database of the data home: whether it is of the shipped figures is told without reading them all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gbaindicators.store import fingerprint as made_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "datasets"
    (root / "catalog").mkdir(parents=True)
    (root / "catalog" / "units.toml").write_text("[TEU]\n", encoding="utf-8")
    return root


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "gba.duckdb.shipped"


def _anew(root: Path) -> str:
    made_of.fingerprint.cache_clear()
    return made_of.fingerprint(root)


def test_what_is_remembered_is_the_fingerprint(folder: Path, memory: Path) -> None:
    first = made_of.remembered_fingerprint(folder, memory)
    assert first == _anew(folder)
    assert made_of.remembered_fingerprint(folder, memory) == first
    assert [p.name for p in memory.parent.iterdir() if p != folder] == [memory.name]


def test_it_is_not_read_again_while_nothing_changed(
    folder: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made_of.remembered_fingerprint(folder, memory)
    monkeypatch.setattr(made_of, "fingerprint", lambda _: pytest.fail("the figures were read again"))
    assert made_of.remembered_fingerprint(folder, memory) == first


@pytest.mark.parametrize("change", ["content", "time", "name", "more", "less", "version"])
def test_any_change_is_seen(change: str, folder: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_of.fingerprint.cache_clear()
    before = made_of.remembered_fingerprint(folder, memory)
    remembered = memory.read_text(encoding="ascii")
    file = folder / "catalog" / "units.toml"
    match change:
        case "content":
            state = file.stat()
            file.write_text("[TXU]\n", encoding="utf-8")
            os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + 1))  # a clock that hardly moved
        case "time":
            os.utime(file, (1, 1))
        case "name":
            file.rename(file.with_name("areas.toml"))
        case "more":
            (folder / "policy.csv").touch()
        case "less":
            file.unlink()
        case "version":
            monkeypatch.setattr(made_of, "__version__", "99.0.0")
    made_of.fingerprint.cache_clear()
    after = made_of.remembered_fingerprint(folder, memory)
    assert after == _anew(folder)
    assert (after == before) == (change == "time")  # the same content, looked at again
    assert memory.read_text(encoding="ascii") != remembered


@pytest.mark.parametrize("rest", ["", "nonsense", "one two three", "\x00\xff"])
def test_a_damaged_memory_is_made_anew(rest: str, folder: Path, memory: Path) -> None:
    memory.write_text(rest, encoding="latin-1")
    assert made_of.remembered_fingerprint(folder, memory) == _anew(folder)
    assert memory.read_text(encoding="ascii").split()[1] == _anew(folder)


def test_a_home_that_cannot_be_written_can_be_read(folder: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "is_no_folder" / "gba.duckdb.shipped"
    assert made_of.remembered_fingerprint(folder, nowhere) == _anew(folder)
    assert not nowhere.parent.exists()


def test_to_read_a_figure_imports_nothing_that_builds_or_describes() -> None:
    script = (
        "import sys, gbaindicators as gba; gba.load('gdp', 'macao'); gba.load('gdp', 'macao')\n"
        "heavy = {'gbaindicators.catalog.entries', 'gbaindicators.store.partitions', 'gbaindicators.store.lake.session',"
        " 'tomllib', 'pandas', 'pandera', 'pyarrow', 'plotly', 'statsmodels', 'pydantic', 'rich'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    import gbaindicators as gba

    gba.load("gdp", "macao")  # the first read of all builds the database
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
