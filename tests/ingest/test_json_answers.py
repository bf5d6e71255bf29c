import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.catalog import Feed
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.json_answers import as_list, figures, read_json, read_records, text_columns

FEED = Feed("fred", "gdp", "united_states", "A", "USD", {"series": "X"}, prices="current")
REQUEST = Request("https://example.org", (FEED,))


def rows(*values: tuple[str, str], **more: str) -> pl.DataFrame:
    return pl.DataFrame([{"feed": FEED.id, "period": p, "value": v, "locator": p, **more} for p, v in values])


@given(st.decimals(allow_nan=False, allow_infinity=False).map(lambda d: format(d, "f")))
def test_numbers_keep_the_digits_that_were_printed(printed: str) -> None:
    assert read_json(f'[{{"v": {printed}}}]'.encode(), REQUEST) == [{"v": printed}]


def test_a_byte_order_mark_and_latin_letters_are_read() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": "b"}', REQUEST) == {"a": "b"}
    assert read_json('{"name": "Doña Ana"}'.encode("latin-1"), REQUEST) == {"name": "Doña Ana"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty answer"),
        (b" \r\n", "an empty answer"),
        (
            b"<!DOCTYPE html><html><title>Just a moment</title>",
            "HTML or XML instead of JSON that says 'Just a moment'",
        ),
        (b'<?xml version="1.0"?><error code="429" message="Too many"/>', "that says 'Too many'"),
        (b'{"observations": [{"value": "1"', "not JSON from character"),
        (b"Service unavailable", "not JSON from character 0"),
    ],
)
def test_what_is_not_json_is_refused_with_the_series_and_a_way_on(body: bytes, said: str) -> None:
    with pytest.raises(AnswerError) as error:
        read_json(body, REQUEST)
    assert said in str(error.value)
    assert str(error.value).startswith("fred: ")
    assert "gdp/united_states/A" in str(error.value)
    assert "ask again" in str(error.value)


@given(st.data())
def test_an_answer_cut_anywhere_is_refused(data: st.DataObject) -> None:
    body = b'{"observations": [{"date": "2024-01-01", "value": "1.50"}], "count": 1}'
    with pytest.raises(AnswerError):
        read_json(body[: data.draw(st.integers(0, len(body) - 1))], REQUEST)


def test_a_body_is_never_shown() -> None:
    with pytest.raises(AnswerError) as error:
        read_json(b'{"UserID": "SECRET", "rest": ' + b"x" * 10_000, REQUEST)
    assert "SECRET" not in str(error.value)
    assert len(str(error.value)) < 400


def test_one_element_or_several_are_a_list() -> None:
    assert as_list(None) == []
    assert as_list({"a": 1}) == [{"a": 1}]
    assert as_list([1, 2]) == [1, 2]


def test_a_column_that_is_gone_is_named() -> None:
    with pytest.raises(AnswerError, match="no 'value' in 1 of 2 records"):
        text_columns([{"date": "2020", "value": "1"}, {"date": "2021"}], ["date", "value"], REQUEST)
    assert text_columns([{"a": "1"}], ["a"], REQUEST, optional=["b"])["b"].to_list() == [None]
    for odd in ([["a"]], [{"a": {"b": "c"}}], {"a": "b"}, "text"):
        with pytest.raises(AnswerError, match="not objects of texts"):
            text_columns(odd, ["a"], REQUEST)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"<html>", b'[{"a": "1", "b": "2"}', b'[{"a": "1"}]', b'[{"a": "1", "b": 2}]', b'[{"a": "1", "b": null}]',
        b'{"message": "refused"}', b'[{"a": "1", "b": "2"}, {"a": "1"}]', b'[{"a": "1", "b": "2"}] and more', b"[1, 2]",
    ],
)  # fmt: skip
def test_records_are_read_fast_only_if_nothing_is_the_matter(body: bytes) -> None:
    assert read_records(body, ["a", "b"]) is None
    read = read_records(b'[{"a": "1", "b": "2", "c": 3}, {"b": "4.50", "a": "x"}]', ["a", "b"])
    assert read is not None
    assert read.rows() == [("1", "2"), ("x", "4.50")]


def test_a_late_number_among_texts_is_text_too() -> None:
    texts = b"[" + b'{"a": "1"},' * 5_000
    assert read_records(texts + b'{"a": {"b": "c"}}]', ["a"]) is None
    read = read_records(texts + b'{"a": 5}]', ["a"])
    assert read is None or read["a"][-1] == "5"


def test_figures_that_repeat_are_kept_once_and_those_that_contradict_are_refused() -> None:
    page = figures(rows(("2020", "1"), ("2021", "2"), ("2020", "1")), REQUEST)
    assert page.select("period", "value").rows() == [("2020", "1"), ("2021", "2")]
    assert page["unit"].to_list() == ["USD", "USD"]
    with pytest.raises(
        AnswerError, match="two figures of gdp/united_states/A/nsa/current for 2020: '1' and '3'"
    ):
        figures(rows(("2020", "1"), ("2021", "2"), ("2020", "3")), REQUEST)


@pytest.mark.parametrize("value", ["", "n/a", "1,234", "1e6", "NaN", "-", " 1", "(D)"])
def test_what_is_no_plain_number_is_no_figure(value: str) -> None:
    with pytest.raises(AnswerError, match="no numbers"):
        figures(rows(("2020", value)), REQUEST)
    assert figures(rows(("2020", ""), status="M"), REQUEST)["status"].to_list() == ["M"]


def test_a_series_without_any_figure_is_named() -> None:
    other = Feed("fred", "gdp", "japan", "A", "JPY", {}, prices="current")
    both = Request("https://example.org", (FEED, other))
    with pytest.raises(AnswerError, match="no figure of gdp/japan/A/nsa/current"):
        figures(rows(("2020", "1")), both)
    assert figures(rows(("2020", "1")), both, expected=[]).height == 1
