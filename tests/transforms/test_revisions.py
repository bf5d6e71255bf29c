"""Revisions: what was printed when, by hand and among the shipped figures."""

from __future__ import annotations

import csv
from datetime import date
from math import isclose, sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gbaindicators.catalog import datasets_dir
from gbaindicators.errors import UnknownNameError, UsageError
from gbaindicators.store import load
from gbaindicators.tables.series_frame import check_unique_periods
from gbaindicators.transforms import growth, revisions

OFFICE = [
    {"id": "release", "grade": "official", "producer": "Office"},
    {"id": "table", "grade": "mirror", "producer": "Office"},
    {"id": "copy", "grade": "secondary", "producer": "Office"},
    {"id": "compiled", "grade": "mirror", "producer": "Office, and other producers"},
    {"id": "paper", "grade": "secondary", "producer": "Newspaper"},
]


def rate(period: str, value: str, vintage: str, source: str = "release", **other: str) -> dict[str, str]:
    row = {
        "indicator": "gdp_real_growth",
        "period": period,
        "value": value,
        "vintage": vintage,
        "source": source,
    }
    return row | {"unit": "percent", "scale": "0", "prices": ""} | other


@pytest.fixture(scope="module")
def small(make_database) -> Path:
    """Three quarters of a made-up office, printed one to three times."""
    rows = [
        rate("2020-Q1", "1.0", "2020-05-01"), rate("2020-Q1", "1.4", "2020-06-01", "table"),
        rate("2020-Q1", "1.2", "2022-01-31", "compiled"),
        rate("2020-Q2", "2.0", "2020-08-01"), rate("2020-Q2", "1.5", "2022-01-31", "compiled"),
        rate("2020-Q3", "3.0", "2020-11-01"),
        # one day, two figures of one producer: the official one is taken
        rate("2020-Q2", "2.3", "2020-08-01", "copy"),
        # of another producer, without a date, doubtful
        rate("2020-Q1", "9.0", "2021-01-01", "paper"), rate("2020-Q3", "7.0", "2026-11-22", "table"),
        rate("2020-Q3", "8.0", "2021-06-30", "table", status="U"),
        # other concepts
        rate("2020", "0.5", "2021-01-01"), rate("2020-Q2", "1.9", "2021-01-01", adjustment="ytd"),
    ]  # fmt: skip
    levels = [
        {"indicator": "gdp_real", "value": "100", "prices": "chained 2018", "vintage": "2021-01-01", "source": "release"},
        {"indicator": "gdp_real", "value": "120", "prices": "chained 2022", "vintage": "2024-01-01", "source": "release"},
    ]  # fmt: skip
    return make_database(sources=OFFICE, gdp=[*rows, *levels])


def published(indicator: str, area: str, period: str, table: str = "gdp") -> dict[str, str]:
    """Text of each source of a figure."""
    with (datasets_dir() / "observations" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            r
            for r in csv.DictReader(file)
            if (r["indicator"], r["area"], r["period"]) == (indicator, area, period)
        ]
    return {r["source"]: r["value"] for r in rows}


def test_figures_of_the_first_day_are_dated_where_somebody_dates_them(make_database) -> None:
    def office(at: str) -> dict[str, str]:
        return {"id": f"office_{at or 'never'}", "grade": "mirror", "producer": "Office", "vintage": at}

    stated = [office(at) for at in ("2026-11-22", "2026-11", "2026", "")]
    rows = [rate("2020-Q1", "1.0", "2020-05-01")]
    rows += [rate(f"2020-Q{i}", f"{i}.5", "2026-11-22", one["id"]) for i, one in enumerate(stated, start=1)]
    # of a service, which dates its figures or has the day they were accepted
    rows += [rate("2021-Q1", "7.0", "2026-11-21", "dsec"), rate("2021-Q1", "7.5", "2026-11-22", "dsec")]
    database = make_database(sources=[OFFICE[0], *stated], gdp=rows)
    found = revisions("gdp_real_growth", "macao", sources="all", database=database)
    first_day = found.frame.filter(vintage=date(2026, 11, 22))
    assert first_day["sources"].explode().to_list() == ["office_2026-11-22", "office_2026-11", "dsec"]
    assert first_day["revision"].to_list() == [0.5, None, 0.5]
    assert any(note.startswith("2 figures have no stated date of publication") for note in found.notes)


