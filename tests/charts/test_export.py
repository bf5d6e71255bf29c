"""Figures to files: what is written, and what is said when that cannot be."""

import html
import json
import os
import re
import signal
import struct
import subprocess
import sys
import zlib
from datetime import date
from pathlib import Path

import plotly.graph_objects as go
import polars as pl
import pytest

from gbaindicators import charts
from gbaindicators.charts import browser as browsers
from gbaindicators.charts import fonts
from gbaindicators.charts.browser import find_browser
from gbaindicators.charts.canvas import PRESETS
from gbaindicators.errors import ExportError, GbaError, UsageError


def has_browser():
    try:
        return bool(find_browser())
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


def many():
    """Nine areas over twelve years."""
    areas = [
        "macao",
        "hong_kong",
        "shenzhen",
        "guangzhou",
        "foshan",
        "dongguan",
        "huizhou",
        "zhongshan",
        "zhuhai",
    ]
    return pl.DataFrame({
        "period": [date(2012 + i, 1, 1) for i in range(12)] * len(areas), "area": [a for a in areas for _ in range(12)],
        "value": [float((n + 2) * 1e9 + i * 1e8) for n in range(len(areas)) for i in range(12)],
        "frequency": ["A"] * 12 * len(areas),
    })  # fmt: skip


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
    monkeypatch.setattr(browsers.shutil, "which", lambda _: None)
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
    monkeypatch.setattr(browsers, "_START", 2.0)
    with pytest.raises(ExportError, match="no answer in 2 seconds"):
        charts.export(figure(), tmp_path / "a.png")
    state = Path(f"/proc/{note.read_text().strip()}/stat")
    assert not state.exists() or state.read_text().split(") ")[1].startswith("Z")


