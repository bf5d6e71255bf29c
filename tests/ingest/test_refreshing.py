"""The job against services that answer with made-up figures: what it takes over, holds back, leaves and publishes."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import gbaindicators as gba
from gbaindicators.catalog import catalog
from gbaindicators.errors import DatabaseError, PeriodError, UnknownNameError, UsageError
from gbaindicators.ingest import Outcome, Refresh, publishing, refreshing
from gbaindicators.ingest.sources import immd, worldbank
from gbaindicators.store import build
from tests.ingest import world as made_up
from tests.ingest.job import KEYS, Job, set_up
from tests.ingest.replay import Answer, Question, dumped, unchanged_or
from tests.ingest.world import HOSTS, MADE, World, served

WORLD_BANK = HOSTS["worldbank"]


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make_datasets: Any) -> Iterator[Job]:
    datasets = make_datasets(gdp=[{"period": "2020"}])
    set_up(monkeypatch, tmp_path, datasets)
    monkeypatch.setattr(made_up, "DAYS", 120)
    with (world := World()):
        yield Job(tmp_path, world)


def states(done: Refresh) -> dict[str, str]:
    return {one.service: one.state for one in done.outcomes}


def outcome(done: Refresh, service: str) -> Outcome:
    return next(one for one in done.outcomes if one.service == service)


def expected(service: str, edition: int) -> dict[tuple[str, str, str], list[str]]:
    return {
        (feed.indicator, feed.area, feed.frequency): list(served(feed, edition).values())
        for feed in catalog().services[service].feeds
    }


def found(job: Job, service: str) -> dict[tuple[str, str, str], list[str]]:
    return {series: list(figures.values()) for series, figures in job.figures(service).items()}


def refuse(status: int = 503) -> Callable[[Question, int], Answer]:
    return lambda asked, edition: Answer(b"out of service", status, "text/plain")


def changed(
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
) -> Callable[[Question, int], Answer]:
    """The World Bank's answer with other rows."""

    def answer(asked: Question, edition: int) -> Answer:
        head, rows = json.loads(MADE[WORLD_BANK](asked, edition).body)
        rows = change(rows)
        return dumped([head | {"total": len(rows)}, rows])

    return answer


# --- what is taken over -----------------------------------------------------------------------------------------------


def test_from_an_empty_home_to_a_published_database(job: Job) -> None:
    done = job.refresh(*HOSTS)
    assert done.well and done.published and done.database == job.database
    assert set(states(done).values()) == {"accepted"}
    for service in HOSTS:
        assert found(job, service) == expected(service, 0)
    assert outcome(done, "worldbank").new == 44 * made_up.YEARS
    figures = gba.load("cpi", "united_states", all_sources=True).filter(source="fred")
    assert set(figures["vintage"]) == {date(2026, 3, 10)}
    assert done.services()["service"].to_list() == list(HOSTS)


def test_the_second_time_nothing_is_fetched_and_nothing_changes(job: Job) -> None:
    job.refresh(*HOSTS)
    before, asked = job.database.stat(), len(job.world.questions)
    archived = job.batches()
    done = job.refresh(*HOSTS)
    assert set(states(done).values()) == {"not due"} and done.well and not done.published
    assert len(job.world.questions) == asked
    after = job.database.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert job.batches() == archived


def test_asked_again_by_force_the_same_answers_change_nothing(job: Job) -> None:
    job.refresh(*HOSTS)
    before, archived = job.database.stat(), job.batches()
    done = job.refresh(*HOSTS, force=True, day="2026-03-11")
    assert set(states(done).values()) == {"unchanged"} and not done.published
    assert job.database.stat().st_ino == before.st_ino and job.batches() == archived


def test_a_file_that_the_service_calls_unchanged_is_not_sent_again(job: Job) -> None:
    def file(asked: Question, edition: int) -> Answer:
        return unchanged_or(MADE[HOSTS["immd"]](asked, edition).body, asked, "text/csv")

    job.world.made[HOSTS["immd"]] = file
    assert states(job.refresh("immd")) == {"immd": "accepted"}
    done = job.refresh("immd", day="2026-03-20")
    assert (outcome(done, "immd").requests, outcome(done, "immd").state) == (1, "unchanged")
    assert job.world.questions[-1].headers["If-None-Match"]
    # nor does it hide what is new, nor what was lost and is asked for by force
    job.world.edition = 1
    assert states(job.refresh("immd", day="2026-03-30")) == {"immd": "accepted"}
    job.refresh("immd", day="2026-03-30", force=True)
    assert "If-None-Match" not in job.world.questions[-1].headers


