"""A database that a team shares: a real PostgreSQL, real processes, real snapshots."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen

import duckdb
import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.cli.app import main
from gbaindicators.errors import DatabaseError, UsageError, ValidationError
from gbaindicators.store import Lake, building, database_bytes, database_place, known_by, using_database
from gbaindicators.store.archive import Archive
from tests.conftest import ROW

_BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda p: int(p.parent.name))
_WHEELS = ("duckdb_extension_ducklake", "duckdb_extension_postgres_scanner")
_MISSING = [name.replace("_", "-") for name in _WHEELS if find_spec(name) is None]
if not _MISSING and not any(
    Path(find_spec(_WHEELS[0]).origin).parent.glob(f"extensions/v{duckdb.__version__}/*")
):  # type: ignore[union-attr, arg-type]
    _MISSING = [f"{_WHEELS[0].replace('_', '-')} for DuckDB {duckdb.__version__}"]

pytestmark = [
    pytest.mark.skipif(
        bool(_MISSING), reason=f"without {' and '.join(_MISSING)}: pip install '.[test,lake]'"
    ),
    pytest.mark.skipif(_BIN is None, reason="without PostgreSQL's programs in /usr/lib/postgresql"),
]

PASSWORD = "hush it's secret"
YEARS = range(1990, 2020)


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """PostgreSQL of this run, which asks for a password: how to reach it."""
    assert _BIN is not None
    folder = Path(tempfile.mkdtemp(prefix="gba-pg-", dir="/tmp"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    word = folder / "word"
    word.write_text(PASSWORD, encoding="utf-8")
    word.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    data = str(folder / "data")
    options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run(
        _as_postgres(
            [str(_BIN / "initdb"), "-D", data, "-U", "team", "-A", "scram-sha-256", "--pwfile", str(word), "--no-sync", "-E", "UTF8"]
        ),
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    control = [str(_BIN / "pg_ctl"), "-D", data]
    subprocess.run(
        _as_postgres([*control, "-w", "-l", str(folder / "log"), "-o", options, "start"]),
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    yield {"host": str(folder), "port": port, "user": "team"}
    subprocess.run(
        _as_postgres([*control, "-m", "immediate", "stop"]), check=True, capture_output=True, cwd=folder
    )
    shutil.rmtree(folder)


def psql(server: dict[str, str], sql: str, database: str = "postgres") -> str:
    command = [
        str(_BIN / "psql"),
        "-h",
        server["host"],
        "-p",
        server["port"],
        "-U",
        server["user"],
        "-d",
        database,
    ]  # type: ignore[operator]
    done = subprocess.run(
        [*command, "-v", "ON_ERROR_STOP=1", "-tAc", sql], check=True, capture_output=True, text=True,
        env=os.environ | {"PGPASSWORD": PASSWORD},
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def team(server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Connection string of a shared database that is not made yet; its password is in the environment, as libpq has it."""
    name = f"t{time.monotonic_ns()}"
    psql(server, f"CREATE DATABASE {name}")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.delenv("GBA_DATABASE", raising=False)
    where = " ".join(f"{k}={v}" for k, v in server.items())
    return f"ducklake:postgres:dbname={name} {where}?data_path={tmp_path / 'figures'}"


@pytest.fixture(scope="module")
def edition(make_datasets) -> Callable[..., Path]:
    """Datasets folder whose figures are all one number, in billions."""

    def make(value: object, **row: str) -> Path:
        return make_datasets(gdp=[{"period": str(y), "value": str(value)} | row for y in YEARS])

    return make


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def values(database: str, **selection: object) -> list[float]:
    return gba.load("gdp", database=database, **selection)["value"].unique().sort().to_list()  # type: ignore[arg-type]


# --- one writer ------------------------------------------------------------------------------------------------------


