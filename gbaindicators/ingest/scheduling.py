"""Ready-made files that run the refresh every night: a crontab, systemd units, a GitHub Actions workflow."""

from __future__ import annotations

from importlib.resources import files
from typing import Final, Literal

__all__ = ["SCHEDULES", "schedule_text"]

#: Files of ``schedules`` by the scheduler that reads them.
SCHEDULES: Final = {
    "cron": ("gba-refresh.cron",),
    "systemd": ("gba-refresh.service", "gba-refresh.timer", "gba-refresh-failed.service"),
    "github": ("gba-refresh.yaml",),
}


def schedule_text(scheduler: Literal["cron", "systemd", "github"]) -> str:
    """Text of the file for a scheduler; of several, one after the other, each under the path where it belongs.

    Examples
    --------
    >>> schedule_text("systemd").splitlines()[0]
    '# /etc/systemd/system/gba-refresh.service'
    """
    folder = files("gbaindicators.ingest") / "schedules"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in SCHEDULES[scheduler])
