"""Every notebook runs from top to bottom, as a new user would run it."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs_without_an_error(path: Path, shipped: Path, tmp_path: Path) -> None:
    notebook = jupytext.read(path)
    # the kernel inherits GBA_HOME, so that it reads the database that the tests built
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in cells)
    shown = [o for c in cells for o in c.outputs if o.output_type == "execute_result"]
    assert len(shown) >= len(cells) // 2, "a notebook shows what it computes"
    said = [o.text for c in cells for o in c.outputs if o.output_type == "stream" and o.name == "stderr"]
    assert said == [], "no warnings"
    assert list(tmp_path.iterdir()) == [], "it leaves no files behind"
