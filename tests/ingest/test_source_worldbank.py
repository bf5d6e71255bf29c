"""World Bank v2. Recorded: a whole answer of 2026-07-13 and two errors; answers for our economies are made of it."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import PAGE, Request
from gbaindicators.ingest.sources import worldbank

RECORDED = Path(__file__).parents[1] / "recordings" / "worldbank"
CODE = {"indicator": "NY.GDP.MKTP.CD", "measure": "current US$"}


def feed(area: str, code: str) -> Feed:
    return Feed("worldbank", "gdp_current_usd", area, "A", "USD", {**CODE, "area": code}, prices="current")


MEXICO = feed("mexico", "MEX")
HONG_KONG, MACAO = feed("hong_kong", "HKG"), feed("macao", "MAC")
GROUP = (HONG_KONG, MACAO)


def asked(feeds: tuple[Feed, ...] = GROUP, since: date | None = None) -> Request:
    return worldbank.request(feeds, since)[0]


def row(economy: str, year: int | str, value: str | None, **other: Any) -> dict[str, Any]:
    """Row in the form of the recorded ones; `value` is the JSON text of the number."""
    return {
        "indicator": {"id": "NY.GDP.MKTP.CD", "value": "GDP (current US$)"},
        "country": {"id": economy[:2], "value": economy},
        "countryiso3code": economy,
        "date": str(year),
        "value": value,
        "unit": "",
        "obs_status": "",
        "decimal": 0,
    } | other


def answer(rows: list[dict[str, Any]], **header: Any) -> bytes:
    head = {
        "page": 1,
        "pages": 1,
        "per_page": 20000,
        "total": len(rows),
        "sourceid": "2",
        "lastupdated": "2026-07-13",
    }
    text = json.dumps([head | header, [one | {"value": f"@{number}@"} for number, one in enumerate(rows)]])
    for number, one in enumerate(rows):
        text = text.replace(f'"@{number}@"', one["value"] or "null")
    return text.encode()


FIGURES = [
    row("HKG", 2024, "407106532546.125"), row("HKG", 2023, "380812003846.00"),
    row("MAC", 2024, None), row("MAC", 2023, "45803067940.02"),
]  # fmt: skip


def test_the_recorded_answer_is_read_digit_for_digit() -> None:
    body = (RECORDED / "NY.GDP.MKTP.CD.json").read_bytes()
    page = worldbank.parse(body, asked((MEXICO,)))
    assert page.rows.columns == list(PAGE)
    assert page.rows.select("period", "value", "status", "vintage", "unit", "locator").rows() == [
        ("2024", "1830489311088.89", "A", "2026-07-13", "USD", "MEX NY.GDP.MKTP.CD 2024"),
        ("2025", "1832641364775.52", "A", "2026-07-13", "USD", "MEX NY.GDP.MKTP.CD 2025"),
    ]
    assert (page.following, page.notes, page.objections) == (None, (), ())


def test_an_economy_that_has_only_nulls_is_refused_by_name() -> None:
    body = (RECORDED / "NY.GDP.MKTP.CD.json").read_bytes()
    with pytest.raises(AnswerError, match="gdp_current_usd/euro_area"):
        worldbank.parse(body, asked((MEXICO, feed("euro_area", "EMU"))))


def test_error_documents_with_status_200_are_errors() -> None:
    with pytest.raises(AnswerError, match=r"120.*The provided parameter value is not valid"):
        worldbank.parse((RECORDED / "error_120_invalid_value.json").read_bytes(), asked())
    xml = (RECORDED / "error_175_invalid_format.xml").read_bytes()
    for body in (xml, b"\xef\xbb\xbf" + xml):
        with pytest.raises(AnswerError, match="The indicator was not found"):
            worldbank.parse(body, asked())


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html><title>Service unavailable</title></html>", b"null", b"[]", b"{}", b"[1]",
        b'[{"page":1,"pages":1,"per_page":50,"total":0,"lastupdated":"2026-07-13"}]',
        b'[{"page":1,"pages":1,"per_page":50,"total":0,"lastupdated":"2026-07-13"},null]',
        b'[{"page":0,"pages":0,"per_page":0,"total":0,"sourceid":null,"lastupdated":null},null]',
    ],
)  # fmt: skip
def test_what_is_no_whole_answer_is_refused(body: bytes) -> None:
    with pytest.raises(AnswerError, match="asked for gdp_current_usd/hong_kong"):
        worldbank.parse(body, asked())


@given(st.integers(min_value=1, max_value=len(answer(FIGURES)) - 1))
def test_a_cut_answer_is_refused_wherever_it_is_cut(length: int) -> None:
    with pytest.raises(AnswerError):
        worldbank.parse(answer(FIGURES)[:length], asked())


def test_nulls_before_and_after_the_figures_are_padding_and_one_between_is_missing() -> None:
    rows = [
        row("HKG", year, value) for year, value in ((2025, None), (2024, "3.0"), (2023, None), (2022, "1"))
    ]
    rows += [row("HKG", 1960, None), row("MAC", 2022, "7")]
    page = worldbank.parse(answer(rows), asked())
    assert page.rows.filter(area("hong_kong")).select("period", "value", "status").rows() == [
        ("2022", "1", "A"), ("2023", "", "M"), ("2024", "3.0", "A"),
    ]  # fmt: skip


def area(name: str) -> Any:
    import polars as pl

    return pl.col("feed").str.contains(f"/{name}/")


def test_exponents_become_plain_digits_and_statuses_stay() -> None:
    rows = [row("HKG", 2024, "1.25E+3", obs_status="E"), row("MAC", 2024, "-2e-3", obs_status="P")]
    page = worldbank.parse(answer(rows), asked())
    assert page.rows.select("value", "status").rows() == [("1250", "E"), ("-0.002", "P")]
    odd = worldbank.parse(answer([row("HKG", 2024, "1", obs_status="Z"), row("MAC", 2024, "1")]), asked())
    assert "'Z'" in odd.objections[0]


def test_figures_before_since_are_left_out_and_a_series_without_later_ones_is_no_error() -> None:
    page = worldbank.parse(answer(FIGURES), asked(since=date(2024, 1, 1)))
    assert page.rows.select("feed", "period").rows() == [(HONG_KONG.id, "2024")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"indicator": {"id": "NY.GDP.MKTP.CD", "value": "GDP (current LCU)"}}, "current LCU"),
        ({"indicator": {"id": "NY.GDP.MKTP.KD", "value": "GDP (current US$)"}}, "NY.GDP.MKTP.KD"),
        ({"date": "2024Q1"}, "2024Q1"),
        ({"date": "twenty"}, "twenty"),
        ({"value": '"n/a"'}, "n/a"),
    ],
)
def test_other_units_indicators_frequencies_and_marks_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        worldbank.parse(answer([*FIGURES[1:], FIGURES[0] | change]), asked())


def test_a_dropped_column_is_refused_and_a_new_one_is_not() -> None:
    short = [{name: value for name, value in one.items() if name != "obs_status"} for one in FIGURES]
    with pytest.raises(AnswerError, match="obs_status"):
        worldbank.parse(answer(short), asked())
    longer = worldbank.parse(answer([one | {"footnote": "x"} for one in FIGURES]), asked())
    assert longer.rows.equals(worldbank.parse(answer(FIGURES), asked()).rows)


def test_rows_that_repeat_are_taken_once_and_those_that_differ_are_refused() -> None:
    assert worldbank.parse(answer([*FIGURES, FIGURES[0]]), asked()).rows.height == 3
    with pytest.raises(AnswerError, match="two figures"):
        worldbank.parse(answer([*FIGURES, FIGURES[0] | {"value": "1"}]), asked())


@given(st.permutations(FIGURES))
def test_the_order_of_the_rows_does_not_matter(rows: list[dict[str, Any]]) -> None:
    usual = worldbank.parse(answer(FIGURES), asked())
    assert worldbank.parse(answer(rows), asked()).rows.equals(usual.rows)


def pages(number: int, rows: list[dict[str, Any]], per_page: int = 3, total: int = 4, **header: Any) -> bytes:
    return answer(rows, **{"page": number, "pages": 2, "per_page": per_page, "total": total} | header)


def test_pages_are_followed_to_the_last() -> None:
    first = worldbank.parse(pages(1, FIGURES[:3]), asked())
    assert first.following is not None
    assert first.following.query == {"format": "json", "per_page": "20000", "page": "2"}
    assert pickle.loads(pickle.dumps(first.following)) == first.following
    second = worldbank.parse(pages(2, FIGURES[3:]), first.following)
    assert second.following is None
    assert first.rows.height + second.rows.height == 3


@pytest.mark.parametrize(
    "body",
    [
        pages(1, FIGURES[:3]),  # the first page again
        pages(2, []),  # short
        pages(2, FIGURES[2:], total=5),  # another total
        pages(2, FIGURES[3:], lastupdated="2026-10-01"),  # updated in between
        pages(3, FIGURES[3:], pages=3, total=7),
    ],
)
def test_a_missing_or_other_second_page_is_noticed(body: bytes) -> None:
    following = worldbank.parse(pages(1, FIGURES[:3]), asked()).following
    assert following is not None
    with pytest.raises(AnswerError, match="ask again from the first page"):
        worldbank.parse(body, following)


def test_a_series_that_no_page_has_is_refused_on_the_last() -> None:
    hong_kong = [row("HKG", 2020 + n, "1") for n in range(4)]
    following = worldbank.parse(pages(1, hong_kong[:3]), asked()).following
    assert following is not None
    with pytest.raises(AnswerError, match="macao"):
        worldbank.parse(pages(2, hong_kong[3:]), following)


def test_each_indicator_is_asked_for_once_with_all_its_economies() -> None:
    feeds = catalog().services["worldbank"].feeds
    requests = worldbank.request(feeds, None)
    assert len(requests) == len({one.code["indicator"] for one in feeds})
    assert [one.id for request in requests for one in request.feeds].sort() == [
        one.id for one in feeds
    ].sort()
    population = next(one for one in requests if one.url.endswith("SP.POP.TOTL"))
    assert population.url == (
        "https://api.worldbank.org/v2/country/CHN;HKG;MAC;JPN;USA/indicator/SP.POP.TOTL"
    )
    assert population.query == {"format": "json", "per_page": "20000"}


def test_the_feeds_are_series_of_the_shipped_world_bank_figures() -> None:
    import polars as pl

    from gbaindicators.catalog import datasets_dir

    names = ["indicator", "area", "unit", "scale", "adjustment", "prices"]
    shipped = pl.concat(
        pl.read_csv(datasets_dir() / "observations" / f"{table}.csv", infer_schema=False)
        for table in ("gdp", "population", "prices", "exchange_rates")
    ).filter(pl.col("source").str.starts_with("wdi_"))
    known = set(shipped.select(names).with_columns(pl.col("prices").fill_null("")).rows())
    # The shipped file of growth rates names three of the five economies.
    known |= {("gdp_real_growth", area, "percent", "0", "nsa", "") for area in ("japan", "united_states")}
    for one in catalog().services["worldbank"].feeds:
        assert (one.indicator, one.area, one.unit, str(one.scale), one.adjustment, one.prices) in known


def test_a_request_for_other_feeds_keeps_their_own_code() -> None:
    other = replace(MACAO, code={**MACAO.code, "indicator": "SP.POP.TOTL", "measure": "Population, total"})
    assert [one.url.rsplit("/", 1)[1] for one in worldbank.request((MACAO, other), None)] == [
        "NY.GDP.MKTP.CD", "SP.POP.TOTL",
    ]  # fmt: skip
