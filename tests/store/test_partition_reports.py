"""A table says the same however it is cut: findings, preferred figures, breaks and disagreements, built at once or by and by."""

from __future__ import annotations

import random
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.catalog import parse_period, sql_dir
from gbaindicators.store import partition_checks, partitions
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


#: For each build which of seven days and of four years there are, and which day is printed anew.
STEPS: dict[str, tuple[str, str, str]] = {
    "the first": ("012", "02", ""),
    "one more": ("0123", "023", ""),
    "some between and after, some not yet": ("012356", "0123", ""),
    "one that was late": ("0123456", "0123", ""),
    "one is removed": ("013456", "013", ""),
    "one is replaced": ("013456", "013", "4"),
}


def test_partitions_that_come_and_go_say_what_one_build_says(tmp_path: Path) -> None:
    pick = random.Random(5)
    days = [row for row in ports(pick) if row["period"].startswith(("2011-12-2", "2012-01-0"))]
    years = list(output(pick))
    dates = sorted({row["period"] for row in days if len(row["period"]) == 10})[-7:]
    for number, (what, (of_days, of_years, anew)) in enumerate(STEPS.items()):
        there, new = {dates[int(n)] for n in of_days}, {dates[int(n)] for n in anew}
        some = {
            "port_throughput": [
                revised(r) if r["period"] in new else r for r in days if r["period"] in there
            ],
            "gdp": [r for r in years if r["period"][:4] in {f"201{n}" for n in of_years}],
        }
        shutil.rmtree(tmp_path / "datasets", ignore_errors=True)
        for table, cut in (("port_throughput", "date"), ("gdp", "year")):
            write_cut(tmp_path / "datasets", {table: some[table]}, (cut,))
            write_csv(tmp_path / str(number) / "observations" / f"{table}.csv", COLUMNS, some[table])
        gba.build(tmp_path / "datasets", tmp_path / "gba.duckdb")
        gba.build(tmp_path / str(number), tmp_path / f"{number}.duckdb")
        whole = said(tmp_path / f"{number}.duckdb")
        assert "D" in set(whole["splice"]["frequency"])
        assert_same(said(tmp_path / "gba.duckdb"), whole, what)
    assert "A" in set(whole["splice"]["frequency"])


def test_one_day_more_reads_that_day_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_of: list[set[str]] = []
    rows = partitions.Edition.rows

    def watched(edition: partitions.Edition, files: Collection[str]) -> str:
        made_of.append(set(files))
        return rows(edition, files)

    daily = [
        row for row in ports(random.Random(4))
        if len(row["period"]) == 10 and row["unit"] == "TEU" and row["adjustment"] == "nsa"
    ]  # fmt: skip
    *dates, last = sorted({row["period"] for row in daily})[-5:]
    for there in (dates, [*dates, last]):
        made_of.clear()
        some = {"port_throughput": [row for row in daily if row["period"] in there]}
        write_cut(tmp_path / "datasets", some, ("date",))
        monkeypatch.setattr(partitions.Edition, "rows", watched)
        assert gba.build(tmp_path / "datasets", tmp_path / "gba.duckdb").findings > 0
    (read,) = {file for files in made_of for file in files}
    assert f"date={last}" in read


def revised(row: Row) -> Row:
    """The same figure doubtful, or no longer: another source may speak for it."""
    return row | {"status": "A" if row["status"] == "U" else "U"} if row["value"] else row
