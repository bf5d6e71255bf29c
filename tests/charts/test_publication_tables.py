"""Tables for publication: what stands in them is what stands in the frame, and text stays text."""

from __future__ import annotations

import builtins
import html
import inspect
import io
import re
import struct
from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators import charts

great_tables = pytest.importorskip("great_tables")
openpyxl = pytest.importorskip("openpyxl")

HOSTILE = "<img src=x onerror=alert(1)> {{m^2}} & =1+1 \\input{x} 100%_$"


def yearly(area: str, values: list[float | None], **columns: object) -> pl.DataFrame:
    periods = [date(2020 + i, 1, 1) for i in range(len(values))]
    frame = pl.DataFrame({"period": periods, "value": values}, schema_overrides={"value": pl.Float64})
    return frame.with_columns(pl.lit(area).alias("area"), **{k: pl.lit(v) for k, v in columns.items()})


def two_areas() -> pl.DataFrame:
    frame = pl.concat([yearly("hong_kong", [2.5e12, None, -1.25e12]), yearly("macao", [4e11, 5e11, 6e11])])
    status = pl.Series("status", ["A", "M", "B", "A", "P", "E"])
    return frame.with_columns(
        status, unit=pl.lit("HKD"), frequency=pl.lit("A"), sources=pl.lit(["my_source"])
    )


def rows_of(table: object) -> list[list[str]]:
    """Cells of the body as printed, without markup."""
    body = table.as_raw_html().split('<tbody class="gt_table_body">')[1].split("</tbody>")[0]
    found = []
    for row in body.split("<tr")[1:]:
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S)
        found.append([html.unescape(re.sub("<[^>]*>", "", cell)) for cell in cells])
    return found


def foot_of(table: object) -> str:
    return html.unescape(re.sub("<[^>]*>", "", table.as_raw_html().split("<tfoot>")[1]))


def ahead() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area": ["macao"] * 2,
            "period": [date(2025, 1, 1), date(2026, 1, 1)],
            "value": [3e9, 4e9],
            "unit": ["MOP"] * 2,
            "lower_95": [1e9, 1.5e9], "upper_95": [5e9, 6e9], "lower_80": [2e9, 2.5e9], "upper_80": [4e9, 5e9],
        }
    )  # fmt: skip


# --- series


def test_periods_by_areas_hold_the_values_of_the_frame() -> None:
    table = gba.table.series(two_areas())
    assert rows_of(table) == [
        ["2020", "2.50", "0.40"],
        ["2021", "–", "0.50p"],
        ["2022", "−1.25b", "0.60e"],
    ]
    foot = foot_of(table)
    assert "p provisional; e estimated; b break in series; – no figure" in foot
    assert "Source: my_source" in foot
    raw = table.as_raw_html()
    assert "HK$ trillion" in raw and "Hong Kong" in raw


def test_areas_by_periods_are_the_same_values_turned() -> None:
    down, across = (rows_of(gba.table.series(two_areas(), rows=r)) for r in ("periods", "series"))
    assert [list(column) for column in zip(*(r[1:] for r in down), strict=True)] == [r[1:] for r in across]
    assert [r[0] for r in across] == ["Hong Kong", "Macao"]


def test_marks_hang_so_that_digits_stay_aligned() -> None:
    raw = gba.table.series(two_areas()).as_raw_html()
    assert re.search(r'class="gt_row gt_right">0.50<sup style="[^"]*width:0[^"]*">p</sup>', raw)


def test_a_status_that_all_share_is_said_once() -> None:
    table = gba.table.series(yearly("macao", [1.0, 2.0], status="E", frequency="A"))
    assert [r[1] for r in rows_of(table)] == ["1", "2"]
    assert "estimated" in table.as_raw_html() and "Key" not in table.as_raw_html()


def test_a_frame_with_period_and_value_only() -> None:
    table = gba.table.series(pl.DataFrame({"period": [date(2020, 1, 1)], "value": [12345.0]}))
    assert rows_of(table) == [["2020", "12,345"]]


