"""``gba revisions``: what it prints, and what it gives to programs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.cli.app import main
from gbaindicators.transforms import revisions

WORDS = ("revisions", "gdp_real_growth", "--area", "hong_kong", "--frequency", "Q")


@pytest.fixture(autouse=True)
def _home(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def test_the_table_tells_periods_measures_notes_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(WORDS) == 0
    out = capsys.readouterr().out
    line = next(line for line in out.splitlines() if line.startswith("2024-Q3"))
    assert line.split()[1:6] == ["1.8", "2024-10-31", "2.1", "2026-06-30", "0.3"]
    assert (
        "first to latest" in out
        and "cannot be placed" in out
        and "[1] Census and Statistics" in " ".join(out.split())
    )
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("show", ["releases", "triangle", "statistics"])
def test_programs_get_the_whole_frame(capsys: pytest.CaptureFixture[str], show: str) -> None:
    assert main([*WORDS, "--show", show, "--format", "csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    found = revisions("gdp_real_growth", "hong_kong", frequency="Q")
    frame = found.frame if show == "releases" else getattr(found, show)
    assert rows[0] == frame.columns
    assert len(rows) == frame.height + 1


@pytest.mark.parametrize("show", ["triangle", "statistics"])
def test_wide_tables_fit(capsys: pytest.CaptureFixture[str], show: str) -> None:
    assert main([*WORDS, "--show", show]) == 0
    out, err = capsys.readouterr()
    assert max(map(len, out.splitlines())) <= 80
    assert ("vintages; --format csv" in err) == (show == "triangle")


def test_a_file_and_a_producer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "gdp.parquet"
    producer = "Statistics and Census Service, Macao (DSEC)"
    assert main(["revisions", "gdp", "-a", "Macau", "--source", producer, "--out", str(path)]) == 0
    assert pl.read_parquet(path)["revision"].count() == 2


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["revisions", "gdp_real", "--area", "hong_kong"]) == 2
    assert "ask for growth" in capsys.readouterr().err
    assert main(["revisions", "gdp"]) == 2
    assert "--area" in capsys.readouterr().err
