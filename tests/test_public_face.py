"""The names a user types: each resolves, says what it takes and gives, and none makes the import heavy."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from types import ModuleType

import pytest

import gbaindicators as gba

HEAVY = (
    "pandas",
    "plotly",
    "statsmodels",
    "scipy",
    "pandera",
    "pyarrow",
    "xlsxwriter",
    "click",
    "rich",
    "kaleido",
    "jinja2",
)
FUNCTIONS = [n for n in gba.__all__ if inspect.isfunction(getattr(gba, n))]


@pytest.mark.parametrize("name", gba.__all__)
def test_every_name_resolves_and_is_documented(name: str) -> None:
    found = getattr(gba, name)
    if isinstance(found, (type, ModuleType)) or callable(found):
        assert inspect.getdoc(found)
    else:
        assert name == "LANGUAGES"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_sections(name: str) -> None:
    function = getattr(gba, name)
    doc = inspect.getdoc(function) or ""
    sections = re.findall(r"^(\w[\w ]*)\n-+$", doc, flags=re.M)
    takes = [p for p in inspect.signature(function).parameters.values() if p.name != "database"]
    if takes:
        assert "Parameters" in sections
        block = re.split(r"\n\n\w[\w ]*\n-+\n", doc.split("Parameters\n----------\n")[1])[0]
        documented = {
            w.strip(" *")
            for line in re.findall(r"^(\S.*)$", block, flags=re.M)
            for w in line.split(":")[0].split(",")
        }
        assert {p.name for p in takes} <= documented
    assert {"Returns", "Yields"} & set(sections)
    assert "Examples" in sections
    assert ">>> " in doc


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_annotated(name: str) -> None:
    signature = inspect.signature(getattr(gba, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())


def test_charts_are_documented_too() -> None:
    for name in set(gba.chart.__all__) - {"export", "export_many"}:
        doc = inspect.getdoc(getattr(gba.chart, name)) or ""
        assert all(f"{section}\n---" in doc for section in ("Parameters", "Returns", "Examples")), name


def test_errors_have_one_root_and_an_exit_code() -> None:
    errors = [
        e
        for n in gba.__all__
        if isinstance(e := getattr(gba, n), type) and issubclass(e, Exception) and not issubclass(e, Warning)
    ]
    assert len(errors) > 5
    assert all(issubclass(e, gba.GbaError) and e.exit_code in (1, 2) for e in errors)


def test_dir_lists_the_names() -> None:
    assert set(dir(gba)) == {*gba.__all__, "__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", gba.__version__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'laod'") as raised:
        gba.laod  # noqa: B018
    # what Python needs to propose 'load'
    assert (raised.value.name, raised.value.obj) == ("laod", gba)


def test_the_import_is_light() -> None:
    code = f"import sys, gbaindicators; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
