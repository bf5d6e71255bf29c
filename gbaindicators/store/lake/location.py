"""Where a shared database is: the connection string, and what of it may be shown."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from gbaindicators.errors import UsageError

__all__ = ["Lake", "is_lake", "parse_lake"]

_PREFIX: Final = "ducklake:"
_POSTGRES: Final = "postgres:"
#: What this package adds to DuckDB's own string, at its end, behind any quoted password.
_OWN: Final = re.compile(r"((?:[?&](?:data_path|snapshot)=[^?&']*)+)$")
#: One setting of a libpq string: ``host=db`` or ``password='two words'``.
_SETTING: Final = re.compile(r"\s*(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])*)(?:\s+|$)")
_HIDDEN: Final = "password"
#: Catalogues of DuckLake that this package does not use.
_OTHERS: Final = ("sqlite:", "mysql:", "duckdb:", "md:", "quack:")
_HOW: Final = (
    "write ducklake:postgres:dbname=gba host=db.example.org user=ann, with ?data_path=/mnt/team/gba or "
    "?data_path=s3://bucket/gba behind it when it is made, or ducklake:team.ducklake for a catalogue in a file"
)


@dataclass(frozen=True, slots=True)
class Lake:
    """A shared database, as its connection string names it.

    It shows as its connection string without the password, wherever it is printed, logged or written down.
    """

    #: What DuckLake is given: ``postgres:dbname=gba host=db`` or the path of a file. Without the password.
    catalog: str
    #: Folder or address of the figures; needed only when the lake is made.
    data_path: str | None = None
    #: Snapshot to read instead of the newest.
    snapshot: int | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        own = {"data_path": self.data_path, "snapshot": self.snapshot}
        said = "&".join(f"{name}={value}" for name, value in own.items() if value is not None)
        return f"{_PREFIX}{self.catalog}" + (f"?{said}" if said else "")

    def __repr__(self) -> str:
        return f"Lake({str(self)!r})"

    @property
    def postgres(self) -> str | None:
        """String for libpq, without the password; None where the catalogue is a file."""
        return self.catalog.removeprefix(_POSTGRES) if self.catalog.startswith(_POSTGRES) else None

    @property
    def file(self) -> Path:
        """File of a catalogue that is one."""
        return Path(self.catalog)


def is_lake(database: str | os.PathLike[str] | None) -> bool:
    """Tell whether a database is given by the connection string of a lake."""
    return database is not None and os.fspath(database).startswith(_PREFIX)


def parse_lake(text: str) -> Lake:
    """Read a connection string.

    Raises
    ------
    UsageError
        When it is none; the message never repeats the string, which may hold a password.

    Examples
    --------
    >>> lake = parse_lake("ducklake:postgres:dbname=gba host=db password=hush?data_path=s3://team/gba")
    >>> print(lake)
    ducklake:postgres:dbname=gba host=db?data_path=s3://team/gba/
    >>> lake.password
    'hush'
    """
    rest = text.removeprefix(_PREFIX).strip()
    own = _OWN.search(rest)
    said = dict(re.findall(r"[?&](\w+)=([^?&]*)", own.group(1))) if own else {}
    catalog = rest[: own.start()] if own else rest
    snapshot = said.get("snapshot")
    if snapshot is not None and not snapshot.isdecimal():
        raise UsageError(
            f"snapshot={snapshot} is no snapshot: name one by the number that gba snapshots lists"
        )
    if not catalog or catalog.startswith(_OTHERS):
        raise UsageError(f"the connection string of a shared database cannot be used: {_HOW}")
    password = None
    if catalog.startswith(_POSTGRES):
        settings, password = _without_password(catalog.removeprefix(_POSTGRES))
        catalog = _POSTGRES + settings
    else:
        catalog = str(Path(catalog).expanduser().absolute())
    data_path = said.get("data_path") or None
    return Lake(
        catalog, data_path and _folder(data_path), None if snapshot is None else int(snapshot), password
    )


def _folder(path: str) -> str:
    """Make a data path absolute, as the catalogue keeps it; the address of an object store stays as it is."""
    whole = path if "://" in path else str(Path(path).expanduser().absolute())
    return whole.rstrip("/") + "/"


def _without_password(settings: str) -> tuple[str, str | None]:
    """Take the password out of a libpq string or address."""
    if re.match(r"postgres(ql)?://", settings):
        return _address_without_password(settings)
    kept, password, at = [], None, 0
    while at < len(settings):
        found = _SETTING.match(settings, at)
        if found is None:
            raise UsageError(f"the PostgreSQL part of the connection string cannot be read: {_HOW}")
        name, value = found.groups()
        if name.lower() == _HIDDEN:
            plain = value[1:-1] if value.startswith("'") else value
            password = re.sub(r"\\(.)", r"\1", plain)
        elif "password" in name.lower():
            raise UsageError(
                f"{name} cannot stand in the connection string; libpq reads it from a service file"
            )
        else:
            kept.append(f"{name}={value}")
        at = found.end()
    return " ".join(kept), password


def _address_without_password(address: str) -> tuple[str, str | None]:
    """Write an address as settings, without its password."""
    parts = urlsplit(address)
    try:
        named = {"host": parts.hostname, "port": parts.port, "user": parts.username, "dbname": parts.path[1:]}
    except ValueError:  # a port that is no number
        raise UsageError(f"the PostgreSQL address in the connection string cannot be read: {_HOW}") from None
    settings = {name: unquote(str(value)) for name, value in named.items() if value}
    settings |= dict(parse_qsl(parts.query))
    word = settings.pop(_HIDDEN, None)
    if parts.password is not None:
        word = unquote(parts.password)
    return " ".join(f"{name}={_value(text)}" for name, text in settings.items()), word


def _value(text: str) -> str:
    if re.fullmatch(r"[\w./:-]+", text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