def test_chinese_text_without_a_font_is_refused_in_a_real_process(tmp_path):
    """Fontconfig sees an empty folder of fonts; the error comes before any browser is looked for."""
    if fonts.shutil.which("fc-list") is None:
        pytest.skip("fontconfig is not installed")
    settings, none = tmp_path / "fonts.conf", tmp_path / "none"
    none.mkdir()
    settings.write_text(
        f'<?xml version="1.0"?>\n<fontconfig><dir>{none}</dir><cachedir>{tmp_path / "cache"}</cachedir></fontconfig>\n'
    )
    told = subprocess.run(
        [sys.executable, "-c", FONTLESS.format(path=str(tmp_path / "a.png"))],
        env={**os.environ, "FONTCONFIG_FILE": str(settings), "BROWSER_PATH": str(tmp_path / "absent")},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "no installed font covers it: install one (apt install fonts-noto-cjk)" in told.stdout, told.stderr
    assert "BROWSER_PATH" in told.stdout.splitlines()[-1]
    assert not (tmp_path / "a.png").exists()


#: Chinese is refused for want of a font; English gets as far as looking for the browser.
FONTLESS = """
import polars as pl
from datetime import date
from gbaindicators import charts
from gbaindicators.errors import ExportError
frame = pl.DataFrame({{"period": [date(2023, 1, 1), date(2024, 1, 1)], "value": [3.0, 4.0], "area": ["macao"] * 2}})
for lang in ("zh-Hans", "en"):
    try:
        charts.export(charts.line(frame, lang=lang), {path!r})
    except ExportError as error:
        print(error)
"""


# --- presets


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", ["line", "bars", "heatmap"])
def test_a_preset_lays_the_chart_out_again(preset, kind, tmp_path):
    size = PRESETS[preset]
    charts.export(getattr(charts, kind)(many()), tmp_path / "a.json", preset=preset)
    layout = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["layout"]
    assert layout["width"] / layout["height"] == pytest.approx(size.width / size.height, rel=0.01)
    # the text is as large as the preset says, or smaller where all of it needs more room
    assert layout["width"] >= size.width / size.font - 0.01
    margin = layout["margin"]
    assert layout["height"] - margin["t"] - margin["b"] >= 150


def test_what_was_changed_by_hand_is_not_drawn_anew(tmp_path):
    changed = charts.line(many()).update_layout(title_text="mine")
    charts.export(changed, tmp_path / "a.json", preset="slide")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["layout"]["title"]["text"] == "mine"


def test_a_figure_of_plotly_takes_the_size(tmp_path):
    charts.export(go.Figure(go.Bar(x=[1], y=[2])), tmp_path / "a.json", preset="social")
    layout = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["layout"]
    assert (layout["width"], layout["height"]) == (720, 720)


def test_an_unknown_preset_is_refused(tmp_path):
    with pytest.raises(UsageError, match="must be one of: print, report, slide, social"):
        charts.export(figure(), tmp_path / "a.json", preset="poster")


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


@pytest.mark.slow
@browser
def test_presets_have_their_pixels(tmp_path):
    """What the table of `export` promises."""
    pixels = {"report": (1800, 1080), "slide": (1920, 1080), "social": (1080, 1080), "print": (4012, 2412)}
    for preset, size in pixels.items():
        png = charts.export(charts.line(many()), tmp_path / f"{preset}.png", preset=preset).read_bytes()
        assert struct.unpack(">II", png[16:24]) == size


@browser
def test_fonts_of_a_pdf_are_embedded_and_an_svg_ends_in_any_sans_serif(tmp_path):
    paths = [tmp_path / name for name in ("a.pdf", "b.pdf", "a.svg", "b.svg")]
    charts.export_many(dict(zip(paths, [figure("en"), figure("zh-Hant")] * 2, strict=True)), preset="print")
    for path in paths[:2]:
        raw = path.read_bytes()
        text = raw + b"".join(_inflated(raw))
        named = set(re.findall(rb"/(?:BaseFont|FontName)\s*/([^\s/<>]+)", text))
        # a font that is not embedded has no program, and a subset has six letters before its name
        programs = len(re.findall(rb"/FontFile[23]?\s", text)) + len(re.findall(rb"/Type3\b", text))
        assert programs and all(re.match(rb"[A-Z]{6}\+", name) for name in named)
        # 170 by 102 millimetres, in points
        box = [float(n) for n in re.search(rb"/MediaBox\s*\[([^\]]*)\]", text)[1].split()]
        assert box[2] == pytest.approx(481.5, abs=1.5) and box[3] == pytest.approx(289.5, abs=1.5)
    for path in paths[2:]:
        svg = html.unescape(path.read_text(encoding="utf-8"))
        families = re.findall(r"font-family: ([^;]*);", svg)
        assert families and all(family.rstrip().endswith("sans-serif") for family in families)
        assert 'width="642"' in svg and 'height="386"' in svg


def _inflated(raw):
    """Streams of a PDF that are compressed."""
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", raw, re.S):
        try:
            yield zlib.decompress(stream)
        except zlib.error:
            continue


@pytest.mark.slow
@browser
def test_a_browser_that_hangs_is_replaced_and_the_others_are_written(tmp_path, monkeypatch):
    """The second picture stops the browser's processes, as a page that never answers does."""
    draw = browsers.Browser.draw

    def stopping(self, figure, name, kind, scale, timeout):
        if name != "b.png":
            return draw(self, figure, name, kind, scale, timeout)
        os.killpg(self.pid, signal.SIGSTOP)
        return draw(self, figure, name, kind, scale, 3.0)

    monkeypatch.setattr(browsers.Browser, "draw", stopping)
    told = []
    with pytest.raises(
        ExportError, match=r"1 of 3 files could not be written: b\.png was not drawn in 3 seconds"
    ):
        charts.export_many({tmp_path / f"{n}.png": figure() for n in "abc"}, progress=told.append)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "c.png"]
    assert told == ["a.png", "b.png", "c.png"]


@pytest.mark.slow
@browser
def test_a_page_that_computes_on_and_on_is_given_up(tmp_path):
    """Two hundred thousand marks of SVG take far longer than half a second."""
    crowd = go.Figure(go.Scatter(x=list(range(200_000)), y=[i % 977 for i in range(200_000)], mode="markers"))
    with pytest.raises(ExportError, match=r"not drawn in 0\.5 seconds: raise timeout, or draw fewer points"):
        charts.export(crowd, tmp_path / "a.svg", timeout=0.5)


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


@pytest.mark.slow
@browser
def test_time_is_up(tmp_path):
    with pytest.raises(ExportError, match=r"0\.001 seconds"):
        charts.export(figure(), tmp_path / "a.png", timeout=0.001)
    assert list(tmp_path.iterdir()) == []
