"""Gaps in what a service sends: one that sends every period asked for says nothing by those before and after its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["without_outer_gaps"]


def without_outer_gaps(rows: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Leave out the periods without a figure before the first and after the last that has one, in order of time.

    Parameters
    ----------
    rows
        Rows of one series with ``period`` and ``value``, the value empty where there is no figure.

    Examples
    --------
    >>> rows = [{"period": p, "value": v} for p, v in (("2025", ""), ("2022", ""), ("2024", "3"), ("2023", ""), ("2021", "1"))]
    >>> [row["period"] for row in without_outer_gaps(rows)]
    ['2021', '2022', '2023', '2024']
    """
    ordered = sorted(rows, key=lambda row: row["period"])
    filled = [number for number, row in enumerate(ordered) if row["value"]]
    return ordered[filled[0] : filled[-1] + 1] if filled else []
