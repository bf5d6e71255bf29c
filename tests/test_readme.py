"""What README tells people to type exists; its Python lines run as doctests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import gbaindicators as gba
from gbaindicators.catalog import catalog
from gbaindicators.cli.app import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.S)
LINES = [
    command.strip()
    for language, block in BLOCKS
    if language == "bash"
    for line in block.splitlines()
    for command in line.split("&&")
    if command.strip().startswith("gba")
]
QUERIES = [q for language, block in BLOCKS if language == "sql" for q in block.split(";") if q.strip()]
LINKS = re.findall(r"\]\(([^)#]+)\)", README)
ROOT = Path(__file__).parents[1]
#: Files and folders that the prose names, but for those of a made-up name.
NAMED = sorted(
    {
        (prose, path)
        for prose in ("README.md", "CONTRIBUTING.md")
        for path in re.findall(
            r"`([a-z.][\w./-]*/[\w.-]*|[\w-]+\.(?:py|toml))`", (ROOT / prose).read_text(encoding="utf-8")
        )
    }
)
#: What a data home or a report has.
ELSEWHERE = {"accepted/", "held/", "asked/", "gba-report/"}


def test_readme_begins_with_the_two_commands() -> None:
    first, second = [block for language, block in BLOCKS if language == "bash"][:2]
    assert first == "pip install . && gba report\n"
    assert second == "pip install '.[test]' && pytest\n"


@pytest.mark.parametrize("line", LINES)
def test_command_lines_name_commands_and_options_that_exist(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command = [] if words[0].startswith("-") else words[:1]
    shown = CliRunner().invoke(
        app, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    )
    assert shown.exit_code == 0, shown.output
    for option in (w for w in words if w.startswith("--")):
        assert re.search(rf"{option}\b", shown.output), option


@pytest.mark.parametrize(
    "line", [one for one in LINES if one.split()[1] in ("load", "benchmark") and "DATABASE" not in one]
)
def test_command_lines_that_print_do_so(line: str, shipped: Path) -> None:
    done = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
    assert done.exit_code == 0, done.output
    assert "20" in done.output


@pytest.mark.parametrize("sql", QUERIES)
def test_queries_give_rows(sql: str, shipped: Path) -> None:
    assert gba.query(sql).height


def test_names_of_the_package_exist() -> None:
    names = set(re.findall(r"\bgba\.([a-z_]+)", README))
    assert {"load", "benchmark", "query"} <= names
    # gba.duckdb is the file
    assert names - {"duckdb"} <= set(gba.__all__)
    for chart in re.findall(r"`(bars|fan|slope|heatmap)`", README):
        assert callable(getattr(gba.chart, chart))


def test_the_table_of_services_is_that_of_the_catalogue() -> None:
    rows = [
        f"| `{s.id}` | {s.producer}: {s.title} | {len(s.feeds) or 'none yet'} | "
        + (f"`{s.key}`{'' if s.key_needed else ' (optional)'}" if s.key else "")
        + f" | {s.checked} |"
        for s in catalog().services.values()
    ]
    table = README.split("| service | of | series | key | checked |\n|---|---|---|---|---|\n")[1].split(
        "\n\n"
    )[0]
    assert table.splitlines() == rows


@pytest.mark.parametrize("link", [link for link in LINKS if "://" not in link])
def test_links_lead_somewhere(link: str) -> None:
    assert (Path(__file__).parents[1] / link).exists()


@pytest.mark.parametrize(("prose", "path"), NAMED)
def test_files_and_folders_that_the_prose_names_exist(prose: str, path: str) -> None:
    if path not in ELSEWHERE:
        beside = ((ROOT / path).exists(), any((ROOT / "gbaindicators").rglob(path.rstrip("/"))))
        assert any(beside), f"{prose} names {path}"
