"""Seasons, calendars, panels, stacks, news and revisions: what they draw, say and refuse. No browser."""

import math
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.charts.axes import thinned
from gbaindicators.charts.canvas import Canvas
from gbaindicators.charts.data_behind import chart_csv
from gbaindicators.charts.theme import AREA_COLOURS
from gbaindicators.cli.app import main
from gbaindicators.errors import FrameError, PeriodError, UnknownNameError, UsageError
from gbaindicators.forecasting import nowcast
from gbaindicators.transforms import contributions, seasonal_adjustment
from gbaindicators.transforms.seasonal.holidays import lunar_new_year

LANGUAGES = ("en", "zh-Hans", "zh-Hant")


def series(start, count, every, frequency, area="macao", value=float, **columns):
    days = pl.date_range(
        start, start + timedelta(days=count * (1 if every == "1d" else 400)), every, eager=True
    ).head(count)
    frame = pl.DataFrame({"period": days, "value": [float(value(i)) for i in range(count)]})
    fixed = {
        "indicator": "visitor_arrivals",
        "area": area,
        "frequency": frequency,
        "unit": "persons",
    } | columns
    return frame.with_columns(**{k: pl.lit(v) for k, v in fixed.items() if v is not None})


def months(count, start=date(2021, 1, 1), **columns):
    return series(start, count, "1mo", "M", **columns)


def days(count, start=date(2024, 1, 1), **columns):
    return series(start, count, "1d", "D", **columns)


def years(values, area, **columns):
    return series(date(2020, 1, 1), len(values), "1y", "A", area, lambda i: values[i], **columns)


def printed(figure, name):
    return [a.text.replace("<br>", " ") for a in figure.layout.annotations if a.name == name]


def footer(figure):
    return " ".join(printed(figure, "footer"))


@pytest.fixture(scope="module")
def grown():
    """Contributions of two growing areas and a shrinking one."""
    gdp = pl.concat(
        [
            years([40.0, 44.0, 50.0], "shenzhen"),
            years([50.0, 51.0, 52.0], "guangzhou"),
            years([10.0, 8.0, 9.0], "macao"),
        ]
    )
    return contributions(gdp.with_columns(sources=pl.lit(["dsec_gba_gdp"], dtype=pl.List(pl.String))))


@pytest.fixture(scope="module")
def two():
    """An earlier and a later nowcast; the later one knows more of each indicator, and one figure anew."""
    first = pl.date_range(date(2005, 1, 1), date(2016, 12, 1), "1mo", eager=True)
    wave = [math.sin(i / 9) + math.cos(i / 4) / 9 + 0.3 * math.sin(1.7 * i) for i in range(len(first))]
    frames = [
        pl.DataFrame({"indicator": name, "period": first, "unit": "percent", "value": [sign * w + math.sin(i * k) / 5 for i, w in enumerate(wave)]})
        for name, sign, k in (("merchandise_exports_yoy", 2, 3.1), ("retail_sales_value_yoy", 1, 2.3), ("cpi_inflation", -1, 0.7))
    ]  # fmt: skip
    monthly = pl.concat(frames).with_columns(area=pl.lit("hong_kong"), frequency=pl.lit("M"))
    wave = frames[0].group_by_dynamic("period", every="1q").agg(pl.col("value").mean() + 3)
    target = wave.with_columns(
        indicator=pl.lit("gdp_real_growth"),
        area=pl.lit("hong_kong"),
        frequency=pl.lit("Q"),
        unit=pl.lit("percent"),
    )
    target = target.head(46)
    before = monthly.filter(pl.col("period") < date(2016, 11, 1)).with_columns(
        pl.when((pl.col("period") == date(2016, 9, 1)) & (pl.col("indicator") == "cpi_inflation"))
        .then(pl.col("value") + 1).otherwise("value").alias("value")
    )  # fmt: skip
    return nowcast(target, monthly), nowcast(target, before)


# --- seasonal


