"""Build the documentation: README, executed notebooks and the reference, as pages that need no network.

``python .ci/documentation OUT`` writes ``OUT/index.html`` and what it leads to. Ends with 1 when a notebook errs, warns,
takes longer than its limit, leaves files behind or reaches for the network; every page is written all the same.
Needs ``pip install '.[docs]'``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from executing import Run, execute
from notebook_pages import notebook_page
from pages import write_pages
from prose import prose_page
from reference_pages import write_reference

ROOT = Path(__file__).resolve().parents[2]
PROSE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")


def main() -> int:
    """Execute, write, and say what went wrong."""
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    runs = []
    for path in sorted(arguments.notebooks.glob("*.py")):
        runs.append(run := execute(path, arguments.limit))
        run.write(out / "notebooks")
        print(
            f"{path.name}: {run.seconds:.0f} s" + "".join(f"\n  {fault}" for fault in run.faults), flush=True
        )
    if not runs:
        sys.exit(f"no notebooks in {arguments.notebooks}")
    _write(out, runs)
    print(f"written: {out / 'index.html'}")
    return 1 if any(run.faults for run in runs) else 0


def _write(out: Path, runs: list[Run]) -> None:
    first, *rest = (prose_page(ROOT / name, ROOT, out) for name in PROSE)
    pages = [first, *(notebook_page(run) for run in runs), write_reference(out / "reference"), *rest]
    write_pages(pages, out)
    shutil.copyfile(ROOT / "LICENSE", out / "LICENSE.txt")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks", help="folder of the notebooks")
    parser.add_argument(
        "--limit", type=float, default=120, help="seconds that a notebook may take, 120 by default"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
