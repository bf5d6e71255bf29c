"""Messages of SDMX: read as the reference library reads them, and refused when they are not whole."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.catalog import Feed
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.sdmx_messages import read_sdmx_csv, read_structure_specific

RECORDINGS = Path(__file__).parents[1] / "recordings"
WEO = (RECORDINGS / "imf" / "WEO_sdmx21_structurespecific.xml").read_bytes()
IL = (RECORDINGS / "imf" / "IL_sdmx30_structurespecific.xml").read_bytes()
HOUSES = (RECORDINGS / "oecd" / "RHPI_GBR_dataonly.csv").read_bytes()
KEY = ("COUNTRY", "INDICATOR", "FREQUENCY")
ASKED = Request("https://example.org", (Feed("imf", "gdp_real", "hong_kong", "A", "HKD", {}),))


def read(body: bytes) -> object:
    return read_structure_specific(body, ASKED, KEY)


def test_recorded_message_of_2_1_with_its_groups() -> None:
    message = read_structure_specific(WEO, ASKED, KEY)
    (series,) = message.series
    assert message.observations.rows() == [(0, "2018", "94669000000", "")]
    assert message.prepared == "2026-04-02T16:53:31Z"
    assert series["COUNTRY"] == "SVK" and series["SCALE"] == "9"  # of the series
    assert series["UNIT"] == "XDC"  # of the group of its indicator
    assert series["LATEST_ACTUAL_ANNUAL_DATA"] == "2024"  # of the group of its country and indicator
    assert series["UPDATE_DATE"] == "2025-11-19T21:00:00Z"  # of the data set


def test_group_of_another_series_is_not_taken() -> None:
    body = WEO.replace(b'<Series COUNTRY="SVK"', b'<Series COUNTRY="HKG"')
    (series,) = read_structure_specific(body, ASKED, KEY).series
    assert "LATEST_ACTUAL_ANNUAL_DATA" not in series and series["UNIT"] == "XDC"


def test_recorded_message_of_3_0() -> None:
    message = read_structure_specific(IL, ASKED, KEY)
    assert [row[1:3] for row in message.observations.rows()] == [
        (f"2023-Q{quarter}", "27198880.827") for quarter in (1, 2, 3, 4)
    ]
    assert message.series[0]["UNIT"] == "FTO"


@pytest.mark.parametrize("body", [WEO, IL], ids=["2.1", "3.0"])
def test_sdmx1_reads_the_same(body: bytes) -> None:
    sdmx = pytest.importorskip("sdmx")
    # imported after a message of 2.1 was read, this reader stumbles over its namespaces
    pytest.importorskip("sdmx.reader.xml.v30")
    (data_set,) = sdmx.read_sdmx(io.BytesIO(body)).data
    theirs = [
        (str(one.dimension["TIME_PERIOD"].value), float(one.value), str(one.series_key["COUNTRY"].value))
        for one in data_set.obs
    ]
    message = read_structure_specific(body, ASKED, KEY)
    ours = [
        (period, float(value), message.series[number]["COUNTRY"])
        for number, period, value, _ in message.observations.rows()
    ]
    assert ours == theirs


GENERIC = b"""<m:GenericData xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
 xmlns:g="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic"
 xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common">
