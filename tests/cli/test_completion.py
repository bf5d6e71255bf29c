"""Completion in a shell, asked for as the shells do: by a process that finds the words in its environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CODE = "import sys; from gbaindicators.cli.app import main; sys.exit(main())"


def complete(words: str, shell: str = "bash") -> list[str]:
    """What the last of some words, which may be empty, is completed to: as lines of click's protocol."""
    last = words.split(" ")[-1] if shell == "fish" else str(len(words.split(" ")) - 1)
    asked = {"_GBA_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": last}
    ended = subprocess.run(
        [sys.executable, "-c", CODE], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
    return [line for line in ended.stdout.splitlines() if line]


def plain(*values: str) -> list[str]:
    return [f"plain,{value}" for value in values]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("gba lo", ["load"]),
        ("gba s", ["sources", "status", "snapshots"]),
        ("gba --json lo", ["load"]),
        ("gba --q", ["--quiet"]),
        ("gba load gdp --fr", ["--frequency"]),
        ("gba load gdp --j", ["--json"]),
        ("gba --quiet load gdp --as", ["--as-of"]),
        ("gba load gdp --format ", ["table", "csv", "json", "parquet"]),
        ("gba load gdp --json --format j", ["json"]),
        ("gba load gdp --frequency ", ["A", "S", "Q", "M", "W", "D"]),
        ("gba load gdp -f ", ["A", "S", "Q", "M", "W", "D"]),
        ("gba load gdp --lang zh", ["zh-Hans", "zh-Hant"]),
        ("gba load gdp --to ", ["USD", "CNY", "HKD", "MOP", "JPY"]),
        ("gba forecast gdp --model seas", ["seasonal_naive"]),
        ("gba load passen", ["passengers"]),
        ("gba load gdp -a macao -a shenz", ["shenzhen"]),
        ("gba chart --kind s", ["seasonal", "sensitivity", "small-multiples"]),
        ("gba refresh --source worldb", ["worldbank"]),
        ("gba nowcast ", ["hong_kong", "macao", "guangdong"]),
        ("gba report --no", ["--no-images"]),
        ("gba load gdp --nonsense", []),
    ],
)
def test_values_of_commands_options_and_arguments(words: str, expected: list[str]) -> None:
    assert complete(words) == plain(*expected)


@pytest.mark.parametrize("words", ["gba load gdp --out f", "gba validate f", "gba load gdp --database f"])
def test_files_are_left_to_the_shell(words: str) -> None:
    assert complete(words) == ["file,f"]


def test_other_shells_are_told_what_a_name_means() -> None:
    assert complete("gba load air_passengers_dom", "fish") == [
        "plain,air_passengers_domestic\tDomestic air passengers"
    ]
    assert complete("gba load air_passengers_dom", "zsh") == [
        "plain",
        "air_passengers_domestic",
        "Domestic air passengers",
    ]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_line_for_bashrc_completes_in_bash(tmp_path: Path) -> None:
    script = tmp_path / "gba"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{CODE}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    asked = (
        'eval "$(_GBA_COMPLETE=bash_source gba)"\n'
        'COMP_WORDS=(gba load gdp --lang zh); COMP_CWORD=4; _gba_completion gba; echo "${COMPREPLY[@]}"\n'
    )
    ended = subprocess.run(
        ["bash", "-c", asked],
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "zh-Hans zh-Hant\n"
