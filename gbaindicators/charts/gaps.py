"""How far an area is from a benchmark: the chart of what `gba.gap` measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.charts.axes import add_value_axis, date_axis, tick_room, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import name_of, number_text, period_label
from gbaindicators.charts.over_time import add_breaks, add_end_labels, dashes_of, trace_of
from gbaindicators.charts.phrasebook import said
from gbaindicators.charts.series import Drawing, Series, drawing
from gbaindicators.charts.theme import GREY, INK, LABEL_SIZE, as_text, on_white, text_width, wrap
from gbaindicators.charts.wording import check_language, listing, phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["gap"]

_COLUMNS: Final = ("area", "other", "period", "value", "per_head", "years_to_parity", "status", "note")
_LABEL_WIDTH: Final = 150
#: Height of the word at the line of parity in pixels, and the part of the axis that it takes.
_LABEL_HEIGHT, _LABEL_SHARE = 20, 0.12
#: What notes are about that this chart does not draw: parity in the future, and growth rates.
_NOT_DRAWN: Final = ("parity", "a year before")


@redrawable
def gap(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw what `gba.gap` measures: the ratio of an area to a benchmark over time, with the line of parity.

    Beside the ratio in total that per head is drawn where the frame has it. Periods in which the figures of one of
    the two break carry a ring. Several areas may be set against one benchmark: give their gaps in one frame
    (``pl.concat``), and the ratios in total are drawn.

    Parameters
    ----------
    frame
        What `gba.gap` returns, or several of these with one benchmark.
    title
        By default who is set against whom; the subtitle says of which indicator, where the frame does.
    subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per line, and one of rings where there are breaks; the notes of the frame, and when parity comes,
        stand under the plot.

    Raises
    ------
    FrameError
        When the frame is not one that `gba.gap` gives, has several benchmarks, or is empty.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "area": ["macao"] * 2, "other": ["zhuhai"] * 2, "period": [date(2023, 1, 1), date(2024, 1, 1)],
    ...     "value": [0.5, 0.55], "per_head": [None, None], "years_to_parity": [None, 6.3], "status": ["A", "B"],
    ...     "note": [None, None],
    ... })
    >>> [list(trace.y) for trace in gap(frame).data]
    [[0.5, 0.55], [0.55]]
    """
    check_language(lang)
    other = _benchmark(frame)
    drawn = drawing(_ratios(frame, lang), lang, kind="a gap chart")
    benchmark = name_of("area", other, lang)
    areas = drawn.frame["area"].unique(maintain_order=True).to_list()
    what = (
        phrase("relative_to", lang, name_of("area", areas[0], lang), benchmark)
        if len(areas) == 1
        else phrase("ratio_to", lang, benchmark)
    )
    low, high = value_range([1.0, *(v for s in drawn.series for v in s.values)])
    lines = {s: wrap(_end_label(s, drawn), _LABEL_WIDTH, LABEL_SIZE, bold=True) for s in drawn.series}
    broken = any(s.breaks for s in drawn.series)
    first, last = drawn.periods[0], drawn.periods[-1]
    page = drawn.page(
        "gap",
        title,
        subtitle,
        body=[drawn.told(s, first, last) for s in drawn.ranked()],
        span=drawn.span(),
        says=[_reading(frame, phrase("gap_read" if len(areas) == 1 else "parity_is_one", lang), lang)],
        notes=_notes(frame, drawn, lang),
        key=phrase("gap_breaks", lang) if broken else "",
        what=what,
        left=tick_room(low, high),
        right=max(text_width(t, LABEL_SIZE, bold=True) for each in lines.values() for t in each) + 12,
    )
    figure = page.figure()
    figure.update_layout(hovermode="x unified")
    add_value_axis(figure, low, high)
    figure.update_xaxes(**date_axis(drawn.periods, drawn.series, lang))
    figure.add_hline(y=1, line={"color": INK, "width": 1, "dash": "dot"}, layer="below", name="parity")
    if side := _free_side(drawn, _LABEL_HEIGHT / page.plot_height * (high - low)):
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=1, yref="y", yanchor=side, text=as_text(phrase("parity", lang)),
            showarrow=False, font={"color": GREY, "size": 12}, name="parity",
        )  # fmt: skip
    for series, dash in dashes_of(drawn.series).items():
        figure.add_trace(trace_of(series, drawn, dash))
    add_breaks(figure, drawn.series, drawn)
    add_end_labels(figure, page, [(lines[s], on_white(s.colour), s.last) for s in drawn.series], low, high)
    return figure