<m:Header><m:ID>X</m:ID><m:Test>false</m:Test><m:Prepared>2026-04-02T16:53:31Z</m:Prepared><m:Sender id="IMF"/>
<m:Structure structureID="S" dimensionAtObservation="TIME_PERIOD"><c:Structure><Ref agencyID="IMF" id="DSD" version="1.0"/>
</c:Structure></m:Structure></m:Header>
<m:DataSet structureRef="S">
<g:Group type="G"><g:GroupKey><g:Value id="COUNTRY" value="HKG"/></g:GroupKey>
<g:Attributes><g:Value id="UNIT" value="XDC"/></g:Attributes></g:Group>
<g:Series><g:SeriesKey><g:Value id="COUNTRY" value="HKG"/><g:Value id="FREQUENCY" value="A"/></g:SeriesKey>
<g:Attributes><g:Value id="SCALE" value="9"/></g:Attributes>
<g:Obs><g:ObsDimension value="2018"/><g:ObsValue value="94669000000.10"/>
<g:Attributes><g:Value id="OBS_STATUS" value="P"/></g:Attributes></g:Obs>
<g:Obs><g:ObsDimension value="2019"/><g:ObsValue value="2.50"/></g:Obs></g:Series>
</m:DataSet></m:GenericData>"""
SAME_SPECIFIC = b"""<StructureSpecificData><Header><Prepared>2026-04-02T16:53:31+00:00</Prepared></Header>
<DataSet><Group COUNTRY="HKG" UNIT="XDC"/><Series COUNTRY="HKG" FREQUENCY="A" SCALE="9">
<Obs TIME_PERIOD="2018" OBS_VALUE="94669000000.10" OBS_STATUS="P"/><Obs TIME_PERIOD="2019" OBS_VALUE="2.50"/>
</Series></DataSet></StructureSpecificData>"""


def test_generic_data_is_the_same_message_in_another_form() -> None:
    pytest.importorskip("sdmx")
    generic = read_structure_specific(GENERIC, ASKED, KEY)
    specific = read_structure_specific(SAME_SPECIFIC, ASKED, KEY)
    assert generic.observations.equals(specific.observations)
    assert (generic.series, generic.prepared) == (specific.series, specific.prepared)


def test_generic_data_that_says_nothing_of_its_structure_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("sdmx")
    with pytest.raises(AnswerError, match="GenericData that sdmx1 cannot read"):
        read(GENERIC.replace(b"<m:Structure ", b"<m:Other ").replace(b"</m:Structure>", b"</m:Other>"))
    assert capsys.readouterr().out == ""


def test_generic_data_without_the_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sdmx", None)
    with pytest.raises(AnswerError, match=r"gbaindicators\[sdmx\]"):
        read(GENERIC)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-99, 99), max_size=4), max_size=4))
def test_every_observation_stays_with_its_series(table: list[list[int]]) -> None:
    series = "".join(
        f'<Series COUNTRY="{number}">'
        + "".join(f'<Obs TIME_PERIOD="{2000 + at}" OBS_VALUE="{value}"/>' for at, value in enumerate(values))
        + "</Series>"
        for number, values in enumerate(table)
    )
    message = read_structure_specific(
        f"<StructureSpecificData><DataSet>{series}</DataSet></StructureSpecificData>".encode(), ASKED, KEY
    )
    assert [one["COUNTRY"] for one in message.series] == [str(number) for number in range(len(table))]
    assert message.observations.rows() == [
        (number, str(2000 + at), str(value), "")
        for number, values in enumerate(table)
        for at, value in enumerate(values)
    ]


def test_more_observations_than_a_chunk() -> None:
    count = 10_000
    series = "".join(
        f'<Series COUNTRY="{n}"><Obs TIME_PERIOD="2000" OBS_VALUE="{n}"/></Series>' for n in range(count)
    )
    body = f"<StructureSpecificData><DataSet>{series}</DataSet></StructureSpecificData>".encode()
    observations = read_structure_specific(body, ASKED, KEY).observations
    assert observations["series"].to_list() == list(range(count))
    assert observations["value"].to_list() == [str(n) for n in range(count)]


BOMB = b"""<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<StructureSpecificData><DataSet><Series COUNTRY="&b;"/></DataSet></StructureSpecificData>"""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty answer"),
        (b" \r\n", "empty answer"),
        (WEO[: len(WEO) // 2], "cut or broken"),
        (WEO[:-10], "cut or broken"),
        (BOMB, "document type declaration"),
        (b'<!DOCTYPE m SYSTEM "file:///etc/passwd"><m/>', "document type declaration"),
        (b"<!DOCTYPE html><html><body>Blocked</body></html>", "HTML"),
        (b"<html><p>unclosed<br></html>", "HTML"),
        (b'{"data": {}}', "no XML"),
        ((RECORDINGS / "imf" / "footer_413.xml").read_bytes(), "413 Infomation instead of data: 'Due to the large query"),
        (b'<mes:Error xmlns:mes="m"><mes:ErrorMessage code="150"><Text>Invalid key</Text></mes:ErrorMessage></mes:Error>',
         "150 instead of data: 'Invalid key'"),
        (b"<Structure/>", "'Structure' instead of StructureSpecificData"),
        (b'<StructureSpecificData><DataSet><Obs TIME_PERIOD="2001"/></DataSet></StructureSpecificData>', "outside a series"),
    ],
)  # fmt: skip
def test_what_is_no_whole_message_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(AnswerError, match="imf: ") as caught:
        read(body)
    assert says in str(caught.value) and "gdp_real/hong_kong/A" in str(caught.value)


def test_recorded_csv_keeps_its_digits_and_order() -> None:
    table = read_sdmx_csv(HOUSES, ASKED, ["REF_AREA"])
    assert table.select("REF_AREA", "TIME_PERIOD", "OBS_VALUE").rows()[:2] == [
        ("GBR", "2020-Q3", "120.812"),
        ("GBR", "2022-Q1", "136.43"),
    ]
    assert read_sdmx_csv(b"\xef\xbb\xbf" + HOUSES, ASKED, ["REF_AREA"]).equals(table)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty answer"),
        (HOUSES[:-9], "middle of a line"),
        (b"<html>gateway</html>", "no CSV"),
        (b'{"error": 1}', "no CSV"),
        (HOUSES.replace(b",OBS_STATUS,", b",STATUS,"), "no column OBS_STATUS"),
        (HOUSES.replace(b"REF_AREA,", b"AREA,"), "no column REF_AREA"),
        (HOUSES + b'"unclosed,\n', "cannot be read"),
    ],
)
def test_csv_that_is_not_whole_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(AnswerError, match="imf: ") as caught:
        read_sdmx_csv(body, ASKED, ["REF_AREA"])
    assert says in str(caught.value)
