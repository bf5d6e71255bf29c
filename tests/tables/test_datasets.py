"""The shipped figures: nothing is lost between what was gathered and what is shipped, and every name is known."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from gbaindicators.catalog import LANGUAGES, catalog, datasets_dir
from gbaindicators.tables import crossings, observations, policy

ROOT = datasets_dir()
NAMES = catalog()
KEY = ("indicator", "area", "period", "adjustment", "prices", "source", "vintage")
OBSERVATIONS = sorted(f"observations/{p.name}" for p in (ROOT / "observations").glob("*.csv"))
DAYS, STATEMENTS = "crossings/hk_daily_crossings.csv", "policy/policy_statements.csv"
FIVE = ("gdp", "port_throughput", "passengers", "card_transactions", "enrolled_residents")


@cache
def rows(file: str) -> list[dict[str, str]]:
    with (ROOT / file).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_the_ledger_accounts_for_every_gathered_row() -> None:
    files = {
        r["file"]: (int(r["rows_in"]), int(r["rows_out"]), int(r["rows_left_out"]))
        for r in rows("ledger/files.csv")
    }
    assert all(n_in == n_out + left for n_in, n_out, left in files.values())
    days, statements = files.pop("hk_daily_crossings.csv"), files.pop("policy_statements.csv")
    assert (days[0], statements[0]) == (66_970, 60)
    assert sum(n_in for n_in, _, _ in files.values()) == 30_705


def test_every_row_left_out_has_its_reason() -> None:
    left = rows("ledger/left_out.csv")
    assert all(r["reason"].strip() for r in left)
    counted = Counter(r["file"] for r in left)
    assert all(counted[r["file"]] == int(r["rows_left_out"]) for r in rows("ledger/files.csv"))
    places = [(r["file"], r["line"]) for r in left]
    assert len(places) == len(set(places))


def test_the_rows_of_each_shipped_file_are_those_that_came_in_and_those_added() -> None:
    came: Counter[str] = Counter()
    for r in rows("ledger/tables.csv"):
        came[r["table"]] += int(r["rows"])
    added = Counter(r["table"] for r in rows("ledger/added.csv"))
    shipped = {file: len(rows(file)) for file in (*OBSERVATIONS, DAYS, STATEMENTS)}
    assert shipped == {file: came[file] + added[file] for file in came.keys() | added.keys()}


def test_the_rows_by_table_are_those_taken_over_from_each_file() -> None:
    out: Counter[str] = Counter()
    for r in rows("ledger/tables.csv"):
        out[r["file"]] += int(r["rows"])
    assert out == {r["file"]: int(r["rows_out"]) for r in rows("ledger/files.csv")}


def test_the_rows_by_name_are_those_of_each_file_and_table() -> None:
    named: Counter[tuple[str, str]] = Counter()
    for r in rows("ledger/names.csv"):
        named[r["file"], f"observations/{r['table']}.csv"] += int(r["rows"])
    tables = {(r["file"], r["table"]): int(r["rows"]) for r in rows("ledger/tables.csv")}
    assert named == {k: n for k, n in tables.items() if k[1] in OBSERVATIONS}


def test_every_name_of_the_ledger_is_used_in_its_table() -> None:
    used = {
        (file, r["indicator"], r["unit"], r["scale"], r["adjustment"], r["prices"])
        for file in OBSERVATIONS
        for r in rows(file)
    }
    for r in rows("ledger/names.csv"):
        name = (
            f"observations/{r['table']}.csv",
            r["indicator"],
            r["unit"],
            r["scale"],
            r["adjustment"],
            r["prices"],
        )
        assert name in used, name


def test_rows_added_stand_in_their_tables() -> None:
    for r in rows("ledger/added.csv"):
        row = {c: r[c] for c in observations.COLUMNS}
        assert row in rows(r["table"])


@pytest.mark.parametrize("file", OBSERVATIONS)
def test_every_name_used_is_in_the_catalogue(file: str) -> None:
    table = Path(file).stem
    for r in rows(file):
        assert NAMES.indicators[r["indicator"]].table == table
        assert r["area"] in NAMES.areas
        assert r["unit"] in NAMES.units
        assert r["source"] in NAMES.sources


def test_every_area_and_source_of_crossings_and_statements_is_in_the_catalogue() -> None:
    points = {alias for a in NAMES.areas.values() if a.level == "control_point" for alias in a.aliases}
    assert {r["Control Point"] for r in rows(DAYS)} <= points
    assert {r["source"] for r in rows(DAYS)} <= NAMES.sources.keys()
    for r in rows(STATEMENTS):
        assert r["indicator"] in NAMES.indicators
        assert r["source"] in NAMES.sources
        assert {a for c in ("area", "counterpart_area") for a in r[c].split(";") if a} <= NAMES.areas.keys()


def test_every_source_of_the_catalogue_is_used() -> None:
    used = {r["source"] for file in (*OBSERVATIONS, DAYS, STATEMENTS) for r in rows(file)}
    # Services are sources of what a refresh accepts, not of shipped figures.
    assert used == NAMES.sources.keys() - NAMES.services.keys()


def test_keys_are_unique() -> None:
    for file in OBSERVATIONS:
        keys = Counter(tuple(r[k] for k in KEY) for r in rows(file))
        assert [k for k, n in keys.items() if n > 1] == []
    days = Counter((r["Date"], r["Control Point"], r["Arrival / Departure"]) for r in rows(DAYS))
    assert max(days.values()) == 1


@pytest.mark.parametrize("part", ["indicators", "areas", "units", "definitions"])
def test_everything_is_named_in_three_languages(part: str) -> None:
    entries = getattr(NAMES, part)
    for entry in entries.values() if isinstance(entries, dict) else entries:
        assert set(entry.names) == set(LANGUAGES)
        assert all(name.strip() for name in entry.names.values()), entry.id
        assert not re.search(r"[\u4e00-\u9fff]", entry.names["en"]), entry.id
        for language in ("zh-Hans", "zh-Hant"):
            assert re.search(r"[\u4e00-\u9fff]", entry.names[language]) or entry.id == "percent", entry.id


def test_names_of_indicators_and_areas_tell_them_apart() -> None:
    for entries in (NAMES.indicators, NAMES.areas):
        for language in LANGUAGES:
            names = Counter(e.names[language] for e in entries.values())
            assert [n for n, times in names.items() if times > 1] == []


def test_simplified_names_hold_no_traditional_characters() -> None:
    traditional = set("澳門廣東東莞灣區機場貿易數運輸總額億萬國際業")
    simplified = set("澳门广东东莞湾区机场贸易数运输总额亿万国际业")
    for entry in (*NAMES.indicators.values(), *NAMES.areas.values(), *NAMES.units.values()):
        assert not set(entry.names["zh-Hans"]) & (traditional - simplified), entry.id
        assert not set(entry.names["zh-Hant"]) & (simplified - traditional), entry.id


def test_every_indicator_says_how_it_adds_up() -> None:
    for i in NAMES.indicators.values():
        assert i.kind in ("flow", "stock", "rate", "index", "ratio", "price"), (i.id, i.kind)
        assert i.over_time in ("sum", "mean", "end", "none"), (i.id, i.over_time)
        assert i.over_areas in ("sum", "none", "mean"), (i.id, i.over_areas)
        assert len(i.description) > 20, i.id


def test_every_source_says_who_what_and_under_which_terms() -> None:
    for s in NAMES.sources.values():
        assert s.producer and s.title and s.licence, s.id
        assert re.match(r"https?://\S+$", s.url or s.mirror) or s.note, s.id
        assert s.grade in ("official", "mirror", "secondary")
        assert re.fullmatch(r"(\d{4}(-\d\d(-\d\d)?)?)?", s.vintage), s.id


def test_members_parts_and_choices_name_what_the_catalogue_knows() -> None:
    for d in NAMES.definitions:
        assert {d.area, *d.members} <= NAMES.areas.keys()
    for p in NAMES.preferences:
        assert set(p.indicators) <= NAMES.indicators.keys()
        assert set(p.areas) <= NAMES.areas.keys() | {"*"}
        assert set(p.sources) <= NAMES.sources.keys()
    for i in NAMES.identities:
        known = NAMES.indicators if i.over == "indicators" else NAMES.areas
        assert {i.total, *i.parts} <= known.keys()
        assert set(i.indicators) <= NAMES.indicators.keys()


def test_one_definition_of_each_bay_and_subject_is_the_default() -> None:
    defaults = Counter((d.area, d.subject) for d in NAMES.definitions if d.default)
    assert defaults == {(d.area, d.subject): 1 for d in NAMES.definitions}


def test_the_five_tables_known_by_name_are_shipped() -> None:
    assert {f"observations/{name}.csv" for name in FIVE} <= set(OBSERVATIONS)
    assert set(FIVE) <= set(NAMES.tables)


def test_the_data_package_describes_every_shipped_table() -> None:
    package = json.loads((ROOT / "datapackage.json").read_text(encoding="utf-8"))
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    resources = {r["path"]: [f["name"] for f in r["schema"]["fields"]] for r in package["resources"]}
    ledger = [f"ledger/{p.name}" for p in (ROOT / "ledger").glob("*.csv")]
    assert resources.keys() == {*OBSERVATIONS, DAYS, STATEMENTS, "catalog/sources.csv", *ledger}
    for file in OBSERVATIONS:
        assert resources[file] == list(observations.COLUMNS)
    assert resources[DAYS] == list(crossings.COLUMNS)
    assert resources[STATEMENTS] == list(policy.COLUMNS)


def test_the_data_package_is_valid() -> None:
    frictionless = pytest.importorskip("frictionless")
    with frictionless.system.use_context(trusted=False):
        report = frictionless.validate(str(ROOT / "datapackage.json"))
    assert report.flatten(["title", "rowNumber", "fieldName", "message"]) == []
    assert report.valid


def test_sectors_of_cities_break_where_the_vintage_behind_them_changes() -> None:
    """The file mixes vintages of GDP; its notes say by how much each year's is off the accounts as they stand now."""
    off: dict[tuple[str, str], float] = {}
    broken = 0
    for r in rows("observations/gdp.csv"):
        if r["source"] != "gp_city_sectors_2000_2023":
            continue
        series = r["indicator"], r["area"]
        stated = re.search(r"file GDP ([\d.]+), DSEC table ([\d.]+)", r["note"])
        share = float(stated[1]) / float(stated[2]) - 1 if stated else 0.0
        if abs(share - off.get(series, share)) > 0.02:
            assert r["status"] == "B", r
            broken += 1
        off[series] = share
    assert broken == 72


def test_population_of_the_united_states_breaks_with_the_base_of_the_estimates() -> None:
    """Estimates of one vintage rest on one census; no year is in two of them, so no overlap shows the break."""
    population = [r for r in rows("observations/population.csv") if r["source"].startswith("census_")]
    first: dict[tuple[str, str], str] = {}
    for r in sorted(population, key=lambda r: r["period"]):
        first.setdefault((r["area"], r["source"]), r["period"])
    begun = {area: min(p for (a, _), p in first.items() if a == area) for area, _ in first}
    starts = {(a, p) for (a, _), p in first.items() if p > begun[a]}
    assert {(r["area"], r["period"]) for r in population if r["status"] == "B"} == starts
    assert len(starts) == 102
