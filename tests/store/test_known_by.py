"""What was known on a day: within `known_by` everything reads as it stood then."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from gbaindicators.comparison import benchmark, sensitivity
from gbaindicators.errors import PeriodError, UsageError
from gbaindicators.store import disagreements, known_by, known_day, load, query

pytestmark = pytest.mark.usefixtures("shipped")
DAY = "2024-06-30"


def test_a_day_holds_within_its_block_only() -> None:
    assert known_day() is None
    with known_by("2024-02"):
        assert known_day() == date(2024, 2, 29)
        with known_by(date(2020, 1, 1)):
            assert known_day() == date(2020, 1, 1)
        with known_by(None):
            assert known_day() == date(2024, 2, 29)
        with known_by("2026-01-01"):  # never forward: what runs within a block knows no more than the block
            assert known_day() == date(2024, 2, 29)
    assert known_day() is None
    with known_by(datetime(2024, 2, 29, 18)):
        assert known_day() == date(2024, 2, 29)
    with pytest.raises(PeriodError), known_by("yesterday"):
        pass


def test_load_gives_what_as_of_gives() -> None:
    told = load("gdp_real_growth", "hong_kong", as_of=DAY)
    now = load("gdp_real_growth", "hong_kong")
    with known_by(DAY):
        assert load("gdp_real_growth", "hong_kong").equals(told)
        assert load("gdp_real_growth", "hong_kong", all_sources=True)["vintage"].max() <= date(2024, 6, 30)
        # further back, never forward
        earlier = load("gdp_real_growth", "hong_kong", as_of="2023-01-31")
        assert load("gdp_real_growth", "hong_kong", as_of="2026-12-31").equals(told)
    assert earlier.equals(load("gdp_real_growth", "hong_kong", as_of="2023-01-31"))
    assert told.height < now.height
    assert not told.equals(now)


def test_sql_sees_the_day_too_in_tables_views_and_macros() -> None:
    ask = "SELECT max(vintage) FROM {} WHERE indicator = 'gdp_real_growth'"
    with known_by(DAY):
        for table in ("observation", "latest", "as_of(DATE '2026-12-31')"):
            assert query(ask.format(table)).item() <= date(2024, 6, 30)
        assert query("SELECT count(*) FROM observation WHERE superseded > DATE '2024-06-30'").item() == 0
        assert disagreements()["vintage"].max() <= date(2024, 6, 30)
        preferred = query("SELECT count(*) FROM observation WHERE preferred").item()
        assert preferred == query("SELECT count(*) FROM latest").item()
    assert query("SELECT max(vintage) FROM observation").item() > date(2024, 6, 30)


def test_preferred_figures_of_today_are_those_of_a_day_after_all_vintages() -> None:
    """The day's choice among sources is the rule that the build goes by."""
    ask = "SELECT indicator, area, period, source, vintage, value FROM observation WHERE preferred AND frequency = 'A' ORDER BY ALL"
    now = query(ask)
    with known_by("2100-01-01"):
        assert query(ask).equals(now)


def test_statements_are_known_from_the_vintage_of_their_document() -> None:
    held = query("SELECT count(*) FROM policy_statement").item()
    with known_by("2100-01-01"):
        assert query("SELECT count(*) FROM policy_statement").item() == held
    with known_by("1990-01-01"):
        assert query("SELECT count(*) FROM policy_statement").item() == 0


def test_models_on_top_run_as_of_the_day() -> None:
    with known_by("2100-01-01"):
        later = benchmark("gdp")
        ranks = sensitivity("gdp")
    assert later.equals(benchmark("gdp"))
    assert ranks.equals(sensitivity("gdp"))
    with known_by(DAY), pytest.raises(UsageError, match="no annual figures of 'gdp' for foshan"):
        benchmark("gdp")
