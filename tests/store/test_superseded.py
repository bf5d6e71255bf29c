"""A source speaks with its newest vintage only, now and on any day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gbaindicators.errors import UsageError
from gbaindicators.store import build, disagreements, findings, load, query
from gbaindicators.tables import observations
from tests.conftest import ROW, write_csv

SOURCES = [
    {"id": "official_1", "grade": "official", "producer": "Office"},
    {"id": "mirror_1", "grade": "mirror", "producer": "Office"},
]


@pytest.fixture(scope="module")
def withdrawn(make_database) -> Path:
    """The office prints 2020 in 2021 and takes it back in 2023; a mirror has an older figure of 2020, none of 2019."""
    rows = [
        {"source": "official_1", "value": "10", "vintage": "2021-01-31"},
        {"source": "official_1", "value": "", "status": "M", "vintage": "2023-01-31"},
        {"source": "mirror_1", "value": "9", "vintage": "2020-12-31"},
        {"period": "2019", "source": "official_1", "value": "5", "vintage": "2021-01-31"},
        {"period": "2019", "source": "official_1", "value": "", "status": "M", "vintage": "2023-01-31"},
    ]
    return make_database(sources=SOURCES, gdp=rows)


def told(path: Path, day: str | None = None) -> dict[int, float | None]:
    frame = load("gdp", "macao", as_of=day, database=path)
    return {p.year: v for p, v in frame.select("period", "value").iter_rows()}


def test_a_withdrawn_figure_does_not_come_back_from_an_older_vintage(withdrawn: Path) -> None:
    assert told(withdrawn) == {2019: None, 2020: 9e9}


@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("2020-12-31", {2020: 9e9}),
        ("2021-01-31", {2019: 5e9, 2020: 10e9}),
        ("2023-01-30", {2019: 5e9, 2020: 10e9}),
        ("2023-01-31", {2019: None, 2020: 9e9}),
    ],
)
def test_what_was_known_before_and_after_a_withdrawal(
    withdrawn: Path, day: str, known: dict[int, float | None]
) -> None:
    assert told(withdrawn, day) == known


def test_every_edition_stays_to_be_seen(withdrawn: Path) -> None:
    assert load("gdp", "macao", all_sources=True, database=withdrawn).height == 5
    found = query(
        "SELECT vintage, superseded FROM observation WHERE superseded IS NOT NULL", database=withdrawn
    )
    assert found.rows() == [(date(2021, 1, 31), date(2023, 1, 31))] * 2


def test_a_doubtful_edition_supersedes_too(make_database) -> None:
    rows = [{"value": "1", "vintage": "2021-01-31"}, {"value": "2", "status": "U", "vintage": "2022-01-31"}]
    path = make_database(gdp=rows)
    assert told(path, "2021-12-31") == {2020: 1e9}
    with pytest.raises(UsageError, match="no figures of 'gdp'"):
        load("gdp", database=path)


def test_a_revised_figure_disagrees_with_nobody(make_database) -> None:
    """The mirror has the revised figure: that the office said otherwise before is history, no disagreement or break."""
    rows = [
        row | {"period": str(year)}
        for year in range(2000, 2004)
        for row in (
            {"source": "official_1", "value": "100", "vintage": "2021-01-31"},
            {"source": "official_1", "value": "150", "vintage": "2022-01-31"},
            {"source": "mirror_1", "value": "150", "vintage": "2022-06-30"},
        )
    ]
    alone = {"period": "2004", "source": "mirror_1", "value": "151", "vintage": "2022-06-30"}
    path = make_database(sources=SOURCES, gdp=[*rows, alone])
    assert disagreements(database=path).is_empty()
    assert findings(database=path).filter(pl.col("check") == "sources_disagree").is_empty()
    assert set(load("gdp", database=path)["status"]) == {"A"}


EDITIONS = st.lists(
    st.tuples(st.sampled_from(["official_1", "mirror_1"]), st.integers(1, 28), st.sampled_from("AM")),
    min_size=1,
    max_size=8,
    unique_by=lambda e: e[:2],
)


@given(years=st.lists(EDITIONS, min_size=1, max_size=40), day=st.integers(1, 28))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_source_speaks_with_its_newest_edition(
    make_database, years: list[list[tuple[str, int, str]]], day: int
) -> None:
    rows = [
        {
            "period": str(year), "source": source, "vintage": f"2024-01-{d:02}", "status": status,
            "value": "" if status == "M" else str(d),
        }
        for year, editions in enumerate(years, 1980)
        for source, d, status in editions
    ]  # fmt: skip
    # a figure that stands, so that something is known on every day
    rows.append({"period": "1979", "vintage": "2024-01-01", "value": "1"})
    path = make_database(sources=SOURCES, gdp=rows)
    for limit, as_of in ((28, None), (day, f"2024-01-{day:02}")):
        expected: dict[int, float | None] = {1979: 1e9}
        for year, editions in enumerate(years, 1980):
            out = [e for e in editions if e[1] <= limit]
            newest = {s: max(e[1:] for e in out if e[0] == s) for s, _, _ in out}
            standing = [newest[s][0] for s in ("official_1", "mirror_1") if newest.get(s, (0, "M"))[1] == "A"]
            if out:
                expected[year] = standing[0] * 1e9 if standing else None
        assert told(path, as_of) == expected


def test_sums_of_control_points_follow_their_parts_by_vintage(make_datasets, tmp_path: Path) -> None:
    """Ten and twenty cross; twenty become thirty; then the ten are withdrawn, and there is no sum any more."""
    root = make_datasets(sources=SOURCES, gdp=[{}])
    point = {
        "indicator": "crossings_arrivals", "period": "2020-05-01", "unit": "persons", "scale": "0", "prices": "",
        "source": "official_1",
    }  # fmt: skip
    rows = [
        {"area": "hk_lo_wu", "value": "10", "vintage": "2020-06-01"},
        {"area": "hk_airport", "value": "20", "vintage": "2020-06-01"},
        {"area": "hk_airport", "value": "30", "vintage": "2020-07-01"},
        {"area": "hk_lo_wu", "value": "", "status": "M", "vintage": "2020-08-01"},
    ]
    write_csv(
        root / "observations" / "crossings.csv", observations.COLUMNS, [ROW | point | row for row in rows]
    )
    path = tmp_path / "gba.duckdb"
    build(root, path)

    def total(day: str | None) -> tuple[float | None, str]:
        frame = load("crossings_arrivals", "hong_kong", as_of=day, database=path)
        return frame["value"].item(), frame["status"].item()

    assert [total(day) for day in ("2020-06-30", "2020-07-31", "2020-08-31", None)] == [
        (30.0, "A"),
        (40.0, "A"),
        (None, "M"),
        (None, "M"),
    ]