class TestByHand:
    def test_releases_in_order(self, small: Path) -> None:
        frame = revisions("gdp_real_growth", "macao", database=small).frame
        assert frame.select(
            "period", "vintage", "value", "release", "revision", "revision_from_first"
        ).rows() == [
            (date(2020, 1, 1), date(2020, 5, 1), 1.0, 1, None, 0.0),
            (date(2020, 1, 1), date(2020, 6, 1), 1.4, 2, 0.4, 0.4),
            (date(2020, 1, 1), date(2022, 1, 31), 1.2, 3, -0.2, 0.2),
            (date(2020, 4, 1), date(2020, 8, 1), 2.0, 1, None, 0.0),
            (date(2020, 4, 1), date(2022, 1, 31), 1.5, 2, -0.5, -0.5),
            (date(2020, 7, 1), date(2020, 11, 1), 3.0, 1, None, 0.0),
        ]
        assert frame["days"].to_list() == [31, 62, 671, 32, 580, 32]
        assert frame["rounding"].to_list() == [0.05] * 6

    def test_triangle(self, small: Path) -> None:
        triangle = revisions("gdp_real_growth", "macao", database=small).triangle
        assert triangle.columns == [
            "period",
            "2020-05-01",
            "2020-06-01",
            "2020-08-01",
            "2020-11-01",
            "2022-01-31",
        ]
        assert [row[1:] for row in triangle.rows()] == [
            (1.0, 1.4, None, None, 1.2),
            (None, None, 2.0, None, 1.5),
            (None, None, None, 3.0, None),
        ]

    def test_statistics(self, small: Path) -> None:
        steps = {
            r["step"]: r for r in revisions("gdp_real_growth", "macao", database=small).statistics.to_dicts()
        }
        assert list(steps) == ["first to latest", "release 1 to 2", "release 2 to 3"]
        whole = steps["first to latest"]  # revisions of 0.2 and -0.5 on 1.0 and 2.0
        assert whole["count"] == 2
        assert isclose(whole["mean"], -0.15)
        assert isclose(whole["mean_absolute"], 0.35)
        assert isclose(whole["root_mean_square"], sqrt((0.04 + 0.25) / 2))
        assert isclose(whole["relative_mean_absolute"], 0.7 / 3)
        assert (whole["share_revised"], whole["share_up"]) == (1.0, 0.5)
        assert whole["t_statistic"] is whole["news_p"] is None
        assert "too few" in whole["remark"]
        assert steps["release 2 to 3"]["count"] == 1

    def test_the_notes_say_what_was_left_out(self, small: Path) -> None:
        found = revisions("gdp_real_growth", "macao", database=small)
        text = found.summary()
        assert "releases of Office\n" in text
        assert "1 figure has no stated date of publication" in text
        assert "2020-Q2 on 2020-08-01: release says 2 (taken), copy 2.3" in text
        assert "31 to 32 days after the end of the period" in text

    def test_sources_on_request(self, small: Path) -> None:
        every = revisions("gdp_real_growth", "macao", frequency="Q", sources="all", database=small)
        assert every.frame.filter(period=date(2020, 1, 1))["value"].to_list() == [1.0, 1.4, 9.0, 1.2]
        assert "differences between producers" in every.summary()
        two = revisions("gdp_real_growth", "macao", sources=["release", "paper"], database=small)
        assert two.frame.filter(period=date(2020, 1, 1))["value"].to_list() == [1.0, 9.0]
        named = revisions("gdp_real_growth", "macao", sources="Office", database=small)
        assert "compiled" not in named.frame["sources"].explode().to_list()

    def test_a_release_is_a_series(self, small: Path) -> None:
        frame = revisions("gdp_real_growth", "macao", database=small).frame
        check_unique_periods(frame)
        assert growth(frame.filter(release=1)).height == 3

    def test_a_withdrawn_figure_ends_its_revisions(self, make_database) -> None:
        rows = [
            rate("2020-Q1", "1.0", "2020-05-01"), rate("2020-Q1", "1.4", "2020-06-01"),
            rate("2020-Q1", "", "2021-01-31", status="M"), rate("2020-Q2", "2.0", "2020-08-01"),
            rate("2020-Q2", "2.5", "2020-09-01"),
        ]  # fmt: skip
        found = revisions("gdp_real_growth", "macao", database=make_database(sources=OFFICE, gdp=rows))
        assert found.frame["revision"].to_list() == [None, 0.4, None, None, 0.5]
        assert found.statistics.select("step", "count").rows() == [
            ("first to latest", 1),
            ("release 1 to 2", 2),
        ]
        assert "1 release withdraws a figure" in found.summary()


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"indicator": "gpd"}, "unknown indicator 'gpd'"),
            ({"area": "maco"}, "unknown area 'maco'"),
            ({"frequency": "quartely"}, "unknown frequency"),
            ({"adjustment": "as"}, "unknown adjustment"),
            ({"sources": "relase"}, "unknown source or producer 'relase'.*'release'"),
        ],
    )
    def test_unknown_names(self, small: Path, arguments: dict[str, str], says: str) -> None:
        with pytest.raises(UnknownNameError, match=says):
            revisions(**{"indicator": "gdp_real_growth", "area": "macao", "database": small} | arguments)  # type: ignore[arg-type]

    def test_a_table_is_no_indicator(self, small: Path) -> None:
        with pytest.raises(UsageError, match="'prices' is a table"):
            revisions("prices", "macao", database=small)

    def test_one_vintage_is_none(self, small: Path) -> None:
        with pytest.raises(UsageError, match=r"published twice.* A, nsa, percent, Office: 2021-01-01"):
            revisions("gdp_real_growth", "macao", frequency="A", database=small)

    def test_levels_of_two_reference_years_are_no_revisions(self, small: Path) -> None:
        with pytest.raises(UsageError, match=r"chained 2018.*2021-01-01.*chained 2022.*ask for growth"):
            revisions("gdp_real", "macao", database=small)

    def test_nothing_there(self, small: Path) -> None:
        with pytest.raises(UsageError, match="no figures for hong_kong; it has them for macao"):
            revisions("gdp_real_growth", "hong_kong", database=small)
        with pytest.raises(
            UsageError, match="in these prices and of these sources; there are: Q nsa; A nsa; Q ytd"
        ):
            revisions("gdp_real_growth", "macao", prices="chained 2022", database=small)


