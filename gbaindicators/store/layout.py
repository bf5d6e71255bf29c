"""The layout of a database: which versions of the package read it, and which may publish over it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gbaindicators.errors import DatabaseError
from gbaindicators.version import __version__

if TYPE_CHECKING:
    import duckdb

    from gbaindicators.store.lake.location import Lake

__all__ = ["LAYOUT", "Built", "built_by", "check_layout", "check_not_older"]

#: Changes when the tables, or what stands in them, change so that another version would fail on them or read them wrongly.
#: 1 had no number; 2 has the column ``dated``, and ranks in ``standing`` only where there is something to choose.
LAYOUT: Final = 2


class Built(NamedTuple):
    """What a database says of its build: the version of the package, the layout of the tables, the datasets."""

    version: str
    layout: int
    datasets: str


def built_by(connection: duckdb.DuckDBPyConnection, build: str = "build") -> Built | None:
    """Read the record of the build, None where there is none; `build` stands for its table in SQL."""
    result = connection.execute(f"FROM {build}")
    names = [column[0] for column in result.description]
    row = result.fetchone()
    if row is None:
        return None
    record = dict(zip(names, row, strict=True))
    return Built(str(record["package_version"]), int(record.get("layout", 1)), str(record["datasets"]))


def check_layout(built: Built | None, place: Path | Lake, what: str = "") -> None:
    """Raise when a database has another layout than this version reads; `what` of it, if not the whole.

    Raises
    ------
    DatabaseError
        Which versions they are, and how to mend it.
    """
    if built is None or built.layout == LAYOUT:
        return
    datasets = "" if built.datasets == "shipped" else f" --datasets {built.datasets}"
    mend = f"Build it anew: gba build{datasets} --database '{place}'"
    raise DatabaseError(
        f"{what}{place} was built by gbaindicators {built.version} in layout {built.layout}; this version, {__version__}, reads "
        f"layout {LAYOUT}. {mend if built.layout < LAYOUT else _update(built)}"
    )


def check_not_older(built: Built | None, lake: Lake) -> None:
    """Raise when a newer version than this one built what is to be published over.

    Newer figures and rules would go, and come back with its next build: two machines would undo each other's work.

    Raises
    ------
    DatabaseError
        Which versions they are, and how to mend it.
    """
    if built is None or (built.layout <= LAYOUT and _release(built.version) <= _release(__version__)):
        return
    raise DatabaseError(
        f"{lake} was built by the newer gbaindicators {built.version} (layout {built.layout}); this is {__version__} (layout "
        f"{LAYOUT}), which would take its figures and rules back: nothing was published. {_update(built)}"
    )


def _update(built: Built) -> str:
    return f"Update gbaindicators here: pip install --upgrade 'gbaindicators>={built.version}'"


def _release(version: str) -> list[int]:
    """Numbers of a version, without zeros at the end.

    >>> _release("0.10.0.dev1") > _release("0.9.1")
    True
    """
    found = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers
