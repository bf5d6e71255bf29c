"""Processes that write to a shared database, and what is read of it."""

from __future__ import annotations

import subprocess
import sys

import gbaindicators as gba

YEARS = range(1990, 2020)
CONTRIBUTOR = """
import sys
from gbaindicators.store import contribute
print("ready", flush=True)
sys.stdin.readline()
contribute(sys.argv[2], sys.argv[1], name=sys.argv[3], author=sys.argv[3], message="from " + sys.argv[3])
"""
BUILDER = """
import sys
from gbaindicators.store import build
print("ready", flush=True)
sys.stdin.readline()
build(sys.argv[2], sys.argv[1])
"""
#: Writes all, and waits to be killed before it commits.
DOOMED = """
import os, signal, sys
from gbaindicators.store import build
from gbaindicators.store.lake import publishing
count = publishing._count
def die(*arguments):
    count(*arguments)
    print("written", flush=True)
    sys.stdin.readline()
publishing._count = die
build(sys.argv[2], sys.argv[1])
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def go_together(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, err = process.communicate(timeout=600)
        assert (err, process.returncode) == ("", 0)


def values(database: str, **selection: object) -> list[float]:
    return gba.load("gdp", database=database, **selection)["value"].unique().sort().to_list()  # type: ignore[arg-type]
