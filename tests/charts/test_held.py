"""The chart of what a refresh held back: a panel a series, what it draws and what it refuses. No browser."""

from datetime import date

import polars as pl
import pytest

from gbaindicators import charts
from gbaindicators.charts.canvas import Canvas
from gbaindicators.charts.theme import GREY
from gbaindicators.errors import FrameError, UnknownNameError


def changes(*rows, area="macao", service="worldbank", reason="too far apart", **more):
    fixed = {
        "service": service, "feed": f"gdp/{area}/A/nsa/current", "indicator": "gdp", "area": area, "frequency": "A",
        "base": "MOP", "reason": reason, **more,
    }  # fmt: skip
    names = ("period", "change", "known_amount", "amount")
    return pl.DataFrame(
        [fixed | dict(zip(names, row, strict=True)) for row in rows],
        schema_overrides={"known_amount": pl.Float64, "amount": pl.Float64},
    )


@pytest.fixture
def held():
    return changes(
        ("2021", "revised", 2e11, 2.1e11), ("2022", "gone", 3e11, None), ("2023", "new", None, 4e11)
    )


def printed(figure, name):
    return [a.text.replace("<br>", " ") for a in figure.layout.annotations if a.name == name]


def test_known_told_and_gone_are_told_apart(held):
    known, told, gone = charts.held_back(held).data
    assert (list(known.x), list(known.y)) == ([date(2021, 1, 1), date(2022, 1, 1)], [200.0, 300.0])
    # nothing is drawn across the year that the service leaves out
    assert list(told.y) == [210.0, None, 400.0] and told.connectgaps is False
    assert (list(gone.x), list(gone.y)) == ([date(2022, 1, 1)], [300.0])
    assert (known.line.color, known.line.dash, told.line.dash) == (GREY, "solid", "5px,3px")
    assert gone.marker.symbol == "x-thin"


def test_reason_and_unit_stand_under_the_name(held):
    figure = charts.held_back(held)
    assert printed(figure, "series") == ["<b>Gross domestic product, Macao (worldbank)</b>"]
    assert printed(figure, "reason") == ["MOP billion. Too far apart"]
    assert "too far apart" in figure.layout.meta["alt"]


def test_the_whole_known_series_is_drawn_where_it_is_at_hand(held):
    days = [date(year, 1, 1) for year in range(2010, 2023)]
    known = pl.DataFrame(
        {"service": "worldbank", "feed": "gdp/macao/A/nsa/current", "period": days, "value": [1e11] * 13}
    )
    other = known.with_columns(feed=pl.lit("gdp/japan/A/nsa/current"), value=pl.lit(9e11))
    line = charts.held_back(held, pl.concat([known, other])).data[0]
    assert list(line.x) == days and list(line.y) == [100.0] * 13


def test_a_change_of_scale_shows_as_a_leap():
    figure = charts.held_back(changes(("2022", "revised", 2e8, 2e11), ("2023", "new", None, 2e11)))
    assert list(figure.data[0].y) == [0.2] and list(figure.data[1].y) == [200.0, 200.0]
    assert figure.layout.yaxis.range[1] >= 200


def test_more_than_twelve_series_are_counted_and_left_out():
    frame = pl.concat([changes(("2023", "new", None, 1.0 + i), area=f"area {i}") for i in range(15)])
    figure = charts.held_back(frame)
    assert len(printed(figure, "series")) == 12
    assert "15 series" in figure.layout.title.text
    assert "3 more series are not drawn" in printed(figure, "subtitle")[0]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
def test_panels_never_overlap(count):
    reasons = ["short", "a rule that was broken, and another one; " * 9]
    frame = pl.concat(
        [
            changes(
                ("2022", "new", None, 1e9), ("2023", "new", None, 3e9), area=f"a{i}", reason=reasons[i % 2]
            )
            for i in range(count)
        ]
    )
    figure = charts.held_back(frame)
    layout = figure.layout
    boxes = []
    for i in range(count):
        number = "" if i == 0 else i + 1
        x, y = layout[f"xaxis{number}"], layout[f"yaxis{number}"]
        assert (x.anchor, y.anchor) == (f"y{number}", f"x{number}")
        assert 0 <= x.domain[0] < x.domain[1] <= 1 and -1e-9 <= y.domain[0] < y.domain[1] <= 1
        boxes.append((x.domain, y.domain))
    for i, (x, y) in enumerate(boxes):
        for a, b in boxes[:i]:
            assert x[0] >= a[1] or a[0] >= x[1] or y[1] <= b[0] or b[1] <= y[0]
    plot = layout.height - layout.margin.t - layout.margin.b
    for note in layout.annotations:
        if note.name == "reason":
            lines = note.text.count("<br>") + 1
            assert lines <= 4
            # the text ends above the plot under it
            below = max(b[1] for a, b in boxes if a[1] > note.x and b[1] < note.y and a[0] < note.x + 0.6)
            assert (note.y - below) * plot >= 15 * lines
    assert layout.width == Canvas().width


@pytest.mark.parametrize(("lang", "word"), [("zh-Hans", "暂不采纳"), ("zh-Hant", "暫不採納")])
def test_it_speaks_chinese(held, lang, word):
    figure = charts.held_back(held, lang=lang)
    assert word in figure.layout.title.text and figure.layout.meta["lang"] == lang


def test_text_from_a_service_is_printed_as_it_is(held):
    figure = charts.held_back(held.with_columns(reason=pl.lit("<b>US$ & %{x}</b>")))
    assert printed(figure, "reason") == ["MOP billion. &lt;b&gt;US&#36; &amp; %&#123;x}&lt;/b&gt;"]


def test_series_without_a_number_are_not_drawn(held):
    broken = changes(("2023", "new", None, None), area="japan")
    figure = charts.held_back(pl.concat([broken, held]))
    assert len(printed(figure, "series")) == 1 and "1 more series" in printed(figure, "subtitle")[0]
    with pytest.raises(FrameError, match="nothing to draw"):
        charts.held_back(broken)


def test_what_cannot_be_drawn_is_refused(held):
    with pytest.raises(FrameError, match="lacks reason"):
        charts.held_back(held.drop("reason"))
    with pytest.raises(FrameError, match="nothing is held back"):
        charts.held_back(held.clear())
    with pytest.raises(UnknownNameError):
        charts.held_back(held, lang="de")
