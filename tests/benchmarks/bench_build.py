"""Time a validated build against a bare DuckDB ``read_csv``, against pandas with Pandera, and against frictionless.

Every run is a fresh process that reads the same file and writes a new database. DuckDB alone checks nothing but the
types; pandas with Pandera checks the columns, the keys and the names; frictionless validates and writes nothing.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.tables.observations import COLUMNS
from tests.benchmarks.suite import Bench, Work, apart
from tests.benchmarks.table import installed

_OURS = """
import sys, time
start = time.perf_counter()
import gbaindicators.store as store
store.build(sys.argv[1], sys.argv[2])
print(time.perf_counter() - start)
"""
_BARE = """
import sys, time
start = time.perf_counter()
import duckdb
connection = duckdb.connect(sys.argv[2])
connection.execute("CREATE TABLE observation AS SELECT * FROM read_csv(?)", [sys.argv[1] + "/observations/card_transactions.csv"])
connection.close()
print(time.perf_counter() - start)
"""
_PANDERA = """
import json, sqlite3, sys, time
start = time.perf_counter()
import pandas as pd
import pandera.pandas as pa
names = json.loads(open(sys.argv[3], encoding="utf-8").read())
frame = pd.read_csv(sys.argv[1] + "/observations/card_transactions.csv", dtype={"prices": "string", "scale": int}, parse_dates=["period", "vintage"])
column = {name: pa.Column(checks=pa.Check.isin(known)) for name, known in names.items()}
column |= {"period": pa.Column("datetime64[ns]", coerce=True), "vintage": pa.Column("datetime64[ns]", coerce=True), "value": pa.Column(float, coerce=True)}
keys = ["indicator", "area", "period", "adjustment", "prices", "source", "vintage"]
frame = pa.DataFrameSchema(column, unique=keys).validate(frame, lazy=True)
if sys.argv[4] == "duckdb":
    import duckdb
    with duckdb.connect(sys.argv[2]) as connection:
        connection.execute("CREATE TABLE observation AS SELECT * FROM frame")
else:
    with sqlite3.connect(sys.argv[2]) as connection:
        frame.to_sql("observation", connection, index=False)
print(time.perf_counter() - start)
"""
_FRICTIONLESS = """
import json, sys, time
start = time.perf_counter()
from frictionless import Resource, Schema, system
names = json.loads(open(sys.argv[3], encoding="utf-8").read())
kinds = {"period": "date", "vintage": "date", "value": "number", "scale": "integer"}
path = sys.argv[1] + "/observations/card_transactions.csv"
header = open(path, encoding="utf-8").readline().strip().split(",")
fields = [{"name": n, "type": kinds.get(n, "string")} | ({"constraints": {"enum": names[n]}} if n in names else {}) for n in header]
keys = ["indicator", "area", "period", "adjustment", "prices", "source", "vintage"]
schema = Schema.from_descriptor({"fields": fields, "primaryKey": [k for k in keys if k != "prices"]})
with system.use_context(trusted=True):
    report = Resource(path=path, schema=schema).validate()
assert report.valid, report.flatten(["rowNumber", "message"])[:3]
print(time.perf_counter() - start)
"""


def write_transactions(path: Path, rows: int) -> None:
    """Write daily card transactions of every area the catalogue knows, in the area's own currency."""
    names = catalog()
    units = {i.id: i.unit for i in names.indicators.values() if i.table == "card_transactions"}
    series = pl.DataFrame(
        [(i, a.id, (a.currency if a.currency in names.units else "CNY") if unit == "currency" else unit) for i, unit in units.items() for a in names.areas.values()],
        schema=["indicator", "area", "unit"], orient="row",
    )  # fmt: skip
    days = -(-rows // series.height)
    last = date(2026, 11, 1)
    day = pl.DataFrame(
        {"period": pl.date_range(last - timedelta(days=days - 1), last, eager=True).cast(pl.String)}
    )
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        for first in range(0, series.height, 100):
            some = (
                series.slice(first, 100)
                .join(day, how="cross", maintain_order="left_right")
                .head(max(0, rows - first * days))
            )
            frame = some.select(
                "indicator", "area", "period", value=(pl.int_range(pl.len()) * 7919 % 99_991 * 13 + 17).cast(pl.String),
                unit="unit", scale=pl.lit("0"), adjustment=pl.lit("nsa"), prices=pl.lit(None, pl.String), status=pl.lit("A"),
                vintage=pl.lit("2026-11-22"), source=pl.lit("modaily_guangdong_cards_2024_12"),
                locator="row " + pl.int_range(first * days, first * days + pl.len()).cast(pl.String), note=pl.lit("daily file"),
            )  # fmt: skip
            file.write(frame.write_csv(include_header=False))


def fresh(script: str, datasets: Path, database: Path, *more: str) -> Work:
    """Run a script that writes a new database."""
    work = apart(script, str(datasets), str(database), *more)

    def afresh() -> None:
        database.unlink(missing_ok=True)
        work.run()

    return replace(work, run=afresh)


def _written(folder: Path, rows: int) -> Path:
    write_transactions(folder / "observations" / "card_transactions.csv", rows)
    return folder


def test_builds(bench: Bench) -> None:
    """Compare on a few million rows, and with what is slow on fewer."""
    with tempfile.TemporaryDirectory(prefix="bench-build-") as folder:
        root, many, some = Path(folder), bench.size(2_000_000, 2_000), bench.size(100_000, 1_000)
        large = _written(root / "large", many)
        ours = fresh(_OURS, large, root / "ours.duckdb")
        bare = fresh(_BARE, large, root / "bare.duckdb")
        bench.compare(f"validated build of {many:,} rows", ours, "bare DuckDB read_csv", bare, rounds=3)
        small, names = _written(root / "small", some), root / "names.json"
        known = catalog()
        lists = {"indicator": list(known.indicators), "area": list(known.areas), "unit": list(known.units)}
        names.write_text(json.dumps(lists), encoding="utf-8")
        ours, work = fresh(_OURS, small, root / "ours.duckdb"), f"validated build of {some:,} rows"
        for form in ("sqlite", "duckdb"):
            against = f"pandas, Pandera, {'to_sql (SQLite)' if form == 'sqlite' else 'into DuckDB'}"
            if not (installed("pandas") and installed("pandera")):
                bench.absent(work, against)
                continue
            theirs = fresh(_PANDERA, small, root / "theirs.db", str(names), form)
            bench.compare(work, ours, against, theirs, rounds=3)
        if not installed("frictionless"):
            bench.absent(work, "frictionless validate")
            return
        theirs = fresh(_FRICTIONLESS, small, root / "none.db", str(names))
        bench.compare(work, ours, "frictionless validate", theirs, rounds=2)
