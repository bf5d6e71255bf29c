"""A headless Chrome or Chromium that draws one picture after another."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import shutil
import signal
import threading
from collections.abc import Coroutine
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gbaindicators.errors import ExportError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Browser", "find_browser"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_HOW_TO_GET: Final = (
    "install one (apt install chromium, or run plotly_get_chrome), or name it in the environment variable "
    "BROWSER_PATH; .html and .json need none"
)
#: Seconds that a browser may take to start, apart from the time of each picture.
_START: Final = 60.0
#: Room around a table on its picture, in pixels.
_TABLE_EDGE: Final = 16
#: Draws in the page that already holds plotly.js. Loading that again for each picture would take most of the time.
_DRAW: Final = """
async function(json, format, width, height, scale) {
  const figure = JSON.parse(json);
  const options = {format: format === "pdf" ? "svg" : format, width, height, scale, imageDataOnly: true};
  const drawn = await Plotly.toImage({...figure, config: {typesetMath: false}}, options);
  if (format !== "pdf") return drawn;
  document.body.innerHTML = `<style>@page { size: ${width * scale}px ${height * scale}px; margin: 0 }
    body { margin: 0 } body > svg { display: block; width: ${width * scale}px; height: ${height * scale}px }</style>` + drawn;
  return "";
}
"""
#: Where the table stands on its page; one wider than the page would be cut where it scrolls.
_MEASURE: Final = """
for (const e of document.querySelectorAll('main, main > div')) e.style.cssText += ';overflow:visible;max-width:none';
document.fonts.ready.then(() => {
  const r = document.querySelector('table').getBoundingClientRect();
  return [r.left, r.top, r.width, r.height];
})
"""
T = TypeVar("T")


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
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    from choreographer.browsers.chromium import Chromium

    # also knows the folders of macOS and Windows
    if found := Chromium.find_browser(skip_local=False):
        return Path(found)
    raise ExportError(f"PNG, SVG and PDF need Chrome or Chromium and none is found: {_HOW_TO_GET}")


class Browser:
    """A browser that draws one picture after another, in a loop of its own thread.

    Kaleido's own server waits forever when the browser fails to start, knows one time-out only, and loads plotly.js
    anew for each picture. A browser that let the time run out is `hung`: its page may never answer again.
    """

    def __init__(self, program: Path) -> None:
        from kaleido import Kaleido

        # what it cannot read and leaves out is news of the page; an answer that never comes runs into a time-out
        logging.getLogger("choreographer.channels.pipe").setLevel(logging.CRITICAL)
        self.hung = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gba-export", daemon=True)
        self._thread.start()
        self._kaleido: Any = None

        async def start() -> None:
            # MathJax would be fetched from the network; the sandbox, which Kaleido leaves off, fails as root
            self._kaleido = Kaleido(n=1, path=program, timeout=None, mathjax=False)
            await self._kaleido.open()
            self._page = self._kaleido.get_tab()
            answer = await self._page.send_command("Runtime.evaluate", params={"expression": "globalThis"})
            self._window = answer["result"]["result"]["objectId"]

        try:
            self._wait(start(), _START)
        except Exception as error:
            self._kill()
            self.close()
            late = isinstance(error, FutureTimeoutError)
            reason = f"no answer in {_START:.0f} seconds" if late else _first_line(error)
            raise ExportError(f"the browser {program} did not start ({reason}): {_HOW_TO_GET}") from error

    @property
    def pid(self) -> int:
        """Process of the browser."""
        return int(self._kaleido.subprocess.pid)

    def draw(self, figure: go.Figure, name: str, kind: str, scale: float, timeout: float) -> bytes:
        """Draw a figure as ``png``, ``svg`` or ``pdf``; `name` is what an error calls it."""
        return self._answer(self._draw(figure, kind, scale), name, timeout, "draw fewer points")

    def photograph(self, page: str, name: str, width: int, scale: float, timeout: float) -> bytes:
        """Give a page as PNG, cut to its table."""
        return self._answer(self._photograph(page, width, scale), name, timeout, "set fewer rows")

    def _answer(self, work: Coroutine[Any, Any, bytes], name: str, timeout: float, mend: str) -> bytes:
        try:
            return self._wait(work, timeout)
        except FutureTimeoutError:
            self.hung = True
            raise ExportError(
                f"{name} was not drawn in {timeout:g} seconds: raise timeout, or {mend}"
            ) from None
        except Exception as error:
            raise ExportError(f"{name} could not be drawn: {_first_line(error)}") from error

    async def _draw(self, figure: go.Figure, kind: str, scale: float) -> bytes:
        layout = figure.layout
        # a little more, or a size such as 1919.99 loses a pixel
        scale *= 1 + 1e-9
        given = (figure.to_json(), kind, layout.width or 700, layout.height or 500, scale)
        answer = await _ask(
            self._page, "Runtime.callFunctionOn", functionDeclaration=_DRAW, objectId=self._window,
            arguments=[{"value": value} for value in given], awaitPromise=True, returnByValue=True,
        )  # fmt: skip
        if fault := answer.get("exceptionDetails"):
            raise ExportError(str(fault.get("exception", {}).get("description", fault["text"])))
        if kind == "svg":
            return str(answer["result"]["value"]).encode()
        if kind == "png":
            return base64.b64decode(answer["result"]["value"])
        printed = await _ask(
            self._page, "Page.printToPDF", printBackground=True, preferCSSPageSize=True, pageRanges="1"
        )
        return base64.b64decode(printed["data"])

    async def _photograph(self, page: str, width: int, scale: float) -> bytes:
        tab = await self._kaleido.create_tab("about:blank")
        try:
            size = {"width": width, "height": 600, "deviceScaleFactor": scale, "mobile": False}
            await _ask(tab, "Emulation.setDeviceMetricsOverride", **size)
            tree = await _ask(tab, "Page.getFrameTree")
            await _ask(tab, "Page.setDocumentContent", frameId=tree["frameTree"]["frame"]["id"], html=page)
            found = await _ask(
                tab, "Runtime.evaluate", expression=_MEASURE, awaitPromise=True, returnByValue=True
            )
            left, top, wide, high = found["result"]["value"]
            clip = {
                "x": max(left - _TABLE_EDGE, 0), "y": max(top - _TABLE_EDGE, 0), "width": wide + 2 * _TABLE_EDGE,
                "height": high + 2 * _TABLE_EDGE, "scale": 1,
            }  # fmt: skip
            shot = await _ask(
                tab, "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
            )
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

        if self.hung:
            self._kill()
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


async def _ask(tab: Any, command: str, **params: Any) -> Any:
    """Send a command of the DevTools protocol and return its result."""
    answer = await tab.send_command(command, params=params)
    if "error" in answer:
        raise ExportError(str(answer["error"].get("message", answer["error"])))
    return answer["result"]


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if error.args else ""
    return (text.strip().splitlines() or [type(error).__name__])[0]
