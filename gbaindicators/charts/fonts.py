"""Whether the fonts of this machine cover the text of a figure."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

from gbaindicators.errors import ExportError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["check_fonts", "text_of"]

_EAST_ASIAN: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
#: Keys of a figure whose text is not printed.
_UNPRINTED: Final = ("meta", "template", "family")


def check_fonts(text: str, name: str) -> None:
    """Refuse a picture whose Chinese text would come out as empty boxes.

    Raises
    ------
    ExportError
        Names the package to install. Where fontconfig is not there, nothing is known and nothing refused.
    """
    lister = shutil.which("fc-list")
    if lister is None or not _EAST_ASIAN.search(text):
        return
    fonts = subprocess.run(  # noqa: S603  (no user input in it)
        [lister, ":lang=zh", "family"], capture_output=True, text=True, timeout=30, check=False
    )
    if fonts.returncode == 0 and not fonts.stdout.strip():
        raise ExportError(
            f"{name} has Chinese text and no installed font covers it: install one (apt install fonts-noto-cjk)"
        )


def text_of(figure: go.Figure) -> str:
    """All text of a figure, without its font names and metadata."""

    def walk(node: Any) -> list[str]:
        if isinstance(node, dict):
            return [t for key, child in node.items() if key not in _UNPRINTED for t in walk(child)]
        if isinstance(node, list):
            return [t for child in node for t in walk(child)]
        return [node] if isinstance(node, str) else []

    return "\n".join(walk(json.loads(figure.to_json())))
