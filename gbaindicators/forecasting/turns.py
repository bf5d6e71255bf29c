"""Turns that fits take among the threads of a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["one_fit"]

_TURN: Final = threading.Lock()


@contextmanager
def one_fit() -> Iterator[None]:
    """Let no other thread fit meanwhile: a fit sets the warnings of its process aside and takes one thread of BLAS."""
    from threadpoolctl import threadpool_limits

    # So that it makes the same digits in a process that has fewer of them.
    with _TURN, threadpool_limits(1, "blas"):
        yield
