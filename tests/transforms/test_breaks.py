"""Structural breaks against strucchange, Perron's program, and what must hold of any series."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.catalog import parse_period
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms.breaks import _long_run_variance, _partitions, breaks
from gbaindicators.transforms.growth import growth

REFERENCE = Path(__file__).parents[1] / "reference"


def years(values: list[float | None], first: int = 1871, **columns: str) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"period": [date(first + i, 1, 1) for i in range(len(values))], "value": values},
        schema={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(pl.lit(v).alias(k) for k, v in columns.items())


@pytest.fixture(scope="module")
def nile() -> pl.DataFrame:
    from statsmodels.datasets import nile

    return years(nile.load_pandas().data["volume"].tolist())


@pytest.fixture(scope="module")
def real_rate() -> pl.DataFrame:
    with (REFERENCE / "real_interest_rate.csv").open(encoding="utf-8") as file:
        rows = [(parse_period(r["period"]).start, float(r["value"])) for r in csv.DictReader(file)]
    return pl.DataFrame(rows, schema={"period": pl.Date, "value": pl.Float64}, orient="row")


class TestPublished:
    def test_nile_breaks_in_1898(self, nile: pl.DataFrame):
        """strucchange: breakpoints(Nile ~ 1) and confint: 28 (25 to 32), that is 1898 (1895 to 1902)."""
        (found,) = breaks(nile).to_dicts()
        assert [found[c].year for c in ("period", "lower_period", "upper_period")] == [1898, 1895, 1902]
        assert found["value_before"] == pytest.approx(1097.75)
        assert found["value_after"] == pytest.approx(849.9722, abs=1e-4)
        assert found["value"] == pytest.approx(found["value_after"] - found["value_before"])
        assert found["status"] == "E"

    def test_nile_partitions(self, nile: pl.DataFrame):
        """strucchange, summary(bp.nile): break points and RSS for 0 to 5 breaks."""
        ways, residuals = _partitions(nile["value"].to_numpy(), "mean", 15, 5)
        assert [w[1:-1] for w in ways] == [
            [], [28], [28, 83], [28, 68, 83], [28, 45, 68, 83], [15, 30, 45, 68, 83],
        ]  # fmt: skip
        assert [round(r) for r in residuals] == [2835157, 1597457, 1552924, 1538097, 1507888, 1659994]

    def test_real_interest_rate_partitions(self, real_rate: pl.DataFrame):
        """Perron's program (real.out): break dates and SSR for 1 to 5 breaks."""
        ways, residuals = _partitions(real_rate["value"].to_numpy(), "mean", 15, 5)
        assert [w[1:-1] for w in ways[1:]] == [
            [79], [47, 79], [24, 47, 79], [24, 47, 64, 79], [16, 31, 47, 64, 79],
        ]  # fmt: skip
        assert residuals[1:] == pytest.approx([644.9955, 455.9502, 445.1819, 444.8797, 449.6395], abs=5e-5)

    def test_real_interest_rate_has_two_breaks_by_bic(self, real_rate: pl.DataFrame):
        """real.out: BIC chooses 2 breaks, at 47 and 79; means 1.355037, -1.796138, 5.642890."""
        found = breaks(real_rate)
        assert found["period"].to_list() == [date(1972, 7, 1), date(1980, 7, 1)]
        assert found["value_before"].to_list() == pytest.approx([1.355037, -1.796138], abs=5e-7)
        assert found["value_after"].to_list() == pytest.approx([-1.796138, 5.642890], abs=5e-7)

    def test_intervals_with_autocorrelated_errors(self, real_rate: pl.DataFrame):
        """strucchange, confint(bp.ri, breaks = 3, vcov = kernHAC): 1965(2)-1969(3), 1969(1)-1972(4), 1980(1)-1981(1)."""
        found = breaks(real_rate, number=3, autocorrelated=True)
        assert found["lower_period"].to_list() == [date(1965, 4, 1), date(1969, 1, 1), date(1980, 1, 1)]
        assert found["upper_period"].to_list() == [date(1969, 7, 1), date(1972, 10, 1), date(1981, 1, 1)]

    def test_long_run_variance(self, real_rate: pl.DataFrame):
        """strucchange, sqrt(vcov(bp.ri, breaks = 3, vcov = kernHAC)) of the four means."""
        segments = np.split(real_rate["value"].to_numpy(), [24, 47, 79])
        errors = [np.sqrt(_long_run_variance(s - s.mean()) / len(s)) for s in segments]
        assert errors == pytest.approx([0.1857577, 0.1499849, 0.5026749, 0.5887460], abs=5e-8)


