"""The rules of the table of observations, and its arithmetic both ways over every shipped figure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog, datasets_dir
from gbaindicators.errors import ValidationError
from gbaindicators.store import build
from gbaindicators.tables.csv_files import read_batches
from gbaindicators.tables.observations import COLUMNS, normalise, observation_schema, published_text
from gbaindicators.tables.validation import FAILURES, validate

NAMES = catalog()
GOOD = {
    "indicator": "gdp", "area": "macao", "period": "2020", "value": "204.4", "unit": "MOP", "scale": "9",
    "adjustment": "nsa", "prices": "current", "status": "A", "vintage": "2024-05-31", "source": "dsec_gba_gdp",
    "locator": "row 1", "note": "",
}  # fmt: skip
FILES = sorted((datasets_dir() / "observations").glob("*.csv"))


def batch(*rows: dict[str, str]) -> pl.DataFrame:
    """Rows as `read_batches` gives them, normalised; each says what differs from a good row."""
    text = pl.DataFrame([GOOD | r for r in rows], schema=dict.fromkeys(COLUMNS, pl.String))
    return normalise(text.with_row_index("row", 2).with_columns(pl.col("row").cast(pl.Int64)), NAMES)


def failures(*rows: dict[str, str], table: str | None = "gdp") -> pl.DataFrame:
    return validate(batch(*rows), observation_schema(NAMES, table), "observations/gdp.csv", NAMES)


def test_a_good_row_breaks_no_rule() -> None:
    report = failures({})
    assert report.height == 0
    assert report.schema == pl.Schema(FAILURES)


#: Every rule once: what is wrong in the row, the column named, the essential words of the rule and its mend.
BAD = {
    "unknown indicator": ({"indicator": "gpd"}, "indicator", "is an indicator of the table 'gdp' (did you mean gdp"),
    "indicator of another table": ({"indicator": "population", "unit": "persons", "prices": ""}, "indicator", "is an indicator of the table 'gdp'"),
    "unknown area": ({"area": "guangzhuo"}, "area", "is an area in the catalogue (did you mean guangzhou"),
    "period 2023-13": ({"period": "2023-13"}, "period", "'2023-13' is not a period: month must be in 1..12"),
    "period 2023Q2": ({"period": "2023Q2"}, "period", "write 2023-Q2"),
    "text date": ({"period": "May 2023"}, "period", "Periods are written 2023, 2023-S1, 2023-Q2"),
    "31 February": ({"period": "2023-02-31"}, "period", "is not a period"),
    "no period": ({"period": ""}, "period", "is SDMX period text"),
    "not a number": ({"value": "n.a."}, "value", "is a finite number"),
    "thousands separators": ({"value": "1,234"}, "value", "is a finite number"),
    "blank beside the number": ({"value": " 1"}, "value", "is a finite number"),
    "NaN": ({"value": "NaN"}, "value", "is a finite number"),
    "scientific notation": ({"value": "4.5E3"}, "value", "in plain digits"),
    "more than a float holds": ({"value": "9" * 400}, "value", "is a finite number"),
    "inf": ({"value": "inf"}, "value", "is a finite number"),
    "-inf": ({"value": "-inf"}, "value", "is a finite number"),
    "empty without status M": ({"value": ""}, "value", "or empty with status M"),
    "negative count": ({"value": "-1"}, "value", "is not below what the indicator can be"),
    "unknown unit": ({"unit": "CYN"}, "unit", "is a unit in the catalogue (did you mean CNY"),
    "unit of another kind": ({"unit": "persons"}, "unit", "is a unit of the indicator"),
    "scale no power of ten": ({"scale": "x"}, "scale", "is a power of ten from -9 to 18"),
    "scale too large": ({"scale": "19"}, "scale", "is a power of ten from -9 to 18"),
    "unknown adjustment": ({"adjustment": "seasonal"}, "adjustment", "is one of nsa, sa, ytd, cumulative"),
    "unknown prices": ({"prices": "real"}, "prices", "'constant 2015'"),
    "unknown status": ({"status": "X"}, "status", "SDMX OBS_STATUS: A, P, E, B, U, M"),
    "vintage no date": ({"vintage": "31.5.2024"}, "vintage", "is a date: 2024-05-31, 2024-05 or 2024"),
    "vintage a quarter": ({"vintage": "2024-Q2"}, "vintage", "is a date"),
    "published before it began": ({"vintage": "2019-12-31"}, "vintage", "is not before the period begins"),
    "unknown source": ({"source": "dsec_gba_gpd"}, "source", "is a source in the catalogue (did you mean dsec_gba_gdp"),
    "no locator": ({"locator": " "}, "locator", "says where in the source the figure stands"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_every_bad_cell_is_named_with_row_column_value_and_rule(case: str) -> None:
    change, column, words = BAD[case]
    report = failures({}, change)
    found = report.filter(pl.col("column") == column).rows(named=True)
    assert found, f"no failure in {column}: {report}"
    assert found[0]["file"] == "observations/gdp.csv"
    assert {f["row"] for f in report.rows(named=True)} == {3}
    assert found[0]["value"] == (GOOD | change)[column]
    assert any(words in f["rule"] for f in found)


def test_a_share_above_its_maximum_is_named() -> None:
    name = next(i for i in NAMES.indicators.values() if i.maximum is not None and i.unit == "percent")
    bad = {
        "indicator": name.id,
        "unit": "percent",
        "scale": "0",
        "prices": "",
        "value": str(name.maximum + 1),
    }
    report = failures(bad, table=None)
    assert report["rule"].to_list() == ["is not above what the indicator can be"]


def test_every_rule_of_the_schema_has_a_row_here_that_breaks_it() -> None:
    rules = {rule.text for of_column in observation_schema(NAMES, "gdp").rules.values() for rule in of_column}
    broken = {
        re.sub(r" \((did|'|.* is not).*", "", r)
        for change, _, _ in BAD.values()
        for r in failures(change)["rule"]
    }
    assert rules - broken == {"is not above what the indicator can be"}


def test_a_lazy_frame_is_validated_too_though_pandera_would_check_only_its_columns() -> None:
    bad, schema = batch({"value": "NaN"}), observation_schema(NAMES, "gdp")
    schema.pandera().validate(bad.lazy(), lazy=True)  # Pandera alone finds nothing
    assert validate(bad.lazy(), schema, "f", NAMES).rows() == validate(bad, schema, "f", NAMES).rows() != []


def test_all_bad_cells_are_named_not_only_the_first() -> None:
    report = failures({"area": "x"}, {}, {"value": "y", "source": "z"})
    assert report.select("row", "column").rows() == [(2, "area"), (4, "source"), (4, "value")]


def test_a_missing_figure_is_empty_with_status_m() -> None:
    assert failures({"value": "", "status": "M"}).height == 0
    assert batch({"value": "", "status": "M"})["amount"].to_list() == [None]


@pytest.mark.parametrize(
    ("value", "scale", "amount"),
    [
        ("2.3", "8", 230000000.0),
        ("0.1", "1", 1.0),
        ("8.2770", "0", 8.277),
        ("1136", "3", 1136000.0),
        ("-71.4", "6", -71400000.0),
    ],
)
def test_the_decimal_text_is_shifted_before_it_becomes_a_float(value: str, scale: str, amount: float) -> None:
    assert batch({"value": value, "scale": scale})["amount"].item() == amount


def test_units_become_their_base_units() -> None:
    row = batch({"indicator": "air_cargo", "unit": "pounds", "scale": "6", "value": "1", "prices": ""})
    assert row["base"].item() == "tonnes"
    assert row["amount"].item() == pytest.approx(453.59237)  # a pound is 0.45359237 kg


def test_periods_become_first_and_last_day_and_a_vintage_its_last_day() -> None:
    frame = batch(
        {"period": "2022-04-01/P1Y", "vintage": "2024-02"}, {"period": "2023-Q2", "vintage": "2024"}
    )
    assert frame.select("frequency", "start", "end", "known").rows() == [
        ("A", date(2022, 4, 1), date(2023, 3, 31), date(2024, 2, 29)),
        ("Q", date(2023, 4, 1), date(2023, 6, 30), date(2024, 12, 31)),
    ]


def shipped_rows() -> Iterator[tuple[Path, pl.DataFrame]]:
    for path in FILES:
        for rows in read_batches(path, COLUMNS):
            yield path, normalise(rows, NAMES)


def test_every_shipped_figure_comes_back_exactly_as_published() -> None:
    wrong = []
    for path, rows in shipped_rows():
        for r in rows.select("row", "value", "unit", "scale", "amount").iter_rows(named=True):
            published = Decimal(r["value"])
            decimals = max(0, -int(published.as_tuple().exponent))
            text = published_text(r["amount"], int(r["scale"]), NAMES.units[r["unit"]].factor, decimals)
            # A float carries 15 digits of any decimal text; the few longer texts come back as the same float.
            same = text == r["value"] or (
                len(published.as_tuple().digits) > 15
                and Decimal(text).scaleb(int(r["scale"])) == Decimal(repr(r["amount"]))
            )
            if not same:
                wrong.append((path.name, r["row"], r["value"], text))
    assert wrong == []


def test_every_shipped_figure_is_its_decimal_text_in_base_units() -> None:
    for path, rows in shipped_rows():
        for r in rows.select("row", "value", "unit", "scale", "amount").iter_rows(named=True):
            factor = NAMES.units[r["unit"]].factor
            exact = float(Decimal(r["value"]).scaleb(int(r["scale"]))) * factor
            assert r["amount"] == exact, (path.name, r["row"])


def test_a_build_names_the_bad_cells_and_publishes_nothing(make_datasets, tmp_path: Path) -> None:
    database = tmp_path / "x.duckdb"
    with pytest.raises(ValidationError) as error:
        build(make_datasets(gdp=[{}, {"period": "2021", "value": "-5"}, {"period": "2023Q2"}]), database)
    message = str(error.value)
    assert "2 cells break the rules of their table; nothing was published" in message
    assert (
        "observations/gdp.csv, row 3, value: '-5' breaks the rule: is not below what the indicator can be"
        in message
    )
    assert "write 2023-Q2" in message
    assert error.value.failures.columns == list(FAILURES)
    assert error.value.exit_code == 2
    assert not database.exists()


def test_a_duplicate_key_names_both_rows(make_datasets, tmp_path: Path) -> None:
    rows = [{}, {"period": "2021"}, {"value": "204.5", "locator": "row 9"}]
    with pytest.raises(ValidationError, match=r"row 4, period: '204\.5' .*gives the same figure as row 2"):
        build(make_datasets(gdp=rows), tmp_path / "x.duckdb")


def test_rows_apart_by_vintage_source_or_adjustment_are_no_duplicates(make_database) -> None:
    rows = [
        {},
        {"vintage": "2025-05-31"},
        {"source": "dsec_gba_population"},
        {"adjustment": "sa"},
        {"prices": "constant 2015"},
    ]
    assert make_database(gdp=rows).exists()


def test_a_row_cut_short_is_named(make_datasets, tmp_path: Path) -> None:
    folder = make_datasets(gdp=[{}, {"period": "2021"}])
    file = folder / "observations" / "gdp.csv"
    file.write_text(file.read_text(encoding="utf-8") + "gdp,macao,2022,20\n", encoding="utf-8")
    with pytest.raises(ValidationError) as error:
        build(folder, tmp_path / "x.duckdb")
    assert set(error.value.failures["row"]) == {4}
    assert {"unit", "source", "locator"} <= set(error.value.failures["column"])
