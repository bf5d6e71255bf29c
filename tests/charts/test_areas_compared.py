"""Ranks over time, gaps, points, the map of the cities, flows and shaded times: what they draw, say and refuse. No browser."""

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gbaindicators as gba
from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import name_of
from gbaindicators.charts.markers import shades_of
from gbaindicators.charts.placing import Box, label_boxes
from gbaindicators.charts.tiles import TILES
from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
FIRST, LAST = date(2000, 1, 1), date(2024, 1, 1)


def years(values, area="hong_kong", start=2020, **columns):
    rows = {"period": [date(start + i, 1, 1) for i in range(len(values))], "value": values}
    frame = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    fixed = {"indicator": "gdp", "area": area, "frequency": "A", "unit": "USD", "prices": "current"} | columns
    return frame.with_columns(**{k: pl.lit(v) for k, v in fixed.items() if v is not None})


def panel(values, **columns):
    return pl.concat([years(v, area, **columns) for area, v in values.items()])


def printed(figure, name):
    return [a.text.replace("<br>", " ") for a in figure.layout.annotations if a.name == name]


def footer(figure):
    return " ".join(printed(figure, "footer"))


@pytest.fixture
def three():
    return panel(
        {"macao": [1e12, 2e12, 2e12], "foshan": [3e12, 2.5e12, 2e12], "shenzhen": [2e12, 4e12, 5e12]}
    )


@pytest.fixture
def four():
    """Poorer areas grow faster, not all on one line."""
    starts, ends = (1e4, 2e4, 4e4, 8e4, 6e4), (3.2e4, 5e4, 7e4, 10e4, 9e4)
    cities = ("zhaoqing", "foshan", "zhuhai", "hong_kong", "macao")
    return pl.concat(
        [
            years([a, None, b], city, indicator="gdp_per_capita", start=2020)
            for city, a, b in zip(cities, starts, ends, strict=True)
        ]
    )


@pytest.fixture
def cargo():
    tonnes = {"guangzhou": 16.8e6, "zhuhai": 16.0e6, "macao": 0.6e6, "gba_other_than_hong_kong": 33.4e6}
    parts = [
        years([v], a, indicator="port_cargo_with_hong_kong", unit="tonnes", prices=None)
        for a, v in tonnes.items()
    ]
    return pl.concat(parts).with_columns(
        sources=pl.lit(list(catalog().sources)[:1], dtype=pl.List(pl.String))
    )


@pytest.fixture
def ratio():
    table = gba.gap(
        panel({"macao": [50.0, 60.0, 70.0, 90.0], "zhuhai": [100.0, 100.0, 80.0, 80.0]}),
        "macao",
        "zhuhai",
        over=1,
    )
    return table.with_columns(
        status=pl.Series(["B", "A", "B", "A"]),
        note=pl.Series([None, "zhuhai: secondary sources only", "macao: x", "macao: x"]),
    )


def every_verb(three, four, cargo, ratio, **more):
    return {
        "bump": charts.bump(three, **more),
        "gap": charts.gap(ratio, **more),
        "scatter": charts.scatter(three, four.with_columns(unit=pl.lit("CNY")), period="2020", **more),
        "convergence": charts.convergence(four, **more),
        "map": charts.map(three, **more),
        "flow": charts.flow(cargo, **more),
    }


# --- all of them


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_says_what_it_shows_in_the_language_it_is_asked_for(three, four, cargo, ratio, lang):
    for name, figure in every_verb(three, four, cargo, ratio, lang=lang).items():
        alt = figure.layout.meta["alt"]
        assert figure.layout.meta["lang"] == lang and alt and figure.layout.title.text, name
        assert any("\u4e00" <= c <= "\u9fff" for c in alt) == (lang != "en"), (name, alt)


def test_titles_and_subtitles_may_be_given_and_are_shown_as_text(three, four, cargo, ratio):
    for name, figure in every_verb(
        three, four, cargo, ratio, title="<b>A</b> & B", subtitle="<i>c</i>"
    ).items():
        assert figure.layout.title.text == "<b>&lt;b&gt;A&lt;/b&gt; &amp; B</b>", name
        assert printed(figure, "subtitle") == ["&lt;i&gt;c&lt;/i&gt;"], name


