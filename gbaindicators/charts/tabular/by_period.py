"""Tables of series frames: values by period, and forecasts with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from gbaindicators.catalog import period_text
from gbaindicators.charts.labels import Scale, choose_scale, methods_of, period_label, subtitle_of, title_of
from gbaindicators.charts.series import Drawing, drawing
from gbaindicators.charts.tabular.layout import (
    Column,
    Marks,
    Sheet,
    build,
    scaled,
    status_column,
    unique_id,
    written,
)
from gbaindicators.charts.tabular.words import STATUS_MARKS, word
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.intervals import interval_levels
from gbaindicators.tables.series_frame import series_keys

if TYPE_CHECKING:
    from great_tables import GT

__all__ = ["forecast", "held_values", "series"]


def series(
    frame: pl.DataFrame,
    *,
    rows: Literal["periods", "series"] = "periods",
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> GT:
    """Set a series frame as a table of periods by areas.

    Statuses stand as raised letters behind the values, with a key below; where all values have one, the subtitle says
    so instead.

    Parameters
    ----------
    frame
        Series frame of one unit and one frequency, in base units; scaled for print here.
    rows
        What the rows are: ``"periods"``, with a column for each series, or ``"series"``, with one for each period.
    title, subtitle
        By default indicator and area; and unit, prices and adjustment.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``.

    Returns
    -------
    great_tables.GT
        For a notebook, for more of its methods, or for `gba.export`. Its data hold the numbers in the unit printed and
        a hidden column with the status of each.

    Raises
    ------
    FrameError
        When the frame has no figures, mixes units or frequencies, repeats a period of a series, or has too many cells.
    ExportError
        When great-tables is not installed.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "area": ["hong_kong", "macao"], "period": [date(2024, 1, 1)] * 2, "value": [3.18e12, 4.2e11],
    ...     "unit": ["HKD", "HKD"], "status": ["A", "P"],
    ... })
    >>> "3.18" in series(frame).as_raw_html()
    True
    """
    if rows not in ("periods", "series"):
        raise UsageError(f"rows must be 'periods' or 'series', not {rows!r}")
    drawn = drawing(frame, lang, kind="a table")
    frequency = _frequency(drawn)
    common = _common_status(drawn.frame)
    marks = Marks()
    parts = held_values(drawn)
    names = [drawn.called(s) for s in drawn.series]
    if rows == "periods":
        columns, beside = _by_period(drawn, parts, names, frequency, marks, plain=common is not None)
    else:
        columns, beside = _by_series(drawn, parts, names, frequency, marks, plain=common is not None)
    what = title_of(drawn.frame, lang)
    words = subtitle_of(drawn.frame, drawn.scale, lang, lead=what if title else "")
    if common:
        words = (", " if lang == "en" else "，").join(t for t in (words, word(common, lang)) if t)
    return build(
        Sheet(
            title=what if title is None else title,
            subtitle=words if subtitle is None else subtitle,
            columns=columns,
            lang=lang,
            marks=marks,
            notes=[_silent(drawn), methods_of(lang, drawn.frame)],
            frames=[drawn.frame],
            beside=beside,
        )
    )


def _frequency(drawn: Drawing) -> str:
    found = sorted({s.frequency for s in drawn.series})
    if len(found) > 1:
        raise FrameError(
            f"a table needs one frequency, the frame has {', '.join(found)}: filter it, or bring it to one with "
            "gba.to_frequency"
        )
    return found[0]


def _common_status(frame: pl.DataFrame) -> str | None:
    """Status that all values share, where it is worth a word."""
    if "status" not in frame.columns:
        return None
    found = frame.drop_nulls("value")["status"].unique().to_list()
    return found[0] if len(found) == 1 and found[0] in STATUS_MARKS else None


def held_values(drawn: Drawing) -> list[dict[date, tuple[float, str | None]]]:
    """Value and status of each period, for each series drawn."""
    frame, keys = drawn.frame, series_keys(drawn.frame)
    parts = frame.partition_by(keys, maintain_order=True) if keys else [frame]
    held = [p.drop_nulls("value") for p in parts]
    return [
        dict(zip(p["period"], zip(p["value"], status_column(p), strict=True), strict=True))
        for p in held
        if p.height
    ]


def _silent(drawn: Drawing) -> str:
    return phrase("no_figures", drawn.lang, listing(drawn.silent, drawn.lang)) if drawn.silent else ""


def _cells(
    id_: str,
    label: str,
    cells: Sequence[tuple[float, str | None] | None],
    scale: Scale,
    marks: Marks,
    *,
    plain: bool,
) -> tuple[Column, list[str | None]]:
    """A column of values with the letters of their statuses, and the statuses."""
    statuses = [None if c is None else c[1] for c in cells]
    column = Column(
        id_, label, scaled([None if c is None else c[0] for c in cells], scale), written(scale),
        () if plain else [marks.status(s) for s in statuses], align="right",
    )  # fmt: skip
    return column, statuses


def _by_period(
    drawn: Drawing,
    parts: Sequence[dict[date, tuple[float, str | None]]],
    names: Sequence[str],
    frequency: str,
    marks: Marks,
    *,
    plain: bool,
) -> tuple[list[Column], dict[str, list[Any]]]:
    periods, lang = drawn.periods, drawn.lang
    columns = [_period_column(periods, frequency, lang)]
    beside: dict[str, list[Any]] = {}
    for name, held in zip(names, parts, strict=True):
        id_ = unique_id(name, [*(c.id for c in columns), *beside])
        column, statuses = _cells(id_, name, [held.get(p) for p in periods], drawn.scale, marks, plain=plain)
        columns.append(column)
        if any(statuses):
            beside[unique_id(f"{id_} status", [*(c.id for c in columns), *beside])] = statuses
    return columns, _with_unit(beside, columns, drawn.scale)


def _by_series(
    drawn: Drawing,
    parts: Sequence[dict[date, tuple[float, str | None]]],
    names: Sequence[str],
    frequency: str,
    marks: Marks,
    *,
    plain: bool,
) -> tuple[list[Column], dict[str, list[Any]]]:
    lang = drawn.lang
    columns = [Column("series", word("area" if "area" in drawn.frame.columns else "series", lang), names)]
    beside: dict[str, list[Any]] = {}
    for period in drawn.periods:
        id_ = period_text(frequency, period)
        label = period_label(frequency, period, lang)
        column, statuses = _cells(
            id_, label, [held.get(period) for held in parts], drawn.scale, marks, plain=plain
        )
        columns.append(column)
        if any(statuses):
            beside[f"{id_} status"] = statuses
    return columns, _with_unit(beside, columns, drawn.scale)


def _period_column(periods: Sequence[date], frequency: str, lang: str) -> Column:
    labels = {period_text(frequency, p): period_label(frequency, p, lang) for p in periods}
    return Column(
        "period", word("year" if frequency == "A" else "period", lang), list(labels), labels.__getitem__
    )


def _with_unit(beside: dict[str, list[Any]], columns: Sequence[Column], scale: Scale) -> dict[str, list[Any]]:
    if not scale.unit:
        return beside
    name = unique_id("unit", [*(c.id for c in columns), *beside])
    return {**beside, name: [scale.unit] * len(columns[0].values)}


def forecast(
    ahead: pl.DataFrame,
    history: pl.DataFrame | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> GT:
    """Set a forecast as a table with its intervals, several series one below the other.

    Parameters
    ----------
    ahead
        What `gba.forecast` gives: ``period``, ``value`` and the bounds of each interval in ``lower_80``, ``upper_80``
        and so on, of one unit and one frequency.
    history
        Series frame of figures to set above the forecast of the same series, such as its last years.
    title, subtitle, lang
        As for `series`.

    Returns
    -------
    great_tables.GT
        Rows are periods, columns the forecast and both bounds of each interval, the narrowest first.

    Raises
    ------
    FrameError
        When there is no interval, a bound is null, units or frequencies are mixed, or `history` holds another series.
    ExportError
        When great-tables is not installed.

    Examples
    --------
    >>> from datetime import date
    >>> ahead = pl.DataFrame({"period": [date(2025, 1, 1)], "value": [3.0], "lower_80": [2.5], "upper_80": [3.5]})
    >>> "80% interval" in forecast(ahead).as_raw_html()
    True
    """
    drawn = drawing(ahead, lang, kind="a forecast table")
    frequency = _frequency(drawn)
    levels = _levels(drawn.frame)
    bounds = [f"{side}_{level}" for level in levels for side in ("lower", "upper")]
    if nulls := [c for c in ("value", *bounds) if drawn.frame[c].has_nulls()]:
        raise FrameError(f"the forecast has nulls in {', '.join(nulls)}: it needs a value in every period")
    past = _history(history, drawn, frequency)
    frames = [drawn.frame, *([history] if history is not None else [])]
    shown = [v for c in ("value", *bounds) for v in drawn.frame[c]] + [
        v for held in past.values() for v, _ in held.values()
    ]
    scale = choose_scale(_unit(drawn.frame), shown, lang)
    marks = Marks()
    table: dict[str, list[Any]] = {
        "group": [],
        "period": [],
        "value": [],
        "status": [],
        **{b: [] for b in bounds},
    }
    for one, rows in zip(drawn.series, _partitioned(drawn), strict=True):
        name = drawn.called(one)
        for period, (value, status) in sorted(past.get(name, {}).items()):
            row: dict[str, Any] = dict.fromkeys(bounds) | {"value": value, "status": status}
            _add(table, row | {"group": name, "period": period})
        for row in rows.sort("period").iter_rows(named=True):
            _add(
                table,
                {c: row[c] for c in ("value", "period", *bounds)}
                | {"group": name, "status": row.get("status") or "F"},
            )
    labels = {p: (period_text(frequency, p), period_label(frequency, p, lang)) for p in table["period"]}
    texts = dict(labels.values())
    plain = not past and set(table["status"]) == {"F"}
    columns = [
        Column("period", word("year" if frequency == "A" else "period", lang), [labels[p][0] for p in table["period"]], texts.__getitem__),
        Column(
            "value", word("value" if past else "level", lang), scaled(table["value"], scale), written(scale),
            () if plain else [marks.status(s) for s in table["status"]], align="right",
        ),
        *(
            Column(
                f"{side}_{level}", word(side, lang), scaled(table[f"{side}_{level}"], scale), written(scale), align="right",
                spanner=word("interval", lang, level), absent="",
            )
            for level in levels for side in ("lower", "upper")
        ),
    ]  # fmt: skip
    what = title_of(drawn.frame, lang)
    words = subtitle_of(drawn.frame, scale, lang, lead=what if title else "")
    several = len(drawn.series) > 1
    return build(
        Sheet(
            title=what if title is None else title,
            subtitle=words if subtitle is None else subtitle,
            columns=columns, lang=lang, marks=marks, notes=[methods_of(lang, *frames)], frames=frames,
            groups=table["group"] if several else None,
            beside=_with_unit({"status": table["status"]}, columns, scale),
        )
    )  # fmt: skip


def _add(table: dict[str, list[Any]], row: dict[str, Any]) -> None:
    for name, values in table.items():
        values.append(row[name])


def _unit(frame: pl.DataFrame) -> str | None:
    units: list[str] = frame["unit"].drop_nulls().to_list() if "unit" in frame.columns else []
    return units[0] if units else None


def _levels(forecast: pl.DataFrame) -> list[str]:
    """Levels of the intervals, the narrowest first."""
    levels = interval_levels(forecast)
    if not levels:
        raise FrameError(
            "the forecast has no interval: its table needs columns such as 'lower_80' and 'upper_80', as gba.forecast "
            "gives; gba.table.series sets a frame without"
        )
    return levels


def _partitioned(drawn: Drawing) -> list[pl.DataFrame]:
    keys = series_keys(drawn.frame)
    return drawn.frame.partition_by(keys, maintain_order=True) if keys else [drawn.frame]


def _history(
    history: pl.DataFrame | None, ahead: Drawing, frequency: str
) -> dict[str, dict[date, tuple[float, str | None]]]:
    """Figures above each forecast, by the name of the series."""
    if history is None:
        return {}
    known = drawing(history, ahead.lang, kind="a forecast table")
    if _frequency(known) != frequency:
        raise FrameError(f"the history has the frequency {_frequency(known)}, the forecast {frequency}")
    units = [_unit(f) for f in (known.frame, ahead.frame)]
    if None not in units and units[0] != units[1]:
        raise FrameError(f"the history is in {units[0]!r}, the forecast in {units[1]!r}: convert one of them")
    names = [ahead.called(s) for s in ahead.series]
    # one series of each needs no name to belong together
    called = names if len(names) == len(known.series) == 1 else [known.called(s) for s in known.series]
    if strangers := [c for c in called if c not in names]:
        raise FrameError(
            f"the history holds {listing(strangers, 'en')}, which the forecast does not: filter it"
        )
    return dict(zip(called, held_values(known), strict=True))
