"""What a chart verb makes of a user's odd file: a sensible chart, or an error that says how to mend it."""

import json
import math
from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

from gbaindicators import charts, comparison, transforms
from gbaindicators.errors import FrameError, GbaError

HOSTILE = "<script>alert(1)</script> <b>x</b> %{x} $y$ javascript:alert(2)"


def rows(areas=("macao", "zhuhai", "shenzhen"), start=2015, periods=8, frequency="A", value=None, **columns):
    """Annual figures of some areas, the first the largest."""
    days = (
        [date(start + i, 1, 1) for i in range(periods)]
        if frequency == "A"
        else pl.date_range(
            date(start, 1, 1), date(start + 12, 1, 1), {"M": "1mo", "D": "1d"}[frequency], eager=True
        )
        .head(periods)
        .to_list()
    )
    count = len(areas) * len(days)
    values = [value] * count if value is not None else [
        (len(areas) - a) * 10.0 + 2 * math.sin(1.7 * i + a) + 0.3 * i for a in range(len(areas)) for i in range(len(days))
    ]  # fmt: skip
    frame = pl.DataFrame({
        "area": [a for a in areas for _ in days], "frequency": [frequency] * count, "period": days * len(areas), "value": values,
    })  # fmt: skip
    return frame.with_columns(**{name: pl.lit(text) for name, text in columns.items()})


def one(frame):
    """First area of a frame only."""
    return frame.filter(pl.col("area") == frame["area"][0]) if len(frame) else frame


def of_months(frame):
    """The values of a frame as months of one area: what seasonal charts take."""
    held = pl.concat([one(frame)] * 6)
    months = pl.date_range(date(2015, 1, 1), date(2030, 1, 1), "1mo", eager=True).head(len(held))
    return held.with_columns(period=months, frequency=pl.lit("M"))


def of_days(frame):
    held = one(frame)
    days = pl.date_range(date(2024, 1, 1), date(2024, 12, 1), "1d", eager=True).head(len(held))
    return held.with_columns(period=days, frequency=pl.lit("D")) if len(held) else held


def gap_of(frame):
    return frame.with_columns(
        other=pl.lit("hong_kong"), per_head=pl.lit(None, pl.Float64), years_to_parity=pl.lit(None, pl.Float64),
        status=pl.lit("A"), note=pl.lit(None, pl.String),
    )  # fmt: skip


def fan_of(frame):
    held = one(frame)
    ahead = held.tail(1).with_columns(
        pl.col("period").dt.offset_by("1y"), lower_80=pl.col("value") - 1, upper_80=pl.col("value") + 1
    )
    return charts.fan(held, ahead)


def effect_of(frame):
    held = one(frame).with_columns(
        actual="value",
        counterfactual=pl.col("value") - 1,
        effect=pl.lit(1.0),
        lower_95=pl.lit(0.5),
        upper_95=pl.lit(1.5),
    )
    start = held["period"][-1] if len(held) else date(2020, 1, 1)
    return charts.effect(SimpleNamespace(frame=held, start=start, fit={"mean_effect": 1.0}, note=HOSTILE))


def revisions_of(frame):
    held = one(frame)
    twice = pl.concat([held.with_columns(release=pl.lit(n), value=pl.col("value") + n) for n in (1, 2)])
    return charts.revisions(SimpleNamespace(frame=twice))


def held_of(frame):
    held = frame.select(
        service=pl.lit("made_up"), feed="area", indicator=pl.lit("gdp"), area="area", frequency="frequency",
        period=pl.col("period").dt.year().cast(pl.String), change=pl.lit("revised"), known_amount="value", amount=pl.col("value") * 2,
        base=pl.lit("MOP"), reason=pl.lit(HOSTILE),
    )  # fmt: skip
    return charts.held_back(held)


