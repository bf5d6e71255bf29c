"""The archive of what refreshes accepted: batches of published figures, append-only, each with the answers it came from.

An archive lies in the data home. ``raw/`` holds the answers of the services by their hash, ``accepted/SERVICE/BATCH/``
the figures that were taken over from them, ``held/SERVICE/BATCH/`` those that wait for a person. A batch is a folder
that appears whole or not at all: ``observations.parquet`` in the columns of a dataset file, and ``manifest.json``.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Literal

import polars as pl

from gbaindicators.errors import DatabaseError
from gbaindicators.store.home import home
from gbaindicators.tables.observations import COLUMNS

__all__ = ["Archive", "Batch", "write_atomically"]

State = Literal["accepted", "held"]
_FIGURES: Final = "observations.parquet"
_MANIFEST: Final = "manifest.json"
_KEY: Final = ("indicator", "area", "period", "adjustment", "prices")


@dataclass(frozen=True, slots=True)
class Batch:
    """Figures of one service that were accepted, or held back, together."""

    folder: Path

    @property
    def service(self) -> str:
        """Id of the service."""
        return self.folder.parent.name

    @property
    def name(self) -> str:
        """Its number among those of the service, when it was made, and the beginning of its hash."""
        return self.folder.name

    def manifest(self) -> dict[str, Any]:
        """What is known of the batch beside its figures."""
        found: dict[str, Any] = json.loads((self.folder / _MANIFEST).read_text(encoding="utf-8"))
        return found

    def figures(self) -> pl.DataFrame:
        """Figures as published, text in the columns of a dataset file.

        Raises
        ------
        DatabaseError
            When the file is not the one that was written.
        """
        path = self.folder / _FIGURES
        try:
            content = path.read_bytes()
            expected = self.manifest()["sha256"]
        except (OSError, ValueError, KeyError) as error:
            raise DatabaseError(f"{self.folder} cannot be read as a batch of the archive: {error}") from None
        if hashlib.sha256(content).hexdigest() != expected:
            raise DatabaseError(
                f"{path} is damaged: it is not the file that was archived. Restore it from a copy, or move "
                f"{self.folder} away and run: gba refresh --force --source {self.service}"
            )
        return pl.read_parquet(io.BytesIO(content))

    def other(self, name: str) -> pl.DataFrame:
        """Further table of the batch, such as its ``changes``."""
        return pl.read_parquet(self.folder / f"{name}.parquet")


class Archive:
    """The archive in a data home.

    Parameters
    ----------
    root
        Its folder, by default ``archive`` in the data home. It need not exist.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = home() / "archive" if root is None else root

    def services(self) -> list[str]:
        """Services of which something was accepted."""
        return sorted(path.name for path in (self.root / "accepted").glob("*") if path.is_dir())

    def batches(self, service: str, state: State = "accepted") -> list[Batch]:
        """Batches of a service, the oldest first."""
        folder = self.root / state / service
        return [Batch(path) for path in sorted(folder.glob("[!.]*")) if (path / _MANIFEST).exists()]

    def held(self, service: str) -> Batch | None:
        """What is held back of a service: its newest held batch, which stands for all before it."""
        return next(reversed(self.batches(service, "held")), None)

    def known(self, service: str) -> pl.DataFrame:
        """Every accepted figure of a service with each of its vintages, as published; the last word of each day."""
        batches = self.batches(service)
        if not batches:
            return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String)).with_columns(
                pl.lit(0, pl.Int64).alias("row"), pl.lit("").alias("file")
            )
        frames = [
            batch.figures()
            .with_row_index("row", offset=1)
            .with_columns(
                pl.col("row").cast(pl.Int64), pl.lit(f"archive/{service}/{batch.name}").alias("file")
            )
            for batch in batches
        ]
        return pl.concat(frames).unique([*_KEY, "vintage"], keep="last", maintain_order=True)

    def fingerprint(self) -> str:
        """Hash of all that was accepted: of the names of the batches, which hold the hashes of their figures."""
        digest = hashlib.blake2b(digest_size=16)
        for service in self.services():
            for batch in self.batches(service):
                digest.update(f"{service}/{batch.name}\0".encode())
        return digest.hexdigest()

    def keep_answer(self, body: bytes, sha256: str) -> None:
        """Keep an answer under its hash, unless it is there already."""
        path = self.root / "raw" / sha256[:2] / f"{sha256}.gz"
        if not path.exists():
            write_atomically(path, gzip.compress(body, mtime=0))

    def answer(self, sha256: str) -> bytes:
        """Answer of this hash."""
        return gzip.decompress((self.root / "raw" / sha256[:2] / f"{sha256}.gz").read_bytes())

    def add(
        self, service: str, state: State, stamp: str, figures: pl.DataFrame, manifest: Mapping[str, Any],
        **others: pl.DataFrame,
    ) -> Batch:  # fmt: skip
        """Write a batch; it is there whole, or not at all.

        Parameters
        ----------
        service, state
            Of which service, and whether it is accepted or held.
        stamp
            When, as text without a hyphen. Batches are numbered: their order does not hang on the clock.
        figures
            In the columns of a dataset file.
        manifest
            What else is known.
        others
            Further tables to keep beside.
        """
        buffer = io.BytesIO()
        figures.select(COLUMNS).cast(pl.String).write_parquet(buffer)
        content = buffer.getvalue()
        sha256 = hashlib.sha256(content).hexdigest()
        folder = self.root / state / service
        number = 1 + max((int(batch.name.split("-")[0]) for batch in self.batches(service, state)), default=0)
        final = folder / f"{number:08}-{stamp}-{sha256[:12]}"
        aside = _aside(final)
        with _said(self.root):
            aside.mkdir(parents=True)
            try:
                _write(aside / _FIGURES, content)
                for name, frame in others.items():
                    frame.write_parquet(aside / f"{name}.parquet")
                text = json.dumps(
                    {**manifest, "service": service, "sha256": sha256}, indent=1, ensure_ascii=False
                )
                _write(aside / _MANIFEST, text.encode())
                aside.rename(final)
                _sync(folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return Batch(final)

    def drop_held(self, service: str, *, but: Batch | None = None) -> None:
        """Forget what is held of a service, but for one batch."""
        for batch in self.batches(service, "held"):
            if batch != but:
                with _said(self.root):
                    gone = batch.folder.rename(_aside(batch.folder))  # whole, or not at all
                shutil.rmtree(gone, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what killed refreshes left half written."""
        for rest in self.root.rglob(".*.writing"):
            if rest.is_dir():
                shutil.rmtree(rest, ignore_errors=True)
            else:
                rest.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or as it was before.

    Raises
    ------
    DatabaseError
        When it cannot be written.
    """
    aside = _aside(path)
    with _said(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(aside, content)
            aside.replace(path)
            _sync(path.parent)
        finally:
            aside.unlink(missing_ok=True)


@contextlib.contextmanager
def _said(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseError(
            f"{place} cannot be written: {error.strerror or error}. What was accepted before stands; free some space or "
            "choose another data home with GBA_HOME, and refresh again"
        ) from None


def _aside(path: Path) -> Path:
    """Where to write before the renaming; no one else writes there, not even another thread of this process."""
    return path.with_name(f".{path.name}.{token_hex(4)}.writing")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)
