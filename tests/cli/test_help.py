"""What the command line says of itself, and of words that it does not know."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from click import Context

from gbaindicators.cli.app import app, main

COMMANDS = tuple(app.list_commands(Context(app)))


@pytest.fixture(params=[80, 100])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Columns of the terminal."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def sections(text: str) -> dict[str, list[str]]:
    """Lines of help by the heading that they stand under."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if re.fullmatch(r"\S.*:", line):
            found[line[:-1]] = []
        elif line.startswith("  ") and found:
            found[list(found)[-1]].append(line)
    return found


class TestOverview:
    def test_commands_stand_in_their_panels_below_each_other(
        self, capsys: pytest.CaptureFixture[str], width: int
    ) -> None:
        assert main(["--help"]) == 0
        panels = sections(capsys.readouterr().out)
        assert list(panels) == [
            "Options",
            "Figures",
            "Forecasts",
            "Lists and queries",
            "Database",
            "Shared database",
        ]
        lines = [line for panel in list(panels)[1:] for line in panels[panel]]
        named = [line.split()[0] for line in lines if not line.startswith("   ")]
        assert tuple(named) == COMMANDS
        assert {len(re.match(r"  \S* +", line)[0]) for line in lines} == {17}
        assert "refresh" in panels["Database"][0] and "contribute" in panels["Shared database"][0]

    def test_nothing_is_cut(self, capsys: pytest.CaptureFixture[str], width: int) -> None:
        main(["-h"])
        text = " ".join(capsys.readouterr().out.split())
        assert "..." not in text.partition("Figures:")[2]
        assert "who published what, and when (UTC)" in text

    def test_alone_it_shows_help_as_wrong_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 2
        shown = capsys.readouterr()
        assert shown.out.startswith("Usage: gba [OPTIONS] COMMAND") and shown.err == ""

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        import gbaindicators

        assert main(["--version"]) == 0
        assert capsys.readouterr().out == f"gbaindicators {gbaindicators.__version__}\n"


class TestCommands:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_each_says_what_it_does_with_an_example_on_a_line(
        self, capsys: pytest.CaptureFixture[str], width: int, command: str
    ) -> None:
        assert main([command, "--help"]) == 0
        text = capsys.readouterr().out
        assert text.startswith(f"Usage: gba {command} ")
        assert max(map(len, text.splitlines())) <= width
        examples = text.split("  For example:\n")[1].partition("\n\n")[0].splitlines()
        assert examples and all(re.match(r"    (gba|export) ", line) for line in examples)
        assert any(line.startswith(f"    gba {command}") for line in examples)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_option_and_argument_is_explained(self, command: str) -> None:
        context = Context(app)
        read = app.get_command(context, command)
        assert read is not None
        assert [p.name for p in read.params if not getattr(p, "help", None)] == []

    def test_options_say_their_choices_defaults_and_needs(
        self, capsys: pytest.CaptureFixture[str], width: int
    ) -> None:
        main(["revisions", "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert "--show [releases|triangle|statistics] Every release" in text
        assert "revisions. [default: releases]" in text
        assert "-a, --area AREA Area: id, name or alias. [required]" in text
        main(["forecast", "-h"])
        assert "[default: 80, 95]" in " ".join(capsys.readouterr().out.split())


class TestMistakes:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("lod gdp", "No such command 'lod'. Did you mean 'load'? See: gba --help"),
            ("xyzzy", "No such command 'xyzzy'. See: gba --help"),
            ("query x --databse y", "No such option '--databse'. Did you mean '--database'? See: gba query --help"),
            (
                "load gdp --freqency A",
                "No such option '--freqency'. (Did you mean one of: '--currency', '--frequency'?) See: gba load --help",
            ),
            ("--jsno load", "No such option '--jsno'. Did you mean '--json'? See: gba --help"),
            (
                "load gdp --format xml",
                "Invalid value for '--format': 'xml' is not one of 'table', 'csv', 'json', 'parquet'. See: gba load --help",
            ),
            ("load", "Missing argument 'INDICATOR'. See: gba load --help"),
            ("overtake gdp shenzhen", "Missing argument 'OTHER'. See: gba overtake --help"),
            ("withdraw", "Missing option '--name'. See: gba withdraw --help"),
            ("load gdp extra", "Got unexpected extra argument (extra). See: gba load --help"),
            ("forecast gdp --jobs 0", "Invalid value for '--jobs': 0 is not in the range x>=1. See: gba forecast --help"),
            ("--quiet", "Missing command. See: gba --help"),
        ],
    )  # fmt: skip
    def test_it_says_what_is_wrong_what_was_meant_and_where_to_look(
        self, capsys: pytest.CaptureFixture[str], line: str, message: str
    ) -> None:
        assert main(line.split()) == 2
        assert capsys.readouterr() == ("", f"Error: {message}\n")

    def test_of_options_before_and_behind_a_command_either_speaks_json(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for words in (["--json", "load"], ["load", "--json"], ["load", "--json", "--nonsense"]):
            assert main(words) == 2
            assert all(line.startswith("{") for line in capsys.readouterr().err.splitlines())
        assert main(["validate", "--", "--json"]) == 2
        assert capsys.readouterr().err == "Error: there is no file or folder '--json'\n"


class TestImports:
    """What a run reads: `gba load` is asked for a hundred times a day, and its start is most of it."""

    def loaded(self, *words: str) -> set[str]:
        code = (
            "import sys; from gbaindicators.cli.app import main; code = main(sys.argv[1:])\n"
            "print('\\n'.join(sys.modules)); sys.exit(code)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
        )
        return set(ended.stdout.splitlines())

    def test_help_needs_neither_polars_nor_duckdb(self) -> None:
        heavy = {"polars", "duckdb", "pandas", "plotly", "statsmodels", "rich", "gbaindicators.catalog"}
        assert not heavy & self.loaded("--help")

    def test_load_reads_its_own_module_alone_and_nothing_it_can_do_without(self, shipped: object) -> None:
        read = self.loaded("load", "gdp", "--area", "macao", "--start", "2024", "--format", "csv")
        assert "gbaindicators.cli.figures" in read
        commands = {"lists", "database", "models", "pictures", "refreshing", "reporting", "sharing"}
        assert not {f"gbaindicators.cli.{module}" for module in commands} & read
        assert not {"typer", "pydantic", "pydantic_core", "pandera", "statsmodels", "plotly", "rich"} & read
