"""One refresh at a time, and the database that it publishes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from gbaindicators.catalog import datasets_dir
from gbaindicators.errors import DatabaseError, GbaError
from gbaindicators.store.archive import Archive
from gbaindicators.store.connection import connect
from gbaindicators.store.fingerprint import fingerprint
from gbaindicators.store.home import Place, database_place, home
from gbaindicators.store.lake.snapshots import archives
from gbaindicators.store.publishing import build

__all__ = ["Progress", "only_one", "publish"]

#: Called with a line of text at every step.
Progress = Callable[[str], None]


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock of the data home: one refresh at a time."""
    from filelock import FileLock, Timeout

    path = home() / "refresh.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise DatabaseError(
            f"another refresh runs in {path.parent} (it holds {path.name}); let it end"
        ) from None
    except OSError as error:
        raise DatabaseError(f"{path.parent} cannot be written: {error.strerror or error}") from None


def publish(archive: Archive, say: Progress, message: str) -> tuple[bool, str]:
    """Build a database if the published one is not of the shipped and the accepted figures that there are."""
    place = database_place()
    try:
        if not isinstance(place, Path) or (place.exists() and place.stat().st_size):
            of, made, taken_in = _made_of(place)
            if of != "shipped":
                raise DatabaseError(
                    f"{place} was built from {of}: it is left alone, what was accepted is kept. To publish it: gba build"
                )
            if made == fingerprint(datasets_dir()) and archive.fingerprint() in taken_in:
                return False, ""
        build(progress=say, message=message)
    except GbaError as error:
        return False, str(error)
    return True, ""


def _made_of(place: Place) -> tuple[str, str, Collection[str | None]]:
    """Which datasets a database was made of, their hash, and those of the archives whose figures it took in."""
    with connect(place) as connection:
        row = connection.execute("SELECT datasets, fingerprint, archive FROM build").fetchone()
    of, made, archive = row or ("", "", None)
    # A shared database keeps what the refreshes of other machines accepted too.
    return of, made, {archive} if isinstance(place, Path) else archives(place)