def test_quarters_and_fiscal_years_keep_their_names() -> None:
    quarters = pl.DataFrame({"period": [date(2020, 1, 1), date(2020, 4, 1)], "value": [1.0, 2.0]})
    assert [r[0] for r in rows_of(gba.table.series(quarters, lang="zh-Hant"))] == [
        "2020年第1季",
        "2020年第2季",
    ]
    fiscal = pl.DataFrame({"period": [date(2022, 4, 1)], "value": [1.0], "frequency": ["A"]})
    assert rows_of(gba.table.series(fiscal))[0][0] == "FY2022"


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh-Hans", ("万亿港元", "香港", "初步数")), ("zh-Hant", ("萬億港元", "澳門", "臨時數字"))],
)
def test_tables_speak_three_languages(lang: str, words: tuple[str, ...]) -> None:
    raw = gba.table.series(two_areas(), lang=lang).as_raw_html()
    assert all(word in raw for word in words)


def test_frames_that_make_no_table_are_refused() -> None:
    with pytest.raises(gba.FrameError, match="no rows"):
        gba.table.series(two_areas().clear())
    with pytest.raises(gba.FrameError, match="all 2 values"):
        gba.table.series(yearly("macao", [None, None]))
    mixed = pl.concat([yearly("macao", [1.0], unit="MOP"), yearly("hong_kong", [1.0], unit="HKD")])
    with pytest.raises(gba.FrameError, match="one unit"):
        gba.table.series(mixed)
    frequencies = pl.concat(
        [yearly("macao", [1.0], frequency="A"), yearly("hong_kong", [1.0], frequency="Q")]
    )
    with pytest.raises(gba.FrameError, match="one frequency"):
        gba.table.series(frequencies)
    days = pl.DataFrame({"value": [1.0] * 20_000}).with_columns(
        period=pl.lit(date(1970, 1, 1)) + pl.duration(days=pl.int_range(20_000))
    )
    with pytest.raises(gba.FrameError, match="40,000 cells"):
        gba.table.series(days.with_columns(pl.col("period").cast(pl.Date)))
    with pytest.raises(gba.UsageError, match="'areas'"):
        gba.table.series(two_areas(), rows="areas")
    with pytest.raises(gba.UnknownNameError, match="language"):
        gba.table.series(two_areas(), lang="fr")


# --- text of users


def test_markup_and_units_in_names_are_shown_as_text() -> None:
    frame = pl.concat([yearly(HOSTILE, [1.0], method=HOSTILE), yearly("macao", [2.0], method=HOSTILE)])
    table = gba.table.series(frame, title=HOSTILE, subtitle=HOSTILE)
    raw = table.as_raw_html()
    assert "<img" not in raw
    assert html.unescape(raw).count("{{m^2}}") >= 4
    turned = gba.table.series(frame, rows="series")
    assert "<img" not in turned.as_raw_html() and rows_of(turned)[0][0] == " ".join(HOSTILE.split())
    latex = turned.as_latex()
    assert "\\input{" not in latex and "\\textbackslash{}input\\{x\\} 100\\%\\_\\$" in latex


def test_latex_needs_no_more_than_its_packages(tmp_path) -> None:
    path = gba.export(gba.table.series(two_areas()), tmp_path / "t.tex")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("% needs \\usepackage{array,booktabs,caption,longtable}")
    assert "{@{\\extracolsep{\\fill}}lrr}" in text
    assert "2022 & $-$1.25\\rlap{\\textsuperscript{b}} & 0.60\\rlap{\\textsuperscript{e}} \\\\" in text
    assert "−" not in text
    chinese = gba.export(gba.table.series(two_areas(), lang="zh-Hans"), tmp_path / "c.tex")
    assert "ctex" in chinese.read_text(encoding="utf-8")


def test_long_latex_tables_break_over_pages_and_long_names_over_lines(tmp_path) -> None:
    frame = pl.DataFrame(
        {"period": [date(1950 + i, 1, 1) for i in range(60)], "value": [float(i) for i in range(60)]}
    )
    assert "\\begin{longtable}" in gba.export(gba.table.series(frame), tmp_path / "a.tex").read_text()
    named = pl.concat([yearly("a very long name of an area indeed", [1.0]), yearly("b", [1.0])])
    text = gba.export(gba.table.series(named, rows="series"), tmp_path / "b.tex").read_text()
    assert "p{0.45\\linewidth}r}" in text