def _reading(frame: pl.DataFrame, words: str, lang: str) -> str:
    """Say what the ratio is of, and how to read it."""
    known = frame.select(c for c in ("indicator",) if c in frame.columns).drop_nulls().unique().rows()
    names = [name_of("indicator", one, lang) for (one,) in sorted(known)]
    return (", " if lang == "en" else "，").join([listing(names, lang), words] if names else [words])


def _benchmark(frame: pl.DataFrame) -> str:
    """Check that a frame is of `gba.gap` and return the one benchmark."""
    if missing := [c for c in _COLUMNS if c not in frame.columns]:
        raise FrameError(f"a gap chart draws what gba.gap gives; this frame lacks {', '.join(missing)}")
    others = frame["other"].unique().sort().to_list()
    if len(others) > 1:
        raise FrameError(
            f"a gap chart has one benchmark, the frame has {', '.join(map(str, others))}: filter it to one of them"
        )
    if not others:
        raise FrameError("the frame has no rows, so there is nothing to draw: check how it was filtered")
    return str(others[0])


def _ratios(frame: pl.DataFrame, lang: str) -> pl.DataFrame:
    """Series frame of the ratios: in total, and for a single area per head where there is such a ratio."""
    kept = [c for c in ("area", "frequency", "period", "sources", "status", "vintage") if c in frame.columns]
    total = frame.select(*kept, pl.col("value").cast(pl.Float64))
    if frame["area"].n_unique() > 1 or frame["per_head"].is_null().all():
        return total
    # the status is that of the figures in total
    heads = frame.select(*kept, pl.col("per_head").alias("value")).with_columns(
        status=pl.lit(None, pl.String)
    )
    words = [pl.lit(phrase(key, lang)).alias("measure") for key in ("in_total", "per_head")]
    return pl.concat([total.with_columns(words[0]), heads.with_columns(words[1])], how="vertical_relaxed")


def _free_side(drawn: Drawing, height: float) -> str | None:
    """Edge by which the word at the left end of the line of parity stands on it without covering a line."""
    first, last = drawn.periods[0], drawn.periods[-1]
    early = [
        v
        for s in drawn.series
        for p, v in zip(s.periods, s.values, strict=True)
        if (p - first).days <= _LABEL_SHARE * (last - first).days
    ]
    above, below = (any(0 <= sign * (v - 1) < height for v in early) for sign in (1, -1))
    return "bottom" if not above else "top" if not below else None


def _end_label(series: Series, drawn: Drawing) -> str:
    """Name of a line, and the ratio that it ends at."""
    text = f"{series.label} {drawn.scale.text(series.last)}".strip()
    if series.periods[-1] == drawn.periods[-1]:
        return text
    return f"{text} ({period_label(series.frequency, series.periods[-1], drawn.lang)})"


def _notes(frame: pl.DataFrame, drawn: Drawing, lang: str) -> list[str]:
    """Notes of the frame about what is drawn, each with its periods, and when parity comes."""
    frequency = drawn.frequency
    found: dict[str, list[str]] = {}
    for period, note in frame.sort("period").select("period", "note").drop_nulls("note").iter_rows():
        for part in str(note).split("; "):
            if not any(words in part for words in _NOT_DRAWN):
                found.setdefault(part, []).append(period_label(frequency, period, lang))
    notes = [
        f"{_named(said(part, lang), frame, lang)} ({_some(periods, lang)})" for part, periods in found.items()
    ]
    return [*notes, *_parity(frame, drawn, lang)]


def _named(text: str, frame: pl.DataFrame, lang: str) -> str:
    """Put the names of areas for their ids, where a note has them."""
    for id_ in {*frame["area"], *frame["other"]} & catalog().areas.keys():
        text = text.replace(id_, name_of("area", id_, lang))
    return text


def _some(periods: Sequence[str], lang: str) -> str:
    """List periods, or how far they reach where they are many."""
    unique = list(dict.fromkeys(periods))
    return listing(unique, lang) if len(unique) <= 4 else phrase("to", lang, unique[0], unique[-1])


def _parity(frame: pl.DataFrame, drawn: Drawing, lang: str) -> list[str]:
    """Say when parity comes, for a single area whose latest row tells."""
    latest = frame.sort("period").row(-1, named=True)
    if frame["area"].n_unique() > 1 or latest["years_to_parity"] is None:
        return []
    period = period_label(drawn.frequency, latest["period"], lang)
    return [phrase("parity_comes", lang, period, number_text(latest["years_to_parity"], 1))]
