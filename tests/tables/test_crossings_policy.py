"""The rules of the daily crossings and of the policy statements, each with a row that breaks it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.errors import ValidationError
from gbaindicators.store import build
from gbaindicators.tables import crossings, policy
from gbaindicators.tables.validation import validate

NAMES = catalog()
DAY = {
    "Date": "24-01-2020", "Control Point": "Airport", "Arrival / Departure": "Arrival", "Hong Kong Residents": "20724",
    "Mainland Visitors": "9124", "Other Visitors": "14116", "Total": "43964", "source": "immd_page_zachkongoyu",
}  # fmt: skip
STATEMENT = {
    "indicator": "gdp", "area": "greater_bay_area", "counterpart_area": "", "as_of": "2019-03", "value": "1.6",
    "unit": "USD trillion", "qualifier": "exact", "source": "policy_npc_2019", "quote": "with a $1.6 trillion GDP", "note": "",
}  # fmt: skip


def frame(
    good: dict[str, str], columns: tuple[str, ...], changes: tuple[dict[str, str], ...]
) -> pl.DataFrame:
    rows = pl.DataFrame([good | c for c in changes], schema=dict.fromkeys(columns, pl.String))
    return rows.with_row_index("row", 2).with_columns(pl.col("row").cast(pl.Int64))


def of_crossings(*changes: dict[str, str]) -> pl.DataFrame:
    rows = crossings.normalise_crossings(frame(DAY, crossings.COLUMNS, changes), NAMES)
    return validate(rows, crossings.crossings_schema(NAMES), "crossings/x.csv", NAMES)


def of_policy(*changes: dict[str, str]) -> pl.DataFrame:
    rows = policy.normalise_policy(frame(STATEMENT, policy.COLUMNS, changes), NAMES)
    return validate(rows, policy.policy_schema(NAMES), "policy/x.csv", NAMES)


BAD_DAYS = {
    "another way to write a date": ({"Date": "2020-01-24"}, "Date", "is a day written dd-mm-YYYY"),
    "no such day": ({"Date": "31-02-2020"}, "Date", "is a day written dd-mm-YYYY"),
    "unknown control point": (
        {"Control Point": "Airprot"},
        "Control Point",
        "is a control point in the catalogue",
    ),
    "neither way": ({"Arrival / Departure": "Arrivals"}, "Arrival / Departure", "is Arrival or Departure"),
    "negative count": ({"Mainland Visitors": "-1"}, "Mainland Visitors", "is a count of at least 0"),
    "no count": ({"Hong Kong Residents": "many"}, "Hong Kong Residents", "is a count of at least 0"),
    "a fraction": ({"Other Visitors": "1.5"}, "Other Visitors", "is a count of at least 0"),
    "NaN": ({"Total": "NaN"}, "Total", "is a count of at least 0"),
    "sum does not add up": (
        {"Total": "43965"},
        "Total",
        "is the sum of residents, mainland and other visitors",
    ),
    "unknown source": ({"source": "immd_csv"}, "source", "is a source in the catalogue"),
}
BAD_STATEMENTS = {
    "unknown indicator": ({"indicator": "gpd"}, "indicator", "is an indicator in the catalogue (did you mean gdp"),
    "unknown area": ({"area": "greater_bay"}, "area", "lists areas in the catalogue"),
    "one of several unknown": ({"area": "macao;hongkong"}, "area", "lists areas in the catalogue"),
    "no area": ({"area": ""}, "area", "lists areas in the catalogue"),
    "unknown counterpart": ({"counterpart_area": "moon"}, "counterpart_area", "lists areas in the catalogue"),
    "text date": ({"as_of": "March 2019"}, "as_of", "is empty, 2024, 2024-12"),
    "no number": ({"value": "some"}, "value", "is a number or empty"),
    "NaN": ({"value": "NaN"}, "value", "is a number or empty"),
    "inf": ({"value": "inf"}, "value", "is a number or empty"),
    "no unit": ({"unit": ""}, "unit", "is stated"),
    "unknown hedge": ({"qualifier": "roughly"}, "qualifier", "is one of exact, about, nearly, more_than, rank"),
    "unknown source": ({"source": "policy_npc_2018"}, "source", "is a source in the catalogue (did you mean policy_npc_2019"),
    "no words": ({"quote": ""}, "quote", "gives the words"),
}  # fmt: skip


def test_good_rows_break_no_rule() -> None:
    assert of_crossings({}).height == 0
    assert (
        of_policy({}, {"value": "", "counterpart_area": "hong_kong;macao", "as_of": "2022/2023"}).height == 0
    )


@pytest.mark.parametrize("case", BAD_DAYS)
def test_every_bad_day_is_named(case: str) -> None:
    change, column, words = BAD_DAYS[case]
    report = of_crossings({}, change)
    assert set(report["row"]) == {3}
    assert any(r["column"] == column and words in r["rule"] for r in report.rows(named=True)), report


@pytest.mark.parametrize("case", BAD_STATEMENTS)
def test_every_bad_statement_is_named(case: str) -> None:
    change, column, words = BAD_STATEMENTS[case]
    report = of_policy({}, change)
    assert set(report["row"]) == {3}
    assert any(r["column"] == column and words in r["rule"] for r in report.rows(named=True)), report


def test_every_rule_has_a_row_here_that_breaks_it() -> None:
    for schema, bad, of in (
        (crossings.crossings_schema(NAMES), BAD_DAYS, of_crossings),
        (policy.policy_schema(NAMES), BAD_STATEMENTS, of_policy),
    ):
        rules = {(column, rule.text) for column, rules in schema.rules.items() for rule in rules}
        broken = {
            (r["column"], r["rule"].split(" (did")[0])
            for change, _, _ in bad.values()
            for r in of(change).rows(named=True)
        }
        assert rules <= broken


def test_one_place_under_two_names_is_one_area() -> None:
    names = ({"Control Point": "Macau Ferry Terminal"}, {"Control Point": "Macao Ferry Terminal"})
    rows = crossings.normalise_crossings(frame(DAY, crossings.COLUMNS, names), NAMES)
    assert rows["area"].to_list() == ["hk_macao_ferry_terminal"] * 2
    assert rows["date"].to_list() == [date(2020, 1, 24)] * 2


def test_a_day_that_stands_twice_is_refused(make_datasets, tmp_path: Path) -> None:
    day = ",".join(DAY.values())
    text = ",".join(crossings.COLUMNS) + f"\n{day}\n{day}\n"
    with pytest.raises(
        ValidationError, match=r"row 3, Date: '2020-01-24' .*same day, control point and direction as row 2"
    ):
        build(make_datasets(crossings=text), tmp_path / "x.duckdb")


def test_two_names_of_one_place_on_one_day_are_the_same_day_twice(make_datasets, tmp_path: Path) -> None:
    rows = [
        ",".join((DAY | {"Control Point": f"{name} Ferry Terminal"}).values()) for name in ("Macau", "Macao")
    ]
    text = "\n".join([",".join(crossings.COLUMNS), *rows, ""])
    with pytest.raises(ValidationError, match="same day, control point and direction"):
        build(make_datasets(crossings=text), tmp_path / "x.duckdb")
