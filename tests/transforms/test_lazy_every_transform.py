"""Every transform takes lazy frames: what is promised of the columns, and any rows, cut anywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import partial

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import gbaindicators as gba
from gbaindicators import transforms
from gbaindicators.errors import FrameError, GbaError
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms import cutting

Frame = pl.DataFrame | pl.LazyFrame
MONTHS = {"A": 12, "Q": 3, "M": 1}
YEARS = 8
#: Transforms whose values would differ in the last digits where a sum runs in another order.
DIGITS = 1e-12


def frame_of(
    code: str, periods: int, value: Callable[[int, int], float | None], **columns: object
) -> pl.DataFrame:
    """Two indicators of three areas, the rows shuffled; `value` of a series and a period, no row for a NaN."""
    rows = []
    for series, (indicator, area) in enumerate((i, a) for i in ("gdp", "exports") for a in ("a", "b", "c")):
        for at in range(periods):
            months = at * MONTHS[code]
            found = value(series, at)
            if found is None or found == found:
                period = date(2010 + months // 12, months % 12 + 1, 1)
                rows.append(
                    (indicator, area, period, found, [f"s{(series + at) % 3}"], "AAPBUM"[(series * at) % 6])
                )
    schema = {
        "indicator": pl.String, "area": pl.String, "period": pl.Date, "value": pl.Float64,
        "sources": pl.List(pl.String), "status": pl.String,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row").sample(fraction=1, shuffle=True, seed=1)
    given = {"unit": pl.lit("CNY"), "adjustment": pl.lit("nsa"), "prices": pl.lit("current")} | columns
    return frame.with_columns(
        frequency=pl.lit(code, FREQUENCY), vintage=pl.col("period").dt.offset_by("3mo"), **given
    )


def levels(code: str, periods: int, **columns: object) -> pl.DataFrame:
    """Frame without gaps."""
    return frame_of(
        code, periods, lambda series, at: 100.0 + 7 * series + at + (at * at * (series + 3)) % 5, **columns
    )


def rates() -> pl.DataFrame:
    return pl.DataFrame({
        "period": [date(2010 + n, 1, 1) for n in range(YEARS)], "value": [6.0 + n / 10 for n in range(YEARS)],
        "unit": "CNY per USD", "frequency": "A", "sources": [["fx"]] * YEARS,
    })  # fmt: skip


def prices(frame: pl.DataFrame) -> pl.DataFrame:
    """Values at prices of the year before, beside those at current prices."""
    before = frame.filter(pl.col("period") > date(2010, 1, 1))
    return pl.concat([frame, before.with_columns(pl.col("value") * 0.97, prices=pl.lit("previous year"))])


def items() -> pl.DataFrame:
    goods = (
        levels("A", YEARS)
        .rename({"value": "price", "indicator": "item"})
        .drop("unit", "adjustment", "prices")
    )
    return goods.with_columns(quantity=pl.col("price") / 3 + pl.col("period").dt.year() % 4)


def heads() -> pl.DataFrame:
    return (
        levels("A", YEARS, unit=pl.lit("persons"))
        .filter(pl.col("indicator") == "gdp")
        .with_columns(indicator=pl.lit("population"))
    )


def quarters() -> pl.DataFrame:
    return (
        levels("Q", 4 * YEARS + 2)
        .filter(pl.col("indicator") == "gdp")
        .with_columns(indicator=pl.lit("index"))
    )


PARTS = ["a", "b", "c"]
#: A frame, and what is done with it: functions of a frame for other frames, so that those can be lazy too.
CASES: dict[str, tuple[Callable[[], pl.DataFrame], Callable[..., Frame]]] = {
    "aggregate": (lambda: levels("A", YEARS), lambda f, _: gba.aggregate(f, "whole", definition=PARTS)),
    "breaks": (lambda: levels("A", 20), lambda f, _: gba.breaks(f)),
    "cagr": (lambda: levels("A", YEARS), lambda f, _: gba.cagr(f, "2011", "2016")),
    "carry_over": (lambda: levels("Q", 20), lambda f, _: gba.carry_over(f)),
    "cf_filter": (lambda: levels("Q", 40), lambda f, _: gba.cf_filter(f)),
    "chain": (lambda: prices(levels("A", YEARS)), lambda f, _: gba.chain(f)),
    "chain_links": (
        lambda: levels("A", YEARS, unit=pl.lit("index previous year=100")),
        lambda f, lazy: gba.chain_links(f, current=lazy(levels("A", YEARS).filter(pl.col("indicator") == "gdp"))),
    ),
    "contributions": (lambda: levels("A", YEARS), lambda f, _: gba.contributions(f, over="2y")),
    "contributions of sectors": (lambda: levels("M", 20), lambda f, _: gba.contributions(f, "indicator", over="3mo")),
    "convert": (lambda: levels("A", YEARS), lambda f, lazy: gba.convert(f, rates=lazy(rates()))),
    "deflate": (lambda: levels("A", YEARS), lambda f, lazy: gba.deflate(f, deflator=lazy(rates()))),
    "disaggregate": (lambda: levels("A", YEARS), lambda f, _: gba.disaggregate(f, "Q", conversion="sum")),
    "disaggregate by indicators": (
        lambda: levels("A", YEARS),
        lambda f, lazy: gba.disaggregate(f, "Q", conversion="sum", indicator=lazy(quarters()), method="chow-lin"),
    ),
    "disaggregate by one indicator": (
        lambda: levels("A", YEARS).drop("sources", "vintage"),
        lambda f, lazy: gba.disaggregate(
            f, "Q", conversion="sum", indicator=lazy(quarters().filter(pl.col("area") == "a").drop("area"))
        ),
    ),
    "from_ytd": (lambda: levels("M", 30, adjustment=pl.lit("ytd")), lambda f, _: gba.from_ytd(f)),
    "growth": (lambda: levels("A", YEARS), lambda f, _: gba.growth(f)),
    "hamilton_filter": (lambda: levels("Q", 40), lambda f, _: gba.hamilton_filter(f)),
    "hp_filter": (lambda: levels("A", YEARS), lambda f, _: gba.hp_filter(f)),
    "index": (lambda: levels("A", YEARS), lambda f, _: gba.index(f)),
    "january_february": (lambda: levels("M", 30), lambda f, _: gba.january_february(f, how="sum")),
    "output_gap": (lambda: levels("A", YEARS), lambda f, _: gba.output_gap(f)),
    "output_gap by Hamilton": (lambda: levels("A", YEARS), lambda f, _: gba.output_gap(f, "hamilton")),
    "parse_periods": (
        lambda: levels("A", YEARS).with_columns(pl.col("period").dt.to_string("%Y-%m")).drop("frequency"),
        lambda f, _: gba.parse_periods(f),
    ),
    "per_capita": (lambda: levels("A", YEARS), lambda f, lazy: gba.per_capita(f, population=lazy(heads()))),
    "price_index": (items, lambda f, _: gba.price_index(f)),
    "quantity_index": (items, lambda f, _: gba.quantity_index(f, "fisher", base="2013")),
    "seasonal_adjust": (lambda: levels("M", 40), lambda f, _: gba.seasonal_adjust(f, "stl")),
    "share_changes": (lambda: levels("A", YEARS), lambda f, _: gba.share_changes(f)),
    "shares": (lambda: levels("A", YEARS), lambda f, _: gba.shares(f)),
    "splice": (
        lambda: levels("A", YEARS, prices=pl.lit("constant 2010")).filter(pl.col("period") < date(2015, 1, 1)),
        lambda f, lazy: gba.splice(
            f, lazy(levels("A", YEARS, prices=pl.lit("constant 2015")).filter(pl.col("period") >= date(2013, 1, 1)))
        ),
    ),
    "to_calendar_year": (
        lambda: levels("A", YEARS).with_columns(pl.col("period").dt.offset_by("3mo")), lambda f, _: gba.to_calendar_year(f)
    ),
    "to_frequency": (lambda: levels("M", 30), lambda f, _: gba.to_frequency(f, "Q", how="sum")),
    "trend_growth": (lambda: levels("A", YEARS), lambda f, _: gba.trend_growth(f)),
}  # fmt: skip
#: Public names of transforms that take no frame, or give none.
NO_FRAME = {"members", "revisions", "Revisions", "Disaggregation", "SeasonalAdjustment"}
SEVERAL_TABLES = {"disaggregation_model": "disaggregate", "seasonal_adjustment": "seasonal_adjust"}


def sorted_rows(frame: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    plain = frame.with_columns(pl.col(lists).list.sort().list.join("; "))
    return plain.sort([c for c in plain.columns if plain.schema[c] != pl.Float64])


def assert_same(lazy: pl.LazyFrame, eager: pl.DataFrame) -> None:
    schema, found = lazy.collect_schema(), lazy.collect()
    assert found.schema == schema
    # columns that eager frames have only where there is something to say
    silent = found.select(c for c in found.columns if c not in eager.columns)
    assert (
        silent.null_count().sum_horizontal().item() == silent.height * silent.width if silent.width else True
    )
    assert_frame_equal(
        sorted_rows(found.select(eager.columns)), sorted_rows(eager), rel_tol=DIGITS, abs_tol=DIGITS
    )


@pytest.fixture(params=[0, 1000], ids=["sorted into files", "filtered"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "_ROWS", 15)
    monkeypatch.setattr(cutting, "_SCANS", request.param)


def test_every_transform_is_tried() -> None:
    tried = {name.split(" ")[0] for name in CASES}
    assert tried | NO_FRAME | SEVERAL_TABLES.keys() | {"chain_links"} == set(transforms.__all__)


@pytest.mark.filterwarnings("ignore::gbaindicators.errors.AdjustmentWarning")
@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("case", CASES)
def test_lazy_frames_give_the_columns_and_rows_of_eager_ones(case: str) -> None:
    made, transform = CASES[case]
    frame = made()
    eager = transform(frame, lambda second: second)
    assert isinstance(eager, pl.DataFrame)
    assert eager.height
    for beside in (pl.DataFrame.lazy, lambda second: second):
        lazy = transform(frame.lazy(), beside)
        assert isinstance(lazy, pl.LazyFrame)
        assert lazy.collect_schema() == eager.schema
        assert_same(lazy, eager)
    # a second frame may be lazy where the first is not
    assert_frame_equal(transform(frame, pl.DataFrame.lazy), eager)


@pytest.mark.filterwarnings("ignore::gbaindicators.errors.AdjustmentWarning")
@pytest.mark.parametrize("case", [name for name in CASES if not name.startswith("parse")])
def test_what_is_asked_of_a_result_changes_none_of_its_rows(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "_ROWS", 25)
    monkeypatch.setattr(cutting, "_SCANS", 1)
    made, transform = CASES[case]
    frame = made()
    eager, lazy = transform(frame, pl.DataFrame.lazy), transform(frame.lazy(), pl.DataFrame.lazy)
    conditions = [
        pl.col("period") >= date(2013, 1, 1),
        pl.col("value") > 50,
        pl.col("frequency").cast(pl.String) == "Q",
        *(pl.col(c) == v for c, v in (("area", "b"), ("indicator", "gdp"), ("prices", "current")) if c in eager.columns),
        *(pl.col(c) == "nowhere" for c in ("area",) if c in eager.columns),
    ]  # fmt: skip
    for condition in conditions:
        assert_same(lazy.filter(condition), eager.filter(condition))
    assert lazy.head(5).collect().height == min(5, eager.height)
    assert lazy.select(pl.len()).collect().item() == eager.height
    assert lazy.select("period").collect().sort("period").equals(eager.select("period").sort("period"))


positive = st.floats(1, 1e6)
#: What is drawn for a value: null, no row (NaN), or a number; and half of the frames without any of the odd ones.
odd = st.one_of(st.none(), st.just(float("nan")), positive, st.floats(-1e3, 1e3))
ANY_ROWS: dict[str, tuple[str, int, Callable[[Frame], Frame]]] = {
    "aggregate": ("A", 4, partial(gba.aggregate, to="whole", definition=PARTS, missing="skip")),
    "cagr": ("A", 4, partial(gba.cagr, start="2010", end="2012")),
    "carry_over": ("Q", 9, gba.carry_over),
    "contributions": ("Q", 6, partial(gba.contributions, over="2q")),
    "growth": ("Q", 6, partial(gba.growth, over="1q")),
    "hp_filter": ("A", 5, gba.hp_filter),
    "january_february": ("M", 14, partial(gba.january_february, how="mean")),
    "output_gap": ("A", 5, gba.output_gap),
    "share_changes": ("M", 6, partial(gba.share_changes, by="indicator", over="1mo")),
    "shares": ("A", 4, gba.shares),
    "to_frequency": ("Q", 6, partial(gba.to_frequency, frequency="A", how="mean")),
    "trend_growth": ("A", 5, gba.trend_growth),
}


@pytest.mark.parametrize("case", ANY_ROWS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_rows_cut_anywhere(monkeypatch: pytest.MonkeyPatch, case: str, data: st.DataObject) -> None:
    code, periods, transform = ANY_ROWS[case]
    values = data.draw(st.sampled_from([odd, positive]))
    drawn = data.draw(st.lists(values, min_size=6 * periods, max_size=6 * periods))
    frame = frame_of(code, periods, lambda series, at: drawn[series * periods + at])
    monkeypatch.setattr(cutting, "_ROWS", data.draw(st.integers(1, 20)))
    monkeypatch.setattr(cutting, "_SCANS", data.draw(st.sampled_from([0, 4])))
    try:
        eager = transform(frame)
    except GbaError:
        # of several faults another may be found first
        with pytest.raises(GbaError):
            transform(frame.lazy()).collect()
        return
    assert_same(transform(frame.lazy()), eager)


def test_a_break_between_two_periods_is_seen_though_neither_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "_ROWS", 1)
    status = pl.when((pl.col("area") == "a") & (pl.col("period") == date(2012, 1, 1))).then(pl.lit("B"))
    frame = levels("A", YEARS, status=status.otherwise(pl.lit("A")))
    lazy = gba.contributions(frame.lazy(), over="3y").collect()
    broken = lazy.filter(pl.col("status") == "B", pl.col("indicator") == "gdp")
    years = {area: set(rows["period"].dt.year()) for (area,), rows in broken.group_by("area")}
    # a part takes in what its total says, so that all parts of 2012 to 2014 know
    assert years["total"] == years["a"] == {2012, 2013, 2014, 2015}
    assert_same(gba.contributions(frame.lazy(), over="3y"), gba.contributions(frame, over="3y"))


def test_parts_of_other_periods_are_parts_though_one_period_is_asked_for() -> None:
    frame = levels("A", YEARS).filter(~((pl.col("area") == "c") & (pl.col("period") == date(2014, 1, 1))))
    there = pl.col("period") == date(2014, 1, 1)
    assert_same(gba.shares(frame.lazy()).filter(there), gba.shares(frame).filter(there))
    assert gba.shares(frame.lazy()).filter(there).collect()["note"].unique().to_list() == ["no value of c"]


def test_results_of_several_tables_name_what_stays_lazy() -> None:
    for name, instead in SEVERAL_TABLES.items():
        with pytest.raises(
            FrameError, match=rf"collect the frame first, or take gba\.{instead}, which stays lazy"
        ):
            getattr(gba, name)(levels("A", YEARS).lazy())


def test_every_docstring_says_that_lazy_frames_are_taken() -> None:
    for name in set(transforms.__all__) - NO_FRAME - SEVERAL_TABLES.keys() - {"quantity_index"}:
        assert "polars.DataFrame or LazyFrame" in inspect.getdoc(getattr(gba, name)).split("Returns\n")[0], (
            name
        )


@pytest.mark.usefixtures("pieces")
def test_an_executor_computes_what_a_piece_holds() -> None:
    frame = levels("A", YEARS)
    asked: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, *args: object, **kwargs: object) -> Future[object]:
            asked.append(1)
            return super().submit(*args, **kwargs)

    with Counting(2) as threads:
        lazy = gba.disaggregate(frame.lazy(), "Q", conversion="sum", executor=threads)
        assert not asked
        assert_same(lazy, gba.disaggregate(frame, "Q", conversion="sum"))
    # 48 rows in pieces of 15, each of at most two series of 8 rows
    assert len(asked) >= 3


def test_no_period_that_is_asked_for_reads_no_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = levels("A", YEARS)
    lazy = gba.contributions(frame.lazy())
    monkeypatch.setattr(cutting.Part, "within", None)
    assert lazy.filter(pl.col("period") == date(1990, 1, 1)).collect().is_empty()
