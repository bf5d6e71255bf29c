"""The commands that look ahead: what they print agrees with the functions, and says how sure it is."""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from click.testing import CliRunner

import gbaindicators as gba
from gbaindicators.cli.app import app, main
from gbaindicators.cli.models import _translated
from gbaindicators.errors import UnknownNameError

CITIES = (
    "dongguan",
    "foshan",
    "guangzhou",
    "hong_kong",
    "huizhou",
    "jiangmen",
    "macao",
    "shenzhen",
    "zhaoqing",
    "zhongshan",
    "zhuhai",
)


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """What was printed, without the breaks of its lines."""
        return " ".join(self.out.split())

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.out)
        return rows


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line within the process, as a pipe sees it."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def words(*given: object) -> Ended:
        code = main([str(w) for w in given])
        return Ended(code, *capsys.readouterr())

    return words


def people(area: str, values: list[float], status: dict[int, str] | None = None) -> list[dict[str, str]]:
    return [
        {
            "indicator": "population", "area": area, "period": str(2000 + i), "value": str(value), "unit": "persons",
            "scale": "0", "prices": "", "status": (status or {}).get(2000 + i, "A"),
        }
        for i, value in enumerate(values)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def two(make_database: Callable[..., Path]) -> Path:
    """Macao grows and passes Zhuhai, whose figures waver; Foshan has a break before its last year."""
    rows = people("macao", [500_000 + 15_000 * i + 4_000 * (i % 3) for i in range(20)])
    rows += people("zhuhai", [830_000 + 9_000 * (i % 4) for i in range(20)])
    rows += people("foshan", [900_000 + 10_000 * i for i in range(20)], {2019: "B"})
    return make_database(population=rows)


def help_of(command: str) -> str:
    return CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output


@pytest.mark.parametrize("command", ["forecast", "backtest"])
def test_help_names_every_model(command: str, two: Path) -> None:
    with pytest.raises(UnknownNameError) as raised:
        gba.forecast(gba.load("population", "macao", database=two), 1, model="?")
    models = str(raised.value).split("must be one of: ")[1].split(", ")
    assert len(models) == 17
    assert all(model in help_of(command) for model in models)


class TestForecast:
    def test_the_record_is_told_in_words(self, run: Run, two: Path) -> None:
        words = ("forecast", "population", "--area", "macao", "--horizon", "3", "--database", two)
        rows, told = run(*words, "--format", "json").rows(), run(*words)
        ahead = gba.forecast(gba.load("population", "macao", database=two), 3)
        assert [r["value"] for r in rows] == ahead["value"].to_list()
        skill = ahead["skill"][0]
        side = "below" if skill >= 0 else "above"
        assert f"its mean absolute error was {abs(skill):.0%} {side} that of drift" in told.text
        assert told.err == ""

    def test_a_series_left_out_is_named_and_the_others_stand(self, run: Run, two: Path) -> None:
        words = ("forecast", "population", "--horizon", "1", "--model", "drift", "--database", two)
        ended = run(*words, "--format", "json")
        assert (ended.code, [r["area"] for r in ended.rows()]) == (0, ["macao", "zhuhai"])
        (line,) = ended.err.splitlines()
        assert line.startswith("Warning: left out: population, foshan") and "--end" in line
        assert "ForecastWarning" not in line and ".py" not in line
        logs = [json.loads(record) for record in run("--json", *words).err.splitlines()]
        assert [record["event"] for record in logs] == ["ForecastWarning", "end"]
        assert [record["level"] for record in logs] == ["warning", "info"]

    def test_nothing_left_is_an_error(self, run: Run, two: Path) -> None:
        ended = run("forecast", "population", "--area", "foshan", "--database", two)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("Error: population, foshan, A breaks in 2019")
        assert ended.err.endswith("End before it: --end 2018\n")
        assert run("forecast", "population", "--area", "foshan", "--end", "2018", "--database", two).code == 0

    @pytest.mark.parametrize(
        ("advice", "option"),
        [
            ("frame.filter(pl.col('period') < pl.date(2020, 2, 1))", "--end 2020-01"),
            ("frame.filter(pl.col('period') < pl.date(2020, 3, 1))", "--end 2020-02"),
            ("frame.filter(pl.col('period') < pl.date(2020, 5, 2))", "--end 2020-05-01"),
            ("frame.filter(pl.col('period') >= pl.date(2020, 1, 1))", "--start 2020"),
            ("frame.filter(pl.col('period') >= pl.date(2020, 4, 1))", "--start 2020-04"),
            ("frame.filter(...)", "frame.filter(...). On the command line --start and --end cut the figures"),
        ],
    )
    def test_advice_in_python_becomes_an_option(self, advice: str, option: str) -> None:
        assert _translated(f"start later, {advice}") == f"start later, {option}"

    def test_processes_change_no_figure(self, run: Run, two: Path) -> None:
        words = ("forecast", "population", "--end", "2018", "--format", "csv", "--database", two)
        alone, spread = run(*words), run(*words, "--jobs", "2")
        assert (spread.code, spread.out) == (0, alone.out)

    def test_no_processes_are_wrong_usage(self, run: Run, two: Path) -> None:
        ended = run("forecast", "population", "--jobs", "0", "--database", two)
        assert ended.code == 2 and "--jobs" in ended.err

    def test_warnings_are_as_before_afterwards(self, run: Run, two: Path) -> None:
        before = warnings.filters[:]
        run("forecast", "population", "--horizon", "1", "--database", two)
        assert warnings.filters == before


class TestBacktest:
    WORDS = ("backtest", "population", "--area", "macao", "--horizon", "2")

    def past(self, two: Path, **asked: Any) -> pl.DataFrame:
        return gba.backtest(gba.load("population", "macao", database=two), 2, **asked)

    def test_the_table_has_measures_and_verdicts_of_every_model(self, run: Run, two: Path) -> None:
        ended = run(*self.WORDS, "--database", two)
        measured = gba.accuracy(self.past(two))
        assert ended.code == 0
        assert ended.out.splitlines()[0] == "Population (population), Macao, annual, persons"
        assert max(map(len, ended.out.splitlines())) <= 80
        for row in measured.iter_rows(named=True):
            line = next(one for one in ended.out.splitlines() if one.split()[:1] == [row["model"]])
            assert line.split()[1] == str(row["origins"])
            assert f"{row['mase']:.2f}" in line.split()
            assert f"{row['coverage_80']:.0f}%" in line.split()
            assert row["verdict"] in ended.text

    def test_a_model_is_not_held_against_itself(self, run: Run, two: Path) -> None:
        ended = run(*self.WORDS, "--model", "naive", "--model", "drift", "--database", two)
        naive, drift = (
            next(one.split() for one in ended.out.splitlines() if one.startswith(f"{model} "))
            for model in ("naive", "drift")
        )
        assert [cell[-1] for cell in naive].count("%") == 3  # one rival, two intervals
        assert [cell[-1] for cell in drift].count("%") == 2

    def test_programs_get_the_accuracy_frame(self, run: Run, two: Path, tmp_path: Path) -> None:
        expected = gba.accuracy(self.past(two, models=("theta", "drift"), windows=4, start="2012"))
        words = (
            *self.WORDS,
            "--model",
            "theta",
            "--model",
            "drift",
            "--windows",
            "4",
            "--first-origin",
            "2012",
        )
        assert run(*words, "--database", two, "--out", tmp_path / "record.parquet").code == 0
        assert pl.read_parquet(tmp_path / "record.parquet").equals(expected)
        rows = list(csv.DictReader(io.StringIO(run(*words, "--database", two, "--format", "csv").out)))
        assert [r["verdict"] for r in rows] == expected["verdict"].to_list()

    def test_errors_are_the_backtest_itself(self, run: Run, two: Path) -> None:
        rows = run(*self.WORDS, "--errors", "--format", "json", "--database", two).rows()
        expected = self.past(two)
        assert [r["actual"] for r in rows] == expected["actual"].to_list()
        assert [r["value"] for r in rows] == expected["value"].to_list()
        table = run(*self.WORDS, "--errors", "--database", two).out
        header = next(line for line in table.splitlines() if "origin" in line)
        assert header.split() == ["model", "origin", "period", "value", "actual", "sources"]

    def test_by_step_and_by_model(self, run: Run, two: Path) -> None:
        steps = run(*self.WORDS, "--by", "step", "--format", "json", "--database", two).rows()
        assert {r["step"] for r in steps} == {1, 2}
        assert "auto, step 2" in run(*self.WORDS, "--by", "step", "--database", two).out
        words = ("backtest", "population", "--end", "2018", "--by", "model", "--database", two)
        assert {r["series"] for r in run(*words, "--format", "json").rows()} == {3}
        assert "of 3 series" in run(*words).text

    def test_each_series_has_its_table_and_many_are_shortened(
        self, run: Run, make_database: Callable[..., Path]
    ) -> None:
        rows = [
            row
            for n, city in enumerate(CITIES)
            for row in people(city, [(n + 1) * (10_000 + 300 * i + 70 * (i % 3)) for i in range(9)])
        ]
        words = ("backtest", "population", "--horizon", "1", "--model", "drift", "--model", "seasonal_naive")
        ended = run(*words, "--database", make_database(population=rows))
        headings = [line for line in ended.out.splitlines() if line.startswith("Population (population)")]
        assert len(headings) == 10
        assert "showing 10 of 11 series" in ended.err and "--by model" in ended.err

    def test_a_series_without_an_origin_is_an_error(self, run: Run, two: Path) -> None:
        ended = run(*self.WORDS, "--start", "2016", "--database", two)
        assert (ended.code, ended.out) == (2, "")
        assert "needs an origin with 5 values behind it" in ended.err and "macao" in ended.err


class TestNowcast:
    def test_table_and_rows(self, run: Run, shipped: Path) -> None:
        words = ("nowcast", "macao", "--as-of", "2024-05-15")
        rows, told = run(*words, "--format", "json").rows(), run(*words)
        now = gba.nowcast(*gba.nowcast_inputs("macao"), as_of="2024-05-15")
        assert [r["value"] for r in rows] == pytest.approx(now.frame["value"].to_list())
        assert all(r["lower_80"] < r["value"] < r["upper_80"] for r in rows)
        assert "real year-on-year growth (gdp_real_growth), Macao, quarterly, percent" in told.text
        assert "known on 2024-05-15" in told.text and "gaming_revenue_gross, macao, M" in told.text
        assert max(map(len, told.out.splitlines())) <= 80

    def test_the_news_add_up_to_the_change(self, run: Run, shipped: Path) -> None:
        words = ("nowcast", "macao", "--as-of", "2024-05-15", "--since", "2024-04-15")
        rows, told = run(*words, "--format", "json").rows(), run(*words)
        after, before = (
            {
                r["period"]: r["value"]
                for r in run("nowcast", "macao", "--as-of", day, "--format", "json").rows()
            }
            for day in ("2024-05-15", "2024-04-15")
        )
        quarters = {r["quarter"] for r in rows}
        assert quarters and quarters <= set(after) & set(before)
        sums = [line.split()[-1] for line in told.out.splitlines() if line.startswith("sum ")]
        for quarter, shown in zip(sorted(quarters), sums, strict=True):
            change = after[quarter] - before[quarter]
            assert sum(r["impact"] for r in rows if r["quarter"] == quarter) == pytest.approx(
                change, abs=1e-6
            )
            assert float(shown) == pytest.approx(change, abs=0.0051)
            assert f"from {before[quarter]:.2f} to {after[quarter]:.2f} percent" in told.text

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("tokyo",), "must be one of: guangdong, hong_kong, macao"),
            (("makao",), "did you mean 'macao'"),
            (("macao", "--since", "yesterday"), "'yesterday' is not a period"),
            (("macao", "--as-of", "2024-01-31", "--since", "2024-02"), "2024-02-29 is not before 2024-01-31"),
            (("macao", "--as-of", "2016-01-01"), "load a longer span or take a later day"),
        ],
    )
    def test_mistakes(self, run: Run, shipped: Path, words: tuple[str, ...], says: str) -> None:
        ended = run("nowcast", *words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("Error: ") and says in ended.err


class TestOvertake:
    WORDS = ("overtake", "population", "macao", "zhuhai", "--horizon", "5", "--paths", "400")

    def test_probabilities_by_year_and_what_they_assume(self, run: Run, two: Path) -> None:
        rows, told = (
            run(*self.WORDS, "--database", two, "--format", "json").rows(),
            run(*self.WORDS, "--database", two),
        )
        frame = gba.load("population", ["macao", "zhuhai"], database=two)
        expected = gba.overtake(gba.simulate(frame, 5, paths=400), "macao", "zhuhai")
        assert [r["probability"] for r in rows] == expected["probability"].to_list()
        assert [r["period"][:4] for r in rows] == ["2020", "2021", "2022", "2023", "2024"]
        for row in expected.iter_rows(named=True):
            line = next(one for one in told.out.splitlines() if one.startswith(str(row["period"].year)))
            assert line.split()[1:3] == [f"{row['probability']:.1%}", f"{row['probability_by']:.1%}"]
        assert told.out.startswith("Macao above Zhuhai: Population (population), annual, persons\n")
        assumptions = told.text.split("Assumptions")[1]
        assert "macao 20 figures from 2000 to 2019, the last 789,000 persons" in assumptions
        assert "share of 400 joint paths" in assumptions

    def test_money_is_compared_in_dollars(self, run: Run, shipped: Path) -> None:
        words = (
            "overtake",
            "gdp",
            "Shenzhen",
            "Hong Kong",
            "--end",
            "2017",
            "--horizon",
            "2",
            "--paths",
            "100",
        )
        market, ppp = run(*words), run(*words, "--basis", "ppp")
        assert market.code == ppp.code == 0
        assert "annual, USD, current prices" in market.text and "average market rate" in market.text
        assert "international dollars" in ppp.text and "at PPP" in ppp.text
        left_out = "left out for want of a conversion rate: hong_kong 1960 to 1999, shenzhen 1999"
        assert market.err == f"Warning: {left_out}\n"

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("population", "macao", "zhuhai", "--currency", "USD"), "no money"),
            (("population", "foshan", "zhuhai"), "population, foshan, A breaks in 2019"),
            (("population", "macao", "zuhai"), "did you mean 'zhuhai'"),
            (("population", "macao", "zhuhai", "--paths", "0"), "paths is how many to draw"),
            (("population", "macao"), "OTHER"),
        ],
    )
    def test_mistakes(self, run: Run, two: Path, words: tuple[str, ...], says: str) -> None:
        ended = run("overtake", *words, "--database", two)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("Error: ") and says in ended.err
