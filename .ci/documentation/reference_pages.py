"""The reference: every public name with its signature, parameters and examples, from the docstrings."""

from __future__ import annotations

import contextlib
import inspect
import pkgutil
import re
import warnings
from html import escape
from pathlib import Path
from types import ModuleType

import pdoc
import pdoc.render
from pages import Page

import gbaindicators as gba

#: Part of the package that a name lives in, and what the list of names calls it.
_SUBJECTS = {
    "store": "Figures",
    "transforms": "Arithmetic, calendar, seasons",
    "forecasting": "Forecasts and nowcasts",
    "comparison": "Comparison",
    "charts": "Charts",
    "tabular": "Tables",
    "reporting": "Report",
    "ingest": "Refresh",
    "catalog": "Catalogue",
    "errors": "Errors and warnings",
}

#: Where a class is defined, and what its users write.
_SHORTER = {
    "polars.dataframe.frame.DataFrame": "polars.DataFrame",
    "plotly.graph_objs._figure.Figure": "plotly.graph_objects.Figure",
    "great_tables.gt.GT": "great_tables.GT",
}


def write_reference(folder: Path) -> Page:
    """Write the pages of the reference, and give the one that lists all names by subject."""
    modules = {n: getattr(gba, n) for n in gba.__all__ if isinstance(getattr(gba, n), ModuleType)}
    names = {n: getattr(gba, n) for n in gba.__all__ if n not in modules}
    # The package resolves a name when it is first used; pdoc wants it there. Functions first, errors last.
    vars(gba).update(names)
    gba.__all__[:] = sorted(names, key=lambda n: (_is_error(names[n]), inspect.isclass(names[n]), n.lower()))
    pdoc.render.configure(
        docformat="numpy", show_source=False, template_directory=Path(__file__).with_name("reference")
    )
    shown = ["gbaindicators", *(m.__name__ for m in modules.values())]
    inner = (m.name for m in pkgutil.walk_packages(gba.__path__, "gbaindicators.") if m.name not in shown)
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    # where no folder has the package's name: pdoc would not know whether that or the package is meant
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc(*shown, *(f"!{name}" for name in inner), output_directory=folder)
    (folder / "index.html").unlink()
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for long, short in _SHORTER.items():
            text = text.replace(_signature(long), _signature(short))
        page.write_text(text, encoding="utf-8")
    return Page("reference.html", "Reference", _by_subject(names, modules))


def _signature(path: str) -> str:
    """Give a dotted path as pdoc colours it."""
    return '<span class="o">.</span>'.join(f'<span class="n">{part}</span>' for part in path.split("."))


def _is_error(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, BaseException)


def _by_subject(names: dict[str, object], modules: dict[str, ModuleType]) -> str:
    """List the names under their subjects, each with the first sentence of its documentation."""
    rows: dict[str, list[str]] = {subject: [] for subject in _SUBJECTS}
    for name in sorted(names, key=str.lower):
        rows[_part(names[name])].append(_row(f"gba.{name}", f"gbaindicators.html#{name}", names[name]))
    for name, module in modules.items():
        page = f"{module.__name__.replace('.', '/')}.html"
        rows[module.__name__.rpartition(".")[2]] += [
            _row(f"gba.{name}.{verb}", f"{page}#{verb}", getattr(module, verb))
            for verb in module.__all__
            if getattr(module, verb) is not names.get(verb)
        ]
    sections = (
        f"<h2>{_SUBJECTS[part]}</h2>\n<dl>{''.join(lines)}</dl>" for part, lines in rows.items() if lines
    )
    return "<h1>Reference</h1>\n<p><code>import gbaindicators as gba</code></p>\n" + "\n".join(sections)


def _part(thing: object) -> str:
    return getattr(thing, "__module__", "gbaindicators.catalog").split(".")[1]


def _row(name: str, link: str, thing: object) -> str:
    documented = inspect.isroutine(thing) or inspect.isclass(thing)
    summary = (inspect.getdoc(thing) or "").split("\n\n")[0] if documented else repr(thing)
    told = re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(summary))
    return f'<dt><a href="reference/{link}"><code>{name}</code></a></dt><dd>{told}</dd>\n'
