"""A build is a pure function of its datasets, published whole or not at all."""

from __future__ import annotations

import importlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from gbaindicators.errors import DatabaseError, DatasetError, GbaError, ValidationError
from gbaindicators.store import build, connect, load, query, validate_datasets

TABLES = (
    "indicator", "area", "unit", "source", "definition", "preference", "identity", "observation", "crossing_daily",
    "policy_statement", "finding",
)  # fmt: skip


def content(path: Path, table: str) -> pl.DataFrame:
    with connect(path) as connection:
        return connection.sql(f"FROM {table} ORDER BY ALL").pl()


def beside(path: Path) -> set[str]:
    """Names in the folder of a database, apart from the database and the lock of builders."""
    return {p.name for p in path.parent.iterdir()} - {path.name, path.name + ".lock"}


@pytest.fixture
def good(make_datasets, tmp_path: Path) -> Path:
    """A published database of one figure."""
    path = tmp_path / "home" / "gba.duckdb"
    build(make_datasets(gdp=[{}]), path)
    return path


# --- pure and whole --------------------------------------------------------------------------------------------------


def test_two_builds_of_the_same_folder_are_identical(make_datasets, tmp_path: Path) -> None:
    folder = make_datasets(
        gdp=[
            {"period": str(y), "value": str(y), "source": s}
            for y in range(2000, 2020)
            for s in ("dsec_gba_gdp", "dsec_gba_population")
        ],
        population=[{"indicator": "population", "unit": "persons", "prices": "", "scale": "0", "value": "7"}],
    )
    one, other = tmp_path / "one.duckdb", tmp_path / "other.duckdb"
    summaries = build(folder, one), build(folder, other)
    assert (summaries[0].observations, summaries[0].series, summaries[0].sources) == (41, 2, 2)
    for table in TABLES:
        assert content(one, table).equals(content(other, table)), table
    assert content(one, "build").drop("built_at").equals(content(other, "build").drop("built_at"))


def test_every_shipped_row_is_in_the_database_as_published(shipped: Path) -> None:
    from gbaindicators.catalog import datasets_dir

    for file in sorted((datasets_dir() / "observations").glob("*.csv")):
        columns = [
            "row",
            "indicator",
            "area",
            "published_value",
            "published_unit",
            "published_scale",
            "source",
            "locator",
        ]
        there = query(
            f"SELECT {', '.join(columns)} FROM observation WHERE file = 'observations/{file.name}' ORDER BY row",
            database=shipped,
        )
        text = pl.read_csv(file, infer_schema=False, row_index_name="row", row_index_offset=2)
        assert there["row"].to_list() == text["row"].to_list()
        for ours, theirs in zip(
            columns[1:], ["indicator", "area", "value", "unit", "scale", "source", "locator"], strict=True
        ):
            assert there[ours].cast(pl.String).to_list() == text[theirs].to_list(), (file.name, ours)


def test_an_older_build_is_replaced_by_a_new_file(good: Path, make_datasets) -> None:
    before = good.stat().st_ino
    build(make_datasets(gdp=[{}, {"period": "2021", "value": "241.2"}]), good)
    assert good.stat().st_ino != before
    assert load("gdp", database=good).height == 2
    assert beside(good) == set()


def test_progress_is_told_line_by_line(make_datasets, tmp_path: Path) -> None:
    lines: list[str] = []
    build(make_datasets(gdp=[{}]), tmp_path / "x.duckdb", progress=lines.append)
    assert lines[0] == "reading observations/gdp.csv"
    assert lines[-1] == f"published {tmp_path / 'x.duckdb'}"


def unchanged(path: Path, datasets: Path, error: type[GbaError], match: str) -> None:
    """Check that a build fails with this error and leaves the last good database, its inode, and nothing beside it."""
    before, inode = path.read_bytes(), path.stat().st_ino
    with pytest.raises(error, match=match):
        build(datasets, path)
    assert path.read_bytes() == before
    assert path.stat().st_ino == inode
    assert beside(path) == set()
    assert load("gdp", database=path)["value"].to_list() == [204_400_000_000.0]


