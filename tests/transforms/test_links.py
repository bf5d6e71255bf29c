"""Links "previous year = 100" chained: figures by hand, what lacks, and what is refused."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from gbaindicators.errors import FrameError
from gbaindicators.transforms import growth
from gbaindicators.transforms.links import chain_links

LINKS = pl.DataFrame(
    {
        "indicator": "gdp_real_index_previous_year",
        "area": "zhuhai",
        "period": [date(y, 1, 1) for y in (2016, 2017, 2018)],
        "value": [105.0, 110.0, 95.0],
        "unit": "index previous year=100",
        "sources": [["a"], ["b"], ["c"]],
    }
)


class TestLinks:
    def test_an_index_from_the_year_before_the_first_link(self) -> None:
        out = chain_links(LINKS, 2016)
        assert out["period"].dt.year().to_list() == [2015, 2016, 2017, 2018]
        assert out["value"].to_list() == pytest.approx([100 / 1.05, 100.0, 110.0, 104.5], rel=1e-14)
        assert out["unit"].unique().to_list() == ["index 2016=100"]
        assert out["indicator"].unique().to_list() == ["gdp_real_index"]
        assert out["sources"].to_list() == [["a"], ["a"], ["a", "b"], ["a", "b", "c"]]

    def test_growth_gives_the_links_back(self) -> None:
        rates = growth(chain_links(LINKS, 2016))["value"].to_list()
        assert rates[1:] == pytest.approx([5.0, 10.0, -5.0])

    def test_a_volume_in_prices_of_the_base_year(self) -> None:
        level = pl.DataFrame(
            {
                "indicator": "gdp",
                "area": ["zhuhai", "macao"],
                "period": date(2016, 1, 1),
                "value": [200.0, 1.0],
            }
        ).with_columns(unit=pl.lit("CNY"), prices=pl.lit("current"), sources=pl.lit(["level"]))
        out = chain_links(LINKS, 2016, current=level)
        assert out["value"].to_list() == pytest.approx([200 / 1.05, 200.0, 220.0, 209.0])
        assert out.select("indicator", "unit", "prices").unique().row(0) == ("gdp", "CNY", "chained 2016")
        assert out["sources"].to_list()[2] == ["a", "b", "level"]

    def test_a_missing_link_is_said(self) -> None:
        out = chain_links(LINKS.filter(pl.col("value") != 110), 2015)
        assert out["value"].to_list() == pytest.approx([100.0, 105.0, None, None])
        assert out["note"].to_list()[2:] == [
            "no link to the previous year",
            "the chain is broken between this period and 2015",
        ]

    def test_a_users_own_links(self) -> None:
        out = chain_links(LINKS.select("period", "value"), 2015)
        assert out["value"].to_list() == pytest.approx([100.0, 105.0, 115.5, 109.725])

    def test_what_is_no_link(self) -> None:
        with pytest.raises(FrameError, match="takes 'index previous year=100', the frame has 'CNY'"):
            chain_links(LINKS.with_columns(unit=pl.lit("CNY")))
        with pytest.raises(FrameError, match="annual links"):
            chain_links(LINKS.with_columns(frequency=pl.lit("Q")))
        with pytest.raises(FrameError, match="is 0"):
            chain_links(LINKS.with_columns(value=0.0))

    def test_a_level_that_is_not_there(self) -> None:
        level = pl.DataFrame({"area": ["macao"], "period": [date(2016, 1, 1)], "value": [1.0]})
        with pytest.raises(FrameError, match="no value at current prices for zhuhai in the base year"):
            chain_links(LINKS, 2016, current=level)
        with pytest.raises(FrameError, match="several values at current prices"):
            chain_links(LINKS, 2016, current=pl.concat([level, level]).with_columns(area=pl.lit("zhuhai")))
        with pytest.raises(FrameError, match="must be at current prices"):
            chain_links(LINKS, 2016, current=level.with_columns(prices=pl.lit("constant 2015")))