@pytest.mark.parametrize("draw", [charts.bump, charts.map, charts.convergence])
def test_nothing_to_draw_is_a_named_error(draw):
    empty = years([1.0]).clear()
    with pytest.raises(FrameError, match="no rows"):
        draw(empty)
    with pytest.raises(FrameError, match="null"):
        draw(years([None, None], "macao"))
    with pytest.raises(UnknownNameError, match="language"):
        draw(panel({"macao": [1.0, 2.0], "foshan": [2.0, 1.0]}), lang="fr")


# --- ranks over time


def test_a_bump_chart_draws_ranks(three):
    figure = charts.bump(three)
    assert {t.name: list(t.y) for t in figure.data} == {
        "Macao": [3.0, 3.0, 2.0],  # ties share the better rank
        "Foshan": [1.0, 2.0, 2.0],
        "Shenzhen": [2.0, 1.0, 1.0],
    }
    assert figure.layout.title.text == "<b>Rank by gross domestic product</b>"
    assert printed(figure, "label") == [
        "<b>Shenzhen 2</b>", "<b>Macao 3</b>", "<b>Foshan 1</b>", "<b>1 Shenzhen</b>", "<b>2 Macao</b>", "<b>2 Foshan</b>",
    ]  # fmt: skip
    low, high = figure.layout.yaxis.range
    assert low > high  # the first on top
    assert "Shenzhen from 2 to 1" in figure.layout.meta["alt"]


def test_ranks_are_taken_among_the_same_series(three):
    frame = pl.concat([three, years([9e12], "zhuhai", start=2022), years([8e12], "zhuhai", start=2020)])
    figure = charts.bump(frame)
    assert "Only periods in which all have a figure" in footer(figure)
    zhuhai = next(t for t in figure.data if t.name == "Zhuhai")
    assert list(zhuhai.y) == [1.0, None, 1.0]
    assert zhuhai.connectgaps is False


def test_of_many_series_the_first_in_the_end_keep_colour_and_label():
    ids = list(catalog().areas)[:14]
    figure = charts.bump(pl.concat([years([14.0 - i, float(i)], a) for i, a in enumerate(ids)]))
    labels = printed(figure, "label")
    assert len(labels) == 2 * 7
    assert f"<b>1 {name_of('area', ids[13], 'en')}</b>" in labels
    assert "Grey lines: 7 others" in printed(figure, "subtitle")[0]


def test_a_bump_chart_needs_rivals_and_two_periods(three):
    with pytest.raises(FrameError, match="has one: load more areas"):
        charts.bump(three.filter(area="macao"))
    with pytest.raises(FrameError, match="two periods"):
        charts.bump(three.filter(pl.col("period") == FIRST.replace(year=2021)))
    with pytest.raises(FrameError, match="filter out the series that are short"):
        charts.bump(pl.concat([years([1.0], "macao", start=2019), years([1.0], "foshan", start=2021)]))


# --- gaps


def test_a_gap_chart_draws_the_ratio_parity_and_breaks(ratio):
    figure = charts.gap(ratio)
    line, rings = figure.data
    assert list(line.y) == ratio["value"].to_list() == [0.5, 0.6, 0.875, 1.125]
    # the first value breaks from nothing that is drawn
    assert list(rings.x) == [date(2022, 1, 1)] and list(rings.y) == [0.875]
    parity = next(s for s in figure.layout.shapes if s.name == "parity")
    assert parity.y0 == parity.y1 == 1
    assert printed(figure, "parity") == ["Parity"]
    assert figure.layout.title.text == "<b>Macao relative to Zhuhai</b>"
    assert "○ Break in the figures of one of the two" in footer(figure)
    assert "Zhuhai: secondary sources only (2021)" in footer(figure) and "Macao: x (2022 and 2023)" in footer(
        figure
    )


