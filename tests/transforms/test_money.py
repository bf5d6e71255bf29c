"""Conversion of money between currencies and over time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import (
    FrameError,
    MissingRateError,
    PeriodError,
    UnknownNameError,
    UsageError,
)
from gbaindicators.transforms.money import convert, deflate

# Federal Reserve H.10/G.5 monthly averages of the fiscal year 2022, yen per US dollar.
YEN_2022 = [126.3743, 128.8486, 133.9619, 136.7090, 135.2835, 143.2843]
YEN_2022 += [147.0515, 142.4450, 134.9148, 130.4475, 133.0463, 133.6643]


def series(unit: str, frequency: str, rows: Mapping[date, float | None], **columns: Any) -> pl.DataFrame:
    """Series frame of one unit and frequency."""
    return pl.DataFrame(
        {"period": list(rows), "value": list(rows.values())}, schema={"period": pl.Date, "value": pl.Float64}
    ).with_columns(
        unit=pl.lit(unit), frequency=pl.lit(frequency), **{k: pl.lit(v) for k, v in columns.items()}
    )


def months(year: int, first: int, values: list[float]) -> dict[date, float]:
    starts = [date(year + (first - 1 + i) // 12, (first - 1 + i) % 12 + 1, 1) for i in range(len(values))]
    return dict(zip(starts, values, strict=True))


FX = pl.concat(
    [
        series(
            "CNY per USD", "A", {date(2015, 1, 1): 6.2827, date(2022, 1, 1): 6.73, date(2023, 1, 1): 7.08}
        ),
        series("HKD per USD", "A", {date(2022, 1, 1): 7.83, date(2023, 1, 1): 7.829}),
        series("MOP per USD", "A", {date(2022, 1, 1): 8.07, date(2023, 1, 1): 8.06}),
        series("JPY per USD", "A", {date(2022, 1, 1): 131.46}),
        series("JPY per USD", "M", months(2022, 4, YEN_2022)),
        series("CNY per USD", "M", months(2022, 1, [6.0 + i / 10 for i in range(12)])),
        series("HKD per USD", "M", months(2022, 1, [7.8] * 12)),
    ]
)
PPP = pl.concat(
    [
        series(
            f"{currency} per international dollar", "A", {date(2022, 1, 1): first, date(2023, 1, 1): second}
        )
        for currency, first, second in [("CNY", 4.0, 3.6), ("HKD", 6.0, 5.0), ("JPY", 90.0, 94.0)]
    ]
)


def convert_one(unit: str, frequency: str, start: date, value: float = 1000.0, **columns: Any) -> float:
    frame = series(unit, frequency, {start: value}, **columns)
    return float(convert(frame, "USD", rates=FX)["value"].item())


class TestWhichRate:
    def test_a_calendar_year_takes_the_published_annual_average(self) -> None:
        # not the mean of the months, which is 6.55
        assert convert_one("CNY", "A", date(2022, 1, 1), 673.0) == 100.0

    def test_a_fiscal_year_takes_the_mean_of_its_twelve_months(self) -> None:
        value = convert_one("JPY", "A", date(2022, 4, 1))
        assert value == pytest.approx(1000 / (sum(YEN_2022) / 12), rel=1e-14)

    @pytest.mark.parametrize(
        ("frequency", "start", "rate"),
        [
            ("Q", date(2022, 4, 1), (6.3 + 6.4 + 6.5) / 3),
            ("S", date(2022, 7, 1), (6.6 + 6.7 + 6.8 + 6.9 + 7.0 + 7.1) / 6),
            ("M", date(2022, 5, 1), 6.4),
            ("W", date(2022, 2, 28), 6.1),
            ("D", date(2022, 12, 31), 7.1),
        ],
    )
    def test_shorter_periods_take_the_mean_of_their_months(
        self, frequency: str, start: date, rate: float
    ) -> None:
        assert convert_one("CNY", frequency, start) == pytest.approx(1000 / rate, rel=1e-14)

    @pytest.mark.parametrize(
        ("frequency", "start", "rate"),
        [
            ("A", date(2022, 1, 1), 7.1),
            ("Q", date(2022, 4, 1), 6.5),
            ("S", date(2022, 1, 1), 6.5),
            ("M", date(2022, 5, 1), 6.4),
            ("W", date(2022, 2, 28), 6.2),
            ("D", date(2022, 2, 28), 6.1),
        ],
    )
    def test_a_stock_takes_the_rate_of_the_last_month(self, frequency: str, start: date, rate: float) -> None:
        value = convert_one("CNY", frequency, start, indicator="lingnan_tong_macau_pass_transaction_value")
        assert value == pytest.approx(1000 / rate, rel=1e-14)

    def test_gdp_per_head_converts_as_a_flow(self) -> None:
        assert convert_one("CNY", "A", date(2022, 1, 1), 673.0, indicator="gdp_per_capita") == 100.0

    def test_an_indicator_of_the_users_own_converts_as_a_flow(self) -> None:
        assert convert_one("CNY", "A", date(2022, 1, 1), 673.0, indicator="turnover") == 100.0

    def test_figures_since_january_take_the_mean_since_january(self) -> None:
        value = convert_one("CNY", "Q", date(2022, 4, 1), adjustment="ytd")
        assert value == pytest.approx(1000 / 6.25, rel=1e-14)
        assert convert_one("CNY", "A", date(2022, 1, 1), 673.0, adjustment="ytd") == 100.0

    def test_constant_prices_take_the_rate_of_their_price_year(self) -> None:
        frame = series(
            "CNY", "A", {date(2022, 1, 1): 62.827, date(2023, 1, 1): 125.654}, prices="constant 2015"
        )
        out = convert(frame, "USD", rates=FX)
        assert out["value"].to_list() == pytest.approx([10.0, 20.0], rel=1e-14)
        assert out["method"][0] == "to USD at the average market rate of 2015"

    def test_constant_prices_of_no_year_are_an_error(self) -> None:
        frame = series("CNY", "A", {date(2022, 1, 1): 1.0}, prices="constant")
        with pytest.raises(FrameError, match=r"do not say of which year.*constant 2015"):
            convert(frame, rates=FX)

    def test_a_cross_rate_goes_by_way_of_the_dollar(self) -> None:
        frame = series("HKD", "A", {date(2022, 1, 1): 783.0})
        out = convert(frame, "CNY", rates=FX)
        assert out["value"].item() == pytest.approx(673.0, rel=1e-14)
        assert out["unit"].item() == "CNY"

    def test_a_frame_without_frequency_shows_it_in_its_dates(self) -> None:
        frame = series("CNY", "A", {date(2022, 1, 1): 6.73, date(2023, 1, 1): 7.08}).drop("frequency")
        assert convert(frame, rates=FX)["value"].to_list() == pytest.approx([1.0, 1.0])


class TestWhatIsLeftAlone:
    def test_rows_in_the_target_unit_need_no_rate_and_keep_their_method(self) -> None:
        frame = pl.concat(
            [series("USD", "A", {date(1980, 1, 1): 5.0}), series("CNY", "A", {date(2022, 1, 1): 6.73})]
        ).with_columns(method=pl.lit("as published"))
        out = convert(frame, "USD", rates=FX)
        assert out["value"].to_list() == [5.0, 1.0]
        assert out["method"].to_list() == [
            "as published",
            "as published; to USD at the period's average market rate",
        ]

    def test_a_frame_wholly_in_the_target_unit_asks_for_no_rates(self) -> None:
        frame = series("USD", "A", {date(1980, 1, 1): 5.0})
        assert convert(frame, "USD")["value"].item() == 5.0

    def test_null_values_stay_null_and_need_no_rate(self) -> None:
        frame = series("CNY", "A", {date(1980, 1, 1): None, date(2022, 1, 1): 6.73})
        out = convert(frame, "USD", rates=FX)
        assert out["value"].to_list() == [None, 1.0]
        assert out["unit"].unique().to_list() == ["USD"]

    def test_order_and_other_columns_stay(self) -> None:
        frame = series("CNY", "A", {date(2023, 1, 1): 1.0, date(2022, 1, 1): 2.0}, status="P").with_columns(
            rank=pl.Series([1, 2])
        )
        out = convert(frame, rates=FX)
        assert out.columns == [*frame.columns, "method"]
        assert out.drop("value", "unit", "method").equals(frame.drop("value", "unit"))

    def test_sources_and_vintage_take_in_those_of_the_rate(self) -> None:
        rates = FX.with_columns(sources=pl.lit(["federal_reserve"]), vintage=pl.lit(date(2026, 7, 1)))
        frame = series(
            "CNY", "A", {date(2022, 1, 1): 1.0}, sources=["yearbook", "dsec"], vintage=date(2025, 1, 1)
        )
        out = convert(frame, rates=rates)
        assert out["sources"].to_list() == [["dsec", "federal_reserve", "yearbook"]]
        assert out["vintage"].to_list() == [date(2026, 7, 1)]

    def test_rows_without_sources_are_converted_like_the_others(self) -> None:
        frame = series("CNY", "A", {date(2022, 1, 1): 6.73}).with_columns(
            sources=pl.lit(None, dtype=pl.List(pl.String))
        )
        rates = FX.with_columns(sources=pl.lit(["federal_reserve"]))
        out = convert(frame, rates=rates)
        assert out["value"].item() == 1.0
        assert out["sources"].to_list() == [["federal_reserve"]]


class TestPurchasingPower:
    def test_money_becomes_international_dollars(self) -> None:
        out = convert(series("CNY", "A", {date(2022, 1, 1): 8.0}), basis="ppp", rates=PPP)
        assert out.select("value", "unit", "method").row(0) == (
            2.0,
            "international dollars",
            "to international dollars at PPP",
        )

    def test_us_dollars_are_international_dollars_at_home(self) -> None:
        out = convert(series("USD", "A", {date(1990, 1, 1): 8.0}), basis="ppp")
        assert out.select("value", "unit").row(0) == (8.0, "international dollars")

    def test_another_currency_multiplies_by_its_own_factor(self) -> None:
        out = convert(series("CNY", "A", {date(2022, 1, 1): 8.0}), "HKD", basis="ppp", rates=PPP)
        assert out.select("value", "unit").row(0) == (12.0, "HKD")

    def test_fiscal_years_weight_the_factors_by_months(self) -> None:
        out = convert(series("JPY", "A", {date(2022, 4, 1): 91.0}), basis="ppp", rates=PPP)
        assert out["value"].item() == pytest.approx(91.0 / (90 * 0.75 + 94 * 0.25), rel=1e-14)
        assert "weighted by months" in out["method"].item()

    @pytest.mark.parametrize(("frequency", "start"), [("Q", date(2022, 10, 1)), ("M", date(2022, 12, 1))])
    def test_shorter_periods_take_the_factor_of_their_year(self, frequency: str, start: date) -> None:
        out = convert(series("CNY", frequency, {start: 8.0}), basis="ppp", rates=PPP)
        assert out["value"].item() == pytest.approx(2.0, rel=1e-14)
        assert "PPP of the calendar year" in out["method"].item()

    def test_constant_international_dollars_take_the_factor_of_the_price_year(self) -> None:
        # 8 and 8.4 CNY of 2022 over 4 CNY per international dollar of 2022, whatever the year of the value
        frame = series("CNY", "A", {date(2022, 1, 1): 8.0, date(2023, 1, 1): 8.4}, prices="chained 2022")
        out = convert(frame, basis="ppp", rates=PPP)
        assert out["value"].to_list() == [2.0, 2.1]
        assert out["unit"].unique().to_list() == ["international dollars"]
        assert out["prices"].unique().to_list() == ["chained 2022"]
        assert out["method"].unique().to_list() == ["to international dollars at PPP of 2022"]

    def test_constant_international_dollars_of_a_deflated_series(self) -> None:
        # 112.144 CNY of 2020 are 100 CNY of 2015; at 3.87 CNY per international dollar of 2015
        rates = series("CNY per international dollar", "A", {date(2015, 1, 1): 3.87})
        deflated = deflate(series("CNY", "A", {date(2020, 1, 1): 112.144}), "2015", deflator=DEFLATOR)
        out = convert(deflated, basis="ppp", rates=rates)
        assert out["value"].item() == pytest.approx(100 / 3.87, rel=1e-14)
        assert out["method"].item().endswith("; to international dollars at PPP of 2015")

    def test_there_and_back(self) -> None:
        frame = series("JPY", "A", {date(2022, 4, 1): 91.0})
        dollars = convert(frame, basis="ppp", rates=PPP)
        back = convert(dollars, "JPY", basis="ppp", rates=PPP)
        assert back["value"].item() == pytest.approx(91.0, rel=1e-12)


class TestErrorsOfConvert:
    def test_a_missing_year_names_currency_period_range_and_mend(self) -> None:
        frame = series("HKD", "A", {date(2030, 1, 1): 1.0, date(2022, 1, 1): 1.0})
        with pytest.raises(
            MissingRateError, match=r"exchange rate of HKD for 2030 \(annual ones run from 2022 to 2023\)"
        ) as info:
            convert(frame, rates=FX)
        assert "frame.filter(...)" in str(info.value)
        assert "pass rates=" in str(info.value)

    def test_a_stock_in_patacas_has_no_monthly_rate_to_fall_back_on(self) -> None:
        frame = series(
            "MOP", "A", {date(2022, 1, 1): 1.0}, indicator="lingnan_tong_macau_pass_transaction_value"
        )
        with pytest.raises(
            MissingRateError, match=r"MOP for 2022-12 \(there are no monthly ones, annual ones run"
        ):
            convert(frame, rates=FX)

    def test_one_missing_month_of_a_fiscal_year_is_an_error(self) -> None:
        rates = FX.filter(pl.col("period") != date(2023, 2, 1))
        with pytest.raises(MissingRateError, match="JPY for 2023-02"):
            convert(series("JPY", "A", {date(2022, 4, 1): 1.0}), rates=rates)

    def test_the_rate_of_the_target_may_be_missing_too(self) -> None:
        with pytest.raises(MissingRateError, match="JPY for 2023 "):
            convert(series("CNY", "A", {date(2023, 1, 1): 1.0}), "JPY", rates=FX)

    def test_rates_of_low_reliability_are_not_used(self) -> None:
        rates = FX.with_columns(
            status=pl.when(pl.col("period") == date(2023, 1, 1)).then(pl.lit("U")).otherwise(pl.lit("A"))
        )
        with pytest.raises(MissingRateError, match="CNY for 2023"):
            convert(series("CNY", "A", {date(2023, 1, 1): 1.0}), rates=rates)

    def test_boxes_are_not_money(self) -> None:
        frame = pl.concat(
            [series("TEU", "A", {date(2022, 1, 1): 1.0}), series("CNY", "A", {date(2022, 1, 1): 1.0})]
        )
        with pytest.raises(FrameError, match=r"the frame has 'TEU': leave those rows out, frame\.filter"):
            convert(frame, rates=FX)

    def test_a_row_without_unit_is_not_money(self) -> None:
        frame = series("CNY", "A", {date(2022, 1, 1): 1.0}).with_columns(unit=pl.lit(None, dtype=pl.String))
        with pytest.raises(FrameError, match="the frame has None"):
            convert(frame, rates=FX)

    def test_a_frame_without_unit_says_how_to_add_it(self) -> None:
        frame = pl.DataFrame({"period": [date(2022, 1, 1)], "value": [1.0]})
        with pytest.raises(FrameError, match=r"with_columns\(unit=pl.lit\('CNY'\)\)"):
            convert(frame, rates=FX)

    def test_international_dollars_have_no_market_rate(self) -> None:
        frame = series("international dollars", "A", {date(2022, 1, 1): 1.0})
        with pytest.raises(FrameError, match="basis='ppp'"):
            convert(frame, rates=FX)
        with pytest.raises(UsageError, match="basis='ppp'"):
            convert(series("CNY", "A", {date(2022, 1, 1): 1.0}), "international dollars", rates=FX)

    def test_an_unknown_currency_lists_the_known_ones(self) -> None:
        with pytest.raises(UnknownNameError, match="HKD"):
            convert(series("CNY", "A", {date(2022, 1, 1): 1.0}), "EUR", rates=FX)

    def test_an_unknown_basis(self) -> None:
        with pytest.raises(UsageError, match="'market' or 'ppp'"):
            convert(series("CNY", "A", {date(2022, 1, 1): 1.0}), basis="official", rates=FX)  # type: ignore[arg-type]

    def test_two_rates_for_one_year(self) -> None:
        with pytest.raises(FrameError, match="two figures for the exchange rate of CNY in 2015: keep one"):
            convert(series("CNY", "A", {date(2022, 1, 1): 1.0}), rates=pl.concat([FX, FX.head(1)]))

    def test_a_rate_of_zero(self) -> None:
        with pytest.raises(FrameError, match="not above zero"):
            convert(
                series("CNY", "A", {date(2022, 1, 1): 1.0}),
                rates=FX.with_columns(value=pl.lit(0.0)),
            )


amounts = st.lists(st.floats(-1e15, 1e15).map(lambda x: x or 0.0), min_size=1, max_size=12)
currencies = st.sampled_from(["CNY", "HKD", "JPY", "USD"])


@settings(max_examples=60, deadline=None)
@given(values=amounts, home=currencies, to=currencies, basis=st.sampled_from(["market", "ppp"]))
def test_there_and_back_is_the_identity(values: list[float], home: str, to: str, basis: str) -> None:
    frame = series(home, "A", {date(2022, 1, 1): 0.0}).select("period", "unit", "frequency")
    frame = frame.join(pl.DataFrame({"value": values}), how="cross")
    rates = FX if basis == "market" else PPP
    there = convert(frame, to, basis=basis, rates=rates)  # type: ignore[arg-type]
    back = convert(there, home, basis=basis, rates=rates)  # type: ignore[arg-type]
    assert back["value"].to_list() == pytest.approx(values, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(values=amounts, scale=st.sampled_from([-4.0, 0.5, 2.0, 1024.0]))
def test_scaling_a_frame_scales_its_conversion(values: list[float], scale: float) -> None:
    frame = pl.DataFrame({"period": date(2022, 1, 1), "value": values, "unit": "CNY", "frequency": "A"})
    scaled = convert(frame.with_columns(pl.col("value") * scale), rates=FX)["value"]
    assert scaled.to_list() == pytest.approx((convert(frame, rates=FX)["value"] * scale).to_list())


# GDP deflator of the IMF World Economic Outlook of April 2024: China is 2015=100, Macao 2021=100.
DEFLATOR = pl.DataFrame(
    {
        "area": ["china", "china", "macao", "macao"],
        "period": [date(2015, 1, 1), date(2020, 1, 1)] * 2,
        "value": [100.0, 112.144, 92.590, 100.887],
        "frequency": "A",
    }
)


class TestDeflate:
    def test_each_currency_takes_the_deflator_of_its_home_area(self) -> None:
        frame = pl.concat(
            [series("CNY", "A", {date(2020, 1, 1): 112.144}), series("MOP", "A", {date(2020, 1, 1): 100.887})]
        )
        out = deflate(frame, "2015", deflator=DEFLATOR)
        assert out["value"].to_list() == pytest.approx([100.0, 92.590], rel=1e-14)
        assert out["unit"].to_list() == ["CNY", "MOP"]
        assert out["prices"].unique().to_list() == ["constant 2015"]
        assert out["method"].to_list() == [
            "deflated with the GDP deflator of china",
            "deflated with the GDP deflator of macao",
        ]

    def test_the_base_year_is_unchanged(self) -> None:
        out = deflate(series("MOP", "A", {date(2020, 1, 1): 7.0}), 2020, deflator=DEFLATOR)
        assert out["value"].item() == 7.0
        assert out["prices"].item() == "constant 2020"

    def test_a_fiscal_year_weights_the_years_by_months(self) -> None:
        prices = series("index", "A", {date(2022, 1, 1): 100.0, date(2023, 1, 1): 108.0}, area="japan")
        out = deflate(series("JPY", "A", {date(2022, 4, 1): 510.0}), "2022", deflator=prices)
        assert out["value"].item() == pytest.approx(510 / 1.02, rel=1e-14)

    def test_null_stays_null_and_needs_no_deflator(self) -> None:
        frame = series("CNY", "A", {date(1950, 1, 1): None, date(2015, 1, 1): 1.0})
        assert deflate(frame, deflator=DEFLATOR)["value"].to_list() == [None, 1.0]

    def test_a_users_own_frame_and_index(self) -> None:
        years = [date(2015, 1, 1), date(2020, 1, 1)]
        frame = pl.DataFrame({"period": years, "value": [10.0, 12.0]})
        index = pl.DataFrame({"period": years, "value": [50.0, 60.0]})
        assert deflate(frame, deflator=index)["value"].to_list() == pytest.approx([10.0, 10.0])

    def test_sources_take_in_those_of_both_years(self) -> None:
        deflator = DEFLATOR.head(2).with_columns(sources=pl.Series([["base"], ["year"]]))
        frame = series("CNY", "A", {date(2020, 1, 1): 1.0}, sources=["dsec"])
        assert deflate(frame, deflator=deflator)["sources"].to_list() == [["base", "dsec", "year"]]

    def test_growth_of_prices_alone_is_no_growth(self) -> None:
        frame = series("CNY", "A", {date(2015, 1, 1): 100.0, date(2020, 1, 1): 112.144})
        assert deflate(frame, deflator=DEFLATOR)["value"].to_list() == pytest.approx([100.0, 100.0])

    def test_a_missing_year(self) -> None:
        with pytest.raises(
            MissingRateError,
            match=r"GDP deflator of china for 2024 \(annual ones run from 2015 to 2020\).*pass deflator=",
        ):
            deflate(series("CNY", "A", {date(2024, 1, 1): 1.0}), deflator=DEFLATOR)

    def test_a_missing_base_year(self) -> None:
        with pytest.raises(MissingRateError, match="china for 2012"):
            deflate(series("CNY", "A", {date(2020, 1, 1): 1.0}), "2012", deflator=DEFLATOR)

    def test_constant_prices_are_refused(self) -> None:
        frame = series("CNY", "A", {date(2020, 1, 1): 1.0}, prices="constant 2015")
        with pytest.raises(FrameError, match=r"only current prices.*pl.col\('prices'\) == 'current'"):
            deflate(frame, deflator=DEFLATOR)

    def test_quarters_are_refused(self) -> None:
        with pytest.raises(FrameError, match=r"annual figures.*to_frequency"):
            deflate(series("CNY", "Q", {date(2020, 1, 1): 1.0}), deflator=DEFLATOR)

    def test_two_currencies_need_the_deflators_of_their_areas(self) -> None:
        frame = pl.concat([series(u, "A", {date(2020, 1, 1): 1.0}) for u in ("CNY", "MOP")])
        with pytest.raises(FrameError, match="needs one unit"):
            deflate(frame, "2020", deflator=DEFLATOR.head(2).drop("area"))

    @pytest.mark.parametrize("base", ["2015-Q1", "2015-04-01/P1Y"])
    def test_the_base_is_a_calendar_year(self, base: str) -> None:
        with pytest.raises(PeriodError, match="calendar year such as '2015'"):
            deflate(series("CNY", "A", {date(2020, 1, 1): 1.0}), base, deflator=DEFLATOR)
