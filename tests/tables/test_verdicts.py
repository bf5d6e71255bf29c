"""Polars asks whether all rules hold, Pandera says which cells break which: both must say the same of any rows."""

from __future__ import annotations

import pandera.errors
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.catalog import catalog
from gbaindicators.tables.observations import COLUMNS, normalise, observation_schema
from gbaindicators.tables.validation import Rule, TableSchema, validate

NAMES = catalog()
CELLS = {
    "indicator": ["gdp", "gdp", "population", "gpd", ""],
    "area": ["macao", "macao", "guangzhuo", ""],
    "period": ["2020", "2020", "2020-Q1", "2020-13", ""],
    "value": ["204.4", "204.4", "-1", "NaN", "", "9" * 400],
    "unit": ["MOP", "MOP", "persons", "CYN"],
    "scale": ["9", "9", "99", "x"],
    "adjustment": ["nsa", "nsa", "seasonal"],
    "prices": ["current", "current", "real", ""],
    "status": ["A", "A", "M", "X"],
    "vintage": ["2024-05-31", "2024-05-31", "2019-12-31", "2024-Q2"],
    "source": ["dsec_gba_gdp", "dsec_gba_gdp", "nowhere"],
    "locator": ["row 1", "row 1", "  "],
    "note": [""],
}
GOOD = {column: cells[0] for column, cells in CELLS.items()}
#: Rows of which most cells are good, so that runs of equal rows come up, and rows without a fault.
ROWS = st.lists(
    st.one_of(
        st.just(GOOD),
        st.sampled_from(sorted(CELLS)).flatmap(
            lambda column: st.sampled_from(CELLS[column]).map(lambda cell: GOOD | {column: cell})
        ),
        st.fixed_dictionaries({column: st.sampled_from(cells) for column, cells in CELLS.items()}),
    ),
    min_size=1,
    max_size=6,
)


def pandera_finds_fault(schema: TableSchema, frame: pl.DataFrame) -> bool:
    try:
        schema.pandera().validate(frame, lazy=True)
    except pandera.errors.SchemaErrors:
        return True
    return False


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_both_give_the_same_verdict_on_observations(rows: list[dict[str, str]]) -> None:
    text = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)).with_row_index("row", 2)
    frame, schema = normalise(text, NAMES), observation_schema(NAMES, "gdp")
    assert schema.holds_of(frame) is not pandera_finds_fault(schema, frame)


SMALL = TableSchema({"a": [Rule("is x or y", pl.col("a").is_in(["x", "y"]))], "b": []}, steady=("a",))


def test_a_fault_in_the_middle_of_runs_is_seen() -> None:
    def verdict(*cells: str) -> bool:
        columns = {"a": cells, "b": [""] * len(cells)}
        return SMALL.holds_of(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))

    assert verdict("x", "x", "y", "y", "x")
    assert not verdict("x", "x", "z", "z", "x")
    assert not verdict("z")
    assert verdict()


def test_a_missing_column_another_type_and_null_are_faults_for_both() -> None:
    faulty = (
        pl.DataFrame({"a": ["x"]}),
        pl.DataFrame({"a": ["x"], "b": [1]}),
        pl.DataFrame({"a": ["x"], "b": [None]}, schema={"a": pl.String, "b": pl.String}),
    )
    for frame in faulty:
        assert not SMALL.holds_of(frame) and pandera_finds_fault(SMALL, frame)


def test_null_passes_where_it_may_stand() -> None:
    schema = TableSchema(SMALL.rules, nullable=True, steady=("a",))
    frame = pl.DataFrame({"a": ["x", None], "b": [None, "t"]}, schema={"a": pl.String, "b": pl.String})
    assert schema.holds_of(frame) and not pandera_finds_fault(schema, frame)
    report = validate(frame.with_row_index("row"), schema, "f", NAMES)
    assert report.is_empty()
