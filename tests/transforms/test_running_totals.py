"""Figures accumulated since January start over each year: what looks along a series refuses them."""

from datetime import date

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.errors import UsageError

MONTHS = [date(2010 + i // 12, i % 12 + 1, 1) for i in range(96)]
TOTALS = pl.DataFrame(
    {
        "area": "macao",
        "frequency": "M",
        "period": MONTHS,
        "value": [100.0 * (i % 12 + 1) + i for i in range(96)],
        "adjustment": "ytd",
    }
)
YEARS = TOTALS.filter(pl.col("period").dt.month() == 12).with_columns(
    pl.col("period").dt.truncate("1y"), frequency=pl.lit("A")
)


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(gba.hp_filter, id="hp_filter"),
        pytest.param(gba.cf_filter, id="cf_filter"),
        pytest.param(gba.hamilton_filter, id="hamilton_filter"),
        pytest.param(gba.output_gap, id="output_gap"),
        pytest.param(gba.trend_growth, id="trend_growth"),
        pytest.param(gba.breaks, id="breaks"),
        pytest.param(lambda frame: gba.index(frame, "2015"), id="index over a year"),
        pytest.param(lambda frame: gba.cagr(frame, "2010-01", "2015-06"), id="cagr from January to June"),
        pytest.param(lambda frame: gba.hp_filter(frame.lazy()).collect(), id="hp_filter of a lazy frame"),
    ],
)
def test_what_looks_along_a_series_refuses_totals_since_january(look):
    with pytest.raises(UsageError, match="accumulated since January"):
        look(TOTALS)


def test_whole_years_and_single_months_are_what_they_are():
    assert gba.hp_filter(YEARS).height == 16
    assert gba.trend_growth(YEARS).height == 1
    assert gba.index(YEARS, "2012").filter(pl.col("period") == date(2012, 1, 1))["value"].item() == 100
    assert gba.hp_filter(TOTALS.pipe(gba.from_ytd).drop("note")).height == 192


def test_the_same_part_of_the_year_can_be_compared():
    june = {d.year: v for d, v in TOTALS.select("period", "value").rows() if d.month == 6}
    assert gba.cagr(TOTALS, "2010-06", "2015-06")["value"].item() == pytest.approx(
        100 * ((june[2015] / june[2010]) ** (1 / 5) - 1)
    )
    assert gba.index(TOTALS, "2012-06").filter(pl.col("period") == date(2015, 6, 1))[
        "value"
    ].item() == pytest.approx(100 * june[2015] / june[2012])