def test_a_seasonal_chart_has_one_line_for_each_year():
    figure = charts.seasonal(months(40))
    assert [t.name for t in figure.data] == ["2021", "2022", "2023", "2024", "Mean 2021 to 2023"]
    assert list(figure.data[1].y) == [float(i) for i in range(12, 24)]
    assert list(figure.data[3].x) == [1, 2, 3, 4] and list(figure.data[3].y) == [36.0, 37.0, 38.0, 39.0]
    assert list(figure.layout.xaxis.ticktext)[:2] == ["Jan", "Feb"]


def test_the_mean_is_of_complete_earlier_years_only():
    frame = pl.concat([months(1, start=date(2020, 12, 1), value=lambda _: 99.0), months(30)])
    mean = charts.seasonal(frame).data[-1]
    assert mean.name == "Mean 2021 to 2022" and list(mean.y) == [6.0 + i for i in range(12)]
    assert len(charts.seasonal(months(13)).data) == 2


def test_the_latest_year_is_strong_and_in_the_colour_of_the_area():
    lines = [t.line for t in charts.seasonal(months(40)).data]
    assert lines[3].color == AREA_COLOURS["macao"] and lines[3].width == max(line.width for line in lines)
    assert AREA_COLOURS["macao"] not in {line.color for line in lines[:3]}


def test_a_gap_in_a_year_stays_a_gap_and_a_lone_month_is_a_dot():
    frame = months(24, area="tokyo").filter(~pl.col("period").is_in([date(2022, 3, 1), date(2022, 5, 1)]))
    latest = charts.seasonal(frame).data[1]
    assert latest.y[2] is None and latest.y[4] is None and latest.connectgaps is False
    assert [m for m, size in zip(latest.x, latest.marker.size, strict=True) if size] == [4]


def test_dots_mark_the_month_of_lunar_new_year_where_it_is_kept():
    figure = charts.seasonal(months(60))
    for trace in figure.data[:5]:
        dotted = [m for m, size in zip(trace.x, trace.marker.size, strict=True) if size]
        assert dotted == [lunar_new_year(int(trace.name)).month]
    assert "Lunar New Year" in footer(figure)
    for area in ("tokyo", "jfk", "nowhere", None):
        assert "Lunar" not in footer(charts.seasonal(months(60, area=area)))


def test_quarters_have_a_seasonal_chart_too():
    figure = charts.seasonal(series(date(2021, 1, 1), 12, "3mo", "Q"), lang="zh-Hans")
    assert list(figure.data[0].x) == [1, 4, 7, 10]
    assert list(figure.layout.xaxis.ticktext) == ["1季", "2季", "3季", "4季"]


def test_what_has_no_seasonal_chart():
    with pytest.raises(FrameError, match="needs months or quarters"):
        charts.seasonal(years([1.0, 2.0], "macao"))
    with pytest.raises(FrameError, match="shows one series, the frame has 2"):
        charts.seasonal(pl.concat([months(24), months(24, area="hong_kong")]))


# --- decomposition


@pytest.mark.parametrize("transform", ["none", "log"])
def test_a_decomposition_puts_the_observed_figures_together_again(transform):
    frame = months(
        72, value=lambda i: (2e5 + 1e3 * i) * (1 + 0.2 * math.sin(i * math.pi / 6)) + 900 * math.cos(i * 7)
    )
    adjustment = seasonal_adjustment(frame, "stl", transform=transform)
    figure = charts.decomposition(adjustment)
    drawn = {t.name: t for t in figure.data}
    assert list(drawn) == ["Observed", "Seasonally adjusted", "Trend", "Season", "Irregular"]
    scale = frame["value"][0] / drawn["Observed"].y[0]
    assert [v * scale for v in drawn["Observed"].y] == pytest.approx(frame["value"].to_list())
    irregular = adjustment.components.filter(component="irregular").sort("period")["value"].to_list()
    size = 1 if transform == "log" else scale
    assert list(drawn["Irregular"].customdata) == pytest.approx([v / size for v in irregular])
    heads = printed(figure, "panel")
    assert ("as a factor" in heads[2]) == (transform == "log")


def test_panels_of_a_decomposition_lie_below_one_another():
    figure = charts.decomposition(seasonal_adjustment(months(48, value=lambda i: 100 + i % 12), "stl"))
    domains = [figure.layout[f"yaxis{n}" if n > 1 else "yaxis"].domain for n in range(1, 5)]
    assert all(above[0] > below[1] for above, below in pairwise(domains))
    assert domains[0][1] <= 1 and domains[-1][0] >= 0


