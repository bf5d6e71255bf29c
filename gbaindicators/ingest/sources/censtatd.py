"""Census and Statistics Department, Hong Kong: the tables of its site ("web tables").

One request for each table. A series is (classifications, frequency, statistic, presentation): the same statistic comes
once as an amount, once as an index, once as a change, and only the text beside it says which. What makes these tables
treacherous is that most mistakes succeed: without a start only one frequency comes, an unknown classification code
gives the total, and failures have HTTP 200. So every row is compared with all that its feed says of it.

In a feed's code, names in capitals are classifications of the table. A single value is the class of the series; a list
is what must be asked for so that the service breaks the table down and marks the total, which is then the series.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog, parse_period
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.json_answers import as_list, figures, read_json, refusal, text_columns

__all__ = ["parse", "request"]

_ROW: Final = ("freq", "period", "sv", "svDesc", "figure", "sd_value")
# Months in a period; M3M is three months that end in the month it is named by.
_MONTHS_OF: Final = {"H": 6, "Q": 3, "M": 1, "M3M": 1}
# Marks beside a figure: provisional and revised. No recorded answer has a revised one.
_MARKS: Final = frozenset({"p", "r"})
_NO_FIGURE: Final = frozenset({"N.A.", "n.y.a.", "-"})
# The gateway turns away what does not look like a browser that came from the table's own page.
_HEADERS: Final = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Referer": "https://www.censtatd.gov.hk/en/web_table.html?id={table}",
}
#: Years before `since` that are asked for too, so that the answer holds an annual figure whatever the month.
_YEARS_BEFORE: Final = 2


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for each table once, with all statistics, presentations and classes of its feeds."""
    base = catalog().services["censtatd"].base
    of_table = sorted(feeds, key=lambda one: str(one.code["table"]))
    requests = []
    for table, group in groupby(of_table, key=lambda one: str(one.code["table"])):
        series = tuple(group)
        query = {
            "cv": _classes(series),
            "sv": _statistics(series),
            "period": {"start": _start(series, since)},
            "id": table,
            "lang": "en",
        }
        requests.append(
            Request(
                url=f"{base}/post.php",
                feeds=series,
                form={"query": json.dumps(query)},
                headers={name: value.format(table=table) for name, value in _HEADERS.items()},
                about=table,
            )
        )
    return requests