def test_a_row_that_breaks_a_rule_leaves_the_last_good_database(good: Path, make_datasets) -> None:
    unchanged(good, make_datasets(gdp=[{"value": "inf"}]), ValidationError, "nothing was published")


def test_a_bad_file_after_good_ones_leaves_the_last_good_database(good: Path, make_datasets) -> None:
    folder = make_datasets(gdp=[{}])
    (folder / "observations" / "population.csv").write_text("indicator,area\n", encoding="utf-8")
    unchanged(good, folder, DatasetError, "missing columns")


def test_a_file_named_after_no_table_is_refused(good: Path, make_datasets) -> None:
    folder = make_datasets(gdp=[{}])
    (folder / "observations" / "gdp.csv").rename(folder / "observations" / "gpd.csv")
    unchanged(
        good, folder, DatasetError, "'gpd' is no table of the catalogue. Name the file after one of: activity"
    )


def test_a_crash_in_the_middle_leaves_the_last_good_database(good: Path, make_datasets, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(importlib.import_module("gbaindicators.store.building"), "check_partitions", fail)
    unchanged(good, make_datasets(gdp=[{}]), DatabaseError, "Input/output error. Nothing was published")


def test_an_interrupt_leaves_nothing_behind(good: Path, make_datasets, monkeypatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        importlib.import_module("gbaindicators.store.building"), "check_partitions", interrupt
    )
    with pytest.raises(KeyboardInterrupt):
        build(make_datasets(gdp=[{}]), good)
    assert beside(good) == set()
    assert load("gdp", database=good).height == 1


def test_a_folder_without_figures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no figures: it needs observations/"):
        build(tmp_path, tmp_path / "x.duckdb")
    with pytest.raises(DatasetError, match="is not a folder"):
        build(tmp_path / "none", tmp_path / "x.duckdb")
    assert not (tmp_path / "x.duckdb").exists()


# --- validating without publishing -----------------------------------------------------------------------------------


def test_validating_a_folder_tells_failures_or_findings(make_datasets) -> None:
    failures, findings = validate_datasets(make_datasets(gdp=[{"value": "NaN"}, {"area": "macau"}]))
    assert failures.select("file", "row", "column", "value").rows() == [
        ("observations/gdp.csv", 2, "value", "NaN"), ("observations/gdp.csv", 3, "area", "macau"),
    ]  # fmt: skip
    failures, findings = validate_datasets(make_datasets(gdp=[{}, {"unit": "USD", "period": "2021"}]))
    assert failures.height == 0
    assert findings["check"].to_list() == ["money_of_another_area"]


def test_validating_one_file_finds_its_table_by_its_indicators(make_datasets, tmp_path: Path) -> None:
    file = make_datasets(gdp=[{"value": "-1"}]) / "observations" / "gdp.csv"
    mine = file.rename(tmp_path / "mine.csv")
    failures, _ = validate_datasets(mine)
    assert failures.select("file", "row", "value").rows() == [("observations/gdp.csv", 2, "-1")]


# --- places that cannot be written -----------------------------------------------------------------------------------


def test_a_path_that_is_a_folder(make_datasets, tmp_path: Path) -> None:
    folder = make_datasets(gdp=[{}])
    with pytest.raises(
        DatabaseError, match=r"is a folder: name the database file in it, such as .*gba\.duckdb"
    ):
        build(folder, tmp_path)
    with pytest.raises(DatabaseError, match="is a folder"):
        load("gdp", database=tmp_path)


def make_text(path: Path) -> None:
    path.write_text("my notes\n" * 1000, encoding="utf-8")


def make_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()


def make_duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 42 AS x")


def make_cut(path: Path) -> None:
    make_duckdb(path)
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("make", [make_text, make_sqlite, make_duckdb, make_cut])
def test_another_programs_file_is_neither_read_nor_replaced(make, make_datasets, tmp_path: Path) -> None:
    path = tmp_path / "home" / "x.duckdb"
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    for act in (lambda: build(make_datasets(gdp=[{}]), path), lambda: load("gdp", database=path)):
        with pytest.raises(DatabaseError) as error:
            act()
        assert str(path) in str(error.value)
        assert "move it away" in str(error.value).casefold()
        assert error.value.exit_code == 1
    assert path.read_bytes() == before
    assert beside(path) == set()


def test_an_empty_file_is_nobodys_and_becomes_the_database(make_datasets, tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.touch()
    build(make_datasets(gdp=[{}]), path)
    assert load("gdp", database=path).height == 1


def test_a_database_that_is_not_there_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(
        DatabaseError, match=r"there is no database at .*x\.duckdb; build one with: gba build"
    ):
        load("gdp", database=tmp_path / "x.duckdb")


def test_a_database_locked_by_another_program_is_named(good: Path, make_datasets, monkeypatch) -> None:
    monkeypatch.setattr("gbaindicators.store.opening._PATIENCE", 0.2)
    script = (
        f"import duckdb, sys; c = duckdb.connect({str(good)!r}); print('open', flush=True); sys.stdin.read()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout is not None and writer.stdout.readline() == "open\n"
        for act in (lambda: load("gdp", database=good), lambda: build(make_datasets(gdp=[{}]), good)):
            with pytest.raises(
                DatabaseError, match="is locked by another program that has it open for writing"
            ):
                act()
    finally:
        writer.communicate()
    assert load("gdp", database=good).height == 1


@pytest.mark.parametrize(
    "path", ["/proc/gba.duckdb", "/proc/gba/gba.duckdb", "/sys/gba.duckdb", "/dev/null/gba.duckdb"]
)
def test_a_place_that_cannot_be_written(path: str, make_datasets) -> None:
    if not Path(path).parents[-2].exists():
        pytest.skip(f"no {path.split('/')[1]} here")
    with pytest.raises(
        DatabaseError, match=rf"{path} cannot be written: .* Choose another place with GBA_HOME or --database"
    ):
        build(make_datasets(gdp=[{}]), path)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a tmpfs on a folder; needs root."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_a_read_only_place_is_read_but_not_written(make_datasets, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=16m") as disk:
        path = disk / "gba.duckdb"
        build(make_datasets(gdp=[{}]), path)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert load("gdp", database=path).height == 1
        with pytest.raises(DatabaseError, match=r"cannot be written: Read-only file system"):
            build(make_datasets(gdp=[{}]), path)
        assert load("gdp", database=path).height == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_a_disk_that_fills_is_named_and_the_old_database_still_answers(make_datasets, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=8m") as disk:
        path = disk / "gba.duckdb"
        build(make_datasets(gdp=[{}]), path)
        before = path.read_bytes()
        with pytest.raises(
            DatabaseError,
            match=rf"the disk of {disk} is full; nothing was published and the last good database stands",
        ):
            build(database=path)  # the shipped figures need more
        assert path.read_bytes() == before
        assert beside(path) == set()
        assert load("gdp", database=path).height == 1


def test_what_an_earlier_build_that_was_killed_left_is_cleared(good: Path, make_datasets) -> None:
    script = (
        "import importlib, os, signal, sys\n"
        "module = importlib.import_module('gbaindicators.store.building')\n"
        "module.check_partitions = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "importlib.import_module('gbaindicators.store').build(sys.argv[1], sys.argv[2])\n"
    )
    folder = make_datasets(gdp=[{}])
    killed = subprocess.run([sys.executable, "-c", script, str(folder), str(good)], capture_output=True)
    assert killed.returncode == -9
    assert load("gdp", database=good).height == 1
    build(folder, good)
    assert beside(good) == set()


# --- the data home ---------------------------------------------------------------------------------------------------


def test_the_first_read_builds_the_shipped_figures_and_later_reads_do_not(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("GBA_HOME", str(tmp_path / "new" / "home"))
    path = tmp_path / "new" / "home" / "gba.duckdb"
    assert load("gdp", "macao", start="2020", end="2020").height >= 1
    inode, changed = path.stat().st_ino, path.stat().st_mtime_ns
    time.sleep(0.01)
    load("gdp", "macao")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (inode, changed)


def test_a_database_of_ones_own_figures_in_the_data_home_is_left_alone(
    tmp_path: Path, make_datasets, monkeypatch
) -> None:
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    build(make_datasets(gdp=[{"value": "1"}]))
    assert load("gdp")["value"].to_list() == [1e9]


# --- several sources and vintages ------------------------------------------------------------------------------------

#: Grades of the sources made up below.
MADE_UP = [
    {"id": f"{grade}_{n}", "grade": grade} for grade in ("official", "mirror", "secondary") for n in (1, 2)
]
CHOICE = """
[[prefer]]
indicators = ["gdp"]
areas = ["macao"]
frequencies = ["A"]
sources = ["secondary_2"]
why = "A test."
"""


def choose(
    make_database, *rows: tuple[str, str, str], preferences: str = "", area: str = "macao"
) -> list[tuple[str, ...]]:
    """Preferred sources among rows of (source, vintage, status) that print one figure."""
    figures = [
        {"source": s, "vintage": v, "status": st, "value": str(i + 1), "area": area}
        for i, (s, v, st) in enumerate(rows)
    ]
    path = make_database(sources=MADE_UP, preferences=preferences, gdp=figures)
    try:
        frame = load("gdp", database=path)
    except GbaError:
        return []
    return [tuple(s) for s in frame["sources"]]


def test_official_is_preferred_over_mirror_over_secondary(make_database) -> None:
    rows = [
        ("secondary_1", "2025-01-01", "A"),
        ("mirror_1", "2024-01-01", "A"),
        ("official_1", "2023-01-01", "A"),
    ]
    assert choose(make_database, *rows) == [("official_1",)]
    assert choose(make_database, *rows[:2]) == [("mirror_1",)]


def test_among_one_grade_the_newest_vintage_is_preferred(make_database) -> None:
    assert choose(make_database, ("official_1", "2023-01-01", "A"), ("official_2", "2024-01-01", "A")) == [
        ("official_2",)
    ]
    assert choose(make_database, ("official_1", "2024-01-01", "A"), ("official_1", "2023-01-01", "A")) == [
        ("official_1",)
    ]


def test_an_explicit_choice_comes_before_grade_and_vintage_where_it_speaks(make_database) -> None:
    rows = [("official_1", "2025-01-01", "A"), ("secondary_2", "2020-12-31", "A")]
    assert choose(make_database, *rows, preferences=CHOICE) == [("secondary_2",)]
    assert choose(make_database, *rows, preferences=CHOICE, area="hong_kong") == [("official_1",)]
    assert choose(make_database, rows[0], ("secondary_1", "2025-01-01", "A"), preferences=CHOICE) == [
        ("official_1",)
    ]


def test_a_doubtful_figure_is_never_preferred_not_even_alone_nor_by_choice(make_database) -> None:
    assert choose(make_database, ("official_1", "2025-01-01", "U"), ("secondary_1", "2020-12-31", "A")) == [
        ("secondary_1",)
    ]
    assert choose(make_database, ("official_1", "2025-01-01", "U")) == []
    rows = [("secondary_2", "2025-01-01", "U"), ("mirror_1", "2025-01-01", "A")]
    assert choose(make_database, *rows, preferences=CHOICE) == [("mirror_1",)]


def test_a_doubtful_figure_stays_to_be_seen(make_database) -> None:
    path = make_database(gdp=[{"status": "U"}, {"period": "2021"}])
    assert load("gdp", all_sources=True, database=path)["status"].to_list() == ["U", "A"]


@pytest.mark.parametrize("day", [None, date(2025, 6, 30), date(2024, 12, 31)])
def test_there_is_one_preferred_row_for_every_key(shipped: Path, day: date | None) -> None:
    table = "latest" if day is None else f"as_of(DATE '{day}')"
    keys = "indicator, area, frequency, period, adjustment, prices"
    assert query(f"SELECT {keys} FROM {table} GROUP BY ALL HAVING count(*) > 1", database=shipped).height == 0
    assert query(f"SELECT count(*) FROM {table} WHERE status = 'U'", database=shipped).item() == 0


def test_every_figure_that_is_not_doubtful_has_its_preferred_row(shipped: Path) -> None:
    sql = "SELECT count(DISTINCT series_period) FROM observation WHERE status <> 'U'"
    assert (
        query(sql, database=shipped).item() == query("SELECT count(*) FROM latest", database=shipped).item()
    )


def test_what_was_known_on_a_day(make_database) -> None:
    rows = [
        {"value": "1", "vintage": "2023-05-31"}, {"value": "2", "vintage": "2024-05"}, {"value": "3", "vintage": "2025"},
        {"period": "2021", "value": "9", "vintage": "2024-05-31"},
    ]  # fmt: skip
    path = make_database(gdp=rows)

    def known(day: str) -> list[float]:
        return load("gdp", as_of=day, database=path)["value"].to_list()

    assert known("2023-05-31") == [1e9]
    assert known("2024-05-30") == [1e9]  # a vintage that is a month is known at its end
    assert known("2024-05-31") == known("2024-05") == [2e9, 9e9]
    assert known("2025-12-30") == [2e9, 9e9]
    assert known("2025") == [3e9, 9e9] == load("gdp", database=path)["value"].to_list()
    with pytest.raises(GbaError, match=r"as of 2023-05-30; there are: .*earliest vintage 2023-05-31"):
        known("2023-05-30")


def test_every_vintage_is_kept(make_database) -> None:
    path = make_database(gdp=[{"value": str(v), "vintage": f"{v}-05-31"} for v in (2022, 2023, 2024)])
    everything = load("gdp", all_sources=True, database=path)
    assert sorted(everything["vintage"].to_list()) == [date(v, 5, 31) for v in (2022, 2023, 2024)]
    assert load("gdp", database=path)["value"].to_list() == [2024e9]


def test_a_better_source_that_was_not_out_yet_does_not_speak(make_database) -> None:
    rows = [
        {"source": "secondary_1", "vintage": "2023-01-31", "value": "1"},
        {"source": "official_1", "vintage": "2024-01-31", "value": "2"},
    ]
    path = make_database(sources=MADE_UP, gdp=rows)
    assert load("gdp", as_of="2023-06-30", database=path)["sources"].to_list() == [["secondary_1"]]
    assert load("gdp", as_of="2024-06-30", database=path)["sources"].to_list() == [["official_1"]]


def test_the_choice_among_sources_does_not_depend_on_the_order_of_rows(make_database) -> None:
    rows = [
        {"source": s, "vintage": "2024-01-31", "value": str(i)}
        for i, s in enumerate(["official_1", "official_2", "mirror_1"], 1)
    ]
    one, other = make_database(sources=MADE_UP, gdp=rows), make_database(sources=MADE_UP, gdp=rows[::-1])
    assert load("gdp", database=one)["sources"].to_list() == load("gdp", database=other)["sources"].to_list()


def test_an_interrupt_that_duckdb_wraps_is_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> None:
        raise duckdb.InvalidInputException("reading the schema of 'incoming' failed: KeyboardInterrupt: ")

    monkeypatch.setattr("gbaindicators.store.building._run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(database=tmp_path / "gba.duckdb")
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]
