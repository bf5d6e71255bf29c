"""Notebooks executed as a new user would run them: each in a kernel and a folder of its own, without a network."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError


@dataclass(frozen=True)
class Run:
    """One notebook after its execution.

    Attributes
    ----------
    name
        Stem of its file.
    notebook
        With outputs, as far as it came.
    seconds
        What it took, its kernel's start included.
    faults
        What it should not have done; none when all is well.
    """

    name: str
    notebook: nbformat.NotebookNode
    seconds: float
    faults: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """Write it with its outputs, for Jupyter."""
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(self.notebook, folder / f"{self.name}.ipynb")


def execute(path: Path, limit: float) -> Run:
    """Execute a paired text notebook; what goes wrong is told as faults, not raised."""
    notebook = jupytext.read(path)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        work, log = place / "work", place / "network.log"
        work.mkdir()
        client = NotebookClient(
            notebook,
            timeout_func=lambda cell: max(1, began + limit - time.monotonic()),
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],  # a kernel warns that it talks over TCP
            resources={"metadata": {"path": str(work)}},
        )
        faults = _failure(client, _environment(place, log))
        seconds = time.monotonic() - began
        if seconds > limit:
            faults.append(f"took longer than {limit:.0f} s")
        faults += [f"left behind: {left.name}" for left in sorted(work.iterdir())]
        if log.exists():
            faults.append(f"reached for the network: {', '.join(log.read_text('utf-8').split())}")
    faults += [f"warned: {said.strip()}" for said in _warnings(notebook)]
    return Run(path.stem, notebook, seconds, tuple(faults))


def _failure(client: NotebookClient, environment: dict[str, str]) -> list[str]:
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        return [f"failed: {error.ename}: {error.evalue}"]
    except CellTimeoutError:
        return ["a cell was still running when the time was up"]
    except DeadKernelError:
        return ["the kernel died"]
    return []


def _environment(place: Path, log: Path) -> dict[str, str]:
    startup = place / "profile_default" / "startup"
    startup.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("no_network.py"), startup)
    # figures as data alone: the page brings the one copy of Plotly's script
    return {
        **os.environ,
        "IPYTHONDIR": str(place),
        "NETWORK_LOG": str(log),
        "PLOTLY_RENDERER": "plotly_mimetype",
    }


def _warnings(notebook: nbformat.NotebookNode) -> list[str]:
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    return [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
