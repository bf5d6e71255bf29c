"""A data home of its own, the services of `tests.ingest.world`, and the refresh between them, without pauses."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gbaindicators import ingest
from gbaindicators.ingest import publishing, refreshing
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.fetching import Answer, Client
from gbaindicators.store import archive, building, connect
from tests.ingest.world import KEY, World

#: Keys that must be seen nowhere.
KEYS = {
    "FRED_API_KEY": KEY, "BEA_API_KEY": "11111111-AAAA-4444-BBBB-222222222222", "ESTAT_APP_ID": "e57a7" * 8,
    "DATASF_APP_TOKEN": "sFtOkEn0123456789",
}  # fmt: skip


class Hasty(Client):
    """A client that neither pauses nor has patience."""

    def __init__(self, *of_client: Any, **more: Any) -> None:
        super().__init__(*of_client, **more, pause=0.0, backoff=0.01)

    def fetch(self, request: Request, **marks: str) -> Answer:
        return super().fetch(replace(request, seconds=2.0), **marks)


class Job:
    def __init__(self, home: Path, world: World) -> None:
        self.home, self.world = home, world
        self.database = home / "gba.duckdb"
        self.archive = archive.Archive(home / "archive")

    def refresh(self, *sources: str, day: str = "2026-03-10", key: bool = True, **how: Any) -> ingest.Refresh:
        now = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)
        environment = {"GBA_REPLAY": self.world.address, **(KEYS if key else {})}
        return ingest.refresh(list(sources) or None, now=now, environment=environment, **how)

    def figures(self, source: str) -> dict[tuple[str, str, str], dict[str, str]]:
        """Last word on each figure of a service, as published, in the database, by indicator, area and frequency."""
        with connect(self.database) as connection:
            rows = connection.execute(
                "SELECT indicator, area, frequency, CAST(period AS VARCHAR), published_value FROM observation "
                "WHERE source = ? AND superseded IS NULL AND method IS NULL ORDER BY ALL", [source],
            ).fetchall()  # fmt: skip
        found: dict[tuple[str, str, str], dict[str, str]] = {}
        for *series, period, value in rows:
            found.setdefault(tuple(series), {})[period] = value
        return found

    def batches(self) -> dict[str, list[str]]:
        return {
            service: [b.name for b in self.archive.batches(service)] for service in self.archive.services()
        }

    def written(self) -> bytes:
        """All that lies in the data home, unpacked, and every cell of the tables of the archive."""
        whole = []
        for path in sorted(self.home.rglob("*")):
            if path.is_file():
                body = path.read_bytes()
                whole.append(str(path).encode() + (gzip.decompress(body) if path.suffix == ".gz" else body))
                if path.suffix == ".parquet":
                    whole.append(pl.read_parquet(path).write_csv().encode())
        with connect(self.database) as connection:
            whole.append(str(connection.execute("SELECT * FROM observation").fetchall()).encode())
        return b"\n".join(whole)


def set_up(monkeypatch: pytest.MonkeyPatch, home: Path, datasets: Path) -> None:
    """Refresh into a home of its own, from a client in haste, beside few shipped figures."""
    monkeypatch.setenv("GBA_HOME", str(home))
    monkeypatch.setattr(refreshing, "Client", Hasty)
    for module in (publishing, building):
        monkeypatch.setattr(module, "datasets_dir", lambda: datasets)
