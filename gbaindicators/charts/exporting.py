"""Figures and tables to files: pictures through a headless browser, pages and data without one."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from gbaindicators.charts.browser import Browser, find_browser
from gbaindicators.charts.canvas import fitted, preset_named
from gbaindicators.charts.data_behind import chart_csv, chart_workbook
from gbaindicators.charts.fonts import check_fonts, text_of
from gbaindicators.errors import ExportError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl
    from great_tables import GT

__all__ = ["export", "export_many"]

_PICTURES: Final = (".png", ".svg", ".pdf")
_DATA: Final = (".csv", ".xlsx")
_SUFFIXES: Final = (".html", *_PICTURES, ".json", *_DATA)
_OF_TABLES: Final = (".html", ".tex", ".png", *_DATA)
#: Width of a page that a table is drawn on, and pixels of a PNG per pixel, where nothing else is said.
_TABLE_WIDTH: Final = 900
_SCALE: Final = 2.0
#: Size of a figure that says none, as Plotly draws it.
_PLAIN: Final = (700, 500)
#: Plotly's own defaults offer to send the chart and its data to a cloud service.
_PAGE_CONFIG: Final = {
    "showSendToCloud": False,
    "displaylogo": False,
    "typesetMath": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["lasso2d", "select2d"],
}


def export(
    figure: go.Figure | GT,
    path: str | Path,
    *,
    data: Literal["csv", "xlsx"] | None = None,
    preset: Literal["report", "slide", "social", "print"] | None = None,
    width: int | None = None,
    height: int | None = None,
    scale: float | None = None,
    timeout: float = 60,
) -> Path:
    """Write a figure or a table to a file; the suffix of the path says what kind.

    Each file appears whole or not at all. In CSV and Excel no text can become a formula. The fonts of a PDF are
    embedded. The text of an SVG stays text, which can be searched, edited and read aloud; it asks for the fonts of the
    chart and then for any sans-serif, so a file that must look the same everywhere is better a PDF.

    Parameters
    ----------
    figure
        Any Plotly figure, or a table of `gba.table` or great-tables.
    path
        Of a figure ``.html`` (one page that needs no network), ``.png``, ``.svg``, ``.pdf`` or ``.json``; of a table
        ``.html``, ``.tex`` or ``.png``; of both ``.csv`` and ``.xlsx``: the frame behind a chart in base units with its
        sources, the numbers of a table as printed. In an existing folder.
    data
        Also write the data behind a chart, beside it under the same name: ``"csv"`` or ``"xlsx"``.
    preset
        What the picture is for. The chart is laid out again, so that nothing overlaps:

        ========== ============= ================ ========= ==================
        preset     CSS pixels    for              text      PNG
        ========== ============= ================ ========= ==================
        ``report`` 900 × 540     a page           1         1800 × 1080
        ``slide``  1280 × 720    16:9             1.4       1920 × 1080
        ``social`` 1080 × 1080   a square         1.5       1080 × 1080
        ``print``  642 × 386     170 × 102 mm     0.75      4012 × 2412
        ========== ============= ================ ========= ==================

        Of a table only the pixels of the PNG follow. A figure that `gba.chart` did not draw, or that was changed
        since, keeps its layout and is drawn to the width.
    width, height
        Size in pixels, by default the preset's or the figure's own; the chart is laid out again. A table has no height.
    scale
        Pixels of a PNG per pixel of the figure, by default the preset's or 2.
    timeout
        Seconds that drawing the picture may take.

    Returns
    -------
    pathlib.Path
        The path written.

    Raises
    ------
    UsageError
        When the suffix is none of these, the figure is none, or a number is not positive.
    UnknownNameError
        When there is no such preset.
    ExportError
        When the folder is missing, the figure has no traces or does not carry its data, no browser or no font for its
        text is found, or the time is up.

    Examples
    --------
    >>> import tempfile, plotly.graph_objects as go
    >>> folder = Path(tempfile.mkdtemp())
    >>> export(go.Figure(go.Bar(x=[1], y=[2])), folder / "bars.json").name
    'bars.json'
    """
    jobs: dict[str | Path, go.Figure | GT] = {path: figure}
    if data is not None:
        if data not in ("csv", "xlsx"):
            raise UsageError(f"data must be 'csv' or 'xlsx', not {data!r}")
        jobs[Path(path).with_suffix(f".{data}")] = figure
    return export_many(jobs, preset=preset, width=width, height=height, scale=scale, timeout=timeout)[0]


def export_many(
    figures: Mapping[str | Path, go.Figure | GT]
    | Mapping[Path, go.Figure | GT]
    | Mapping[str, go.Figure | GT],
    *,
    preset: Literal["report", "slide", "social", "print"] | None = None,
    width: int | None = None,
    height: int | None = None,
    scale: float | None = None,
    timeout: float = 60,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write several figures or tables, with one browser for all of them.

    Starting a browser takes seconds and drawing a picture tenths of one, so a batch is many times faster than
    single exports. A picture that cannot be drawn does not hold up the others.

    Parameters
    ----------
    figures
        Figures and tables by path.
    preset, width, height, scale, timeout
        As for `export`; the time-out is per picture.
    progress
        Called with the name of each file before it is written.

    Returns
    -------
    list of pathlib.Path
        The paths written, in order.

    Raises
    ------
    UsageError, UnknownNameError, ExportError
        As for `export`. What is asked for is checked before the first file is written. After the last one, an
        ExportError names the files that could not be written.
    """
    size = _size(preset, width, height, scale, timeout)
    jobs = [(Path(path), figure) for path, figure in figures.items()]
    for path, figure in jobs:
        _check(figure, path)
    program = find_browser() if any(path.suffix.lower() in _PICTURES for path, _ in jobs) else None
    failed: list[ExportError] = []
    with _Writer(program, size, timeout) as writer:
        for path, figure in jobs:
            if progress is not None:
                progress(path.name)
            try:
                _write(path, writer.content(figure, path))
            except ExportError as error:
                failed.append(error)
    if len(jobs) == 1 and failed:
        raise failed[0]
    if failed:
        raise ExportError(
            f"{len(failed)} of {len(jobs)} files could not be written: {'; '.join(map(str, failed))}"
        )
    return [path for path, _ in jobs]


