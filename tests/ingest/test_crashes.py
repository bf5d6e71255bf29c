"""The short version of `tests.ingest.crashes`: kills, readers, two refreshes at once, a full disk."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.ingest import crashes
from tests.ingest.world import World


@pytest.mark.slow
def test_kills_readers_two_at_once_and_a_full_disk(tmp_path: Path) -> None:
    with (world := World()):
        home = crashes.Home(tmp_path, world, ("fred",))
        crashes.killed(home, 2, 2, random.Random(1), print)
        crashes.read_while_published(home, 1, 2)
        crashes.two_at_once(home)
        crashes.full_disk(home, random.Random(2), 1)


@pytest.mark.slow
def test_an_interrupt_ends_a_refresh_at_once(tmp_path: Path) -> None:
    """However slow a service is, and with the code that shells know."""
    with (world := World(slow=20.0)):
        process = crashes.Home(tmp_path, world, ("fred",)).start(
            "refresh", "--source", "fred", "--source", "immd"
        )
        assert process.stdout is not None and "asking for" in process.stdout.readline()
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=15)
    assert process.returncode == 130 and "interrupted" in said
    assert time.monotonic() - began < 10
    assert not list(tmp_path.rglob("*.writing"))