class TestTrend:
    def test_slope_shift_by_hand(self):
        line = [2.0 * i for i in range(20)] + [50.0 + 5.0 * i for i in range(20)]
        (found,) = breaks(years(line, 1980), "trend").to_dicts()
        assert found["period"].year == 1999
        assert (found["value_before"], found["value_after"], found["value"]) == pytest.approx((2, 5, 3))
        assert found["lower_period"] == found["upper_period"] == date(1999, 1, 1)

    def test_a_straight_line_has_no_break(self):
        assert breaks(years([3.0 + 2.0 * i for i in range(40)]), "trend").height == 0

    def test_a_kink_without_a_jump_is_dated_loosely(self):
        """The interval rests on the jump of the fitted lines, so a kink alone leaves it wide."""
        noise = np.random.default_rng(0).normal(scale=0.5, size=60)
        kink = [float(min(i, 30) + 3 * max(i - 30, 0) + e) for i, e in enumerate(noise)]
        (found,) = breaks(years(kink), "trend", number=1).to_dicts()
        assert abs(found["period"].year - 1901) <= 2
        assert found["lower_period"] <= found["period"] <= found["upper_period"]
        assert (found["upper_period"] - found["lower_period"]).days > 365


class TestBehaviour:
    def test_constant_series_has_no_break(self):
        assert breaks(years([5.0] * 30)).height == 0
        assert breaks(years([0.1] * 30), autocorrelated=True).height == 0

    def test_step_without_noise(self):
        for autocorrelated in (False, True):
            found = breaks(years([1.0] * 15 + [2.0] * 15), autocorrelated=autocorrelated)
            assert found.select("period", "lower_period", "upper_period").row(0) == (date(1885, 1, 1),) * 3

    def test_forced_break_of_a_constant_series_may_be_anywhere(self):
        (found,) = breaks(years([5.0] * 30), number=1).to_dicts()
        assert (found["lower_period"], found["upper_period"]) == (date(1871, 1, 1), date(1900, 1, 1))

    def test_several_series_and_their_provenance(self, nile: pl.DataFrame):
        flow = nile.with_columns(
            area=pl.lit("nile"),
            unit=pl.lit("m3"),
            status=pl.lit("P"),
            sources=pl.concat_list(pl.lit("gauge")),
        )
        flat = years([1.0, 2.0] * 50, area="flat", unit="m3", status="A").with_columns(
            sources=pl.concat_list(pl.lit("b"))
        )
        found = breaks(pl.concat([flat, flow], how="diagonal"))
        assert found.select("area", "period", "unit", "sources", "status").row(0) == (
            "nile", date(1898, 1, 1), "m3", ["gauge"], "E",
        )  # fmt: skip
        assert found["method"][0].startswith("break 1 of 1 in the mean, Bai-Perron, 100 values from 1871")

    def test_growth_rates_with_their_first_null(self):
        levels = np.cumprod([1.10] * 15 + [1.03] * 15).tolist()
        (found,) = breaks(growth(years(levels, 1990))).to_dicts()
        assert found["period"] == date(2004, 1, 1)
        assert found["value"] == pytest.approx(-7)

    def test_refusals(self):
        with pytest.raises(SeriesTooShortError, match="at least 14 values"):
            breaks(years([1.0] * 13))
        with pytest.raises(SeriesTooShortError, match="room for 6 breaks"):
            breaks(years([1.0] * 30), number=7)
        with pytest.raises(FrameError, match="none for 1891"):
            breaks(years([1.0] * 20 + [None] + [1.0] * 20))
        with pytest.raises(UsageError, match="'median'"):
            breaks(years([1.0] * 20), "median")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="must lie between"):
            breaks(years([1.0] * 20), trim=0.5)
        with pytest.raises(UsageError, match="counts"):
            breaks(years([1.0] * 20), number=-1)

    def test_empty_frame(self):
        assert breaks(years([])).height == 0

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=20, max_size=40),
        st.floats(0.5, 100),
        st.floats(-1000, 1000),
    )
    def test_dates_do_not_depend_on_level_and_scale(self, noise: list[float], scale: float, shift: float):
        values = [v + 10 * (i >= 10) for i, v in enumerate(noise)]
        one, other = breaks(years(values)), breaks(years([shift + scale * v for v in values]))
        assert one["period"].to_list() == other["period"].to_list()
        assert other["value"].to_list() == pytest.approx([scale * v for v in one["value"]], rel=1e-6)

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.integers(-50, 50).map(float), min_size=12, max_size=16),
        st.sampled_from(["mean", "trend"]),
    )
    def test_no_partition_leaves_less(self, values: list[float], model: str):
        """Against every partition into three segments of three values or more."""
        y = np.array(values)

        def left(a: int, b: int) -> float:
            t = np.arange(b - a)
            return float(((y[a:b] - np.polyval(np.polyfit(t, y[a:b], int(model == "trend")), t)) ** 2).sum())

        n = len(y)
        best = min(left(0, i) + left(i, j) + left(j, n) for i in range(3, n - 5) for j in range(i + 3, n - 2))
        assert _partitions(y, model, 3, 2)[1][2] == pytest.approx(best, abs=1e-6)  # type: ignore[arg-type]