def test_a_shared_database_says_what_a_file_says(team: str, shipped: Path, tmp_path: Path) -> None:
    made = gba.build(database=team)
    in_file = gba.query("SELECT observations, findings FROM build", database=shipped).row(0)
    assert (made.observations, made.findings) == in_file
    assert made.database == database_place(team)
    for view in (
        "latest",
        "gdp_usd",
        "disagreements",
        "finding",
        "policy_statement",
        "crossing_daily",
        "port_throughput",
    ):
        sql = f"SELECT * FROM {view} ORDER BY ALL"
        assert gba.query(sql, database=team).equals(gba.query(sql, database=shipped)), view
    for selection in ({}, {"as_of": "2024-06-30"}, {"all_sources": True}):
        ours = gba.load("container_throughput", database=team, **selection)  # type: ignore[arg-type]
        theirs = gba.load("container_throughput", database=shipped, **selection)  # type: ignore[arg-type]
        order = [name for name in ours.columns if name != "sources"]  # what load leaves open
        assert ours.sort(order).equals(theirs.sort(order))
    cite = "SELECT cite('dsec_gba_gdp')"
    assert gba.query(cite, database=team).item() == gba.query(cite, database=shipped).item()
    with known_by("2020-12-31"):
        assert gba.load("gdp", database=team).equals(gba.load("gdp", database=shipped))
    with using_database(team):
        ours = gba.benchmark("gdp")
    with using_database(shipped):
        assert ours.equals(gba.benchmark("gdp"))
    # A second build of the same changes nothing but the record of the build.
    gba.build(database=team)
    last = gba.snapshots(team).row(-1, named=True)
    assert (last["added"], last["removed"], last["observations"]) == (0, 0, made.observations)


def test_snapshots_say_who_and_what(team: str, edition: Callable[..., Path]) -> None:
    first, second = edition(1), edition(2)
    gba.build(first, team)
    gba.build(second, team)
    found = gba.snapshots(team)
    assert found.columns == ["snapshot", "time", "author", "message", "observations", "added", "removed"]
    assert found["author"].unique().to_list() == [getpass.getuser()]
    assert found["message"].to_list() == [f"build of {first.name}", f"build of {second.name}"]
    assert found.select("observations", "added", "removed").rows() == [(30, 30, 0), (30, 30, 30)]
    assert found["time"].is_sorted()
    number = found["snapshot"].to_list()
    assert values(f"{team}&snapshot={number[0]}") == [1e9]
    assert values(f"{team}&snapshot={number[1]}") == values(team) == [2e9]
    with pytest.raises(UsageError, match=rf"no snapshot 99: it has {number[0]} to {number[1]}"):
        values(f"{team}&snapshot=99")
    (first / "observations" / "prices").mkdir()
    with pytest.raises(
        UsageError, match="prices is a table in partitions, which are published to a database file"
    ):
        gba.build(first, team)
    with pytest.raises(UsageError, match="names a snapshot, which cannot be changed"):
        gba.build(second, f"{team}&snapshot=1")


def test_a_failed_validation_changes_nothing(team: str, edition: Callable[..., Path]) -> None:
    gba.build(edition(1), team)
    with pytest.raises(ValidationError, match="breaks the rule"):
        gba.build(edition("many"), team)
    assert values(team) == [1e9]
    assert gba.snapshots(team).height == 1


def test_readers_cannot_write(team: str, edition: Callable[..., Path], tmp_path: Path) -> None:
    gba.build(edition(1), team)
    before = sorted(p.name for p in (tmp_path / "figures").rglob("*"))
    with gba.connect(team) as connection:
        for sql in (
            "DELETE FROM lake.main.observation", "DROP TABLE lake.main.build", "CREATE TABLE lake.main.mine (i INTEGER)",
            "DELETE FROM __ducklake_metadata_lake.public.ducklake_snapshot",
            "CALL postgres_execute('__ducklake_metadata_lake', 'DROP TABLE ducklake_snapshot')",
        ):  # fmt: skip
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
    for sql in (
        f"COPY (SELECT 1) TO '{tmp_path}/figures/mine.csv'", "FROM read_csv('/etc/passwd')", "DELETE FROM observation",
        "ATTACH 'other.duckdb'", "DETACH lake",
    ):  # fmt: skip
        with pytest.raises(UsageError):
            gba.query(sql, database=team)
    assert sorted(p.name for p in (tmp_path / "figures").rglob("*")) == before
    assert values(team) == [1e9]


# --- time travel -----------------------------------------------------------------------------------------------------