def test_a_series_that_is_added_to_a_file_that_is_known_is_read(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def file(asked: Question, edition: int) -> Answer:
        return unchanged_or(MADE[HOSTS["immd"]](asked, edition).body, asked, "text/csv")

    job.world.made[HOSTS["immd"]] = file
    whole = catalog().services["immd"]
    fewer = dataclasses.replace(whole, feeds=whole.feeds[:64])
    services = dict(catalog().services)
    monkeypatch.setattr(refreshing, "services_of", lambda names, ids: [fewer])
    monkeypatch.setattr(immd, "_strangers", lambda table: [])
    assert outcome(job.refresh("immd"), "immd").asked == 64
    monkeypatch.setattr(refreshing, "services_of", lambda names, ids: [services["immd"]])
    done = job.refresh("immd")
    assert (outcome(done, "immd").asked, outcome(done, "immd").new) == (64, 64 * made_up.DAYS)


def test_revised_figures_are_known_as_of_each_day(job: Job) -> None:
    feed = next(f for f in catalog().services["fred"].feeds if f.code["series"] == "CPIAUCSL")
    for edition, day in ((0, "2026-03-10"), (1, "2026-03-20"), (2, "2026-03-30")):
        job.world.edition = edition
        done = job.refresh("fred", day=day, force=True)
        assert outcome(done, "fred").revised == (20 if edition else 0)
    last = list(served(feed, 0))[-1]

    def told(as_of: str | None) -> float:
        frame = gba.load("cpi", "united_states", start=last, as_of=as_of, all_sources=True)
        return float(frame.filter(source="fred", adjustment="sa").sort("vintage")["value"][-1])

    values = [float(served(feed, edition)[last]) for edition in (0, 1, 2)]
    assert len(set(values)) == 3
    assert [told(day) for day in ("2026-03-10", "2026-03-19", "2026-03-20", "2026-03-30", None)] == [
        values[0], values[0], values[1], values[2], values[2],
    ]  # fmt: skip
    with pytest.raises(UsageError):
        gba.load("cpi", "united_states", start=last, as_of="2026-03-09")


def test_an_update_of_the_world_bank_adds_only_what_it_changed(job: Job) -> None:
    job.refresh("worldbank")
    job.world.edition = 1
    done = job.refresh("worldbank", force=True)
    one = outcome(done, "worldbank")
    assert (one.new, one.revised, one.held) == (0, 2 * 44, 0)


def test_totals_of_hong_kong_are_summed_anew_for_each_vintage(job: Job) -> None:
    totals = {}
    for edition, day in ((0, "2026-03-10"), (1, "2026-03-12")):
        job.world.edition = edition
        assert job.refresh("immd", day=day, force=True).well
        totals[day] = [
            sum(map(int, of_day))
            for of_day in zip(
                *(served(f, edition).values() for f in catalog().services["immd"].feeds if f.indicator == "crossings_arrivals"),
                strict=True,
            )
        ]  # fmt: skip
    for day, sums in totals.items():
        frame = gba.load("crossings_arrivals", "hong_kong", frequency="D", as_of=day)
        assert frame["value"].to_list() == sums
    assert totals["2026-03-10"][:-2] == totals["2026-03-12"][:-2]
    assert totals["2026-03-10"][-2:] != totals["2026-03-12"][-2:]
    assert (
        gba.load("crossings_arrivals", "hong_kong", frequency="D")["value"].to_list() == totals["2026-03-12"]
    )


def test_only_later_figures_are_asked_for_and_earlier_ones_are_not_missed(job: Job) -> None:
    job.refresh("immd", "fred")
    job.world.edition = 1
    done = job.refresh("immd", "fred", since="2021-04-20", day="2026-03-12")
    assert done.well
    asked = [q.query.get("observation_start") for q in job.world.questions if q.path.endswith("observations")]
    assert set(asked[-10:]) == {"2021-04-20"}
    assert found(job, "immd") == expected("immd", 1)
    with pytest.raises(PeriodError):
        job.refresh("immd", since="yesterday")


def test_part_of_a_series_first_and_the_rest_later(job: Job) -> None:
    job.refresh("immd", since="2021-04-20")
    assert {min(figures) for figures in job.figures("immd").values()} == {"2021-04-20"}
    assert job.refresh("immd", force=True).well
    assert found(job, "immd") == expected("immd", 0)


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_one_service_that_fails_leaves_the_others_standing(job: Job) -> None:
    job.refresh(*HOSTS)
    job.world.edition = 1
    job.world.made[WORLD_BANK] = refuse()
    done = job.refresh(*HOSTS, force=True, day="2026-03-12")
    assert states(done) == {"worldbank": "failed", "fred": "accepted", "immd": "accepted"}
    assert not done.well and done.published
    assert any("503" in reason for reason in outcome(done, "worldbank").reasons)
    assert found(job, "worldbank") == expected("worldbank", 0)
    assert found(job, "fred") == expected("fred", 1)
    job.world.made[WORLD_BANK] = MADE[WORLD_BANK]
    assert job.refresh(*HOSTS, force=True, day="2026-03-12").well
    assert found(job, "worldbank") == expected("worldbank", 1)


def test_a_series_that_fails_is_asked_again_and_the_others_of_its_service_are_not(job: Job) -> None:
    def wrong(asked: Question, edition: int) -> Answer:
        whole = made_up.fred(asked, edition)
        return dumped({"observations": []}) if asked.query.get("series_id") == "CPIAUCSL" else whole

    job.world.made[HOSTS["fred"]] = wrong
    done = job.refresh("fred")
    assert outcome(done, "fred").state == "failed"
    assert set(expected("fred", 0)) - set(found(job, "fred")) == {("cpi", "united_states", "M")}
    job.world.made[HOSTS["fred"]] = made_up.fred
    done = job.refresh("fred")
    assert (outcome(done, "fred").asked, outcome(done, "fred").state) == (1, "accepted")
    assert found(job, "fred") == expected("fred", 0)


def test_a_connector_that_breaks_costs_only_its_own_series(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = worldbank.parse

    def broken(body: bytes, request: Any) -> Any:
        if request.feeds[0].indicator == "gdp":
            raise KeyError("surprise")
        return whole(body, request)

    monkeypatch.setattr(worldbank, "parse", broken)
    done = job.refresh("worldbank", "fred")
    one = outcome(done, "worldbank")
    assert one.state == "failed" and "KeyError: 'surprise'" in one.reasons[0]
    assert one.new == 39 * made_up.YEARS
    assert states(done)["fred"] == "accepted"


def test_without_a_key_a_service_is_passed_over_unless_it_is_named(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = catalog().services
    monkeypatch.setattr(
        refreshing, "services_of", lambda names, ids: [services["fred"], services["worldbank"]]
    )
    done = job.refresh(key=False)
    assert states(done) == {"fred": "no key", "worldbank": "accepted"} and done.well
    assert outcome(done, "fred").reasons == ("set FRED_API_KEY to ask fred",)
    assert job.world.asked_of(HOSTS["fred"]) == 0
    named = job.refresh("fred", key=False)
    assert states(named)["fred"] == "failed" and not named.well
    assert "FRED_API_KEY" in outcome(named, "fred").reasons[0]


def test_unknown_service(job: Job) -> None:
    with pytest.raises(UnknownNameError, match="unknown service 'worldbnk'"):
        job.refresh("worldbnk")


def test_what_a_kill_between_two_services_left_is_taken_up(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as while_killed:
        while_killed.setattr(refreshing, "publish", kill)
        with pytest.raises(Killed):
            job.refresh("fred")
    assert not job.database.exists()
    # the answers are there already: nothing is asked again of the first service, and all is published
    asked = job.world.asked_of(HOSTS["fred"])
    done = job.refresh("fred", "worldbank")
    assert states(done) == {"fred": "not due", "worldbank": "accepted"} and done.published
    assert job.world.asked_of(HOSTS["fred"]) == asked
    assert found(job, "fred") == expected("fred", 0)


# --- what is held back ------------------------------------------------------------------------------------------------


def leap(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every figure of Macao a thousand times what it was."""
    return [row | {"value": row["value"] * 1000} if row["countryiso3code"] == "MAC" else row for row in rows]


def test_held_back_reviewed_and_accepted(job: Job) -> None:
    job.refresh("worldbank", "fred")
    job.world.made[WORLD_BANK] = changed(leap)
    done = job.refresh("worldbank", force=True, day="2026-03-12")
    one = outcome(done, "worldbank")
    assert (one.state, done.well, done.published) == ("held", False, False)
    held = gba.held_changes()
    assert set(held["area"]) == {"macao"} and set(held["change"]) == {"revised"}
    assert held.height == one.held == len(set(held["feed"])) * made_up.YEARS
    assert any("known figures change (100%" in reason for reason in one.reasons)
    assert found(job, "worldbank") == expected("worldbank", 0)
    # it waits, and the job goes on saying so, though nothing is asked again at once
    asked = len(job.world.questions)
    again = job.refresh("worldbank", day="2026-03-12")
    assert (states(again), len(job.world.questions)) == ({"worldbank": "held"}, asked)
    assert outcome(again, "worldbank").held == one.held
    # one series by hand, then the rest
    first = gba.accept_held(["worldbank:population_midyear/macao"])
    assert outcome(first, "worldbank").revised == made_up.YEARS and first.published
    assert outcome(first, "worldbank").held == one.held - made_up.YEARS
    assert set(gba.held_changes()["feed"]) == set(held["feed"]) - {"population_midyear/macao/A/nsa"}
    rest = gba.accept_held(["worldbank"])
    assert rest.well and rest.published and gba.held_changes().height == 0
    values = job.figures("worldbank")["population_midyear", "macao", "A"].values()
    known = served(catalog().services["worldbank"].feed("population_midyear/macao/A/nsa"), 0).values()
    assert [float(v) for v in values] == pytest.approx([1000 * float(v) for v in known])
    # and the next refresh finds nothing new
    after = job.refresh("worldbank", force=True, day="2026-03-14")
    assert states(after) == {"worldbank": "unchanged"} and after.well


def test_nothing_is_taken_over_when_one_of_the_names_is_not_held(job: Job) -> None:
    job.refresh("worldbank")
    job.world.made[WORLD_BANK] = changed(leap)
    job.refresh("worldbank", force=True)
    before = job.batches()
    with pytest.raises(UsageError, match=r"nothing is held back of fred; held back: worldbank:.*/macao/"):
        gba.accept_held(["worldbank", "fred"])
    assert job.batches() == before and gba.held_changes().height


def test_what_is_named_twice_is_taken_over_once(job: Job) -> None:
    """The second name would find nothing held any more, with the figures taken over and no database published."""
    job.refresh("worldbank")
    job.world.made[WORLD_BANK] = changed(leap)
    job.refresh("worldbank", force=True)
    done = gba.accept_held(["worldbank:population_midyear/macao", "worldbank", "worldbank"])
    assert [one.service for one in done.outcomes] == ["worldbank"]
    assert done.published and gba.held_changes().height == 0


def test_one_name_may_be_given_as_it_is(job: Job) -> None:
    job.refresh("worldbank")
    job.world.made[WORLD_BANK] = changed(leap)
    job.refresh("worldbank", force=True)
    assert outcome(gba.accept_held("worldbank"), "worldbank").state == "accepted"


def test_what_is_held_back_gives_way_to_a_sound_answer(job: Job) -> None:
    job.refresh("worldbank")
    job.world.made[WORLD_BANK] = changed(leap)
    assert states(job.refresh("worldbank", force=True)) == {"worldbank": "held"}
    job.world.made[WORLD_BANK] = MADE[WORLD_BANK]
    done = job.refresh("worldbank", force=True)
    assert states(done) == {"worldbank": "unchanged"} and done.well
    assert gba.held_changes().height == 0


def test_history_that_is_gone_is_held(job: Job) -> None:
    job.refresh("worldbank")
    job.world.made[WORLD_BANK] = changed(lambda rows: [row for row in rows if row["date"] > "1950"])
    done = job.refresh("worldbank", force=True)
    assert outcome(done, "worldbank").held == 11 * 44
    assert "no longer given: 1940 to 1950" in outcome(done, "worldbank").reasons[0]
    assert "and 42 more" in outcome(done, "worldbank").reasons[0]
    assert found(job, "worldbank") == expected("worldbank", 0)
    gba.accept_held(["worldbank"])
    assert {min(f for f, v in figures.items() if v) for figures in job.figures("worldbank").values()} == {
        "1951-01-01"
    }
    assert gba.load("population_midyear", "macao", as_of="2026-03-01", all_sources=True).filter(source="worldbank").height == made_up.YEARS  # fmt: skip


# --- publishing -------------------------------------------------------------------------------------------------------


def test_the_published_database_answers_all_the_time(job: Job) -> None:
    job.refresh("fred")
    stop, failed, reads = threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                reads.append(len(job.figures("fred")))
            except Exception as error:  # noqa: BLE001
                failed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for edition in (1, 2):
        job.world.edition = edition
        job.refresh("fred", force=True, day="2026-03-12")
    stop.set()
    reader.join()
    assert not failed and set(reads) == {10}


def test_a_database_of_ones_own_is_left_alone(job: Job, make_datasets: Any) -> None:
    own = make_datasets(gdp=[{"period": "2019", "value": "1"}])
    build(own)
    before = job.database.stat().st_ino
    done = job.refresh("fred")
    assert (states(done), done.published, done.well) == ({"fred": "accepted"}, False, False)
    assert f"was built from {own}" in done.problem and "gba build" in done.problem
    assert job.database.stat().st_ino == before
    build()
    assert found(job, "fred") == expected("fred", 0)


def test_a_build_that_fails_is_said_and_made_up_for(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job.refresh("fred")
    whole = publishing.build

    def full(**_: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(publishing, "build", full)
    job.world.edition = 1
    done = job.refresh("fred", force=True)
    assert (done.problem, done.published, done.well) == ("the disk is full", False, False)
    assert found(job, "fred") == expected("fred", 0)
    monkeypatch.setattr(publishing, "build", whole)
    later = job.refresh("fred")
    assert states(later) == {"fred": "not due"} and later.published
    assert found(job, "fred") == expected("fred", 1)


def test_two_refreshes_at_once(job: Job) -> None:
    with publishing.only_one(), pytest.raises(DatabaseError, match="another refresh runs"):
        job.refresh("fred")
    assert job.refresh("fred").well


def test_a_clock_that_jumps_back_loses_nothing(job: Job) -> None:
    for edition, day in enumerate(("2026-03-10", "2020-01-01", "2019-12-31", "2026-03-09")):
        job.world.edition = edition
        assert job.refresh("fred", day=day, force=True).well
        assert found(job, "fred") == expected("fred", edition)
    assert gba.load("cpi", "united_states", all_sources=True).filter(source="fred")["vintage"].min() >= date(
        2026, 3, 10
    )
    # what was asked "in the future" is due
    assert states(job.refresh("fred", day="2026-03-08")) == {"fred": "unchanged"}


def test_no_key_is_written_or_said(job: Job) -> None:
    said: list[str] = []
    done = job.refresh("fred", "bea", "estat", "alfred", "datasf", progress=said.append)
    everything = job.written() + repr(done).encode() + "\n".join(said).encode()
    assert b"BEAAPI" in everything and len(said) > 20
    for key in KEYS.values():
        assert key.encode() not in everything and key.lower().encode() not in everything.lower()
    assert job.world.asked_of("apps.bea.gov") and all(
        KEYS["BEA_API_KEY"] in q.query.values() for q in job.world.questions if q.host == "apps.bea.gov"
    )


def test_what_is_due_is_asked_when_it_is(job: Job) -> None:
    job.refresh("fred")
    plan = gba.refresh_plan(["fred"])
    assert set(plan["asked"].dt.date()) == {date(2026, 3, 10)}
    (daily,) = plan.filter(frequency="D").iter_rows(named=True)
    last = made_up.FIRST_DAY + timedelta(days=made_up.DAYS - 1)
    assert (daily["latest"], daily["expected"]) == (last, last + timedelta(days=1 + 7))
    done = job.refresh("fred", day="2026-03-11")
    assert outcome(done, "fred").asked == plan.filter(plan["expected"] <= date(2026, 3, 11)).height


def test_no_lock_is_left_behind(job: Job) -> None:
    job.refresh("fred")
    assert not [path for path in job.home.rglob("*") if "writing" in path.name or "building" in path.name]
    with duckdb.connect(str(job.database), read_only=True) as connection:
        assert connection.execute("SELECT archive FROM build").fetchone() == (job.archive.fingerprint(),)
