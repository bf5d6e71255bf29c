"""What does not measure the same and may not stand side by side unless asked for."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.comparison.bays.years import spans
from gbaindicators.errors import UsageError

__all__ = ["BREAK", "refuse_mixtures", "with_mixtures"]

#: What a figure mixes by itself that is made from both sides of a break.
BREAK: Final = "figures from before and after a break in one"


def with_mixtures(table: pl.DataFrame) -> pl.DataFrame:
    """Add to ``mixed`` what stands beside figures of another kind in the same year."""
    year = pl.col("period").dt.year()
    fiscal = pl.col("period").dt.ordinal_day() != 1
    several = [pl.col(c).fill_null("").n_unique().over(year) > 1 for c in ("prices", "indicator")]
    beside = pl.concat_list(
        pl.when(fiscal & ~fiscal.all().over(year)).then(pl.lit("fiscal year beside calendar years")),
        pl.when(several[0]).then(
            pl.format("{} prices beside others", pl.col("prices").fill_null("unstated"))
        ),
        pl.when(several[1]).then(pl.format("{} beside another indicator", "indicator")),
    ).list.drop_nulls()
    return table.with_columns(mixed=pl.concat_list("mixed", beside))


def refuse_mixtures(table: pl.DataFrame) -> None:
    """Raise UsageError where `with_mixtures` found something: says in which cells and what, and how to mend it."""
    bad = table.filter(pl.col("mixed").list.len() > 0).sort("area", "period")
    if bad.is_empty():
        return
    found = "; ".join(
        f"{area} {period.year}: {' and '.join(mixed)}"
        for area, period, mixed in bad.select("area", "period", "mixed").head(4).rows()
    )
    clean = sorted(set(table["period"].dt.year()) - set(bad["period"].dt.year()))
    raise UsageError(
        f"this would mix what does not measure the same ({found}): mixed='mark' gives the table with these cells "
        "marked" + (f"; without a mixture are the years {spans(clean)}" if clean else "; years='calendar', one "
        "indicator and one kind of prices mix nothing")
    )  # fmt: skip