def test_per_head_is_drawn_beside_the_total(ratio):
    figure = charts.gap(ratio.with_columns(per_head=pl.Series([None, 2.0, 2.1, None])))
    assert [t.name for t in figure.data] == ["In total", "Per head", "○"]
    assert [v for v in figure.data[1].y if v] == [2.0, 2.1]
    assert "<b>Per head 2.10 (2022)</b>" in printed(figure, "label")
    assert len(figure.data[2].x) == 1  # the status is that of the total


def test_when_parity_comes_is_told_and_what_is_not_drawn_is_not():
    frame = panel({"macao": [50.0, 55.0], "zhuhai": [100.0, 100.0]})
    table = gba.gap(frame, "macao", "zhuhai", over=1)
    figure = charts.gap(table)
    comes = f"{table['years_to_parity'][-1]:.1f}"
    assert f"If both go on growing as before 2021, parity comes {comes} years later" in footer(figure)
    assert "no years to parity" not in footer(figure) and "a year before" not in footer(figure)


def test_several_areas_stand_against_one_benchmark(three):
    gaps = {a: gba.gap(three, a, "shenzhen") for a in ("macao", "foshan")}
    figure = charts.gap(pl.concat(gaps.values()))
    assert {t.name: list(t.y) for t in figure.data} == {
        name_of("area", a, "en"): g["value"].to_list() for a, g in gaps.items()
    }
    assert figure.layout.title.text == "<b>Ratio to Shenzhen</b>"
    with pytest.raises(FrameError, match="one benchmark, the frame has macao, shenzhen"):
        charts.gap(pl.concat([gaps["foshan"], gba.gap(three, "foshan", "macao")]))


def test_a_gap_chart_says_of_which_indicator_it_is(three):
    table = gba.gap(three, "macao", "shenzhen")
    (subtitle,) = printed(charts.gap(table), "subtitle")
    assert subtitle.startswith("Gross domestic product, ratio, 1 is parity")
    (subtitle,) = printed(charts.gap(table.drop("indicator")), "subtitle")
    assert subtitle.startswith("Ratio, 1 is parity")


def test_a_gap_chart_draws_what_gap_gives(three, ratio):
    with pytest.raises(FrameError, match=r"gba\.gap gives; this frame lacks other"):
        charts.gap(three)
    with pytest.raises(FrameError, match="no rows"):
        charts.gap(ratio.clear())


def test_the_word_at_parity_keeps_off_the_lines():
    above = gba.gap(panel({"macao": [101.0] * 8 + [400.0], "zhuhai": [100.0] * 9}), "macao", "zhuhai")
    word = next(a for a in charts.gap(above).layout.annotations if a.name == "parity")
    assert word.yanchor == "top"


# --- points


def test_a_scatter_draws_both_values_of_each_area(three, four):
    heads = four.with_columns(unit=pl.lit("CNY"))
    figure = charts.scatter(three, heads, period="2020")
    assert {t.name: (t.x[0], t.y[0]) for t in figure.data} == {
        "Macao": (1.0, 60_000.0),
        "Foshan": (3.0, 20_000.0),
    }
    assert printed(figure, "axis") == [
        "Gross domestic product, US&#36; trillion", "Gross domestic product per head, CNY",
    ]  # fmt: skip
    assert "No figures for Shenzhen, Zhaoqing, Zhuhai and Hong Kong" in footer(figure)
    assert sorted(printed(figure, "label")) == ["<b>Foshan</b>", "<b>Macao</b>"]


def test_one_frame_may_hold_both_indicators(three, four):
    heads = four.with_columns(unit=pl.lit("CNY"))
    both = charts.scatter(pl.concat([three, heads]), period="2022")
    assert both.data == charts.scatter(three, heads, period="2022").data
    with pytest.raises(FrameError, match="two indicators against each other, the frame has 1"):
        charts.scatter(three)


def test_a_scatter_takes_the_latest_period_with_the_most_areas(three):
    heads = pl.concat([years([1.0, 1.0, None], "macao"), years([2.0, 2.0, 2.0], "foshan")])
    figure = charts.scatter(three, heads)
    assert printed(figure, "subtitle") == ["2021"] and len(figure.data) == 2


