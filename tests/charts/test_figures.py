"""The figures as they are handed to Plotly: what they draw, say and refuse. No browser."""

import json
from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.charts.canvas import Canvas
from gbaindicators.charts.labels import choose_scale, number_text
from gbaindicators.charts.theme import (
    AREA_COLOURS,
    OTHER_COLOURS,
    area_colour,
    as_text,
    spread,
    wrap,
)
from gbaindicators.errors import FrameError, UnknownNameError, UsageError

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
BAYS = ("greater_bay_area", "new_york_bay_area", "tokyo_bay_area", "san_francisco_bay_area")


def years(values, area="hong_kong", start=2020, **columns):
    rows = {"period": [date(start + i, 1, 1) for i in range(len(values))], "value": values}
    frame = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    fixed = {"indicator": "gdp", "area": area, "frequency": "A", "unit": "USD", "prices": "current"} | columns
    return frame.with_columns(**{k: pl.lit(v) for k, v in fixed.items() if v is not None})


@pytest.fixture
def cited():
    ids = list(catalog().sources)[:2]
    return years([3e11, 4e11]).with_columns(
        sources=pl.lit(ids, dtype=pl.List(pl.String)),
        vintage=pl.lit(date(2025, 3, 31)),
        method=pl.lit("made up"),
    )


@pytest.fixture
def three():
    return pl.concat(
        [years([1e12, 2e12], "macao"), years([3e12, 2.5e12], "foshan"), years([2e12, 4e12], "shenzhen")]
    )


@pytest.fixture
def ahead():
    bounds = {
        "lower_80": [4e11, 4.2e11],
        "upper_80": [5e11, 6e11],
        "lower_95": [3e11, 3e11],
        "upper_95": [6e11, 8e11],
    }
    return years([4.5e11, 5e11], start=2022).with_columns(
        model=pl.lit("theta"), **{k: pl.Series(v) for k, v in bounds.items()}
    )


def printed(figure, name):
    return [a.text.replace("<br>", " ") for a in figure.layout.annotations if a.name == name]


def footer(figure):
    return " ".join(printed(figure, "footer"))


def every_kind(frame):
    return [charts.line(frame), charts.bars(frame), charts.slope(frame), charts.heatmap(frame)]


# --- what is drawn


def test_line_draws_one_trace_for_each_series_in_the_scale_it_names(three):
    figure = charts.line(three)
    assert [t.name for t in figure.data] == ["Macao", "Foshan", "Shenzhen"]
    assert list(figure.data[0].y) == [1.0, 2.0]
    assert printed(figure, "subtitle") == ["US&#36; trillion, current prices"]
    assert (figure.layout.width, figure.layout.height) == (Canvas().width, Canvas().height)
    assert figure.layout.showlegend is None and not figure.layout.template.layout.showlegend


def test_lines_carry_their_name_at_their_end(three):
    labels = [a for a in charts.line(three).layout.annotations if a.name == "label"]
    assert {a.text: a.y for a in labels} == {
        "<b>Macao</b>": 2.0,
        "<b>Foshan</b>": 2.5,
        "<b>Shenzhen</b>": 4.0,
    }


def test_a_line_that_ends_early_says_when():
    frame = pl.concat([years([1.0] * 10, "macao"), years([2.0] * 5, "foshan")])
    assert "<b>Foshan (2024)</b>" in printed(charts.line(frame), "label")


def test_a_circle_marks_where_figures_break():
    frame = pl.DataFrame({
        "area": ["macao"] * 4, "frequency": "A", "period": [date(year, 1, 1) for year in (2020, 2021, 2022, 2023)],
        "value": [1.0, 2.0, None, 4.0], "status": ["B", "A", "B", "B"],
    })  # fmt: skip
    figure = charts.line(frame)
    # the first value breaks from nothing that is drawn, and the missing one is not drawn
    circles = next(trace for trace in figure.data if trace.name == "○")
    assert (list(circles.x), list(circles.y)) == ([date(2023, 1, 1)], [4.0])
    assert any("○ Break in the figures" in a.text for a in figure.layout.annotations if a.name == "footer")
    whole = charts.line(frame.with_columns(status=pl.lit("A")))
    assert "○" not in [trace.name for trace in whole.data]


@pytest.mark.parametrize("hole", [None, "absent"])
def test_a_gap_breaks_the_line(hole):
    frame = years([1.0, 2.0, None, 4.0, 5.0])
    frame = frame.drop_nulls("value") if hole else frame
    trace = charts.line(frame).data[0]
    assert list(trace.y) == [1.0, 2.0, None, 4.0, 5.0]
    assert trace.connectgaps is False


