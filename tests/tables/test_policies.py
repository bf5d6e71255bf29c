"""The register of policies: names, places and sources that exist, and dates that the daily counts bear out."""

from __future__ import annotations

import re
from collections import defaultdict
from csv import DictReader
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import LANGUAGES, Policy, catalog, datasets_dir, parse_period
from gbaindicators.errors import DatasetError, PeriodError, UnknownNameError
from gbaindicators.store import definitions, policies, query

NAMES = catalog()
REGISTER = list(NAMES.policies.values())
CLOSURES = [p for p in REGISTER if p.source.startswith("immd_")]


@pytest.fixture(scope="module")
def traffic() -> dict[str, dict[date, int]]:
    """Travellers by control point and day, both directions, days without any left out."""
    points = {a: area.id for area in NAMES.areas.values() for a in area.aliases}
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    with (datasets_dir() / "crossings" / "hk_daily_crossings.csv").open(encoding="utf-8") as file:
        for row in DictReader(file):
            day, month, year = map(int, row["Date"].split("-"))
            if number := int(row["Total"] or 0):
                found[points[row["Control Point"]]][date(year, month, day)] += number
    return found


@pytest.mark.parametrize("policy", REGISTER, ids=lambda p: p.id)
def test_everything_named_exists(policy: Policy) -> None:
    assert policy.areas and set(policy.areas) <= NAMES.areas.keys()
    assert policy.indicators and set(policy.indicators) <= NAMES.indicators.keys()
    assert policy.start == parse_period(policy.start_text).start
    assert set(policy.names) == set(LANGUAGES)
    assert not re.search(r"[\u4e00-\u9fff]", policy.names["en"])
    for language in ("zh-Hans", "zh-Hant"):
        assert re.search(r"[\u4e00-\u9fff]", policy.names[language])
        assert not re.search(r"[(),:;]", policy.names[language]), "Chinese text takes full-width punctuation"


@pytest.mark.parametrize("policy", REGISTER, ids=lambda p: p.id)
def test_the_date_has_a_source_or_a_file_that_states_it(policy: Policy) -> None:
    if policy.source:
        assert policy.source in NAMES.sources
    else:
        files = re.findall(r"(?:datasets|tests)/[\w/]+\.\w+", policy.stated)
        assert files
        assert all((Path(__file__).parents[2] / f).is_file() for f in files)


def test_definitions_cite_sources_of_the_catalogue_or_say_that_none_does() -> None:
    assert {d.source for d in NAMES.definitions} - {""} <= NAMES.sources.keys()
    assert NAMES.definition("greater_bay_area").source == "dsec_gba_gdp"
    assert all("o source in the catalogue states" in d.note for d in NAMES.definitions if not d.source)


def test_the_list_of_definitions_is_the_catalogue() -> None:
    table = definitions()
    assert table.select("area", "subject", "id").rows() == [
        (d.area, d.subject, d.id) for d in NAMES.definitions
    ]
    assert table["source"].drop_nulls().to_list() == [d.source for d in NAMES.definitions if d.source]
    assert set(definitions("Tokyo Bay Area")["area"]) == {"tokyo_bay_area"}
    with pytest.raises(UnknownNameError):
        definitions("tokio_bay")


def test_a_title_that_begins_with_its_producer_is_cited_once() -> None:
    assert NAMES.sources["wikipedia_nymsa_sfmsa_gdp_2024"].citation() == (
        "Wikipedia: List of United States metropolitan areas by GDP"
    )
    assert (
        NAMES.sources["wikipedia_japan_prefectures_gdp"]
        .citation()
        .startswith("Wikipedia (citing the Cabinet Office, Japan): List of Japanese prefectures")
    )
    assert not [s for s in NAMES.cite(NAMES.sources) if re.match(r"(.+?)( \(.*?\))?: \1: ", s)]


@pytest.mark.usefixtures("shipped")
def test_the_database_cites_as_the_catalogue_does_and_keeps_the_sources_of_definitions() -> None:
    cited = query("SELECT s.id, cite(s.id) AS citation FROM source s")
    assert dict(cited.iter_rows()) == dict(zip(NAMES.sources, NAMES.cite(NAMES.sources), strict=True))
    held = query("SELECT DISTINCT area, subject, id, source FROM definition")
    assert set(held.rows()) == {(d.area, d.subject, d.id, d.source or None) for d in NAMES.definitions}


@pytest.mark.parametrize("policy", CLOSURES, ids=lambda p: p.id)
def test_the_daily_counts_show_the_day(policy: Policy, traffic: dict[str, dict[date, int]]) -> None:
    points = [a for a in policy.areas if NAMES.areas[a].level == "control_point"]
    assert points
    closes = "closed" in policy.id
    for point in points:
        before, after = (
            any(policy.start + timedelta(d) in traffic[point] for d in days)
            for days in (range(-7, 0), range(7))
        )
        assert (before, after) == (closes, not closes), point
        day = policy.start - timedelta(1) if closes else policy.start
        assert day in traffic[point], point


def test_the_list_is_the_register_in_order_of_time() -> None:
    table = policies()
    assert table.columns == [
        "id", "start", "time_period", "name_en", "name_zh_hans", "name_zh_hant", "areas", "indicators", "source", "stated",
    ]  # fmt: skip
    assert table.height == len(REGISTER) == 11
    assert table["start"].is_sorted()
    assert table.schema["areas"] == table.schema["indicators"] == pl.List(pl.String)
    for row in table.iter_rows(named=True):
        policy = NAMES.policies[row["id"]]
        assert (row["start"], row["time_period"]) == (policy.start, policy.start_text)
        assert row["source"] == (policy.source or None)
        assert row["name_en"] == policy.names["en"]


def test_a_register_with_a_date_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    folder.mkdir()
    with pytest.raises(DatasetError, match=r"policies\.toml"):
        _ = catalog(tmp_path).policies
    entry = '[x]\nstart = "soon"\nen = "X"\nzh-Hans = "X"\nzh-Hant = "X"\nareas = []\nindicators = []\nstated = "x"\n'
    (folder / "policies.toml").write_text(entry, encoding="utf-8")
    with pytest.raises(PeriodError, match="soon"):
        _ = catalog(tmp_path).policies
