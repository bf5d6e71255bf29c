"""A table in partitions is the same table: built, chosen among and read as from one CSV file, but a day at a time."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.catalog import catalog
from gbaindicators.errors import DatabaseError, DatasetError, UsageError, ValidationError
from gbaindicators.store import building, partitions
from gbaindicators.store.partition_files import partitions_dir
from gbaindicators.tables.observations import COLUMNS
from tests.benchmarks import card_rows
from tests.benchmarks.card_rows import TABLE
from tests.conftest import ROW

ADULT = card_rows.indicator("adult")
FIGURE = ["indicator", "area", "frequency", "period", "adjustment", "prices", "source", "vintage"]


def as_csv(root: Path, to: Path) -> Path:
    """The same datasets folder with its partitions in one CSV file."""
    if (root / "catalog").exists():
        shutil.copytree(root / "catalog", to / "catalog")
    for table in (root / "observations").iterdir():
        frames = [read_text(path) for path in sorted(table.rglob("*.*"))]
        (to / "observations").mkdir(exist_ok=True, parents=True)
        pl.concat(frames).write_csv(to / "observations" / f"{table.name}.csv", null_value="")
    return to


def read_text(path: Path) -> pl.DataFrame:
    if path.suffix == ".csv":
        return pl.read_csv(path, infer_schema=False)
    return pl.read_parquet(path, hive_partitioning=False).cast(pl.String)


def write(
    root: Path, table: str, leaf: str, rows: Sequence[dict[str, object]], name: str = "part.parquet"
) -> Path:
    """Write rows, which name what differs from a good one, as one file of a partition."""
    file = root / "observations" / table / leaf / name
    file.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame([ROW | dict(row) for row in rows], infer_schema_length=None).select(COLUMNS)
    frame.write_csv(file) if file.suffix == ".csv" else frame.write_parquet(file)
    return file


def everything(database: Path) -> pl.DataFrame:
    found = gba.query("SELECT * EXCLUDE (file, row, series_period) FROM observation", database=database)
    return found.sort([*FIGURE, "status", "value"], nulls_last=True)


def beside(database: Path) -> set[str]:
    known = {database.name, database.name + ".lock", database.name + ".partitions"}
    return {path.name for path in database.parent.iterdir()} - known


def files(database: Path) -> dict[str, tuple[int, int]]:
    folder = partitions_dir(database)
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*.parquet")
    }


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Datasets of two hundred thousand card transactions in ten daily partitions."""
    root = tmp_path_factory.mktemp("cards") / "datasets"
    card_rows.write_datasets(root, 200_000, 10)
    return root