def test_what_a_scatter_refuses(three):
    with pytest.raises(FrameError, match="no area with values of both"):
        charts.scatter(three, years([1.0], "zhuhai"))
    with pytest.raises(UsageError, match="no area has both values in '1999'"):
        charts.scatter(three, three, period="1999")
    with pytest.raises(UsageError, match=r"above zero.*macao"):
        charts.scatter(three, years([-1.0], "macao"), log_y=True)
    with pytest.raises(FrameError, match="several series of macao"):
        charts.scatter(three, pl.concat([years([1.0], "macao"), years([2.0], "macao", prices="constant")]))
    with pytest.raises(FrameError, match="frequencies A and M"):
        charts.scatter(three, three.with_columns(frequency=pl.lit("M")))
    with pytest.raises(FrameError, match="'area'"):
        charts.scatter(three.drop("area"), three)


def test_the_line_is_the_one_that_convergence_fits(four):
    figure = charts.convergence(four, "2020", "2022")
    fitted, *points = figure.data
    x, y = (np.array([p[axis][0] for p in points]) for axis in ("x", "y"))
    slope = (fitted.y[1] - fitted.y[0]) / math.log(fitted.x[1] / fitted.x[0])
    found = gba.convergence(four, "2020", "2022").row(0, named=True)
    assert slope == pytest.approx(100 * found["estimate"])
    # least squares: the line that numpy draws through the points
    assert np.polyfit(np.log(x), y, 1) == pytest.approx(
        [slope, fitted.y[0] - slope * math.log(fitted.x[0])], rel=1e-6
    )
    growth = math.log(3.2) / ((date(2022, 1, 1) - date(2020, 1, 1)).days / 365.25)
    assert dict(zip((p.name for p in points), y, strict=True))["Zhaoqing"] == pytest.approx(100 * growth)
    said = printed(figure, "subtitle")[0]
    assert f"grew {-100 * found['estimate'] * math.log(2):.1f} percentage points a year more slowly" in said
    assert f"half of the gap closes in {found['half_life']:.0f} years" in said.casefold()
    assert "5 areas are few" in footer(figure)


def test_convergence_takes_the_first_and_the_last_common_period(four):
    assert charts.convergence(four).data == charts.convergence(four, "2020", "2022").data


def test_a_break_between_the_two_periods_is_told(four):
    broken = four.with_columns(
        status=pl.when(area="zhuhai", period=date(2022, 1, 1)).then(pl.lit("B")).otherwise(pl.lit("A"))
    )
    assert "A series breaks between the two periods" in footer(charts.convergence(broken))


def test_divergence_is_not_called_convergence():
    away = panel({"macao": [4.0, 9.0], "foshan": [2.0, 3.0], "zhuhai": [1.0, 1.2], "huizhou": [3.0, 5.5]})
    said = printed(charts.convergence(away), "subtitle")[0]
    assert "percentage points a year faster" in said and "gap closes" not in said


def test_what_convergence_refuses(four, three):
    with pytest.raises(SeriesTooShortError):
        charts.convergence(four.filter(pl.col("area").is_in(["foshan", "macao"])))
    with pytest.raises(UsageError, match="must lie after"):
        charts.convergence(four, "2022", "2020")


boxes = st.lists(st.tuples(st.floats(0, 800), st.floats(0, 400), st.floats(10, 120)), min_size=1, max_size=30)


@given(boxes)
def test_names_never_lie_on_one_another_nor_on_points(drawn):
    points, sizes = [(x, y) for x, y, _ in drawn], [(w, 17.0) for *_, w in drawn]
    found = label_boxes(points, sizes, 800, 400)
    placed = [box for box in found if box is not None]
    for i, box in enumerate(placed):
        assert box.left >= 0 and box.top >= 0 and box.right <= 800 and box.bottom <= 400
        assert not any(box.covers(other) for other in placed[:i])
    for box, own in zip(found, points, strict=True):
        if box is not None:
            assert not any(box.covers(Box(x, y, x, y)) for x, y in points if (x, y) != own)


