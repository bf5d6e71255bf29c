"""What is written to a shared database comes back to the last bit, be it a few rows or many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gbaindicators as gba

#: Numbers that DuckDB 1.5 reads a last bit off where they stand in SQL as they are.
HARD = ["0.09090909090909091", "0.12884377758164168", "0.30000000000000004", "1.1111111111111112"]


def test_a_few_contributed_figures(team: str, edition: Callable[..., Path], make_datasets) -> None:
    gba.build(edition(1), team)
    rows = [{"period": str(2020 + i), "value": value, "scale": "0"} for i, value in enumerate(HARD)]
    gba.contribute(make_datasets(gdp=rows), team, name="desk")
    assert gba.load("gdp", start="2020", database=team)["value"].to_list() == [float(v) for v in HARD]


def test_a_few_built_figures(tmp_path: Path, make_datasets) -> None:
    rows = [{"period": str(2020 + i), "value": value, "scale": "0"} for i, value in enumerate(HARD)]
    # whose catalogue is a file
    lake = f"ducklake:{tmp_path / 'team.ducklake'}"
    gba.build(make_datasets(gdp=rows), lake)
    assert gba.load("gdp", database=lake)["value"].to_list() == [float(v) for v in HARD]
