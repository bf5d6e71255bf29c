"""Names of a package that are imported when first used, so that to import the package costs next to nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["deferred"]


def deferred(package: str, places: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package (PEP 562).

    Parameters
    ----------
    package
        Its full name.
    places
        Modules of the package, and the names that each of them gives it.

    Examples
    --------
    >>> find = deferred("gbaindicators.catalog", {"periods": ("step",)})
    >>> find("step")("Q")
    '3mo'
    >>> find("stop")
    Traceback (most recent call last):
    AttributeError: module 'gbaindicators.catalog' has no attribute 'stop'
    """
    homes = {name: f"{package}.{place}" for place, names in places.items() for name in names}

    def find(name: str) -> Any:
        if name not in homes:
            # with the name and the module, Python proposes the nearest name there is
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package]
            )
        found = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return find