def test_as_of_is_by_vintage_and_by_snapshot(
    team: str, server: dict[str, str], edition: Callable[..., Path]
) -> None:
    old, late = {"vintage": "2021-01-31"}, {"vintage": "2021-03-31"}
    for folder in (edition(1, **old), edition(2, **old), edition(3, **late)):
        gba.build(folder, team)
    name = team.split("dbname=")[1].split()[0]
    days = ["2021-02-10 09:00+00", "2021-02-20 23:59:59+00", "2021-02-21 00:00+00"]
    for snapshot, day in zip(gba.snapshots(team)["snapshot"], days, strict=True):
        psql(
            server,
            f"UPDATE ducklake_snapshot SET snapshot_time = '{day}' WHERE snapshot_id = {snapshot}",
            name,
        )
    # What the database said at the end of the day: the first edition, then the second.
    assert values(team, as_of="2021-02-10") == values(team, as_of="2021-02-19") == [1e9]
    assert values(team, as_of="2021-02-20") == [2e9]
    # On the 21st it held the third edition, whose figures were not published before the end of March.
    with pytest.raises(UsageError, match="earliest vintage 2021-03-31"):
        values(team, as_of="2021-02-21")
    assert values(team, as_of="2021-03-31") == values(team, as_of=date(2024, 1, 1)) == [3e9]
    # Before its first snapshot the newest is asked, and the vintage decides.
    with pytest.raises(UsageError, match="earliest vintage 2021-03-31"):
        values(team, as_of="2021-02-09")
    # Everything that reads within the block goes back, and a day of its own never goes forward.
    with known_by("2021-02-19"):
        assert values(team) == values(team, as_of="2021-02-20") == [1e9]
        assert gba.query("SELECT DISTINCT value FROM latest", database=team).item() == 1e9
    with gba.connect(team, as_of="2021-02-20") as connection:
        assert connection.execute("SELECT DISTINCT value FROM observation").fetchall() == [(2e9,)]
    # A snapshot that is named stands, whatever the day.
    assert values(f"{team}&snapshot=3", as_of="2021-03-31") == [3e9]


# --- several writers -------------------------------------------------------------------------------------------------

CONTRIBUTOR = """
import sys
from gbaindicators.store import contribute
print("ready", flush=True)
sys.stdin.readline()
contribute(sys.argv[2], sys.argv[1], name=sys.argv[3], author=sys.argv[3], message="from " + sys.argv[3])
"""
BUILDER = """
import sys
from gbaindicators.store import build
print("ready", flush=True)
sys.stdin.readline()
build(sys.argv[2], sys.argv[1])
"""


