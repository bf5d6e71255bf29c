"""Price and quantity indices: published numbers, the tests of index theory, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import sqrt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms.index_numbers import Formula, price_index, quantity_index

FORMULAS: list[Formula] = ["laspeyres", "paasche", "fisher", "tornqvist"]
CES = (
    pl.read_csv(Path(__file__).parents[1] / "reference" / "ces_data.csv")
    .with_columns(period=pl.date(2020, pl.col("time"), 1), item=pl.format("good {}", "product"))
    .drop("time", "product")
)


def goods(*periods: list[tuple[float, float]], **columns: str) -> pl.DataFrame:
    """Prices and quantities of items in successive years from 2020."""
    rows = [
        (date(2020 + y, 1, 1), f"item {i}", price, quantity)
        for y, items in enumerate(periods)
        for i, (price, quantity) in enumerate(items)
    ]
    frame = pl.DataFrame(rows, schema=["period", "item", "price", "quantity"], orient="row")
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


# R IndexNumR (G. White), vignette: priceIndex(CES_sigma_2, output = "chained"), period 5.
@pytest.mark.parametrize(
    ("formula", "published"),
    [("laspeyres", 1.2482444), ("paasche", 0.6715974), ("fisher", 0.9155969), ("tornqvist", 0.9327861)],
)
def test_published_chained_indices(formula: Formula, published: float) -> None:
    assert price_index(CES, formula)["value"][4] / 100 == pytest.approx(published, abs=5e-8)


def test_by_hand() -> None:
    frame = goods([(10, 1), (2, 5)], [(12, 1), (2, 9)], [(12, 2), (3, 8)])
    # 2021: 22/20 and 30/28; 2022: sum p2 q1 = 12 + 27 = 39 over 30, sum p2 q2 = 48 over 24 + 16 = 40
    assert price_index(frame)["value"].to_list() == pytest.approx([100, 110, 110 * 39 / 30])
    assert price_index(frame, "paasche")["value"].to_list() == pytest.approx(
        [100, 3000 / 28, 3000 / 28 * 48 / 40]
    )
    # directly with 2020: sum p2 q0 = 27 over 20
    assert price_index(frame, chained=False)["value"].to_list() == pytest.approx([100, 110, 135])
    assert quantity_index(frame, chained=False)["value"].to_list() == pytest.approx([100, 140, 180])


def test_the_base_may_be_another_period_or_a_longer_one() -> None:
    monthly = price_index(CES, "fisher", base="2020-05")
    assert monthly["value"][4] == pytest.approx(100)
    assert monthly["unit"].unique().to_list() == ["index 2020-05=100"]
    assert monthly["method"][0] == "chained Fisher price index; index, 2020-05=100"
    assert price_index(CES, "fisher", base="2020")["value"].mean() == pytest.approx(100)
    frame = goods([(10, 1), (2, 5)], [(12, 1), (2, 9)])
    assert price_index(frame, chained=False, base="2021")["value"].to_list() == pytest.approx(
        [100 * 28 / 30, 100]
    )


def test_areas_stay_apart() -> None:
    one, other = [[(10.0, 1.0)], [(12.0, 1.0)]], [[(10.0, 1.0)], [(5.0, 1.0)]]
    both = pl.concat([goods(*one, area="macao"), goods(*other, area="zhuhai")])
    out = price_index(both)
    assert out.select("area", "value").rows() == [
        ("macao", 100.0),
        ("macao", pytest.approx(120)),
        ("zhuhai", 100.0),
        ("zhuhai", pytest.approx(50)),
    ]
    assert out.columns == ["area", "frequency", "period", "value", "method", "unit"]


def test_origin_takes_in_every_period_that_was_compared() -> None:
    frame = goods([(1, 1)], [(2, 1)], [(3, 1)]).with_columns(
        sources=pl.Series([["a"], ["b"], ["c"]]), status=pl.Series(["A", "P", "A"])
    )
    chained = price_index(frame)
    assert chained["sources"].to_list() == [["a"], ["a", "b"], ["a", "b", "c"]]
    assert chained["status"].to_list() == ["A", "P", "P"]
    direct = price_index(frame, chained=False)
    assert direct["sources"].to_list() == [["a"], ["a", "b"], ["a", "c"]]
    assert direct["status"].to_list() == ["A", "P", "A"]


amounts = st.floats(0.05, 500)
basket = st.lists(st.tuples(amounts, amounts, amounts, amounts), min_size=1, max_size=6)
Basket = list[tuple[float, float, float, float]]
Index = Callable[..., pl.DataFrame]


def two_years(items: Basket) -> pl.DataFrame:
    return goods([(p, q) for p, q, _, _ in items], [(p, q) for _, _, p, q in items])


def between(index: Index, items: Basket, formula: Formula) -> float:
    return float(index(two_years(items), formula)["value"][1]) / 100


@settings(max_examples=60, deadline=None)
@given(items=basket)
def test_fisher_lies_midway_and_values_split_into_price_and_quantity(items: Basket) -> None:
    price = {f: between(price_index, items, f) for f in FORMULAS}
    quantity = {f: between(quantity_index, items, f) for f in FORMULAS}
    value = sum(p * q for _, _, p, q in items) / sum(p * q for p, q, _, _ in items)
    assert price["fisher"] == pytest.approx(sqrt(price["laspeyres"] * price["paasche"]), rel=1e-9)
    assert price["laspeyres"] * quantity["paasche"] == pytest.approx(value, rel=1e-9)
    assert price["paasche"] * quantity["laspeyres"] == pytest.approx(value, rel=1e-9)
    assert price["fisher"] * quantity["fisher"] == pytest.approx(value, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(items=basket, factor=st.floats(0.1, 10), formula=st.sampled_from(FORMULAS))
def test_identity_and_proportionality(items: Basket, factor: float, formula: Formula) -> None:
    same = [(p, q0, p, q1) for p, q0, _, q1 in items]
    assert between(price_index, same, formula) == pytest.approx(1, rel=1e-9)
    raised = [(p, q0, p * factor, q1) for p, q0, _, q1 in items]
    assert between(price_index, raised, formula) == pytest.approx(factor, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(items=basket)
def test_time_reversal(items: Basket) -> None:
    back = [(p1, q1, p0, q0) for p0, q0, p1, q1 in items]
    for formula, other in (("fisher", "fisher"), ("tornqvist", "tornqvist"), ("laspeyres", "paasche")):
        forth, return_ = between(price_index, items, formula), between(price_index, back, other)  # type: ignore[arg-type]
        assert forth * return_ == pytest.approx(1, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(items=basket, unit=st.floats(0.01, 100), formula=st.sampled_from(FORMULAS))
def test_units_of_measure_do_not_matter(items: Basket, unit: float, formula: Formula) -> None:
    first, *rest = items
    other = [(first[0] * unit, first[1] / unit, first[2] * unit, first[3] / unit), *rest]
    assert between(price_index, other, formula) == pytest.approx(
        between(price_index, items, formula), rel=1e-9
    )


class TestMissingItems:
    frame = goods([(10, 1), (2, 5)], [(12, 1), (2, 9), (7, 7)])

    def test_an_item_without_counterpart_is_named(self) -> None:
        with pytest.raises(
            FrameError, match=r"'item 2' is there .* begins 2021-01-01 but not in 2020-01-01.*matched=True"
        ):
            price_index(self.frame)
        with pytest.raises(FrameError, match=r"'item 1' is there .* begins 2020-01-01 but not in 2021-01-01"):
            price_index(goods([(10, 1), (2, 5)], [(12, 1)]))

    def test_matched_items_alone_are_compared_when_asked(self) -> None:
        out = price_index(self.frame, matched=True)
        assert out["value"].to_list() == pytest.approx([100, 110])
        assert out["method"][1].startswith("chained Laspeyres price index of matched items")

    def test_nothing_in_common(self) -> None:
        apart = self.frame.with_columns(item=pl.col("item") + pl.col("period").cast(pl.String))
        with pytest.raises(FrameError, match="no item in common"):
            price_index(apart, matched=True)


class TestErrors:
    two = goods([(10, 1), (2, 5)], [(12, 1), (2, 9)])

    def test_columns(self) -> None:
        with pytest.raises(FrameError, match="the frame lacks 'quantity': rename"):
            price_index(self.two.rename({"quantity": "q"}))

    @pytest.mark.parametrize(
        ("column", "value"),
        [("price", 0.0), ("price", -1.0), ("price", None), ("quantity", -1.0), ("quantity", float("nan"))],
    )
    def test_numbers(self, column: str, value: float | None) -> None:
        bad = self.two.with_columns(
            pl.when(pl.int_range(pl.len()) == 2)
            .then(pl.lit(value, pl.Float64))
            .otherwise(column)
            .alias(column)
        )
        with pytest.raises(
            FrameError, match=rf"the {column} of 'item 0' in the period that begins 2021-01-01 is"
        ):
            price_index(bad)

    def test_zero_quantities(self) -> None:
        one = goods([(10, 0), (2, 5)], [(12, 0), (2, 9)])
        assert price_index(one)["value"].to_list() == pytest.approx([100, 100])
        with pytest.raises(FrameError, match="above zero"):
            quantity_index(one, "tornqvist")
        with pytest.raises(FrameError, match="all their quantities are zero"):
            price_index(goods([(10, 0)], [(12, 0)]))

    def test_twice(self) -> None:
        with pytest.raises(FrameError, match="'item 0' stands twice"):
            price_index(pl.concat([self.two, self.two.head(1)]))

    def test_one_period(self) -> None:
        with pytest.raises(SeriesTooShortError, match="the frame has one"):
            price_index(self.two.head(2))

    def test_a_missing_period_breaks_the_chain(self) -> None:
        gap = CES.filter(pl.col("period") != date(2020, 6, 1))
        with pytest.raises(FrameError, match=r"no items in 2020-06, which 2020-07 is compared with"):
            price_index(gap)
        assert price_index(gap, chained=False)["value"].len() == 11

    def test_formula_and_base(self) -> None:
        with pytest.raises(UsageError, match="formula must be one of"):
            price_index(self.two, "edgeworth")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="compares with one period"):
            price_index(CES, chained=False, base="2020")
        with pytest.raises(FrameError, match="the base 2019 needs"):
            price_index(self.two, base="2019")
