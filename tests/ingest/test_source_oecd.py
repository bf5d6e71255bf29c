"""The OECD's functional urban areas. No answer of the flow was recorded: these are made in the form of the recorded
answer of another flow (house prices), whose header the tests hold them against; the numbers are no published ones."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import PAGE, Request
from gbaindicators.ingest.sources import oecd

HOUSES = (Path(__file__).parents[1] / "recordings" / "oecd" / "RHPI_GBR_dataonly.csv").read_bytes()
FEEDS = catalog().services["oecd"].feeds
ASKED = oecd.request(FEEDS, None)[0]
HEADER = "DATAFLOW,REF_AREA,FREQ,MEASURE,UNIT_MEASURE,TERRITORIAL_LEVEL,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT,DECIMALS,BASE_PER"
HOUSE = Feed(
    "oecd", "house_prices", "japan", "Q", "index",
    {"flow": "OECD.SDD.TPS,DSD_RHPI_TARGET@DF_RHPI_TARGET,1.0", "dimensions": ("REF_AREA", "FREQ", "MEASURE"),
     "key": "GBR.Q.RHPI"},
)  # fmt: skip


def line(
    area: str = "JPN01F", year: str = "2020", value: str = "50.5", status: str = "A", mult: str = "0"
) -> str:
    return f"OECD.CFE.EDS:DSD_FUA_ECO@DF_ECONOMY(1.1),{area},A,GDP,USD_PPP_PS,FUA,{year},{value},{status},{mult},2,2015"


def body(*lines: str, header: str = HEADER) -> bytes:
    others = [line(area) for area in ("USA01F", "USA05F")]
    return "\r\n".join([header, *lines, *others, ""]).encode()


def tokyo(data: bytes) -> list[dict[str, str]]:
    page = oecd.parse(data, ASKED).rows
    assert page.schema == pl.Schema(PAGE)
    return [row for row in page.to_dicts() if "tokyo" in row["feed"]]


def test_columns_are_those_of_the_recorded_answer() -> None:
    recorded = set(HOUSES.decode().splitlines()[0].split(","))
    assert set(HEADER.split(",")) - recorded == {"TERRITORIAL_LEVEL"}


def test_rows_in_any_order_with_their_marks() -> None:
    data = body(line(year="2021", status="P"), line(year="2019", status="B"), line(value="", status="M"))
    assert [(row["period"], row["value"], row["status"]) for row in tokyo(data)] == [
        ("2021", "50.5", "P"), ("2019", "50.5", "B"), ("2020", "", "M"),
    ]  # fmt: skip
    assert (
        tokyo(data)[0]["locator"]
        == "OECD.CFE.EDS,DSD_FUA_ECO@DF_ECONOMY,1.1 JPN01F.A.GDP.USD_PPP_PS.FUA 2021"
    )
    assert tokyo(data)[0]["note"] == "base period 2015"


def test_power_of_ten_is_the_scale() -> None:
    assert tokyo(body(line(value="50.512", mult="3")))[0]["scale"] == "3"


def test_recorded_answer_without_detail_is_refused() -> None:
    with pytest.raises(AnswerError, match="without UNIT_MULT"):
        oecd.parse(HOUSES, Request("https://example.org", (HOUSE,)))


def test_recorded_answer_with_its_detail_is_read() -> None:
    page = oecd.parse(
        HOUSES.replace(b",,,,\r\n", b",A,0,3,2015\r\n"), Request("https://example.org", (HOUSE,))
    )
    assert dict(page.rows.select("period", "value").rows()) == {
        "2020-Q1": "117.108", "2020-Q2": "117.326", "2020-Q3": "120.812", "2020-Q4": "124.248",
        "2021-Q1": "126.185", "2022-Q1": "136.43",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"NoRecordsFound", "NoRecordsFound"),
        (body(), "no series for gdp_per_capita_ppp/tokyo_fua"),
        (body(line(), line(value="51")), "two figures"),
        (body(line(), line())[:-5], "middle of a line"),
        (body(line(), header=HEADER.replace("UNIT_MULT", "MULTIPLIER")), "no column UNIT_MULT"),
        (body(line(), header=HEADER.replace("TERRITORIAL_LEVEL", "LEVEL")), "no column TERRITORIAL_LEVEL"),
        (body(line(year="2020-Q1")), "the period '2020-Q1'"),
        (body(line(value="(C)")), "no numbers"),
        (body(line(status="Z")), "OBS_STATUS 'Z'"),
        (b"<html>Too Many Requests</html>", "no CSV"),
    ],
)
def test_what_is_not_the_series_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(AnswerError, match="oecd: ") as caught:
        oecd.parse(data, ASKED)
    assert says in str(caught.value)


def test_repeated_rows_and_a_new_column_change_nothing() -> None:
    assert len(tokyo(body(line(), line()))) == 1
    wider = (
        b"\r\n".join(one + b",x" for one in body(line()).split(b"\r\n")[:-1]).replace(b"PER,x", b"PER,NEW")
        + b"\r\n"
    )
    assert tokyo(wider) == tokyo(body(line()))


def test_one_request_for_the_three_areas() -> None:
    assert oecd.request(FEEDS, None) == [ASKED]
    assert ASKED.url.endswith(
        "/data/OECD.CFE.EDS,DSD_FUA_ECO@DF_ECONOMY,1.1/JPN01F+USA01F+USA05F.A.GDP.USD_PPP_PS.FUA"
    )
    assert "detail" not in ASKED.query
