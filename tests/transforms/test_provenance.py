"""What rides along: unions of sources, the worst status, the latest vintage."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.transforms.provenance import merge_provenance

LISTS = st.one_of(st.none(), st.lists(st.sampled_from("abcd"), max_size=3, unique=True))


def frame(lists: list[list[str] | None]) -> pl.DataFrame:
    return pl.DataFrame({"sources": lists}, schema={"sources": pl.List(pl.String)})


@settings(max_examples=80, deadline=None)
@given(pairs=st.lists(st.tuples(LISTS, LISTS), min_size=1, max_size=12))
def test_union_of_sources(pairs: list[tuple[list[str] | None, list[str] | None]]) -> None:
    ours, theirs = (frame([p[i] for p in pairs]) for i in (0, 1))
    merged = merge_provenance(ours, theirs)["sources"].to_list()
    assert [sorted(m or []) for m in merged] == [sorted({*(a or []), *(b or [])}) for a, b in pairs]


@settings(max_examples=60, deadline=None)
@given(
    ours=st.lists(LISTS, min_size=1, max_size=12),
    theirs=st.lists(LISTS, min_size=3, max_size=3),
    data=st.data(),
)
def test_rows_of_a_shorter_frame(
    ours: list[list[str] | None], theirs: list[list[str] | None], data: st.DataObject
) -> None:
    numbers = st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=len(ours), max_size=len(ours))
    rows = pl.Series(data.draw(numbers), dtype=pl.UInt32)
    merged = merge_provenance(frame(ours), frame(theirs), rows)["sources"].to_list()
    expected = merge_provenance(frame(ours), frame(theirs).select(pl.all().gather(rows)))["sources"].to_list()
    assert merged == expected


def test_worst_status_and_latest_vintage() -> None:
    ours = pl.DataFrame({"status": ["A", "P", None], "vintage": [date(2020, 1, 1), None, date(2020, 1, 1)]})
    theirs = pl.DataFrame({"status": ["E", "B"], "vintage": [date(2019, 1, 1), date(2021, 1, 1)]})
    merged = merge_provenance(ours, theirs, pl.Series([0, 1, None], dtype=pl.UInt32))
    assert merged["status"].to_list() == ["E", "B", None]
    assert merged["vintage"].to_list() == [date(2020, 1, 1), date(2021, 1, 1), date(2020, 1, 1)]


def test_nothing_to_add_leaves_the_frame_as_it_is() -> None:
    ours = frame([["b", "a"], None])
    assert merge_provenance(ours, frame([["b", "a"], None]))["sources"].to_list() == [["b", "a"], None]
