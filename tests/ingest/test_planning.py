"""What is due, by hand: calendars of monthly, quarterly, daily and fiscal series, rest, and clocks that are wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import Feed, catalog, parse_period
from gbaindicators.errors import DatabaseError, UnknownNameError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.memory import Memory, key_of
from gbaindicators.ingest.planning import expected_day, services_of, turn_of, turns_of
from gbaindicators.tables.observations import COLUMNS

MONTHLY = Feed("censtatd", "cpi", "hong_kong", "M", "index", {}, lag=25, recheck=30)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "latest", "lag", "expected"),
    [
        ("M", date(2026, 1, 1), 25, date(2026, 3, 25)),  # February ends on the 28th
        ("M", date(2023, 12, 1), 25, date(2024, 2, 25)),  # into the next year
        ("Q", date(2025, 10, 1), 45, date(2026, 5, 15)),
        ("S", date(2025, 7, 1), 45, date(2026, 8, 14)),
        ("A", date(2024, 1, 1), 200, date(2026, 7, 19)),
        ("A", date(2022, 4, 1), 0, date(2024, 3, 31)),  # a fiscal year
        ("W", date(2026, 3, 2), 3, date(2026, 3, 18)),
        ("D", date(2026, 3, 8), 2, date(2026, 3, 11)),
    ],
)
def test_day_on_which_the_next_figure_is_expected(
    frequency: str, latest: date, lag: int, expected: date
) -> None:
    assert expected_day(replace(MONTHLY, frequency=frequency, lag=lag), latest) == expected


def test_never_asked_is_due() -> None:
    turn = turn_of(MONTHLY, None, None, NOON)
    assert (turn.due, turn.why, turn.expected, turn.late(NOON.date())) == (True, "never asked", None, 0)


def test_what_was_asked_today_rests_however_late_it_is() -> None:
    turn = turn_of(MONTHLY, date(2025, 6, 1), NOON - timedelta(hours=19), NOON)
    assert not turn.due
    assert turn.late(NOON.date()) == (NOON.date() - date(2025, 8, 25)).days
    assert turn_of(MONTHLY, date(2025, 6, 1), NOON - timedelta(hours=20), NOON).due


def test_due_from_the_day_on_which_the_figure_is_expected() -> None:
    yesterday = NOON - timedelta(days=1)
    turns = [turn_of(MONTHLY, date(2025, month, 1), yesterday, NOON) for month in (11, 12)]
    assert [turn.due for turn in turns] == [True, True]
    assert turns[1].why == "2026-01 expected since 2026-02-25"
    waiting = turn_of(MONTHLY, date(2026, 1, 1), yesterday, NOON)
    assert (waiting.due, waiting.why) == (False, "next figure expected 2026-03-25")
    assert turn_of(MONTHLY, date(2026, 1, 1), yesterday, NOON.replace(day=25)).due


def test_looked_at_again_for_revisions() -> None:
    annual = replace(MONTHLY, frequency="A", lag=300, recheck=30)
    asked = [turn_of(annual, date(2025, 1, 1), NOON - timedelta(days=days), NOON) for days in (29, 30)]
    assert [turn.due for turn in asked] == [False, True]
    assert asked[1].why == "not looked at for revisions since 2026-02-08"


def test_asked_without_an_answer_that_held_a_figure() -> None:
    turn = turn_of(MONTHLY, None, NOON - timedelta(days=2), NOON)
    assert (turn.due, turn.why) == (True, "asked before, but no figure came")


def test_a_clock_that_was_set_back_delays_nothing() -> None:
    turn = turn_of(MONTHLY, date(2026, 1, 1), NOON + timedelta(days=400), NOON)
    assert turn.due and "set back" in turn.why


def known(*rows: tuple[str, str, str]) -> pl.DataFrame:
    own = [
        {"indicator": indicator, "area": "hong_kong", "period": period, "value": value, "adjustment": "nsa"}
        for indicator, period, value in rows
    ]
    return pl.DataFrame(own).with_columns(
        pl.lit("").alias(c) for c in COLUMNS if c not in (own[0] if own else {})
    )


def test_turns_of_a_service_look_at_the_last_figure_that_is_one(tmp_path: Path) -> None:
    quarterly = replace(MONTHLY, indicator="gdp", frequency="Q")
    service = replace(catalog().services["censtatd"], feeds=(MONTHLY, quarterly))
    memory = Memory(tmp_path, "censtatd")
    memory.keep([MONTHLY], {}, NOON - timedelta(days=1), {})
    rows = known(
        ("cpi", "2025-12", "1"), ("cpi", "2026-01", "1"), ("cpi", "2026-02", ""), ("cpi", "2025-Q4", "1")
    )
    turns = turns_of(service, rows, memory, NOON)
    assert [(turn.feed, turn.due, turn.latest) for turn in turns] == [
        (MONTHLY, False, parse_period("2026-01").start),
        (quarterly, True, None),
    ]


def test_one_service_is_named_by_its_id_alone() -> None:
    assert [one.id for one in services_of(catalog(), "worldbank")] == ["worldbank"]


def test_services_by_name() -> None:
    assert [one.id for one in services_of(catalog(), ["immd", "fred", "immd"])] == ["immd", "fred"]
    assert all(one.feeds for one in services_of(catalog(), None))
    with pytest.raises(UnknownNameError, match="did you mean 'worldbank'"):
        services_of(catalog(), ["worldbnk"])


def test_memory_is_kept_and_a_damaged_one_says_so(tmp_path: Path) -> None:
    request = Request("https://x.org/a", (MONTHLY,), query={"b": "1", "a": "2"})
    memory = Memory(tmp_path, "censtatd")
    memory.keep(
        [MONTHLY], {key_of(request): {"etag": "e", "modified": "", "sha256": "s"}}, NOON, {"x": "why"}
    )
    again = Memory(tmp_path, "censtatd")
    assert again.asked(MONTHLY) == NOON
    assert again.answer(request)["etag"] == "e"
    assert again.answer(replace(request, query={"a": "2", "b": "1"}))["etag"] == "e"
    (tmp_path / "asked" / "censtatd.json").write_text("{")
    with pytest.raises(DatabaseError, match="delete it"):
        Memory(tmp_path, "censtatd")


def test_an_answer_is_another_one_for_other_series_or_another_reading() -> None:
    request = Request("https://x.org/file.csv", (MONTHLY,))
    added = replace(request, feeds=(MONTHLY, replace(MONTHLY, area="macao")))
    recoded = replace(request, feeds=(replace(MONTHLY, code={"column": "2"}),))
    later = replace(request, about=date(2026, 1, 1))
    posted = replace(request, form={"query": "{}"})
    assert len({key_of(one) for one in (request, added, recoded, later, posted)}) == 5
    assert key_of(added) == key_of(replace(request, feeds=added.feeds[::-1]))


def test_a_series_that_has_ended_is_neither_expected_nor_late() -> None:
    feed = replace(MONTHLY, end="2024-07")
    turn = turn_of(feed, date(2024, 7, 1), NOON - timedelta(days=2), NOON)
    assert (turn.due, turn.expected, turn.late(NOON.date())) == (False, None, 0)
    assert turn.why == "the series has ended"
    assert turn_of(feed, date(2024, 7, 1), NOON - timedelta(days=feed.recheck), NOON).due
    assert turn_of(feed, date(2024, 6, 1), NOON - timedelta(days=2), NOON).due