def test_a_decomposition_names_sources_and_method():
    frame = months(48, value=lambda i: 100 + i % 12)
    frame = frame.with_columns(sources=pl.lit(["dsec_gba_gdp"], dtype=pl.List(pl.String)))
    figure = charts.decomposition(seasonal_adjustment(frame, "stl"))
    assert "STL" in printed(figure, "subtitle")[0] and "DSEC" in footer(figure)
    assert b"DSEC" in chart_csv(figure._gba_frames)


def test_a_decomposition_shows_one_series():
    both = pl.concat([months(48, value=lambda i: 100 + i % 12, area=a) for a in ("macao", "hong_kong")])
    with pytest.raises(FrameError, match="the adjustment has 2"):
        charts.decomposition(seasonal_adjustment(both, "stl"))


# --- calendar


def cells(figure, which=0):
    """Values of a calendar by the day that stands in the cell."""
    trace, first = figure.data[which], int(printed(figure, "year")[0].strip("<b>/"))
    found = {}
    for row, values in enumerate(trace.z):
        for week, value in enumerate(values):
            if value is not None:
                year, weekday = first + row // 9, row % 9
                monday = date(year, 1, 1) - timedelta(days=date(year, 1, 1).weekday())
                found[monday + timedelta(days=7 * week + weekday)] = value
    return found


@settings(max_examples=40, deadline=None)
@given(st.dates(date(1999, 1, 1), date(2030, 12, 31)), st.integers(1, 900))
def test_every_day_stands_in_its_week_and_weekday(start, count):
    frame = days(count, start=start)
    figure = charts.calendar(frame.with_columns(frequency=pl.lit("D")))
    assert cells(figure) == dict(frame.select("period", "value").iter_rows())


def test_days_without_a_figure_are_grey_and_counted():
    frame = days(40).filter(~pl.col("period").is_in([date(2024, 1, 5), date(2024, 2, 1)]))
    figure = charts.calendar(frame)
    assert set(cells(figure, 1)) == {date(2024, 1, 5), date(2024, 2, 1)}
    assert "2 days" in footer(figure)
    assert len(charts.calendar(days(40)).data) == 2


def test_months_are_named_where_there_are_days():
    assert printed(charts.calendar(days(40)), "month") == ["Jan", "Feb"]
    assert printed(charts.calendar(days(40, start=date(2023, 12, 30)), lang="zh-Hant"), "month") == [
        "12月",
        "1月",
        "2月",
    ]


def test_holidays_are_numbered_on_their_days():
    figure = charts.calendar(days(800, start=date(2020, 1, 1), area="hong_kong"), holidays="auto")
    marks = next(t for t in figure.data if t.name == "holidays")
    # Easter and Ching Ming fall on one day in 2021
    assert sorted(marks.text) == sorted(["<b>1</b>"] * 3 + ["<b>2</b>", "<b>3</b>", "<b>2,3</b>"])
    weeks = dict(zip(zip(marks.x, marks.y, strict=True), marks.text, strict=True))
    assert weeks[(date(2021, 2, 12) - date(2020, 12, 28)).days // 7, 9 + 4] == "<b>1</b>"
    assert "(1) Lunar New Year; (2) Easter Sunday; (3) Ching Ming" in footer(figure)


def test_what_has_no_calendar():
    with pytest.raises(FrameError, match="daily"):
        charts.calendar(months(24))
    with pytest.raises(FrameError, match="up to 20 years, the frame has 25"):
        charts.calendar(days(9000, start=date(2000, 1, 1)))
    with pytest.raises(UnknownNameError, match="holiday"):
        charts.calendar(days(9), holidays="midsummer")
    with pytest.raises((UsageError, PeriodError), match="1950"):
        charts.calendar(days(9, start=date(1940, 1, 1)), holidays="lunar_new_year")


# --- small multiples


def test_small_multiples_draw_each_series_on_axes_of_its_own():
    frame = pl.concat([years([1.0, 2.0 + i], f"area {i}") for i in range(11)])
    figure = charts.small_multiples(frame)
    assert [t.name for t in figure.data] == [f"area {i}" for i in range(10, -1, -1)]
    assert len({t.yaxis for t in figure.data}) == 11
    axes = [figure.layout[f"yaxis{n}" if n > 1 else "yaxis"] for n in range(1, 12)]
    assert len({axis.range for axis in axes}) == 1
    assert list(figure.data[0].y) == [1.0, 12.0]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 60), st.booleans())
