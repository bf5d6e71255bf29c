"""Figures and tables to files: pictures through a headless Chrome or Chromium, pages and data without one."""

from __future__ import annotations

import asyncio
import base64
import html
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from gbaindicators.charts.data_behind import chart_csv, chart_workbook
from gbaindicators.errors import ExportError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl
    from great_tables import GT

__all__ = ["export", "export_many", "find_browser"]

_PICTURES: Final = (".png", ".svg", ".pdf")
_DATA: Final = (".csv", ".xlsx")
_SUFFIXES: Final = (".html", *_PICTURES, ".json", *_DATA)
_OF_TABLES: Final = (".html", ".tex", ".png", *_DATA)
#: Width of a page that a table is drawn on, in pixels, and the room around it.
_TABLE_WIDTH, _TABLE_EDGE = 900, 16
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_HOW_TO_GET: Final = (
    "install one (apt install chromium, or run plotly_get_chrome), or name it in the environment variable "
    "BROWSER_PATH; .html and .json need none"
)
#: Plotly's own defaults offer to send the chart and its data to a cloud service.
_PAGE_CONFIG: Final = {
    "showSendToCloud": False,
    "displaylogo": False,
    "typesetMath": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["lasso2d", "select2d"],
}
#: Seconds that a browser may take to start, apart from the time of each picture.
_START: Final = 60.0
_EAST_ASIAN: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
T = TypeVar("T")


