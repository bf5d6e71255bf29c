"""The rehearsal: every series of every service is answered and read, and a whole refresh can be watched."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from functools import partial
from math import isclose
from pathlib import Path

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.catalog import Feed, catalog, datasets_dir, parse_period
from gbaindicators.cli.app import main
from gbaindicators.ingest import refreshing
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.sources import connector
from gbaindicators.tables.observations import normalise
from tests.ingest.rehearsal import CUT, REBASED, STATES, Rehearsal
from tests.ingest.replay import Replay

SERVICES = sorted(one.id for one in catalog().services.values() if one.feeds)
KEYS = {
    one.key: f"0123456789abcdef0123456789{one.id:a<6.6}" for one in catalog().services.values() if one.key
}
FEEDS = {one.id: one.feeds for one in catalog().services.values()}
Published = defaultdict[tuple[object, ...], list[float]]


def asked(base: str, service: str) -> pl.DataFrame:
    """Every page of what the connector asks for all series of a service together."""
    made, pages = connector(service), []
    of = catalog().services[service]
    with Client(of, environment={"GBA_REPLAY": base, **KEYS}, pause=0, attempts=1) as client:
        for first in made.request(of.feeds, None):
            request: Request | None = first
            while request is not None:
                page = made.parse(client.fetch(request).body, request)
                assert not page.objections, page.objections
                pages.append(page.rows)
                request = page.following
    return pl.concat(pages)


@pytest.fixture(scope="module")
def published() -> Published:
    """Shipped figures in base units, of all sources and vintages."""
    files = sorted((datasets_dir() / "observations").glob("*.csv"))
    text = pl.concat([pl.read_csv(file, infer_schema=False, empty_string_is_null=False) for file in files])
    rows = normalise(text, catalog()).drop_nulls("amount")
    found: Published = defaultdict(list)
    columns = ("indicator", "area", "frequency", "adjustment", "prices", "start", "amount")
    for *series, amount in rows.select(columns).iter_rows():
        found[tuple(series)].append(amount)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_all_series_are_answered_in_every_state(service: str, published: Published) -> None:
    server = Replay(rehearse=True)
    with server as base:
        everything = asked(base, service)
        server.state = 1
        before = asked(base, service)
        server.state = 3
        revised = asked(base, service)
    for rows in (everything, before, revised):
        assert set(rows.filter(pl.col("value") != "")["feed"]) == {one.id for one in FEEDS[service]}
    assert before.height < everything.height
    changed = revised.join(everything, on=["feed", "period", "value"], how="anti")
    assert 0 < changed.height < revised.height
    held = Rehearsal()
    for feed in FEEDS[service]:
        if (service, feed.id) in held.shipped:
            assert not strange(everything.filter(feed=feed.id), feed, published)
            periods = {one.period for one in held.figures(feed) if one.value}
            assert periods <= set(everything.filter(feed=feed.id)["period"])


def strange(rows: pl.DataFrame, feed: Feed, published: Published) -> list[tuple[str, str]]:
    """Figures that the dataset does not have."""
    series = (feed.indicator, feed.area, feed.frequency, feed.adjustment, feed.prices)
    factor = catalog().units[feed.unit].factor
    return [
        (period, value)
        for period, value, scale in rows.filter(pl.col("value") != "")
        .select("period", "value", "scale")
        .iter_rows()
        if not any(
            isclose(float(f"{value}e{scale}") * factor, known, rel_tol=1e-12)
            for known in published[(*series, parse_period(period).start)]
        )
    ]


def test_passengers_are_the_shipped_ones() -> None:
    server = Replay(rehearse=True)
    with server as base:
        rows = asked(base, "immd")
    assert rows.height == 225_696
    table = pl.read_csv(datasets_dir() / "crossings" / "hk_daily_crossings.csv", infer_schema=False)
    airport = table.filter(
        pl.col("source") == "immd_csv_vila_c",
        pl.col("Control Point") == "Airport",
        pl.col("Arrival / Departure") == "Arrival",
    )
    ours = rows.filter(feed="crossings_arrivals/hk_airport/D/nsa").sort("period")
    assert ours["value"].to_list() == airport.sort(pl.col("Date").str.to_date("%d-%m-%Y"))["Total"].to_list()


def test_file_is_sent_again_in_another_state_only() -> None:
    server, of = Replay(rehearse=True), catalog().services["immd"]
    (request,) = connector("immd").request(of.feeds, None)
    with server as base, Client(of, environment={"GBA_REPLAY": base}, pause=0) as client:
        first = client.fetch(request)
        assert client.fetch(request, etag=first.etag, modified=first.modified).unchanged
        server.state = 3
        assert not client.fetch(request, etag=first.etag, modified=first.modified).unchanged


def test_made_up_figures_are_always_the_same_and_listed() -> None:
    feed = catalog().services["portwatch"].feeds[0]
    assert Rehearsal().figures(feed) == Rehearsal().figures(feed)
    told = list(Rehearsal().told())
    assert f"portwatch {feed.id}: 1277 figures 2023-01-01 to 2026-06-30, made up" in told
    assert "not data" in told[0]
    for service in catalog().services.values():
        for one in service.feeds:
            assert service.id in ("immd", "datagovhk") or any(
                f"{service.id} {one.id}:" in line for line in told
            )


def test_states_of_the_series_that_change_most() -> None:
    series = [
        next(one for one in FEEDS["worldbank"] if one.id == id_)
        for id_ in ("fx_rate/macao/A/nsa", CUT, REBASED)
    ]
    known = {
        state: [[float(one.value) for one in Rehearsal(state).figures(feed)] for feed in series]
        for state in STATES
    }
    assert [len(figures) for figures in known[1]] == [len(figures) - 1 for figures in known[2]]
    for before, after in zip(known[2], known[3], strict=True):
        assert after[:-3] == before[:-3]
        assert after[-3:] == pytest.approx([value * 1.01 for value in before[-3:]], rel=1e-6)
    (other, cut, rebased), (same, whole, base) = known[4], known[3]
    assert (other, cut) == (same, whole[len(whole) // 2 :])
    assert rebased == pytest.approx([value * 1.2345 for value in base])


def test_whole_refresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From an empty data home to a database; again; revised; held back, looked at and accepted."""
    monkeypatch.setenv("GBA_HOME", str(tmp_path / "home"))
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    monkeypatch.setattr(refreshing, "Client", partial(Client, pause=0))

    def gba_says(*words: str) -> tuple[int, list[dict[str, object]], str]:
        capsys.readouterr()
        code = main([*words, "--json"])
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.err.splitlines()], said.out

    server = Replay(rehearse=True)
    # two hundred days of sixteen control points and two directions; the whole file is read in a test of its own
    assert isinstance(server.held, Rehearsal)
    server.held.crossings = server.held.crossings.head(200 * 16 * 2)
    with server as base:
        monkeypatch.setenv("GBA_REPLAY", base)
        code, log, _ = gba_says("refresh")
        states = {line["service"]: line["state"] for line in log if "state" in line}
        assert (code, set(states.values())) == (0, {"accepted"}), [one for one in log if "reasons" in one]
        assert set(states) == set(SERVICES) - {"datagovhk"}
        # it fills the past, and is asked only when it is named
        code, log, _ = gba_says("refresh", "--source", "datagovhk")
        assert (code, [line["state"] for line in log if "state" in line]) == (0, ["accepted"])
        loaded = gba.query("SELECT source, count(vintage) n FROM observation GROUP BY source")
        figures = dict(loaded.iter_rows())
        assert all(figures.get(service, 0) for service in SERVICES), figures

        asked_before = len(server.questions)
        code, log, _ = gba_says("refresh")
        assert code == 0 and len(server.questions) == asked_before

        # state 4 is state 3 with two series that must be looked at
        server.state = 4
        code, log, _ = gba_says("refresh", "--force")
        states = {line["service"]: line["state"] for line in log if "state" in line}
        assert code == 1 and states == dict.fromkeys(set(SERVICES) - {"datagovhk"}, "accepted") | {
            "worldbank": "held"
        }
        revised = {line["service"] for line in log if line.get("revised")}
        assert revised == set(SERVICES) - {"datagovhk"}
        now, before = (
            gba.load("gdp_current_usd", "macao", as_of=day, all_sources=True).filter(
                source="worldbank", vintage=vintage
            )
            for day, vintage in (("2026-11-01", date(2026, 10, 29)), ("2026-09-01", date(2026, 7, 13)))
        )
        assert now["value"].to_list() == pytest.approx([value * 1.01 for value in before["value"][-3:]])

        code, _, table = gba_says("refresh", "--review")
        assert code == 0 and f"worldbank:{CUT}" in table and f"worldbank:{REBASED}" in table
        assert withdrawn() == 0
        code, _, _ = gba_says("refresh", "--accept", "worldbank")
        assert code == 0 and withdrawn() == 21


def withdrawn() -> int:
    """How many figures the World Bank no longer gives."""
    known = gba.load("gdp", "macao", all_sources=True).filter(source="worldbank")
    return known["value"].null_count()


def test_periods_of_the_rehearsal_are_those_of_the_series() -> None:
    held = Rehearsal()
    for feed in held.feeds.values():
        if feed.service not in ("immd", "datagovhk"):
            assert {parse_period(one.period).frequency for one in held.figures(feed)} == {feed.frequency}
