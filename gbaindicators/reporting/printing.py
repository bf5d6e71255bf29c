"""The page on paper: printed to PDF by a headless Chrome or Chromium."""

from __future__ import annotations

import asyncio
import base64
import html
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from gbaindicators.charts.browser import find_browser
from gbaindicators.errors import ExportError
from gbaindicators.reporting.page import PAPER_WIDTH
from gbaindicators.reporting.words import Words

__all__ = ["print_page"]

#: Seconds that the browser may take for each step.
_PATIENCE: Final = 120.0
_MARGINS: Final = {"marginTop": 0.7, "marginBottom": 0.75, "marginLeft": 0.55, "marginRight": 0.55}
_A4: Final = {"paperWidth": 8.27, "paperHeight": 11.69}
_LINE: Final = (
    "width:100%;margin:0 14mm;font:7.5px {fonts};color:#555;display:flex;justify-content:space-between"
)
_FONTS: Final = {
    "en": "'Liberation Sans',Arial,sans-serif",
    "zh-Hans": "'Noto Sans CJK SC','PingFang SC',sans-serif",
    "zh-Hant": "'Noto Sans CJK HK','PingFang HK',sans-serif",
}


def print_page(page: str, words: Words, note: str) -> bytes:
    """Print a page on A4, with a running title above and a note and page numbers below.

    Raises
    ------
    ExportError
        When no browser is found, or it does not answer.
    """
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="gba-report-") as folder:
        file = Path(folder) / "index.html"
        file.write_text(page, encoding="utf-8")
        try:
            content = asyncio.run(_printed(program, file, words, note))
        except TimeoutError:
            raise ExportError(
                f"the report was not printed: {program} gave no answer in {_PATIENCE:.0f} seconds"
            ) from None
    return _settled(content)


async def _printed(program: Path, file: Path, words: Words, note: str) -> bytes:
    from choreographer import Browser

    async with Browser(path=program) as chrome:
        tab = await chrome.create_tab()

        async def ask(command: str, **parameters: Any) -> dict[str, Any]:
            answer = await asyncio.wait_for(tab.send_command(command, parameters), _PATIENCE)
            if "error" in answer:
                raise ExportError(f"the report was not printed: {answer['error'].get('message')}")
            return dict(answer["result"])

        await ask("Page.enable")
        await ask(
            "Emulation.setDeviceMetricsOverride", width=PAPER_WIDTH + 40, height=1000, deviceScaleFactor=1, mobile=False
        )  # fmt: skip
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        await ask("Emulation.setEmulatedMedia", features=light)
        loaded = tab.subscribe_once("Page.loadEventFired")
        await ask("Page.navigate", url=file.as_uri())
        await asyncio.wait_for(loaded, _PATIENCE)
        # fonts of the charts' labels too
        await ask("Runtime.evaluate", expression="document.fonts.ready.then(() => true)", awaitPromise=True)
        above, below = _lines(words, note)
        printed = await ask(
            "Page.printToPDF", **_A4, **_MARGINS, printBackground=True, displayHeaderFooter=True, headerTemplate=above,
            footerTemplate=below, generateTaggedPDF=True, generateDocumentOutline=True,
        )  # fmt: skip
        return base64.b64decode(printed["data"])


def _lines(words: Words, note: str) -> tuple[str, str]:
    """Running title, and note with page numbers, as the browser's templates want them."""
    style = _LINE.format(fonts=_FONTS[words.lang])
    page, pages = '<span class="pageNumber"></span>', '<span class="totalPages"></span>'
    title = html.escape(words("page.running_title"))
    number = words("page.page_of", page=page, pages=pages)
    return (
        f'<div style="{style}"><span>{title}</span></div>',
        f'<div style="{style}"><span>{html.escape(note)}</span><span>{number}</span></div>',
    )


def _settled(content: bytes) -> bytes:
    """Take the time of printing out of a PDF, so that the same page gives the same bytes."""
    return re.sub(rb"\(D:\d{14}[^)]{7}\)", b"(D:20000101000000+00'00')", content)