def export(
    figure: go.Figure | GT,
    path: str | Path,
    *,
    data: Literal["csv", "xlsx"] | None = None,
    width: int | None = None,
    height: int | None = None,
    scale: float = 2,
    timeout: float = 60,
) -> Path:
    """Write a figure or a table to a file; the suffix of the path says what kind.

    Each file appears whole or not at all. In CSV and Excel no text can become a formula.

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
    width, height
        Size in pixels, by default the figure's own; a table has no height.
    scale
        Pixels of a PNG per pixel of the figure; 2 suits screens, 4 print.
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
    return export_many(jobs, width=width, height=height, scale=scale, timeout=timeout)[0]


def export_many(
    figures: Mapping[str | Path, go.Figure | GT]
    | Mapping[Path, go.Figure | GT]
    | Mapping[str, go.Figure | GT],
    *,
    width: int | None = None,
    height: int | None = None,
    scale: float = 2,
    timeout: float = 60,
) -> list[Path]:
    """Write several figures or tables, with one browser for all of them.

    Starting a browser takes seconds and drawing a picture tenths of one, so a batch is many times faster than
    single exports.

    Parameters
    ----------
    figures
        Figures and tables by path.
    width, height, scale, timeout
        As for `export`; the time-out is per picture.

    Returns
    -------
    list of pathlib.Path
        The paths written, in order.

    Raises
    ------
    UsageError, ExportError
        As for `export`. Everything is checked before the first file is written; files written before a failure stay.
    """
    for name, number in (("width", width), ("height", height), ("scale", scale), ("timeout", timeout)):
        if number is not None and not number > 0:
            raise UsageError(f"{name} must be positive, not {number!r}")
    jobs = [(Path(path), figure) for path, figure in figures.items()]
    for path, figure in jobs:
        _check(figure, path)
    browser: _Browser | None = None
    try:
        for path, figure in jobs:
            suffix = path.suffix.lower()
            if suffix in _PICTURES and browser is None:
                browser = _Browser(find_browser())
            if is_table(figure):
                content = _table(figure, path, browser, width or _TABLE_WIDTH, scale, timeout)
            else:
                content = _chart(figure, path, browser, width, height, scale, timeout)
            _write(path, content)
    finally:
        if browser is not None:
            browser.close()
    return [path for path, _ in jobs]


def _chart(
    figure: go.Figure,
    path: Path,
    browser: _Browser | None,
    width: int | None,
    height: int | None,
    scale: float,
    timeout: float,
) -> bytes:
    """Write a figure as its suffix says."""
    match path.suffix.lower():
        case ".json":
            return bytes(figure.to_json().encode())
        case ".html":
            return _page(figure, width, height)
        case ".csv":
            return chart_csv(_frames(figure, path))
        case ".xlsx":
            return chart_workbook(_frames(figure, path))
        case suffix:
            assert browser is not None
            options = {"format": suffix[1:], "scale": scale if suffix == ".png" else 1}
            size = {k: v for k, v in (("width", width), ("height", height)) if v is not None}
            return _finish(figure, suffix[1:], browser.draw(figure, path, options | size, timeout))


def _table(
    table: GT, path: Path, browser: _Browser | None, width: int, scale: float, timeout: float
) -> bytes:
    """Write a table as its suffix says."""
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
            assert browser is not None
            return browser.photograph(files.table_page(table), path, width, scale, timeout)


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


def find_browser() -> Path:
    """Find Chrome or Chromium: ``BROWSER_PATH``, then the usual names, then what ``plotly_get_chrome`` installed.

    Raises
    ------
    ExportError
        Says in one line how to get one.
    """
    named = os.environ.get("BROWSER_PATH")
    if named:
        if os.access(named, os.X_OK) and Path(named).is_file():
            return Path(named)
        raise ExportError(f"BROWSER_PATH names {named!r}, which is no program: correct or unset it")
    for name in _BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    from choreographer.browsers.chromium import Chromium

    # also knows the folders of macOS and Windows
    if found := Chromium.find_browser(skip_local=False):
        return Path(found)
    raise ExportError(f"PNG, SVG and PDF need Chrome or Chromium and none is found: {_HOW_TO_GET}")


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
        _check_fonts(figure, path)


def _check_fonts(figure: go.Figure | GT, path: Path) -> None:
    """Refuse a picture whose Chinese text would come out as empty boxes."""
    lister = shutil.which("fc-list")
    text = figure.as_raw_html() if is_table(figure) else _printed(figure)
    if lister is None or not _EAST_ASIAN.search(text):
        return
    fonts = subprocess.run(  # noqa: S603  (no user input in it)
        [lister, ":lang=zh", "family"], capture_output=True, text=True, timeout=30, check=False
    )
    if fonts.returncode == 0 and not fonts.stdout.strip():
        raise ExportError(
            f"{path.name} has Chinese text and no installed font covers it: install one (apt install fonts-noto-cjk)"
        )


def _printed(figure: go.Figure) -> str:
    """All text of a figure, without its font names and metadata."""
    import json

    def walk(node: Any) -> list[str]:
        if isinstance(node, dict):
            return [
                t
                for key, child in node.items()
                if key not in ("meta", "template", "family")
                for t in walk(child)
            ]
        if isinstance(node, list):
            return [t for child in node for t in walk(child)]
        return [node] if isinstance(node, str) else []

    return "\n".join(walk(json.loads(figure.to_json())))


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


def _page(figure: go.Figure, width: int | None, height: int | None) -> bytes:
    lang, alt = _meta(figure)
    name = re.sub("<[^>]*>", " ", figure.layout.title.text or "")
    body = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        include_mathjax=False,
        # a fixed id, so that the same figure gives the same bytes
        div_id="chart",
        default_width=width or "100%",
        default_height=height or "100%",
        config=_PAGE_CONFIG,
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{" ".join(name.split())}</title>\n'
        f'</head>\n<body>\n<main role="img" aria-label="{html.escape(alt)}">\n{body}\n</main>\n</body>\n</html>\n'
    ).encode()


def _finish(figure: go.Figure, kind: str, content: bytes) -> bytes:
    """Give a picture the same bytes each time it is drawn, and an SVG its alternative text."""
    if kind == "pdf":
        return re.sub(rb"\(D:\d{14}[^)]{7}\)", b"(D:20000101000000+00'00')", content)
    if kind != "svg":
        return content
    text = re.sub(r'(class="trace \w+) trace[0-9a-f]{6}"', r'\1"', content.decode())
    if drawn := re.search(r'id="defs-([0-9a-f]{6})"', text):
        # pages may hold several pictures, whose ids must differ
        text = text.replace(drawn[1], blake2b(figure.to_json().encode(), digest_size=6).hexdigest())
    lang, alt = _meta(figure)
    if alt:
        text = text.replace("<svg ", f'<svg role="img" lang="{lang}" aria-label="{html.escape(alt)}" ', 1)
    return text.encode()


class _Browser:
    """A browser that draws one picture after another, in a loop of its own thread.

    Kaleido's own synchronous server waits forever when the browser fails to start, and knows one time-out only.
    """

    def __init__(self, program: Path) -> None:
        from kaleido import Kaleido

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gba-export", daemon=True)
        self._thread.start()
        self._kaleido: Any = None

        async def start() -> None:
            # MathJax would be fetched from the network; the sandbox, which Kaleido leaves off, fails as root
            self._kaleido = Kaleido(n=1, path=program, timeout=None, mathjax=False)
            await self._kaleido.open()

        try:
            self._wait(start(), _START)
        except Exception as error:
            self._kill()
            self.close()
            late = isinstance(error, FutureTimeoutError)
            reason = f"no answer in {_START:.0f} seconds" if late else _first_line(error)
            raise ExportError(f"the browser {program} did not start ({reason}): {_HOW_TO_GET}") from error

    def draw(self, figure: go.Figure, path: Path, options: dict[str, Any], timeout: float) -> bytes:
        try:
            content = self._wait(self._kaleido.calc_fig(figure, options), timeout)
        except FutureTimeoutError:
            raise ExportError(
                f"{path.name} was not drawn in {timeout:g} seconds: raise timeout, or draw fewer points"
            ) from None
        except Exception as error:
            raise ExportError(f"{path.name} could not be drawn: {_first_line(error)}") from error
        return bytes(content)

    def photograph(self, page: str, path: Path, width: int, scale: float, timeout: float) -> bytes:
        """Give a page as PNG, cut to its table."""
        try:
            return self._wait(self._photograph(page, width, scale), timeout)
        except FutureTimeoutError:
            raise ExportError(
                f"{path.name} was not drawn in {timeout:g} seconds: raise timeout, or set fewer rows"
            ) from None
        except Exception as error:
            raise ExportError(f"{path.name} could not be drawn: {_first_line(error)}") from error

    async def _photograph(self, page: str, width: int, scale: float) -> bytes:
        tab = await self._kaleido.create_tab("about:blank")

        async def ask(command: str, **params: Any) -> Any:
            answer = await tab.send_command(command, params=params)
            if "error" in answer:
                raise ExportError(str(answer["error"].get("message", answer["error"])))
            return answer["result"]

        try:
            size = {"width": width, "height": 600, "deviceScaleFactor": scale, "mobile": False}
            await ask("Emulation.setDeviceMetricsOverride", **size)
            tree = await ask("Page.getFrameTree")
            await ask("Page.setDocumentContent", frameId=tree["frameTree"]["frame"]["id"], html=page)
            measure = (
                # a table wider than the page would be cut where it scrolls
                "for (const e of document.querySelectorAll('main, main > div')) "
                "e.style.cssText += ';overflow:visible;max-width:none'; "
                "document.fonts.ready.then(() => { const r = document.querySelector('table').getBoundingClientRect(); "
                "return [r.left, r.top, r.width, r.height] })"
            )
            found = await ask("Runtime.evaluate", expression=measure, awaitPromise=True, returnByValue=True)
            left, top, wide, high = found["result"]["value"]
            edge = _TABLE_EDGE
            clip = {
                "x": max(left - edge, 0),
                "y": max(top - edge, 0),
                "width": wide + 2 * edge,
                "height": high + 2 * edge,
                "scale": 1,
            }
            shot = await ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
            return base64.b64decode(shot["data"])
        finally:
            await self._kaleido.close_tab(tab.target_id)

    def close(self) -> None:
        """Close the browser and end the thread; nothing is left running."""

        async def settle() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            if tasks:
                _, late = await asyncio.wait(tasks, timeout=5)
                for task in late:
                    task.cancel()

        with suppress(Exception):
            if self._kaleido is not None:
                self._wait(self._kaleido.close(), 15)
        self._kill()
        with suppress(Exception):
            self._wait(settle(), 10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        async def held() -> tuple[T, None] | tuple[None, Exception]:
            try:
                return await work, None
            except Exception as error:  # noqa: BLE001  (raised again in the caller's thread)
                return None, error

        future = asyncio.run_coroutine_threadsafe(held(), self._loop)
        try:
            result, error = future.result(timeout)
        except FutureTimeoutError:
            future.cancel()
            raise
        if error is not None:
            raise error
        return result  # type: ignore[return-value]

    def _kill(self) -> None:
        """End a browser that no longer answers, with the processes it started."""
        process = getattr(self._kaleido, "subprocess", None)
        if process is None or process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                # Kaleido starts it as the leader of a group
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if error.args else ""
    return (text.strip().splitlines() or [type(error).__name__])[0]
