"""Shares of parts in their total, and what changes them."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from gbaindicators.tables.series_frame import append_method, check_unique_periods, series_keys
from gbaindicators.transforms.contributions import check_parts_of_one, parts_of_totals, totals
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import Columns, by_change, by_period
from gbaindicators.transforms.lookback import check_span, earlier_rows, read_span
from gbaindicators.transforms.provenance import add_note, merge_provenance

__all__ = ["share_changes", "shares"]


def _of_shares(frame: pl.DataFrame, by: str) -> Columns:
    """Columns of `shares`."""
    return frame.schema | dict.fromkeys((by, "unit", "note", "method"), pl.String())


def _of_changes(frame: pl.DataFrame, by: str, **_: object) -> Columns:
    """Columns of `share_changes`."""
    return frame.schema | dict.fromkeys((by, "note", "unit", "method", "component"), pl.String())


def _sharing(
    series: pl.DataFrame, by: str = "area", doing: str = "shares"
) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Check that series are parts of totals, and give the function that takes their shares in some periods."""
    check_parts_of_one(series, by, doing)
    parts = parts_of_totals(series.with_columns(pl.col(by).cast(pl.String)), by)

    def share(frame: pl.DataFrame) -> pl.DataFrame:
        frame = read_series(frame, doing).with_columns(pl.col(by).cast(pl.String))
        check_unique_periods(frame)
        total = _beside(frame, by, parts)
        of_total = pl.lit(total["value"])
        result = frame.with_columns(
            value=pl.when(of_total > 0).then(100 * pl.col("value") / of_total), unit=pl.lit("percent")
        )
        result = add_note(merge_provenance(result, total), pl.lit(total["note"]))
        return append_method(result, f"share in the total over {by}")

    return share


@by_period(_sharing, _of_shares)
def shares(frame: pl.DataFrame, by: str = "area") -> pl.DataFrame:
    """Compute the share in percent of each part in the total of the parts.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) in one unit, whose parts do not contain each other.
    by
        Column that tells the parts apart.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order; ``value`` is ``100 * value / total``, ``unit`` ``percent``. Null where a
        part is missing, as ``note`` says, or the total is not above zero. ``sources``, ``status`` and ``vintage``
        take in all parts.

    Raises
    ------
    FrameError
        As in `contributions`: `by` is missing, units are mixed, a part contains another, or the parts of one total
        differ in adjustment or prices.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"area": ["hong_kong", "macao"], "period": date(2023, 1, 1), "value": [90.0, 10.0]})
    >>> shares(gdp)["value"].to_list()
    [90.0, 10.0]
    """
    frame = read_series(frame, "shares")
    return _sharing(frame, by)(frame)


def _changing(
    series: pl.DataFrame, _: pl.LazyFrame | None, by: str = "area", *, over: str = "1y"
) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Check that series are parts of totals, and give the function that accounts for changes in some periods."""
    doing = "changes of shares"
    check_span(series, read_span(over))
    share_of = _sharing(series, by, doing)
    parts = parts_of_totals(series.with_columns(pl.col(by).cast(pl.String)), by)

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        frame = read_series(frame, doing).with_columns(pl.col(by).cast(pl.String))
        share, at = share_of(frame), earlier_rows(frame, over)
        before = share.select(pl.all().gather(at))
        # the share that the part would have without growth of its own
        unmoved = 100 * frame["value"].gather(at) / _beside(frame, by, parts)["value"]
        change = share["value"] - before["value"]
        moved = frame.with_columns(
            share.select(c for c in ("sources", "status", "vintage") if c in share.columns)
        )
        moved = merge_provenance(moved.with_columns(share["note"], unit=pl.lit("percentage points")), before)
        moved = add_note(moved, pl.lit(before["note"] + f" {over} earlier"))
        moved = append_method(moved, f"change of the share in the total over {by} in {over}")
        terms = {
            "growth_of_part": share["value"] - unmoved,
            "growth_of_total": unmoved - before["value"],
            "change": change,
        }
        known = pl.lit(change.is_not_null())
        return pl.concat(
            moved.with_columns(value=pl.when(known).then(pl.lit(term)), component=pl.lit(name))
            for name, term in terms.items()
        )

    return change


@by_change(_changing, _of_changes)
def share_changes(frame: pl.DataFrame, by: str = "area", *, over: str = "1y") -> pl.DataFrame:
    """Account for the change of each part's share by the growth of the part and of the total.

    With `g` the growth of the part and `G` that of the total, the change of the share is exactly
    ``share before * (g - G) / (1 + G)``: the growth of the part alone gives ``share before * g / (1 + G)``, that
    of the total ``-share before * G / (1 + G)``.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame), as for `shares`.
    by
        Column that tells the parts apart.
    over
        Span, as in `growth`.

    Returns
    -------
    polars.DataFrame
        The rows of the frame three times, ``value`` in ``percentage points`` (``unit``): ``component``
        ``growth_of_part``, ``growth_of_total``, then ``change``, their sum. Over all parts the changes sum to
        zero. Null where a share is null at either end, as ``note`` says. An empty frame gives an empty frame.

    Raises
    ------
    FrameError, UsageError
        As `shares` and `growth` do.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({
    ...     "area": ["hong_kong", "hong_kong", "macao", "macao"],
    ...     "period": [date(2022, 1, 1), date(2023, 1, 1)] * 2,
    ...     "value": [90.0, 100.0, 10.0, 25.0],
    ... })
    >>> latest = share_changes(gdp).filter(pl.col("period") == date(2023, 1, 1), pl.col("area") == "macao")
    >>> dict(zip(latest["component"], latest["value"].round(6)))
    {'growth_of_part': 12.0, 'growth_of_total': -2.0, 'change': 10.0}
    """
    frame = read_series(frame, "changes of shares")
    return _changing(frame, None, by, over=over)(frame)


def _beside(frame: pl.DataFrame, by: str, parts: pl.DataFrame) -> pl.DataFrame:
    """Give the total of each row's period, with what came of it, row by row."""
    on = [*(k for k in series_keys(frame) if k != by), "period"]
    return frame.select(on).join(
        totals(frame, by, parts).drop(by), on=on, how="left", nulls_equal=True, maintain_order="left"
    )
