"""The command line: what it prints, what it writes, how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gbaindicators import store
from gbaindicators.cli.app import main

HEADER = "indicator,area,period,value,unit,scale,adjustment,prices,status,vintage,source,locator,note"
ROW = "gdp,macao,2020,204.4,MOP,9,nsa,current,A,2024-05-31,dsec_gba_gdp,row 1,"

Run = Callable[..., "Ended"]


class Ended:
    """How a run of the command line ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def logs(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.err.splitlines()]


@pytest.fixture
def gba(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line within the process."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("GBA_DEBUG", raising=False)

    def run(*words: object) -> Ended:
        code = main([str(w) for w in words])
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., list[str]]:
    """Words that start the command line as a process of its own."""
    script = tmp_path / "gba_script.py"
    script.write_text(
        "import sys\nfrom gbaindicators.cli.app import main\nsys.exit(main())\n", encoding="utf-8"
    )

    def words(*arguments: object) -> list[str]:
        return [sys.executable, str(script), *map(str, arguments)]

    return words


@pytest.fixture
def dataset(tmp_path: Path) -> Callable[..., Path]:
    """Make a CSV of observations."""

    def make(*rows: str, name: str = "gdp.csv", header: str = HEADER) -> Path:
        path = tmp_path / "made" / "observations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return make


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Database of ten made-up years of Macao."""
    root = tmp_path_factory.mktemp("cli")
    (root / "observations").mkdir()
    years = (
        ROW.replace("2020,204.4", f"{year},{200 + 7 * (year - 2011) + year % 3}")
        for year in range(2011, 2021)
    )
    (root / "observations" / "gdp.csv").write_text("\n".join([HEADER, *years]) + "\n", encoding="utf-8")
    store.build(root, root / "made_up.duckdb")
    return root / "made_up.duckdb"


class TestLoad:
    def test_table_has_separators_unit_and_sources(self, gba: Run, shipped: Path) -> None:
        ended = gba("load", "gdp", "--area", "macao", "--start", "2018", "--end", "2019")
        assert ended.code == 0
        assert ended.out.splitlines()[0] == "Gross domestic product (gdp), Macao, annual, MOP, current prices"
        assert "445,527,000,000" in ended.out
        assert "Statistics and Census Service, Macao" in ended.out.split("Sources")[1]
        assert max(map(len, ended.out.splitlines())) <= 80

    def test_formats_say_the_same(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        words = ("load", "gdp", "--area", "macao", "--start", "2018", "--end", "2019")
        expected = store.load("gdp", "macao", start="2018", end="2019")
        from_csv = list(csv.DictReader(io.StringIO(gba(*words, "--format", "csv").out)))
        from_json = json.loads(gba(*words, "--format", "json").out)
        path = tmp_path / "gdp.parquet"
        assert gba(*words, "--out", path).code == 0
        assert pl.read_parquet(path).equals(expected)
        assert [float(r["value"]) for r in from_csv] == expected["value"].to_list()
        assert [r["value"] for r in from_json] == expected["value"].to_list()
        assert [r["sources"] for r in from_json] == expected["sources"].to_list()
        assert [r["sources"] for r in from_csv] == ["; ".join(s) for s in expected["sources"]]

    def test_convert_and_growth(self, gba: Run, shipped: Path) -> None:
        words = ("load", "gdp", "--area", "hong_kong", "--start", "2021", "--end", "2023", "--frequency", "A")
        told = gba(*words, "--to", "USD", "--growth", "1y", "--format", "json").out
        assert gba(*words, "--currency", "USD", "--growth", "1y", "--format", "json").out == told
        rows = json.loads(told)
        assert [r["unit"] for r in rows] == ["percent"] * 3
        assert rows[0]["value"] is None
        assert any("exchange_rate" in s for s in rows[1]["sources"])

    def test_another_database(self, gba: Run, made_up: Path) -> None:
        rows = json.loads(gba("load", "gdp", "--database", made_up, "--format", "json").out)
        assert [r["period"][:4] for r in rows] == [str(y) for y in range(2011, 2021)]

    def test_long_results_are_shortened_and_say_so(self, gba: Run, shipped: Path) -> None:
        ended = gba("load", "gdp")
        assert "showing 100 of" in ended.err
        assert len(ended.out.splitlines()) < 400
        assert "..." in ended.out

    def test_all_sources_shows_them_apart(self, gba: Run, shipped: Path) -> None:
        words = (
            "--area",
            "shenzhen",
            "--start",
            "2018",
            "--end",
            "2018",
            "--frequency",
            "A",
            "--all-sources",
        )
        out = gba("load", "container_throughput", *words).out
        assert "25,740,000" in out and "27,740,000" in out and "U low reliability" in out


class TestMistakes:
    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("load", "gpd"), "did you mean 'gdp'?"),
            (("load", "gdp", "--area", "guangzou"), "did you mean 'guangzhou'"),
            (("load", "gdp", "--frequency", "X"), "unknown frequency"),
            (("load", "gdp", "--start", "2023Q2"), "2023-Q2"),
            (("load", "gdp", "--area", "macao", "--to", "EUR"), "unknown currency"),
            (("load", "gdp", "--basis", "ppp"), "--to"),
            (("forecast", "gdp", "--area", "macao", "--model", "prophet"), "must be one of"),
            (("forecast", "gdp", "--area", "macao", "--horizon", "0"), "horizon"),
            (("benchmark", "gdp", "--definition", "msa"), "BAY=NAME"),
            (("benchmark", "gdp", "--bay", "oresund"), "unknown area"),
            (
                ("load", "gdp", "--area", "greater_bay_area"),
                "made of members. Compare bay areas: gba benchmark gdp",
            ),
            (("query", "SELEC 1"), "query cannot run"),
            (("validate", "/there/is/none.csv"), "no file or folder"),
            (("build", "--datasets", "/there/is/none"), "no file or folder"),
            (("load", "gdp", "--format", "xml"), "'xml' is not one of"),
            (("load",), "gba load --help"),
            (("lod", "gdp"), "'load'"),
            (("load", "gdp", "--no-such-option"), "No such option"),
        ],
    )
    def test_wrong_usage_ends_with_2_in_one_paragraph(
        self, gba: Run, shipped: Path, words: tuple[str, ...], says: str
    ) -> None:
        ended = gba(*words)
        assert ended.code == 2
        assert says in ended.err
        assert ended.err.startswith("Error: ") and "Traceback" not in ended.err and "\n\n" not in ended.err
        assert ended.out == ""

    def test_a_failed_job_ends_with_1(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        ended = gba("load", "gdp", "--out", tmp_path / "nowhere" / "gdp.csv")
        assert (ended.code, "make it first" in ended.err) == (1, True)
        assert not (tmp_path / "nowhere").exists()

    def test_suffix_says_the_format(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        assert "ends in none of" in gba("load", "gdp", "--out", tmp_path / "gdp.txt").err
        assert "drop one of them" in gba("load", "gdp", "--out", tmp_path / "gdp.csv", "--format", "json").err
        assert list(tmp_path.iterdir()) == []

    def test_a_bug_shows_no_traceback_unless_asked(
        self, gba: Run, shipped: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise KeyError("x")

        monkeypatch.setattr(store, "load", broken)
        ended = gba("load", "gdp")
        assert ended.code == 1 and "GBA_DEBUG=1" in ended.err and "Traceback" not in ended.err
        monkeypatch.setenv("GBA_DEBUG", "1")
        with pytest.raises(KeyError):
            main(["load", "gdp"])

    def test_another_programs_file_is_left_alone(
        self, gba: Run, dataset: Callable[..., Path], tmp_path: Path
    ) -> None:
        theirs = tmp_path / "theirs.duckdb"
        theirs.write_text("not a database", encoding="utf-8")
        ended = gba("build", "--datasets", dataset(ROW).parents[1], "--database", theirs)
        assert ended.code == 1 and "theirs.duckdb" in ended.err
        assert theirs.read_text(encoding="utf-8") == "not a database"


class TestValidate:
    def test_failures_name_file_row_column_value_and_rule(
        self, gba: Run, dataset: Callable[..., Path], tmp_path: Path
    ) -> None:
        path = dataset(ROW, ROW.replace(",macao,", ",macoa,").replace("2020", "2023-13"), name="my_gdp.csv")
        ended = gba("validate", path, "--out", tmp_path / "failures.csv")
        assert ended.code == 1 and "break" in ended.err
        report = pl.read_csv(tmp_path / "failures.csv")
        assert report.columns == ["file", "row", "column", "value", "rule"]
        assert set(report["file"]) == {str(path)}
        found = {(r["column"], r["value"]) for r in report.iter_rows(named=True)}
        assert {("area", "macoa"), ("period", "2023-13")} <= found
        assert "macoa" in ended.out and "2023-13" in ended.out

    def test_good_figures_end_with_0(self, gba: Run, dataset: Callable[..., Path]) -> None:
        ended = gba("validate", dataset(ROW))
        assert (ended.code, "findings to look at" in ended.out) == (0, True)

    @pytest.mark.parametrize("header", ["a,b", HEADER.replace("value", "Value")])
    def test_a_file_that_is_no_dataset(self, gba: Run, dataset: Callable[..., Path], header: str) -> None:
        ended = gba("validate", dataset(ROW, header=header))
        assert ended.code == 1 and ended.err.startswith("Error:") and "Traceback" not in ended.err

    @pytest.mark.parametrize("name", ["gdp.csv", "mine.csv"])
    def test_a_single_file_is_named_as_it_was_given(self, gba: Run, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text(HEADER.replace("value", "valeu") + "\n", encoding="utf-8")
        ended = gba("validate", tmp_path / name)
        assert ended.code == 1
        assert ended.err.startswith(f"Error: {tmp_path / name}, line 1: missing column value")

    def test_findings_are_shown_check_by_check(self, gba: Run) -> None:
        ended = gba("validate", "--findings")
        assert ended.code == 0
        assert "Check parts_and_total" in ended.out and "tokyo, 2023-12" in ended.out


class TestBuild:
    def test_summary_and_steps(self, gba: Run, dataset: Callable[..., Path], tmp_path: Path) -> None:
        ended = gba("build", "--datasets", dataset(ROW).parents[1], "--database", tmp_path / "my.duckdb")
        assert ended.code == 0
        assert ended.out == (
            f"built {tmp_path / 'my.duckdb'}: 1 observations in 1 series from 1 sources, 0 findings to look at\n"
        )
        assert "reading observations/gdp.csv" in ended.err.splitlines()

    def test_bad_rows_fail_the_job_and_leave_the_last_good_database(
        self, gba: Run, dataset: Callable[..., Path], tmp_path: Path
    ) -> None:
        database = tmp_path / "my.duckdb"
        words = ("build", "--datasets", dataset(ROW).parents[1], "--database", database)
        assert gba(*words).code == 0
        before = database.read_bytes()
        dataset(ROW.replace("204.4", "abc"))
        ended = gba(*words)
        assert ended.code == 1
        assert "observations/gdp.csv, row 2, value: 'abc'" in ended.err
        assert database.read_bytes() == before

    def test_quiet_says_nothing(self, gba: Run, dataset: Callable[..., Path], tmp_path: Path) -> None:
        ended = gba(
            "build", "-q", "--datasets", dataset(ROW).parents[1], "--database", tmp_path / "my.duckdb"
        )
        assert (ended.code, ended.out, ended.err) == (0, "", "")


class TestJsonLogs:
    def test_every_line_is_an_object_with_time_level_and_event(
        self, gba: Run, dataset: Callable[..., Path], tmp_path: Path
    ) -> None:
        words = ("--datasets", dataset(ROW).parents[1], "--database", tmp_path / "my.duckdb")
        for order in (("--json", "build", *words), ("build", *words, "--json")):
            logs = gba(*order).logs()
            assert all({"time", "level", "event", "message"} <= set(line) for line in logs)
            assert all(datetime.fromisoformat(line["time"]).utcoffset().total_seconds() == 0 for line in logs)
            built = next(line for line in logs if line["event"] == "built")
            assert (built["observations"], built["findings"]) == (1, 0)
            assert (logs[-1]["event"], logs[-1]["exit_code"]) == ("end", 0)

    def test_errors_too(self, gba: Run, shipped: Path, dataset: Callable[..., Path]) -> None:
        error = gba("--json", "load", "gpd").logs()[0]
        assert (error["level"], error["event"], error["exit_code"]) == ("error", "UnknownNameError", 2)
        wrong = gba("--json", "load").logs()[0]
        assert wrong["level"] == "error" and "INDICATOR" in wrong["message"]
        bad = gba("--json", "build", "--datasets", dataset(ROW.replace("204.4", "abc")).parents[1])
        assert bad.code == 1
        failed = next(line for line in bad.logs() if line["level"] == "error")
        assert failed["failures"][0]["value"] == "abc"

    def test_an_interruption_too(self, gba: Run, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(store, "load", interrupted)
        ended = gba("--json", "load", "gdp")
        assert ended.code == 130
        assert [(line["event"], line["exit_code"]) for line in ended.logs()] == [
            ("interrupted", 130),
            ("end", 130),
        ]

    def test_results_stay_on_stdout(self, gba: Run, shipped: Path) -> None:
        ended = gba("--json", "load", "gdp", "--area", "macao", "--format", "json")
        assert json.loads(ended.out)
        assert ended.logs()[-1]["event"] == "end"


class TestLists:
    def test_indicators(self, gba: Run, shipped: Path) -> None:
        out = gba("indicators", "container throughput").out
        assert "container_throughput" in out and "Table port_throughput" in out

    def test_areas_by_alias(self, gba: Run, shipped: Path) -> None:
        assert "guangzhou" in gba("areas", "Canton").out

    def test_sources_with_addresses(self, gba: Run, shipped: Path) -> None:
        out = gba("sources", "dsec_gba_gdp").out
        assert "Statistics and Census Service, Macao (DSEC)" in out and "https://" in out

    def test_disagreements(self, gba: Run, shipped: Path) -> None:
        out = gba("disagreements", "container_throughput", "--area", "shenzhen", "--at-least", "0.05").out
        assert (
            "25,740,000" in out and "27,740,000" in out and "+7.77" in out and "World Shipping Council" in out
        )

    def test_query(self, gba: Run, shipped: Path) -> None:
        out = gba("query", "SELECT 2023 AS year, 1234567.5 AS x, NULL AS nothing, ['a', 'b'] AS l").out
        assert out.splitlines()[0].split() == ["year", "x", "l"]
        assert out.splitlines()[2].split() == ["2023", "1,234,568", "a,", "b"]

    def test_query_of_nested_and_exact_values(self, gba: Run, shipped: Path) -> None:
        sql = "SELECT 1.5::DECIMAL(4, 2) AS d, {'a': 1} AS s, [['x']] AS l, sum(1::BIGINT) AS n"
        row = next(csv.DictReader(io.StringIO(gba("query", sql, "--format", "csv").out)))
        assert (float(row["d"]), row["s"], row["l"], int(row["n"])) == (1.5, '{"a": 1}', '[["x"]]', 1)
        assert json.loads(gba("query", sql, "--format", "json").out) == [
            {"d": 1.5, "s": {"a": 1}, "l": [["x"]], "n": 1}
        ]

    def test_an_empty_answer(self, gba: Run, shipped: Path) -> None:
        assert gba("query", "SELECT 1 AS a WHERE false").out == "no rows\n"

    @pytest.mark.parametrize("command", ["indicators", "areas", "sources", "disagreements"])
    def test_whole_lists_as_csv(self, gba: Run, shipped: Path, command: str) -> None:
        rows = list(csv.DictReader(io.StringIO(gba(command, "--format", "csv").out)))
        assert len(rows) == getattr(store, command)().height


class TestFormulas:
    def test_text_never_becomes_a_formula_and_numbers_stay(
        self, gba: Run, made_up: Path, tmp_path: Path
    ) -> None:
        sql = "SELECT -1.5 AS number, '=1+1' AS a, '@x' AS b, '-x' AS c, '+x' AS d, chr(9) || 'x' AS e, '-2.5' AS f"
        row = next(
            csv.DictReader(io.StringIO(gba("query", sql, "--database", made_up, "--format", "csv").out))
        )
        assert list(row.values()) == ["-1.5", "'=1+1", "'@x", "'-x", "'+x", "'\tx", "-2.5"]
        gba("query", sql, "--database", made_up, "--out", tmp_path / "x.xlsx")
        openpyxl = pytest.importorskip("openpyxl")
        cells = next(openpyxl.load_workbook(tmp_path / "x.xlsx").active.iter_rows(min_row=2))
        assert (cells[0].value, cells[1].value, cells[1].data_type) == (-1.5, "=1+1", "s")


class TestExport:
    @pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
    def test_sources_stand_beside(self, gba: Run, made_up: Path, tmp_path: Path, suffix: str) -> None:
        assert gba("export", "gdp", "--out", tmp_path / f"gdp.{suffix}", "--database", made_up).code == 0
        assert pl.read_csv(tmp_path / "gdp.sources.csv")["id"].to_list() == ["dsec_gba_gdp"]
        read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}[suffix]
        assert (
            read(tmp_path / f"gdp.{suffix}")["value"].to_list()
            == store.load("gdp", database=made_up)["value"].to_list()
        )

    def test_a_workbook_has_both(self, gba: Run, made_up: Path, tmp_path: Path) -> None:
        openpyxl = pytest.importorskip("openpyxl")
        gba("export", "gdp", "--out", tmp_path / "gdp.xlsx", "--database", made_up)
        book = openpyxl.load_workbook(tmp_path / "gdp.xlsx")
        assert book.sheetnames == ["figures", "sources"]
        assert book["figures"].max_row == 11

    def test_nothing_is_left_of_a_write_that_fails(
        self, gba: Run, made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        target = tmp_path / "gdp.csv"
        target.write_text("before", encoding="utf-8")
        monkeypatch.setattr(Path, "replace", full)
        ended = gba("export", "gdp", "--out", target, "--database", made_up)
        assert ended.code == 1 and "No space left" in ended.err
        assert target.read_text(encoding="utf-8") == "before"
        assert [p.name for p in tmp_path.iterdir()] == ["gdp.csv"]


class TestModelsAndPictures:
    def test_forecast_table_and_rows(self, gba: Run, made_up: Path) -> None:
        words = (
            "forecast",
            "gdp",
            "--area",
            "macao",
            "--horizon",
            "2",
            "--level",
            "80",
            "--database",
            made_up,
        )
        rows = json.loads(gba(*words, "--format", "json").out)
        assert [r["period"][:4] for r in rows] == ["2021", "2022"]
        assert all(r["lower_80"] < r["value"] < r["upper_80"] for r in rows)
        out = " ".join(gba(*words).out.split())
        assert "MOP billion" in out and "lower 80" in out and "trained on 2011 to 2020" in out

    def test_benchmark(self, gba: Run, shipped: Path) -> None:
        out = gba("benchmark", "gdp", "--year", "2022").out
        assert "greater_bay_area (eleven_cities): dongguan, foshan" in out
        rows = json.loads(
            gba("benchmark", "gdp", "--bay", "greater_bay_area", "--basis", "ppp", "--format", "json").out
        )
        assert rows[0]["unit"] == "international dollars" and rows[0]["rank"] == 1

    def test_benchmark_by_definition_and_all_years(self, gba: Run, shipped: Path) -> None:
        words = (
            "--definition",
            "greater_bay_area=pearl_river_delta",
            "--bay",
            "greater_bay_area",
            "--year",
            "all",
        )
        rows = json.loads(gba("benchmark", "gdp", *words, "--format", "json").out)
        assert len(rows) > 5 and {len(r["members"]) for r in rows} == {9}

    def test_benchmark_at_constant_prices_and_with_mixtures(self, gba: Run, shipped: Path) -> None:
        rows = json.loads(gba("benchmark", "gdp", "--prices", "2015", "--format", "json").out)
        assert {r["prices"] for r in rows} == {"constant 2015"}
        words = ("benchmark", "gdp", "--years", "published", "--year", "2020")
        refused = gba(*words)
        assert refused.code == 2 and "mixed='mark'" in refused.err
        marked = json.loads(gba(*words, "--mixed", "mark", "--format", "json").out)
        assert any("fiscal year" in r["note"] for r in marked)

    def test_benchmark_and_report_read_the_database_named(
        self, gba: Run, made_up: Path, tmp_path: Path
    ) -> None:
        of_macao = gba("benchmark", "gdp", "--bay", "greater_bay_area", "--database", made_up)
        assert of_macao.code == 2 and "no annual figures of 'gdp' for dongguan" in of_macao.err
        with store.using_database(made_up):
            assert store.load("gdp", "macao", end=2011)["value"].to_list() == [201.0 * 10**9]
        absent = gba("report", "--no-images", "--out", tmp_path, "--database", tmp_path / "no.duckdb")
        assert absent.code == 1 and "there is no database at" in absent.err
        assert store.database_path() != made_up

    def test_chart_of_ranks_by_every_definition(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        words = ("chart", "gdp", "--kind", "sensitivity", "--start", "2021", "--end", "2022")
        ended = gba(*words, "--out", tmp_path / "ranks.html")
        assert ended.code == 0 and (tmp_path / "ranks.html").stat().st_size > 1000
        refused = gba(*words, "--to", "USD", "--out", tmp_path / "no.html")
        assert refused.code == 2 and "leave out --to" in refused.err
        refused = gba(*words, "--policies", "--out", tmp_path / "no.html")
        assert refused.code == 2 and "--kind line or fan" in refused.err
        assert not (tmp_path / "no.html").exists()

    def test_chart_marks_policies(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        words = ("chart", "gdp", "--area", "hong_kong", "--frequency", "A", "--policies")
        assert gba(*words, "--out", tmp_path / "marked.html").code == 0
        assert "Closer Economic Partnership" in (tmp_path / "marked.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize("kind", ["line", "bars", "fan"])
    def test_chart(self, gba: Run, made_up: Path, tmp_path: Path, kind: str) -> None:
        out = tmp_path / f"{kind}.html"
        ended = gba("chart", "gdp", "--area", "macao", "--kind", kind, "--out", out, "--database", made_up)
        assert (ended.code, ended.out) == (0, f"wrote {out}\n")
        assert "DSEC" in out.read_text(encoding="utf-8")

    def test_chart_of_several_frequencies_says_which(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        ended = gba("chart", "gdp", "--area", "macao", "--out", tmp_path / "gdp.html")
        assert ended.code == 0 and "--frequency Q" in ended.err

    def test_report(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        words = ("report", "--no-images", "--out", tmp_path / "report", "--sections", "cities, quality")
        ended = gba(*words)
        assert ended.code == 0 and "index.html" in ended.out
        assert "6 of 6 files changed" in ended.out
        assert (tmp_path / "report" / "index.html").stat().st_size > 10_000
        digest = ended.out.partition("digest ")[2][:16]
        again = gba(*words)
        assert "unchanged (6 files)" in again.out and digest in again.out

    def test_report_in_another_language_format_and_as_of_a_day(
        self, gba: Run, shipped: Path, tmp_path: Path
    ) -> None:
        words = ("report", "--out", tmp_path, "--sections", "cities", "--format", "html", "--lang", "zh-Hant")
        ended = gba(*words, "--as-of", "2020-01-01", "--quiet")
        assert ended.code == 0
        page = (tmp_path / "index.html").read_text(encoding="utf-8")
        assert '<html lang="zh-Hant">' in page
        assert "按2020年1月1日終結時已知的數據編製" in page
        assert "本節無法編製" in page
        assert [p.name for p in tmp_path.iterdir()] == ["index.html"]

    def test_report_names_the_sections_there_are(self, gba: Run, shipped: Path, tmp_path: Path) -> None:
        refused = gba("report", "--out", tmp_path, "--sections", "towns")
        assert refused.code == 2 and "'towns'" in refused.err and "headline" in refused.err
        assert gba("report", "--out", tmp_path, "--format", "docx").code == 2
        assert gba("report", "--out", tmp_path, "--as-of", "soon").code == 2
        assert list(tmp_path.iterdir()) == []


class TestDryRun:
    def test_services_without_their_key_would_not_be_asked(
        self, gba: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GBA_HOME", str(tmp_path))
        monkeypatch.delenv("FRED_API_KEY", raising=False)
        words = ("refresh", "--dry-run", "--source", "fred", "--source", "imf")
        without, forced = gba(*words), gba(*words, "--force")
        assert (without.code, forced.code) == (0, 0)
        for ended, why in ((without, "never asked"), (forced, "asked for")):
            assert re.search(r"^fred +10 +0 +passed over: FRED_API_KEY is not set$", ended.out, re.M)
            assert re.search(rf"^imf +20 +20 +{why}$", ended.out, re.M)
            assert ended.out.endswith("20 of 30 series would be asked; nothing was\n")
        monkeypatch.setenv("FRED_API_KEY", "a-key-of-some-length")
        assert gba(*words).out.endswith("30 of 30 series would be asked; nothing was\n")


class TestStatus:
    def test_without_a_database(self, gba: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GBA_HOME", str(tmp_path))
        ended = gba("status")
        assert ended.code == 0 and "no database" in ended.out
        assert list(tmp_path.iterdir()) == []
        assert json.loads(gba("status", "--format", "json").out)["exists"] is False
        other = gba("status", "--database", tmp_path / "other.duckdb").out
        assert "first read" in ended.out and "first read" not in other

    def test_with_one(self, gba: Run, shipped: Path) -> None:
        out = gba("status").out
        assert str(shipped) in out.replace("\n", "") and "port_throughput" in out and "UTC" in out
        facts = json.loads(gba("status", "--format", "json").out)
        assert facts["observations"] == store.query("SELECT count(*) FROM observation").item()
        assert facts["datasets"] == "shipped" and facts["current"]


class TestProcesses:
    def test_exit_codes_reach_the_shell(self, process: Callable[..., list[str]], shipped: Path) -> None:
        for words, code in (
            (("status",), 0),
            (("load", "gpd"), 2),
            (("load", "gdp", "--out", "/nowhere/x.csv"), 1),
        ):
            ended = subprocess.run(process(*words), capture_output=True, text=True, check=False)
            assert ended.returncode == code
            assert "Traceback" not in ended.stderr

    def test_first_read_builds_the_database_and_says_so(
        self, process: Callable[..., list[str]], tmp_path: Path
    ) -> None:
        words = process("load", "gdp", "--area", "macao", "--frequency", "A", "--format", "csv")
        environment = os.environ | {"GBA_HOME": str(tmp_path / "home")}
        first = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert "building the database" in first.stderr
        second = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert second.stdout == first.stdout and second.stderr == ""

    @pytest.mark.skipif(os.name == "nt", reason="no pipes of this kind")
    def test_a_reader_that_leaves_ends_it_quietly(
        self, process: Callable[..., list[str]], shipped: Path
    ) -> None:
        with subprocess.Popen(
            process("load", "crossings", "--format", "csv"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stdout is not None and running.stderr is not None
            running.stdout.readline()
            running.stdout.close()
            assert running.stderr.read() == b""
            assert running.wait() == 0

    @pytest.mark.skipif(os.name == "nt", reason="no such signal")
    def test_ctrl_c_ends_with_130_and_leaves_nothing(
        self, process: Callable[..., list[str]], tmp_path: Path
    ) -> None:
        home = tmp_path / "home"
        with subprocess.Popen(
            process("build"), env=os.environ | {"GBA_HOME": str(home)}, stderr=subprocess.PIPE, text=True
        ) as running:
            assert running.stderr is not None
            running.stderr.readline()
            time.sleep(0.3)
            running.send_signal(signal.SIGINT)
            rest = running.stderr.read()
            assert running.wait() == 130
        assert rest.splitlines()[-1] == "Error: interrupted" and "Traceback" not in rest
        assert [p.name for p in home.iterdir() if p.suffix != ".lock"] == []
