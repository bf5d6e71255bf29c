"""The Fund's World Economic Outlook. Recorded: one series with one year; longer answers are made of it."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import PAGE, Request
from gbaindicators.ingest.sources import imf

RECORDED = (Path(__file__).parents[1] / "recordings" / "imf" / "WEO_sdmx21_structurespecific.xml").read_text(
    "utf-8"
)
GOLD = (Path(__file__).parents[1] / "recordings" / "imf" / "IL_sdmx30_structurespecific.xml").read_bytes()
CODE = {
    "flow": "IMF.RES,WEO",
    "dimensions": ("COUNTRY", "INDICATOR", "FREQUENCY"),
    "key": "{area}.{indicator}.A",
    "indicator": "NGDP_R",
    "unit": "XDC",
}
FEED = Feed("imf", "gdp_real", "hong_kong", "A", "HKD", {**CODE, "area": "SVK"}, prices="constant")
ASKED = imf.request([FEED], None)[0]


def body(*observations: str, old: str = "", new: str = "") -> bytes:
    """The recorded answer with other observations, and a text replaced."""
    text = re.sub(r"<Obs [^>]*/>", "".join(observations), RECORDED)
    assert not old or old in text
    return text.replace(old, new).encode()


def obs(year: int | str, value: str = "1.5", status: str = "") -> str:
    return f'<Obs TIME_PERIOD="{year}" OBS_VALUE="{value}"' + (
        f' OBS_STATUS="{status}"/>' if status else "/>"
    )


def rows(data: bytes, request: Request = ASKED) -> list[dict[str, str]]:
    return imf.parse(data, request).rows.to_dicts()


def test_recorded_figure_is_not_multiplied_by_its_scale() -> None:
    page = imf.parse(RECORDED.encode(), ASKED)
    assert page.rows.schema == pl.Schema(PAGE)
    (row,) = page.rows.to_dicts()
    assert (row["period"], row["value"], row["scale"], row["status"]) == ("2018", "94669000000", "0", "A")
    assert row["vintage"] == "2025-11-19"
    assert row["locator"] == "IMF.RES,WEO SVK.NGDP_R.A 2018"
    assert row["note"].endswith("unit XDC; base year 2020")
    assert page.following is None and page.notes == page.objections == ()


def test_gold_of_3_0_stays_ounces() -> None:
    code = {
        "flow": "IMF.STA,IL",
        "dimensions": ("COUNTRY", "INDICATOR", "FREQUENCY"),
        "key": "{area}.RGV_REVS.Q",
        "area": "JPN",
        "unit": "FTO",
    }
    feed = Feed("imf", "gold", "japan", "Q", "ounces", code)
    page = imf.parse(GOLD, Request("https://example.org", (feed,)))
    assert page.rows.select("period", "value", "status").row(3) == ("2023-Q4", "27198880.827", "A")


def test_projections_are_no_observations() -> None:
    # Last actual year 2024, published in October 2025: 2025 was not over.
    page = imf.parse(body(obs(2023), obs(2024), obs(2025), obs(2030)), ASKED)
    assert page.rows["period"].to_list() == ["2023", "2024"]
    assert page.rows["status"].to_list() == ["A", "A"]
    assert page.notes == ("2 forecasts left out",)


def test_years_between_the_last_actual_one_and_the_edition_are_estimates() -> None:
    data = body(obs(2022), obs(2023), obs(2024), obs(2025), old='DATA="2024"', new='DATA="2022"')
    assert [(row["period"], row["status"]) for row in rows(data)] == [
        ("2022", "A"),
        ("2023", "E"),
        ("2024", "E"),
    ]
    assert "IMF staff estimate" in rows(data)[1]["note"] and "IMF staff estimate" not in rows(data)[0]["note"]


@pytest.mark.parametrize("last", ['LATEST_ACTUAL_ANNUAL_DATA="0"', ""])
def test_all_is_estimated_where_no_last_actual_year_is_given(last: str) -> None:
    data = body(obs(2001), old='LATEST_ACTUAL_ANNUAL_DATA="2024"', new=last)
    assert rows(data)[0]["status"] == "E"


def test_fiscal_last_year_counts_by_the_year_it_begins_in() -> None:
    data = body(obs(2023), obs(2024), old='DATA="2024"', new='DATA="FY2023/24"')
    assert [row["status"] for row in rows(data)] == ["A", "E"]


def test_marks_and_numbers() -> None:
    data = body(
        obs(2001, "NaN"), obs(2002, ""), obs(2003, "9.4669E10"), obs(2004, "1.50", "P"), obs(2005, "2", "F")
    )
    assert [(row["period"], row["value"], row["status"]) for row in rows(data)] == [
        ("2001", "", "M"), ("2002", "", "M"), ("2003", "94669000000", "A"), ("2004", "1.50", "P"),
    ]  # fmt: skip


def test_month_is_written_as_in_the_datasets() -> None:
    feed = replace(FEED, frequency="M", code={**FEED.code, "key": "{area}.{indicator}.A"})
    assert rows(body(obs("2023-M05")), Request("https://example.org", (feed,)))[0]["period"] == "2023-05"


def test_other_series_are_ignored_and_rows_that_repeat_are_kept_once() -> None:
    other = '<Series COUNTRY="USA" INDICATOR="NGDP_R" FREQUENCY="A"><Obs TIME_PERIOD="2018" OBS_VALUE="3"/></Series>'
    data = body(obs(2018), obs(2018), old="</message:DataSet>", new=f"{other}</message:DataSet>")
    assert [row["value"] for row in rows(data)] == ["1.5"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            body(obs(2018), old='COUNTRY="SVK"', new='COUNTRY="CZE"'),
            "no series for gdp_real/hong_kong/A/nsa/constant",
        ),
        (body(obs(2018), old='UNIT="XDC"', new='UNIT="USD"'), "in unit 'USD', not 'XDC'"),
        (body(obs(2018), obs(2018, "2")), "two figures"),
        (body(obs("2018-Q1")), "the period '2018-Q1'"),
        (body(obs("")), "the period ''"),
        (body(obs(2018, "n.a.")), "no numbers"),
        (body(obs(2018, status="X")), "OBS_STATUS 'X'"),
        (body(obs(2018))[:-200], "cut or broken"),
        (b"", "empty answer"),
    ],
)
def test_what_is_not_the_series_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(AnswerError, match="imf: ") as caught:
        imf.parse(data, ASKED)
    assert says in str(caught.value)


def test_one_request_for_all_feeds_of_the_flow() -> None:
    feeds = catalog().services["imf"].feeds
    (asked,) = imf.request(feeds, date(2026, 1, 1))
    assert asked.url == (
        "https://api.imf.org/external/sdmx/2.1/data/IMF.RES,WEO/CHN+HKG+MAC+JPN+USA.NGDP_R+PCPI+NGDP_D+PPPEX.A"
    )
    assert {one.id for one in asked.feeds} == {one.id for one in feeds} and len(feeds) == 20
    assert pickle.loads(pickle.dumps(asked)).url == asked.url
