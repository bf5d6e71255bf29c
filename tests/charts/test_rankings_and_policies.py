"""The grid of ranks, the markers of policies and the chart of an effect: what they draw, say and refuse. No browser."""

from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

import polars as pl
import pytest

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.charts.canvas import Canvas
from gbaindicators.charts.markers import policies_of
from gbaindicators.charts.theme import AREA_COLOURS
from gbaindicators.errors import FrameError, UnknownNameError, UsageError

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
GRID = {"mixed": pl.List(pl.String), "rank": pl.Int64}


def cell(basis, prices, area, definition, year, value, best, worst, mixed=()):
    return {
        "basis": basis, "prices": prices, "area": area, "definition": definition, "value": value,
        "unit": "USD" if basis == "market" else "international dollars", "period": date(year, 1, 1), "rank": best,
        "best": best, "worst": worst, "mixed": list(mixed), "sources": ["dsec_gba_gdp"],
    }  # fmt: skip


@pytest.fixture
def grid():
    return pl.DataFrame(
        [
            cell(basis, prices, *row)
            for basis in ("market", "ppp")
            for prices in ("current", "constant 2015")
            for row in (
                ("greater_bay_area", "pearl_river_delta", 2021, 1.5e12, 2, 2),
                ("greater_bay_area", "eleven_cities", 2021, 1.9e12, 1, 2),
                ("greater_bay_area", "eleven_cities", 2022, 2.0e12, 1, 2),
                ("new_york_bay_area", "msa", 2021, 1.8e12, 1, 2),
                ("new_york_bay_area", "msa", 2022, 2.1e12, 1, 2),
            )
        ],
        schema_overrides=GRID,
    )


def printed(figure, name):
    return [a.text.replace("<br>", " ") for a in figure.layout.annotations if a.name == name]


def years(area, start=2000, periods=25, **columns):
    days = [date(start + i, 1, 1) for i in range(periods)]
    frame = pl.DataFrame({"period": days, "value": [100.0 + i for i in range(periods)]})
    fixed = {"indicator": "gdp", "area": area, "frequency": "A", "unit": "USD"} | columns
    return frame.with_columns(**{k: pl.lit(v) for k, v in fixed.items()})


# --- the grid of ranks


def test_every_row_of_the_grid_is_one_tile_in_the_colour_of_its_area(grid):
    figure = charts.sensitivity(grid)
    assert [t.name for t in figure.data] == ["Greater Bay Area", "New York Bay Area"]
    assert [len(t.x) for t in figure.data] == [12, 8]
    only = grid.filter(pl.col("best") == 2).with_columns(best=pl.lit(1), worst=pl.lit(1))
    assert set(charts.sensitivity(only).data[0].marker.color) == {AREA_COLOURS["greater_bay_area"]}


def test_tiles_never_lie_on_one_another(grid):
    figure = charts.sensitivity(grid)
    tiles = [
        (x - t.width / 2, x + t.width / 2, top, top + height)
        for t in figure.data
        for x, top, height in zip(t.x, t.base, t.y, strict=True)
    ]
    assert min(t[0] for t in tiles) >= 0 and max(t[1] for t in tiles) <= Canvas().width - 48
    assert max(t[3] for t in tiles) <= figure.layout.yaxis.range[0]
    for i, a in enumerate(tiles):
        for b in tiles[:i]:
            assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]


def test_a_range_is_printed_where_the_rank_depends_on_the_others(grid):
    texts = [t for trace in charts.sensitivity(grid).data for t in trace.text]
    assert texts[0] == "<b>2</b>  1.50" and texts[1] == "<b>1–2</b>  1.90"
    assert "Greater Bay Area 1–2" in charts.sensitivity(grid).layout.meta["alt"]