# --- forecasts


def test_a_forecast_has_its_intervals_the_narrowest_first() -> None:
    table = gba.table.forecast(ahead())
    assert rows_of(table) == [
        ["2025", "3.00", "2.00", "4.00", "1.00", "5.00"],
        ["2026", "4.00", "2.50", "5.00", "1.50", "6.00"],
    ]
    raw = table.as_raw_html()
    assert raw.index("80% interval") < raw.index("95% interval")
    assert "<sup" not in raw


def test_history_stands_above_the_forecast_which_is_marked_then() -> None:
    past = pl.DataFrame({"area": ["macao"], "period": [date(2024, 1, 1)], "value": [2.9e9], "unit": ["MOP"]})
    table = gba.table.forecast(ahead(), past)
    assert rows_of(table)[0] == ["2024", "2.90", "", "", "", ""]
    assert [r[1] for r in rows_of(table)[1:]] == ["3.00f", "4.00f"]
    with pytest.raises(gba.FrameError, match="'HKD'"):
        gba.table.forecast(ahead(), past.with_columns(unit=pl.lit("HKD")))


def test_several_forecasts_stand_one_below_the_other() -> None:
    both = pl.concat([ahead(), ahead().with_columns(area=pl.lit("hong_kong"), value=pl.col("value") * 2)])
    rows = rows_of(gba.table.forecast(both))
    assert [r[0] for r in rows] == ["Macao", "2025", "2026", "Hong Kong", "2025", "2026"]
    assert rows[4][1] == "6.00"
    stranger = pl.DataFrame(
        {
            "area": ["zhuhai", "macao"],
            "period": [date(2024, 1, 1)] * 2,
            "value": [1.0, 2.0],
            "unit": ["MOP"] * 2,
        }
    )
    with pytest.raises(gba.FrameError, match="Zhuhai"):
        gba.table.forecast(both, stranger)


def test_a_forecast_without_intervals_is_refused() -> None:
    with pytest.raises(gba.FrameError, match="no interval"):
        gba.table.forecast(ahead().select("area", "period", "value", "unit"))
    with pytest.raises(gba.FrameError, match="nulls in lower_80"):
        gba.table.forecast(ahead().with_columns(lower_80=pl.lit(None, dtype=pl.Float64)))


# --- benchmarks


def test_the_shipped_benchmark_is_set_as_it_is() -> None:
    frame = gba.benchmark("gdp")
    table = gba.table.benchmark(frame)
    rows = rows_of(table)
    assert [r[1] for r in rows] == ["1", "2", "3", "4"]
    assert [float(r[2].rstrip("e")) for r in rows] == [
        round(v / 1e12, 2) for v in frame.sort("rank")["value"]
    ]
    assert rows[1][0] == "Greater Bay Area" and rows[1][3] == "Nine mainland cities, Hong Kong and Macao"
    assert rows[2][0] == "Tokyo Bay Area1" and rows[2][2].endswith("e")
    foot = foot_of(table)
    assert "1 Fiscal years weighted by months." in foot and "e estimated" in foot
    assert "sum of" not in foot and "World Bank" in foot and "Data as of" in foot


def test_mixtures_are_numbered_footnotes_and_years_are_groups() -> None:
    frame = pl.DataFrame(
        {
            "area": ["macao", "zhuhai"] * 2,
            "period": [date(2021, 1, 1), date(2021, 4, 1), date(2022, 1, 1), date(2022, 4, 1)],
            "value": [1.0, 2.0, 3.0, 4.0],
            "rank": [2, 1, 2, 1],
            "mixed": [["prices of two years"], [], ["prices of two years", "another"], []],
            "note": [None, "cut at the river", None, "cut at the river"],
        }
    )
    table = gba.table.benchmark(frame)
    assert rows_of(table) == [
        ["2021"], ["Zhuhai1", "1", "2", "FY2021"], ["Macao", "2", "12", "2021"],
        ["2022"], ["Zhuhai1", "1", "4", "FY2022"], ["Macao", "2", "32 3", "2022"],
    ]  # fmt: skip
    assert "1 Cut at the river." in foot_of(table) and "3 Another." in foot_of(table)
    with pytest.raises(gba.FrameError, match="'rank'"):
        gba.table.benchmark(frame.drop("rank"))


