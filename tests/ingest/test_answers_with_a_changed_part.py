"""A part of an answer becomes something else: it is read, or refused as an answer, and never an accident."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import PAGE, Page, Request
from gbaindicators.ingest.sources import bea, dbnomics, estat, fred, portwatch

RECORDED = Path(__file__).parents[1] / "recordings"
SERVICES = catalog().services
GDP = next(one for one in SERVICES["fred"].feeds if one.code["series"] == "GDP")
STATES = [
    one
    for one in SERVICES["bea"].feeds
    if one.indicator == "gdp" and one.area in ("united_states", "california_state")
]
WAGES = Feed(
    "estat",
    "wages",
    "japan",
    "A",
    "JPY",
    {"statsDataId": "0003425893", "tab": "40", "cat04": "02", "unit": "千円"},
    scale=3,
)
CALLS = Feed(
    "portwatch", "port_calls", "singapore", "D", "port calls", {"area": "port1201", "field": "portcalls"}
)
PEOPLE = Feed(
    "dbnomics",
    "population",
    "japan",
    "A",
    "persons",
    {"series": "IMF/WEO:latest/NZL.LP.persons", "unit": "persons"},
)


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text())


def case(name: str) -> tuple[Callable[[bytes, Request], Page], Request, Any]:
    """Parser, request and a whole answer of a service."""
    if name == "bea":
        return bea.parse, bea.request(STATES, None)[0], recorded("bea/regional_CAGDP2_state.json")
    if name == "dbnomics":
        return (
            dbnomics.parse,
            dbnomics.request([PEOPLE], None)[0],
            recorded("dbnomics/series_IMF_WEO_2023-04.json"),
        )
    if name == "portwatch":
        return (
            portwatch.parse,
            portwatch.request([CALLS], None)[0],
            recorded("portwatch/Daily_Ports_Data_port1201.json"),
        )
    if name == "estat":
        wages = recorded("estat/getStatsData_0003425893.json")
        wages["GET_STATS_DATA"]["STATISTICAL_DATA"]["RESULT_INF"] = {
            "TOTAL_NUMBER": 4,
            "FROM_NUMBER": 1,
            "TO_NUMBER": 4,
        }
        return estat.parse, estat.request([WAGES], None)[0], wages
    description = fred.request([GDP], None)[0]
    if name == "fred description":
        return fred.parse, description, recorded("fred/series_GDP.json")
    following = fred.parse((RECORDED / "fred" / "series_GDP.json").read_bytes(), description).following
    assert following is not None
    return fred.parse, following, {**recorded("fred/observations_GDP_latest.json"), "count": 6}


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


@pytest.mark.parametrize("name", ["fred", "fred description", "bea", "estat", "portwatch", "dbnomics"])
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_changed_part_is_read_or_refused(name: str, data: st.DataObject) -> None:
    parse, request, whole = case(name)
    *where, last = data.draw(st.sampled_from(list(places(whole))))
    changed = copy.deepcopy(whole)
    inside = changed
    for key in where:
        inside = inside[key]
    inside[last] = data.draw(
        st.sampled_from([None, "", "x", 0, -1, 1.5, True, [], {}, [None], ["x"], {"x": "y"}, "9" * 40])
    )
    try:
        page = parse(json.dumps(changed).encode(), request)
    except AnswerError as refused:
        assert len(str(refused)) < 1_000
    else:
        assert page.rows.columns == list(PAGE)
