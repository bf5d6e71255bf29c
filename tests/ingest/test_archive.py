"""The archive of accepted figures: batches whole or not at all, in order whatever the clock says, damage named."""

from __future__ import annotations

import gzip
import hashlib
import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gbaindicators.errors import DatabaseError
from gbaindicators.store import archive as module
from gbaindicators.store import build, load
from gbaindicators.store.archive import Archive
from gbaindicators.store.connection import connect
from tests.conftest import ROW

OWN = {**ROW, "source": "worldbank", "vintage": "2026-03-10"}


def figures(*rows: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame([OWN | row for row in rows])


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def add(archive: Archive, *rows: dict[str, str], stamp: str = "20260310T120000.000000Z", **more: Any) -> Any:
    return archive.add(
        "worldbank", more.pop("state", "accepted"), stamp, figures(*rows), {"at": stamp}, **more
    )


def test_a_batch_comes_back_as_it_was_written(archive: Archive) -> None:
    changes = pl.DataFrame({"change": ["new"], "amount": [1.5]})
    batch = add(archive, {"value": "1.50", "note": "中文"}, changes=changes)
    assert archive.services() == ["worldbank"]
    assert [one.name for one in archive.batches("worldbank")] == [batch.name]
    assert batch.figures().row(0, named=True) == OWN | {"value": "1.50", "note": "中文"}
    assert batch.other("changes").equals(changes)
    assert batch.manifest()["service"] == "worldbank"


def test_nothing_known_of_a_service_that_never_answered(archive: Archive) -> None:
    assert archive.services() == []
    known = archive.known("worldbank")
    assert known.height == 0 and {"indicator", "value", "row", "file"} <= set(known.columns)


@pytest.mark.parametrize("breaks_at", ["observations.parquet", "manifest.json", "rename"])
def test_a_batch_is_there_whole_or_not_at_all(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, breaks_at: str
) -> None:
    add(archive, {"period": "2019"})
    before = archive.fingerprint()
    write, rename = module._write, Path.rename

    def full(path: Path, content: bytes) -> None:
        if path.name == breaks_at:
            path.write_bytes(content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        write(path, content)

    def no_rename(path: Path, target: Path) -> Path:
        if breaks_at == "rename":
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(module, "_write", full)
    monkeypatch.setattr(Path, "rename", no_rename)
    with pytest.raises(DatabaseError, match=r"No space left.*free some space"):
        add(archive, {"period": "2020"})
    assert archive.fingerprint() == before
    assert archive.known("worldbank")["period"].to_list() == ["2019"]
    assert not list(archive.root.rglob("*.writing"))


def test_what_a_kill_left_half_written_is_not_seen_and_tidied_away(archive: Archive) -> None:
    batch = add(archive, {"period": "2019"})
    rest = batch.folder.with_name(f".{batch.name}.1234.writing")
    rest.mkdir()
    (rest / "manifest.json").write_text("{}")
    for folder in ("asked", "raw/ab"):
        (archive.root / folder).mkdir(parents=True)
        (archive.root / folder / ".x.json.1234.writing").write_text("{")
    assert len(archive.batches("worldbank")) == 1
    archive.tidy()
    assert not list(archive.root.rglob("*.writing"))
    assert archive.known("worldbank").height == 1


def test_order_is_that_of_acceptance_whatever_the_clock_says(archive: Archive) -> None:
    stamps = [
        "20260310T120000.000000Z",
        "20200101T000000.000000Z",
        "20260310T120000.000000Z",
        "20190101T000000.000000Z",
    ]
    for number, stamp in enumerate(stamps):
        add(archive, {"value": str(number)}, stamp=stamp)
    assert [batch.figures()["value"][0] for batch in archive.batches("worldbank")] == list("0123")
    # all of one figure and one vintage: the last word
    assert archive.known("worldbank")["value"].to_list() == ["3"]


def test_every_vintage_is_known(archive: Archive) -> None:
    add(archive, {"value": "1"}, {"period": "2021", "value": "7"})
    add(archive, {"value": "2", "vintage": "2026-04-01"})
    known = archive.known("worldbank")
    assert known.select("period", "value", "vintage", "row").rows() == [
        ("2020", "1", "2026-03-10", 1), ("2021", "7", "2026-03-10", 2), ("2020", "2", "2026-04-01", 1),
    ]  # fmt: skip
    assert known["file"].n_unique() == 2


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied", "gone"])
def test_a_damaged_batch_is_named(archive: Archive, damage: str) -> None:
    batch = add(archive, {"period": "2019"})
    path = batch.folder / "observations.parquet"
    content = path.read_bytes()
    damaged = {"cut": content[:-10], "changed": content[:50] + b"x" + content[51:], "emptied": b""}
    path.unlink() if damage == "gone" else path.write_bytes(damaged[damage])
    with pytest.raises(DatabaseError, match=batch.name):
        archive.known("worldbank")


def test_a_damaged_batch_stops_the_build_and_the_last_database_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    archive = Archive()
    batch = add(archive, {"period": "2030", "value": "1", "vintage": "2031-01-01"})
    build()
    (batch.folder / "observations.parquet").write_bytes(b"")
    with pytest.raises(DatabaseError, match=r"damaged.*gba refresh --force --source worldbank"):
        build()
    assert load("gdp", "macao", start="2030")["value"].to_list() == [1e9]


def test_fingerprint_tells_what_was_accepted_and_nothing_else(archive: Archive) -> None:
    seen = {archive.fingerprint()}
    add(archive, {"value": "1"}, state="held")
    archive.keep_answer(b"x", hashlib.sha256(b"x").hexdigest())
    assert archive.fingerprint() in seen
    for number in range(3):
        add(archive, {"value": str(number)})
        seen.add(archive.fingerprint())
    assert len(seen) == 4
    assert Archive(archive.root).fingerprint() in seen


def test_answers_are_kept_once_and_from_many_threads(archive: Archive) -> None:
    body = b"[]" * 1000
    sha256 = hashlib.sha256(body).hexdigest()
    failed: list[Exception] = []

    def keep() -> None:
        try:
            for _ in range(20):
                (archive.root / "raw" / sha256[:2] / f"{sha256}.gz").unlink(missing_ok=True)
                archive.keep_answer(body, sha256)
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=keep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    archive.keep_answer(body, sha256)
    assert archive.answer(sha256) == body
    (path,) = archive.root.rglob("*.gz")
    assert gzip.decompress(path.read_bytes()) == body


def test_what_is_held_is_the_newest(archive: Archive) -> None:
    assert archive.held("worldbank") is None
    add(archive, {"value": "1"}, state="held")
    newest = add(archive, {"value": "2"}, state="held")
    assert archive.held("worldbank") == newest
    archive.drop_held("worldbank", but=newest)
    assert [one.name for one in archive.batches("worldbank", "held")] == [newest.name]
    archive.drop_held("worldbank")
    assert archive.held("worldbank") is None
    assert not list((archive.root / "held" / "worldbank").iterdir())


def test_a_figure_that_breaks_a_rule_of_today_is_left_out_and_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only that figure, though a sound one stands in the same row of another batch; and the build goes on."""
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    archive = Archive()
    rate = {
        "indicator": "unemployment_rate",
        "unit": "percent",
        "scale": "0",
        "prices": "",
        "vintage": "2031-01-01",
    }
    add(archive, rate | {"period": "2029", "value": "3"}, rate | {"period": "2030", "value": "103"})
    batch = add(archive, rate | {"period": "2027", "value": "4"}, rate | {"period": "2028", "value": "5"})
    build()
    assert load("unemployment_rate", "macao", start="2027", frequency="A")["value"].to_list() == [
        4.0,
        5.0,
        3.0,
    ]
    with connect() as connection:
        found = connection.execute(
            'SELECT file, row, "column", value FROM finding WHERE "check" = \'archive\''
        ).fetchall()
    first = archive.batches("worldbank")[0]
    assert found == [(f"archive/worldbank/{first.name}", 2, "value", "103")]
    assert batch != first


def test_one_figure_in_two_wordings_of_its_day_stops_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    archive = Archive()
    add(archive, {"period": "2030", "value": "1", "vintage": "2031-05"})
    add(archive, {"period": "2030", "value": "2", "vintage": "2031-05-31"})
    build()
    assert load("gdp", "macao", start="2030")["value"].to_list() == [2e9]
