"""Lazy frames go through transforms without being collected, and give what eager ones give."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.io.plugins import register_io_source
from polars.testing import assert_frame_equal

import gbaindicators as gba
from gbaindicators.errors import FrameError, GbaError, MissingRateError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms import cutting

Transform = Callable[[pl.DataFrame], pl.DataFrame]
#: Transforms of shipped figures: what is loaded, and what is done.
CASES: dict[str, tuple[Callable[[], pl.DataFrame], Transform]] = {
    "growth": (lambda: gba.load("gdp"), gba.growth),
    "change of months": (lambda: gba.load("cpi_inflation", frequency="M"), partial(gba.growth, over="1mo")),
    "index": (lambda: gba.load("gdp", ["hong_kong", "macao", "shenzhen"], frequency="A"), partial(gba.index, base="2015")),
    "convert": (lambda: gba.load("gdp", start="2001", end="2023", frequency="A").filter(pl.col("prices") == "current"), partial(gba.convert, to="USD")),
    "convert at PPP": (lambda: gba.load("gdp", ["guangzhou", "hong_kong"], start="2010", end="2020", frequency="A"), partial(gba.convert, basis="ppp")),
    "deflate": (lambda: gba.load("gdp", ["guangzhou", "hong_kong"], start="2010", end="2020", frequency="A").filter(pl.col("prices") == "current"), partial(gba.deflate, base="2015")),
    "per capita": (lambda: gba.load("gdp", ["guangzhou", "hong_kong", "macao"], start="2010", end="2020", frequency="A"), gba.per_capita),
    "to quarters": (lambda: gba.load("container_throughput", frequency="M").filter(pl.col("adjustment") == "nsa"), partial(gba.to_frequency, frequency="Q")),
    "to years, of days": (lambda: gba.load("crossings_arrivals", start="2023-06-01", end="2024-02-29"), partial(gba.to_frequency, frequency="M")),
    "from ytd": (lambda: gba.load("container_throughput", adjustment="ytd"), gba.from_ytd),
    "aggregate": (lambda: gba.load("gdp", gba.members("greater_bay_area"), start="2001", end="2023", frequency="A").filter(pl.col("prices") == "current").pipe(gba.convert, "USD"), partial(gba.aggregate, to="greater_bay_area", missing="skip")),
    "shares": (lambda: gba.load("gdp", gba.members("greater_bay_area"), start="2001", end="2023", frequency="A").filter(pl.col("prices") == "current").pipe(gba.convert, "USD"), gba.shares),
}  # fmt: skip


def sorted_rows(frame: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    return frame.with_columns(pl.col(lists).list.sort().list.join("; ")).sort(pl.all())


def untouchable(schema: pl.Schema) -> pl.LazyFrame:
    """A scan that must not be collected."""

    def read(*_: object) -> Iterator[pl.DataFrame]:
        raise AssertionError("collected")
        yield

    return register_io_source(read, schema=schema)


@pytest.fixture(autouse=True, params=[10, 1_000_000], ids=["small pieces", "one piece"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "_ROWS", request.param)


@pytest.mark.parametrize("case", CASES)
def test_lazy_and_eager_give_the_same_rows(case: str) -> None:
    loaded, transform = CASES[case]
    frame = loaded()
    assert frame.height > 20
    eager, lazy = transform(frame), transform(frame.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == eager.schema
    for engine in ("streaming", "in-memory"):
        # a mean over months may add them up in another order
        assert_frame_equal(
            sorted_rows(lazy.collect(engine=engine)), sorted_rows(eager), rel_tol=1e-14, abs_tol=0
        )


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_collected_before_it_is_asked_for(case: str) -> None:
    loaded, transform = CASES[case]
    lazy = transform(untouchable(loaded().schema))
    assert lazy.filter(pl.col("value") > 0).collect_schema()["value"] == pl.Float64
    with pytest.raises(AssertionError, match="collected"):
        lazy.collect()


def test_transforms_follow_each_other(shipped) -> None:
    def work(frame):
        return frame.pipe(gba.convert, "USD").pipe(gba.index, "2015").pipe(gba.growth)

    frame = gba.load("gdp", ["hong_kong", "macao", "shenzhen"], start="2001", end="2023", frequency="A")
    lazy = gba.scan("gdp", ["hong_kong", "macao", "shenzhen"], start="2001", end="2023", frequency="A")
    assert sorted_rows(work(lazy).collect()).equals(sorted_rows(work(frame)))


def test_a_filter_on_series_goes_before_the_transform() -> None:
    frame = gba.load("gdp", ["hong_kong", "macao", "shenzhen"], frequency="A")
    asked: list[str | None] = []

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        asked.append(None if predicate is None else str(predicate))
        found = frame if predicate is None else frame.filter(predicate)
        yield (found if columns is None else found.select(columns)).head(
            found.height if rows is None else rows
        )

    lazy = gba.growth(register_io_source(read, schema=frame.schema))
    found = lazy.filter(pl.col("area") == "macao", pl.col("value") > 5).select("period", "value").collect()
    assert all(text is not None and "macao" in text for text in asked)
    assert found.sort("period").equals(
        gba.growth(frame)
        .filter(pl.col("area") == "macao", pl.col("value") > 5)
        .select("period", "value")
        .sort("period")
    )
    assert lazy.head(3).collect().height == 3


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_growth_of_any_series(data: st.DataObject) -> None:
    months = [date(2020 + n // 12, n % 12 + 1, 1) for n in range(30)]
    rows = [
        (area, month, data.draw(st.one_of(st.none(), st.floats(-5, 1e6))))
        for area in data.draw(st.lists(st.sampled_from([None, "a", "b", "c", "d"]), unique=True))
        for month in data.draw(st.lists(st.sampled_from(months), unique=True, max_size=12))
    ]
    frame = pl.DataFrame(
        rows, schema={"area": pl.String, "period": pl.Date, "value": pl.Float64}, orient="row"
    )
    frame = frame.with_columns(frequency=pl.lit("M", FREQUENCY))
    eager = gba.growth(frame, "1q")
    assert sorted_rows(gba.growth(frame.lazy(), "1q").collect()).equals(
        sorted_rows(eager.select(gba.growth(frame.lazy(), "1q").collect_schema().names()))
    )


def test_what_columns_and_arguments_tell_is_refused_at_once() -> None:
    schema = gba.load("gdp", "macao").schema
    with pytest.raises(UsageError, match="'1x' is not a duration"):
        gba.growth(untouchable(schema), "1x")
    with pytest.raises(UnknownNameError, match="unknown currency 'XYZ'"):
        gba.convert(untouchable(schema), "XYZ")
    with pytest.raises(FrameError, match="lacks the column 'value'"):
        gba.growth(untouchable(pl.Schema({"period": pl.Date})))
    with pytest.raises(FrameError, match="needs the column 'frequency'"):
        gba.growth(untouchable(pl.Schema({"period": pl.Date, "value": pl.Float64})))
    with pytest.raises(FrameError, match="does not carry 'lower_95'"):
        gba.growth(untouchable(pl.Schema({**schema, "lower_95": pl.Float64})))


def broken(**columns: pl.Expr) -> pl.DataFrame:
    return gba.load("gdp", ["hong_kong", "macao"], frequency="A", start="2015", end="2020").with_columns(
        **columns
    )


@pytest.mark.parametrize(
    ("transform", "frame", "error"),
    [
        (gba.growth, lambda: pl.concat([broken(), broken().head(1)]), FrameError),
        (gba.growth, lambda: broken(value=pl.lit(float("nan"))), FrameError),
        (partial(gba.index, base="1950"), broken, FrameError),
        (gba.index, lambda: broken().clear(), FrameError),
        (partial(gba.convert, to="USD"), lambda: broken(period=pl.date(1801, 1, 1)).unique("area"), MissingRateError),
        (partial(gba.to_frequency, frequency="A"), lambda: broken(frequency=pl.when(pl.col("area") == "macao").then(pl.lit("Q")).otherwise(pl.lit("M")).cast(FREQUENCY)), FrameError),
        (partial(gba.aggregate, to="greater_bay_area"), broken, FrameError),
        (partial(gba.aggregate, to="both", definition=["hong_kong", "macao"]), broken, FrameError),
        (gba.shares, broken, FrameError),
    ],
)  # fmt: skip
def test_what_the_rows_tell_is_refused_when_they_are_collected(
    transform, frame, error: type[GbaError]
) -> None:
    rows = frame()
    with pytest.raises(error):
        transform(rows)
    lazy = transform(rows.lazy())
    with pytest.raises(error):
        lazy.collect()


def test_a_part_that_is_missing_in_one_period_only_is_missed_there() -> None:
    frame = pl.DataFrame({
        "area": ["a", "a", "b"], "period": [date(2020, 1, 1), date(2021, 1, 1), date(2020, 1, 1)],
        "value": [1.0, 2.0, 3.0], "frequency": "A",
    })  # fmt: skip
    lazy = gba.aggregate(frame.lazy(), "both", definition=["a", "b"]).collect()
    assert lazy.sort("period")["value"].to_list() == [4.0, None]
    assert gba.shares(frame.lazy()).collect().sort("area", "period")["note"].to_list() == [
        None,
        "no value of b",
        None,
    ]


def test_the_face_of_a_transform_is_the_one_that_is_documented() -> None:
    assert list(inspect.signature(gba.growth).parameters) == ["frame", "over", "log", "annualize"]
    assert (gba.growth.__module__, gba.growth.__name__) == ("gbaindicators.transforms.growth", "growth")


def test_rates_are_those_that_were_known_where_the_transform_was_called(shipped) -> None:
    with gba.known_by("2024-03-31"):
        gdp = gba.load("gdp", "hong_kong", frequency="A", start="2005")
        with pytest.raises(UsageError, match="fx_rate"):
            gba.convert(gdp)
        lazy = gba.convert(gdp.lazy())
        with pytest.raises(UsageError, match="fx_rate"):
            lazy.collect()
    with pytest.raises(UsageError, match="fx_rate"):
        lazy.collect()
    assert gba.convert(gdp.lazy()).collect()["vintage"].min() > date(2024, 3, 31)
