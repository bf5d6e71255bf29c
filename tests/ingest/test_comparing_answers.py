"""What an answer would change: by hand, and that nothing depends on order, repetition or asking again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.comparing import CHANGES, Comparison, compare
from gbaindicators.ingest.exchange import page_rows
from gbaindicators.tables.observations import COLUMNS

SERVICE = catalog().services["worldbank"]
GDP = Feed("worldbank", "gdp", "macao", "A", "MOP", {}, scale=9, prices="current")
RATE = Feed("worldbank", "unemployment_rate", "macao", "A", "percent", {}, most_revised=1.0)
DAY = date(2026, 3, 10)
NOTHING = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))


def told(figures: dict[str, str], feed: Feed = GDP, **more: Any) -> pl.DataFrame:
    """Rows of an answer: value by period; a value may be ``value@vintage``."""
    rows = []
    for period, text in figures.items():
        for one in text.split():
            value, _, vintage = one.partition("@")
            value = value.replace("-none-", "")
            status = {"status": "M"} if not value else {}
            rows.append({"feed": feed.id, "period": period, "value": value, "vintage": vintage, "locator": "row", **status, **more})  # fmt: skip
    return page_rows(rows, (feed,))


def compared(
    rows: pl.DataFrame | dict[str, str], known: pl.DataFrame = NOTHING, *, feeds: Sequence[Feed] = (GDP,),
    since: date | None = None, today: date = DAY,
) -> Comparison:  # fmt: skip
    frame = told(rows, feeds[0]) if isinstance(rows, dict) else rows
    return compare(SERVICE, feeds, frame, known, catalog(), since=since, today=today)


def accepted(*answers: Comparison) -> pl.DataFrame:
    return pl.concat([NOTHING, *(one.figures.select(COLUMNS) for one in answers)])


def changes(found: Comparison) -> list[tuple[str, str, str | None, str]]:
    return found.changes.select("period", "change", "known_value", "value").rows()


FIVE = {"2019": "1", "2020": "2", "2021": "3", "2022": "4", "2023": "5"}
KNOWN = accepted(compared(FIVE))


def test_first_answer_is_new_with_the_day_as_its_vintage() -> None:
    found = compared({"2022": "4", "2023": "5.5"})
    assert changes(found) == [("2022", "new", None, "4"), ("2023", "new", None, "5.5")]
    assert found.objections == {}
    assert found.figures.select("indicator", "area", "period", "value", "unit", "scale", "prices", "vintage", "source").row(1) == (
        "gdp", "macao", "2023", "5.5", "MOP", "9", "current", "2026-03-10", "worldbank",
    )  # fmt: skip
    assert found.changes.columns == list(CHANGES)
    assert found.changes["amount"].to_list() == [4e9, 5.5e9]


def test_the_same_again_changes_nothing() -> None:
    found = compared(FIVE, KNOWN, today=date(2027, 1, 1))
    assert (found.figures.height, found.changes.height, found.objections) == (0, 0, {})


def test_revised_and_new() -> None:
    found = compared({**FIVE, "2023": "5.1", "2024": "6"}, KNOWN, today=date(2026, 4, 1))
    assert changes(found) == [("2023", "revised", "5", "5.1"), ("2024", "new", None, "6")]
    assert found.figures["vintage"].to_list() == ["2026-04-01"] * 2
    assert found.objections == {}


def test_the_same_amount_in_other_words_is_no_revision() -> None:
    assert changes(compared(told(FIVE | {"2023": "5000"}).with_columns(
        scale=pl.when(pl.col("value") == "5000").then(pl.lit("6")).otherwise("scale")), KNOWN)) == []  # fmt: skip
    assert changes(compared({**FIVE, "2023": "5.000"}, KNOWN)) == []


def test_another_status_is_restated() -> None:
    rows = told(FIVE).with_columns(
        status=pl.when(pl.col("period") == "2023").then(pl.lit("P")).otherwise("status")
    )
    found = compared(rows, KNOWN)
    assert changes(found) == [("2023", "restated", "5", "5")]
    assert found.objections == {}


def test_withdrawn_figures_are_held() -> None:
    found = compared({**FIVE, "2023": "-none-"}, KNOWN)
    assert changes(found) == [("2023", "withdrawn", "5", "")]
    assert found.objections == {GDP.id: ["1 known figure is withdrawn: 2023"]}
    assert (found.allowed().height, found.held().height) == (0, 1)
    known = pl.concat([KNOWN, accepted(found)])
    assert changes(compared({**FIVE, "2023": "-none-"}, known)) == []
    back = compared(FIVE, known, today=date(2026, 5, 1))
    assert changes(back) == [("2023", "new", "", "5")]


def test_figures_that_are_gone_are_held_and_become_missing_if_accepted() -> None:
    found = compared({k: v for k, v in FIVE.items() if k > "2020"}, KNOWN, today=date(2026, 5, 1))
    assert [row[:3] for row in changes(found)] == [("2019", "gone", "1"), ("2020", "gone", "2")]
    assert found.objections == {GDP.id: ["2 known figures are no longer given: 2019 to 2020"]}
    rows = found.figures.select("value", "status", "vintage", "note").unique().rows()
    assert rows == [("", "M", "2026-05-01", "the service no longer gives the figure")]
    known = pl.concat([KNOWN, accepted(found)])
    assert changes(compared({k: v for k, v in FIVE.items() if k > "2020"}, known)) == []


def test_an_empty_series_is_held() -> None:
    for rows in (told({}), told(dict.fromkeys(FIVE, "-none-"))):
        found = compared(rows, KNOWN)
        assert found.objections == {GDP.id: ["the series is empty; 5 figures were known"]}
        assert found.held().height == 5


def test_another_unit_is_held() -> None:
    rows = told({**FIVE, "2024": "6"}, unit="USD")
    found = compared(rows, KNOWN)
    assert "the unit is USD; known figures are in MOP" in found.objections[GDP.id]
    assert set(found.changes["change"]) == {"restated", "new"}
    assert found.allowed().height == 0


def test_more_revised_than_may_be_is_held() -> None:
    one = {**FIVE, "2023": "5.1"}
    two = {**one, "2022": "4.1"}
    assert compared(one, KNOWN).objections == {}
    assert compared(two, KNOWN).objections == {
        GDP.id: ["2 of 5 known figures change (40%; more than 25% asks for a look): 2022 to 2023"]
    }
    assert compared(two, KNOWN, feeds=(replace(GDP, most_revised=0.4),)).objections == {}


@pytest.mark.parametrize(
    ("period", "value", "held"),
    [("2024", "50", False), ("2024", "51", True), ("2024", "0.4", True), ("2024", "0", True), ("2023", "50.1", True)],
)  # fmt: skip
def test_leaps_are_held(period: str, value: str, held: bool) -> None:
    found = compared({**FIVE, period: value}, KNOWN)
    assert bool(found.objections) == held
    if held:
        assert "times apart" in found.objections[GDP.id][0]


def test_a_zero_is_no_leap_where_zeros_are_known() -> None:
    ships = Feed(
        "immd", "crossings_arrivals", "hk_kai_tak_cruise_terminal", "D", "persons", {}, largest_move=1e9
    )
    days = {f"2026-01-0{n}": text for n, text in enumerate(("120", "0", "3000"), start=1)}
    known = accepted(compared(days, feeds=(ships,)))
    assert compared({**days, "2026-01-04": "0"}, known, feeds=(ships,)).objections == {}


def test_rates_may_leap() -> None:
    known = accepted(compared({"2019": "0.1", "2020": "2"}, feeds=(RATE,)))
    assert compared({"2019": "0.1", "2020": "2", "2021": "0.05"}, known, feeds=(RATE,)).objections == {}


def test_what_breaks_a_rule_is_held_even_the_first_time() -> None:
    found = compared({"2020": "3", "2021": "103"}, feeds=(RATE,))
    assert found.objections == {
        RATE.id: ["2021: value '103' breaks the rule: is not above what the indicator can be"]
    }
    wrong = compared({"2020": "3", "20x1": "4"}, feeds=(RATE,))
    assert "SDMX period text" in wrong.objections[RATE.id][0]
    early = compared({"2027": "3"}, feeds=(RATE,))
    assert "not before the period begins" in early.objections[RATE.id][0]


def test_one_series_held_leaves_the_others() -> None:
    rows = pl.concat([told({**FIVE, "2024": "6"}), told({"2021": "103"}, RATE)])
    found = compared(rows, KNOWN, feeds=(GDP, RATE))
    assert found.allowed()["feed"].to_list() == [GDP.id]
    assert found.held()["feed"].to_list() == [RATE.id]


def test_earlier_figures_are_not_missed_when_only_later_ones_were_asked_for() -> None:
    since = date(2022, 1, 1)
    assert compared({"2022": "4", "2023": "5"}, KNOWN, since=since).changes.height == 0
    assert compared({"2023": "5"}, KNOWN, since=since).objections == {
        GDP.id: ["1 known figure is no longer given: 2022"]
    }
    assert compared({}, KNOWN, since=date(2024, 1, 1)).objections == {}
    assert "empty" in compared({}, KNOWN, since=since).objections[GDP.id][0]


def test_series_that_were_not_asked_are_not_missed() -> None:
    assert compared({"2021": "3"}, KNOWN, feeds=(RATE,)).objections == {}


# --- vintages ---------------------------------------------------------------------------------------------------------


def test_a_dated_figure_is_compared_with_the_one_before_it_in_time() -> None:
    every = compared({"2019": "1@2020-05-01 1@2020-08-01 1.1@2021-05-01 1@2022-05-01"})
    assert changes(every) == [
        ("2019", "new", None, "1"), ("2019", "revised", "1", "1.1"), ("2019", "revised", "1.1", "1"),
    ]  # fmt: skip
    assert every.figures["vintage"].to_list() == ["2020-05-01", "2021-05-01", "2022-05-01"]
    assert every.objections == {}
    known = accepted(every)
    between = compared({"2019": "1.2@2021-09-01 1@2022-05-01"}, known)
    assert changes(between) == [("2019", "revised", "1.1", "1.2")]
    before = compared({"2019": "0.9@2019-12-31 1@2022-05-01"}, known)
    assert changes(before) == [("2019", "new", None, "0.9")]


def test_an_update_that_left_a_figure_as_it_was_is_no_new_figure() -> None:
    known = accepted(compared({period: f"{value}@2026-01-01" for period, value in FIVE.items()}))
    updated = {period: f"{value}@2026-02-01" for period, value in FIVE.items()} | {"2023": "5.1@2026-02-01"}
    assert changes(compared(updated, known)) == [("2023", "revised", "5", "5.1")]
    anew = {period: f"{float(value) + 0.5}@2026-02-01" for period, value in FIVE.items()}
    assert "5 of 5 known figures change" in compared(anew, known).objections[GDP.id][0]


def test_vintages_before_the_known_ones_fill_backwards_without_objection() -> None:
    earlier = {period: f"{float(value) - 0.1:.1f}@2024-02-01" for period, value in FIVE.items()}
    found = compared({p: f"{earlier[p]} {v}@2026-03-10" for p, v in FIVE.items()}, KNOWN)
    assert set(found.changes["change"]) == {"new"}
    assert (found.changes.height, found.objections) == (5, {})


def test_what_was_withdrawn_once_and_came_back_is_no_loss() -> None:
    found = compared({"2019": "1@2020-05-01 -none-@2021-05-01 1.1@2022-05-01"})
    assert found.changes["change"].to_list() == ["new", "withdrawn", "new"]
    assert found.objections == {}


def test_revised_twice_within_a_day_the_last_word_stands() -> None:
    first = compared({**FIVE, "2023": "5.1"}, KNOWN)
    known = pl.concat([KNOWN, accepted(first)])
    second = compared({**FIVE, "2023": "5.2"}, known)
    assert changes(second) == [("2023", "revised", "5.1", "5.2")]
    assert second.figures["vintage"].to_list() == ["2026-03-10"]


def test_a_clock_that_went_back_gives_no_vintage_before_a_known_one() -> None:
    found = compared({**FIVE, "2023": "5.1"}, KNOWN, today=date(2025, 1, 1))
    assert found.figures["vintage"].to_list() == ["2026-03-10"]
    of_a_month = KNOWN.with_columns(vintage=pl.lit("2026-05"))
    assert compared({**FIVE, "2023": "5.1"}, of_a_month).figures["vintage"].to_list() == ["2026-05-31"]


# --- whatever comes ---------------------------------------------------------------------------------------------------

PERIODS = st.sampled_from([str(year) for year in range(2015, 2024)])
VALUES = st.sampled_from(["1", "2", "2.50", "2.5", "30", "0", "-none-"])
VINTAGES = st.sampled_from(["2024-01-31", "2024-06-30", "2025-01-31", "2025-06-30"])
UNDATED = st.dictionaries(PERIODS, VALUES, max_size=9)
DATED = st.dictionaries(
    PERIODS,
    st.dictionaries(VINTAGES, VALUES, min_size=1, max_size=3).map(
        lambda several: " ".join(f"{value}@{vintage}" for vintage, value in several.items())
    ),
    max_size=6,
)
ANSWERS = st.one_of(UNDATED, DATED)


@settings(max_examples=20, deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=3))
def test_whatever_was_accepted_the_same_answer_changes_nothing(answers: list[dict[str, str]]) -> None:
    known = NOTHING
    for answer in answers:
        known = pl.concat([known, accepted(compared(answer, known))])
        assert compared(answer, known).changes.height == 0


@settings(max_examples=20, deadline=None)
@given(UNDATED, ANSWERS, st.randoms(use_true_random=False))
def test_order_and_repetition_of_rows_do_not_matter(
    before: dict[str, str], answer: dict[str, str], chance: Any
) -> None:
    known = accepted(compared(before))
    rows = told(answer)
    shuffled = list(range(rows.height)) * 2
    chance.shuffle(shuffled)
    whole, mixed = compared(rows, known), compared(rows[shuffled] if rows.height else rows, known)
    assert mixed.figures.equals(whole.figures)
    assert mixed.changes.equals(whole.changes)
    assert mixed.objections == whole.objections


@settings(max_examples=20, deadline=None)
@given(UNDATED, UNDATED)
def test_nothing_known_is_lost_unseen(before: dict[str, str], answer: dict[str, str]) -> None:
    known = accepted(compared(before))
    found = compared(answer, known)
    figures = {p for p, v in before.items() if v != "-none-"}
    lost = {p for p in figures if answer.get(p, "-none-") == "-none-"}
    if lost:
        assert found.allowed().height == 0
    assert lost == set(found.changes.filter(pl.col("change").is_in(["gone", "withdrawn"]))["period"])
