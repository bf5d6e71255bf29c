"""Adding up the members of bay areas."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.transforms.aggregation import aggregate, members
from gbaindicators.transforms.money import convert

TOKYO = ["tokyo", "kanagawa", "saitama", "chiba"]


def rows(values: dict[str, float], start: date = date(2022, 1, 1), **columns: Any) -> pl.DataFrame:
    """One period of several areas."""
    frame = pl.DataFrame(
        {"area": list(values), "value": list(values.values())},
        schema={"area": pl.String, "value": pl.Float64},
    )
    columns = {"period": start, "frequency": "A", "unit": "JPY", **columns}
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def four(start: date = date(2022, 1, 1), **columns: Any) -> pl.DataFrame:
    return rows(dict(zip(TOKYO, [1.0, 2.0, 3.0, 4.0], strict=True)), start, **columns)


class TestMembers:
    def test_the_eleven_cities(self) -> None:
        assert len(members("greater_bay_area")) == 11
        assert members("GBA") == members("greater_bay_area")

    def test_a_bay_has_other_members_in_other_tables(self) -> None:
        assert members("greater_bay_area", subject="airports") == ["hkg", "can", "szx", "mfm"]
        assert members("new_york_bay_area", definition="three_states")[0] == "new_york_state"

    def test_an_unknown_definition_lists_the_known_ones(self) -> None:
        with pytest.raises(UnknownNameError, match="four_prefectures"):
            members("tokyo_bay_area", definition="prefectures")

    def test_a_city_has_no_members(self) -> None:
        with pytest.raises(UsageError, match="composites are"):
            members("macao")


class TestSum:
    def test_the_parts_add_up(self) -> None:
        out = aggregate(four(indicator="gdp", status="A"), "tokyo_bay_area")
        assert out.select("area", "value", "unit", "status").row(0) == ("tokyo_bay_area", 10.0, "JPY", "A")
        assert out["members"].to_list() == [sorted(TOKYO)]
        assert out["method"].item() == "sum of 4 members (four_prefectures)"

    def test_areas_that_are_no_members_are_left_out_whatever_their_unit(self) -> None:
        frame = pl.concat([four(), rows({"macao": 99.0}, unit="MOP")])
        assert aggregate(frame, "tokyo_bay_area")["value"].to_list() == [10.0]

    def test_ports_belong_to_another_subject(self) -> None:
        frame = rows({"tokyo": 4.0, "yokohama": 3.0}, unit="TEU", indicator="container_throughput")
        out = aggregate(frame, "tokyo_bay_area")
        assert out["value"].item() == 7.0
        assert "tokyo_yokohama" in out["method"].item()

    def test_a_list_of_members_makes_a_whole_of_any_name(self) -> None:
        out = aggregate(four(), "the north", definition=["saitama", "chiba"])
        assert out.select("area", "value", "method").row(0) == (
            "the north",
            7.0,
            "sum of 2 members (given by the user)",
        )

    def test_series_and_periods_stay_apart(self) -> None:
        frame = pl.concat(
            [four(), four(start=date(2023, 1, 1)), four(start=date(2023, 4, 1), frequency="Q")]
        ).sort("value", descending=True)
        out = aggregate(frame, "tokyo_bay_area")
        assert out.select("frequency", "period", "value").rows() == [
            ("A", date(2022, 1, 1), 10.0),
            ("A", date(2023, 1, 1), 10.0),
            ("Q", date(2023, 4, 1), 10.0),
        ]

    def test_what_rides_along_is_combined(self) -> None:
        frame = four().with_columns(
            status=pl.Series(["A", "P", "E", "A"]),
            sources=pl.Series([["b"], ["a"], ["b"], ["c", "a"]]),
            vintage=pl.Series([date(2024, 1, d) for d in (3, 9, 1, 2)]),
            method=pl.Series(["x", "x", None, "x"]),
        )
        out = aggregate(frame, "tokyo_bay_area")
        assert out.select("status", "sources", "vintage", "method").row(0) == (
            "E",
            ["a", "b", "c"],
            date(2024, 1, 9),
            "x; sum of 4 members (four_prefectures)",
        )

    def test_a_users_own_frame(self) -> None:
        frame = pl.DataFrame({"area": ["a", "b"], "period": date(2022, 1, 1), "value": [1, 2]})
        assert aggregate(frame, "both", definition=["a", "b"])["value"].item() == 3.0


class TestMissing:
    def incomplete(self) -> pl.DataFrame:
        """Chiba is null in 2022, Saitama has no row in 2023."""
        return pl.concat(
            [
                four(status="A").with_columns(
                    value=pl.when(pl.col("area") != "chiba").then("value"),
                    status=pl.when(pl.col("area") == "chiba").then(pl.lit("M")).otherwise("status"),
                ),
                four(status="A", start=date(2023, 1, 1)).filter(pl.col("area") != "saitama"),
            ]
        )

    def test_a_missing_member_makes_the_sum_null(self) -> None:
        out = aggregate(self.incomplete(), "tokyo_bay_area")
        assert out["value"].to_list() == [None, None]
        assert out["status"].to_list() == ["M", "M"]
        assert out["members"].to_list() == [["kanagawa", "saitama", "tokyo"], ["chiba", "kanagawa", "tokyo"]]

    def test_skipping_adds_the_others_and_says_which(self) -> None:
        out = aggregate(self.incomplete(), "tokyo_bay_area", missing="skip")
        assert out["value"].to_list() == [6.0, 7.0]
        assert out["status"].to_list() == ["A", "A"]
        assert out["members"].to_list() == [["kanagawa", "saitama", "tokyo"], ["chiba", "kanagawa", "tokyo"]]

    def test_nothing_at_all_is_null_and_not_zero(self) -> None:
        frame = four().with_columns(value=pl.lit(None, dtype=pl.Float64))
        assert aggregate(frame, "tokyo_bay_area", missing="skip")["value"].to_list() == [None]

    def test_a_member_nowhere_in_the_frame_is_named(self) -> None:
        frame = four().filter(pl.col("area") != "chiba")
        with pytest.raises(
            FrameError, match=r"members of tokyo_bay_area are not in the frame: chiba.*missing='skip'"
        ):
            aggregate(frame, "tokyo_bay_area")
        assert aggregate(frame, "tokyo_bay_area", missing="skip")["value"].item() == 6.0

    def test_no_member_at_all_cannot_be_skipped(self) -> None:
        with pytest.raises(FrameError, match="load them too"):
            aggregate(rows({"macao": 1.0}), "tokyo_bay_area", missing="skip")

    def test_another_word_for_missing(self) -> None:
        with pytest.raises(UsageError, match="'null' or 'skip'"):
            aggregate(four(), "tokyo_bay_area", missing="zero")  # type: ignore[arg-type]


class TestWhatCannotBeAdded:
    @pytest.mark.parametrize(
        ("definition", "says"),
        [
            ({"tokyo_bay_area": "capital_region"}, "id of one definition, or a list of members"),
            ([{"tokyo": 1}], "named by the ids of areas"),
            ([], "empty"),
        ],
    )
    def test_a_definition_that_is_none(self, definition: Any, says: str) -> None:
        with pytest.raises(UsageError, match=says):
            aggregate(four(), "tokyo_bay_area", definition=definition)

    @pytest.mark.parametrize(
        ("unit", "indicator"),
        [
            ("percent", "gdp_real_growth"),
            ("percent", "gdp"),
            ("JPY", "gdp_per_capita"),
            ("index 2015=100", "gdp"),
            ("persons per head", "turnover"),
            ("persons", "gongbei_passengers"),
        ],
    )
    def test_rates_and_ratios(self, unit: str, indicator: str) -> None:
        with pytest.raises(FrameError, match="cannot be added over areas: aggregate the levels first"):
            aggregate(four(unit=unit, indicator=indicator), "tokyo_bay_area")

    def test_currencies(self) -> None:
        frame = pl.concat([rows({"hong_kong": 1.0}, unit="HKD"), rows({"macao": 1.0}, unit="MOP")])
        with pytest.raises(FrameError, match=r"aggregate needs one unit.*gba.convert"):
            aggregate(frame, "both", definition=["hong_kong", "macao"])

    def test_calendar_and_fiscal_years(self) -> None:
        frame = pl.concat([rows({"tokyo": 1.0}, date(2022, 4, 1)), rows({"chiba": 1.0}, date(2022, 1, 1))])
        with pytest.raises(FrameError, match=r"calendar and fiscal years.*to_calendar_year"):
            aggregate(frame, "both", definition=["tokyo", "chiba"])

    @pytest.mark.parametrize(
        ("column", "one", "other"), [("prices", "current", "constant 2015"), ("adjustment", "nsa", "sa")]
    )
    @pytest.mark.parametrize("missing", ["null", "skip"])
    def test_price_bases_and_adjustments(self, column: str, one: str, other: str, missing: str) -> None:
        frame = rows({"tokyo": 1.0, "chiba": 1.0}).with_columns(pl.Series(column, [one, other]))
        with pytest.raises(FrameError, match=rf"members differ in '{column}' .*frame.filter"):
            aggregate(frame, "both", definition=["tokyo", "chiba"], missing=missing)  # type: ignore[arg-type]

    def test_two_price_bases_of_every_member_are_two_series(self) -> None:
        frame = pl.concat([four(prices="current"), four(prices="constant 2015")])
        assert aggregate(frame, "tokyo_bay_area")["value"].to_list() == [10.0, 10.0]

    def test_a_member_twice_in_one_period(self) -> None:
        with pytest.raises(FrameError, match="two values for chiba"):
            aggregate(pl.concat([four(), rows({"chiba": 9.0})]), "tokyo_bay_area")

    def test_indicators_of_two_subjects(self) -> None:
        frame = pl.concat([four(indicator="gdp"), four(indicator="container_throughput")])
        with pytest.raises(FrameError, match=r"economy and ports.*pass subject="):
            aggregate(frame, "tokyo_bay_area")

    def test_a_frame_without_areas(self) -> None:
        with pytest.raises(FrameError, match="needs the column 'area'"):
            aggregate(four().drop("area"), "tokyo_bay_area")

    def test_an_unknown_bay(self) -> None:
        with pytest.raises(UnknownNameError, match="tokyo_bay_area"):
            aggregate(four(), "tokio_bay_area")

    def test_an_empty_list_of_members(self) -> None:
        with pytest.raises(UsageError, match="empty"):
            aggregate(four(), "nothing", definition=[])


values = st.lists(st.floats(-1e12, 1e12), min_size=4, max_size=4)


@settings(max_examples=50, deadline=None)
@given(values=values)
def test_parts_add_up_in_any_order_and_grouping(values: list[float]) -> None:
    frame = rows(dict(zip(TOKYO, values, strict=True)))
    whole = aggregate(frame, "tokyo_bay_area")["value"].item()
    halves = [
        aggregate(frame.reverse(), name, definition=part).drop("members")
        for name, part in (("north", TOKYO[2:]), ("south", TOKYO[:2]))
    ]
    again = aggregate(pl.concat(halves), "whole", definition=["north", "south"])["value"].item()
    assert whole == pytest.approx(sum(values), rel=1e-9, abs=1e-3)
    assert again == pytest.approx(whole, rel=1e-9, abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(values=values, scale=st.sampled_from([-2.0, 0.25, 8.0]))
def test_scaling_the_parts_scales_the_whole(values: list[float], scale: float) -> None:
    frame = rows(dict(zip(TOKYO, values, strict=True)))
    scaled = aggregate(frame.with_columns(pl.col("value") * scale), "tokyo_bay_area")["value"].item()
    assert scaled == pytest.approx(aggregate(frame, "tokyo_bay_area")["value"].item() * scale, abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(values=values)
def test_conversion_distributes_over_the_sum(values: list[float]) -> None:
    frame = rows(dict(zip(TOKYO, values, strict=True)))
    rates = pl.DataFrame(
        {"period": [date(2022, 1, 1)], "value": [131.4588], "unit": "JPY per USD", "frequency": "A"}
    )
    one_way = aggregate(convert(frame, rates=rates), "tokyo_bay_area")["value"].item()
    other_way = convert(aggregate(frame, "tokyo_bay_area"), rates=rates)["value"].item()
    assert one_way == pytest.approx(other_way, rel=1e-9, abs=1e-4)


def test_a_sum_of_chain_linked_volumes_says_that_it_is_none_of_the_whole() -> None:
    parts = pl.DataFrame(
        {"area": ["a", "b"], "period": date(2023, 1, 1), "value": [2.0, 1.0], "prices": "chained 2017"}
    )
    method = aggregate(parts, "both", definition=["a", "b"])["method"].item()
    assert method.startswith(
        "sum of 2 members (given by the user), near the chain-linked volume of the whole"
    )
    constant = parts.with_columns(prices=pl.lit("constant 2017"))
    assert (
        aggregate(constant, "both", definition=["a", "b"])["method"].item()
        == "sum of 2 members (given by the user)"
    )