def test_gaps_are_found_by_date_in_every_frequency():
    for frequency, days in {
        "S": [date(2020, 1, 1), date(2020, 7, 1), date(2021, 7, 1)],
        "Q": [date(2020, 1, 1), date(2020, 4, 1), date(2020, 10, 1)],
        "M": [date(2020, 1, 1), date(2020, 2, 1), date(2020, 4, 1)],
        "W": [date(2020, 1, 6), date(2020, 1, 13), date(2020, 1, 27)],
        "D": [date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 4)],
    }.items():
        frame = pl.DataFrame({"period": days, "value": [1.0, 2.0, 3.0]})
        for each in (frame, frame.with_columns(frequency=pl.lit(frequency))):
            assert list(charts.line(each).data[0].y) == [1.0, 2.0, None, 3.0]


def test_fiscal_years_have_no_gaps_in_them():
    days = [date(2020, 4, 1), date(2021, 4, 1), date(2022, 4, 1)]
    figure = charts.line(pl.DataFrame({"period": days, "value": [1.0, 2.0, 3.0], "frequency": ["A"] * 3}))
    assert list(figure.data[0].y) == [1.0, 2.0, 3.0]
    assert figure.layout.xaxis.tick0 == "2020-04-01"


def test_a_value_with_gaps_on_both_sides_is_a_dot():
    trace = charts.line(years([1.0, None, 3.0, None, 5.0, 6.0])).data[0]
    assert list(trace.marker.size) == [7, 0, 7, 0, 0, 0]


@pytest.mark.parametrize("span", [1, 2, 4, 9, 24, 70])
def test_years_on_the_axis_are_whole(span):
    axis = charts.line(years([1.0] * span)).layout.xaxis
    assert axis.type == "date" and axis.tickformat == "%Y"
    assert int(axis.dtick.removeprefix("M")) % 12 == 0
    assert axis.tick0.endswith("-01-01")


def test_rows_in_any_order_give_the_same_line():
    frame = years([1.0, 2.0, 3.0])
    assert charts.line(frame).to_json() == charts.line(frame.reverse()).to_json()


def test_more_than_twelve_series_leave_the_largest_in_colour():
    frame = pl.concat([years([1.0, float(i)], f"area {i}") for i in range(1, 41)])
    figure = charts.line(frame)
    assert len(figure.data) == 40
    assert len({t.line.color for t in figure.data[:33]}) == 1
    assert {t.name for t in figure.data[33:]} == {f"area {i}" for i in range(34, 41)}
    assert len(printed(figure, "label")) == 7
    assert "Grey lines: 33 others" in printed(figure, "subtitle")[0]


def test_bars_take_the_latest_period_that_all_have(three):
    frame = pl.concat([three, years([9e12], "macao", start=2022)])
    figure = charts.bars(frame)
    assert [list(t.x) for t in figure.data] == [[4.0, 2.5, 2.0]]
    assert list(figure.layout.yaxis.ticktext) == ["Shenzhen", "Foshan", "Macao"]
    assert "2021" in printed(figure, "subtitle")[0]


def test_bars_name_a_series_without_a_value(three):
    frame = pl.concat([three, years([9e12], "macao", start=2022)])
    figure = charts.bars(frame, periods=["2020", "2022"])
    assert [t.name for t in figure.data] == ["2020", "2022"]
    assert "No figures for Foshan and Shenzhen (2022)" in footer(figure)


def test_bars_grow_with_their_number():
    assert charts.bars(pl.concat([years([1.0], f"area {i}") for i in range(60)])).layout.height > 1000


def test_slope_takes_the_first_and_last_common_period(three):
    figure = charts.slope(three)
    assert {t.name: tuple(t.y) for t in figure.data} == {
        "Macao": (1.0, 2.0),
        "Foshan": (3.0, 2.5),
        "Shenzhen": (2.0, 4.0),
    }
    assert list(figure.layout.xaxis.ticktext) == ["<b>2020</b>", "<b>2021</b>"]


def test_heatmap_leaves_missing_periods_blank(three):
    figure = charts.heatmap(pl.concat([three, years([9e12], "macao", start=2023)]))
    (trace,) = figure.data
    assert [list(row) for row in trace.z] == [
        [1.0, 2.0, None, 9.0],
        [2.0, 4.0, None, None],
        [3.0, 2.5, None, None],
    ]


