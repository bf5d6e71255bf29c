"""Shares, and the accounting of their changes."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, UsageError
from gbaindicators.transforms import growth
from gbaindicators.transforms.shares import share_changes, shares


def parts(values: dict[str, list[float | None]], first: int = 2022, **columns: str) -> pl.DataFrame:
    rows = [(name, date(first + i, 1, 1), v) for name, line in values.items() for i, v in enumerate(line)]
    frame = pl.DataFrame(
        rows, schema={"area": pl.String, "period": pl.Date, "value": pl.Float64}, orient="row"
    )
    return frame.with_columns(pl.lit(v).alias(k) for k, v in columns.items())


def component(frame: pl.DataFrame, name: str) -> list[float | None]:
    return frame.filter(pl.col("component") == name)["value"].to_list()


positive = st.floats(0.1, 1e6)


class TestShares:
    def test_by_hand(self):
        result = shares(parts({"macao": [10.0, 30.0], "hong_kong": [90.0, 70.0]}, unit="HKD"))
        assert result["value"].to_list() == [10.0, 30.0, 90.0, 70.0]
        assert set(result["unit"]) == {"percent"}
        assert set(result["method"]) == {"share in the total over area"}

    @settings(max_examples=30, deadline=None)
    @given(st.lists(positive, min_size=1, max_size=6))
    def test_add_up_to_a_hundred(self, values: list[float]):
        result = shares(parts({f"a{i}": [v] for i, v in enumerate(values)}))
        assert result["value"].sum() == pytest.approx(100)

    def test_missing_part_leaves_every_share_null_and_is_named(self):
        result = shares(parts({"macao": [1.0, None], "hong_kong": [3.0, 3.0]}))
        assert result["value"].to_list() == [25.0, None, 75.0, None]
        assert result["note"].to_list() == [None, "no value of macao", None, "no value of macao"]

    @pytest.mark.parametrize("values", [[0.0, 0.0], [1.0, -1.0], [1.0, -3.0]])
    def test_total_not_above_zero(self, values: list[float]):
        assert shares(parts({"a": values[:1], "b": values[1:]}))["value"].to_list() == [None, None]

    def test_provenance_is_that_of_all_parts(self):
        frame = parts({"macao": [1.0], "hong_kong": [3.0]}).with_columns(
            status=pl.Series(["A", "P"]), sources=pl.Series([["a"], ["b"]])
        )
        result = shares(frame)
        assert result["sources"].to_list() == [["a", "b"]] * 2
        assert result["status"].to_list() == ["P", "P"]

    def test_refusals(self):
        with pytest.raises(FrameError, match="no column 'sector'"):
            shares(parts({"macao": [1.0]}), "sector")
        with pytest.raises(FrameError, match="contains 'macao'"):
            shares(parts({"greater_bay_area": [1.0], "macao": [1.0]}))
        with pytest.raises(FrameError, match="one unit"):
            shares(parts({"macao": [1.0], "x": [1.0]}).with_columns(unit=pl.Series(["MOP", "HKD"])))
        with pytest.raises(FrameError, match="chain-linked"):
            shares(parts({"macao": [1.0]}, prices="chained 2022"))


class TestShareChanges:
    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(positive, positive), min_size=2, max_size=5))
    def test_identities(self, pairs: list[tuple[float, float]]):
        frame = parts({f"a{i}": list(pair) for i, pair in enumerate(pairs)})
        result = share_changes(frame).filter(pl.col("period") == date(2023, 1, 1))
        own, total, change = (component(result, c) for c in ("growth_of_part", "growth_of_total", "change"))
        before, after = (sum(p[i] for p in pairs) for i in (0, 1))
        whole = after / before - 1
        rates = growth(frame).filter(pl.col("period") == date(2023, 1, 1))["value"] / 100
        assert sum(change) == pytest.approx(0, abs=1e-8)  # type: ignore[arg-type]
        for (first, last), g, o, t, c in zip(pairs, rates, own, total, change, strict=True):
            share = 100 * first / before
            assert o == pytest.approx(share * g / (1 + whole), rel=1e-9, abs=1e-8)
            assert t == pytest.approx(-share * whole / (1 + whole), rel=1e-9, abs=1e-8)
            assert c == pytest.approx(100 * last / after - share, rel=1e-9, abs=1e-8)
            assert o + t == pytest.approx(c, rel=1e-9, abs=1e-8)

    def test_new_part_from_zero(self):
        result = share_changes(parts({"a": [100.0, 100.0], "b": [0.0, 25.0]}))
        latest = result.filter(pl.col("period") == date(2023, 1, 1), pl.col("area") == "b")
        assert latest["value"].to_list() == pytest.approx([20.0, 0.0, 20.0])

    def test_constant_shares_do_not_change(self):
        result = share_changes(parts({"a": [1.0, 2.0], "b": [3.0, 6.0]}))
        assert component(result, "change") == [None, 0.0, None, 0.0]

    def test_missing_end_is_null_and_named(self):
        result = share_changes(parts({"a": [1.0, 2.0, 3.0], "b": [3.0, None, 6.0]}))
        assert set(result["value"]) == {None}
        assert result["note"].to_list()[:3] == [None, "no value of b", "no value of b 1y earlier"]

    def test_shape_and_provenance(self):
        frame = parts({"a": [1.0, 2.0], "b": [3.0, 6.0]}, unit="HKD").with_columns(
            sources=pl.Series([["a1"], ["a2"], ["b1"], ["b2"]]), status=pl.Series(["P", "A", "A", "A"])
        )
        result = share_changes(frame)
        assert result.height == 3 * frame.height
        assert result["sources"][1].to_list() == ["a1", "a2", "b1", "b2"]
        assert result["status"].to_list()[:4] == ["P"] * 4
        assert set(result["unit"]) == {"percentage points"}

    def test_refusals(self):
        with pytest.raises(UsageError, match="not a duration"):
            share_changes(parts({"a": [1.0]}), over="year")
        with pytest.raises(UsageError, match="whole number of periods"):
            share_changes(parts({"a": [1.0]}).with_columns(frequency=pl.lit("A")), over="1q")
        assert share_changes(parts({"a": []})).height == 0
