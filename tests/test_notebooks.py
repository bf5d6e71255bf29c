"""The documentation is built as CI builds it; every notebook runs on the way, as a new user would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import jupytext
import nbformat
import pytest

import gbaindicators as gba

ROOT = Path(__file__).parents[1]
COMMAND = ROOT / ".ci" / "documentation"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
FUNCTIONS = [n for n in gba.__all__ if not isinstance(getattr(gba, n), (type, ModuleType, tuple))]
VERBS = [
    (name, verb)
    for name in ("chart", "table")
    for verb in getattr(gba, name).__all__
    if not hasattr(gba, verb) or getattr(gba, verb) is not getattr(getattr(gba, name), verb)
]


def command(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build the documentation; kernels inherit GBA_HOME, so that they read the database that the tests built."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    # as in a clone beside which the package is installed: a folder with its name, and the package elsewhere
    (beside := out.parent / "clone" / "gbaindicators").mkdir(parents=True, exist_ok=True)
    # a limit that only a notebook which hangs will reach: the machine that tests may have other work
    return subprocess.run(
        [sys.executable, str(COMMAND), str(out), "--limit", "400", *options],
        cwd=beside.parent,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def built(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the documentation, built once for all tests; faults of notebooks are tested one by one."""
    out = tmp_path_factory.mktemp("documentation")
    done = command(out)
    assert (out / "index.html").exists(), done.stderr
    (out / "said.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    return out


def test_there_are_six_notebooks_numbered_in_order() -> None:
    assert [p.stem[:3] for p in NOTEBOOKS] == [f"0{n}-" for n in range(1, 7)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_kept_as_text_without_outputs(path: Path) -> None:
    notebook = jupytext.read(path)
    assert all(not c.outputs and c.execution_count is None for c in notebook.cells if c.cell_type == "code")
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    # an editor of notebooks changes nothing by saving
    saved = jupytext.writes(notebook, fmt="py:percent")
    saved = re.sub(r"^#\s+(format|jupytext)_version: .*\n", "", saved, flags=re.M)
    assert saved == path.read_text(encoding="utf-8")


def test_nothing_but_the_texts_is_kept() -> None:
    kept = subprocess.run(["git", "ls-files", "notebooks"], cwd=ROOT, capture_output=True, text=True).stdout
    assert all(name.endswith(".py") for name in kept.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_what_it_computes(path: Path, built: Path) -> None:
    said = (built / "said.log").read_text(encoding="utf-8")
    told = re.search(rf"^{path.name}: \d+ s\n((?:  .*\n)*)", said, flags=re.M)
    assert told and told[1] == ""
    notebook = nbformat.read(built / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in cells)
    outputs = [o for c in cells for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert sum(o.output_type == "execute_result" for o in outputs) >= len(cells) // 2
    figures = [o for o in outputs if "application/vnd.plotly.v1+json" in o.get("data", {})]
    page = (built / f"{path.stem}.html").read_text(encoding="utf-8")
    assert len(figures) >= 2
    assert page.count("Plotly.newPlot(") == len(figures)
    assert page.count('<script src="plotly.min.js"') == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("1 / 0", "failed: ZeroDivisionError: division by zero"),
        ("import warnings; warnings.warn('careful')", "careful"),
        ("open('left.txt', 'w').close()", "left behind: left.txt"),
        (
            "import urllib.request\ntry:\n    urllib.request.urlopen('http://example.org')\nexcept OSError:\n    pass",
            "reached for the network: example.org",
        ),
        ("import time; time.sleep(60)", "a cell was still running when the time was up"),
    ],
    ids=["error", "warning", "file", "network", "time"],
)
def test_a_notebook_that_misbehaves_is_reported(code: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(f"# %% [markdown]\n# # Bad\n\n# %%\n{code}\n", encoding="utf-8")
    program = (
        f"import sys; sys.path.insert(0, {str(COMMAND)!r})\n"
        "from pathlib import Path\nfrom executing import execute\n"
        "run = execute(Path('bad.py'), 8)\nprint(run.faults)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert fault in done.stdout, done.stderr


# --- the pages


class Links(HTMLParser):
    """What a page points to, loads, and names."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.names.add(str(found["id"]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag in ("script", "img", "iframe", "source") and found.get("src"):
            self.loads.append(str(found["src"]))
        if tag == "link":
            self.loads.append(str(found.get("href")))


def read(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Links]:
    return {page: read(page) for page in sorted(built.rglob("*.html"))}


@pytest.mark.slow
def test_pages_load_nothing_from_the_network(built: Path, pages: dict[Path, Links]) -> None:
    assert len(pages) > 10
    loads = {load for links in pages.values() for load in links.loads}
    assert {"style.css", "plotly.min.js"} <= loads
    assert not [load for load in loads if re.match(r"(\w+:)?//", load)]
    assert not re.findall(
        r"@import|url\(\s*['\"]?(?:https?:)?//", (built / "style.css").read_text(encoding="utf-8")
    )


@pytest.mark.slow
def test_no_link_leads_nowhere(pages: dict[Path, Links]) -> None:
    broken = []
    for page, links in pages.items():
        for link in links.links + links.loads:
            target, _, anchor = unquote(link).partition("#")
            if re.match(r"\w+:", target):
                continue
            file = (page.parent / target).resolve() if target else page
            known = pages[file].names if file in pages else None
            if not file.exists() or (anchor and known is not None and anchor not in known):
                broken.append(f"{page.name}: {link}")
    assert broken == []


@pytest.mark.slow
def test_the_first_page_leads_to_every_page(built: Path, pages: dict[Path, Links]) -> None:
    first = pages[built / "index.html"].links
    assert {p.name for p in built.glob("*.html")} - {"index.html"} <= set(first)
    listed = pages[built / "reference.html"].links
    assert {f"reference/gbaindicators.html#{n}" for n in gba.__all__ if n not in ("chart", "table")} <= set(
        listed
    )


def section(page: Path, name: str) -> str:
    """Text of what a page of the reference says about a name."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf'<section id="{name}">(.*?)</section>', text, flags=re.S)
    assert found, name
    return re.sub(r"<[^>]+>", "", found[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in gba.__all__ if n not in ("chart", "table")])
def test_every_public_name_is_in_the_reference(name: str, built: Path) -> None:
    told = section(built / "reference" / "gbaindicators.html", name)
    assert name in told
    if name in FUNCTIONS:
        assert f"def\n        {name}(" in told
        assert "Returns" in told or "Yields" in told
        assert "Examples" in told
        assert "&gt;&gt;&gt; " in told


@pytest.mark.slow
@pytest.mark.parametrize(("name", "verb"), VERBS, ids=lambda v: v)
def test_every_chart_and_table_is_in_the_reference(name: str, verb: str, built: Path) -> None:
    module = getattr(gba, name).__name__.replace(".", "/")
    told = section(built / "reference" / f"{module}.html", verb)
    assert f"{verb}(" in told
    assert "Parameters" in told
    assert "Returns" in told


@pytest.mark.slow
def test_the_reference_does_not_tell_the_environment(built: Path) -> None:
    for page in (built / "reference").rglob("*"):
        if page.is_file():
            assert os.environ["GBA_HOME"] not in page.read_text(encoding="utf-8")
