"""Which print of a figure speaks, by a rule that is written once more here: now, on any day, by every way to read.

The day on which the project began stands for a day that nobody states. A service, and a source of that very day, mean it.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gbaindicators as gba
from gbaindicators.store import build, building, load, query
from gbaindicators.store.archive import Archive
from gbaindicators.tables.observations import COLUMNS
from tests.conftest import ROW, MakeDatasets

BEGAN = date(2026, 11, 22)
DAYS = [BEGAN + timedelta(days) for days in range(-2, 3)]
#: Each source with its grade and what it states of its publication; `dsec` is a service.
SOURCES = {
    "undated": ("official", ""), "yearly": ("official", "2026"), "monthly": ("official", "2026-11"),
    "that_day": ("official", "2026-11-22"), "copy": ("mirror", ""), "dsec": ("official", ""),
}  # fmt: skip
DATED = {"monthly", "that_day", "dsec"}


class Print(NamedTuple):
    """What a source said of a figure on a day."""

    source: str
    vintage: date
    status: str
    value: str

    @property
    def dated(self) -> bool:
        return self.vintage != BEGAN or self.source in DATED

    @property
    def rank(self) -> tuple[object, ...]:
        """The lowest speaks."""
        worse = SOURCES[self.source][0] != "official"
        newer = (BEGAN - self.vintage).days
        return self.status == "M", worse, not self.dated, newer, -len(self.value), self.source


def speaks(prints: list[Print], day: date = DAYS[-1]) -> Print | None:
    """The print that was preferred on a day: of the last word of each source, if it is not doubtful, the best."""
    out = [p for p in prints if p.vintage <= day]
    last = [max((p for p in out if p.source == s), key=lambda p: p.vintage) for s in {p.source for p in out}]
    return min((p for p in last if p.status != "U"), key=lambda p: p.rank, default=None)


@st.composite
def prints(draw: st.DrawFn) -> list[Print]:
    """Prints of one figure."""
    kinds = st.tuples(st.sampled_from(sorted(SOURCES)), st.sampled_from(DAYS), st.sampled_from("AAAUM"))
    drawn = draw(st.lists(kinds, min_size=1, max_size=7, unique_by=lambda kind: kind[:2]))
    values = st.sampled_from(["1", "1.5", "2.25"])
    return [Print(*kind, "" if kind[2] == "M" else draw(values)) for kind in drawn]


#: Years of figures, of which the first was printed twice, so that there always is something to read.
TWICE = [Print("undated", DAYS[0], "A", "1"), Print("dsec", DAYS[1], "A", "2")]
FIGURES = st.lists(prints(), min_size=30, max_size=60).map(lambda rest: dict(enumerate([TWICE, *rest], 1950)))


def rows_of(figures: dict[int, list[Print]]) -> list[dict[str, object]]:
    return [
        {"period": str(year), **p._asdict(), "vintage": p.vintage.isoformat()} for year, some in figures.items() for p in some
    ]  # fmt: skip


def datasets_of(make_datasets: MakeDatasets, figures: dict[int, list[Print]]) -> Path:
    stated = [
        {"id": id_, "grade": grade, "vintage": day, "producer": "Office"} for id_, (grade, day) in SOURCES.items() if id_ != "dsec"
    ]  # fmt: skip
    return make_datasets(sources=stated, gdp=rows_of(figures))


def in_a_partition(csv: Path) -> Path:
    """The same datasets with the table in a partition."""
    root = csv.with_name(csv.name + "-partitioned")
    shutil.copytree(csv / "catalog", root / "catalog")
    leaf = root / "observations" / "gdp" / "area=macao"
    leaf.mkdir(parents=True)
    pl.read_csv(csv / "observations" / "gdp.csv", infer_schema=False).write_parquet(leaf / "part.parquet")
    return root


def told(frame: pl.DataFrame) -> dict[int, tuple[str, date]]:
    """For each year the source and vintage of the print that was given."""
    assert frame["period"].is_unique().all()
    return {p.year: (s, v) for p, (s,), v in frame.select("period", "sources", "vintage").iter_rows()}


def expected(figures: dict[int, list[Print]], day: date) -> dict[int, tuple[str, date]]:
    best = {year: speaks(some, day) for year, some in figures.items()}
    return {year: (p.source, p.vintage) for year, p in best.items() if p is not None}


def agrees(database: Path | str, figures: dict[int, list[Print]]) -> None:
    """Check every way to read a database against the rule."""
    assert told(load("gdp", "macao", database=database)) == expected(figures, DAYS[-1])
    assert told(gba.scan("gdp", "macao", database=database).collect()) == expected(figures, DAYS[-1])
    preferred = "SELECT period, [source] AS sources, vintage FROM observation WHERE preferred"
    for day in DAYS:
        known = expected(figures, day)
        assert told(load("gdp", "macao", as_of=day, database=database)) == known
        assert told(gba.scan("gdp", "macao", as_of=day, database=database).collect()) == known
        with gba.known_by(day):
            assert told(load("gdp", "macao", database=database)) == known
            assert told(query(preferred, database=database)) == known


@given(figures=FIGURES)
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
def test_every_way_to_read_follows_one_rule(
    make_datasets: MakeDatasets, figures: dict[int, list[Print]]
) -> None:
    root = datasets_of(make_datasets, figures)
    for datasets in (root, in_a_partition(root)):
        database = root / f"{datasets.name}.duckdb"
        build(datasets, database)
        agrees(database, figures)


@given(figures=FIGURES)
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
def test_releases_are_the_dated_prints(make_datasets: MakeDatasets, figures: dict[int, list[Print]]) -> None:
    """Of several of one day the one that the rule prefers is the release; what nobody dates is left out."""
    root = datasets_of(make_datasets, figures)
    build(root, root / "gba.duckdb")
    found = gba.revisions("gdp", "macao", sources="all", database=root / "gba.duckdb")
    releases = {}
    for year, some in figures.items():
        for day in DAYS:
            of_day = [p for p in some if p.vintage == day and p.dated and p.status != "U"]
            if of_day:
                releases[year, day] = min(of_day, key=lambda p: p.rank).source
    given_ = found.frame.select("period", "vintage", "sources").iter_rows()
    assert {(p.year, v): s for p, v, (s,) in given_} == releases
    undated = sum(not p.dated and p.status != "U" for some in figures.values() for p in some)
    assert any(note.startswith(f"{undated} figure") for note in found.notes) == (undated > 0)


def test_what_was_accepted_on_the_first_day_beats_what_nobody_dates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make_datasets: MakeDatasets
) -> None:
    """A refresh on that very day: its figure has a true vintage, the shipped one the day on which it was first seen."""
    row = {"indicator": "visitor_arrivals", "unit": "persons", "scale": "0", "prices": ""}
    shipped = row | {"value": "7.00", "source": "undated", "vintage": BEGAN.isoformat()}
    root = make_datasets(sources=[{"id": "undated", "grade": "official"}], visitors=[shipped])
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    monkeypatch.setattr(building, "datasets_dir", lambda: root)
    accepted = pl.DataFrame([ROW | row | {"value": "8", "source": "dsec", "vintage": BEGAN.isoformat()}])
    Archive().add("dsec", "accepted", "20261122T120000", accepted.select(COLUMNS), {"at": "", "answers": []})
    build()
    database = tmp_path / "gba.duckdb"
    assert load("visitor_arrivals", database=database)["value"].to_list() == [8.0]
    assert load("visitor_arrivals", as_of=BEGAN, database=database)["value"].to_list() == [8.0]
    dated = query("SELECT source, dated FROM observation ORDER BY source", database=database)
    assert dated.rows() == [("dsec", True), ("undated", False)]


def test_what_is_made_of_other_tables_is_dated_as_their_source(shipped: Path) -> None:
    """Sums of crossings and counts of policy documents have the day of the document, if it states one."""
    found = query(
        "SELECT DISTINCT o.dated, stated_day(s.vintage) IS NOT NULL AS stated, o.vintage = first_seen() AS first "
        "FROM observation o JOIN source s ON s.id = o.source WHERE o.file LIKE 'crossings/%' OR o.file LIKE 'policy/%'",
        database=shipped,
    )
    assert found.filter(pl.col("dated") != (pl.col("stated") | ~pl.col("first"))).is_empty()
    assert found["dated"].n_unique() == 2


def test_of_what_is_doubtful_and_what_was_withdrawn_nothing_doubtful_is_told(make_database) -> None:
    rows = [
        {"source": "dsec", "status": "U", "value": "5"},
        {"source": "dsec_gba_gdp", "status": "M", "value": ""},
    ]
    database = make_database(gdp=rows)
    for day in (None, "2026-12-31"):
        frame = load("gdp", "macao", as_of=day, database=database)
        assert frame.select("value", "status").rows() == [(None, "M")]