def test_heatmap_of_both_signs_meets_at_zero():
    (trace,) = charts.heatmap(years([-2.0, 1.0], unit="percent")).data
    assert (trace.zmin, trace.zmax) == (-2.0, 2.0)


def test_fan_draws_bands_history_and_forecast(ahead):
    figure = charts.fan(years([3e11, 4e11]), ahead)
    assert [t.name for t in figure.data] == ["95%", "80%", "Gross domestic product, Hong Kong", "Forecast"]
    wide, narrow, history, forecast = figure.data
    assert list(wide.y) == [400.0, 600.0, 800.0, 300.0, 300.0, 400.0]
    assert list(narrow.y) == [400.0, 500.0, 600.0, 420.0, 400.0, 400.0]
    assert (history.line.dash, forecast.line.dash) == ("solid", "dash")
    assert list(forecast.y) == [400.0, 450.0, 500.0]
    assert "theta model" in printed(figure, "subtitle")[0]
    assert printed(figure, "label") == ["<b>2023: 500.0</b>", "<b>95%</b>", "<b>80%</b>"]


@pytest.mark.parametrize("lacks", ["history", "forecast"])
def test_fan_takes_the_unit_that_one_of_both_states(ahead, lacks):
    history = years([3e11, 4e11])
    whole = charts.fan(history, ahead)
    one = (
        charts.fan(history.drop("unit"), ahead)
        if lacks == "history"
        else charts.fan(history, ahead.drop("unit"))
    )
    assert [trace.y for trace in one.data] == [trace.y for trace in whole.data]
    assert [note.text for note in one.layout.annotations] == [note.text for note in whole.layout.annotations]


def test_fan_does_not_bridge_a_gap(ahead):
    forecast = charts.fan(years([3e11, 4e11], start=2015), ahead).data[-1]
    assert list(forecast.y) == [450.0, 500.0]


def monthly(frame):
    months = [date(2024, 1 + i, 1) for i in range(frame.height)]
    return frame.with_columns(frequency=pl.lit("M"), period=pl.Series(months))


@pytest.mark.parametrize(
    ("lang", "skill", "annual", "within_years"),
    [
        ("en", 0.184, "Past errors 18% below drift", "Past errors 18% below the value a season before"),
        ("en", -0.31, "Past errors 31% above drift", "Past errors 31% above the value a season before"),
        (
            "en",
            0.001,
            "Past errors as large as with drift",
            "Past errors as large as with the value a season before",
        ),
        ("zh-Hans", 0.184, "过往误差比漂移法低18%", "过往误差比上一周期同期值低18%"),
        ("zh-Hant", -1.5, "過往誤差比漂移法高150%", "過往誤差比上一周期同期值高150%"),
    ],
)
def test_the_subtitle_of_a_fan_ends_with_the_record(ahead, lang, skill, annual, within_years):
    forecast = ahead.with_columns(skill=pl.lit(skill))
    history = years([3e11, 4e11])
    (yearly,) = printed(charts.fan(history, forecast, lang=lang), "subtitle")
    assert yearly.endswith(annual)
    both = monthly(pl.concat([history, forecast], how="diagonal"))
    (within,) = printed(charts.fan(both[:2].select(history.columns), both[2:], lang=lang), "subtitle")
    assert within.endswith(within_years)


@pytest.mark.parametrize("skill", [None, float("nan"), [0.1, 0.2], "good"])
def test_a_fan_without_one_record_says_nothing_of_it(ahead, skill):
    without = printed(charts.fan(years([3e11, 4e11]), ahead), "subtitle")
    forecast = ahead.with_columns(pl.Series("skill", skill if isinstance(skill, list) else [skill] * 2))
    assert printed(charts.fan(years([3e11, 4e11]), forecast), "subtitle") == without


# --- colours


def test_one_area_has_one_colour_in_every_chart(three, ahead):
    red = AREA_COLOURS["hong_kong"]
    frame = pl.concat([three, years([1e12, 3e12])])
    line, bars, slope, _ = every_kind(frame)
    assert {t.name: t.line.color for t in line.data}["Hong Kong"] == red
    assert {t.name: t.line.color for t in slope.data}["Hong Kong"] == red
    assert red in bars.data[0].marker.color
    assert charts.fan(years([3e11, 4e11]), ahead).data[-1].line.color == red
    assert charts.line(frame.filter(area="hong_kong")).data[0].line.color == red