class TestShipped:
    def test_growth_of_hong_kong(self, shipped: Path) -> None:
        found = revisions("gdp_real_growth", "hong_kong", frequency="Q", database=shipped)
        text = published("gdp_real_growth", "hong_kong", "2024-Q2")
        assert found.frame.filter(period=date(2024, 4, 1))["value"].to_list() == [
            float(text[s])
            for s in ("calendar_hk_gdp_2024_q2_first", "calendar_hk_unemployment_gdp_2024_q2_second", "csd_hk_macro_quarterly_compiled")
        ] == [3.3, 3.3, 3.0]  # fmt: skip
        assert found.statistics["count"][0] >= 33
        assert found.frame["vintage"].dt.year().unique().sort().to_list()[0] == 2010

    def test_property_prices_change_in_the_last_months_only(self, shipped: Path) -> None:
        found = revisions("property_price_index", "hong_kong", database=shipped)
        moved = found.frame.filter(pl.col("revision") != 0).select("period", "revision").rows()
        assert moved == [(date(2026, 1, 1), -0.2), (date(2026, 2, 1), -0.1), (date(2026, 3, 1), 1.2)]
        assert found.statistics["count"][0] == 399
        assert isclose(found.statistics["share_revised"][0], 3 / 399)
        assert found.statistics["news_p"][0] is None  # an index trends

    def test_macao(self, shipped: Path) -> None:
        office = "Statistics and Census Service, Macao (DSEC)"
        found = revisions("gdp", "macao", frequency="A", sources=office, database=shipped)
        changes = found.frame.drop_nulls("revision").select("period", "revision").rows()
        assert changes == [(date(2021, 1, 1), 247.926e9 - 239.4e9), (date(2024, 1, 1), 403.314e9 - 403.3e9)]

    @pytest.mark.parametrize("area", ["hong_kong", "macao", "china", "japan"])
    def test_purchasing_power_parities(self, shipped: Path, area: str) -> None:
        found = revisions("ppp", area, database=shipped)
        assert found.notes[0] == "releases of World Bank"
        assert found.statistics["count"][0] == 24

    def test_first_prints_and_the_table_of_later(self, shipped: Path) -> None:
        for indicator, least in (
            ("cpi_inflation", 37),
            ("retail_sales_value_yoy", 28),
            ("gdp_real_growth_qoq", 19),
        ):
            found = revisions(indicator, "hong_kong", database=shipped)
            assert found.statistics["count"][0] >= least
            first = found.frame.filter(pl.len().over("period") > 1, pl.col("release") == 1)
            assert first["days"].median() < 60  # type: ignore[operator]

    def test_newey_west_as_by_hand(self, shipped: Path) -> None:
        """t of the mean: Bartlett weights over 4 (n/100)^(2/9) lags, times n / (n - 1)."""
        found = revisions("retail_sales_value_yoy", "hong_kong", database=shipped)
        change = found.frame.drop_nulls("revision")["revision"].to_numpy()
        n, off = len(change), change - change.mean()
        lags = int(4 * (n / 100) ** (2 / 9))
        long_run = off @ off + 2 * sum(
            (1 - k / (lags + 1)) * (off[k:] @ off[:-k]) for k in range(1, lags + 1)
        )
        t = change.mean() / sqrt(long_run / n**2 * n / (n - 1))
        assert isclose(found.statistics["t_statistic"][0], t, rel_tol=1e-9)

    def test_the_last_release_is_what_is_known_on_its_day(self, shipped: Path) -> None:
        found = revisions("property_price_index", "hong_kong", database=shipped).frame
        for day in (date(2026, 5, 31), date(2026, 8, 27)):
            known = load("property_price_index", "hong_kong", frequency="M", as_of=day, database=shipped)
            last = found.filter(pl.col("vintage") <= day).group_by("period").last().sort("period")
            assert known["value"].to_list() == last["value"].to_list()


