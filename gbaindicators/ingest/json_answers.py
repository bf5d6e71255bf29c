"""Answers in JSON, read whole or refused: numbers as they are printed, records as columns of text, figures checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, Final

import polars as pl

from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Request, page_rows

__all__ = [
    "as_list",
    "documented",
    "figures",
    "new_columns",
    "read_json",
    "read_records",
    "refusal",
    "text_columns",
]

_NUMBER: Final = r"^-?(?:\d+\.?\d*|\.\d+)$"
_SAID: Final = re.compile(
    r"""<title>\s*(?P<title>[^<]{1,200})|\bmessage="(?P<message>[^"]{1,200})""", re.IGNORECASE
)
_KEY: Final = ["feed", "period", "vintage"]


def refusal(request: Request, what: str, mend: str) -> AnswerError:
    """Make the error for an answer that cannot be taken: who sent what, for which series, and what to do."""
    ids = [one.id for one in request.feeds]
    series = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return AnswerError(f"{request.feeds[0].service}: {what} (asked for {series}); {mend}")


def read_json(body: bytes, request: Request) -> Any:
    """Read a JSON answer; its numbers stay the text that was printed.

    Raises
    ------
    AnswerError
        When the body is empty, a page or document of another kind, or cut.

    Examples
    --------
    >>> from gbaindicators.catalog import Feed
    >>> feed = Feed("fred", "gdp", "united_states", "A", "USD", {})
    >>> read_json(b'{"value": 19.10}', Request("https://example.org", (feed,)))
    {'value': '19.10'}
    """
    if not body.strip():
        raise refusal(request, "an empty answer", "ask again later")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    if text.lstrip().startswith("<"):
        said = _SAID.search(text[:5_000])
        words = f" that says {(said['title'] or said['message']).strip()!r}" if said else ""
        raise refusal(request, f"a page of HTML or XML instead of JSON{words}", "ask again later")
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise refusal(
            request,
            f"an answer of {len(body):,} bytes that is not JSON from character {error.pos:,} on: {error.msg}",
            "it was cut on the way or is of another format; ask again",
        ) from None


def read_records(body: bytes, columns: Sequence[str]) -> pl.DataFrame | None:
    """Text columns of an answer that is an array of objects, read by Polars in half the time of the standard library.

    For words and whole numbers: a decimal that is not in quotation marks among others that are loses its last zeros.

    Returns
    -------
    polars.DataFrame or None
        None unless every object has every column as text: then `read_json` finds out what is the matter.

    Examples
    --------
    >>> read_records(b'[{"month": "202306", "n": "12"}]', ["month", "n"]).rows()
    [('202306', '12')]
    >>> read_records(b'[{"month": "202306"}, {"n": "12"}]', ["month", "n"]) is None
    True
    """
    try:
        frame = pl.read_json(body)
    except (pl.exceptions.PolarsError, OSError):
        return None
    if any(frame.schema.get(name) != pl.String or frame[name].null_count() for name in columns):
        return None
    return frame.select(columns)


@contextmanager
def documented(request: Request) -> Iterator[None]:
    """Refuse an answer in which something is not where, or not what, the service documents.

    >>> from gbaindicators.catalog import Feed
    >>> request = Request("https://example.org", (Feed("estat", "population", "tokyo", "A", "persons", {}),))
    >>> with documented(request):
    ...     {"RESULT": None}["RESULT"]["STATUS"]
    Traceback (most recent call last):
    gbaindicators.errors.AnswerError: estat: an answer of another shape than documented: 'NoneType' object is not ...
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        said = str(error)[:100]
        raise refusal(
            request,
            f"an answer of another shape than documented: {said}",
            "the format has changed; the connector must be mended",
        ) from error


def as_list(found: Any) -> list[Any]:
    """Make a list of what is one where there are several and a bare object where there is one."""
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def text_columns(
    records: Any, columns: Iterable[str], request: Request, optional: Iterable[str] = ()
) -> pl.DataFrame:
    """Make text columns of a list of JSON objects.

    Every object must have the `columns`; the `optional` ones are null where an object has none.

    Raises
    ------
    AnswerError
        When that is not a list of objects, a column is missing, or a value is neither text nor number.
    """
    columns, optional = list(columns), list(optional)
    try:
        values = {name: _values(records, name) for name in (*columns, *optional)}
        frame = pl.DataFrame(values, schema=dict.fromkeys(values, pl.String), strict=True)
    except (AttributeError, TypeError, pl.exceptions.PolarsError):
        raise refusal(
            request,
            "records that are not objects of texts and numbers",
            "the format has changed; the connector must be mended",
        ) from None
    holes = {name: frame[name].null_count() for name in columns}
    if missing := [f"{name!r} in {n:,} of {frame.height:,} records" for name, n in holes.items() if n]:
        raise refusal(
            request,
            f"no {' and no '.join(missing)}",
            "a column was dropped or renamed; the connector must be mended",
        )
    return frame


def _values(records: Any, name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), records))
    except KeyError:
        return [one.get(name) for one in records]


def new_columns(records: Sequence[Any], known: Iterable[str]) -> tuple[str, ...]:
    """Note the columns of the first record that are not known.

    >>> new_columns([{"date": "2023-01-01", "portcalls_cruise": "3"}], ["date"])
    ('new column portcalls_cruise',)
    """
    first = records[0] if records and isinstance(records[0], dict) else {}
    return tuple(f"new column {name}" for name in sorted(set(first) - set(known)))


def figures(rows: pl.DataFrame, request: Request, expected: Sequence[str] | None = None) -> pl.DataFrame:
    """Check the figures of an answer and make rows of a page of them.

    Figures that repeat and agree are kept once.

    Parameters
    ----------
    rows
        Columns ``feed, period, value, locator`` and any other of a page.
    expected
        Ids of the feeds that must be among the rows; all that were asked for unless given.

    Raises
    ------
    AnswerError
        When a value is no plain number, two figures of one period differ, or a series has no figure at all.
    """
    page = page_rows(rows, request.feeds)
    wrong = page.filter(
        ~pl.col("value").str.contains(_NUMBER) & ~((pl.col("value") == "") & (pl.col("status") == "M"))
    )
    if wrong.height:
        first = wrong.row(0, named=True)
        raise refusal(
            request,
            f"{wrong.height:,} values that are no numbers, the first {first['value'][:40]!r} at {first['locator']}",
            "learn what the mark means before the figures are taken",
        )
    if page.select(_KEY).n_unique() < page.height:
        page = page.unique([*_KEY, "value", "status"], keep="first", maintain_order=True)
        twice = page.filter(page.select(_KEY).is_duplicated()).sort(_KEY).head(2)
        if twice.height:
            of, values = twice.row(0, named=True), " and ".join(map(repr, twice["value"]))
            raise refusal(
                request,
                f"two figures of {of['feed']} for {of['period']}: {values}",
                "the answer contradicts itself; ask again, or narrow what the series is",
            )
    wanted = [one.id for one in request.feeds] if expected is None else expected
    if absent := sorted(set(wanted) - set(page["feed"].unique())):
        raise refusal(
            request,
            f"no figure of {', '.join(absent)}",
            "its code may have changed or been withdrawn; look it up at the service",
        )
    return page
