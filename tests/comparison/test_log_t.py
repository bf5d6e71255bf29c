"""The log-t test: the published coefficient, paths with a known answer, bad input."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gbaindicators.comparison.log_t import _long_run_variance, log_t_test
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms import hp_filter

REFERENCE = Path(__file__).parents[1] / "reference"


def paths(alpha, periods=40, areas=20, seed=0, **columns):
    """Areas whose distance from ten shrinks as ``t ** -alpha / ln(t)``, the model of the test, with a little noise."""
    rng = np.random.default_rng(seed)
    gaps = rng.uniform(-2, 2, areas)
    gaps -= gaps.mean()
    return pl.DataFrame(
        [
            {"area": f"a{i}", "period": date(1979 + t, 1, 1),
             "value": 10 + gap * t**-alpha / np.log(t) * (1 + 0.01 * rng.standard_normal())
             if t > 1 else 10 + gap, **columns}
            for i, gap in enumerate(gaps)
            for t in range(1, periods + 1)
        ]
    )  # fmt: skip


def test_coefficient_of_152_countries_is_the_published_one():
    levels = pl.read_csv(REFERENCE / "country_gdp.csv")
    frame = levels.unpivot(index="country", variable_name="year").select(
        area="country", period=pl.date(pl.col("year").cast(pl.Int32), 1, 1), value=pl.col("value").log()
    )
    trend = hp_filter(frame, 400).filter(component="trend").drop("component")
    row = log_t_test(trend).row(0, named=True)
    assert row["estimate"] == pytest.approx(-0.8748, abs=5e-5)
    # printed as -159.555; the last digit turns on the filter
    assert row["t"] == pytest.approx(-159.555, abs=5e-3)
    assert (row["areas"], row["periods"], row["rejected"]) == (152, 23, True)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_the_exponent_that_made_the_paths_is_found(alpha):
    row = log_t_test(paths(alpha)).row(0, named=True)
    assert row["estimate"] == pytest.approx(2 * alpha, abs=0.03)
    assert not row["rejected"]


@pytest.mark.parametrize("seed", range(5))
def test_areas_that_part_are_rejected(seed):
    assert log_t_test(paths(-0.3, seed=seed))["rejected"][0]


def test_error_without_autocorrelation_is_that_of_least_squares():
    rng = np.random.default_rng(3)
    e = rng.standard_normal(4000)
    assert _long_run_variance(e) == pytest.approx(e.var(), rel=0.1)
    ar = np.zeros(4000)
    for i in range(1, 4000):
        ar[i] = 0.5 * ar[i - 1] + e[i]
    assert _long_run_variance(ar) == pytest.approx(4, rel=0.15)  # 1 / (1 - 0.5) ** 2


def test_provenance_rides_along():
    row = log_t_test(paths(0.5, sources=["x"], status="E")).row(0, named=True)
    assert (row["sources"], row["status"], row["period"]) == (["x"], "E", date(2019, 1, 1))


@pytest.mark.parametrize(
    ("frame", "trim", "error", "says"),
    [
        (paths(0.5, periods=15), 1 / 3, SeriesTooShortError, "10 periods are left"),
        (paths(0.5), 1.5, UsageError, "between 0 and 1"),
        (paths(0.5), None, UsageError, "trim=None"),
        (paths(0.5).head(-1), 1 / 3, UsageError, "no value of a19 in the period that begins 2019"),
        (paths(0.5, areas=1), 1 / 3, FrameError, "at least 2 areas"),
        (paths(0.5).with_columns(value=pl.lit(3.0)), 1 / 3, UsageError, "nothing to converge"),
    ],
)
def test_bad_input_is_named(frame, trim, error, says):
    with pytest.raises(error, match=says):
        log_t_test(frame, trim=trim)
