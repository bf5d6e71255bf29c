"""What is known of series that were held back, and what became of them, in the units that the chart draws."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.charts import held_back
from gbaindicators.ingest.comparing import compare
from gbaindicators.ingest.exchange import page_rows
from gbaindicators.ingest.reviewing import known_figures
from gbaindicators.store.archive import Archive
from gbaindicators.tables.observations import COLUMNS

SERVICE = catalog().services["fred"]
FEED = next(feed for feed in SERVICE.feeds if feed.indicator == "gdp")
ROW = {
    "indicator": "gdp", "area": FEED.area, "unit": "USD", "scale": "6", "adjustment": FEED.adjustment, "prices": FEED.prices,
    "status": "A", "source": "fred", "locator": "x", "note": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def archived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GBA_HOME", str(tmp_path))
    for stamp, vintage, values in (
        ("1", "2024-12-11", {"2021": "600000", "2022": "650000"}),
        ("2", "2025-12-11", {"2022": "660000"}),
    ):
        rows = [ROW | {"period": p, "value": v, "vintage": vintage} for p, v in values.items()]
        Archive().add(
            "fred", "accepted", stamp, pl.DataFrame(rows).select(COLUMNS), {"at": "", "answers": []}
        )


def test_known_figures_are_the_newest_in_base_units() -> None:
    asked = pl.DataFrame({"service": ["fred"], "feed": [FEED.id]})
    assert known_figures(asked).rows() == [
        ("fred", FEED.id, date(2021, 1, 1), 6.0e11),
        ("fred", FEED.id, date(2022, 1, 1), 6.6e11),
    ]
    assert known_figures(asked.with_columns(feed=pl.lit("cpi/united_states/M/nsa"))).is_empty()


def test_a_figure_that_is_gone_is_crossed() -> None:
    told = page_rows([{"feed": FEED.id, "period": "2022", "value": "670000", "locator": "x"}], [FEED])
    found = compare(
        SERVICE, [FEED], told, Archive().known("fred"), catalog(), since=None, today=date(2026, 1, 2)
    )
    changes = found.changes.sort("period").select("period", "change", "known_amount", "amount", "base").rows()
    assert changes == [("2021", "gone", 6e11, None, "USD"), ("2022", "revised", 6.6e11, 6.7e11, "USD")]
    held = found.changes.with_columns(
        service=pl.lit("fred"), reason=pl.lit("; ".join(found.objections[FEED.id]))
    )
    figure = held_back(held, known_figures(held))
    assert [(t.name, list(t.y)) for t in figure.data] == [
        ("Known", [600.0, 660.0]),
        ("The service now", [670.0]),
        ("No longer given", [600.0]),
    ]