def sensitivity_of(frame):
    last = frame.filter(pl.col("period") == pl.col("period").max()) if len(frame) else frame
    return charts.sensitivity(
        last.select(
            "area", "period", "value", indicator=pl.lit("gdp"), unit=pl.lit("USD"), basis=pl.lit("market"),
            prices=pl.lit("current"), definition=pl.col("area"), rank=pl.lit(1), best=pl.lit(1), worst=pl.lit(1),
            mixed=pl.lit([], pl.List(pl.String)), sources=pl.lit([], pl.List(pl.String)),
        )
    )  # fmt: skip


VERBS = {
    "bars": charts.bars,
    "bump": charts.bump,
    "calendar": lambda f: charts.calendar(of_days(f)),
    "contributions": lambda f: charts.contributions(transforms.contributions(f)),
    "convergence": charts.convergence,
    "decomposition": lambda f: charts.decomposition(
        transforms.seasonal_adjustment(of_months(f), method="stl")
    ),
    "effect": effect_of,
    "fan": fan_of,
    "flow": lambda f: charts.flow(f, counterpart="hong_kong"),
    "gap": lambda f: charts.gap(gap_of(f)),
    "heatmap": charts.heatmap,
    "held_back": held_of,
    "line": charts.line,
    "line (log)": lambda f: charts.line(f, log=True),
    "map": charts.map,
    "revisions": revisions_of,
    "scatter": lambda f: charts.scatter(f, f.with_columns(pl.col("value") + 1)),
    "scatter (log)": lambda f: charts.scatter(f, f.with_columns(pl.col("value") + 1), log_x=True),
    "seasonal": lambda f: charts.seasonal(of_months(f)),
    "sensitivity": sensitivity_of,
    "slope": charts.slope,
    "small_multiples": charts.small_multiples,
}
CITIES = ("macao", "zhuhai", "shenzhen", "guangzhou")
FRAMES = {
    "usual": rows(CITIES),
    "empty": rows(CITIES).clear(),
    "one point": rows(("macao",), periods=1),
    "one period": rows(CITIES, periods=1),
    "all null": rows(CITIES).with_columns(value=pl.lit(None, pl.Float64)),
    "zero": rows(CITIES, value=0.0),
    "constant": rows(CITIES, value=7.0),
    "negative": rows(CITIES).with_columns(-pl.col("value")),
    "tiny": rows(CITIES).with_columns(pl.col("value") * 1e-12),
    "huge": rows(CITIES).with_columns(pl.col("value") * 1e200),
    "forty areas": rows(tuple(f"place_{i:02}" for i in range(40))),
    "hostile": rows((HOSTILE, HOSTILE + "2", HOSTILE + "3", HOSTILE + "4"), unit=HOSTILE, method=HOSTILE),
    "gaps": rows(CITIES).with_columns(pl.when(pl.col("period").dt.year() % 2 == 0).then("value")),
    "very long name": rows(("a" * 500, "city " * 80)),
}


def test_every_verb_is_tried():
    tried = {name.partition(" ")[0] for name in VERBS}
    # a nowcast is not made from a user's file
    assert tried == set(charts.__all__) - {"export", "export_many", "waterfall"}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("verb", VERBS)
def test_a_sensible_chart_or_a_named_error(verb, kind):
    try:
        figure = VERBS[verb](FRAMES[kind])
    except GbaError as error:
        message = str(error)
        assert kind != "usual" or verb == "never", message
        # says what is wrong, in a sentence
        assert len(message) > 20 and "Traceback" not in message
        return
    written = json.loads(figure.to_json())
    assert (
        written["data"]
        and "NaN" not in json.dumps(written["layout"])
        and "Infinity" not in json.dumps(written["layout"])
    )
    margins = figure.layout.margin
    assert (
        figure.layout.height - margins.t - margins.b > 40
        and figure.layout.width - margins.l - margins.r > 100
    )
    assert written["layout"]["meta"]["alt"]


