"""Figures to files: what is written, and what is said when that cannot be."""

import json
import os
import re
import struct
import sys
from datetime import date
from pathlib import Path

import plotly.graph_objects as go
import polars as pl
import pytest

from gbaindicators import charts
from gbaindicators.errors import ExportError, GbaError, UsageError

exporting = sys.modules[charts.export.__module__]


def has_browser():
    try:
        return bool(exporting.find_browser())
    except ExportError:
        return False


needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(not has_browser(), reason="no Chrome or Chromium is installed"),
]


def browser(test):
    for mark in needs_browser:
        test = mark(test)
    return test


def figure(lang="en", **columns):
    frame = pl.DataFrame(
        {"period": [date(2023, 1, 1), date(2024, 1, 1)], "value": [3.0, 4.0], "area": ["macao"] * 2}
    )
    return charts.line(frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()}), lang=lang)


def program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


# --- without a browser


def test_html_needs_nothing_from_the_network(tmp_path):
    page = charts.export(figure("zh-Hant"), tmp_path / "a.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)\s*=", page)
    assert '"showSendToCloud": false' in page
    assert '<html lang="zh-Hant">' in page
    assert 'aria-label="折線圖：澳門' in page
    assert "<title>澳門</title>" in page


def test_html_holds_no_markup_of_the_user(tmp_path):
    hostile = "</script><script>alert(1)</script>"
    page = charts.export(figure(area=hostile), tmp_path / "a.html").read_text(encoding="utf-8")
    assert "alert(1)</script>" not in page
    assert "<script>alert" not in page


def test_json_is_the_figure(tmp_path):
    written = json.loads(charts.export(figure(), tmp_path / "a.json").read_text(encoding="utf-8"))
    assert written["data"][0]["y"] == [3.0, 4.0]
    assert written["layout"]["meta"]["alt"].startswith("Line chart of Macao")


@pytest.mark.parametrize("suffix", ["html", "json"])
def test_same_figure_same_bytes(tmp_path, suffix):
    first, second = (charts.export(figure(), tmp_path / f"{n}.{suffix}").read_bytes() for n in "ab")
    assert first == second


def test_an_existing_file_is_replaced_whole(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    charts.export(figure(), path)
    assert json.loads(path.read_text(encoding="utf-8"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("name", ["a", "a.gif", "a.png.zip"])
def test_unknown_suffix(tmp_path, name):
    with pytest.raises(UsageError, match=r"\.html, \.png, \.svg, \.pdf, \.json"):
        charts.export(figure(), tmp_path / name)


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(ExportError, match="does not exist"):
        charts.export(figure(), tmp_path / "absent" / "a.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        charts.export(figure(), tmp_path / "folder.json")


def test_a_figure_without_traces(tmp_path):
    with pytest.raises(ExportError, match="no traces"):
        charts.export(go.Figure(), tmp_path / "a.png")
    with pytest.raises(UsageError, match="expected a Plotly figure"):
        charts.export({"data": []}, tmp_path / "a.png")


@pytest.mark.parametrize("option", [{"width": 0}, {"height": -1}, {"scale": 0}, {"timeout": 0}])
def test_numbers_must_be_positive(tmp_path, option):
    with pytest.raises(UsageError, match="positive"):
        charts.export(figure(), tmp_path / "a.json", **option)


def test_everything_is_checked_before_the_first_file_is_written(tmp_path):
    with pytest.raises(GbaError):
        charts.export_many({tmp_path / "a.json": figure(), tmp_path / "b.json": go.Figure()})
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_one_line_says_how_to_get_one(tmp_path, monkeypatch):
    from choreographer.browsers.chromium import Chromium

    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setattr(exporting.shutil, "which", lambda _: None)
    monkeypatch.setattr(Chromium, "find_browser", classmethod(lambda *_, **__: None))
    with pytest.raises(ExportError) as error:
        charts.export(figure(), tmp_path / "a.png")
    message = str(error.value)
    assert "\n" not in message
    assert all(way in message for way in ("apt install chromium", "plotly_get_chrome", "BROWSER_PATH"))


def test_a_wrong_browser_path_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "absent"))
    with pytest.raises(ExportError, match="BROWSER_PATH"):
        charts.export(figure(), tmp_path / "a.png")


@pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")
def test_a_browser_that_ends_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(program(tmp_path, "exit 3\n")))
    with pytest.raises(ExportError, match="did not start"):
        charts.export(figure(), tmp_path / "a.png")


@pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")
def test_a_browser_that_never_answers_is_ended(tmp_path, monkeypatch):
    note = tmp_path / "pid"
    monkeypatch.setenv("BROWSER_PATH", str(program(tmp_path, f"echo $$ > {note}\nexec sleep 300\n")))
    monkeypatch.setattr(exporting, "_START", 2.0)
    with pytest.raises(ExportError, match="no answer in 2 seconds"):
        charts.export(figure(), tmp_path / "a.png")
    state = Path(f"/proc/{note.read_text().strip()}/stat")
    assert not state.exists() or state.read_text().split(") ")[1].startswith("Z")


@pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")
def test_chinese_text_without_a_font_is_refused(tmp_path, monkeypatch):
    lister = program(tmp_path, "exit 0\n")
    monkeypatch.setattr(exporting.shutil, "which", lambda name: str(lister) if name == "fc-list" else None)
    with pytest.raises(ExportError, match="fonts-noto-cjk"):
        charts.export(figure("zh-Hans"), tmp_path / "a.png")
    # text that needs no such font gets past the check, and so does everything where fc-list is not there
    exporting._check_fonts(figure("en"), tmp_path / "a.png")
    monkeypatch.setattr(exporting.shutil, "which", lambda _: None)
    exporting._check_fonts(figure("zh-Hans"), tmp_path / "a.png")


# --- with one


@browser
def test_one_browser_draws_every_kind_of_picture(tmp_path):
    names = ["a.png", "a.svg", "a.pdf", "b.svg", "b.pdf"]
    figures = {tmp_path / name: figure() for name in names}
    assert charts.export_many(figures, scale=3) == list(figures)
    png = (tmp_path / "a.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (2700, 1620)
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-") and pdf.count(b"/Type /Page\n") == 1
    assert b"/FontFile" in pdf
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert ">Macao</tspan>" in svg or ">Macao<" in svg
    assert 'width="900"' in svg and 'aria-label="Line chart of Macao' in svg
    for suffix in ("svg", "pdf"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@browser
def test_size_can_be_given(tmp_path):
    png = charts.export(figure(), tmp_path / "a.png", width=600, height=400, scale=1).read_bytes()
    assert struct.unpack(">II", png[16:24]) == (600, 400)


@browser
def test_chinese_and_markup_are_drawn_as_text(tmp_path):
    hostile = figure(area="<b>粗</b> & <script>")
    drawn = {
        tmp_path / "a.svg": figure("zh-Hant"),
        tmp_path / "b.svg": hostile,
        tmp_path / "a.png": figure("zh-Hant"),
    }
    charts.export_many(drawn)
    assert ">澳門<" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]*>", "", (tmp_path / "b.svg").read_text(encoding="utf-8"))
    assert (
        "&#60;b&#62;粗&#60;/b&#62; &amp; &#60;script&#62;" in text
        or "&lt;b&gt;粗&lt;/b&gt; &amp; &lt;script&gt;" in text
    )


@browser
def test_time_is_up(tmp_path):
    with pytest.raises(ExportError, match=r"0\.001 seconds"):
        charts.export(figure(), tmp_path / "a.png", timeout=0.001)
    assert list(tmp_path.iterdir()) == []