def test_a_name_in_open_country_stands_beside_its_point():
    assert label_boxes([(400, 200)], [(60, 17)], 800, 400) == [Box(409, 191.5, 469, 208.5)]
    beside = Box(405, 150, 800, 250)
    assert label_boxes([(400, 200)], [(60, 17)], 800, 400, line=[beside]) == [Box(331, 191.5, 391, 208.5)]


# --- the map


def test_the_map_has_the_eleven_cities_each_on_a_tile_of_its_own():
    assert set(TILES) == set(gba.members("greater_bay_area"))
    assert len(set(TILES.values())) == 11


def test_tiles_lie_as_the_cities_do():
    """Rough longitude and latitude, from any atlas: no tile lies on the wrong side of another one in its row or column."""
    where = {
        "zhaoqing": (112.5, 23.1), "foshan": (113.1, 23.0), "guangzhou": (113.3, 23.1), "dongguan": (113.8, 23.0),
        "huizhou": (114.4, 23.1), "jiangmen": (113.1, 22.6), "zhongshan": (113.4, 22.5), "shenzhen": (114.1, 22.5),
        "zhuhai": (113.5, 22.2), "macao": (113.55, 22.2), "hong_kong": (114.2, 22.3),
    }  # fmt: skip
    for a, (x, y) in TILES.items():
        for b, (u, v) in TILES.items():
            if y == v and x < u:
                assert where[a][0] < where[b][0]
            if x == u and y < v:
                assert where[a][1] > where[b][1]


def test_tiles_carry_their_values_and_grey_ones_are_named(three):
    figure = charts.map(three, period="2021")
    z = figure.data[0].z
    held = {city: z[y][x] for city, (x, y) in TILES.items() if z[y][x] is not None}
    assert held == {"macao": 2.0, "foshan": 2.5, "shenzhen": 4.0}
    tiles = printed(figure, "tile")
    assert len(tiles) == 11
    assert any(t.startswith("<b>Foshan</b>") and ">2.50<" in t for t in tiles)
    assert "<b>Zhuhai</b>" in tiles
    assert "No figures for Zhaoqing, Guangzhou" in footer(figure)
    assert "2021" in printed(figure, "subtitle")[0]


def test_the_map_shows_the_latest_common_period(three):
    assert (
        "2021"
        in printed(
            charts.map(three.filter(~((pl.col("area") == "macao") & (pl.col("period") > date(2021, 1, 1))))),
            "subtitle",
        )[0]
    )


def test_words_on_dark_tiles_are_white(three):
    inks = {
        a.text.split("</b>")[0][3:]: a.font.color
        for a in charts.map(three, period="2022").layout.annotations
        if a.name == "tile"
    }
    assert inks["Shenzhen"] == "white" and inks["Foshan"] != "white"


def test_the_map_refuses_other_areas_and_double_values(three):
    with pytest.raises(FrameError, match=r"eleven cities.*tokyo_bay_area"):
        charts.map(pl.concat([three, years([1.0], "tokyo_bay_area")]))
    with pytest.raises(FrameError, match="eleven cities"):
        charts.map(three.drop("area"))
    with pytest.raises(FrameError, match="several series of macao"):
        charts.map(pl.concat([three, years([1.0, 2.0, 3.0], "macao", prices="constant")]))
    with pytest.raises(UsageError, match="'1999'"):
        charts.map(three, period="1999")


# --- flows


def test_ribbons_are_as_wide_as_the_figures(cargo):
    figure = charts.flow(cargo)
    link = figure.data[0].link
    assert list(link.value) == [16.8, 16.0, 0.6]
    assert list(link.source) == [0, 1, 2] and list(link.target) == [3, 3, 3]
    assert printed(figure, "label") == [
        "<b>Guangzhou 16.8</b>", "<b>Zhuhai 16.0</b>", "<b>Macao 0.6</b>", "<b>Hong Kong 33.4</b>",
    ]  # fmt: skip
    assert "Left out as the total of others: Greater Bay Area other than Hong Kong" in footer(figure)
    assert "Source:" in footer(figure)
    assert figure.layout.meta["unit"] == "million tonnes"


