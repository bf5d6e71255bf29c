"""A file that is not exactly as agreed is an error that says what, where and how to mend it."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from gbaindicators.errors import DatasetError, GbaError
from gbaindicators.tables.csv_files import read_batches, read_header

COLUMNS = ("indicator", "area", "value")
GOOD = "indicator,area,value\ngdp,macao,1.50\ngdp,hong_kong,2\n"


@pytest.fixture
def file(tmp_path: Path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "gdp.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def read(path: Path, **options: int) -> list[tuple]:
    return [row for batch in read_batches(path, COLUMNS, **options) for row in batch.rows()]


def test_text_is_kept_and_rows_are_numbered_as_in_the_file(file) -> None:
    assert read(file(GOOD)) == [(2, "gdp", "macao", "1.50"), (3, "gdp", "hong_kong", "2")]


def test_empty_fields_stay_empty_text_and_are_not_null(file) -> None:
    assert read(file('indicator,area,value\ngdp,,\ngdp,"",""\n')) == [(2, "gdp", "", ""), (3, "gdp", "", "")]


def test_quoted_fields_may_hold_commas_quotes_and_line_feeds(file) -> None:
    rows = read(file('indicator,area,value\n"a, ""b""","two\nlines",1\nx,y,2\n'))
    assert rows == [(2, 'a, "b"', "two\nlines", "1"), (3, "x", "y", "2")]


def test_batches_together_are_the_file(file) -> None:
    lines = "".join(f"gdp,macao,{i}\n" for i in range(2500))
    path = file("indicator,area,value\n" + lines)
    assert read(path, batch_rows=1000) == [(i + 2, "gdp", "macao", str(i)) for i in range(2500)]


def test_what_a_short_row_or_a_blank_line_lacks_is_empty_so_that_the_rules_of_the_table_reject_it(
    file,
) -> None:
    assert read(file("indicator,area,value\ngdp,macao\n\n")) == [(2, "gdp", "macao", ""), (3, "", "", "")]


def test_a_header_alone_has_no_rows(file) -> None:
    assert read(file("indicator,area,value\n")) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("indicator,value\ngdp,1\n", ["line 1", "missing column area", "must read: indicator,area,value"], id="missing column"),
        pytest.param("area\nmacao\n", ["missing columns indicator, value"], id="missing columns"),
        pytest.param("indicator,area,value,remark\ngdp,macao,1,x\n", ["line 1", "extra column 'remark'", "Remove"], id="extra column"),
        pytest.param("Indicator,area,value\ngdp,macao,1\n", ["line 1", "case-sensitive", "'Indicator' must be 'indicator'"], id="wrong header case"),
        pytest.param("indicator, area,value\ngdp,macao,1\n", ["without blanks", "' area' must be 'area'"], id="blank in the header"),
        pytest.param("area,indicator,value\nmacao,gdp,1\n", ["another order", "must read: indicator,area,value"], id="another order"),
        pytest.param("indicator,area,value,value\ngdp,macao,1,2\n", ["columns repeat"], id="column twice"),
        pytest.param(codecs.BOM_UTF8 + GOOD.encode(), ["byte-order mark", "sed -i"], id="byte-order mark"),
        pytest.param(GOOD.encode("utf-16"), ["byte-order mark"], id="UTF-16"),
        pytest.param(GOOD.replace("macao", "São Tomé").encode("latin-1"), ["line 2", "0xe3", "not UTF-8", "iconv"], id="Latin-1"),
        pytest.param(GOOD.replace("area", "aréa").encode("latin-1"), ["line 1", "0xe9", "not UTF-8"], id="Latin-1 header"),
        pytest.param(GOOD.replace("macao", "澳門").encode("big5"), ["line 2", "not UTF-8"], id="Big5"),
        pytest.param(GOOD.replace("\n", "\r\n"), ["CRLF", "sed -i 's/\\r$//'"], id="CRLF"),
        pytest.param("indicator,area,value\ngdp,macao,1\r\n", ["line 2", "CRLF", "sed -i"], id="CRLF after the header"),
        pytest.param(b"indicator,area,value\ngdp,mac\0ao,1\n", ["NUL"], id="NUL"),
        pytest.param("", ["empty", "header"], id="empty file"),
        pytest.param("\n", ["empty"], id="blank line only"),
        pytest.param(GOOD[:-9], ["line 3", "cut in the middle", "Fetch it again"], id="cut in a row"),
        pytest.param(GOOD[:-1], ["line 3", "cut in the middle"], id="cut before the last line feed"),
        pytest.param("indicator,area,value\ngdp,macao,1\ngdp,\"hong", ["line 3", "cut in the middle"], id="cut in a quoted field"),
        pytest.param("indicator,area,value\ngdp,macao,1\ngdp,\"two\n", ["quote is not closed"], id="cut in a quoted field at a line feed"),
        pytest.param("indicator,area,value\ngdp,macao,1,2\n", ["more fields than the header", "RFC 4180"], id="ragged: too many fields"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_a_mend(file, content: str | bytes, says: list[str]) -> None:
    path = file(content)
    with pytest.raises(DatasetError) as error:
        read(path)
    message = str(error.value)
    assert message.startswith(str(path))
    for words in says:
        assert words in message
    assert isinstance(error.value, GbaError)
    assert error.value.exit_code == 2


def test_latin_1_deep_in_a_long_file_is_found_with_its_line(file) -> None:
    lines = b"gdp,macao,1\n" * 400_000
    with pytest.raises(DatasetError, match=r"line 400002: byte 0xe9 is not UTF-8"):
        read(file(b"indicator,area,value\n" + lines + b"gdp,caf\xe9,1\n"))


def test_a_character_across_two_chunks_is_no_error(file, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gbaindicators.tables.csv_files._CHUNK", 25)
    assert read(file("indicator,area,value\ngdp,澳門澳門,1\n")) == [(2, "gdp", "澳門澳門", "1")]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.csv: cannot be read: No such file"):
        read_header(tmp_path / "none.csv")