def test_panels_never_lie_on_one_another(count, own_scales):
    frame = pl.concat([years([1.0, 2.0 * i], f"area {i}") for i in range(count)])
    figure = charts.small_multiples(frame, own_scales=own_scales)
    boxes = [
        (
            *figure.layout[f"xaxis{n}" if n > 1 else "xaxis"].domain,
            *figure.layout[f"yaxis{n}" if n > 1 else "yaxis"].domain,
        )
        for n in range(1, count + 1)
    ]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
    assert figure.layout.width == Canvas().width


def test_each_column_of_panels_has_its_years_once():
    frame = pl.concat([years([1.0, 2.0], f"area {i}") for i in range(11)])
    layout = charts.small_multiples(frame).layout
    labelled = [n for n in range(1, 12) if layout[f"xaxis{n}" if n > 1 else "xaxis"].showticklabels]
    assert labelled == [8, 9, 10, 11]


def test_panels_with_scales_of_their_own_say_so():
    frame = pl.concat([years([1.0, 2.0], "macao"), years([500.0, 900.0], "foshan")])
    figure = charts.small_multiples(frame, own_scales=True)
    assert figure.layout.yaxis.range[1] > 900 and figure.layout.yaxis2.range[1] < 3
    assert "scale of its own" in printed(figure, "subtitle")[0]
    assert [t.line.color for t in figure.data] == [AREA_COLOURS["foshan"], AREA_COLOURS["macao"]]


def test_more_panels_than_a_page_holds_are_refused():
    with pytest.raises(FrameError, match="up to 60 series, the frame has 61"):
        charts.small_multiples(pl.concat([years([1.0], f"area {i}") for i in range(61)]))


@pytest.mark.parametrize("span", [2, 9, 24, 70])
def test_a_narrow_axis_has_few_whole_years(span):
    axis = {
        "dtick": "M12",
        "tick0": "1950-01-01",
        "tickformat": "%Y",
        "range": ["1950-01-01", f"{1950 + span}-01-01"],
    }
    step = int(thinned(axis, 170)["dtick"][1:])
    assert step % 12 == 0 and span * 12 / step <= 4.1


# --- contributions


def test_bars_of_contributions_add_up_to_the_dots(grown):
    figure = charts.contributions(grown)
    *bars, total = figure.data
    assert {t.name for t in bars} == {"Shenzhen", "Guangzhou", "Macao"} and total.name == "Total"
    for place, day in enumerate(total.x):
        assert sum(t.y[t.x.index(day)] for t in bars) == pytest.approx(total.y[place])
    assert total.y[0] == pytest.approx(3.0) and len(total.x) == 2
    assert figure.layout.barmode == "relative"


def test_contributions_are_labelled_with_the_latest(grown):
    figure = charts.contributions(grown)
    assert {"<b>Shenzhen 5.83</b>", "<b>Macao 0.97</b>", "<b>Total 7.77</b>"} <= set(printed(figure, "label"))
    assert "Contributions to growth" in figure.layout.title.text and "DSEC" in footer(figure)
    assert "Total 7.77; Shenzhen 5.83; " in figure.layout.meta["alt"]
    assert {t.name: t.marker.color for t in figure.data[:-1]}["Macao"] == AREA_COLOURS["macao"]


def test_bars_of_the_first_and_last_year_are_whole(grown):
    first, last = charts.contributions(grown).layout.xaxis.range
    assert first < "2020-08-01" and last > "2022-06-01"


def test_many_small_parts_are_one_and_nothing_is_lost():
    parts = pl.concat([years([100.0, 100.0 + i], f"area {i}") for i in range(20)])
    *bars, total = charts.contributions(contributions(parts)).data
    assert len(bars) == 8 and bars[-1].name == "13 others"
    assert sum(t.y[0] for t in bars) == pytest.approx(total.y[0])