def test_flows_between_several_areas_stand_on_two_sides():
    frame = pl.concat(
        [
            years([v], a).with_columns(counterpart_area=pl.lit(b))
            for a, b, v in (
                ("macao", "zhuhai", 3.0),
                ("zhuhai", "macao", 2.0),
                ("macao", "foshan", 1.0),
                ("foshan", "macao", 0.0),
            )
        ]
    )
    figure = charts.flow(frame)
    link = figure.data[0].link
    assert list(zip(link.source, link.target, link.value, strict=True)) == [
        (0, 2, 3.0),
        (1, 3, 2.0),
        (0, 4, 1.0),
    ]
    assert printed(figure, "label") == [
        "<b>Macao 4</b>", "<b>Zhuhai 2</b>", "<b>Zhuhai 3</b>", "<b>Macao 2</b>", "<b>Foshan 1</b>",
    ]  # fmt: skip
    assert "Nothing flows: Foshan" in footer(figure)


def test_what_a_flow_refuses(cargo, three):
    with pytest.raises(FrameError, match="no column 'counterpart_area'"):
        charts.flow(three)
    with pytest.raises(UnknownNameError, match="area"):
        charts.flow(three, counterpart="atlantis")
    with pytest.raises(FrameError, match=r"no negative width.*macao"):
        charts.flow(panel({"macao": [-1.0], "foshan": [2.0]}), counterpart="hong_kong")
    with pytest.raises(FrameError, match="contains 'macao'"):
        charts.flow(panel({"greater_bay_area": [3.0], "macao": [2.0]}), counterpart="hong_kong")
    with pytest.raises(FrameError, match="there twice"):
        charts.flow(
            pl.concat([years([1.0], "macao"), years([2.0], "macao", prices="constant")]),
            counterpart="hong_kong",
        )
    with pytest.raises(FrameError, match=r"all flows .* zero"):
        charts.flow(panel({"macao": [0.0], "foshan": [0.0]}), counterpart="hong_kong")


# --- shaded times


def test_the_closure_is_dated_by_the_register(three):
    policies = catalog().policies
    (closed,) = shades_of(True, FIRST, LAST, "en")
    assert closed.start == policies["land_points_closed_lo_wu"].start
    assert closed.end == policies["reopening_first_points"].start
    figure = charts.line(three, shade=True)
    (band,) = [s for s in figure.layout.shapes if s.name == "shade"]
    # cut where the axis ends
    assert (band.x0, band.x1) == ("2020-02-04", "2022-01-01") and band.layer == "below"
    assert printed(figure, "shade") == ["Boundary with the mainland mostly closed"]
    assert not shades_of(True, FIRST, date(2019, 1, 1), "en") and not shades_of(False, FIRST, LAST, "en")


def test_times_of_ones_own_are_shaded_whole_periods_long():
    given_ = [("2008-07", "2009-Q1", "Recession <b>"), ("2001", "2001", "Dot-com")]
    assert [(s.start, s.end) for s in shades_of(given_, FIRST, LAST, "en")] == [
        (date(2001, 1, 1), date(2002, 1, 1)), (date(2008, 7, 1), date(2009, 4, 1)),
    ]  # fmt: skip
    figure = charts.line(years([1.0] * 20, start=2000), shade=given_, policies=["cepa"])
    assert printed(figure, "shade") == ["Dot-com", "Recession &lt;b&gt;"]


def test_what_cannot_be_shaded_is_refused(three):
    with pytest.raises(UsageError, match="leave it out"):
        charts.line(three, shade=[("2008", "2009", "Recession")])
    with pytest.raises(UsageError, match="swap the two"):
        charts.line(three, shade=[("2021", "2020", "x")])
    with pytest.raises(UsageError, match="its last period and a label"):
        charts.line(three, shade=["2020"])
