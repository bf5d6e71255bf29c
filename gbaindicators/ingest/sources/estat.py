"""Japan's e-Stat: tables of government statistics, version 3.0 of its interface."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.json_answers import as_list, documented, figures, read_json, refusal, text_columns

__all__ = ["parse", "request"]

_LIMIT: Final = 100_000


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for all series of a table that are picked by the same dimensions at once, for all times.

    The service takes lists of times only.
    """
    return [
        Request(
            url=f"{catalog().services[together[0].service].base}/getStatsData",
            feeds=tuple(together),
            query={
                "statsDataId": table,
                **{
                    f"cd{name[0].upper()}{name[1:]}": ",".join(
                        sorted({str(one.code[name]) for one in together})
                    )
                    for name in dimensions
                },
                "lang": "J",
                "metaGetFlg": "Y",
                "cntGetFlg": "N",
                "limit": str(_LIMIT),
            },
            key="appId",
        )
        for (table, dimensions), together in (
            (kind, list(some)) for kind, some in groupby(sorted(feeds, key=_kind), key=_kind)
        )
    ]


def parse(body: bytes, request: Request) -> Page:
    """Read the values of the series that were asked for, and ask for the next part of a long table.

    A mark has status M if the answer itself declares it. A year is a fiscal one if the table calls it 年度.

    Raises
    ------
    AnswerError
        When the service reports an error, a part is missing, a unit is another, or a mark is not declared.
    """
    answer = read_json(body, request)
    with documented(request):
        return _page(_data(answer, request), request)


def _page(data: dict[str, Any], request: Request) -> Page:
    following = _next_part(data, request)
    values = as_list(data["DATA_INF"].get("VALUE"))
    dimensions = list(_dimensions(request.feeds[0]))
    read = text_columns(
        values, [*(f"@{name}" for name in dimensions), "@time", "$"], request, ["@unit", "@tab"]
    )
    classes = _classes(data)
    notes = [one for one in as_list(data["DATA_INF"].get("NOTE")) if isinstance(one, dict) and "@char" in one]
    marks = {str(one["@char"]): str(one.get("$", "")) for one in notes}
    picked = pl.DataFrame(
        [
            {"feed": one.id, "frequency": one.frequency, "wanted": one.code["unit"]}
            | {f"@{n}": one.code[n] for n in dimensions}
            for one in request.feeds
        ]
    )
    ours = (
        read.join(picked, on=[f"@{name}" for name in dimensions], maintain_order="left")
        .join(_times(read, classes.get("time", {})), on="@time", maintain_order="left")
        .with_columns(pl.coalesce("@unit", _units(classes)).alias("its unit"))
    )
    if (unread := ours.filter(pl.col("of").is_null())).height:
        raise refusal(
            request, f"a time {unread['@time'][0]!r}", "learn what it means before the figures are taken"
        )
    ours = ours.filter(pl.col("frequency") == pl.col("of"))
    if (other := ours.filter(pl.col("its unit").ne_missing(pl.col("wanted")))).height:
        row = other.row(0, named=True)
        raise refusal(
            request,
            f"{row['feed']} in {row['its unit']!r}, not {row['wanted']!r}",
            "the table has changed its unit; mend the feed",
        )
    text = pl.col("$").str.strip_chars()
    absent = text.is_in(list(marks))
    table = request.query["statsDataId"]
    where = pl.concat_str(
        [
            pl.lit(f"{table} "),
            *(pl.format(f"{n}={{}} ", f"@{n}") for n in dimensions),
            pl.lit("time="),
            "@time",
        ]
    )
    rows = ours.select(
        "feed",
        "period",
        value=pl.when(absent).then(pl.lit("")).otherwise(text.str.replace_all(",", "")),
        status=pl.when(absent).then(pl.lit("M")).otherwise(pl.lit("A")),
        locator=where,
        note=text.replace_strict(marks, default="", return_dtype=pl.String),
    )
    seen = {*(request.about or ()), *ours["feed"].unique()}
    if following is not None:
        return Page(figures(rows, request, expected=()), replace(following, about=tuple(sorted(seen))))
    return Page(
        figures(
            rows, request, expected=[one.id for one in request.feeds if one.id not in (request.about or ())]
        )
    )


