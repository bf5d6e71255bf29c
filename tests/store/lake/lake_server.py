"""PostgreSQL of a run, which asks for a password."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda p: int(p.parent.name))
PASSWORD = "hush it's secret"
Server = dict[str, str]


def _run(folder: Path, *command: object) -> None:
    """Run a program of PostgreSQL, which refuses to run as root."""
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*user, *map(str, command)], check=True, capture_output=True, cwd=folder)


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """Start PostgreSQL in a folder of its own and say how to reach it."""
    assert PROGRAMS is not None
    folder = Path(tempfile.mkdtemp(prefix="gba-pg-", dir="/tmp"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    word = folder / "word"
    word.write_text(PASSWORD, encoding="utf-8")
    word.chmod(0o644)
    data = folder / "data"
    _run(
        folder, PROGRAMS / "initdb", "-D", data, "-U", "team", "-A", "scram-sha-256", "--pwfile", word, "--no-sync", "-E", "UTF8",
    )  # fmt: skip
    control = [PROGRAMS / "pg_ctl", "-D", data]
    port = _started(folder, control)
    try:
        yield {"host": str(folder), "port": port, "user": "team"}
    finally:
        _run(folder, *control, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _started(folder: Path, control: list[Path | str]) -> str:
    """Start the server on a free port and return that; where another program takes the port before it, on another."""
    for last in (False, False, True):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
        try:
            _run(folder, *control, "-w", "-t", "300", "-l", folder / "log", "-o", options, "start")
            break
        except subprocess.CalledProcessError:
            if last:
                raise
    return port


def psql(server: Server, sql: str, database: str = "postgres") -> str:
    """Answer of a server to some SQL."""
    assert PROGRAMS is not None
    where = ["-h", server["host"], "-p", server["port"], "-U", server["user"], "-d", database]
    done = subprocess.run(
        [str(PROGRAMS / "psql"), *where, "-v", "ON_ERROR_STOP=1", "-tAc", sql], check=True, capture_output=True, text=True,
        env=os.environ | {"PGPASSWORD": PASSWORD},
    )  # fmt: skip
    return done.stdout.strip()


def name_of(team: str) -> str:
    """Name of the PostgreSQL database in a connection string."""
    return team.split("dbname=")[1].split()[0]
