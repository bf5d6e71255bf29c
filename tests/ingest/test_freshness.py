"""How fresh the figures are: each state, by made-up archives, and in the words that say why."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from gbaindicators.catalog import Feed, catalog
from gbaindicators.cli.app import app
from gbaindicators.cli.database import _reasons
from gbaindicators.errors import DatabaseError, UnknownNameError
from gbaindicators.ingest import freshness
from gbaindicators.ingest.collecting import collect
from gbaindicators.ingest.comparing import CHANGES
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.memory import Memory
from gbaindicators.ingest.sources import connector
from gbaindicators.store.archive import Archive
from gbaindicators.tables.observations import COLUMNS
from tests.ingest.replay import Replay, server_error

ARRIVALS, SPENDING = catalog().services["dsec"].feeds
NOW = datetime(2026, 9, 10, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    return tmp_path


def figures(feed: Feed, *periods: str, vintage: str = "2026-08-01") -> pl.DataFrame:
    row = {
        "indicator": feed.indicator, "area": feed.area, "value": "5", "unit": feed.unit, "scale": "0", "prices": feed.prices,
        "adjustment": feed.adjustment, "status": "A", "vintage": vintage, "source": feed.service, "locator": "x", "note": "",
    }  # fmt: skip
    return pl.DataFrame([row | {"period": period} for period in periods]).select(COLUMNS)


def accept(feed: Feed, *periods: str, **more: Any) -> None:
    stamp = f"20260801T{len(Archive().batches(feed.service)):06d}"
    Archive().add(feed.service, "accepted", stamp, figures(feed, *periods, **more), {"at": "", "answers": []})


def asked(feed: Feed, when: datetime, failed: dict[str, str] | None = None) -> None:
    Memory(Archive().root, feed.service).keep([feed], {}, when, failed or {})


def of(indicator: str, **more: Any) -> dict[str, Any]:
    return freshness(["dsec"], now=NOW, **more).row(by_predicate=pl.col("indicator") == indicator, named=True)


def test_what_was_never_asked() -> None:
    row = of("visitor_arrivals")
    assert (row["state"], row["why"], row["areas"], row["late_days"]) == ("never asked", "never asked", 1, 0)
    assert row["last_period"] is row["newest_vintage"] is row["last_asked"] is row["next_expected"] is None


def test_what_is_current() -> None:
    accept(ARRIVALS, "2026-06", "2026-07", vintage="2026-08-20")
    asked(ARRIVALS, datetime(2026, 9, 9, 12, tzinfo=UTC))
    row = of("visitor_arrivals")
    assert (row["state"], row["why"], row["late_days"]) == ("current", None, 0)
    assert (row["last_period"], row["newest_vintage"]) == ("2026-07", "2026-08-20")
    # August ends on the 31st and is published 25 days after
    assert row["next_expected"] == date(2026, 9, 25)
    assert row["last_asked"] == datetime(2026, 9, 9, 12, tzinfo=UTC)


def test_what_its_service_is_late_with() -> None:
    accept(ARRIVALS, "2026-06")
    asked(ARRIVALS, datetime(2026, 9, 9, 12, tzinfo=UTC))
    row = of("visitor_arrivals")
    assert (row["state"], row["late_days"]) == ("late", 16)
    assert row["why"] == "2026-07 expected since 2026-08-25; the service had none when asked 2026-09-09"


def test_what_nobody_asked_for() -> None:
    accept(ARRIVALS, "2026-06")
    asked(ARRIVALS, datetime(2026, 8, 1, tzinfo=UTC))
    assert of("visitor_arrivals")["why"] == "2026-07 expected since 2026-08-25; not asked since 2026-08-01"


def test_what_is_due_to_be_looked_at_again() -> None:
    accept(ARRIVALS, "2026-07")
    asked(ARRIVALS, datetime(2026, 8, 5, tzinfo=UTC))
    row = of("visitor_arrivals")
    assert (row["state"], row["why"]) == ("due", "not looked at for revisions since 2026-08-05")


def test_a_service_that_answered_without_a_figure() -> None:
    asked(ARRIVALS, datetime(2026, 9, 10, tzinfo=UTC))
    row = of("visitor_arrivals")
    assert (row["state"], row["why"]) == ("late", "asked 2026-09-10, but no figure came")


def test_what_failed_until_it_answers() -> None:
    accept(ARRIVALS, "2026-07")
    asked(SPENDING, datetime(2026, 9, 9, tzinfo=UTC), {ARRIVALS.id: "dsec: 403"})
    assert (of("visitor_arrivals")["state"], of("visitor_arrivals")["why"]) == ("failed", "dsec: 403")
    asked(ARRIVALS, datetime(2026, 9, 9, 12, tzinfo=UTC))
    assert of("visitor_arrivals")["state"] == "current"


def test_what_is_held_back() -> None:
    rows = figures(ARRIVALS, "2026-07", "2026-08").with_columns(feed=pl.lit(ARRIVALS.id))
    changes = rows.select(
        pl.lit(5.0 if c == "amount" else None).alias(c) if c not in rows.columns else c for c in CHANGES
    )
    manifest = {"at": "", "answers": [], "objections": {ARRIVALS.id: ["too far apart"]}}
    Archive().add("dsec", "held", "20260909", rows, manifest, changes=changes, series=rows)
    row = of("visitor_arrivals")
    assert (row["state"], row["why"]) == ("held back", "2 figure(s) held back: too far apart")
    assert of("visitor_spending_per_capita")["state"] == "never asked"


def test_a_missing_key_matters_only_where_something_is_due() -> None:
    assert set(freshness(["fred"], environment={}, now=NOW)["state"]) == {"no key"}
    assert set(freshness(["fred"], environment={"FRED_API_KEY": "k"}, now=NOW)["state"]) == {"never asked"}


def test_an_indicator_is_as_fresh_as_its_worst_area() -> None:
    feeds = [f for f in catalog().services["worldbank"].feeds if f.indicator == "population_midyear"]
    accept(feeds[0], "2024", "2025")
    accept(feeds[1], "2023")
    Memory(Archive().root, "worldbank").keep(feeds, {}, datetime(2026, 9, 9, tzinfo=UTC), {})
    row = freshness(["worldbank"], now=NOW).row(by_predicate=pl.col("indicator") == "population_midyear", named=True)  # fmt: skip
    assert (row["areas"], row["last_period"], row["state"]) == (len(feeds), "2023", "late")
    assert row["why"].startswith("2024 expected since")
    assert row["why"].endswith(f"({len(feeds) - 1} of {len(feeds)} series, first {feeds[1].area})")


def test_every_series_of_the_catalogue_is_counted_once() -> None:
    rows = freshness(now=NOW)
    keys = {
        (f.service, f.indicator, f.frequency)
        for s in catalog().services.values()
        for f in s.feeds
        if not s.only_named
    }
    assert set(rows.select("service", "indicator", "frequency").rows()) == keys
    assert rows.height == len(keys)


def test_names_and_damage_are_told() -> None:
    with pytest.raises(UnknownNameError, match="worldbank"):
        freshness(["wordlbank"])
    asked(ARRIVALS, NOW)
    (Archive().root / "asked" / "dsec.json").write_text("{")
    with pytest.raises(DatabaseError, match=r"dsec\.json is damaged"):
        freshness(["dsec"])


def test_a_failure_is_remembered_for_the_series_it_concerns() -> None:
    service = catalog().services["immd"]
    with Replay({"www.immd.gov.hk": [server_error] * 5}) as address:
        environment = {"GBA_REPLAY": address}
        with Client(service, environment=environment, attempts=1, backoff=0) as client:
            memory = Memory(Archive().root, "immd")
            found = collect(service, connector("immd"), service.feeds, None, client, Archive(), memory, str)
    assert set(found.failed) == {feed.id for feed in service.feeds}
    memory.keep(found.answered, found.answers, NOW, found.failed)
    rows = freshness(["immd"], now=NOW)
    assert set(rows["state"]) == {"failed"}
    assert rows["why"].str.contains("500").all()


def test_status_tells_an_error_once_with_the_indicators_it_concerns(own_home: Path) -> None:
    accept(ARRIVALS, "2026-06")
    error = "dsec: the name www.dsec.gov.mo is not known (DNS) (tried 4 times)"
    for feed in (ARRIVALS, SPENDING):
        asked(feed, NOW, {feed.id: error})
    rows = freshness(["dsec"], now=NOW)
    assert rows["why"].to_list() == [error, error]
    assert rows["last_period"].n_unique() == 2
    assert _reasons(rows) == [("dsec", f"visitor_arrivals, visitor_spending_per_capita\n{error}")]
    partly = rows.with_columns(why=pl.Series([error, error + " (2 of 5 series, first macao)"]))
    assert _reasons(partly) == [
        ("dsec", f"visitor_arrivals, visitor_spending_per_capita (2 of 5 series, first macao)\n{error}")
    ]
    assert _reasons(rows.with_columns(why=pl.Series([error, None]))) == [
        ("dsec", f"visitor_arrivals\n{error}")
    ]


def test_status_shows_it_without_a_database(own_home: Path) -> None:
    accept(ARRIVALS, "2026-06")
    asked(ARRIVALS, NOW, {SPENDING.id: "dsec: said " + 100 * "no "})
    shown = CliRunner().invoke(app, ["status"]).output
    assert "dsec, answered 2026-09-10" in shown and "  visitor_arrivals" in shown and "2026-06" in shown
    assert "dsec: said no no" in shown and "…" in shown and "fred (no key)" in shown
    told = json.loads(CliRunner().invoke(app, ["status", "--format", "json"]).output)
    assert {row["service"] for row in told["freshness"]} >= {"dsec", "fred", "worldbank"}
    assert not (own_home / "gba.duckdb").exists()