@pytest.fixture(scope="module")
def two(make_database) -> Path:
    """200 months: prices forecast well at first (news), trade measured with an error (noise)."""
    random = np.random.default_rng(1)
    rows = []
    for indicator in ("cpi_inflation", "retail_sales_value_yoy"):
        signal, error = random.normal(0, 3, 200), random.normal(0, 1, 200)
        first, later = (signal, signal + error) if indicator == "cpi_inflation" else (signal + error, signal)
        for i in range(200):
            month = f"{2000 + i // 12}-{i % 12 + 1:02}"
            rows += [
                rate(month, f"{v:.6f}", f"{year}-12-31", indicator=indicator)
                for v, year in ((first[i], 2020), (later[i], 2021))
            ]
    prices = [r for r in rows if r["indicator"] == "cpi_inflation"]
    trade = [r for r in rows if r["indicator"] != "cpi_inflation"]
    return make_database(sources=OFFICE, prices=prices, activity=trade)


class TestNewsAndNoise:
    def test_news_is_not_foreseen_and_noise_is(self, two: Path) -> None:
        news = revisions("cpi_inflation", "macao", database=two).statistics.row(0, named=True)
        assert news["news_p"] > 0.05 > 0.001 > news["noise_p"]
        noise = revisions("retail_sales_value_yoy", "macao", database=two).statistics.row(0, named=True)
        assert noise["noise_p"] > 0.05 > 0.001 > noise["news_p"]


VALUES = st.lists(st.decimals(-100, 100, places=1).map(float), min_size=2, max_size=6)


@given(years=st.lists(VALUES, min_size=1, max_size=30))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_revisions_add_up(make_database, years: list[list[float]]) -> None:
    rows = [
        rate(str(year), str(v), f"2024-01-{day:02}")
        for year, values in enumerate(years, 1980)
        for day, v in enumerate(values, 1)
    ]
    found = revisions("gdp_real_growth", "macao", database=make_database(sources=OFFICE, gdp=rows))
    for (period,), releases in found.frame.group_by("period"):
        values = years[period.year - 1980]
        assert isclose(releases["revision"].sum(), values[-1] - values[0], abs_tol=1e-9)
        assert isclose(releases["revision_from_first"][-1], values[-1] - values[0], abs_tol=1e-9)
    steps = found.statistics.select("step", pl.col("mean") * pl.col("count")).rows()
    assert isclose(steps[0][1], sum(total for _, total in steps[1:]), abs_tol=1e-6)
    assert len(steps) == max(map(len, years))
