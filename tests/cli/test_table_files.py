"""Tables for publication and the data behind a chart, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.cli.app import main

pytest.importorskip("great_tables")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def words(*given: object) -> tuple[int, str, str]:
        code = main([str(w) for w in given])
        printed = capsys.readouterr()
        return code, printed.out, " ".join((printed.out + printed.err).split())

    return words


GDP = ("gdp", "-a", "macao", "-a", "hong_kong", "--frequency", "A", "--start", "2020", "--end", "2023")


def test_load_writes_a_page_in_the_language_asked_for(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "gdp.html"
    code, _, told = run("load", *GDP, "--to", "USD", "--lang", "zh-Hant", "--out", out)
    assert code == 0 and f"wrote {out}" in told
    text = out.read_text(encoding="utf-8")
    assert "億美元" in text and "澳門" in text and "資料來源" in text


def test_benchmark_forecast_and_revisions_write_latex(run: Run, tmp_path: Path) -> None:
    commands = {
        "b": ("benchmark", "gdp"),
        "f": (
            "forecast",
            "gdp",
            "-a",
            "macao",
            "--frequency",
            "A",
            "--end",
            "2023",
            "--horizon",
            "2",
            "--model",
            "drift",
        ),
        "t": ("revisions", "gdp_real_growth", "-a", "hong_kong", "--frequency", "Q", "--show", "triangle"),
        "s": ("revisions", "gdp_real_growth", "-a", "hong_kong", "--frequency", "Q", "--show", "statistics"),
    }
    said = {"b": "Tokyo", "f": "80\\% interval", "t": "Published on", "s": "First to latest"}
    for name, words in commands.items():
        out = tmp_path / f"{name}.tex"
        assert run(*words, "--out", out)[0] == 0
        assert said[name] in out.read_text(encoding="utf-8")


def test_what_makes_no_table_says_which_option_helps(run: Run, tmp_path: Path) -> None:
    code, _, told = run("load", *GDP, "--out", tmp_path / "gdp.html")
    assert code == 2 and "one unit" in told and "--to converts money" in told
    code, _, told = run("load", *GDP, "--format", "csv", "--out", tmp_path / "gdp.tex")
    assert code == 2 and "--format says csv" in told
    code, _, told = run("load", *GDP, "--out", tmp_path / "gdp.svg")
    assert code == 2 and ".html, .tex, .png" in told
    code, _, told = run("indicators", "--out", tmp_path / "i.html")
    assert code == 2 and "load, benchmark, forecast and revisions" in told
    assert list(tmp_path.iterdir()) == []


def test_a_chart_can_have_its_data_beside_it(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "gdp.html"
    code, _, told = run("chart", "gdp", "-a", "macao", "--frequency", "A", "--out", out, "--data", "csv")
    assert code == 0 and f"and {tmp_path / 'gdp.csv'}" in told
    frame = pl.read_csv(tmp_path / "gdp.csv")
    assert frame["area"].unique().to_list() == ["macao"] and frame["value"].null_count() == 0
