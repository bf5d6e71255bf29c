"""Pieces of lazy frames: all rows once, no file left behind, and no more read than is asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.io.plugins import register_io_source
from polars.testing import assert_frame_equal

import gbaindicators as gba
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms import cutting
from gbaindicators.transforms.cutting import PIECE, Part, cut, pieces

pytestmark = pytest.mark.usefixtures("folder")
AREAS = [f"area_{n:02}" for n in range(20)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go; pieces of 50 rows."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(cutting, "_ROWS", 50)
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


def rows(areas: list[str | None] = AREAS) -> pl.DataFrame:
    days = pl.date_range(date(2024, 1, 1), date(2024, 1, 31), "1d", eager=True)
    table = pl.DataFrame({"area": areas}, schema={"area": pl.String}).join(
        pl.DataFrame({"period": days}), how="cross"
    )
    return table.sort("period").with_columns(
        value=pl.int_range(1, pl.len() + 1).cast(pl.Float64), frequency=pl.lit("D", FREQUENCY),
        sources=pl.concat_list("area"), sort=pl.col("area").cast(pl.Categorical),
    )  # fmt: skip


def watched(frame: pl.DataFrame, reads: list[list[str] | None]) -> pl.LazyFrame:
    """A scan that notes the columns of every read."""

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, count: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        reads.append(columns)
        found = frame if predicate is None else frame.filter(predicate)
        found = found if columns is None else found.select(columns)
        yield found if count is None else found.head(count)

    return register_io_source(read, schema=frame.schema)


@pytest.mark.parametrize("few", [True, False])
def test_every_row_is_in_one_piece_as_it_was(*, few: bool) -> None:
    frame = rows([*AREAS, None])
    table = cut([frame.lazy()], ["area"])
    number = table[PIECE].max() + 1
    found = [piece for (piece,) in pieces([Part(frame.lazy(), table)], number, few=few)]
    assert len(found) == number > 4
    assert all(piece.height <= 2 * 50 for piece in found)
    assert all(piece["period"].is_sorted() for piece in found)
    assert_frame_equal(pl.concat(found).sort("value"), frame)


def test_pieces_are_read_as_they_are_needed_and_their_files_removed(folder: Path) -> None:
    frame = rows()
    table = cut([frame.lazy()], ["area"])
    left = []
    for _ in pieces([Part(frame.lazy(), table)], table[PIECE].max() + 1, few=False):
        left.append(len(list(folder.rglob("*.parquet"))))
    assert left == list(range(len(left)))[::-1]
    assert not list(folder.iterdir())


def test_no_file_is_left_when_the_work_stops_early(folder: Path) -> None:
    frame = rows()
    table = cut([frame.lazy()], ["area"])
    begun = pieces([Part(frame.lazy(), table)], table[PIECE].max() + 1, few=False)
    next(begun)
    assert list(folder.iterdir())
    begun.close()
    assert not list(folder.iterdir())


def test_no_file_is_left_after_an_error(folder: Path) -> None:
    frame = rows().with_columns(
        value=pl.when(pl.col("area") != "area_13").then("value").otherwise(float("nan"))
    )
    with pytest.raises(FrameError, match="NaN"):
        gba.growth(frame.lazy(), "1d").collect()
    assert not list(folder.iterdir())


def test_a_table_is_read_twice_whatever_its_number_of_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[list[str] | None] = []
    lazy = watched(rows(), reads).pipe(gba.growth, "1d")
    for size in (50, 5):
        monkeypatch.setattr(cutting, "_ROWS", size)
        reads.clear()
        assert lazy.select(pl.col("value").count()).collect().item() == 20 * 30
        # once to count the rows of the series, once to sort them, without what no value depends on
        assert sorted(reads[0] or []) == ["area", "sort"]
        assert len(reads) == 2
        assert "sources" not in (reads[1] or ["sources"])


def test_transforms_in_a_row_cut_the_table_once() -> None:
    reads: list[list[str] | None] = []
    frame = rows()
    work = lambda f: f.pipe(gba.growth, "1d").pipe(gba.growth, "1d").pipe(gba.growth, "1d")  # noqa: E731
    found = work(watched(frame, reads)).collect()
    assert len(reads) == 2
    assert_frame_equal(found.sort("area", "period"), work(frame).sort("area", "period"))
    in_between = gba.growth(gba.growth(frame.lazy(), "1d").filter(pl.col("value") > 1), "1d").collect()
    eager = gba.growth(gba.growth(frame, "1d").filter(pl.col("value") > 1), "1d")
    assert_frame_equal(in_between.sort("area", "period"), eager.sort("area", "period"))


def test_the_first_rows_sort_nothing(folder: Path) -> None:
    reads: list[list[str] | None] = []
    seen = []
    frame = rows()

    def noticed(columns, predicate, count, size):
        seen.append(len(list(folder.iterdir())))
        reads.append(columns)
        yield frame.filter(True if predicate is None else predicate).select(columns or frame.columns)

    lazy = gba.growth(register_io_source(noticed, schema=frame.schema), "1d")
    assert lazy.head(10).collect().height == 10
    # the count, and one piece
    assert len(reads) == 2
    assert seen == [0, 0]


_WORK = """
import resource, sys
import polars as pl
import gbaindicators as gba
from gbaindicators.transforms import cutting
cutting._ROWS = 20_000
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
work = gba.growth(pl.scan_parquet(sys.argv[1]), "1d").select(pl.col("value").sum())
print("ready", flush=True)
while True:
    work.collect(engine="streaming")
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    days = pl.date_range(date(2023, 1, 1), date(2024, 12, 31), "1d", eager=True)
    areas = pl.DataFrame({"area": [f"area_{n:04}" for n in range(400)]})
    frame = areas.join(pl.DataFrame({"period": days}), how="cross").with_columns(
        value=(pl.int_range(pl.len()) * 7919 % 10007).cast(pl.Float64), frequency=pl.lit("D", FREQUENCY)
    )
    frame.write_parquet(tmp_path / "table.parquet")
    return tmp_path / "table.parquet"


def started(table: Path, folder: Path, how: str) -> subprocess.Popen[str]:
    environment = os.environ | {"TMPDIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-c", _WORK, str(table), how],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="limits and signals are those of POSIX")
def test_a_full_disk_is_named_with_what_to_do(table: Path, folder: Path) -> None:
    process = started(table, folder, "full")
    _, said = process.communicate(timeout=100)
    assert process.returncode == 1
    assert f"ExportError: no room left in {folder}" in said
    assert "point TMPDIR at a larger disk" in said
    assert not list(folder.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="limits and signals are those of POSIX")
def test_an_interrupt_leaves_no_file(table: Path, folder: Path) -> None:
    process = started(table, folder, "run")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    until = time.monotonic() + 100
    while not list(folder.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=100)
    assert "KeyboardInterrupt" in said
    assert not list(folder.iterdir())