# --- revisions


def found() -> SimpleNamespace:
    frame = pl.DataFrame(
        {
            "indicator": ["gdp_real_growth"] * 4, "area": ["hong_kong"] * 4, "frequency": ["Q"] * 4,
            "period": [date(2024, 1, 1), date(2024, 4, 1), date(2024, 4, 1), date(2024, 7, 1)],
            "value": [2.8, 3.3, 3.1, 1.8], "unit": ["percent"] * 4, "sources": [["s"]] * 4,
            "vintage": [date(2024, 5, 1), date(2024, 8, 1), date(2024, 11, 1), date(2024, 11, 1)],
            "revision": [None, None, -0.2, None],
        }
    )  # fmt: skip
    statistics = pl.DataFrame(
        {
            "step": ["first to latest", "release 1 to 2"], "count": [33, 3], "mean": [-0.0182, 0.04],
            "t_statistic": [-0.25, None], "p_value": [0.8, None], "mean_absolute": [0.2, 0.1],
            "root_mean_square": [0.3, 0.15], "relative_mean_absolute": [0.1, 0.1], "share_revised": [0.757, 0.5],
            "share_up": [0.36, 0.4], "news_p": [0.49, None], "noise_p": [0.25, None],
            "remark": [None, "too few to test"],
        }
    )  # fmt: skip
    wide = frame.sort("vintage").pivot("vintage", index="period", values="value").sort("period")
    return SimpleNamespace(
        frame=frame, statistics=statistics, notes=("releases of one office",), triangle=wide
    )


def test_a_triangle_prints_each_release_and_marks_revisions() -> None:
    table = gba.table.revisions(found())
    assert rows_of(table) == [["2024 Q2", "", "3.3", "3.1r"], ["2024 Q3", "", "", "1.8"]]
    assert "r revised from the release before" in foot_of(table) and "Releases of one office" in foot_of(
        table
    )
    short = gba.table.revisions(found(), vintages=1)
    assert rows_of(short) == [["2024 Q2", "3.1r"], ["2024 Q3", "1.8"]]
    assert "2 earlier releases are not shown" in foot_of(short)


def test_statistics_have_their_remarks_as_footnotes() -> None:
    rows = rows_of(gba.table.revisions(found(), show="statistics"))
    assert rows[0] == [
        "First to latest",
        "33",
        "−0.02",
        "−0.25",
        "0.800",
        "0.20",
        "0.30",
        "76",
        "36",
        "0.490",
        "0.250",
    ]
    assert rows[1][0] == "Release 1 to 21" and rows[1][3] == "–"
    with pytest.raises(gba.UsageError, match="'all'"):
        gba.table.revisions(found(), show="all")
    with pytest.raises(gba.UsageError, match="at least 1"):
        gba.table.revisions(found(), vintages=0)


# --- coverage


def test_coverage_shows_which_years_have_a_figure() -> None:
    assert rows_of(gba.table.coverage(two_areas())) == [
        ["Hong Kong", "●", "–", "●b"],
        ["Macao", "●", "●p", "●e"],
    ]
    months = pl.DataFrame(
        {"period": [date(2020, 1, 1), date(2020, 2, 1), date(2021, 1, 1)], "value": [1.0, 2.0, 3.0]}
    )
    assert rows_of(gba.table.coverage(months))[0][1:] == ["2", "1"]


