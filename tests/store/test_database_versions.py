"""Files that this version of DuckDB cannot read are named as such."""

from __future__ import annotations

from pathlib import Path

import pytest

import gbaindicators as gba
from gbaindicators.errors import DatabaseError


def test_a_file_whose_header_says_another_version_is_not_taken_for_a_locked_one(
    make_database, tmp_path: Path
) -> None:
    content = bytearray(make_database(gdp=[{}]).read_bytes())
    content[12:20] = (5000).to_bytes(8, "little")  # where DuckDB writes its storage version
    path = tmp_path / "newer.duckdb"
    path.write_bytes(content)
    for use in (lambda: gba.load("gdp", database=path), lambda: gba.build(database=path)):
        with pytest.raises(DatabaseError, match=r"damaged, or written by a newer DuckDB.*gba build") as error:
            use()
        assert "locked" not in str(error.value)
    assert path.read_bytes() == bytes(content)