def test_contributions_by_another_column(grown):
    frame = pl.DataFrame(
        {
            "industry": ["trade", "finance", "total"],
            "period": [date(2023, 1, 1)] * 3,
            "value": [1.0, -0.25, 0.75],
        }
    )
    assert [t.name for t in charts.contributions(frame, "industry").data] == ["trade", "finance", "Total"]
    with pytest.raises(FrameError, match="no column 'industry'"):
        charts.contributions(grown, "industry")
    with pytest.raises(FrameError, match="there is no total"):
        charts.contributions(frame.head(2), "industry")


# --- waterfall


def test_the_waterfall_adds_up_from_one_nowcast_to_the_other(two):
    current, previous = two
    figure = charts.waterfall(current, previous)
    bars = next(t for t in figure.data if t.name == "impact")
    ends = next(t for t in figure.data if t.name == "nowcast")
    quarter = current.news(previous)["quarter"][0]
    expected = [n.frame.filter(pl.col("period") == quarter)["value"].item() for n in (previous, current)]
    assert list(ends.x) == pytest.approx(expected)
    assert ends.x[0] + sum(bars.x) == pytest.approx(ends.x[1], abs=1e-9)
    for i in range(1, len(bars.x)):
        assert bars.base[i] == pytest.approx(bars.base[i - 1] + bars.x[i - 1])
    assert bars.base[0] == ends.x[0]


def test_each_series_is_one_row_of_the_waterfall_and_the_model_the_last(two):
    figure = charts.waterfall(*two)
    rows = list(figure.layout.yaxis.ticktext)
    assert rows[0] == "<b>Earlier nowcast</b>" and rows[-1] == "<b>Nowcast</b>"
    assert rows[-2] == "Parameters estimated again"
    assert len(set(rows)) == len(rows)
    assert any("revised" in row for row in rows)
    bars = next(t for t in figure.data if t.name == "impact")
    sizes = [abs(x) for x in bars.x[:-1]]
    assert sizes == sorted(sizes, reverse=True)
    assert [text.startswith(("+", "−")) for text in bars.text] == [True] * len(bars.text)


def test_the_quarter_of_a_waterfall_can_be_named(two):
    current, previous = two
    quarters = current.news(previous)["quarter"].unique().sort()
    last = quarters[-1]
    named = charts.waterfall(current, previous, period=f"{last.year}-Q{(last.month + 2) // 3}")
    value = current.frame.filter(pl.col("period") == last)["value"].item()
    assert next(t for t in named.data if t.name == "nowcast").x[1] == pytest.approx(value)
    for wrong in ("2009-Q1", "2016"):
        with pytest.raises(UsageError, match="not open in both"):
            charts.waterfall(current, previous, period=wrong)


def test_the_data_behind_a_waterfall_is_the_news(two):
    text = chart_csv(charts.waterfall(*two)._gba_frames).decode()
    assert "surprise" in text and "merchandise_exports_yoy" in text


# --- revisions


@pytest.fixture
def printed_often():
    """Figures of four quarters; one was printed once, one withdrawn at last."""
    rows = [
        (date(2023, 1, 1), 2.0, 1), (date(2023, 1, 1), 2.4, 2), (date(2023, 1, 1), 2.1, 3),
        (date(2023, 4, 1), 3.0, 1), (date(2023, 4, 1), 3.0, 2), (date(2023, 7, 1), 1.0, 1),
        (date(2023, 10, 1), 4.0, 1), (date(2023, 10, 1), 3.5, 2), (date(2023, 10, 1), None, 3),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["period", "value", "release"], orient="row").with_columns(
        indicator=pl.lit("gdp_real_growth"), area=pl.lit("hong_kong"), frequency=pl.lit("Q"), unit=pl.lit("percent"),
        days=pl.lit(30), revision=pl.lit(0.0), revision_from_first=pl.lit(0.0), rounding=pl.lit(0.05),
        sources=pl.lit([next(iter(catalog().sources))], dtype=pl.List(pl.String)),
    )  # fmt: skip
    return SimpleNamespace(frame=frame)