@dataclass(frozen=True)
class _Size:
    """What size of picture was asked for; None for the figure's own."""

    width: float | None
    height: float | None
    font: float
    scale: float

    def laid_out(self, figure: go.Figure) -> tuple[go.Figure, float]:
        """Lay a figure out for this size, and say how many CSS pixels one of its own takes."""
        if self.width is None and self.height is None:
            return figure, 1.0
        import plotly.graph_objects as go

        own = figure.layout
        width = (self.width or own.width or _PLAIN[0]) / self.font
        height = (self.height or own.height or _PLAIN[1]) / self.font
        again = fitted(figure, width, height)
        if again is not figure:
            return again, width * self.font / again.layout.width
        if hasattr(figure, "_gba_again"):
            # its words stand where they were laid out, so it can only be drawn larger or smaller
            return figure, width * self.font / own.width
        return go.Figure(figure).update_layout(width=width, height=height), self.font


def _size(
    preset: str | None, width: int | None, height: int | None, scale: float | None, timeout: float
) -> _Size:
    for name, number in (("width", width), ("height", height), ("scale", scale), ("timeout", timeout)):
        if number is not None and not number > 0:
            raise UsageError(f"{name} must be positive, not {number!r}")
    if preset is None:
        return _Size(width, height, 1.0, scale or _SCALE)
    usual = preset_named(preset)
    return _Size(width or usual.width, height or usual.height, usual.font, scale or usual.scale)


class _Writer:
    """Makes the content of files; starts a browser for the first picture, and another one when it hangs."""

    def __init__(self, program: Path | None, size: _Size, timeout: float) -> None:
        self._program, self._size, self._timeout = program, size, timeout
        self._browser: Browser | None = None

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._browser is not None:
            self._browser.close()

    def _started(self) -> Browser:
        if self._browser is not None and self._browser.hung:
            self._browser.close()
            self._browser = None
        if self._browser is None:
            self._browser = Browser(self._program or find_browser())
        return self._browser

    def content(self, figure: go.Figure | GT, path: Path) -> bytes:
        """Give a figure or table as the suffix of the path says."""
        return self._table(figure, path) if is_table(figure) else self._chart(figure, path)

    def _chart(self, figure: go.Figure, path: Path) -> bytes:
        suffix = path.suffix.lower()
        if suffix == ".csv":
            return chart_csv(_frames(figure, path))
        if suffix == ".xlsx":
            return chart_workbook(_frames(figure, path))
        drawn, larger = self._size.laid_out(figure)
        if suffix == ".json":
            return bytes(drawn.to_json().encode())
        if suffix == ".html":
            return _page(drawn)
        scale = larger * self._size.scale if suffix == ".png" else larger
        content = self._started().draw(drawn, path.name, suffix[1:], scale, self._timeout)
        return _finish(drawn, suffix[1:], content, larger)

    def _table(self, table: GT, path: Path) -> bytes:
        from gbaindicators.charts.tabular import files

        match path.suffix.lower():
            case ".html":
                return files.table_page(table).encode()
            case ".tex":
                return files.table_latex(table).encode()
            case ".csv":
                return files.table_csv(table)
            case ".xlsx":
                return files.table_workbook(table)
            case _:
                width = round(self._size.width or _TABLE_WIDTH)
                page = files.table_page(table)
                return self._started().photograph(page, path.name, width, self._size.scale, self._timeout)


