"""Chain-linking: the identities of each technique, hand-computed figures, and what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gbaindicators.errors import FrameError, PeriodError, UsageError
from gbaindicators.transforms import growth, to_frequency
from gbaindicators.transforms.chaining import Technique, chain

Numbers = NDArray[np.float64]
TECHNIQUES: list[Technique] = ["annual_overlap", "one_quarter_overlap", "over_the_year"]


def long(periods: list[date], **values: Numbers | list[float | None]) -> pl.DataFrame:
    """Series frame with a row a period and price basis; NaN and None are absent."""
    frames = [
        pl.DataFrame(
            {"period": periods, "value": v}, schema={"period": pl.Date, "value": pl.Float64}
        ).with_columns(prices=pl.lit(p.replace("_", " ")))
        for p, v in values.items()
    ]
    return pl.concat(frames).with_columns(pl.col("value").fill_nan(None)).drop_nulls("value")


def quarters(first: int, count: int) -> list[date]:
    return [date(first + i // 4, 1 + 3 * (i % 4), 1) for i in range(count)]


class Economy:
    """Quarterly prices and quantities of items, and the values that a statistical office makes of them."""

    def __init__(self, seed: int, items: int = 3, years: int = 5) -> None:
        random = np.random.default_rng(seed)
        shape = (years, 4, items)
        self.quantity, self.price = random.uniform(5, 10, shape), random.uniform(1, 3, shape)
        self.average = (self.price * self.quantity).sum(1, keepdims=True) / self.quantity.sum(
            1, keepdims=True
        )
        self.current = (self.price * self.quantity).sum(2)
        self.same = (self.average * self.quantity).sum(2)
        self.previous = (self.average[:-1] * self.quantity[1:]).sum(2)
        self.periods = quarters(2010, 4 * years)

    def frame(self) -> pl.DataFrame:
        previous = np.concatenate([np.full(4, np.nan), self.previous.ravel()])
        return long(
            self.periods, current=self.current.ravel(), previous_year=previous, same_year=self.same.ravel()
        )


def volumes(economy: Economy, method: Technique, base: int = 2012) -> Numbers:
    return chain(economy.frame(), base, method=method).sort("period")["value"].to_numpy().reshape(-1, 4)


ANNUAL = long(
    [date(y, 1, 1) for y in range(2014, 2018)],
    current=[100.0, 110.0, 132.0, 140.0],
    previous_year=[None, 105.0, 121.0, 125.4],
)


class TestAnnual:
    # links 105/100, 121/110, 125.4/132
    @pytest.mark.parametrize(
        ("base", "expected"),
        [
            (2014, [100.0, 105.0, 115.5, 109.725]),
            (2015, [110 / 1.05, 110.0, 121.0, 114.95]),
            (2017, [140 / 0.95 / 1.1 / 1.05, 140 / 0.95 / 1.1, 140 / 0.95, 140.0]),
        ],
    )
    def test_links_multiply_from_the_base_year(self, base: int, expected: list[float]) -> None:
        out = chain(ANNUAL, base)
        assert out["value"].to_list() == pytest.approx(expected, rel=1e-14)
        assert out["prices"].unique().to_list() == [f"chained {base}"]
        assert out["method"][0] == f"chain-linked in prices of {base}, annual overlap"

    def test_the_year_after_the_base_is_in_its_prices(self) -> None:
        assert chain(ANNUAL, 2015).filter(pl.col("period") == date(2016, 1, 1))["value"].item() == 121.0

    def test_growth_does_not_depend_on_the_base(self) -> None:
        rates = [growth(chain(ANNUAL, base))["value"].to_list()[1:] for base in (2014, 2016)]
        assert rates[0] == pytest.approx([5.0, 10.0, -5.0])
        assert rates[1] == pytest.approx(rates[0])

    def test_fiscal_years(self) -> None:
        fiscal = ANNUAL.with_columns(pl.col("period").dt.offset_by("3mo"))
        assert chain(fiscal, "2015-04-01/P1Y")["value"].to_list()[1:3] == pytest.approx([110.0, 121.0])
        with pytest.raises(FrameError, match="give the base as '2015-04-01/P1Y'"):
            chain(fiscal, 2015)

    def test_a_gap_parts_the_years_on_its_far_side(self) -> None:
        gap = ANNUAL.filter(~((pl.col("period") == date(2016, 1, 1)) & (pl.col("prices") == "previous year")))
        out = chain(gap, 2015)
        assert out["value"].to_list() == pytest.approx([110 / 1.05, 110.0, None, None])
        assert out["note"].to_list() == [
            None,
            None,
            "no value at prices of the previous year",
            "the chain is broken between this period and 2015",
        ]
        assert chain(gap, 2017)["value"].to_list() == pytest.approx([None, None, 140 / 0.95, 140.0])

    def test_a_missing_year_is_not_its_neighbour(self) -> None:
        gap = ANNUAL.filter(pl.col("period") != date(2016, 1, 1))
        assert chain(gap, 2015)["value"].to_list() == pytest.approx([110 / 1.05, 110.0, None])

    def test_origin_of_every_figure_between_the_year_and_the_base(self) -> None:
        frame = ANNUAL.with_columns(
            sources=pl.concat_list(pl.col("period").dt.to_string("%Y")),
            status=pl.when(pl.col("period") == date(2017, 1, 1)).then(pl.lit("P")).otherwise(pl.lit("A")),
            vintage=pl.col("period"),
        )
        out = chain(frame, 2015)
        assert out["sources"].to_list() == [
            ["2014", "2015"],
            ["2015"],
            ["2015", "2016"],
            ["2015", "2016", "2017"],
        ]
        assert out["status"].to_list() == ["A", "A", "A", "P"]
        assert out["vintage"].to_list() == [date(y, 1, 1) for y in (2015, 2015, 2016, 2017)]

    def test_series_stay_apart_and_keep_their_columns(self) -> None:
        two = pl.concat(
            [ANNUAL.with_columns(area=pl.lit(a), unit=pl.lit(u)) for a, u in (("b", "CNY"), ("a", "HKD"))]
        )
        out = chain(two, 2014)
        assert out.columns == [*two.columns, "frequency", "note", "method"]
        assert out["area"].to_list() == ["b"] * 4 + ["a"] * 4
        assert out["unit"].to_list() == ["CNY"] * 4 + ["HKD"] * 4
        assert out["value"].to_list() == pytest.approx([100.0, 105.0, 115.5, 109.725] * 2)


class TestQuarterly:
    @pytest.mark.parametrize("method", TECHNIQUES)
    @pytest.mark.parametrize("base", [2010, 2012, 2014])
    def test_the_base_year_adds_up_to_current_prices(self, method: Technique, base: int) -> None:
        economy = Economy(1)
        assert volumes(economy, method, base)[base - 2010].sum() == pytest.approx(
            economy.current[base - 2010].sum()
        )

    def test_annual_overlap_makes_quarters_add_up_to_the_chained_year(self) -> None:
        economy = Economy(2)
        years = [date(2010 + y, 1, 1) for y in range(5)]
        annual = long(years, current=economy.current.sum(1), previous_year=[None, *economy.previous.sum(1)])
        assert volumes(economy, "annual_overlap").sum(1) == pytest.approx(
            chain(annual, 2012)["value"].to_numpy()
        )

    def test_one_quarter_overlap_has_no_step_between_years(self) -> None:
        economy = Economy(3)
        chained = volumes(economy, "one_quarter_overlap")
        published = economy.previous[:, 0] / economy.same[:-1, 3]
        assert chained[1:, 0] / chained[:-1, 3] == pytest.approx(published)

    def test_over_the_year_keeps_the_rates_over_the_same_quarter(self) -> None:
        economy = Economy(4)
        chained = volumes(economy, "over_the_year")
        assert chained[1:] / chained[:-1] == pytest.approx(economy.previous / economy.same[:-1])

    @pytest.mark.parametrize("method", TECHNIQUES[:2])
    def test_within_a_year_volumes_move_as_at_prices_of_the_year_before(self, method: Technique) -> None:
        economy = Economy(5)
        chained = volumes(economy, method)[1:]
        assert chained / chained[:, :1] == pytest.approx(economy.previous / economy.previous[:, :1])

    @pytest.mark.parametrize("method", TECHNIQUES)
    def test_one_item_has_its_quantity_at_base_prices(self, method: Technique) -> None:
        economy = Economy(6, items=1)
        expected = economy.quantity[..., 0] * economy.average[2, 0, 0]
        assert volumes(economy, method) == pytest.approx(expected)

    def test_first_year_without_own_prices_has_no_quarters(self) -> None:
        economy = Economy(7)
        frame = economy.frame().filter(pl.col("prices") != "same year")
        out = chain(frame, 2010)
        assert out["value"].head(4).null_count() == 4
        assert set(out["note"].head(4)) == {"no value at prices of the previous year"}
        # 2011 is in average prices of 2010 already
        assert out["value"][4:8].to_list() == pytest.approx(economy.previous[0].tolist())

    def test_a_year_that_has_only_begun_is_chained(self) -> None:
        economy = Economy(8)
        whole = chain(economy.frame(), 2012)
        begun = chain(economy.frame().filter(pl.col("period") < date(2014, 7, 1)), 2012)
        assert begun["value"].to_list() == pytest.approx(whole["value"].head(18).to_list())

    def test_order_of_rows_does_not_matter(self) -> None:
        frame = Economy(9).frame()
        for method in TECHNIQUES:
            shuffled = chain(frame.sample(fraction=1, shuffle=True, seed=3), 2012, method=method).sort(
                "period"
            )
            assert shuffled["value"].to_list() == pytest.approx(
                chain(frame, 2012, method=method)["value"].to_list()
            )

    def test_sums_over_the_year_agree_with_time_aggregation(self) -> None:
        out = chain(Economy(10).frame(), 2012).with_columns(indicator=pl.lit("gdp"))
        annual = to_frequency(out.drop("note"), "A")["value"].to_list()
        assert annual == pytest.approx(volumes(Economy(10), "annual_overlap").sum(1).tolist())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), method=st.sampled_from(TECHNIQUES))
def test_volumes_scale_with_values(seed: int, scale: float, method: Technique) -> None:
    frame = Economy(seed).frame()
    scaled = chain(frame.with_columns(pl.col("value") * scale), 2013, method=method)["value"].to_numpy()
    assert scaled == pytest.approx(chain(frame, 2013, method=method)["value"].to_numpy() * scale, rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(TECHNIQUES))
def test_constant_prices_need_no_chaining(seed: int, method: Technique) -> None:
    economy = Economy(seed)
    economy.price[:] = economy.price[0, 0]
    total = (economy.price * economy.quantity).sum(2)
    previous = np.concatenate([np.full(4, np.nan), total[1:].ravel()])
    frame = long(economy.periods, current=total.ravel(), previous_year=previous, same_year=total.ravel())
    assert chain(frame, 2012, method=method)["value"].to_numpy() == pytest.approx(total.ravel(), rel=1e-10)


class TestErrorsOfChain:
    @pytest.mark.parametrize("value", [0.0, -3.0])
    def test_values_must_be_positive(self, value: float) -> None:
        frame = ANNUAL.with_columns(
            area=pl.lit("macao"), value=pl.when(pl.col("value") == 121).then(value).otherwise("value")
        )
        with pytest.raises(FrameError, match=r"macao.* begins 2016-01-01 is .*changes in inventories"):
            chain(frame)

    def test_price_bases(self) -> None:
        with pytest.raises(FrameError, match="lacks the column 'prices'"):
            chain(ANNUAL.drop("prices"))
        with pytest.raises(
            FrameError, match=r"'current', 'previous year', 'same year', the frame has 'constant'"
        ):
            chain(ANNUAL.with_columns(prices=pl.lit("constant")))
        with pytest.raises(FrameError, match="no values at prices of the previous year"):
            chain(ANNUAL.filter(pl.col("prices") == "current"))

    def test_one_year_alone(self) -> None:
        with pytest.raises(FrameError, match="nothing to chain"):
            chain(ANNUAL.head(1).with_columns(frequency=pl.lit("A")), 2014)

    def test_the_base_must_be_there(self) -> None:
        with pytest.raises(FrameError, match=r"0 of the 1 values at current prices that the base 2013 needs"):
            chain(ANNUAL, 2013)
        three = Economy(0).frame().filter(pl.col("period") != date(2012, 4, 1))
        with pytest.raises(FrameError, match=r"3 of the 4 values at current prices that the base 2012 needs"):
            chain(three, 2012)

    def test_the_base_is_a_year(self) -> None:
        with pytest.raises(PeriodError, match="the base is a year"):
            chain(ANNUAL, "2015-Q1")

    def test_methods_and_frequencies(self) -> None:
        with pytest.raises(UsageError, match="method must be one of 'annual_overlap'"):
            chain(ANNUAL, method="overlap")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="annual figures have one way"):
            chain(ANNUAL, method="over_the_year")
        with pytest.raises(UsageError, match="not weekly or daily"):
            chain(ANNUAL.with_columns(frequency=pl.lit("W")))

    def test_other_overlaps_need_prices_of_the_same_year(self) -> None:
        frame = Economy(0).frame().filter(pl.col("prices") != "same year")
        with pytest.raises(
            FrameError, match=r"'one_quarter_overlap' needs .* 'same year', or take 'annual_overlap'"
        ):
            chain(frame, 2012, method="one_quarter_overlap")

    def test_two_units_and_two_values(self) -> None:
        units = ANNUAL.with_columns(
            unit=pl.when(pl.col("prices") == "current").then(pl.lit("CNY")).otherwise(pl.lit("HKD"))
        )
        with pytest.raises(FrameError, match="in several units"):
            chain(units, 2014)
        with pytest.raises(FrameError, match="two values"):
            chain(pl.concat([ANNUAL, ANNUAL.head(1)]))

    def test_nothing(self) -> None:
        with pytest.raises(FrameError, match="no values"):
            chain(ANNUAL.with_columns(frequency=pl.lit("A")).clear())