def test_first_latest_and_range_of_each_period(printed_often):
    figure = charts.revisions(printed_often)
    spans, first, latest = figure.data
    assert list(first.y) == [2.0, 3.0, 4.0] and list(latest.y) == [2.1, 3.0, 3.5]
    assert [(b, round(b + h, 9)) for b, h in zip(spans.base, spans.y, strict=True)] == [
        (2.0, 2.4),
        (3.0, 3.0),
        (3.5, 4.0),
    ]
    assert "1 periods published only once" in footer(figure)
    assert latest.marker.color == AREA_COLOURS["hong_kong"]


def test_the_largest_revision_is_told_first(printed_often):
    alt = charts.revisions(printed_often).layout.meta["alt"]
    assert alt.index("2023 Q4 from 4.0 to 3.5") < alt.index("2023 Q1 from 2.0 to 2.1")
    assert "2023 Q2" not in alt


def test_figures_published_once_are_no_revisions(printed_often):
    with pytest.raises(FrameError, match="no period has figures of two releases"):
        charts.revisions(SimpleNamespace(frame=printed_often.frame.filter(release=1)))


# --- all of them


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chart_speaks_every_language(lang, grown, two, printed_often):
    adjustment = seasonal_adjustment(months(48, value=lambda i: 100 + i % 12), "stl")
    figures = [
        charts.seasonal(months(30), lang=lang), charts.decomposition(adjustment, lang=lang), charts.calendar(days(50), lang=lang),
        charts.small_multiples(years([1.0, 2.0], "macao"), lang=lang), charts.contributions(grown, lang=lang),
        charts.waterfall(*two, lang=lang), charts.revisions(printed_often, lang=lang),
    ]  # fmt: skip
    for figure in figures:
        meta = figure.layout.meta
        assert (
            meta["lang"] == lang and meta["alt"].rstrip().endswith((".", "。")) and figure.layout.title.text
        )
        titled = figure.layout.title.text + "".join(printed(figure, "subtitle"))
        assert lang == "en" or any("\u4e00" <= c <= "\u9fff" for c in titled)
        assert figure._gba_frames and chart_csv(figure._gba_frames)


def test_markup_in_names_is_shown_as_text(grown):
    evil = "<b>x</b>$\\alpha$"
    frames = [months(30, area=evil), days(30, area=evil)]
    figures = [charts.seasonal(frames[0]), charts.calendar(frames[1]), charts.small_multiples(frames[0])]
    figures.append(charts.contributions(grown.with_columns(pl.col("area").replace("macao", evil))))
    for figure in figures:
        figure.update_layout(meta=None)
        assert "<b>x" not in figure.to_json() and "alpha$" not in figure.to_json()


def test_a_title_and_a_subtitle_can_be_given(grown):
    figure = charts.contributions(grown, title="Shenzhen leads", subtitle="made up")
    assert figure.layout.title.text == "<b>Shenzhen leads</b>" and printed(figure, "subtitle") == ["made up"]


@pytest.mark.parametrize("draw", [charts.seasonal, charts.calendar, charts.small_multiples])
def test_nothing_to_draw_is_said(draw):
    with pytest.raises(FrameError, match="no rows"):
        draw(months(0))
    with pytest.raises(FrameError, match="null"):
        draw(months(3).with_columns(value=pl.lit(None, dtype=pl.Float64)))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("calendar", ("crossings", "--area", "hong_kong", "--start", "2025-01-01")),
        ("seasonal", ("gaming_revenue_gross", "--area", "macao", "--start", "2023-01")),
        ("small-multiples", ("gdp", "--area", "foshan", "--area", "shenzhen", "--frequency", "A")),
        (
            "contributions",
            ("gdp", "--area", "foshan", "--area", "shenzhen", "--frequency", "A", "--start", "2020"),
        ),
    ],
)
def test_the_command_line_draws_them(shipped, tmp_path, capsys, kind, words):
    out = tmp_path / f"{kind}.json"
    assert main(["chart", *words, "--kind", kind, "--out", str(out)]) == 0, capsys.readouterr().err
    assert out.stat().st_size > 1000