def test_coverage_of_the_flows_says_why_a_figure_is_not_used() -> None:
    frame = gba.integration_coverage()
    table = gba.table.coverage(frame, lang="zh-Hant")
    rows = [r for r in rows_of(table) if len(r) > 1]
    assert len(rows) == frame.height
    assert sum(r[-1] == "是" for r in rows) == frame["used"].sum()
    with pytest.raises(gba.FrameError, match="lacks"):
        gba.table.coverage(frame.drop("used"))


# --- files


def test_csv_holds_full_numbers_statuses_and_unit(tmp_path) -> None:
    table = gba.table.series(two_areas())
    back = pl.read_csv(gba.export(table, tmp_path / "t.csv"))
    assert back["Hong Kong"].to_list() == [2.5, None, -1.25]
    assert back["Macao status"].to_list() == ["A", "P", "E"]
    assert back["unit"].unique().to_list() == ["HK$ trillion"]


def test_a_workbook_has_numbers_heading_and_notes_and_no_formula(tmp_path) -> None:
    frame = pl.concat([yearly("=1+1", [1.5], method="@cmd"), yearly("+x", [2.5], method="@cmd")])
    table = gba.table.series(frame, title="=HYPERLINK(1)", subtitle="-sub")
    for other in (table, gba.table.series(frame, rows="series")):
        path = gba.export(other, tmp_path / "t.xlsx")
        sheet = openpyxl.load_workbook(path).active
        assert all(cell.data_type != "f" for row in sheet for cell in row)
    sheet = openpyxl.load_workbook(gba.export(table, tmp_path / "t.xlsx")).active
    values = [[c.value for c in row] for row in sheet.iter_rows()]
    assert values[0][0] == "=HYPERLINK(1)" and values[3][:3] == ["Year", "=1+1", "+x"]
    assert values[4][:3] == ["2020", 1.5, 2.5]
    assert any("@cmd" in str(row[0]) for row in values[5:])
    text = gba.export(table, tmp_path / "t.csv").read_text()
    assert text.splitlines()[0] == "period,'=1+1,'+x"


def test_the_page_asks_nothing_of_the_network_and_is_the_same_each_time(tmp_path) -> None:
    first, second = (
        gba.export(gba.table.series(two_areas(), lang="zh-Hant"), tmp_path / f"{i}.html") for i in "ab"
    )
    text = first.read_text(encoding="utf-8")
    assert text == second.read_text(encoding="utf-8")
    assert "default-src 'none'" in text and '<html lang="zh-Hant">' in text
    assert "http://" not in text and "https://" not in text and "<script" not in text
    books = [gba.export(gba.table.series(two_areas()), tmp_path / f"{i}.xlsx").read_bytes() for i in "ab"]
    assert books[0] == books[1]


def test_a_table_has_no_svg_and_no_data_beside_it(tmp_path) -> None:
    with pytest.raises(gba.UsageError, match=r"\.html, \.tex, \.png"):
        gba.export(gba.table.series(two_areas()), tmp_path / "t.svg")
    with pytest.raises(gba.UsageError, match="expected a Plotly figure or a table"):
        gba.export(two_areas(), tmp_path / "t.html")


def test_a_table_that_is_not_ours_can_be_written_too(tmp_path) -> None:
    own = great_tables.GT(pl.DataFrame({"a": ["=1"], "b": [2.0]}))
    assert gba.export(own, tmp_path / "t.html").stat().st_size
    assert gba.export(own, tmp_path / "t.tex").stat().st_size
    assert gba.export(own, tmp_path / "t.csv").read_text().splitlines() == ["a,b", "'=1,2.0"]
    sheet = openpyxl.load_workbook(gba.export(own, tmp_path / "t.xlsx")).active
    assert sheet["A5"].data_type == "s"


@pytest.mark.browser
def test_a_picture_is_cut_to_the_table(tmp_path) -> None:
    path = charts.export(
        gba.table.series(two_areas(), lang="zh-Hant"), tmp_path / "t.png", width=600, scale=2
    )
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert width <= 1200 and 200 < height < 1200


def test_without_great_tables_the_error_says_what_to_install(monkeypatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: object, **kwargs: object) -> object:
        if name.partition(".")[0] == "great_tables":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(gba.ExportError, match=r"pip install 'gbaindicators\[tables\]'"):
        gba.table.series(two_areas())


