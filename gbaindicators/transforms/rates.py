"""Published rates and price indices, and their means over periods of other lengths."""

from __future__ import annotations

from typing import Final, NamedTuple

import polars as pl

from gbaindicators.catalog import period_text
from gbaindicators.errors import FrameError, MissingRateError
from gbaindicators.tables.series_frame import FREQUENCY, check_series_frame
from gbaindicators.transforms.inputs import check_first_days, in_memory

__all__ = ["Figures", "mean_over_months", "published", "read_figures"]

#: Columns of figures where there is none to look up.
_COLUMNS: Final = pl.Schema(
    {
        "area": pl.String(),
        "frequency": FREQUENCY,
        "period": pl.Date(),
        "value": pl.Float64(),
        "unit": pl.String(),
    }
)


class Figures(NamedTuple):
    """Published rates or indices, one row each.

    Attributes
    ----------
    name, argument
        What they are called, and the argument with which a user passes their own.
    table
        ``of`` (a currency or area), ``every`` (frequency), ``at`` (first day), ``_figure``, ``_figure_sources``,
        ``_figure_vintage``.
    """

    name: str
    argument: str
    table: pl.DataFrame


def published(
    indicator: str, given: pl.DataFrame | pl.LazyFrame | None, *, needed: bool = True
) -> pl.DataFrame:
    """Take the frame that was given, or else the database's figures of the indicator, where there is need of them."""
    if given is not None:
        frame = check_series_frame(in_memory(given))
        check_first_days(frame)
        return frame
    if not needed:
        return pl.DataFrame(schema=_COLUMNS)
    from gbaindicators.store import load

    return load(indicator)


def read_figures(name: str, argument: str, frame: pl.DataFrame, of: pl.Expr) -> Figures:
    """Read the figures of a series frame, without those of low reliability (``status`` "U").

    Raises
    ------
    FrameError
        When two figures stand for one period, or one is not above zero.
    """
    have = frame.columns
    usable = pl.col("value").is_not_null()
    if "status" in have:
        usable &= pl.col("status").ne_missing("U")
    table = frame.filter(usable).select(
        of=of,
        every=pl.col("frequency").cast(pl.String) if "frequency" in have else pl.lit("A"),
        at="period",
        _figure="value",
        _figure_sources="sources" if "sources" in have else pl.lit([], dtype=pl.List(pl.String)),
        _figure_vintage="vintage" if "vintage" in have else pl.lit(None, dtype=pl.Date),
    )
    table = table.filter(pl.col("of").is_not_null())
    twice = table.filter(pl.struct("of", "every", "at").is_duplicated())
    if len(twice):
        whose, every, at = twice.select("of", "every", "at").row(0)
        raise FrameError(
            f"two figures for the {name} of {whose} in {period_text(every, at)}: keep one of them in {argument}="
        )
    if (table["_figure"] <= 0).any():
        raise FrameError(f"a {name} is not above zero: correct it or leave it out of {argument}=")
    return Figures(name, argument, table)


def mean_over_months(spans: pl.DataFrame, figures: Figures) -> pl.DataFrame:
    """Mean figure of each span: of whom, from monthly or annual figures, from a first to a last month.

    Every figure counts for as many months of the span as it covers, so a fiscal year from April takes three
    quarters of one annual figure and one of the next. All of them are needed.

    Parameters
    ----------
    spans
        ``of``, ``every`` ("A" or "M"), ``first`` and ``last`` (first days of months).
    figures
        Where to look.

    Returns
    -------
    pl.DataFrame
        The spans with ``_figure``, ``_figure_sources`` and ``_figure_vintage``.

    Raises
    ------
    MissingRateError
        When a figure is missing.

    Examples
    --------
    >>> from datetime import date
    >>> years = pl.DataFrame({"period": [date(2022, 1, 1), date(2023, 1, 1)], "value": [100.0, 104.0]})
    >>> spans = pl.DataFrame({"of": "x", "every": "A", "first": [date(2022, 4, 1)], "last": [date(2023, 3, 1)]})
    >>> mean_over_months(spans, read_figures("index", "deflator", years, pl.lit("x")))["_figure"].to_list()
    [101.0]
    """
    span = ["of", "every", "first", "last"]
    month = pl.col("month")
    lookups = (
        spans.with_columns(month=pl.date_ranges("first", "last", "1mo"))
        .explode("month")
        .with_columns(at=pl.when(pl.col("every") == "A").then(month.dt.truncate("1y")).otherwise(month))
        .group_by(*span, "at")
        .agg(months=pl.len())
        .join(figures.table, on=["of", "every", "at"], how="left")
    )
    missing = lookups.filter(pl.col("_figure").is_null())
    if len(missing):
        raise MissingRateError(_what_is_missing(missing, figures))
    figure = pl.col("_figure")
    weighted = (figure * pl.col("months")).sum() / pl.col("months").sum()
    return lookups.group_by(span).agg(
        # A single figure is taken as it was published, to the last digit.
        _figure=pl.when(pl.len() == 1).then(figure.first()).otherwise(weighted),
        _figure_sources=pl.col("_figure_sources").explode().drop_nulls().unique().sort(),
        _figure_vintage=pl.col("_figure_vintage").max(),
    )


def _what_is_missing(missing: pl.DataFrame, figures: Figures) -> str:
    lines = []
    for (of, every), rows in missing.sort("of", "every").group_by("of", "every", maintain_order=True):
        periods = [period_text(str(every), at) for at in rows["at"].unique().sort()]
        more = f" and {len(periods) - 4} more" if len(periods) > 4 else ""
        there_is = _range(figures.table.filter(pl.col("of") == of), str(every))
        lines.append(f"no {figures.name} of {of} for {', '.join(periods[:4])}{more} ({there_is})")
    return (
        f"{'; '.join(lines)}. Leave the rows that need them out with frame.filter(...), or pass "
        f"{figures.argument}= with them"
    )


def _range(table: pl.DataFrame, needed: str) -> str:
    """Say from when to when there are figures, and where there are none of the kind needed, what else there is."""
    words = {"A": "annual", "M": "monthly"}
    other = "A" if needed == "M" else "M"
    there = {every: table.filter(pl.col("every") == every)["at"].sort() for every in (needed, other)}

    def run(every: str) -> str:
        first, last = (period_text(every, day) for day in there[every].gather([0, -1]))
        return f"{words[every]} ones run from {first} to {last}"

    if len(there[needed]):
        return run(needed)
    return f"there are no {words[needed]} ones" + (f", {run(other)}" if len(there[other]) else "")
