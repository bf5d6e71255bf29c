"""The errors a user of the package can meet: one root, and each says what, where and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "AdjustmentError",
    "AdjustmentWarning",
    "AnswerError",
    "DatabaseError",
    "DatasetError",
    "ExportError",
    "FetchError",
    "ForecastWarning",
    "FrameError",
    "GbaError",
    "IndexWarning",
    "MissingRateError",
    "PeriodError",
    "PolicyWarning",
    "SeriesTooShortError",
    "TaskError",
    "UnknownNameError",
    "UsageError",
    "ValidationError",
    "WorkerWarning",
]


class GbaError(Exception):
    """Root of every error that this package raises on purpose.

    `exit_code` is what the command line returns for it: 1 the job failed, 2 wrong usage.
    """

    exit_code = 1


class UsageError(GbaError, ValueError):
    """An argument that cannot be what was meant."""

    exit_code = 2


class UnknownNameError(UsageError, LookupError):
    """A name that the catalogue does not know; the message lists the nearest ones.

    Parameters
    ----------
    kind
        What was looked for: ``"indicator"``, ``"area"``, ``"unit"``, ...
    name
        The name as given.
    known
        Every name that would have been right.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str], hint: str = "") -> None:
        from difflib import get_close_matches

        self.kind, self.name = kind, name
        names = sorted({str(k) for k in known})
        by_folded = {k.casefold(): k for k in names}
        near = get_close_matches(str(name).casefold(), by_folded, n=5, cutoff=0.55)
        self.close_matches = [by_folded[n] for n in near]
        if self.close_matches:
            mend = "did you mean " + " or ".join(repr(n) for n in self.close_matches) + "?"
        elif len(names) <= 20:
            mend = "must be one of: " + ", ".join(names)
        else:
            mend = f"{len(names)} are known, none is near"
        ending = f"{'' if mend.endswith('?') else '.'} {hint}" if hint else ""
        super().__init__(f"unknown {kind} {name!r}: {mend}{ending}")

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[object, ...]:
        # raised in a worker process it must arrive whole
        return _restored, (type(self), self.args, self.__dict__)


class PeriodError(UsageError):
    """A period that is not SDMX time period text, or dates where there is no such period."""


class FrameError(UsageError):
    """A frame that is not a series frame: a column is missing, of a wrong type, or keys repeat."""


class SeriesTooShortError(UsageError):
    """A series with too few observations for what was asked of it."""


class MissingRateError(UsageError):
    """A conversion rate or price index that is not among the figures for a period that needs it."""


class DatasetError(UsageError):
    """A dataset file that cannot be read as one: encoding, header, line ends, or cut short."""


class ValidationError(UsageError):
    """Rows that break the rules of their table.

    Attributes
    ----------
    failures
        Frame of the rejected cells: ``file, row, column, value, rule``.
    """

    def __init__(self, message: str, failures: pl.DataFrame) -> None:
        super().__init__(message)
        self.failures = failures

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (type(self), self.args, self.__dict__)


class DatabaseError(GbaError):
    """A database that cannot be built, opened or read."""


class FetchError(GbaError):
    """A service that could not be reached, or did not send a whole answer."""


class AnswerError(GbaError):
    """An answer of a service that is not what the service documents: an error page, another format, a missing column."""


class ExportError(GbaError):
    """A picture or file that could not be written."""


class AdjustmentError(GbaError):
    """A seasonal adjustment that the program could not make, or several of them.

    Attributes
    ----------
    failures
        The reason for each series that failed, by its name; empty when the program itself is missing.
    partial
        The adjustments of the other series, a `SeasonalAdjustment`; None when there are none.
    """

    def __init__(
        self, message: str, failures: Mapping[str, GbaError] | None = None, partial: Any = None
    ) -> None:
        super().__init__(message)
        self.failures = dict(failures or {})
        self.partial = partial

    def __reduce__(self) -> tuple[object, ...]:
        # raised in a worker process it must arrive whole
        return type(self), (str(self), self.failures, self.partial)


class TaskError(GbaError):
    """One of many tasks that has no result: it failed in a way nobody foresaw, or every worker that tried it died."""


def _restored(kind: type[GbaError], arguments: tuple[object, ...], state: dict[str, Any]) -> GbaError:
    """Make an error anew in another process, without its constructor."""
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error


class AdjustmentWarning(UserWarning):
    """An adjusted series that should not be published before someone has looked at it."""


class ForecastWarning(UserWarning):
    """Some series of a frame could not be forecast and are left out; the message names them and says why."""


class IndexWarning(UserWarning):
    """A composite index whose weights rest on too few units to say anything beyond them."""


class PolicyWarning(UserWarning):
    """A policy's effect measured against a counterfactual that is impossible."""


class WorkerWarning(UserWarning):
    """A worker process that ended in the middle of its work, which was then done again elsewhere."""
