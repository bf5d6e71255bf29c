"""ALFRED: against the recorded vintages of GDP, of which a few observations were kept."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.sources import alfred

RECORDED = Path(__file__).parents[1] / "recordings" / "fred"
SERVICE = catalog().services["alfred"]
GDP = next(one for one in SERVICE.feeds if one.code["series"] == "GDP")


def asked(since: date | None = None) -> Request:
    (first,) = alfred.request([GDP], since)
    following = alfred.parse((RECORDED / "series_GDP.json").read_bytes(), first).following
    assert following is not None
    return following


def vintages(name: str) -> pl.DataFrame:
    answer: dict[str, Any] = json.loads((RECORDED / name).read_text())
    answer["count"] = len(answer["observations"])
    page = alfred.parse(json.dumps(answer).encode(), asked())
    assert page.following is None
    return page.rows


def as_of(rows: pl.DataFrame, period: str, day: str) -> str:
    known = rows.filter((pl.col("period") == period) & (pl.col("vintage") <= day)).sort("vintage")
    return str(known["value"][-1])


def test_all_of_time_is_asked_whatever_the_first_period() -> None:
    for since in (None, date(2024, 1, 1)):
        query = asked(since).query
        assert (query["realtime_start"], query["realtime_end"]) == ("1776-07-04", "9999-12-31")
    assert query["observation_start"] == "2024-01-01"


def test_every_figure_carries_the_day_from_which_it_held() -> None:
    rows = vintages("observations_GDP_all_vintages.json")
    assert rows.filter(period="2024-Q1").select("vintage", "value").rows() == [
        ("2024-04-25", "28284.498"), ("2024-05-30", "28255.928"), ("2024-06-27", "28269.174"), ("2024-09-26", "28624.069"),
    ]  # fmt: skip
    assert (
        rows.filter(period="2024-Q3").row(0, named=True)["locator"] == "FRED GDP 2024-07-01 from 2024-10-30"
    )
    assert as_of(rows, "2024-Q2", "2024-08-28") == "28629.153"
    assert as_of(rows, "2024-Q2", "2024-08-29") == "28652.337"


def test_a_figure_that_was_withdrawn_is_missing_from_that_day() -> None:
    rows = vintages("observations_GDP_all_vintages.json").filter(period="1946-Q1")
    assert rows.select("vintage", "value", "status").rows() == [
        ("1992-12-22", "199.7", "A"), ("1996-01-19", "", "M"), ("1997-05-07", "210.4", "A"), ("1999-10-28", "", "M"),
    ]  # fmt: skip


def test_what_was_known_on_a_day_is_what_the_service_says_was_known() -> None:
    rows = vintages("observations_GDP_asof_2019-01-01.json")
    assert as_of(rows, "2018-Q3", "2019-01-01") == "20658.204"
    assert as_of(rows, "2018-Q3", "2018-12-20") == "20660.34"


def test_two_figures_of_one_day_are_refused() -> None:
    answer = json.loads((RECORDED / "observations_GDP_all_vintages.json").read_text())
    answer["observations"].append({**answer["observations"][-1], "value": "1.0"})
    answer["count"] = len(answer["observations"])
    with pytest.raises(AnswerError, match="two figures"):
        alfred.parse(json.dumps(answer).encode(), asked())


def test_the_same_series_are_fed_as_from_fred_but_the_daily_one() -> None:
    both = {one.id: dict(one.code) for one in catalog().services["fred"].feeds}
    own = {one.id: dict(one.code) for one in SERVICE.feeds}
    assert own.items() < both.items()
    assert both.keys() - own.keys() == {"fx_rate/china/D/nsa"}