def test_bays_and_cities_have_colours_of_their_own():
    cities = catalog().definition("greater_bay_area").members
    assert set(AREA_COLOURS) == {*BAYS, *cities}
    assert len({*AREA_COLOURS.values(), *OTHER_COLOURS}) == len(AREA_COLOURS) + len(OTHER_COLOURS)
    assert all(area_colour(a) in OTHER_COLOURS for a in catalog().areas if a not in AREA_COLOURS)


def luminance(colour):
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [*AREA_COLOURS.values(), *OTHER_COLOURS])
def test_every_colour_is_seen_on_white(colour):
    # WCAG 2.2, 1.4.11: graphics need 3:1
    assert 1.05 / (luminance(colour) + 0.05) >= 3


def test_labels_are_readable_on_white(three):
    # WCAG 2.2, 1.4.3: text needs 4.5:1
    frame = pl.concat([years([1.0], a) for a in catalog().definition("greater_bay_area").members])
    for note in charts.line(frame).layout.annotations:
        assert 1.05 / (luminance(note.font.color) + 0.05) >= 4.5


def test_series_of_one_area_alone_differ_in_colour_and_the_first_keeps_the_areas():
    frame = pl.concat([years([1.0, 2.0]), years([3.0, 4.0], prices="constant")])
    figure = charts.line(frame)
    colours = [t.line.color for t in figure.data]
    assert len(set(colours)) == 2
    assert colours[0] == area_colour("hong_kong")
    assert [t.name for t in figure.data] == ["current prices", "constant prices"]


def test_series_of_one_area_beside_others_differ_in_their_dash():
    other = years([5.0, 6.0]).with_columns(area=pl.lit("macao"))
    figure = charts.line(pl.concat([years([1.0, 2.0]), years([3.0, 4.0], prices="constant"), other]))
    by_area = {t.name: (t.line.color, t.line.dash) for t in figure.data}
    assert len(set(by_area.values())) == 3
    assert [dash for colour, dash in by_area.values() if colour == area_colour("hong_kong")] == [
        "solid",
        "dash",
    ]


# --- words


@pytest.mark.parametrize(
    ("lang", "title", "unit", "source"),
    [
        ("en", "<b>Gross domestic product, Hong Kong</b>", "US&#36; billion, current prices", "Source: "),
        ("zh-Hans", "<b>香港地区生产总值</b>", "亿美元，当年价格", "资料来源："),
        ("zh-Hant", "<b>香港本地生產總值</b>", "億美元，當年價格", "資料來源："),
    ],
)
def test_words_are_in_the_language_asked_for(cited, lang, title, unit, source):
    figure = charts.line(cited, lang=lang)
    assert figure.layout.title.text == title
    assert printed(figure, "subtitle")[0].startswith(unit)
    assert footer(figure).startswith(source)
    assert figure.layout.meta["lang"] == lang


def test_every_kind_has_its_words_in_every_language(three, ahead):
    for lang in LANGUAGES:
        figures = [f(three, lang=lang) for f in (charts.line, charts.bars, charts.slope, charts.heatmap)]
        figures.append(charts.fan(years([3e11, 4e11]), ahead, lang=lang))
        assert len({f.layout.meta["alt"] for f in figures}) == 5


def test_sources_vintage_and_method_are_printed(cited):
    for figure in every_kind(cited):
        for citation in catalog().cite(cited["sources"][0].to_list()):
            assert as_text(citation).split(" (")[0] in footer(figure)
        assert "Data as of 2025-03-31." in footer(figure)
        assert "Made up" in printed(figure, "subtitle")[0]
        assert list(figure.layout.meta["sources"]) == cited["sources"][0].to_list()


def test_many_sources_are_counted_and_kept():
    ids = list(catalog().sources)[:9]
    figure = charts.line(years([1.0, 2.0]).with_columns(sources=pl.lit(ids, dtype=pl.List(pl.String))))
    assert "and 4 more producers" in footer(figure)
    assert list(figure.layout.meta["sources"]) == ids


def test_sources_of_the_forecast_are_cited_too(ahead):
    figure = charts.fan(
        years([3e11, 4e11]), ahead.with_columns(sources=pl.lit(["my model"], dtype=pl.List(pl.String)))
    )
    assert "my model" in footer(figure)


