"""Series of SDMX data flows: how they are asked for by their keys, and what their observations mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

import polars as pl

from gbaindicators.catalog import Feed, parse_period
from gbaindicators.errors import PeriodError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.json_answers import figures, refusal

__all__ = ["by_flow", "observation_rows", "series_codes"]

# OBS_STATUS of the SDMX code list CL_OBS_STATUS that have a nearest one among those of an observation: imputed is
# estimated; unvalidated is provisional; of low significance is unreliable; the several kinds of missing are missing.
_STATUSES: Final = {
    "": "A", "A": "A", "P": "P", "E": "E", "B": "B", "U": "U", "M": "M", "F": "F",
    "I": "E", "V": "P", "N": "U", "L": "M", "O": "M", "Q": "M", "H": "M", "K": "M",
}  # fmt: skip
_EXPONENT: Final = r"-?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}"


def series_codes(feed: Feed) -> dict[str, str]:
    """Codes of a series by dimension, in the order of its key: ``key = "{area}.{indicator}.A"`` of its `dimensions`.

    >>> series_codes(Feed("imf", "cpi", "macao", "A", "index", {
    ...     "dimensions": ("COUNTRY", "INDICATOR"), "key": "{area}.{indicator}", "area": "MAC", "indicator": "PCPI"}))
    {'COUNTRY': 'MAC', 'INDICATOR': 'PCPI'}
    """
    parts = str(feed.code["key"]).format_map(feed.code).split(".")
    return dict(zip(feed.code["dimensions"], parts, strict=True))


def by_flow(feeds: Sequence[Feed]) -> Iterator[tuple[str, tuple[Feed, ...], dict[str, str]]]:
    """Put the series of a flow together: its path with the key that picks them all, the series, and their start.

    >>> code = {"flow": "IMF.RES,WEO", "dimensions": ("COUNTRY", "INDICATOR"), "key": "{area}.PCPI"}
    >>> [(path, start) for path, _, start in by_flow([
    ...     Feed("imf", "cpi", "macao", "A", "index", {**code, "area": "MAC"}, start="2001"),
    ...     Feed("imf", "cpi", "japan", "A", "index", {**code, "area": "JPN"}, start="1980")])]
    [('IMF.RES,WEO/MAC+JPN.PCPI', {'startPeriod': '1980'})]
    """

    def flow(feed: Feed) -> str:
        return str(feed.code["flow"])

    for name, group in groupby(sorted(feeds, key=flow), key=flow):
        series = tuple(group)
        codes = [series_codes(one) for one in series]
        key = ".".join("+".join(dict.fromkeys(one[of] for one in codes)) for of in codes[0])
        starts = [one.start for one in series]
        yield f"{name}/{key}", series, {"startPeriod": min(starts)} if all(starts) else {}


def observation_rows(
    read: pl.DataFrame, request: Request, present: Sequence[str]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Make rows of a page of observations, and the notes on what was left out.

    A forecast (OBS_STATUS F) is no observation and is left out.

    Parameters
    ----------
    read
        Columns ``feed, period, value, status, locator`` and any other of a page, as the message has them: `status` is
        its OBS_STATUS, `value` may be NaN or have an exponent.
    request
        What was asked.
    present
        Ids of the feeds that the message holds, with or without observations.

    Raises
    ------
    AnswerError
        When a status is unknown, a value is no number, a period is of another frequency, two figures of a period
        differ, or a series that was asked for is not there.
    """
    if unknown := set(read["status"].unique()) - _STATUSES.keys():
        what = f"OBS_STATUS {', '.join(map(repr, sorted(unknown)))}"
        raise refusal(request, what, "learn what it means before the figures are taken")
    if absent := sorted({one.id for one in request.feeds} - set(present)):
        mend = "its code may have changed or been withdrawn; look it up at the service"
        raise refusal(request, f"no series for {', '.join(absent)}", mend)
    code = pl.col("status").replace(_STATUSES)
    value = pl.col("value").str.strip_chars()
    no_figure = value.str.to_lowercase().is_in(["", "nan"])
    rows = read.with_columns(
        pl.col("period").str.replace("-M", "-", literal=True),
        pl.when(no_figure).then(pl.lit("")).otherwise(value).alias("value"),
        pl.when(no_figure).then(pl.lit("M")).otherwise(code).alias("status"),
    )
    forecasts = (rows["status"] == "F").sum()
    rows = rows.filter(pl.col("status") != "F")
    odd = rows.filter(pl.col("value").str.contains("[eE]"))["value"].unique()
    if odd.len():
        rows = rows.with_columns(pl.col("value").replace({text: _expanded(text) for text in odd}))
    _check_frequency(rows, request)
    notes = (f"{forecasts:,} forecasts left out",) if forecasts else ()
    return figures(rows, request, expected=()), notes


def _expanded(text: str) -> str:
    """Digits of a number with an exponent; anything else as it is."""
    return format(Decimal(text), "f") if re.fullmatch(_EXPONENT, text) else text


def _check_frequency(rows: pl.DataFrame, request: Request) -> None:
    due = pl.DataFrame(
        [(one.id, one.frequency) for one in request.feeds], schema=["feed", "due"], orient="row"
    )
    seen = (
        rows.lazy()
        .select("feed", "period")
        .join(due.lazy(), on="feed")
        .group_by("due", "period")
        .first()
        .collect()
    )
    for frequency, period, feed in seen.iter_rows():
        try:
            found = parse_period(period)[0]
        except PeriodError:
            found = "none"
        if found != frequency:
            what = f"the period {period[:40]!r} in {feed}, which has frequency {frequency}"
            raise refusal(request, what, "the flow has changed; mend the feed")
