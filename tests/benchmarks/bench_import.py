"""Time imports and the command line against a bare process that imports Polars and DuckDB, in fresh processes."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.suite import Bench, processor_time

#: Names are imported when first used, so the second is what a session that loads figures pays.
IMPORTS = {
    "import gbaindicators": "import gbaindicators",
    "import gbaindicators, with gba.load looked up": "import gbaindicators; gbaindicators.load",
}
_BARE = "import polars, duckdb"


def test_start(bench: Bench) -> None:
    """Processor time from the start of a process to its end."""
    bare = processor_time([sys.executable, "-c", _BARE])
    against = f"python -c '{_BARE}'"
    for name, code in IMPORTS.items():
        ours = processor_time([sys.executable, "-c", code])
        bench.compare(f"{name}, whole process", ours, against, bare, rounds=9)
    from gbaindicators.store import build

    gba = [sys.executable, "-c", "import sys; from gbaindicators.cli.app import main; sys.exit(main())"]
    with tempfile.TemporaryDirectory(prefix="bench-cli-") as home:
        before = os.environ.get("GBA_HOME")
        os.environ["GBA_HOME"] = home
        try:
            build(database=Path(home) / "gba.duckdb")
            for words in (["--help"], ["load", "gdp", "--area", "macao"]):
                ours = processor_time([*gba, *words])
                bench.compare(f"gba {' '.join(words)}", ours, against, bare, rounds=9)
        finally:
            os.environ.pop("GBA_HOME")
            if before is not None:
                os.environ["GBA_HOME"] = before
