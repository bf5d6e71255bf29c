"""Files of several batches: their rows arrive by one statement, and their faults are told as those of one batch are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.errors import DatasetError, ValidationError
from gbaindicators.store import build, filling
from gbaindicators.store.opening import open_database
from gbaindicators.tables.csv_files import read_batches

YEARS = [{"period": str(year), "value": str(year)} for year in range(2000, 2020)]


@pytest.fixture
def three_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "read_batches", partial(read_batches, batch_rows=3))


def rows_of(database: Path) -> list[tuple[object, ...]]:
    connection = open_database(database)
    try:
        return connection.sql("FROM observation ORDER BY row").fetchall()
    finally:
        connection.close()


def test_many_batches_give_the_rows_that_one_gives(
    make_datasets: Callable[..., Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    root = make_datasets(gdp=YEARS)
    build(root, tmp_path / "one.duckdb")
    request.getfixturevalue("three_at_a_time")
    build(root, tmp_path / "many.duckdb")
    assert len(rows_of(tmp_path / "one.duckdb")) == 20
    assert rows_of(tmp_path / "many.duckdb") == rows_of(tmp_path / "one.duckdb")


@pytest.mark.usefixtures("three_at_a_time")
def test_faults_of_all_batches_are_named_and_nothing_is_published(
    make_datasets: Callable[..., Path], tmp_path: Path
) -> None:
    faulty = [row | ({"status": "X"} if i in (1, 10, 19) else {}) for i, row in enumerate(YEARS)]
    with pytest.raises(ValidationError) as found:
        build(make_datasets(gdp=faulty), tmp_path / "gba.duckdb")
    assert found.value.failures.select("row", "column").rows() == [
        (3, "status"),
        (12, "status"),
        (21, "status"),
    ]
    assert not (tmp_path / "gba.duckdb").exists()


@pytest.mark.usefixtures("three_at_a_time")
def test_a_later_batch_that_cannot_be_read_is_told_as_such(
    make_datasets: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_datasets(gdp=YEARS)
    file = root / "observations" / "gdp.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[15] += ",one field more"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"gdp\.csv: a row has more fields than the header"):
        build(root, tmp_path / "gba.duckdb")
    assert not list(tmp_path.glob("*gba.duckdb*building*"))


@pytest.mark.usefixtures("three_at_a_time")
def test_an_interrupt_while_rows_are_read_stays_one(
    make_datasets: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))

    def interrupted(rows: pl.DataFrame, *others: object) -> pl.DataFrame:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return rows.clear().select(file=pl.lit(""))

    monkeypatch.setattr(filling, "validate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(make_datasets(gdp=YEARS), tmp_path / "gba.duckdb")
    assert not (tmp_path / "gba.duckdb").exists()
