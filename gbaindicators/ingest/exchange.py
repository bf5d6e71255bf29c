"""What passes between the steps of a refresh: a request, and the page of observations in its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed

__all__ = ["PAGE", "Page", "Request", "page_rows"]

_MEGABYTE: Final = 1 << 20

#: Columns of the rows of a page, all text: the feed they belong to, then as in an observation.
#: ``value`` in plain digits, as published but for thousands separators; empty with status M where the service says that
#: there is no figure. ``unit`` and ``scale`` are those of the feed unless the answer states others. ``vintage`` is
#: empty where the answer does not date its figures: they are of the day they were accepted.
PAGE: Final[dict[str, type[pl.DataType]]] = {
    "feed": pl.String,
    "period": pl.String,
    "value": pl.String,
    "unit": pl.String,
    "scale": pl.String,
    "status": pl.String,
    "vintage": pl.String,
    "locator": pl.String,
    "note": pl.String,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask a service.

    Attributes
    ----------
    url
        Address without key.
    feeds
        The series that the answer should hold.
    query, form, json, headers
        Parameters of the address; fields of a form or a document to post (then it is a POST); headers.
    key
        Name of the query parameter (or ``header:NAME``) in which the user's key travels; empty for none. The key
        itself is put in when the request is sent.
    largest
        Bytes that the answer may have, unpacked.
    seconds
        Time that the whole answer may take.
    before
        A request that must be sent first, for its cookies.
    about
        Whatever `parse` needs to know besides.
    """

    url: str
    feeds: tuple[Feed, ...] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    largest: int = 64 * _MEGABYTE
    seconds: float = 120.0
    before: str = ""
    about: Any = None


@dataclass(frozen=True, slots=True)
class Page:
    """Observations of one answer.

    Attributes
    ----------
    rows
        Frame with the columns of `PAGE`.
    following
        Request for the next page, None after the last.
    notes
        What the log should say, such as a column that is new.
    objections
        What a person must look at before anything of the answer is accepted, such as a name that no feed knows.
    """

    rows: pl.DataFrame
    following: Request | None = None
    notes: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()


def page_rows(rows: Iterable[Mapping[str, str]] | pl.DataFrame, feeds: Iterable[Feed]) -> pl.DataFrame:
    """Make a frame with all columns of `PAGE` of rows that may leave out what is as in their feed.

    `feed`, `period`, `value` and `locator` must be there; `unit` and `scale` come from the feed, `status` is A, and the
    rest empty.
    """
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(list(rows), infer_schema_length=None)
    if not frame.height:
        return pl.DataFrame(schema=PAGE)
    by_feed = {one.id: one for one in feeds}
    own = {
        "unit": pl.col("feed").replace_strict({k: f.unit for k, f in by_feed.items()}, default=None, return_dtype=pl.String),
        "scale": pl.col("feed").replace_strict({k: str(f.scale) for k, f in by_feed.items()}, default=None, return_dtype=pl.String),
        "status": pl.lit("A"),
        "vintage": pl.lit(""),
        "note": pl.lit(""),
    }  # fmt: skip
    filled = [
        (pl.coalesce(name, expression) if name in frame.columns else expression).alias(name)
        for name, expression in own.items()
    ]
    return frame.with_columns(filled).select(*PAGE).cast(pl.Schema(PAGE))