def _frames(figure: go.Figure, path: Path) -> Sequence[pl.DataFrame]:
    """The frames that a chart was drawn from, which its page left on it."""
    frames: Sequence[pl.DataFrame] = getattr(figure, "_gba_frames", ())
    if not frames:
        raise ExportError(
            f"{path.name}: the figure does not carry the data behind it, because gba.chart did not draw it or it is a "
            "copy: write the frame itself, as with frame.write_csv(...)"
        )
    return frames


def is_table(thing: Any) -> bool:
    """Whether something is a great-tables table; asks without importing great-tables."""
    return type(thing).__module__.partition(".")[0] == "great_tables" and hasattr(thing, "as_raw_html")


def _check(figure: go.Figure | GT, path: Path) -> None:
    import plotly.graph_objects as go

    if not is_table(figure) and not isinstance(figure, go.Figure):
        raise UsageError(
            f"expected a Plotly figure or a table for {path}, got {type(figure).__name__}: charts are made with "
            "gba.chart, tables with gba.table"
        )
    suffixes = _SUFFIXES if isinstance(figure, go.Figure) else _OF_TABLES
    if path.suffix.lower() not in suffixes:
        raise UsageError(
            f"{str(path)!r} ends in none of {', '.join(suffixes)}: the suffix says what to write"
        )
    if not path.parent.is_dir():
        raise ExportError(f"the folder {str(path.parent)!r} does not exist: make it first")
    if path.is_dir():
        raise ExportError(f"{str(path)!r} is a folder: name a file in it")
    if isinstance(figure, go.Figure):
        if not figure.data:
            raise ExportError(f"the figure for {path} has no traces, so there is nothing to write")
        if path.suffix.lower() in _DATA:
            _frames(figure, path)
    if path.suffix.lower() in _PICTURES:
        check_fonts(figure.as_raw_html() if is_table(figure) else text_of(figure), path.name)


def _write(path: Path, content: bytes) -> None:
    """Write beside the place and move into it, so that nobody sees half a file."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)


def _meta(figure: go.Figure) -> tuple[str, str]:
    """Language and alternative text of a figure, empty for one that was made elsewhere."""
    meta = figure.layout.meta if isinstance(figure.layout.meta, dict) else {}
    return str(meta.get("lang", "en")), str(meta.get("alt", ""))


def _page(figure: go.Figure) -> bytes:
    lang, alt = _meta(figure)
    name = re.sub("<[^>]*>", " ", figure.layout.title.text or "")
    body = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        include_mathjax=False,
        # a fixed id, so that the same figure gives the same bytes
        div_id="chart",
        config=_PAGE_CONFIG,
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{" ".join(name.split())}</title>\n'
        f'</head>\n<body>\n<main role="img" aria-label="{html.escape(alt)}">\n{body}\n</main>\n</body>\n</html>\n'
    ).encode()


def _finish(figure: go.Figure, kind: str, content: bytes, larger: float) -> bytes:
    """Give a picture the same bytes each time it is drawn, and an SVG its size and alternative text."""
    if kind == "pdf":
        return re.sub(rb"\(D:\d{14}[^)]{7}\)", b"(D:20000101000000+00'00')", content)
    if kind != "svg":
        return content
    text = re.sub(r'(class="trace \w+) trace[0-9a-f]{6}"', r'\1"', content.decode())
    if drawn := re.search(r'id="defs-([0-9a-f]{6})"', text):
        # pages may hold several pictures, whose ids must differ
        text = text.replace(drawn[1], blake2b(figure.to_json().encode(), digest_size=6).hexdigest())
    for side in ("width", "height"):
        size = (
            f"{(figure.layout[side] or dict(zip(('width', 'height'), _PLAIN, strict=True))[side]) * larger:g}"
        )
        text = re.sub(rf'(<svg [^>]*?\b{side}=")[^"]*"', rf'\g<1>{size}"', text, count=1)
    lang, alt = _meta(figure)
    if alt:
        text = text.replace("<svg ", f'<svg role="img" lang="{lang}" aria-label="{html.escape(alt)}" ', 1)
    return text.encode()