def go_together(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert (err, process.returncode) == ("", 0)


def test_writers_at_once_lose_nothing(team: str, edition: Callable[..., Path], make_datasets) -> None:
    gba.build(edition(1), team)
    areas = ["hong_kong", "guangzhou", "shenzhen"]
    desks = [
        make_datasets(gdp=[{"area": area, "period": str(y), "value": "7", "unit": "HKD" if area == "hong_kong" else "CNY"} for y in YEARS])
        for area in areas
    ]  # fmt: skip
    go_together(
        [start(CONTRIBUTOR, team, folder, area) for folder, area in zip(desks, areas, strict=True)]
        + [start(BUILDER, team, edition(2))]
    )
    frame = gba.load("gdp", database=team)
    assert dict(frame.group_by("area").len().rows()) == dict.fromkeys([*areas, "macao"], 30)
    assert frame.filter(area="macao")["value"].unique().to_list() == [2e9]
    found = gba.snapshots(team)
    assert found.height == 5
    assert {m for m in found["message"] if m.startswith("from ")} == {f"from {area}" for area in areas}
    assert found["observations"].to_list()[-1] == 120
    assert found.filter(author="hong_kong")["added"].item() == 30


def test_two_first_builds_at_once_make_one_database(team: str, edition: Callable[..., Path]) -> None:
    go_together([start(BUILDER, team, edition(n)) for n in (1, 2)])
    assert values(team) in ([1e9], [2e9])
    assert gba.snapshots(team)["added"].to_list() == [30, 30]


def test_a_contribution_replaces_its_own_figures_alone(
    team: str, edition: Callable[..., Path], make_datasets
) -> None:
    gba.build(edition(1), team)
    extra = {"sources": [{"id": "our_desk", "grade": "official", "vintage": "2024-05-31"}]}
    mine = [
        make_datasets(**extra, gdp=[{"period": "2021", "value": str(v), "source": "our_desk"}])
        for v in (5, 6)
    ]
    theirs = make_datasets(gdp=[{"period": "2022", "value": "8"}])
    gba.contribute(mine[0], team, name="mine", author="ann", message="first try")
    gba.contribute(theirs, team, name="theirs")
    gba.contribute(mine[1], team, name="mine")
    assert gba.load("gdp", start="2021", database=team)["value"].to_list() == [6e9, 8e9]
    files = gba.query(
        "SELECT DISTINCT file FROM observation WHERE file LIKE 'contributed%' ORDER BY 1", database=team
    )
    assert files["file"].to_list() == ["contributed/mine/gdp.csv", "contributed/theirs/gdp.csv"]
    # A source that the shipped catalogue does not know came with the figures, and stays through a build.
    gba.build(edition(2), team)
    assert gba.sources(["our_desk"], database=team)["producer"].to_list() == ["Made up"]
    assert gba.load("gdp", start="2021", database=team)["value"].to_list() == [6e9, 8e9]
    gba.withdraw("mine", team)
    assert gba.load("gdp", start="2021", database=team)["value"].to_list() == [8e9]
    with pytest.raises(UsageError, match="no contribution 'mine': it has theirs"):
        gba.withdraw("mine", team)
    # Sums and choices are made anew: a figure of the same source and vintage stands once.
    with pytest.raises(ValidationError, match="gives the same figure as row"):
        gba.contribute(theirs, team, name="again")
    assert gba.snapshots(team)["message"].to_list()[1] == "first try"
    assert gba.snapshots(team).height == 6


def test_what_the_build_says_too_is_said_once_and_a_difference_is_found(
    team: str, edition: Callable[..., Path], make_datasets
) -> None:
    gba.build(edition(1), team)
    gba.contribute(make_datasets(gdp=[{"period": "2022", "value": "8"}]), team, name="early")
    gba.build(make_datasets(gdp=[{"period": "2022", "value": "9"}]), team)
    assert gba.load("gdp", database=team)["value"].to_list() == [9e9]
    found = gba.findings("contribution", database=team).row(0, named=True)
    assert (found["file"], found["value"], found["period"]) == (
        "contributed/early/gdp.csv",
        "8",
        date(2022, 1, 1),
    )


def test_what_refreshes_of_two_machines_accepted_stays(
    team: str, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(building, "datasets_dir", lambda: folder)
    for value, (machine, period) in enumerate({"desk": "2022", "laptop": "2023"}.items(), start=5):
        folder = edition(value)
        monkeypatch.setenv("GBA_HOME", str(tmp_path / machine))
        accepted = pl.DataFrame([ROW | {"period": period, "value": "300"}])
        Archive().add("dsec", "accepted", "20240601T000000", accepted, {})
        gba.build(database=team)
    assert values(team, end="2019") == [6e9]
    assert gba.load("gdp", start="2022", database=team)["period"].dt.year().to_list() == [2022, 2023]
    # A build of somebody's own datasets is another matter: nothing of the archives belongs to it.
    gba.build(edition(7), team)
    assert values(team) == [7e9]


def test_a_contribution_needs_a_base_and_rows_that_are_valid(team: str, edition: Callable[..., Path], make_datasets, tmp_path: Path) -> None:  # fmt: skip
    folder = make_datasets(gdp=[{}])
    with pytest.raises(DatabaseError, match="holds no figures yet; begin with: gba build"):
        gba.contribute(folder, team, name="mine")
    gba.build(edition(1), team)
    with pytest.raises(ValidationError, match=r"observations/gdp\.csv, row 2, value: 'x'"):
        gba.contribute(make_datasets(gdp=[{"value": "x"}]), team, name="mine")
    with pytest.raises(UsageError, match="cannot name a contribution"):
        gba.contribute(folder, team, name="../mine")
    with pytest.raises(UsageError, match="is a file, which has one writer"):
        gba.contribute(folder, tmp_path / "gba.duckdb", name="mine")
    assert gba.snapshots(team).height == 1


# --- killed, and read meanwhile --------------------------------------------------------------------------------------

DOOMED = """
import os, signal, sys
from gbaindicators.store import build
from gbaindicators.store.lake import publishing
count = publishing._count
def die(*arguments):
    count(*arguments)
    print("written", flush=True)
    sys.stdin.readline()
publishing._count = die
build(sys.argv[2], sys.argv[1])
"""
READER = """
import json, sys, threading
from gbaindicators.store import load
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
seen, failed = set(), []
load("gdp", database=sys.argv[1])
print("ready", flush=True)
while not stop.is_set():
    try:
        frame = load("gdp", database=sys.argv[1])
        seen.add(tuple(frame["value"].unique().to_list()) + (frame.height,))
    except Exception as error:
        failed.append(repr(error))
print(json.dumps({"seen": sorted(seen), "failed": failed}))
"""


def test_a_writer_that_is_killed_before_its_commit_leaves_nothing(
    team: str, edition: Callable[..., Path]
) -> None:
    gba.build(edition(1), team)
    doomed = start(DOOMED, team, edition(2))
    assert doomed.stdout is not None and doomed.stdout.readline() == "written\n"
    waiting = start(BUILDER, team, edition(3))
    assert waiting.stdout is not None and waiting.stdout.readline() == "ready\n"
    assert waiting.stdin is not None
    waiting.stdin.write("go\n")
    waiting.stdin.flush()
    assert values(team) == [1e9]  # all tables are written, and nobody sees it
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(timeout=4)  # the turn is taken
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    _, err = waiting.communicate(timeout=60)
    assert (err, waiting.returncode) == ("", 0)
    assert values(team) == [3e9]
    assert gba.snapshots(team)["added"].to_list() == [30, 30]


def test_readers_see_whole_editions_while_writers_publish(team: str, edition: Callable[..., Path]) -> None:
    folders = [edition(n) for n in (1, 2, 3)]
    gba.build(folders[0], team)
    readers = [start(READER, team) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
        for folder in folders[1:]:
            gba.build(folder, team)
    finally:
        answers = [reader.communicate() for reader in readers]
    for out, err in answers:
        assert err == ""
        answer = json.loads(out)
        assert answer["failed"] == []
        assert {tuple(s) for s in answer["seen"]} <= {(n * 1e9, len(YEARS)) for n in (1, 2, 3)}
        assert answer["seen"], "a reader read nothing"
    with gba.connect(team) as connection:
        assert connection.execute("SELECT DISTINCT value FROM observation").fetchall() == [(3e9,)]
        gba.build(folders[0], team)
        # A connection keeps the snapshot that it opened.
        assert connection.execute("SELECT DISTINCT value FROM observation").fetchall() == [(3e9,)]
    assert values(team) == [1e9]


def test_a_server_that_was_started_anew_is_found_again(
    team: str, server: dict[str, str], edition: Callable[..., Path]
) -> None:
    gba.build(edition(1), team)
    assert values(team) == [1e9]
    name = team.split("dbname=")[1].split()[0]
    psql(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert values(team) == [1e9]


# --- passwords -------------------------------------------------------------------------------------------------------


def test_a_password_in_the_string_opens_and_is_never_shown(
    team: str, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:  # fmt: skip
    monkeypatch.delenv("PGPASSWORD")
    where, path = team.split("?")
    escaped = PASSWORD.replace("'", "\\'")
    with pytest.raises(DatabaseError, match="no password supplied"):
        gba.build(edition(1), team)
    strings = [
        f"{where} password='{escaped}'?{path}",
        f"{where} PASSWORD = '{escaped}' connect_timeout=5?{path}",
    ]
    for string in strings:
        lake = database_place(string)
        assert isinstance(lake, Lake) and lake.password == PASSWORD
        assert PASSWORD not in f"{lake} {lake!r}"
        said: list[str] = []
        made = gba.build(edition(1), string, progress=said.append)
        assert values(string) == [1e9]
        assert PASSWORD not in f"{made} {said}"
        shown = gba.query("SELECT path, options::VARCHAR FROM duckdb_databases()", database=string)
        secrets = gba.query("SELECT secret_string FROM duckdb_secrets()", database=string)
        assert PASSWORD not in f"{shown.rows()} {secrets.rows()}"
    for broken in ("wrong", "wro'ng"):
        wrong = strings[0].replace(escaped, broken.replace("'", "\\'"))
        with pytest.raises(DatabaseError) as error:
            values(wrong)
        assert "password authentication failed" in str(error.value)
        assert broken not in str(error.value)
    # The command line says the place in its log and its status, also where it fails.
    assert main(["status", "--json", "--database", strings[0]]) == 0
    assert main(["build", "--json", "--datasets", str(edition(2)), "--database", strings[0]]) == 0
    assert main(["load", "gdp", "--json", "--database", strings[0].replace("dbname=t", "dbname=x")]) == 1
    out, err = capfd.readouterr()
    assert "dbname=t" in err and PASSWORD not in out + err and escaped not in out + err
    for file in (tmp_path / "figures").rglob("*.parquet"):
        assert PASSWORD.encode() not in file.read_bytes()


def test_a_password_in_an_address(
    team: str, server: dict[str, str], edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    name = team.split("dbname=")[1].split()[0]
    path = team.split("?")[1]
    word = "hush%20it%27s%20secret"
    address = f"ducklake:postgres:postgresql://team:{word}@127.0.0.1:{server['port']}/{name}?connect_timeout=5&{path}"
    gba.build(edition(1), address)
    assert values(address) == [1e9]
    shown = f"ducklake:postgres:host=127.0.0.1 port={server['port']} user=team dbname={name} connect_timeout=5?{path}/"
    assert str(database_place(address)) == shown


# --- places that are wrong -------------------------------------------------------------------------------------------


def test_where_there_is_none_it_says_how_to_make_one(team: str, server: dict[str, str], edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with pytest.raises(
        DatabaseError, match=r"there is no shared database at .*; make one with: gba build --database"
    ):
        gba.load("gdp", database=team)
    where = team.split("?")[0]
    with pytest.raises(DatabaseError, match=r"does not say where the figures go.*GBA_LAKE_DATA"):
        gba.build(edition(1), where)
    with pytest.raises(DatabaseError, match='database "nowhere" does not exist'):
        gba.load("gdp", database=where.replace(where.split("dbname=")[1].split()[0], "nowhere"))
    monkeypatch.setenv("GBA_LAKE_DATA", team.split("data_path=")[1])
    gba.build(edition(1), where)
    assert values(where) == [1e9]
    with pytest.raises(DatabaseError, match="its figures lie elsewhere"):
        gba.build(edition(2), f"{where}?data_path=/tmp/elsewhere")


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


def test_figures_in_an_object_store(team: str, object_store: str, edition: Callable[..., Path]) -> None:
    where = team.split("?")[0]
    gba.build(edition(1), f"{where}?data_path={object_store}")
    gba.build(edition(2), where)
    number = gba.snapshots(where)["snapshot"][0]
    assert (
        values(where)
        == gba.query("SELECT DISTINCT value FROM latest", database=where)["value"].to_list()
        == [2e9]
    )
    assert values(f"{where}?snapshot={number}") == [1e9]
    with urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/team?list-type=2&prefix=gba/main/observation/") as answer:
        assert b".parquet" in answer.read()


def test_another_programs_lake_is_left_alone(team: str, edition: Callable[..., Path], tmp_path: Path) -> None:
    from gbaindicators.store.lake.attaching import attach_lake

    lake = database_place(team)
    assert isinstance(lake, Lake)
    with contextlib.closing(duckdb.connect()) as connection:
        attach_lake(connection, lake, write=True)
        connection.execute("CREATE TABLE lake.main.orders (i INTEGER)")
    with pytest.raises(DatabaseError, match="a DuckLake of another program"):
        gba.load("gdp", database=team)
    with pytest.raises(DatabaseError, match="of another program, with the tables orders"):
        gba.build(edition(1), team)


def test_a_catalogue_in_a_file(edition: Callable[..., Path], tmp_path: Path) -> None:
    here = f"ducklake:{tmp_path / 'team.ducklake'}"
    with pytest.raises(DatabaseError, match="there is no shared database at"):
        gba.load("gdp", database=here)
    gba.build(edition(1), here)
    assert values(here) == [1e9]
    go_together([start(BUILDER, here, edition(n)) for n in (2, 3)])
    assert values(here) in ([2e9], [3e9])
    assert gba.snapshots(here).height == 3


# --- the command line, and the environment ---------------------------------------------------------------------------


def test_the_command_line_shares(team: str, edition: Callable[..., Path], make_datasets, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:  # fmt: skip
    monkeypatch.setenv("GBA_DATABASE", team)
    assert main(["build", "--datasets", str(edition(1))]) == 0
    folder = make_datasets(gdp=[{"period": "2022", "value": "8"}])
    assert main(["contribute", str(folder), "--name", "desk", "--author", "ann", "-m", "the year 2022"]) == 0
    assert main(["snapshots", "--format", "json"]) == 0
    out = capsys.readouterr().out
    assert "contributed to ducklake:postgres:" in out
    listed = json.loads(out[out.index("[") :])
    assert [(s["author"], s["message"], s["added"]) for s in listed][1] == ("ann", "the year 2022", 1)
    assert main(["snapshots"]) == 0
    assert "the year 2022" in capsys.readouterr().out
    assert main(["load", "gdp", "--start", "2022", "--format", "csv"]) == 0
    assert "8000000000" in capsys.readouterr().out
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert "Snapshots   2, the last 2 by ann: the year 2022" in " ".join(out.split("\n"))
    assert main(["withdraw", "--name", "desk"]) == 0
    assert main(["withdraw", "--name", "desk"]) == 2
    assert gba.load("gdp")["value"].unique().to_list() == [1e9]
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(database_bytes())
    assert gba.load("gdp", database=copy).equals(gba.load("gdp"))
    assert isinstance(gba.query("FROM gdp_usd", database=copy), pl.DataFrame)
