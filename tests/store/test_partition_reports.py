"""A table says the same however it is cut: findings, preferred figures, breaks and disagreements, built at once or by and by."""

from __future__ import annotations

import random
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.catalog import parse_period, sql_dir
from gbaindicators.store import partition_checks, partitions
from gbaindicators.store.partition_files import partitions_dir
from gbaindicators.tables.observations import COLUMNS
from tests.conftest import ROW, write_csv

ONE, TWO, THREE = "dsec_gba_gdp", "dsec_gba_population", "dsec_gba_gdp_per_capita"
Row = dict[str, str]
#: Ways of cutting the tables made up of a seed: the quarters of all years are together.
CUTS = (
    (1, ("year",)),
    (1, ("indicator",)),
    (1, ("frequency",)),
    (2, ("area", "quarter")),
    (2, ("adjustment", "prices")),
)


# --- made-up tables ------------------------------------------------------------------------------------------------


def periods(frequency: str, first: int = 2009, years: int = 8) -> list[str]:
    """SDMX texts of all periods of some years; of days, those around a turn of the year."""
    if frequency == "D":
        start = date(first + 2, 12, 20)
        return [(start + timedelta(days=n)).isoformat() for n in range(26)]
    of_year = {
        "A": [""], "Q": [f"-Q{q}" for q in range(1, 5)], "M": [f"-{m:02}" for m in range(1, 13)],
        "fiscal": ["-04-01/P1Y"],
    }[frequency]  # fmt: skip
    return [f"{year}{part}" for year in range(first, first + years) for part in of_year]


