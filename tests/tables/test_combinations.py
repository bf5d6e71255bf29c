"""Combinations of columns: the same numbering by runs and by rows, and the lookups that rest on it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.tables.combinations import by_period, combinations

AREAS = st.lists(
    st.tuples(st.sampled_from(["macao", "zhuhai", None]), st.integers(0, 1)), min_size=1, max_size=30
)


def frame(rows: list[tuple[str | None, int]], repeats: int) -> pl.DataFrame:
    long = [r for r in rows for _ in range(repeats)]
    return pl.DataFrame(long, schema={"area": pl.String, "kind": pl.Int64}, orient="row")


@settings(max_examples=60, deadline=None)
@given(rows=AREAS, repeats=st.sampled_from([1, 2, 9]))
def test_the_table_at_the_numbers_is_the_frame(rows: list[tuple[str | None, int]], repeats: int) -> None:
    data = frame(rows, repeats)
    found = combinations(data, ["area", "kind"])
    assert found.table[found.rows].equals(data)
    assert found.table.is_unique().all()
    assert found.table.equals(data.unique(maintain_order=True))


def test_no_columns_and_no_rows() -> None:
    data = frame([("macao", 0)] * 3, 1)
    assert combinations(data, []).rows.to_list() == [0, 0, 0]
    assert combinations(data, []).table.shape == (1, 0)
    assert combinations(data.clear(), ["area"]).rows.to_list() == []


@settings(max_examples=60, deadline=None)
@given(rows=AREAS, days=st.lists(st.integers(-40_000, 40_000), min_size=30, max_size=30), data=st.data())
def test_dates_split_combinations(
    rows: list[tuple[str | None, int]], days: list[int], data: st.DataObject
) -> None:
    whole = frame(rows, 1).with_columns(
        period=pl.Series([date(1970, 1, 1) + timedelta(days=d) for d in days[: len(rows)]], dtype=pl.Date)
    )
    needed = pl.Series(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    split = by_period(combinations(whole, ["area"]), whole["period"], needed)
    assert split.rows.is_null().to_list() == (~needed).to_list()
    taken = whole.filter(needed).select("area", "period")
    assert split.table[split.rows.drop_nulls()].equals(taken)
    assert split.table.height == taken.n_unique()


def test_nothing_needed() -> None:
    none = frame([("macao", 0)], 2).with_columns(period=pl.lit(date(2020, 1, 1)))
    split = by_period(combinations(none, ["area"]), none["period"], pl.Series([False, False]))
    assert split.rows.to_list() == [None, None]
    empty = none.clear()
    assert (
        by_period(combinations(empty, ["area"]), empty["period"], pl.Series([], dtype=pl.Boolean)).rows.len()
        == 0
    )
