"""Convergence clubs: the published clubs of 152 countries, panels with known clubs, bad input."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gbaindicators.comparison.clubs import convergence_clubs
from gbaindicators.comparison.log_t import log_t_test
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms import hp_filter

REFERENCE = Path(__file__).parents[1] / "reference"


def paths(levels, alpha=0.5, periods=40, seed=0, **columns):
    """Areas whose distance from the level of their group shrinks as ``t ** -alpha / ln(t)``, with a little noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for level, areas in levels.items():
        gaps = rng.uniform(-0.1, 0.1, areas) * level
        for i, gap in enumerate(gaps - gaps.mean()):
            for t in range(1, periods + 1):
                shrunk = gap * t**-alpha / np.log(t + 1) * (1 + 0.01 * rng.standard_normal())
                rows.append(
                    {"area": f"{level}-{i}", "period": date(1979 + t, 1, 1), "value": level + shrunk}
                    | columns
                )
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def countries():
    levels = pl.read_csv(REFERENCE / "country_gdp.csv")
    frame = levels.unpivot(index="country", variable_name="year").select(
        area="country", period=pl.date(pl.col("year").cast(pl.Int32), 1, 1), value=pl.col("value").log()
    )
    return hp_filter(frame, 400).filter(component="trend").drop("component")


# Sichera and Pizzuto (2019), The R Journal 11(2), 142-151: summary(clubs) and summary(mclubs)
PUBLISHED = [
    (50, 0.382, 0.041, 9.282),
    (30, 0.240, 0.035, 6.904),
    (21, 0.110, 0.032, 3.402),
    (24, 0.131, 0.064, 2.055),
    (14, 0.190, 0.111, 1.701),
    (11, 1.003, 0.166, 6.024),
    (2, -0.470, 0.842, -0.559),
]


def test_clubs_of_152_countries_are_the_published_ones(countries):
    found = convergence_clubs(countries, merge=False)
    assert found["club"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    for row, (areas, estimate, se, t) in zip(found.iter_rows(named=True), PUBLISHED, strict=True):
        assert row["areas"] == len(row["members"]) == areas
        # the last digit turns on the filter
        assert (row["estimate"], row["se"]) == pytest.approx((estimate, se), abs=8e-4)
        assert row["t"] == pytest.approx(t, abs=2e-3)
    first = set(found["members"][0])
    # a few of those that the article prints, among them the ones with the lowest values
    assert {"United States", "Luxembourg", "Japan", "China", "Thailand", "Botswana", "Cape Verde"} <= first
    assert not {"Barbados", "Saudi Arabia", "Venezuela"} & first


def test_merged_clubs_of_152_countries_are_the_published_ones(countries):
    found = convergence_clubs(countries)
    assert found["areas"].to_list() == [50, 30, 21, 38, 11, 2]
    assert found["merged"].to_list() == [[1], [2], [3], [4, 5], [6], [7]]
    row = found.row(3, named=True)
    assert (row["estimate"], row["se"], row["t"]) == pytest.approx((-0.044, 0.070, -0.636), abs=8e-4)
    assert (row["start"], row["period"], row["periods"]) == (date(1970, 1, 1), date(2003, 1, 1), 23)


@pytest.mark.parametrize("seed", range(4))
def test_clubs_that_lie_apart_are_found(seed):
    found = convergence_clubs(paths({30: 6, 20: 5, 10: 4}, seed=seed))
    groups = [{name.split("-")[0] for name in members} for members in found["members"]]
    assert groups == [{"30"}, {"20"}, {"10"}]
    assert found["areas"].to_list() == [6, 5, 4]
    assert (found["t"] > -1.65).all()


def test_one_club_is_the_whole_and_its_row_that_of_the_test():
    frame = paths({10: 8})
    found, test = convergence_clubs(frame), log_t_test(frame)
    assert found["areas"].to_list() == [8]
    columns = ["estimate", "se", "t"]
    assert found.select(columns).row(0) == pytest.approx(test.select(columns).row(0))


def test_every_area_is_in_one_place_and_those_that_part_are_in_no_club():
    together = paths({20: 5})
    apart = pl.DataFrame(
        [
            {"area": name, "period": date(1979 + t, 1, 1), "value": 20 + sign * (0.1 * t) ** 1.5}
            for name, sign in (("up", 1), ("down", -0.6))
            for t in range(1, 41)
        ]
    )
    found = convergence_clubs(pl.concat([together, apart]))
    assert found["club"].to_list() == [1, None]
    assert sorted(found["members"][1]) == ["down", "up"]
    assert found["t"][1] < -1.65
    everyone = [name for members in found["members"] for name in members]
    assert sorted(everyone) == sorted({*together["area"], "up", "down"})


def test_a_higher_sieve_makes_no_larger_first_club(countries):
    sizes = [convergence_clubs(countries, sieve=c, merge=False)["areas"][0] for c in (0.0, 3.0)]
    assert sizes[1] <= sizes[0]


def test_order_of_the_rows_does_not_matter():
    frame = paths({30: 4, 10: 4})
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1)
    assert convergence_clubs(frame)["members"].to_list() == convergence_clubs(shuffled)["members"].to_list()


def test_provenance_rides_along():
    row = convergence_clubs(paths({10: 4}, sources=["x"], status="E")).row(0, named=True)
    assert (row["sources"], row["status"], row["period"]) == (["x"], "E", date(2019, 1, 1))
    assert "sieve 0" in row["method"]


@pytest.mark.parametrize(
    ("frame", "arguments", "error", "says"),
    [
        (paths({10: 4}, periods=15), {}, SeriesTooShortError, "10 periods are left"),
        (paths({10: 4}), {"trim": 0}, UsageError, "between 0 and 1"),
        (paths({10: 4}), {"sieve": "high"}, UsageError, "critical value"),
        (paths({10: 4}).head(-1), {}, UsageError, "no value of 10-3 .* search for clubs needs all areas"),
        (paths({10: 1}), {}, FrameError, "at least 2 areas"),
        (paths({10: 3}).with_columns(value=pl.lit(3.0)), {}, FrameError, "10-0, 10-1, 10-2 are equal"),
    ],
)
def test_bad_input_is_named(frame, arguments, error, says):
    with pytest.raises(error, match=says):
        convergence_clubs(frame, **arguments)