# --- the data behind a chart


def test_the_data_behind_a_chart_stand_beside_it(tmp_path) -> None:
    figure = gba.chart.line(two_areas())
    gba.export(figure, tmp_path / "c.html", data="csv")
    back = pl.read_csv(tmp_path / "c.csv")
    assert back["value"].to_list() == two_areas()["value"].to_list()
    assert back["time_period"].to_list() == [2020, 2021, 2022] * 2
    assert back["sources"].unique().to_list() == ["my_source"] and set(back["unit"]) == {"HKD"}
    book = openpyxl.load_workbook(gba.export(figure, tmp_path / "c.xlsx"))
    assert book.sheetnames == ["data", "sources"]
    assert book["sources"]["A2"].value == "my_source"


def test_a_fan_gives_history_and_forecast(tmp_path) -> None:
    past = pl.DataFrame({"area": ["macao"], "period": [date(2024, 1, 1)], "value": [2.9e9], "unit": ["MOP"]})
    back = pl.read_csv(gba.export(gba.chart.fan(past, ahead()), tmp_path / "f.csv"))
    assert back["value"].to_list() == [2.9e9, 3e9, 4e9] and back["upper_95"].to_list() == [None, 5e9, 6e9]


def test_drawing_and_writing_leave_the_frame_as_it_was(tmp_path) -> None:
    frame = two_areas()
    figure = gba.chart.line(frame)
    for name in ("a.csv", "b.csv", "c.xlsx"):
        gba.export(figure, tmp_path / name)
    assert frame.columns == two_areas().columns


def test_hostile_text_behind_a_chart_is_no_formula(tmp_path) -> None:
    figure = gba.chart.line(pl.concat([yearly("=1+1", [1.0, 2.0]), yearly("\t@x", [1.0, 2.0])]))
    assert "'=1+1" in gba.export(figure, tmp_path / "c.csv").read_text()
    book = openpyxl.load_workbook(gba.export(figure, tmp_path / "c.xlsx"))
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)


def test_a_figure_without_its_data_is_refused_by_name(tmp_path) -> None:
    import plotly.graph_objects as go

    with pytest.raises(gba.ExportError, match="does not carry the data"):
        gba.export(go.Figure(go.Bar(x=[1], y=[2])), tmp_path / "c.csv")
    with pytest.raises(gba.ExportError, match="does not carry the data"):
        gba.export(go.Figure(gba.chart.line(two_areas())), tmp_path / "c.html", data="xlsx")
    with pytest.raises(gba.UsageError, match="'csv' or 'xlsx'"):
        gba.export(gba.chart.line(two_areas()), tmp_path / "c.html", data="json")
    assert list(tmp_path.iterdir()) == []


# --- the guard


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_a_csv_begins_as_a_formula(start: str) -> None:
    from gbaindicators.tables.spreadsheets import csv_bytes

    frame = pl.DataFrame({f"{start}name": [f"{start}A1", "plain"], "n": [-1.0, 2.0]})
    back = pl.read_csv(io.BytesIO(csv_bytes(frame)))
    assert back.columns[0] == f"'{start}name" and back.to_series(0).to_list() == [f"'{start}A1", "plain"]
    assert back["n"].to_list() == [-1.0, 2.0]


@pytest.mark.parametrize("name", gba.table.__all__)
def test_every_table_is_documented(name: str) -> None:
    doc = inspect.getdoc(getattr(gba.table, name)) or ""
    assert all(f"{section}\n---" in doc for section in ("Parameters", "Returns", "Raises", "Examples"))
    assert ">>> " in doc


@pytest.mark.browser
def test_a_picture_of_a_wide_table_is_not_cut(tmp_path) -> None:
    frame = pl.DataFrame({"period": [date(1990 + i, 1, 1) for i in range(34)], "value": [123456.0] * 34})
    path = charts.export(gba.table.series(frame, rows="series"), tmp_path / "t.png", width=300, scale=1)
    assert struct.unpack(">II", path.read_bytes()[16:24])[0] > 1000
