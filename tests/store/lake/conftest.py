"""What the tests of shared databases share: a real PostgreSQL, databases in it, an object store, small datasets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen

import duckdb
import pytest

from tests.store.lake.lake_server import PASSWORD, PROGRAMS, Server, postgres, psql
from tests.store.lake.lake_writers import YEARS

WHEELS = ("duckdb_extension_ducklake", "duckdb_extension_postgres_scanner")


def _missing() -> str:
    """What these tests need and is not there."""
    without = [name.replace("_", "-") for name in WHEELS if find_spec(name) is None]
    if without:
        return f"without {' and '.join(without)}: pip install '.[test,lake]'"
    found = find_spec(WHEELS[0])
    assert found is not None and found.origin is not None
    if not any(Path(found.origin).parent.glob(f"extensions/v{duckdb.__version__}/*")):
        return f"without {WHEELS[0].replace('_', '-')} for DuckDB {duckdb.__version__}: pip install '.[test,lake]'"
    return "" if PROGRAMS else "without PostgreSQL's programs in /usr/lib/postgresql"


@pytest.fixture(scope="session", autouse=True)
def extensions() -> None:
    """Skip all tests of this folder where what they need is not there."""
    if reason := _missing():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def server(extensions: None) -> Iterator[Server]:
    """PostgreSQL of this run: how to reach it."""
    with postgres() as found:
        yield found


@pytest.fixture
def team(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Connection string of a shared database that is not made yet; its password is in the environment, as libpq has it."""
    name = f"t{time.monotonic_ns()}"
    psql(server, f"CREATE DATABASE {name}")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.delenv("GBA_DATABASE", raising=False)
    where = " ".join(f"{k}={v}" for k, v in server.items())
    return f"ducklake:postgres:dbname={name} {where}?data_path={tmp_path / 'figures'}"


@pytest.fixture(scope="session")
def edition(make_datasets) -> Callable[..., Path]:
    """Datasets folder whose figures are all one number, in billions."""

    def make(value: object, **row: str) -> Path:
        return make_datasets(gdp=[{"period": str(y), "value": str(value)} | row for y in YEARS])

    return make


@pytest.fixture
def object_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Bucket of an S3 server of this run, with its keys in the environment."""
    if find_spec("duckdb_extension_httpfs") is None or find_spec("moto") is None:
        pytest.skip("without duckdb-extension-httpfs and moto[s3,server]")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "word", "AWS_REGION": "us-east-1"}
    for name, value in (keys | {"AWS_ENDPOINT_URL": address}).items():
        monkeypatch.setenv(name, value)
    with urlopen(Request(f"{address}/team", method="PUT")):
        pass
    yield "s3://team/gba"
    server.stop()