def printed(pick: random.Random, when: Sequence[str], values: Sequence[float], **row: str) -> Iterator[Row]:
    """What three sources print of a series: each a part of it, at its own level, some of it twice and some doubtful."""
    for source, level in ((ONE, 1.0), (TWO, pick.choice([1.0, 1.002, 1.04])), (THREE, 0.9)):
        begin = pick.randrange(len(when))
        end = min(len(when), begin + pick.randrange(1, len(when) + 1))
        for number in range(begin if source != ONE else 0, end if source != ONE else len(when) * 3 // 4):
            if pick.random() < 0.08:
                continue
            status = pick.choices("APEUM", [80, 10, 4, 3, 3])[0]
            value = "" if status == "M" else f"{values[number] * level:.3f}"
            vintage = pick.choice(["2024-03-31", "2025-01-31"])
            given = {
                "period": when[number],
                "value": value,
                "status": status,
                "source": source,
                "vintage": vintage,
            }
            yield ROW | {"scale": "0", "prices": ""} | row | given
            if pick.random() < 0.1:
                yield ROW | {"scale": "0", "prices": ""} | row | given | {
                    "value": f"{values[number] * level * 1.01:.2f}", "status": "A", "vintage": "2026-02-28"
                }  # fmt: skip


def walk(pick: random.Random, number: int, at: float, by: float) -> list[float]:
    """A level that grows by a random step each period, and often breaks once."""
    broken = pick.randrange(number) if pick.random() < 0.6 else number
    values = []
    for n in range(number):
        at *= 1 + by * (0.3 + pick.random()) * (20 if n == broken else 1)
        values.append(at)
    return values


def ports(pick: random.Random) -> Iterator[Row]:
    """Containers and cargo: years, quarters, months, days, totals since January, parts, and odd units."""
    for area in ("shenzhen", "oakland"):
        for frequency in ("A", "Q", "M", "D"):
            when = periods(frequency, years=3 if frequency == "M" else 8)
            whole = walk(pick, len(when), 4000.0, 0.02)
            parts = {"container_throughput": 1.0, "container_throughput_loaded": 0.7, "container_empty": 0.31}
            for indicator, part in parts.items():
                values = [v * part for v in whole]
                yield from printed(pick, when, values, indicator=indicator, area=area, unit="TEU")
        for frequency in ("M", "D"):
            when = periods(frequency, years=3)
            since = [
                v * (n % 12 + 1) * pick.choice([1, 1, 1, 0.8])
                for n, v in enumerate(walk(pick, len(when), 90, 0.01))
            ]
            yield from printed(
                pick, when, since, indicator="container_throughput", area=area, unit="TEU", adjustment="ytd"
            )
        for unit, frequency in (("tonnes", "D"), ("freight tons", "D"), ("freight tons", "A")):
            when = periods(frequency, first=2009 if unit == "tonnes" else 2013, years=5)
            yield from printed(
                pick,
                when,
                walk(pick, len(when), 50.0, 0.1),
                indicator="cargo_throughput",
                area=area,
                unit=unit,
            )

    whole = {"area": "long_beach", "indicator": "container_throughput", "period": "2018", "unit": "TEU"}
    for source, value, part in ((ONE, "1700", ""), (TWO, "2300", ""), (ONE, "1701", "_loaded")):
        given = {"source": source, "value": value, "indicator": whole["indicator"] + part}
        yield ROW | {"scale": "0", "prices": "", "vintage": "2025-01-31"} | whole | given


def output(pick: random.Random) -> Iterator[Row]:
    """Output and output per head, by calendar and by fiscal year, at current and at constant prices."""
    for year in range(2006, 2017):
        value = f"{1000 * 1.1 ** (year - 2006) * (1 if year < 2012 else 2):.1f}"
        yield ROW | {"area": "foshan", "period": str(year), "unit": "CNY", "value": value}
    for area in ("zhuhai", "zhaoqing"):
        for frequency, prices in (("A", "current"), ("fiscal", "current"), ("A", "constant")):
            when = periods(frequency)
            values = walk(pick, len(when), 1e5, 0.05)
            yield from printed(pick, when, values, indicator="gdp", area=area, unit="CNY", prices=prices)
        when = periods("A")
        heads = [pick.choice([100.0, 130.0])] * len(when)
        yield from printed(
            pick, when, heads, indicator="gdp_per_capita", area=area, unit="CNY", prices="current"
        )


def people(pick: random.Random) -> Iterator[Row]:
    for area in ("zhuhai", "zhaoqing"):
        when = periods("A", first=2008)
        values = walk(pick, len(when), 1000.0, 0.01)
        yield from printed(pick, when, values, indicator="population", area=area, unit="persons")


def rates(pick: random.Random) -> Iterator[Row]:
    """Quarterly rates: one as smooth as no statistic is, one rough."""
    for area, rough in (("macao", 0.0), ("hong_kong", 1.0)):
        when = periods("Q")
        values = [5 + n**3 / 2e4 - n**2 / 1e3 + rough * pick.random() for n in range(len(when))]
        yield from printed(pick, when, values, indicator="unemployment_rate", area=area, unit="percent")


def made_up(seed: int) -> dict[str, list[Row]]:
    pick = random.Random(seed)
    return {
        "port_throughput": list(ports(pick)), "gdp": list(output(pick)), "population": list(people(pick)),
        "labour": list(rates(pick)),
    }  # fmt: skip


# --- on disk -------------------------------------------------------------------------------------------------------


def key_of(row: Mapping[str, str], key: str) -> str:
    """Value that a row has for a key of partitions."""
    if key in row:
        return row[key] or "__HIVE_DEFAULT_PARTITION__"
    frequency, start = parse_period(row["period"])
    if key == "frequency":
        return frequency
    return str((start.month + 2) // 3 if key == "quarter" else getattr(start, key, start))


def write_cut(root: Path, tables: Mapping[str, Sequence[Row]], cut: Sequence[str]) -> Path:
    """Write tables as partitions by some keys."""
    for table, rows in tables.items():
        leaves: dict[str, list[Row]] = {}
        for row in rows:
            leaves.setdefault("/".join(f"{key}={key_of(row, key)}" for key in cut), []).append(row)
        for leaf, some in leaves.items():
            folder = root / "observations" / table / leaf
            folder.mkdir(parents=True, exist_ok=True)
            pl.DataFrame(some).select(COLUMNS).write_parquet(folder / "part.parquet")
    return root


def said(database: Path) -> dict[str, pl.DataFrame]:
    """All that a database says, but for where a row stood."""
    queries = {
        "findings": "SELECT * EXCLUDE (file, row) FROM finding",
        "rows": "SELECT * EXCLUDE (file, row, series_period) FROM observation",
        "latest": "FROM latest",
        "disagreements": "FROM disagreements",
        "agreement": "FROM agreement",
        "splice": "SELECT * EXCLUDE (file, row) FROM splice",
        "then": "FROM as_of(DATE '2024-12-31')",
    }  # fmt: skip
    found = {name: gba.query(f"{sql} ORDER BY ALL", database=database) for name, sql in queries.items()}
    order = ["indicator", "area", "frequency", "adjustment", "prices", "period"]
    for table in ("port_throughput", "gdp"):
        for read in (gba.load, gba.scan):
            rows = read(table, database=database).lazy().collect()
            found[f"{read.__name__} {table}"] = rows.sort(order, nulls_last=True)
    return found


def assert_same(ours: Mapping[str, pl.DataFrame], theirs: Mapping[str, pl.DataFrame], where: object) -> None:
    for name, frame in theirs.items():
        only_ours = ours[name].join(frame, on=frame.columns, how="anti", nulls_equal=True)
        only_theirs = frame.join(ours[name], on=frame.columns, how="anti", nulls_equal=True)
        assert ours[name].equals(frame), (where, name, only_ours, only_theirs)


@pytest.fixture(scope="module")
def tables(request: pytest.FixtureRequest) -> dict[str, list[Row]]:
    return made_up(request.param)


@pytest.fixture(scope="module")
def from_csv(
    tables: dict[str, list[Row]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("whole")
    for table, rows in tables.items():
        write_csv(folder / "datasets" / "observations" / f"{table}.csv", COLUMNS, rows)
    gba.build(folder / "datasets", folder / "gba.duckdb")
    return said(folder / "gba.duckdb")


# --- the same, however it is cut -----------------------------------------------------------------------------------


@pytest.mark.parametrize("tables", [1, 2], indirect=True)
def test_the_made_up_tables_make_every_check_speak(from_csv: dict[str, pl.DataFrame]) -> None:
    checks = set(from_csv["findings"]["check"])
    assert checks == set(partition_checks._READS) - {"money_of_another_area", "renamed_place"}
    assert from_csv["splice"].height > 50
    assert set(from_csv["splice"]["frequency"]) == {"A", "Q", "M", "D"}
    for read in ("load", "scan"):
        assert (from_csv[f"{read} port_throughput"]["status"] == "B").sum() > 30


def test_every_check_says_what_it_reads_of_partitions() -> None:
    assert sorted(partition_checks._READS) == sorted(p.stem for p in (sql_dir() / "checks").glob("*.sql"))


@pytest.mark.parametrize(("tables", "cut"), CUTS, indirect=["tables"], ids=str)
def test_partitions_say_what_one_file_says(
    cut: Sequence[str], tables: dict[str, list[Row]], from_csv: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    gba.build(write_cut(tmp_path / "datasets", tables, cut), tmp_path / "gba.duckdb")
    assert_same(said(tmp_path / "gba.duckdb"), from_csv, cut)


# --- the same, however it came about -------------------------------------------------------------------------------


class Step(NamedTuple):
    """Which of seven days and of years from 2010 a build has, and which of these say something else than elsewhere."""

    days: str
    years: str
    other_days: str = ""
    other_years: str = ""


STEPS = {
    "the first": Step("012", "02"),
    "one more": Step("0123", "023"),
    "some between and after, some not yet": Step("012356", "0123"),
    "one that was late": Step("0123456", "01234"),
    "one is removed": Step("013456", "0134"),
    "one is replaced": Step("013456", "0134", "4", "1"),
    "the last is removed": Step("01345", "013", "4", "1"),
    "the last is replaced, and the first": Step("01345", "013", "045", "013"),
    "one between, one after, and one as it was": Step("0123456", "0123", "05", "03"),
    "the last two are removed, the first is replaced": Step("01234", "123", "5", "13"),
    "most are gone": Step("04", "2"),
}


def test_partitions_that_come_and_go_say_what_one_build_says(tmp_path: Path) -> None:
    pick = random.Random(5)
    days = [row for row in ports(pick) if row["period"].startswith(("2011-12-2", "2012-01-0"))]
    years = list(output(pick))
    dates = sorted({row["period"] for row in days if len(row["period"]) == 10})[-7:]
    spliced: set[str] = set()
    for number, (what, step) in enumerate(STEPS.items()):
        some = {
            "port_throughput": in_step(days, "period", [dates[int(n)] for n in step.days], [dates[int(n)] for n in step.other_days]),
            "gdp": in_step(years, "year", [f"201{n}" for n in step.years], [f"201{n}" for n in step.other_years]),
        }  # fmt: skip
        shutil.rmtree(tmp_path / "datasets", ignore_errors=True)
        for table, cut in (("port_throughput", "date"), ("gdp", "year")):
            write_cut(tmp_path / "datasets", {table: some[table]}, (cut,))
            write_csv(tmp_path / str(number) / "observations" / f"{table}.csv", COLUMNS, some[table])
        gba.build(tmp_path / "datasets", tmp_path / "gba.duckdb")
        gba.build(tmp_path / str(number), tmp_path / f"{number}.duckdb")
        whole = said(tmp_path / f"{number}.duckdb")
        assert_same(said(tmp_path / "gba.duckdb"), whole, what)
        spliced |= set(whole["splice"]["frequency"])
    assert spliced == {"A", "D"}


#: Which years there are, which of them say something else, and for which years the population does, by their last digits.
YEARS = (
    ("90123", "", ""),
    ("901234", "", ""),
    ("901234", "1", ""),
    ("90134", "1", "12"),
    ("901234", "0", "12"),
)


def test_years_of_all_frequencies_come_and_go_and_heads_are_counted_anew(tmp_path: Path) -> None:
    tables = made_up(6)
    found: set[str] = set()
    for number, (there, other, other_heads) in enumerate(YEARS):
        some = {
            table: in_step(rows, "year", list(map(year, there)), list(map(year, other)))
            for table, rows in tables.items()
        }
        some["population"] = in_step(
            tables["population"], "year", list(map(year, "90123456")), list(map(year, other_heads))
        )
        shutil.rmtree(tmp_path / "datasets", ignore_errors=True)
        for table, rows in some.items():
            write_csv(tmp_path / str(number) / "observations" / f"{table}.csv", COLUMNS, rows)
        write_cut(
            tmp_path / "datasets", {t: rows for t, rows in some.items() if t != "population"}, ("year",)
        )
        write_csv(tmp_path / "datasets" / "observations" / "population.csv", COLUMNS, some["population"])
        gba.build(tmp_path / "datasets", tmp_path / "gba.duckdb")
        gba.build(tmp_path / str(number), tmp_path / f"{number}.duckdb")
        whole = said(tmp_path / f"{number}.duckdb")
        assert_same(said(tmp_path / "gba.duckdb"), whole, number)
        found |= set(whole["findings"]["check"])
    assert found >= {"cumulative_falls", "parts_and_total", "per_head", "too_smooth", "year_and_parts"}


def year(digit: str) -> str:
    """Year from 2009 on, as its last digit tells."""
    return str(2009 + (int(digit) + 1) % 10)


def in_step(rows: Sequence[Row], key: str, there: Collection[str], other: Collection[str]) -> list[Row]:
    """Rows of the days or years that are there; some say something else."""
    when = [row["period"] if key == "period" else row["period"][:4] for row in rows]
    return [revised(row) if at in other else row for row, at in zip(rows, when, strict=True) if at in there]


# --- and what it costs -----------------------------------------------------------------------------------------------


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Files of partitions that are read, until it is cleared."""
    read: set[str] = set()
    rows = partitions.Edition.rows

    def watched(edition: partitions.Edition, files: Collection[str]) -> str:
        read.update(files)
        return rows(edition, files)

    monkeypatch.setattr(partitions.Edition, "rows", watched)
    return read


def test_a_day_that_changes_reads_that_day_and_those_beside_it(tmp_path: Path, read_files: set[str]) -> None:
    given = {
        "indicator": "container_throughput",
        "area": "shenzhen",
        "unit": "TEU",
        "scale": "0",
        "prices": "",
    }
    turns = [
        ROW
        | given
        | {"period": f"2024-01-{day:02}", "value": str(100 + day), "source": ONE if day < 9 else TWO}
        for day in range(1, 16)
    ]
    root, database = tmp_path / "datasets", tmp_path / "gba.duckdb"
    days = write_cut(root, {"port_throughput": turns}, ("day",)) / "observations" / "port_throughput"
    gba.build(root, database)

    def days_read() -> list[int]:
        read_files.clear()
        gba.build(root, database)
        return sorted({int(file.split("/")[1].removeprefix("day=")) for file in read_files})

    assert days_read() == []
    write_cut(root, {"port_throughput": [turns[8] | {"value": "7", "source": ONE}]}, ("day",))
    assert days_read() == [8, 9, 10]
    assert gba.query("SELECT period::VARCHAR FROM partition_switch", database=database).rows() == [
        ("2024-01-10",)
    ]
    shutil.rmtree(days / "day=15")
    assert days_read() == [14, 15]
    shutil.rmtree(days / "day=9")
    assert days_read() == [8, 9, 10]
    write_cut(root, {"port_throughput": [turns[8]]}, ("day",))
    assert days_read() == [8, 9, 10]
    assert gba.query("SELECT period::VARCHAR FROM partition_switch", database=database).rows() == [
        ("2024-01-09",)
    ]


def test_an_indicator_that_changes_is_checked_alone(tmp_path: Path, read_files: set[str]) -> None:
    monthly = [row for row in ports(random.Random(3)) if len(row["period"]) == 7]
    root, database = tmp_path / "datasets", tmp_path / "gba.duckdb"
    write_cut(root, {"port_throughput": monthly}, ("indicator", "year"))
    gba.build(root, database)
    read_files.clear()
    one = [
        row for row in monthly if row["indicator"] == "container_empty" and row["period"].startswith("2010")
    ]
    write_cut(root, {"port_throughput": [revised(row) for row in one]}, ("indicator", "year"))
    gba.build(root, database)
    assert {file.split("/")[1] for file in read_files if "year=2009" in file} == {"indicator=container_empty"}


def test_a_lost_partition_whose_file_is_gone_is_no_hindrance(tmp_path: Path) -> None:
    rows = [row for row in ports(random.Random(4)) if row["period"].startswith("2011-12-2")]
    root, database = tmp_path / "datasets", tmp_path / "gba.duckdb"
    write_cut(root, {"port_throughput": rows}, ("date",))
    gba.build(root, database)
    gone = sorted({row["period"] for row in rows})[2]
    shutil.rmtree(root / "observations" / "port_throughput" / f"date={gone}")
    shutil.rmtree(partitions_dir(database) / "port_throughput" / f"date={gone}")
    gba.build(root, database)
    write_csv(
        tmp_path / "observations" / "port_throughput.csv", COLUMNS, [r for r in rows if r["period"] != gone]
    )
    gba.build(tmp_path, tmp_path / "whole.duckdb")
    for sql in ("FROM agreement ORDER BY ALL", "SELECT * EXCLUDE (file, row) FROM splice ORDER BY ALL"):
        ours, theirs = (gba.query(sql, database=at) for at in (database, tmp_path / "whole.duckdb"))
        assert theirs.height > 3
        assert ours.equals(theirs)


def test_one_day_more_reads_that_day_alone(tmp_path: Path, read_files: set[str]) -> None:
    daily = [
        row for row in ports(random.Random(4))
        if len(row["period"]) == 10 and row["unit"] == "TEU" and row["adjustment"] == "nsa"
    ]  # fmt: skip
    *dates, last = sorted({row["period"] for row in daily})[-5:]
    for there in (dates, [*dates, last]):
        read_files.clear()
        some = {"port_throughput": [row for row in daily if row["period"] in there]}
        write_cut(tmp_path / "datasets", some, ("date",))
        assert gba.build(tmp_path / "datasets", tmp_path / "gba.duckdb").findings > 0
    (read,) = read_files
    assert f"date={last}" in read


def revised(row: Row) -> Row:
    """The same figure doubtful, or no longer: another source may speak for it; every third one is another figure."""
    if not row["value"]:
        return row
    if len(row["value"] + row["area"]) % 3 == 0:
        return row | {"value": row["value"] + "1"}
    return row | {"status": "A" if row["status"] == "U" else "U"}
