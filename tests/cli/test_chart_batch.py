"""gba chart --all: every kind of chart in one go, and what it says of one that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gbaindicators import charts
from gbaindicators.cli import gallery
from gbaindicators.cli.app import main
from gbaindicators.errors import FrameError

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def words(*given: object) -> tuple[int, str, str]:
        code = main([str(w) for w in given])
        printed = capsys.readouterr()
        return code, printed.out, " ".join(printed.err.split())

    return words


def test_every_verb_has_a_subject() -> None:
    kinds = {what["kind"] for what in gallery.subjects().values()}
    # nothing that a refresh held back is shipped
    assert kinds == set(charts.__all__) - {"export", "export_many", "held_back"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_all_kinds_are_written_in_a_language_and_a_size(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "made" / "here"
    code, told, progress = run(
        "chart", "--all", "--out", out, "--format", "json", "--lang", "zh-Hant", "--preset", "slide"
    )
    assert code == 0 and f"files to {out}" in told
    assert {path.stem for path in out.iterdir()} == set(gallery.subjects())
    assert "reading map" in progress and "map.json" in progress
    for path in out.iterdir():
        layout = json.loads(path.read_text(encoding="utf-8"))["layout"]
        assert layout["meta"]["lang"] == "zh-Hant"
        assert layout["width"] / layout["height"] == pytest.approx(16 / 9, rel=0.02), path.stem
        # the package's own words are all told; sources keep their language
        assert not layout["meta"].get("english"), path.stem


def test_a_subject_that_fails_is_named_and_the_others_are_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: what for name, what in gallery.subjects().items() if name in ("bars", "flow", "map")}

    def broken(*_: object, **__: object) -> None:
        raise FrameError("nothing flows today")

    monkeypatch.setattr(gallery, "subjects", lambda: few)
    monkeypatch.setattr(charts, "flow", broken)
    code, _, told = run("chart", "--all", "--out", tmp_path, "--format", "html", "--data", "csv")
    assert code == 1 and "flow: nothing flows today" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bars.csv",
        "bars.html",
        "map.csv",
        "map.html",
    ]


def test_options_that_do_not_go_together(run: Run, tmp_path: Path) -> None:
    assert run("chart", "gdp", "--all", "--out", tmp_path)[0] == 2
    code, _, told = run("chart", "--out", tmp_path / "a.png")
    assert code == 2 and "name an indicator" in told and "--all" in told
    code, _, told = run("chart", "gdp", "-a", "macao", "--format", "svg", "--out", tmp_path / "a.png")
    assert code == 2 and "a.svg instead" in told