def printed(node, key=""):
    """Every text that Plotly reads as markup or as a template."""
    if isinstance(node, dict):
        return [t for k, child in node.items() if k not in ("meta", "family") for t in printed(child, k)]
    if isinstance(node, list):
        return [t for child in node for t in printed(child, key)]
    return [node] if isinstance(node, str) and key != "bdata" else []


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"map"}))
def test_markup_of_a_user_is_text(verb):
    try:
        figure = VERBS[verb](FRAMES["hostile"])
    except GbaError:
        pytest.fail(f"{verb} draws no such names")
    for text in printed(json.loads(figure.to_json())):
        assert "<script" not in text and "<b>x" not in text and "$y$" not in text
        assert "%{x} " not in text or "extra" in text


def test_title_and_subtitle_of_a_user_are_text():
    figure = charts.line(FRAMES["usual"], title=HOSTILE, subtitle=HOSTILE)
    assert all("<script" not in text for text in printed(json.loads(figure.to_json())))


@pytest.mark.parametrize("verb", ["line (log)", "scatter (log)"])
def test_a_logarithmic_axis_refuses_what_it_cannot_show(verb):
    with pytest.raises(GbaError, match="above zero"):
        VERBS[verb](FRAMES["negative"])


def test_forty_areas_are_few_labels_and_grey_lines():
    figure = charts.line(FRAMES["forty areas"])
    labels = [a for a in figure.layout.annotations if a.name == "label"]
    assert len(figure.data) == 40 and len(labels) == 7
    assert "33" in next(a.text for a in figure.layout.annotations if a.name == "subtitle")


def test_two_million_points_keep_their_shape_and_the_note_says_so():
    days = pl.date_range(date(1800, 1, 1), date(2073, 1, 1), "1d", eager=True)
    wave = (
        pl.DataFrame({"period": days})
        .with_row_index()
        .select("period", value=(pl.col("index") / 900).sin() + 2, frequency=pl.lit("D"))
    )
    spiked = wave.with_columns(
        value=pl.when(pl.col("period") == date(1999, 9, 9)).then(50.0).otherwise("value")
    )
    frame = pl.concat(
        [(spiked if i == 7 else wave).with_columns(area=pl.lit(f"place_{i:02}")) for i in range(21)]
    )
    assert len(frame) > 2_000_000
    figure = charts.line(frame)
    assert sum(len(trace.x) for trace in figure.data) < 100_000
    spike = figure.data[[trace.name for trace in figure.data].index("place_07")]
    assert max(v for v in spike.y if v is not None) == 50.0
    assert (spike.x[0], spike.x[-1]) == (days[0], days[-1])
    assert f"{len(frame):,} figures" in next(a.text for a in figure.layout.annotations if a.name == "footer")


@pytest.mark.parametrize("verb", [charts.small_multiples, charts.slope, charts.heatmap, charts.seasonal])
def test_a_chart_that_does_not_thin_refuses_what_no_page_can_hold(verb):
    days = pl.date_range(date(1700, 1, 1), date(1975, 1, 1), "1d", eager=True)
    frame = pl.DataFrame({"period": days, "value": 1.0, "frequency": "D"})
    with pytest.raises(FrameError, match=f"up to 100,000 values, the frame has {len(days):,}.*to_frequency"):
        verb(frame)


def test_more_lines_than_anyone_can_tell_apart_are_refused():
    with pytest.raises(GbaError, match="up to 500 series"):
        charts.line(rows(tuple(f"place_{i}" for i in range(501)), periods=2))


def test_a_gap_wider_than_a_span_is_kept():
    days = pl.date_range(date(1900, 1, 1), date(2024, 1, 1), "1d", eager=True)
    frame = pl.DataFrame({"period": days}).with_columns(value=pl.lit(1.0), frequency=pl.lit("D"))
    figure = charts.line(frame.filter(~pl.col("period").is_between(date(1950, 1, 1), date(1959, 12, 31))))
    assert list(figure.data[0].y).count(None) == 1


def test_comparison_is_what_the_gap_chart_takes():
    assert {"area", "other", "period", "value", "per_head"} <= set(
        comparison.gap(
            rows(("macao", "zhuhai"), indicator="gdp", unit="USD", prices="current"), "macao", "zhuhai"
        ).columns
    )
