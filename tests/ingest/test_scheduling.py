"""The ready-made files for schedulers: each in the syntax of the one that reads it, and keys in none of them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from gbaindicators.catalog import catalog
from gbaindicators.cli.app import app
from gbaindicators.ingest.scheduling import SCHEDULES, schedule_text

ROOT = Path(__file__).parents[2]
KEYS = {service.key for service in catalog().services.values() if service.key}
LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def schedule_of(cron: str) -> list[str]:
    """Fields of a line that begins with a time, each within its limits."""
    fields = cron.split(None, 5)[:5]
    assert len(fields) == 5
    for field, (least, most) in zip(fields, LIMITS, strict=True):
        assert field == "*" or least <= int(field) <= most, cron
    return fields


@pytest.mark.parametrize("scheduler", SCHEDULES)
def test_every_file_says_where_keys_go_and_what_exit_codes_mean(scheduler: Any) -> None:
    text = schedule_text(scheduler)
    assert all(key in text for key in KEYS)
    assert "GBA_HOME" in text and "--json" in text and "a JSON object a line" in text
    assert "failed or figures were held back" in " ".join(text.replace("#", " ").split())


@pytest.mark.parametrize("scheduler", SCHEDULES)
def test_the_command_prints_it(scheduler: str) -> None:
    printed = CliRunner().invoke(app, ["refresh", "--schedule", scheduler])
    assert printed.exit_code == 0
    assert printed.stdout == schedule_text(scheduler)  # type: ignore[arg-type]


class TestCron:
    lines = tuple(line for line in schedule_text("cron").splitlines() if line and not line.startswith("#"))

    def test_variables_then_one_line_of_five_fields_and_a_command(self) -> None:
        *variables, job = self.lines
        assert all(re.fullmatch(r"[A-Z_]+=[^$]+", one) for one in variables)
        schedule_of(job)
        # cron reads a percent sign as the end of the line
        assert "%" not in job and not schedule_text("cron").endswith("\n\n")

    @pytest.mark.skipif(not shutil.which("crontab"), reason="no crontab here")
    def test_crontab_takes_it(self, tmp_path: Path) -> None:
        (tmp_path / "cron").write_text(schedule_text("cron"))
        done = subprocess.run(
            ["crontab", "-T", str(tmp_path / "cron")], capture_output=True, text=True, check=False
        )
        if "invalid option" in done.stderr:
            pytest.skip("this crontab checks nothing")
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("code", [0, 1])
    def test_it_prints_only_what_is_worth_a_mail(self, tmp_path: Path, code: int) -> None:
        (tmp_path / ".config/gba").mkdir(parents=True)
        (tmp_path / ".local/state/gba").mkdir(parents=True)
        (tmp_path / ".config/gba/keys.env").write_text("FRED_API_KEY=from-the-file\n")
        command = tmp_path / "gba"
        command.write_text(f'#!/bin/sh\necho "$FRED_API_KEY $*" >&2\nexit {code}\n')
        command.chmod(0o755)
        job = self.lines[-1].split(None, 5)[5]
        environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
        done = subprocess.run(
            ["/bin/sh", "-c", job], env=environment, capture_output=True, text=True, check=True
        )
        said = "from-the-file --json --quiet refresh\n"
        assert (tmp_path / ".local/state/gba/refresh.jsonl").read_text() == said
        assert done.stderr == ""
        assert done.stdout.startswith("gba refresh ended with 1") if code else done.stdout == ""
        assert said in done.stdout or not code


class TestSystemd:
    def test_units_are_whole(self) -> None:
        parts = re.split(r"(?m)^# /etc/systemd/system/(\S+)$", schedule_text("systemd"))[1:]
        units = dict(zip(parts[::2], parts[1::2], strict=True))
        assert tuple(units) == SCHEDULES["systemd"]
        read = {}
        for name, text in units.items():
            read[name] = configparser.RawConfigParser(delimiters="=", strict=True)
            read[name].optionxform = str  # type: ignore[assignment, method-assign]
            read[name].read_string(text)
        service, timer = read["gba-refresh.service"], read["gba-refresh.timer"]
        assert service["Unit"]["OnFailure"] in units
        assert service["Service"]["ProtectSystem"] == "strict"
        assert (
            service["Service"]["Environment"] == f"GBA_HOME=/var/lib/{service['Service']['StateDirectory']}"
        )
        assert timer["Timer"]["Persistent"] == "yes" or timer["Timer"]["Persistent"] == "true"
        assert timer["Timer"]["RandomizedDelaySec"]

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
    def test_systemd_verifies_them(self, tmp_path: Path) -> None:
        folder = ROOT / "gbaindicators/ingest/schedules"
        for name in SCHEDULES["systemd"]:
            # what is not on this machine: where gba is, and its user
            text = (folder / name).read_text().replace("/opt/gba/venv/bin/gba", "/bin/true")
            (tmp_path / name).write_text(text.replace("User=gba\n", "User=root\n"))
        files = [str(tmp_path / name) for name in SCHEDULES["systemd"]]
        done = subprocess.run(
            ["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert not [line for line in done.stderr.splitlines() if "gba-refresh" in line]


def workflow(text: str) -> dict[str, Any]:
    read = yaml.safe_load(text)
    # YAML 1.1 takes the word for a truth value
    read["on"] = read.pop(True)
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize(
    "text", [schedule_text("github"), (ROOT / ".github/workflows/services.yaml").read_text(encoding="utf-8")]
)
def test_workflows_run_by_the_clock_with_the_least_rights(text: str) -> None:
    read = workflow(text)
    (when,) = read["on"]["schedule"]
    schedule_of(when["cron"])
    assert read["permissions"] == {"contents": "read"}
    assert read["concurrency"]["group"]
    (job,) = read["jobs"].values()
    assert job["timeout-minutes"]
    with_keys = [step["env"] for step in job["steps"] if "env" in step]
    # only the step that asks the services sees the keys
    assert with_keys == [{key: f"${{{{ secrets.{key} }}}}" for key in with_keys[0]}]
    assert set(with_keys[0]) == KEYS


def test_every_service_has_its_job() -> None:
    job = workflow((ROOT / ".github/workflows/services.yaml").read_text(encoding="utf-8"))["jobs"]["live"]
    assert job["strategy"]["matrix"]["service"] == sorted(catalog().services)
    assert job["strategy"]["fail-fast"] is False
    assert any("-m live" in step.get("run", "") for step in job["steps"])


def test_the_refresh_keeps_its_home_also_when_it_fails() -> None:
    steps = workflow(schedule_text("github"))["jobs"]["refresh"]["steps"]
    after = [step for step in steps if step.get("if") == "always()"]
    assert [step["uses"].split("@")[0] for step in after] == ["actions/cache/save", "actions/upload-artifact"]