def test_a_long_method_goes_into_the_note():
    figure = charts.line(years([1.0, 2.0]).with_columns(method=pl.lit("first this, then that, " * 20)))
    assert "Note: First this" in footer(figure)
    assert "first this" not in " ".join(printed(figure, "subtitle")).casefold()


def test_a_title_that_states_a_finding_leaves_the_subject_to_the_subtitle():
    figure = charts.line(years([1e12, 2e12]), title="Hong Kong doubled")
    assert figure.layout.title.text == "<b>Hong Kong doubled</b>"
    assert printed(figure, "subtitle")[0].startswith("Gross domestic product, Hong Kong, US&#36; trillion")


def test_alt_text_is_one_sentence_with_areas_span_and_ends(three):
    alt = charts.line(three).layout.meta["alt"]
    assert alt == (
        "Line chart of Gross domestic product in US$ trillion, 2020 to 2021: Shenzhen from 2.00 to 4.00; "
        "Foshan from 3.00 to 2.50; Macao from 1.00 to 2.00."
    )


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        ("USD", 2.7e12, ("US$ trillion", "万亿美元", "萬億美元")),
        ("HKD", 3.1e9, ("HK$ billion", "亿港元", "億港元")),
        ("TEU", 14.3e6, ("million TEU", "万标准箱", "萬標準箱")),
        ("persons", 42.0, ("persons", "人", "人")),
        ("persons", 86e6, ("million persons", "万人", "萬人")),
        ("percent", 3.2, ("percent", "%", "%")),
        ("USD per person", 45_000.0, ("US$ per person", "美元/人", "美元/人")),
        ("USD per person", 450_000_000.0, ("US$ million per person", "亿美元/人", "億美元/人")),
        ("million widgets", 4e9, ("million widgets", "million widgets", "million widgets")),
        (None, 3.0, ("", "", "")),
    ],
)
def test_scale_words(unit, value, words):
    assert tuple(choose_scale(unit, [value], lang).unit for lang in LANGUAGES) == words


@given(st.floats(min_value=1e-6, max_value=1e15), st.sampled_from(LANGUAGES))
def test_a_scaled_value_is_never_printed_as_zero(value, lang):
    text = choose_scale("CNY", [value], lang).text(value)
    assert any(c in "123456789" for c in text)


def test_minus_is_a_minus_sign_and_zero_has_none():
    assert number_text(-12.345) == "−12.3"
    assert number_text(-0.001, 1) == "0.0"


# --- hostile and poor input

HOSTILE = [
    "<script>alert(1)</script>",
    "<b>bold</b> & co",
    "$x^2$ US$5",
    "%{meta.alt} %{y}",
    "a\nb",
    "<a href='javascript:1'>x</a>",
]


def test_markup_in_names_is_shown_as_text():
    frame = pl.concat([years([1.0, 2.0 + i], name, indicator=name) for i, name in enumerate(HOSTILE)])
    for figure in every_kind(frame.with_columns(sources=pl.lit(["<i>s</i>"], dtype=pl.List(pl.String)))):
        strings = []
        spec = json.loads(figure.to_json())
        spec["layout"].pop("meta"), spec["layout"].pop("template")

        def walk(node, key="", strings=strings):
            for k, child in (
                node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
            ):
                walk(child, k if isinstance(node, dict) else key)
            if isinstance(node, str) and key not in ("hovertemplate", "texttemplate"):
                strings.append(node)

        walk(spec)
        text = "\n".join(strings).replace("<br>", "").replace("<b>", "", 99).replace("</b>", "")
        assert "&lt;" in text
        assert "<" not in text and "$" not in text and "%{" not in text


def test_markup_in_titles_is_shown_as_text():
    figure = charts.line(years([1.0]), title="<b>x</b>", subtitle="a <i>b</i> & c")
    assert figure.layout.title.text == "<b>&lt;b&gt;x&lt;/b&gt;</b>"
    assert printed(figure, "subtitle") == ["a &lt;i&gt;b&lt;/i&gt; &amp; c"]


def test_a_frame_with_only_period_and_value_works():
    frame = pl.DataFrame({"period": [date(2020, 1, 1), date(2021, 1, 1)], "value": [3, 4]})
    for figure in every_kind(frame):
        assert figure.layout.title.text == "<b>Value</b>"
        assert len(figure.data) == 1
    assert footer(charts.line(frame)) == ""


def test_one_point_is_drawn():
    frame = years([3e12])
    assert list(charts.line(frame).data[0].marker.size) == [7]
    assert list(charts.bars(frame).data[0].x) == [3.0]
    assert [list(r) for r in charts.heatmap(frame).data[0].z] == [[3.0]]
    with pytest.raises(UsageError, match="two periods"):
        charts.slope(frame)