@pytest.fixture(scope="module")
def built(cards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("built") / "gba.duckdb"
    made = gba.build(cards, database)
    assert (made.partitions, made.new_partitions, made.series) == (10, 10, 5 * len(stops(cards)))
    return database


@pytest.fixture(scope="module")
def from_csv(cards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("from_csv") / "gba.duckdb"
    gba.build(as_csv(cards, tmp_path_factory.mktemp("csv")), database)
    return database


def stops(root: Path) -> list[str]:
    text = (root / "catalog" / "areas.toml").read_text(encoding="utf-8")
    return card_rows.stop_ids(text.count("\n[stop_"))


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """Three annual partitions of one figure each, published; datasets and database."""
    root, database = tmp_path / "datasets", tmp_path / "home" / "gba.duckdb"
    for year in (2019, 2020, 2021):
        write(root, "gdp", f"year={year}", [{"period": str(year), "value": str(year)}])
    gba.build(root, database)
    return root, database


# --- the same table ------------------------------------------------------------------------------------------------


def test_rows_are_those_of_a_build_from_csv(built: Path, from_csv: Path) -> None:
    ours, theirs = everything(built), everything(from_csv)
    assert ours.height > 190_000
    assert ours.equals(theirs)
    contested = "SELECT * EXCLUDE (file, row) FROM observation WHERE NOT preferred ORDER BY ALL"
    assert gba.query(contested, database=built).height > 2000
    for view in ("latest", "as_of(DATE '2024-01-07')", "disagreements"):
        sql = f"FROM {view} ORDER BY ALL"
        assert gba.query(sql, database=built).equals(gba.query(sql, database=from_csv)), view
    counts = "SELECT observations, findings FROM build"
    assert gba.query(counts, database=built).equals(gba.query(counts, database=from_csv))


def test_findings_about_single_figures_are_those_of_a_build_from_csv(built: Path, from_csv: Path) -> None:
    ours, theirs = (gba.findings(database=d).drop("file", "row").sort(pl.all()) for d in (built, from_csv))
    assert ours.height > 1000
    assert ours.equals(theirs)


@pytest.mark.parametrize(
    "asked",
    [{}, {"as_of": "2024-01-05"}, {"as_of": "2024-02-20"}, {"all_sources": True}, {"start": "2024-01-03", "end": "2024-01-04"}],
    ids=str,
)  # fmt: skip
def test_load_and_scan_give_what_a_csv_build_gives(
    asked: dict[str, object], built: Path, from_csv: Path
) -> None:
    some = ["stop_00001", "stop_00017", "stop_00300"]
    theirs = gba.load(ADULT, some, database=from_csv, **asked)
    order = ["area", "period", "vintage", "status", "value"]
    assert gba.load(ADULT, some, database=built, **asked).sort(order).equals(theirs.sort(order))
    lazy = gba.scan(ADULT, some, database=built, **asked)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == theirs.schema
    assert lazy.collect(engine="streaming").sort(order).equals(theirs.sort(order))
    whole = gba.load(TABLE, database=from_csv, **asked)
    scanned = gba.scan(TABLE, database=built, **asked).collect(engine="streaming")
    assert scanned.sort("indicator", *order).equals(whole.sort("indicator", *order))


def test_scan_tells_what_there_is(built: Path) -> None:
    with pytest.raises(
        UsageError,
        match=r"no figures of .* frequency A; there are: stop_00001 D nsa 2024-01-01 to 2024-01-10",
    ):
        gba.scan(ADULT, "stop_00001", frequency="A", database=built)
    with pytest.raises(UsageError, match="no figures of"):
        gba.scan(ADULT, start="2030", database=built)
    with pytest.raises(UsageError, match="unknown area 'stop_0001'"):
        gba.scan(ADULT, "stop_0001", database=built)


def test_scan_of_what_lies_within_the_database(shipped: Path) -> None:
    lazy = gba.scan("gdp", "macao", start="2010")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(gba.load("gdp", "macao", start="2010"))


def test_transforms_of_a_scan(built: Path, from_csv: Path, cards: Path) -> None:
    def work(frame):
        whole = frame.pipe(gba.aggregate, "all", definition=stops(cards))
        return whole.select(pl.exclude("sources", "members")).pipe(gba.growth, "1w")

    ours = work(gba.scan(ADULT, database=built)).collect(engine="streaming")
    theirs = work(gba.load(ADULT, database=from_csv))
    assert theirs["value"].count() == 3
    assert ours.sort("period").equals(theirs.sort("period"))


@pytest.mark.parametrize("seed", range(3))
def test_the_choice_among_sources_is_the_same(seed: int, tmp_path: Path) -> None:
    pick = random.Random(seed)
    rows = [
        {
            "area": pick.choice(["macao", "hong_kong"]), "period": str(pick.choice([2019, 2020])), "unit": "MOP",
            "value": pick.choice(["1.5", "1.50", "2", "2.25", ""]), "status": pick.choice("AAPEUM"),
            "vintage": pick.choice(["2022", "2023-05", "2024-05-31", "2026-11-22"]),
            "source": pick.choice(["dsec_gba_gdp", "dsec_gba_gdp_per_capita", "dsec_gba_population", "ssgm_smr2019"]),
        }
        for _ in range(120)
    ]  # fmt: skip
    rows = [r | ({"status": "M"} if r["value"] == "" else {}) for r in rows]
    known = {s.id for s in catalog().sources.values()}
    rows = [r for r in rows if r["source"] in known]
    keys = ("area", "period", "source", "vintage")
    rows = list({tuple(r[k] for k in keys): r for r in rows}.values())
    for year in ("2019", "2020"):
        of_year = [r for r in rows if r["period"] == year]
        write(tmp_path / "parts", "gdp", f"year={year}", of_year[::2])
        write(tmp_path / "parts", "gdp", f"year={year}", of_year[1::2], "other.csv")
    gba.build(tmp_path / "parts", tmp_path / "parts.duckdb")
    gba.build(as_csv(tmp_path / "parts", tmp_path / "csv"), tmp_path / "csv.duckdb")
    ours, theirs = everything(tmp_path / "parts.duckdb"), everything(tmp_path / "csv.duckdb")
    assert ours.equals(theirs)
    for day in ("2022-12-31", "2023-12-31", "2026-11-30"):
        sql = f"FROM as_of(DATE '{day}') ORDER BY ALL"
        assert gba.query(sql, database=tmp_path / "parts.duckdb").equals(
            gba.query(sql, database=tmp_path / "csv.duckdb")
        )


def test_other_tables_stand_beside_it(tmp_path: Path, make_datasets) -> None:
    root = make_datasets(
        population=[{"indicator": "population", "unit": "persons", "prices": "", "scale": "0", "value": "7"}]
    )
    write(root, "gdp", "year=2020", [{}])
    made = gba.build(root, tmp_path / "x.duckdb")
    assert (made.observations, made.series) == (2, 2)
    assert gba.load("population", database=tmp_path / "x.duckdb")["value"].to_list() == [7.0]
    assert gba.query("SELECT value FROM gdp", database=tmp_path / "x.duckdb").item() == 204.4e9
    assert gba.areas(database=tmp_path / "x.duckdb").filter(id="macao")["figures"].to_list() == [2]


# --- a day costs a day -----------------------------------------------------------------------------------------------


def test_a_day_that_is_added_is_all_that_is_written(cards: Path, tmp_path: Path) -> None:
    root, database = tmp_path / "datasets", tmp_path / "gba.duckdb"
    shutil.copytree(cards, root)
    gba.build(root, database)
    before = files(database)
    lines: list[str] = []
    again = gba.build(root, database, progress=lines.append)
    assert (again.partitions, again.new_partitions) == (10, 0)
    assert f"observations/{TABLE}/year=2024/month=01/day=03 (3 of 10): reused" in lines
    assert files(database) == before
    card_rows.write_day(root, date(2024, 1, 11), len(stops(root)))
    lines.clear()
    more = gba.build(root, database, progress=lines.append)
    assert (more.partitions, more.new_partitions) == (11, 1)
    assert f"observations/{TABLE}/year=2024/month=01/day=11 (11 of 11): new" in lines
    after = files(database)
    assert {name: after[name] for name in before} == before
    fresh = gba.build(root, tmp_path / "fresh.duckdb")
    assert (more.observations, more.series, more.sources, more.findings) == (
        fresh.observations, fresh.series, fresh.sources, fresh.findings,
    )  # fmt: skip
    assert everything(database).equals(everything(tmp_path / "fresh.duckdb"))


def test_a_file_with_the_same_content_is_unchanged(small: tuple[Path, Path]) -> None:
    root, database = small
    file = root / "observations" / "gdp" / "year=2020" / "part.parquet"
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert gba.build(root, database).new_partitions == 0


def test_what_changed_is_built_anew_and_what_is_gone_is_gone(small: tuple[Path, Path]) -> None:
    root, database = small
    write(root, "gdp", "year=2020", [{"value": "7"}])
    assert gba.build(root, database).new_partitions == 1
    assert gba.load("gdp", database=database)["value"].to_list() == [2019e9, 7e9, 2021e9]
    shutil.rmtree(root / "observations" / "gdp" / "year=2019")
    made = gba.build(root, database)
    assert (made.partitions, made.new_partitions, made.observations) == (2, 0, 2)
    assert gba.load("gdp", database=database)["value"].to_list() == [7e9, 2021e9]


def test_other_rules_build_all_anew(small: tuple[Path, Path], tmp_path: Path) -> None:
    root, database = small
    shutil.copytree(catalog().folder, root / "catalog")
    assert gba.build(root, database).new_partitions == 0
    with (root / "catalog" / "areas.toml").open("a", encoding="utf-8") as file:
        file.write('\n[new_stop]\nen = "New"\nzh-Hans = "新"\nzh-Hant = "新"\nlevel = "stop"\n')
    assert gba.build(root, database).new_partitions == 3


# --- published whole or not at all -----------------------------------------------------------------------------------


def test_a_broken_row_is_reported_and_nothing_is_published(cards: Path, tmp_path: Path) -> None:
    root, database = tmp_path / "datasets", tmp_path / "home" / "gba.duckdb"
    shutil.copytree(cards, root)
    gba.build(root, database)
    before, there = database.read_bytes(), files(database)
    file = root / "observations" / TABLE / "year=2024" / "month=01" / "day=04" / "boardings.parquet"
    rows = pl.read_parquet(file, hive_partitioning=False)
    area = pl.when(pl.int_range(pl.len()) == 41).then(pl.lit("stop_x")).otherwise("area").alias("area")
    rows.with_columns(
        area, pl.when(pl.int_range(pl.len()) == 99).then(-1).otherwise("value").alias("value")
    ).write_parquet(file)
    with pytest.raises(
        ValidationError, match=r"2 cells break the rules of their table; nothing was published"
    ) as error:
        gba.build(root, database)
    label = f"observations/{TABLE}/year=2024/month=01/day=04/boardings.parquet"
    found = error.value.failures
    assert found.select("file", "row", "column", "value").rows() == [
        (label, 42, "area", "stop_x"),
        (label, 100, "value", "-1"),
    ]
    assert (
        found["rule"].str.contains("is an area in the catalogue|is not below what the indicator can be").all()
    )
    assert database.read_bytes() == before
    assert files(database) == there
    assert beside(database) == set()
    failures, _ = gba.validate_datasets(root)
    assert failures.equals(found)


@pytest.mark.parametrize(
    ("rows", "column", "value", "rule"),
    [
        ([{}, {"period": "2021"}], "period", "2021", "belongs to its partition year=2020"),
        ([{}, {"value": "9"}], "period", "9", "gives the same figure as row 1"),
        ([{}, {"period": "2020-13"}], "period", "2020-13", "is SDMX period text"),
    ],
)
def test_rows_that_break_a_partition(
    rows: list[dict[str, object]], column: str, value: str, rule: str, tmp_path: Path
) -> None:
    write(tmp_path / "datasets", "gdp", "year=2020", rows)
    failures, _ = gba.validate_datasets(tmp_path / "datasets")
    assert failures.select("file", "row", "column", "value").rows() == [
        ("observations/gdp/year=2020/part.parquet", 2, column, value)
    ]
    assert failures["rule"].str.contains(rule, literal=True).all()


def test_a_build_that_is_killed_leaves_the_last_edition_and_is_gone_on_with(small: tuple[Path, Path]) -> None:
    root, database = small
    before = database.read_bytes()
    for year in (2019, 2020, 2021):
        write(root, "gdp", f"year={year}", [{"period": str(year), "value": "5"}])
    script = (
        "import os, signal, sys\n"
        "from gbaindicators.store import build, partitions\n"
        "copy, done = partitions._copy, []\n"
        "def dying(connection, sql, final, aside):\n"
        "    if len(done) == 2:\n"
        "        aside.with_name(aside.name + '.partition').write_bytes(b'half')\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    done.append(copy(connection, sql, final, aside))\n"
        "partitions._copy = dying\n"
        "build(sys.argv[1], sys.argv[2])\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(root), str(database)], capture_output=True)
    assert killed.returncode == -9
    assert database.read_bytes() == before
    assert gba.load("gdp", database=database)["value"].to_list() == [2019e9, 2020e9, 2021e9]
    made = gba.build(root, database)
    assert made.new_partitions == 1  # two were whole already
    assert gba.load("gdp", database=database)["value"].to_list() == [5e9] * 3
    assert beside(database) == set()


def test_a_reader_keeps_the_edition_that_it_opened(small: tuple[Path, Path]) -> None:
    root, database = small
    sql = "SELECT list(value ORDER BY period) FROM latest"
    with gba.connect(database) as connection:
        lazy = gba.scan("gdp", database=database)
        assert connection.execute(sql).fetchone() == ([2019e9, 2020e9, 2021e9],)
        write(root, "gdp", "year=2020", [{"value": "7"}])
        gba.build(root, database)
        assert connection.execute(sql).fetchone() == ([2019e9, 2020e9, 2021e9],)
        assert lazy.collect().sort("period")["value"].to_list() == [2019e9, 2020e9, 2021e9]
    assert gba.load("gdp", database=database)["value"].to_list() == [2019e9, 7e9, 2021e9]


def test_files_of_earlier_editions_stay_for_a_day(
    small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, database = small
    first = files(database)
    write(root, "gdp", "year=2020", [{"value": "7"}])
    gba.build(root, database)
    assert first.items() <= files(database).items()
    (old,) = gba.query("FROM partition_retired", database=database).rows()
    assert old[0] in first
    assert datetime.now() - old[1] < timedelta(days=1)
    monkeypatch.setattr(partitions, "_KEPT", timedelta(0))
    gba.build(root, database)
    assert set(first) - set(files(database)) == {old[0]}
    shutil.rmtree(root / "observations" / "gdp")
    write(root, "gdp", "year=2024", [{"period": "2024", "vintage": "2026-01-01"}])
    gba.build(root, database)
    assert len(files(database)) == 1
    assert [p.name for p in (partitions_dir(database) / "gdp").iterdir()] == ["year=2024"]


def test_a_failed_publication_leaves_the_last_edition(
    small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, database = small
    before = database.read_bytes()
    write(root, "gdp", "year=2020", [{"value": "7"}])

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys.modules["gbaindicators.store.building"], "attach_view", fail)
    with pytest.raises(DatabaseError, match="Nothing was published"):
        gba.build(root, database)
    assert database.read_bytes() == before
    assert gba.load("gdp", database=database)["value"].to_list() == [2019e9, 2020e9, 2021e9]


# --- where it lies ---------------------------------------------------------------------------------------------------


def test_the_database_moves_with_its_partitions(small: tuple[Path, Path], tmp_path: Path) -> None:
    root, database = small
    shutil.move(database.parent, tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere" / database.name
    assert gba.load("gdp", database=moved).height == 3
    assert gba.scan("gdp", database=moved).collect().height == 3
    write(root, "gdp", "year=2022", [{"period": "2022"}])
    made = gba.build(root, moved)
    assert (made.partitions, made.new_partitions) == (4, 1)


def test_a_database_without_its_partitions_says_so_and_is_mended_by_a_build(small: tuple[Path, Path]) -> None:
    root, database = small
    (one, *_) = sorted(files(database))
    (partitions_dir(database) / one).unlink()
    with pytest.raises(
        DatabaseError, match=f"lacks its partition {one}: .* gba build makes anew what is missing"
    ):
        gba.load("gdp", database=database)
    assert gba.build(root, database).new_partitions == 1
    shutil.rmtree(partitions_dir(database))
    with pytest.raises(DatabaseError, match="lacks its partition"):
        gba.scan("gdp", database=database)
    assert gba.build(root, database).new_partitions == 3
    assert gba.load("gdp", database=database).height == 3


def test_a_query_reaches_the_partitions_and_no_other_file(small: tuple[Path, Path], tmp_path: Path) -> None:
    _, database = small
    assert gba.query("SELECT count(*) FROM observation", database=database).item() == 3
    other = tmp_path / "other.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(other)
    with pytest.raises(UsageError, match="disabled"):
        gba.query(f"FROM read_parquet('{other}')", database=database)


def test_a_database_is_read_on_after_a_query_has_sealed_it(small: tuple[Path, Path]) -> None:
    _, database = small
    with gba.connect(database) as held:  # connections of one process share what a query may reach
        assert gba.query("SELECT count(*) FROM observation", database=database).item() == 3
        figures = gba.load("gdp", database=database)
        assert figures.height == held.execute("SELECT count(*) FROM latest").fetchall()[0][0] == 3


# --- what a partition may be -----------------------------------------------------------------------------------------


def test_csv_and_typed_columns(tmp_path: Path) -> None:
    root = tmp_path / "datasets"
    write(root, "gdp", "year=2020", [{}], "one.csv")
    typed = pl.DataFrame([ROW | {"area": "hong_kong", "unit": "HKD"}]).select(COLUMNS).with_columns(
        pl.col("value").cast(pl.Decimal(10, 2)), pl.col("scale").cast(pl.Int8), pl.col("vintage").str.to_date(),
        pl.col("indicator").cast(pl.Categorical), note=pl.lit(None, pl.String),
    )  # fmt: skip
    typed.select(reversed(COLUMNS)).write_parquet(root / "observations" / "gdp" / "year=2020" / "two.parquet")
    gba.build(root, tmp_path / "x.duckdb")
    rows = gba.query(
        "SELECT area, published_value, value, row, note FROM observation ORDER BY area",
        database=tmp_path / "x.duckdb",
    )
    assert rows.rows() == [("hong_kong", "204.40", 204.4e9, 1, None), ("macao", "204.4", 204.4e9, 2, None)]


def test_partitions_by_area_and_empty_keys(tmp_path: Path) -> None:
    root = tmp_path / "datasets"
    empty = {"indicator": "population", "unit": "persons", "prices": "", "scale": "0", "value": "7"}
    write(root, "population", "area=macao/prices=__HIVE_DEFAULT_PARTITION__", [empty])
    write(
        root,
        "population",
        "area=hong_kong/prices=__HIVE_DEFAULT_PARTITION__",
        [empty | {"area": "hong_kong"}],
    )
    assert gba.build(root, tmp_path / "x.duckdb").partitions == 2
    write(root, "population", "area=hong_kong/prices=__HIVE_DEFAULT_PARTITION__", [empty])
    failures, _ = gba.validate_datasets(root)
    assert failures.select("column", "value").rows() == [("area", "macao")]


@pytest.mark.parametrize(
    ("leaves", "message"),
    [
        (["source=dsec"], "'source=dsec' cannot part a table"),
        (["2020"], "'2020' cannot part a table"),
        (["year=MMXX"], "must be a whole number"),
        (["year=2020", "year=2021/month=01"], "have different keys"),
    ],
)
def test_folders_that_are_no_partitions(leaves: list[str], message: str, tmp_path: Path) -> None:
    for leaf in leaves:
        write(tmp_path, "gdp", leaf, [{}])
    with pytest.raises(DatasetError, match=message):
        gba.build(tmp_path, tmp_path / "x.duckdb")


def test_files_that_are_no_figures(tmp_path: Path, make_datasets) -> None:
    def refused(message: str, root: Path) -> None:
        with pytest.raises(DatasetError, match=message):
            gba.build(root, tmp_path / "x.duckdb")

    good = pl.DataFrame([ROW]).select(COLUMNS)
    for number, (frame, message) in enumerate([
        (good.drop("note"), "missing columns note"),
        (good.with_columns(year=2020), "extra columns year"),
        (good.with_columns(pl.col("value").cast(pl.Float64)), "the column 'value' is Float64; it must hold text, whole"),
    ]):  # fmt: skip
        file = write(tmp_path / str(number), "gdp", "year=2020", [{}])
        frame.write_parquet(file)
        refused(message, tmp_path / str(number))
    write(tmp_path / "text", "gdp", "year=2020", [{}]).with_name("notes.txt").write_text("x")
    refused("holds .parquet and .csv files; move it away", tmp_path / "text")
    write(tmp_path / "damaged", "gdp", "year=2020", [{}]).write_bytes(b"PAR1 and no more")
    refused("cannot be read as Parquet", tmp_path / "damaged")
    write(tmp_path / "unknown", "gpd", "year=2020", [{}])
    refused("'gpd' is no table of the catalogue", tmp_path / "unknown")
    (tmp_path / "nothing" / "observations" / "gdp").mkdir(parents=True)
    refused("holds no figures", tmp_path / "nothing")
    both = make_datasets(gdp=[{}])
    write(both, "gdp", "year=2020", [{}])
    refused("are one table", both)


def test_files_of_the_system_are_no_figures(small: tuple[Path, Path]) -> None:
    root, database = small
    (root / "observations" / "gdp" / "year=2020" / "_SUCCESS").touch()
    (root / "observations" / "gdp" / "year=2020" / ".part.parquet.crc").touch()
    assert gba.build(root, database).new_partitions == 0


def test_what_a_database_is_made_of(small: tuple[Path, Path]) -> None:
    root, database = small
    building.fingerprint.cache_clear()
    one = gba.query("SELECT fingerprint FROM build", database=database).item()
    write(root, "gdp", "year=2020", [{"value": "7"}])
    gba.build(root, database)
    assert gba.query("SELECT fingerprint FROM build", database=database).item() != one