def test_definitions_stand_in_the_order_of_the_catalogue_under_their_area(grid):
    figure = charts.sensitivity(grid)
    names = [d.names["en"] for d in catalog().definitions if d.id in ("eleven_cities", "pearl_river_delta")]
    assert printed(figure, "definition")[:2] == names
    assert printed(figure, "area")[:2] == ["<b>Greater Bay Area</b>", "<b>New York Bay Area</b>"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_panel_says_how_it_measures(grid, lang):
    ways = printed(charts.sensitivity(grid, lang=lang), "way")
    assert len(ways) == len(set(ways)) == 4
    assert all("2015" in way for way in ways[2:])
    if lang == "en":
        assert ways[0] == "<b>Market exchange rates, current prices, US&#36; trillion</b>"


def test_what_is_no_money_has_no_rate_and_no_prices():
    rows = [cell("market", None, "macao", "itself", 2022, 7e5, 1, 1) | {"unit": "persons"}]
    figure = charts.sensitivity(pl.DataFrame(rows, schema_overrides=GRID | {"prices": pl.String}))
    assert printed(figure, "way") == ["<b>million persons</b>"] or printed(figure, "way") == [
        "<b>persons</b>"
    ]


def test_marked_cells_carry_a_star_and_the_note_says_why(grid):
    rows = [
        cell("market", "current", "macao", "itself", 2022, 7e11, 1, 1, ["fiscal year beside calendar years"])
    ]
    figure = charts.sensitivity(pl.DataFrame(rows, schema_overrides=GRID))
    assert figure.data[0].text[0].startswith("<b>1*</b>")
    assert "* fiscal year beside calendar years" in " ".join(printed(figure, "footer"))
    assert "Note" not in " ".join(printed(charts.sensitivity(grid), "footer"))


def test_many_years_keep_their_ranks_on_hover(grid):
    rows = [cell("market", "current", "macao", "itself", 1900 + y, 7e11, 10, 12) for y in range(120)]
    figure = charts.sensitivity(pl.DataFrame(rows, schema_overrides=GRID))
    assert set(figure.data[0].text) == {""} and "10–12" in figure.data[0].hovertext[0]
    places = [a.x for a in figure.layout.annotations if a.name == "year"]
    assert len(places) > 5 and min(b - a for a, b in pairwise(places)) > 25


def test_sources_of_the_grid_are_cited(grid):
    figure = charts.sensitivity(grid)
    assert "Statistics and Census Service, Macao" in " ".join(printed(figure, "footer"))
    assert list(figure.layout.meta["sources"]) == ["dsec_gba_gdp"]


def test_another_frame_is_refused(grid):
    with pytest.raises(FrameError, match=r"gba\.sensitivity gives; this frame lacks basis, prices"):
        charts.sensitivity(years("macao"))
    with pytest.raises(FrameError, match="no rows"):
        charts.sensitivity(grid.clear())
    with pytest.raises(UnknownNameError):
        charts.sensitivity(grid, lang="fr")


# --- policies on a time axis


def test_policies_are_those_of_the_areas_drawn_in_the_time_drawn():
    found = policies_of(True, years("macao"), date(2018, 1, 1), date(2022, 12, 31))
    assert [p.id for p in found] == ["hong_kong_zhuhai_macao_bridge", "outline_development_plan"]
    assert policies_of(True, years("tokyo"), date(1900, 1, 1), date(2100, 1, 1)) == []
    assert policies_of(True, years("macao").drop("area"), date(1900, 1, 1), date(2100, 1, 1)) == []
    assert policies_of(False, years("macao"), date(1900, 1, 1), date(2100, 1, 1)) == []


def test_each_policy_has_a_line_at_its_date_a_number_and_a_key():
    figure = charts.line(years("hong_kong"), policies=["reopening_full", "cepa"])
    assert [s.x0 for s in figure.layout.shapes] == ["2004-01-01", "2023-02-06"]
    assert printed(figure, "policy") == ["<b>1</b>", "<b>2</b>"]
    text = " ".join(printed(figure, "footer"))
    assert "(1) Mainland and Hong Kong Closer Economic Partnership Arrangement (CEPA), 2004 Q1" in text
    assert "(2)" in figure.layout.meta["alt"] and "6 Feb 2023" in figure.layout.meta["alt"]


def test_numbers_of_policies_never_touch():
    figure = charts.line(years("hong_kong"), policies=True)
    first, last = (date.fromisoformat(d) for d in figure.layout.xaxis.range)
    width = figure.layout.width - figure.layout.margin.l - figure.layout.margin.r
    places = [
        (date.fromisoformat(a.x) - first) / timedelta(1) / (last - first).days * width + (a.xshift or 0)
        for a in figure.layout.annotations
        if a.name == "policy"
    ]
    assert len(places) >= 6
    assert all(b - a >= 15.9 for a, b in pairwise(places))


def test_a_chart_without_policies_is_as_before():
    plain, none = charts.line(years("tokyo")), charts.line(years("tokyo"), policies=True)
    assert plain.to_json() == none.to_json()


def test_a_fan_marks_policies_beside_the_border_of_the_forecast():
    ahead = years("hong_kong", start=2025, periods=3).with_columns(
        lower_80=pl.col("value") - 5, upper_80=pl.col("value") + 5
    )
    figure = charts.fan(years("hong_kong"), ahead, policies=["cepa"], lang="zh-Hans")
    assert {s.x0 for s in figure.layout.shapes} == {"2004-01-01", "2024-01-01"}
    assert any("政策：(1) 内地与香港" in text for text in printed(figure, "footer"))


@pytest.mark.parametrize(
    ("policies", "error", "said"),
    [
        (["cepta"], UnknownNameError, "cepa"),
        (["outline_development_plan"], UsageError, "runs from 2000-01-01 to 2010-01-01"),
        ("cepa", UsageError, r"policies=\['cepa'\]"),
    ],
)
def test_policies_that_cannot_be_marked_are_refused(policies, error, said):
    with pytest.raises(error, match=said):
        charts.line(years("hong_kong", periods=11), policies=policies)


# --- what a policy did


def result(band=True, note="", **fit):
    days = [date(2015 + i, 1, 1) for i in range(8)]
    actual = [1.0, 2.0, 1.5, 2.5, 2.0, 4.0, 5.0, 4.5]
    without = [1.1, 1.9, 1.6, 2.4, 2.1, 3.0, 3.5, 3.0]
    effects = [a - b for a, b in zip(actual, without, strict=True)]
    low = [e - 0.5 if band and i >= 5 else None for i, e in enumerate(effects)]
    high = [e + 0.5 if band and i >= 5 else None for i, e in enumerate(effects)]
    frame = pl.DataFrame(
        {
            "area": ["hong_kong"] * 8, "indicator": ["gdp_real_growth"] * 8, "frequency": ["A"] * 8, "period": days,
            "actual": actual, "counterfactual": without, "effect": effects, "lower_95": low, "upper_95": high,
            "unit": ["percent"] * 8, "sources": [["dsec_gba_gdp"]] * 8, "status": ["E"] * 8, "method": ["made up"] * 8,
        },
        schema_overrides={"lower_95": pl.Float64, "upper_95": pl.Float64},
    )  # fmt: skip
    return SimpleNamespace(frame=frame, start=date(2020, 1, 1), fit={"mean_effect": 1.3} | fit, note=note)


def test_an_effect_shows_both_paths_their_difference_and_the_date():
    figure = charts.effect(result(standard_error=0.25))
    assert [t.name for t in figure.data] == ["95%", "Actual", "Without the policy", "Effect"]
    assert [t.yaxis for t in figure.data] == ["y2", "y", "y", "y2"]
    actual, without, effect = figure.data[1:]
    assert [a - b for a, b in zip(actual.y, without.y, strict=True)] == list(effect.y)
    line = figure.layout.shapes[0]
    assert (line.x0, line.y0, line.y1, line.yref) == ("2020-01-01", 0, 1, "paper")
    assert printed(figure, "policy") == ["2020"]
    assert "Mean effect from 2020 on: 1.30 (standard error 0.25)" in printed(figure, "subtitle")[0]
    assert "Statistics and Census Service" in " ".join(printed(figure, "footer"))
    assert min(figure.data[0].x) == date(2020, 1, 1)


def test_panels_do_not_overlap_and_zero_is_in_the_lower_one():
    figure = charts.effect(result())
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]
    low, high = figure.layout.yaxis2.range
    assert low < 0 < high and figure.layout.xaxis.anchor == "y2"


def test_without_an_interval_there_is_no_band_and_a_warning_is_a_note():
    figure = charts.effect(result(band=False, note="too few periods to tell"), lang="zh-Hant")
    assert [t.name for t in figure.data] == ["實際", "無政策情形", "效應"]
    assert any("too few periods to tell" in text.lower() for text in printed(figure, "footer"))
    assert "95" not in printed(figure, "subtitle")[0]
