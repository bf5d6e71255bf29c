"""Tables of revisions: what each release printed, and how large the revisions were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from gbaindicators.catalog import period_text
from gbaindicators.charts.labels import Scale, choose_scale, period_label, subtitle_of, title_of
from gbaindicators.charts.tabular.layout import Column, Marks, Sheet, build, fixed, scaled, written
from gbaindicators.charts.tabular.words import word
from gbaindicators.charts.wording import check_language
from gbaindicators.errors import FrameError, UsageError

if TYPE_CHECKING:
    from great_tables import GT

    from gbaindicators.transforms import Revisions

__all__ = ["revisions"]

#: Measures in the unit of the series, shares printed in percent, and those with decimals of their own.
_IN_UNIT: Final = ("mean", "mean_absolute", "root_mean_square")
_SHARES: Final = ("share_revised", "share_up")
_DECIMALS: Final = {"t_statistic": 2, "p_value": 3, "news_p": 3, "noise_p": 3}
_MEASURES: Final = (
    "count", "mean", "t_statistic", "p_value", "mean_absolute", "root_mean_square", "share_revised", "share_up", "news_p", "noise_p",
)  # fmt: skip


def revisions(
    found: Revisions,
    *,
    show: Literal["triangle", "statistics"] = "triangle",
    vintages: int = 8,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> GT:
    """Set the revisions of a series as a table: its real-time triangle, or the statistics of the revisions.

    Parameters
    ----------
    found
        What `gba.revisions` gives.
    show
        ``"triangle"``: periods by days of publication, the value that each release printed. ``"statistics"``: number,
        mean and size of the revisions of each step, with the tests of bias, news and noise.
    vintages
        Most releases that a triangle shows, the latest ones; a note counts the others. Periods before the first that
        two of them print are left out.
    title, subtitle
        By default indicator, area and unit.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``. What `found.notes` says is in English.

    Returns
    -------
    great_tables.GT
        In a triangle a value that differs from the release before is marked ``r``.

    Raises
    ------
    UsageError
        For another `show`, or fewer than one vintage.
    FrameError
        When there are no releases.
    ExportError
        When great-tables is not installed.

    Examples
    --------
    >>> import gbaindicators as gba
    >>> found = gba.revisions("gdp_real_growth", "hong_kong", frequency="Q")
    >>> "First to latest" in revisions(found, show="statistics").as_raw_html()
    True
    """
    check_language(lang)
    if show not in ("triangle", "statistics"):
        raise UsageError(f"show must be 'triangle' or 'statistics', not {show!r}")
    if vintages < 1:
        raise UsageError(f"vintages must be at least 1, not {vintages!r}")
    if found.frame["value"].null_count() == found.frame.height:
        raise FrameError("there are no releases, so there is nothing to set as a table")
    unit = found.frame["unit"][0] if "unit" in found.frame.columns else None
    if show == "triangle":
        scale = choose_scale(unit, found.frame["value"].drop_nulls().to_list(), lang)
        return _triangle(found, scale, vintages, title, subtitle, lang)
    sizes = [v for c in _IN_UNIT for v in found.statistics[c].drop_nulls()]
    return _statistics(found, choose_scale(unit, sizes or [0.0], lang), title, subtitle, lang)


def _triangle(
    found: Revisions, scale: Scale, most: int, title: str | None, subtitle: str | None, lang: str
) -> GT:
    wide = found.triangle
    every = wide.columns[1:]
    shown = every[-most:]
    frequency = found.frame["frequency"][0] if "frequency" in found.frame.columns else "D"
    printed = wide.select(pl.sum_horizontal(pl.col(shown).is_not_null())).to_series()
    # a table that goes back decades and was released once says nothing on revisions
    first = wide["period"].filter(printed > 1).min()
    wide = wide.filter(printed > 0)
    wide = wide if first is None else wide.filter(pl.col("period") >= first)
    revised = _revised(found.frame)
    periods = wide["period"].to_list()
    labels = {period_text(frequency, p): period_label(frequency, p, lang) for p in periods}
    columns = [Column("period", word("period", lang), list(labels), labels.__getitem__)]
    columns += [
        Column(
            day, day, scaled(wide[day], scale), written(scale), align="right", spanner=word("published", lang),
            marks=["r" if (p, day) in revised else "" for p in periods], absent="",
        )
        for day in shown
    ]  # fmt: skip
    left_out = word("first_vintages", lang, len(every) - len(shown)) if len(every) > len(shown) else ""
    what = title_of(found.frame, lang)
    marked = any("r" in c.marks for c in columns)
    return build(
        Sheet(
            title=word("triangle", lang, what) if title is None else title,
            subtitle=subtitle_of(found.frame, scale, lang, lead=what if title else "") if subtitle is None else subtitle,
            columns=columns, lang=lang, marks=Marks(), notes=[left_out, *found.notes], frames=[found.frame],
            key=[("r", word("revised", lang))] if marked else [], beside=_unit(scale, len(periods)),
        )
    )  # fmt: skip


def _revised(frame: pl.DataFrame) -> set[tuple[Any, str]]:
    """Periods and days of publication at which a figure changed."""
    changed = frame.filter(pl.col("revision") != 0)
    return {(period, str(day)) for period, day in changed.select("period", "vintage").iter_rows()}


def _statistics(found: Revisions, scale: Scale, title: str | None, subtitle: str | None, lang: str) -> GT:
    table, marks = found.statistics, Marks()
    steps = table["step"].to_list()
    columns = [
        Column("step", word("step", lang), steps, lambda step: _step(step, lang), [marks.note(r) for r in table["remark"]])
    ]  # fmt: skip
    for measure in _MEASURES:
        values = table[measure].to_list()
        write: Any = str
        if measure in _IN_UNIT:
            values, write = scaled(values, scale), written(scale)
        elif measure in _SHARES:
            values, write = [None if v is None else 100 * v for v in values], fixed(0)
        elif measure in _DECIMALS:
            write = fixed(_DECIMALS[measure])
        columns.append(Column(measure, word(measure, lang), values, write, align="right"))
    what = title_of(found.frame, lang)
    return build(
        Sheet(
            title=word("statistics", lang, what) if title is None else title,
            subtitle=subtitle_of(found.frame, scale, lang, lead=what if title else "") if subtitle is None else subtitle,
            columns=columns, lang=lang, marks=marks, notes=found.notes, frames=[found.frame], beside=_unit(scale, len(steps)),
        )
    )  # fmt: skip


def _step(step: str, lang: str) -> str:
    """Name a step of the revisions."""
    if step == "first to latest":
        return word(step, lang)
    between = re.fullmatch(r"release (\d+) to (\d+)", step)
    return word("release", lang, *between.groups()) if between else step


def _unit(scale: Scale, rows: int) -> dict[str, list[str]]:
    return {"unit": [scale.unit] * rows} if scale.unit else {}