def _kind(feed: Feed) -> tuple[str, tuple[str, ...]]:
    return str(feed.code["statsDataId"]), _dimensions(feed)


def _dimensions(feed: Feed) -> tuple[str, ...]:
    return tuple(name for name in feed.code if name not in ("statsDataId", "unit"))


def _data(answer: Any, request: Request) -> dict[str, Any]:
    top = answer["GET_STATS_DATA"]
    status, said = str(top["RESULT"]["STATUS"]), str(top["RESULT"].get("ERROR_MSG", ""))
    if status != "0":
        raise refusal(
            request, f"status {status}: {said[:200]}", "check the application id, then the codes of the table"
        )
    data = top.get("STATISTICAL_DATA")
    if not isinstance(data, dict) or not as_list((data.get("DATA_INF") or {}).get("VALUE")):
        raise refusal(request, "no values", "the codes may have changed; look them up in the table")
    return data


def _next_part(data: dict[str, Any], request: Request) -> Request | None:
    """Request for the rest, after counting that nothing is missing so far."""
    found = len(as_list(data["DATA_INF"]["VALUE"]))
    total, first, last = (
        int(data["RESULT_INF"][name]) for name in ("TOTAL_NUMBER", "FROM_NUMBER", "TO_NUMBER")
    )
    asked = int(request.query.get("startPosition", "1"))
    if first != asked or found != last - first + 1 or last > total:
        raise refusal(
            request,
            f"{found:,} values that are said to be numbers {first:,} to {last:,} of {total:,}, asked from {asked:,}",
            "a part is missing; ask again",
        )
    if last == total:
        return None
    start = str(data["RESULT_INF"].get("NEXT_KEY", last + 1))
    return replace(request, query={**request.query, "startPosition": start})


def _classes(data: dict[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    """What the codes of each dimension mean, by dimension and code."""
    objects = as_list((data.get("CLASS_INF") or {}).get("CLASS_OBJ"))
    return {str(o["@id"]): {str(c["@code"]): c for c in as_list(o.get("CLASS"))} for o in objects}


def _units(classes: dict[str, dict[str, dict[str, str]]]) -> pl.Expr:
    known = {code: entry["@unit"] for code, entry in classes.get("tab", {}).items() if "@unit" in entry}
    return pl.col("@tab").replace_strict(known, default=None, return_dtype=pl.String)


def _times(read: pl.DataFrame, names: dict[str, dict[str, str]]) -> pl.DataFrame:
    """Frequency and period of each code of a time, null where it cannot be read."""
    codes = read["@time"].unique()
    periods = [_period(code, names.get(code, {}).get("@name", "")) for code in codes]
    made = [(code, *period) for code, period in zip(codes, periods, strict=True)]
    return pl.DataFrame(made, schema=dict.fromkeys(("@time", "of", "period"), pl.String), orient="row")


def _period(code: str, name: str) -> tuple[str | None, str | None]:
    """Frequency and period of a time: ten digits, of which four are the year and the last four its first and last month.

    >>> _period("2026000606", ""), _period("2020000000", "2020年度"), _period("2020000406", "")
    (('M', '2026-06'), ('A', '2020-04-01/P1Y'), ('Q', '2020-Q2'))
    """
    if not re.fullmatch(r"\d{4}[01]0\d{4}", code):
        return None, None
    year, first, last = code[:4], int(code[6:8]), int(code[8:])
    if first == last == 0:
        return "A", f"{year}-04-01/P1Y" if name.endswith("年度") else year
    if 1 <= first == last <= 12:
        return "M", f"{year}-{first:02d}"
    if last - first == 2 and last in (3, 6, 9, 12):
        return "Q", f"{year}-Q{last // 3}"
    return None, None
