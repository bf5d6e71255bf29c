"""Tables in partitions in a shared database: the same table, of which a build changes what is new."""

from __future__ import annotations

import json
import shutil
import signal
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.catalog import sql_dir
from gbaindicators.cli.app import main
from gbaindicators.errors import DatasetError, ValidationError
from gbaindicators.store import database_bytes
from gbaindicators.store.lake import publishing, scanning
from gbaindicators.store.lake.attaching import attach_lake
from gbaindicators.store.lake.location import parse_lake
from gbaindicators.store.lake.partitions import PUBLISHED
from tests.benchmarks import card_rows
from tests.benchmarks.card_rows import TABLE
from tests.store.lake.lake_writers import BUILDER, DOOMED, go_together, start
from tests.store.test_partitions import everything, write

ADULT = card_rows.indicator("adult")
MONTHS = range(1, 13)


@pytest.fixture
def here(tmp_path: Path) -> str:
    """Shared database whose catalogue is a file."""
    return f"ducklake:{tmp_path / 'team.ducklake'}"


def year(root: Path, number: int, value: int, *, table: str = "gdp", **row: object) -> None:
    """Write the partition of a year, a figure for each month."""
    months = [{"period": f"{number}-{month:02}", "value": str(value)} | row for month in MONTHS]
    write(root, table, f"year={number}", months)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Datasets of three yearly partitions whose figures are all the year."""
    for number in (2019, 2020, 2021):
        year(tmp_path / "years", number, number)
    return tmp_path / "years"


def years(database: str) -> dict[int, float]:
    """For each year that stands the one value of its months, in billions."""
    rows = gba.query(
        "SELECT year(period) AS year, any_value(value) / 1e9, count(*), count(DISTINCT value) FROM latest "
        "WHERE indicator = 'gdp' GROUP BY ALL ORDER BY year", database=database,
    ).rows()  # fmt: skip
    assert {row[2:] for row in rows} <= {(12, 1)}
    return {number: value for number, value, *_ in rows}


def data_files(database: str) -> set[str]:
    """Files of the table of observations."""
    with gba.connect(database) as connection:
        rows = connection.execute("SELECT data_file FROM ducklake_list_files('lake', 'observation')")
        return {file for (file,) in rows.fetchall()}


# --- the same table --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """Card transactions of five days: datasets, shared database, database file."""
    folder = tmp_path_factory.mktemp("cards")
    card_rows.write_datasets(folder / "datasets", 30_000, 5)
    shared, file = f"ducklake:{folder / 'team.ducklake'}", folder / "gba.duckdb"
    ours, theirs = gba.build(folder / "datasets", shared), gba.build(folder / "datasets", file)
    for fact in ("observations", "series", "sources", "findings", "partitions", "new_partitions"):
        assert getattr(ours, fact) == getattr(theirs, fact), fact
    assert ours.partitions == 5 and ours.findings > 50
    return folder / "datasets", shared, file


def test_it_says_what_a_file_says(cards: tuple[Path, str, Path]) -> None:
    _, shared, file = cards
    assert everything(shared).equals(everything(file))  # type: ignore[arg-type]
    for view in (
        "latest",
        "as_of(DATE '2024-01-03')",
        "disagreements",
        "finding",
        "agreement",
        "splice",
        TABLE,
    ):
        sql = f"FROM {view} ORDER BY ALL"
        assert gba.query(sql, database=shared).equals(gba.query(sql, database=file)), view


@pytest.mark.parametrize(
    "asked",
    [{}, {"as_of": "2024-01-04"}, {"all_sources": True}, {"start": "2024-01-02", "end": "2024-01-03"}],
    ids=str,
)
def test_load_and_scan_say_what_a_file_says(cards: tuple[Path, str, Path], asked: dict[str, object]) -> None:
    _, shared, file = cards
    order = ["indicator", "area", "period", "vintage", "status", "value"]
    theirs = gba.load(TABLE, database=file, **asked).sort(order)  # type: ignore[arg-type]
    assert gba.load(TABLE, database=shared, **asked).sort(order).equals(theirs)  # type: ignore[arg-type]
    lazy = gba.scan(TABLE, database=shared, **asked)  # type: ignore[arg-type]
    assert lazy.collect_schema() == theirs.schema
    assert lazy.collect(engine="streaming").sort(order).equals(theirs)
    one = pl.col("area") == theirs["area"][7]
    assert lazy.filter(one).select("value").collect().height == theirs.filter(one).height
    assert lazy.filter(pl.col("value") > 3).head(5).collect().height == 5
    top = lazy.sort("value", descending=True).select("value").head(3).collect()
    assert top.equals(theirs.sort("value", descending=True).select("value").head(3))


def test_transforms_of_a_scan(cards: tuple[Path, str, Path]) -> None:
    _, shared, file = cards
    ours = gba.growth(gba.scan(ADULT, database=shared), "1d").collect()
    theirs = gba.growth(gba.load(ADULT, database=file), "1d")
    assert ours["value"].count() > 100
    assert ours.sort("area", "period").equals(theirs.sort("area", "period"))


def test_a_scan_asks_for_what_a_filter_leaves(
    cards: tuple[Path, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shared, _ = cards
    asked, batches = [], scanning._batches
    monkeypatch.setattr(
        scanning, "_batches", lambda lake, sql, *rest: asked.append(sql) or batches(lake, sql, *rest)
    )
    lazy = gba.scan(TABLE, database=shared)
    assert not asked
    day = date(2024, 1, 3)
    found = lazy.filter(
        pl.col("area").is_in(["stop_00001", "stop_00002"]) & (pl.col("period") == day)
    ).collect()
    assert set(found["area"]) == {"stop_00001", "stop_00002"} and set(found["period"]) == {day}
    (sql,) = asked
    assert "\"area\" IN ('stop_00001', 'stop_00002')" in sql
    assert "\"period\" IN ('2024-01-03')" in sql
    lazy.select(pl.col("value").sum()).collect()
    columns = asked[1].removeprefix("SELECT ").split(" FROM ")[0]
    assert set(columns.split(", ")) == {'"adjustment"', '"value"'}  # without the long ones


def test_a_scan_stays_with_its_snapshot(root: Path, here: str) -> None:
    gba.build(root, here)
    before = gba.scan("gdp", database=here)
    year(root, 2022, 2022)
    gba.build(root, here)
    assert before.collect().height == 36
    assert gba.scan("gdp", database=here).collect().height == 48


def test_a_copy_in_a_file_holds_the_partitions(root: Path, here: str, tmp_path: Path) -> None:
    gba.build(root, here)
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(database_bytes(here))
    assert gba.load("gdp", database=copy).equals(gba.load("gdp", database=here))


def test_all_that_is_written_down_of_partitions_is_shared() -> None:
    with duckdb.connect() as connection:
        connection.execute((sql_dir() / "schema.sql").read_text(encoding="utf-8"))
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'partition%'"
        )
        assert {name for (name,) in tables.fetchall()} - set(PUBLISHED) == {"partition_retired"}


# --- a year costs a year ---------------------------------------------------------------------------------------------


def test_a_build_changes_what_is_new(team: str, root: Path) -> None:
    made = gba.build(root, team)
    assert (made.observations, made.partitions, made.new_partitions) == (36, 3, 3)
    files = data_files(team)
    assert len(files) == 3
    assert gba.build(root, team).new_partitions == 0
    assert data_files(team) == files
    year(root, 2022, 2022)
    lines: list[str] = []
    made = gba.build(root, team, progress=lines.append)
    assert (made.observations, made.partitions, made.new_partitions) == (48, 4, 1)
    assert "observations/gdp/year=2021 (3 of 4): reused" in lines
    assert "observations/gdp/year=2022 (4 of 4): new" in lines
    assert files < data_files(team)
    year(root, 2020, 7)
    shutil.rmtree(root / "observations" / "gdp" / "year=2019")
    made = gba.build(root, team)
    assert (made.observations, made.partitions, made.new_partitions) == (36, 3, 1)
    assert len(files & data_files(team)) == 1
    found = gba.snapshots(team)
    assert found.select("added", "removed").rows() == [(36, 0), (0, 0), (12, 0), (12, 24)]
    # Every snapshot still says what it said.
    then = [years(f"{team}&snapshot={number}") for number in found["snapshot"]]
    three = {2019: 2019, 2020: 2020, 2021: 2021}
    assert then == [three, three, three | {2022: 2022}, {2020: 7, 2021: 2021, 2022: 2022}]
    assert years(team) == then[-1]


def test_a_table_goes_into_partitions_and_out(here: str, root: Path, make_datasets) -> None:
    gba.build(make_datasets(gdp=[{"period": "2018-01", "value": "1"}]), here)
    gba.build(root, here)
    assert years(here) == {2019: 2019, 2020: 2020, 2021: 2021}
    assert gba.snapshots(here).select("added", "removed").row(-1) == (36, 1)
    gba.build(make_datasets(gdp=[{"period": "2018-01", "value": "1"}]), here)
    assert gba.load("gdp", database=here)["value"].to_list() == [1e9]
    assert gba.query("FROM partition", database=here).is_empty()


def test_a_broken_row_changes_nothing(here: str, root: Path) -> None:
    gba.build(root, here)
    files = data_files(here)
    write(root, "gdp", "year=2021", [{"period": "2021-01", "value": "many"}])
    with pytest.raises(
        ValidationError, match=r"observations/gdp/year=2021/part.parquet, row 1, value: 'many'"
    ):
        gba.build(root, here)
    assert years(here)[2021] == 2021 and data_files(here) == files
    assert gba.snapshots(here).height == 1


def test_series_that_pass_from_source_to_source_break_there(here: str, tmp_path: Path) -> None:
    """Over three builds, each of which adds a year, the series ends up as one file says at once."""
    root = tmp_path / "sources"
    other = {"source": "dsec_gba_population", "unit": "MOP"}
    for number in (2019, 2020, 2021):
        year(root, number, 100)
        if number == 2020:
            both = [
                {"period": f"2020-{m:02}", "value": v} | o
                for m in MONTHS
                for v, o in (("100", {}), ("110", other))
            ]
            write(root, "gdp", "year=2020", both)
        if number == 2021:
            year(root, 2021, 110, **other)
        gba.build(root, here)
    gba.build(root, tmp_path / "gba.duckdb")
    for table in ("splice", "agreement", "finding", "latest"):
        sql = f"FROM {table} ORDER BY ALL"
        ours, theirs = (gba.query(sql, database=d).rows() for d in (here, tmp_path / "gba.duckdb"))
        assert ours == theirs and ours
    broken = gba.load("gdp", database=here).filter(status="B")
    assert broken["period"].to_list() == [date(2021, 1, 1)]


# --- contributions beside it -----------------------------------------------------------------------------------------


def test_contributions_stand_beside_partitions(here: str, root: Path, make_datasets) -> None:
    people = {"indicator": "population", "unit": "persons", "prices": "", "scale": "0"}
    desk = make_datasets(population=[people | {"value": "7"}])
    gba.build(root, here)
    made = gba.contribute(desk, here, name="desk")
    assert (made.observations, made.partitions, made.new_partitions) == (37, 3, 0)
    year(root, 2022, 2022)
    assert gba.build(root, here).observations == 49
    assert gba.load("population", database=here)["value"].to_list() == [7.0]
    assert years(here) == {2019: 2019, 2020: 2020, 2021: 2021, 2022: 2022}
    refused = (
        r"gdp is in partitions, and the contribution late has figures of gdp too.*gba withdraw --name late"
    )
    with pytest.raises(DatasetError, match=refused):
        gba.contribute(make_datasets(gdp=[{"period": "2023"}]), here, name="late")
    gba.withdraw("desk", here)
    assert gba.query("SELECT count(*) FROM observation", database=here).item() == 48
    assert gba.snapshots(here).select("added", "removed").rows() == [(36, 0), (1, 0), (12, 0), (0, 1)]


def test_a_contributed_table_does_not_go_into_partitions(here: str, root: Path, make_datasets) -> None:
    gba.build(make_datasets(gdp=[{"period": "2018"}]), here)
    gba.contribute(make_datasets(gdp=[{"period": "2023"}]), here, name="late")
    with pytest.raises(DatasetError, match="gba withdraw --name late"):
        gba.build(root, here)
    gba.withdraw("late", here)
    gba.build(root, here)
    assert years(here) == {2019: 2019, 2020: 2020, 2021: 2021}


def test_findings_stay_through_a_contribution(
    cards: tuple[Path, str, Path], tmp_path: Path, make_datasets
) -> None:
    datasets, _, file = cards
    here = f"ducklake:{tmp_path / 'cards.ducklake'}"
    gba.build(datasets, here)
    gba.contribute(make_datasets(gdp=[{}]), here, name="desk")
    sql = f"FROM {'{}'} WHERE indicator LIKE 'card%' ORDER BY ALL"
    for table in ("finding", "agreement"):
        ours, theirs = (gba.query(sql.format(table), database=d) for d in (here, file))
        assert ours.height and ours.equals(theirs), table


# --- several writers, and one that is killed -------------------------------------------------------------------------


def test_two_builders_at_once_leave_one_edition_whole(team: str, root: Path, tmp_path: Path) -> None:
    gba.build(root, team)
    other = tmp_path / "other"
    for number, value in ((2020, 2020), (2021, 7), (2022, 8)):
        year(other, number, value)
    year(root, 2021, 9)
    go_together([start(BUILDER, team, folder) for folder in (root, other)])
    assert years(team) in ({2019: 2019, 2020: 2020, 2021: 9}, {2020: 2020, 2021: 7, 2022: 8})
    assert gba.snapshots(team).height == 3


def test_a_partition_that_another_builder_removes_meanwhile_is_made_again(
    here: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gba.build(root, here)
    other = tmp_path / "other"
    year(other, 2021, 7)
    build_file, lines = publishing.build_file, []

    def slow(*arguments: object) -> object:
        made = build_file(*arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(publishing, "build_file", build_file)
        gba.build(other, here)
        return made

    monkeypatch.setattr(publishing, "build_file", slow)
    year(root, 2022, 2022)
    gba.build(root, here, progress=lines.append)
    assert "were changed meanwhile" in "".join(lines)
    assert years(here) == {2019: 2019, 2020: 2020, 2021: 2021, 2022: 2022}
    assert gba.snapshots(here).select("added", "removed").rows() == [(36, 0), (12, 36), (48, 12)]


def test_a_builder_that_is_killed_before_its_commit_leaves_nothing(team: str, root: Path) -> None:
    gba.build(root, team)
    files = data_files(team)
    year(root, 2021, 7)
    year(root, 2022, 8)
    doomed = start(DOOMED, team, root)
    assert doomed.stdout is not None and doomed.stdout.readline() == "written\n"
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    assert years(team) == {2019: 2019, 2020: 2020, 2021: 2021} and data_files(team) == files
    gba.build(root, team)
    assert years(team) == {2019: 2019, 2020: 2020, 2021: 7, 2022: 8}
    assert gba.snapshots(team).height == 2


# --- elsewhere -------------------------------------------------------------------------------------------------------


def test_partitions_in_an_object_store(team: str, object_store: str, root: Path) -> None:
    where = team.split("?")[0]
    gba.build(root, f"{where}?data_path={object_store}")
    year(root, 2021, 7)
    assert gba.build(root, where).new_partitions == 1
    assert years(where) == {2019: 2019, 2020: 2020, 2021: 7}
    assert gba.scan("gdp", start="2021", database=where).collect()["value"].unique().to_list() == [7e9]
    assert all(file.startswith("s3://") for file in data_files(where))


def test_the_command_line(
    here: str, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GBA_DATABASE", here)
    assert main(["build", "--datasets", str(root)]) == 0
    year(root, 2022, 2022)
    assert main(["build", "--datasets", str(root), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    (built,) = (line for line in told if "new_partitions" in line)
    assert (built["partitions"], built["new_partitions"]) == (4, 1)
    assert main(["status", "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["observations"], len(status["snapshots"])) == (48, 2)
    assert main(["load", "gdp", "--start", "2022", "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("2022000000000") == 12


def test_a_lake_of_another_program_gets_no_partitions(here: str, root: Path) -> None:
    with duckdb.connect() as connection:
        attach_lake(connection, parse_lake(here), write=True)
        connection.execute("CREATE TABLE lake.main.orders (i INTEGER)")
    with pytest.raises(gba.errors.DatabaseError, match="of another program"):
        gba.build(root, here)
