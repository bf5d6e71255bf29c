"""Period text to frequency and date."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from gbaindicators.errors import FrameError, PeriodError
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms import growth, parse_periods


def test_every_form():
    texts = ["2023", "2022-04-01/P1Y", "2023-S2", "2023-Q2", "2023-05", "2023-W18", "2023-05-17", "2023"]
    result = parse_periods(pl.DataFrame({"area": "macao", "period": texts, "value": 1.0}))
    assert result.columns == ["area", "frequency", "period", "value"]
    assert result.schema["frequency"] == FREQUENCY
    assert result["frequency"].to_list() == list("AASQMWDA")
    assert result["period"].to_list() == [
        date(2023, 1, 1), date(2022, 4, 1), date(2023, 7, 1), date(2023, 4, 1),
        date(2023, 5, 1), date(2023, 5, 1), date(2023, 5, 17), date(2023, 1, 1),
    ]  # fmt: skip


def test_another_column_whole_numbers_and_what_follows():
    frame = pl.DataFrame({"year": [2020, 2021], "value": [100.0, 103.0]})
    assert growth(parse_periods(frame, "year"))["value"][1] == pytest.approx(3)


def test_first_wrong_text_and_its_row():
    frame = pl.DataFrame({"period": ["2023", "2023", "2023Q2", "x"], "value": 1.0})
    with pytest.raises(PeriodError, match=r"row 2 of 'period': '2023Q2' .* write 2023-Q2"):
        parse_periods(frame)
    with pytest.raises(PeriodError, match="null in row 1"):
        parse_periods(pl.DataFrame({"period": ["2023", None], "value": 1.0}))


def test_columns_that_stand_in_the_way():
    frame = pl.DataFrame({"period": ["2023"], "frequency": ["A"], "value": [1.0]})
    with pytest.raises(FrameError, match="'frequency' already"):
        parse_periods(frame)
    with pytest.raises(FrameError, match="no column 'when'"):
        parse_periods(frame, "when")
    with pytest.raises(FrameError, match="Float64"):
        parse_periods(pl.DataFrame({"period": [1.5], "value": [1.0]}))


def test_empty_frame():
    result = parse_periods(pl.DataFrame(schema={"period": pl.String, "value": pl.Float64}))
    assert result.schema == {"frequency": FREQUENCY, "period": pl.Date, "value": pl.Float64}