@pytest.mark.parametrize("draw", [charts.line, charts.bars, charts.slope, charts.heatmap])
def test_nothing_to_draw_is_an_error(draw):
    with pytest.raises(FrameError, match="no rows"):
        draw(years([1.0]).clear())
    with pytest.raises(FrameError, match="null"):
        draw(years([None, None]))
    with pytest.raises(FrameError, match="one unit"):
        draw(pl.concat([years([1.0]), years([1.0], "macao", unit="MOP")]))
    with pytest.raises(FrameError, match="two values"):
        draw(pl.concat([years([1.0]), years([2.0])]))
    with pytest.raises(UnknownNameError, match="language"):
        draw(years([1.0, 2.0]), lang="fr")


def test_a_series_without_values_is_named_not_dropped():
    frame = pl.concat([years([1.0, 2.0]), years([None, None], "zhuhai")])
    assert "No figures for Zhuhai" in footer(charts.line(frame))


def test_a_logarithmic_axis_refuses_zero_and_less():
    with pytest.raises(UsageError, match="above zero"):
        charts.line(years([1.0, -2.0]), log=True)
    with pytest.raises(UsageError, match="above zero"):
        charts.line(years([1.0, 0.0]), log=True)
    assert charts.line(years([1.0, 2.0]), log=True).layout.yaxis.type == "log"


def test_mixed_frequencies_cannot_stand_side_by_side():
    frame = pl.concat([years([1.0, 2.0]), years([1.0, 2.0], frequency="Q")])
    assert len(charts.line(frame).data) == 2
    for draw in (charts.bars, charts.slope, charts.heatmap):
        with pytest.raises(FrameError, match="one frequency"):
            draw(frame)


def test_periods_that_are_not_there_are_errors(three):
    with pytest.raises(UsageError, match="2035"):
        charts.bars(three, periods=["2035"])
    with pytest.raises(UsageError, match="list"):
        charts.bars(three, periods="2020")
    with pytest.raises(UsageError, match="first before"):
        charts.slope(three, "2021", "2020")
    with pytest.raises(FrameError, match="no period"):
        charts.bars(pl.concat([years([1.0]), years([1.0], "macao", start=2000)]))


def test_fan_refuses_what_it_cannot_show(ahead):
    history = years([3e11, 4e11])
    with pytest.raises(FrameError, match="one series"):
        charts.fan(pl.concat([history, years([1.0], "macao")]), ahead)
    with pytest.raises(FrameError, match="filter it by area, indicator or model"):
        charts.fan(history, pl.concat([ahead, ahead.with_columns(model=pl.lit("ets"))]))
    with pytest.raises(FrameError, match="no interval"):
        charts.fan(history, ahead.select("period", "value"))
    with pytest.raises(FrameError, match="differ in 'unit'"):
        charts.fan(history, ahead.with_columns(unit=pl.lit("CNY")))
    with pytest.raises(FrameError, match="nulls in upper_80"):
        charts.fan(history, ahead.with_columns(upper_80=None))
    with pytest.raises(FrameError, match="begins"):
        charts.fan(years([3e11] * 9), ahead)


def test_two_ids_of_one_name_stay_apart():
    frame = pl.concat([years([1.0, 2.0], "macao"), years([3.0, 4.0], "Macao")])
    assert {t.name: t.y[-1] for t in charts.line(frame).data} == {"macao": 2.0, "Macao": 4.0}


# --- layout


@given(
    st.lists(st.tuples(st.floats(0, 400), st.floats(10, 40)), min_size=1, max_size=9),
)
def test_labels_keep_apart_in_order_and_inside(labels):
    wanted, heights = [w for w, _ in labels], [h for _, h in labels]
    placed = spread(wanted, heights, 0, 400)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for before, after in pairwise(order):
        assert placed[after] - placed[before] >= (heights[before] + heights[after]) / 2 - 1e-6
    assert min(placed) >= -1e-6 and max(placed) <= 400 + 1e-6


@given(st.text(min_size=1, max_size=200), st.floats(20, 400))
def test_wrapping_loses_no_character(text, width):
    lines = wrap(text, width, 12)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_stop_never_begins_a_line():
    assert all(line[0] not in "，。" for line in wrap("粤港澳，大湾区。" * 9, 50, 12))