def _classes(feeds: Sequence[Feed]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for feed in feeds:
        for name, codes in _classifications(feed).items():
            asked.setdefault(name, []).extend(codes if isinstance(codes, tuple) else [codes])
    return {name: list(dict.fromkeys(codes)) for name, codes in asked.items()}


def _statistics(feeds: Sequence[Feed]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for feed in feeds:
        presentations = asked.setdefault(str(feed.code["indicator"]), [])
        if feed.code["presentation"] not in presentations:
            presentations.append(str(feed.code["presentation"]))
    return asked


def _start(feeds: Sequence[Feed], since: date | None) -> str:
    first = min(parse_period(one.start).start for one in feeds)
    if since is None or since.year - _YEARS_BEFORE <= first.year:
        return f"{first:%Y%m}"
    return f"{since.year - _YEARS_BEFORE}01"


def _classifications(feed: Feed) -> dict[str, Any]:
    return {name: codes for name, codes in feed.code.items() if name.isupper()}


def parse(body: bytes, request: Request) -> Page:
    """Read the answer for a table.

    ``p`` is provisional, ``N.A.`` and the like are figures that are missing (status M), and a footnote mark such as
    ``[-φ32]`` (less than half the unit) stays with its figure as a note. Nothing tells when a figure was revised.

    Raises
    ------
    AnswerError
        When the answer is an error or a page, has no rows, another unit or presentation, or lacks a series altogether.
    """
    names = sorted({name for one in request.feeds for name in _classifications(one)})
    table, new = _table(body, request, names)
    key = ["freq", "sv", "svDesc", *names]
    series = pl.DataFrame(
        [(*_key(one, names), one.id) for one in request.feeds],
        schema=dict.fromkeys([*key, "feed"], pl.String),
        orient="row",
    )
    rows = table.join(series, on=key, how="left", maintain_order="left")
    found = _observations(rows.filter(pl.col("feed").is_not_null()), request, names)
    lacking = {one.id for one in request.feeds}.difference(found.filter(pl.col("value") != "")["feed"])
    if lacking:
        other = rows.filter(pl.col("feed").is_null() & pl.col("sv").is_in(series["sv"].implode()))
        seen = sorted(
            f"{sv} {freq} {label!r}" for freq, sv, label in other.select(key[:3]).unique().iter_rows()
        )
        raise refusal(
            request,
            f"table {request.about} without a figure of {', '.join(sorted(lacking))}; what it has instead: "
            f"{', '.join(seen) or 'none of the statistics asked for'}",
            "its unit, base or classification has changed; look at the table's page and correct the catalogue",
        )
    return Page(
        rows=figures(found, request).sort("feed", "period"),
        notes=tuple(f"table {request.about} has the new column {name}" for name in new),
    )


def _key(feed: Feed, names: Sequence[str]) -> tuple[str, ...]:
    classes = (feed.code.get(name, ()) for name in names)
    own = (code if isinstance(code, str) else "" for code in classes)
    return (*(str(feed.code[name]) for name in ("freq", "indicator", "label")), *own)


def _table(body: bytes, request: Request, names: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Rows of a whole answer that says it succeeded, as text, and the columns that are new."""
    answer = read_json(body, request)
    header = answer.get("header") if isinstance(answer, dict) else None
    status = header.get("status") if isinstance(header, dict) else None
    if not isinstance(status, dict) or "code" not in status:
        raise refusal(request, "no status", "the format has changed; the connector must be mended")
    if str(status["code"]) != "0":
        said = status.get("message") or status.get("description") or status.get("name")
        raise refusal(
            request,
            f"table {request.about} was refused: {str(said)[:200]}",
            "a statistic was renamed, as at each rebasing, or the table withdrawn; look at its page and correct the "
            "catalogue",
        )
    rows = as_list(answer.get("dataSet"))
    if not rows:
        raise refusal(
            request,
            f"table {request.about} without a row, though it says it succeeded",
            "its statistics and classes do not fit together; look at the table's page",
        )
    needed = [*_ROW, *names]
    records = [row for row in rows if isinstance(row, dict)]
    everywhere = set(records[0]).intersection(*records) if len(records) == len(rows) else set()
    if lacking := [name for name in needed if name not in everywhere]:
        raise refusal(
            request,
            f"rows of table {request.about} without {', '.join(lacking)}",
            "the table has changed its columns; look at its page and correct the catalogue",
        )
    table = text_columns(records, (), request, needed).with_columns(
        pl.col("sd_value", "figure", *names).fill_null("")
    )
    return table, sorted(set[str]().union(*records).difference(needed, (f"{name}Desc" for name in names)))


def _observations(found: pl.DataFrame, request: Request, names: Sequence[str]) -> pl.DataFrame:
    """Rows of a page, of rows that belong to a feed."""
    named = found.select("freq", "period").unique().rows()
    periods = pl.DataFrame(
        [(freq, period, _period(freq, period or "", request)) for freq, period in named],
        schema=dict.fromkeys(("freq", "period", "sdmx"), pl.String),
        orient="row",
    )
    marks = pl.DataFrame(
        [(text, *_meaning(text, request)) for text in found["sd_value"].unique()],
        schema={"sd_value": pl.String, "status": pl.String, "note": pl.String},
        orient="row",
    )
    classes = [pl.concat_str(pl.lit(f"{name} "), pl.col(name).replace("", "total")) for name in names]
    missing = (pl.col("figure") == "") | (pl.col("status") == "M")
    return (
        found.join(periods, on=["freq", "period"], how="left", maintain_order="left")
        .join(marks, on="sd_value", how="left", maintain_order="left")
        .select(
            "feed",
            pl.col("sdmx").alias("period"),
            pl.when(missing).then(pl.lit("")).otherwise(pl.col("figure").str.replace_all(",", "", literal=True)).alias("value"),
            pl.when(missing).then(pl.lit("M")).otherwise("status").alias("status"),
            pl.concat_str(
                pl.lit(f"table {request.about}"), *classes, pl.lit("sv ") + pl.col("sv"), "svDesc", "period", separator=", "
            ).alias("locator"),
            "note",
        )
    )  # fmt: skip


def _meaning(marked: str, request: Request) -> tuple[str, str]:
    """Status and note of the marks beside a figure."""
    marks = {mark.strip() for mark in marked.split(",")} - {""}
    footnotes = sorted(mark for mark in marks if mark.startswith("["))
    if unknown := marks.difference(_MARKS, _NO_FIGURE, footnotes):
        raise refusal(
            request,
            f"the mark {', '.join(sorted(unknown))!r} in table {request.about}",
            "learn what it means first",
        )
    # A mark such as [*1] is the reason why a figure is not released.
    missing = not marks.isdisjoint(_NO_FIGURE) or any(mark.startswith("[*") for mark in footnotes)
    status = "M" if missing else "P" if "p" in marks else "A"
    return status, f"marked {', '.join(footnotes)}" if footnotes else ""


def _period(freq: str, text: str, request: Request) -> str:
    """SDMX text of a period that the service names by its last month."""
    if freq == "Y" and re.fullmatch(r"\d{4}", text):
        return text
    named = re.fullmatch(r"(\d{4})(0[1-9]|1[0-2])", text)
    number, rest = divmod(int(named[2]), _MONTHS_OF.get(freq, 13)) if named else (0, 1)
    if named is None or rest:
        raise refusal(
            request,
            f"{text!r} as a period of frequency {freq}",
            "the format has changed; the connector must be mended",
        )
    year, month = named.groups()
    return {"Q": f"{year}-Q{number}", "H": f"{year}-S{number}"}.get(freq, f"{year}-{month}")
