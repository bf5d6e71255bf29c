"""One report for all tests of this folder, and a browser to look at it with."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.charts.exporting import find_browser
from gbaindicators.errors import ExportError
from gbaindicators.reporting import ReportSummary, report


@pytest.fixture(scope="session")
def summary(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> ReportSummary:
    """Report of the shipped figures without pictures; tests only read it."""
    return report(tmp_path_factory.mktemp("report"), images=False)


@dataclass
class Look:
    """What a browser saw of a page."""

    answers: list[Any] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    pdf: bytes = b""


@pytest.fixture(scope="session")
def look() -> Callable[..., Look]:
    """Open a page as a phone or a desk would, and evaluate JavaScript expressions in it."""
    try:
        program = find_browser()
    except ExportError as error:
        # Without a browser there is no page to look at; the error says how to install one, as .ci/run does.
        pytest.skip(str(error))

    def look(
        page: Path, *questions: str, width: int = 1200, scheme: str = "light", pdf: bool = False
    ) -> Look:
        return asyncio.run(_look(program, page, questions, width, scheme, pdf))

    return look


async def _look(
    program: Path, page: Path, questions: tuple[str, ...], width: int, scheme: str, pdf: bool
) -> Look:
    from choreographer import Browser

    seen = Look()

    async def said(message: dict[str, Any]) -> None:
        what = message["params"]
        match message["method"]:
            case "Network.requestWillBeSent":
                seen.requests.append(what["request"]["url"])
            case "Runtime.exceptionThrown":
                seen.console.append(str(what["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if what["type"] in ("error", "warning", "assert"):
                seen.console.append(str(what["args"]))
            case "Log.entryAdded" if what["entry"]["level"] in ("error", "warning"):
                seen.console.append(what["entry"]["text"])

    async with Browser(path=program) as chrome:
        tab = await chrome.create_tab()

        async def send(command: str, **parameters: Any) -> dict[str, Any]:
            answer = await asyncio.wait_for(tab.send_command(command, parameters), 60)
            assert "error" not in answer, answer
            return dict(answer["result"])

        for domain in ("Network", "Runtime", "Log"):
            tab.subscribe(f"{domain}.*", said)
            await send(f"{domain}.enable")
        await send("Page.enable")
        await send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        await send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        loaded = tab.subscribe_once("Page.loadEventFired")
        await send("Page.navigate", url=page.as_uri())
        await asyncio.wait_for(loaded, 60)
        for question in questions:
            result = await send(
                "Runtime.evaluate", expression=question, returnByValue=True, awaitPromise=True
            )
            assert "exceptionDetails" not in result, result
            seen.answers.append(result["result"].get("value"))
        if pdf:
            printed = await send("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
            seen.pdf = base64.b64decode(printed["data"])
    return seen
