"""From a series frame to what a chart draws: named series, in order, with their gaps; and the words around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import catalog, period_end
from gbaindicators.charts.canvas import canvas
from gbaindicators.charts.labels import (
    Scale,
    choose_scale,
    methods_of,
    name_of,
    period_label,
    say_alt,
    sentences,
    source_ids,
    source_line,
    subtitle_of,
    title_of,
)
from gbaindicators.charts.phrasebook import said_each, untold
from gbaindicators.charts.theme import EDGE, OTHER_COLOURS, Page, area_colour, text_width
from gbaindicators.charts.wording import check_language, listing, phrase
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame, check_unique_periods, one_unit, series_keys

__all__ = ["MOST_COLOURED", "MOST_SERIES", "Drawing", "Series", "drawing", "lonely"]

#: More series than this on one chart are drawn in grey, but for the largest.
MOST_SERIES: Final = 12
#: How many stay in colour then.
MOST_COLOURED: Final = 7
#: Values that charts draw as they are; only `line` thins more.
MOST_VALUES: Final = 100_000
#: Longest label of a series in characters; the whole name shows on hover.
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One line of a chart: its values that are there, in order of time.

    `breaks` are the places of values with status B; the first of a line breaks from nothing drawn.
    """

    name: str
    colour: str
    frequency: str
    periods: tuple[date, ...]
    values: tuple[float, ...]
    breaks: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """The name, cut where it is too long to print."""
        return self.name if len(self.name) <= _LONGEST else self.name[: _LONGEST - 1] + "…"

    @property
    def last(self) -> float:
        """Latest value."""
        return self.values[-1]

    def at(self, period: date) -> float | None:
        """Value of a period, by date."""
        return dict(zip(self.periods, self.values, strict=True)).get(period)

    def with_gaps(self) -> tuple[list[date], list[float | None]]:
        """Periods and values with one null in every gap, so that no line is drawn across it.

        >>> years = (date(2020, 1, 1), date(2021, 1, 1), date(2023, 1, 1))
        >>> Series("a", "#000000", "A", years, (1.0, 2.0, 4.0)).with_gaps()[1]
        [1.0, 2.0, None, 4.0]
        """
        periods: list[date] = []
        values: list[float | None] = []
        for period, value in zip(self.periods, self.values, strict=True):
            if periods and not self.follows(periods[-1], period):
                periods.append(_next(self.frequency, periods[-1]))
                values.append(None)
            periods.append(period)
            values.append(value)
        return periods, values

    def follows(self, before: date, after: date) -> bool:
        """Whether no period lies between two, with some room for years that begin on another day."""
        expected = _next(self.frequency, before)
        return (after - expected).days <= (expected - before).days * 0.5

    def alone(self) -> list[bool]:
        """For each value of `with_gaps`, whether both neighbours are missing: a line would not show it."""
        return lonely(self.with_gaps()[1])


def lonely(values: Sequence[float | None]) -> list[bool]:
    """For each value, whether both neighbours are missing."""
    around = [None, *values, None]
    return [around[i - 1] is None and around[i + 1] is None for i in range(1, len(around) - 1)]


def _next(frequency: str, period: date) -> date:
    return date.fromordinal(period_end(frequency, period).toordinal() + 1)


def _frequency_of(periods: Sequence[date]) -> str:
    """Infer a frequency from the smallest step, for a frame without the column."""
    steps = [(b - a).days for a, b in pairwise(periods)]
    smallest = min(steps, default=365)
    return next(
        f
        for f, days in (("A", 360), ("S", 180), ("Q", 85), ("M", 28), ("W", 7), ("D", 0))
        if smallest >= days
    )


@dataclass(frozen=True)
class Drawing:
    """A checked frame, cut into series, with the scale its values are printed in."""

    frame: pl.DataFrame
    series: tuple[Series, ...]
    silent: tuple[str, ...]
    scale: Scale
    lang: str

    @property
    def frequency(self) -> str:
        """The one frequency of all series, or an error."""
        found = sorted({s.frequency for s in self.series})
        if len(found) > 1:
            raise FrameError(
                f"this chart needs one frequency, the frame has {', '.join(found)}: "
                "filter it, or bring it to one with gba.to_frequency"
            )
        return found[0]

    def only(self, kind: str) -> Series:
        """Return the one series of a chart that shows no more, or an error."""
        if (count := len(self.series) + len(self.silent)) > 1:
            raise FrameError(
                f"{kind} shows one series, the frame has {count}: filter it by area, indicator or what else differs"
            )
        return self.series[0]

    @cached_property
    def periods(self) -> list[date]:
        """Every period that has a value in some series."""
        return sorted({p for s in self.series for p in s.periods})

    def ranked(self, period: date | None = None) -> list[Series]:
        """Series from the largest to the smallest, by their latest value or that of a period."""

        def size(series: Series) -> float:
            value = series.last if period is None else series.at(period)
            return float("-inf") if value is None else value

        return sorted(self.series, key=size, reverse=True)

    def coloured(self) -> list[Series]:
        """List the series that are drawn in colour and labelled: all, or the largest of too many."""
        return list(self.series) if len(self.series) <= MOST_SERIES else self.ranked()[:MOST_COLOURED]

    def page(
        self,
        kind: str,
        title: str | None,
        subtitle: str | None,
        *,
        body: Sequence[str],
        span: str,
        says: Sequence[str] = (),
        notes: Sequence[str] = (),
        others: Sequence[pl.DataFrame] = (),
        key: str = "",
        what: str | None = None,
        **room: float,
    ) -> Page:
        """Lay out a page around this drawing.

        `what` is shown, by default what the frame says; `says` are further sentences of the subtitle, `notes` of the note under the plot, `others` frames whose
        sources and methods are cited as well, `key` what marks on the plot stand for.
        """
        lang = self.lang
        frames = (self.frame, *others)
        what = title_of(self.frame, lang) if what is None else what
        method = methods_of(lang, *frames)
        generated = sentences(
            [subtitle_of(self.frame, self.scale, lang, lead=what if title else ""), *says], lang
        )
        with_method = sentences([generated, method], lang)
        fits = text_width(with_method, 14) <= 2 * (canvas().width - 2 * EDGE)
        if fits and subtitle is None:
            generated, method = with_method, ""
        silent = phrase("no_figures", lang, listing(self.silent, lang)) if self.silent else ""
        note = sentences([*said_each(notes, lang), silent, method], lang)
        footer = [key + phrase("stop", lang).strip()] if key else []
        footer += [phrase("note", lang, note) + phrase("stop", lang).strip()] if note else []
        source = source_line(lang, *frames)
        ids = source_ids(*frames)
        return Page(
            title=title if title is not None else what,
            subtitle=subtitle if subtitle is not None else generated,
            footer=[*footer, source] if source else footer,
            lang=lang,
            meta={
                "alt": say_alt(kind, what, self.scale.unit, span, body, lang)
                + (f" {footer[0]}" if key else ""),
                "sources": dict(zip(ids, catalog().cite(ids), strict=True)),
                "unit": self.scale.unit,
                # a page that holds the picture can say so to whoever reads it aloud
                "english": [t for text in (*notes, methods_of("en", *frames)) for t in untold(text, lang)],
            },
            frames=frames,
            **room,
        )

    def span(self, periods: Sequence[date] | None = None) -> str:
        """Write the first and last period."""
        shown = self.periods if periods is None else periods
        first, last = (period_label(self._frequency_at(p), p, self.lang) for p in (shown[0], shown[-1]))
        return first if first == last else phrase("to", self.lang, first, last)

    def _frequency_at(self, period: date) -> str:
        return next(s.frequency for s in self.series if period in s.periods)

    def called(self, series: Series) -> str:
        """Name of a series, for a single one what the chart shows."""
        return series.name or title_of(self.frame, self.lang)

    def told(self, series: Series, first: date, last: date) -> str:
        """Say in a few words where a series began and ended; with its own periods where they are not `first`, `last`."""
        texts = []
        for period, value, usual in (
            (series.periods[0], series.values[0], first),
            (series.periods[-1], series.last, last),
        ):
            own = "" if period == usual else f" ({period_label(series.frequency, period, self.lang)})"
            texts.append(self.scale.text(value) + own)
        name = self.called(series)
        if len(series.periods) == 1:
            return phrase("at", self.lang, name, texts[-1])
        return phrase("from_to", self.lang, name, *texts)


def _name(row: dict[str, Any], keys: Sequence[str], lang: str) -> str:
    return (", " if lang == "en" else "，").join(text for k in keys if (text := name_of(k, row[k], lang)))


def _telling(frame: pl.DataFrame, keys: Sequence[str]) -> list[str]:
    """Choose the columns that a series is named by: the area, then what else is needed to tell them apart."""
    varying = sorted((k for k in keys if frame[k].n_unique() > 1), key=lambda k: k != "area")
    chosen: list[str] = []
    for key in varying:
        if (
            not chosen
            or frame.select(pl.struct([*chosen, key]).n_unique() > pl.struct(chosen).n_unique()).item()
        ):
            chosen.append(key)
    return chosen


def _colours(areas: Sequence[str | None]) -> list[str]:
    """Colour of each series: its area's; where all are of one area, its own and then others, to tell them apart."""
    own = area_colour(areas[0])
    if len(areas) == 1 or len(set(areas)) > 1 or len(areas) > len(OTHER_COLOURS):
        return [area_colour(area) for area in areas]
    return [own, *(c for c in OTHER_COLOURS if c != own)][: len(areas)]


def drawing(
    frame: pl.DataFrame | pl.LazyFrame, lang: str, *, kind: str = "a chart", most: int | None = MOST_VALUES
) -> Drawing:
    """Check a frame and cut it into series.

    Raises
    ------
    FrameError
        When the frame is empty or without any value, holds more than `most` values, mixes units, or repeats a period of
        a series.
    """
    check_language(lang)
    frame = check_series_frame(frame.collect() if isinstance(frame, pl.LazyFrame) else frame)
    if frame.is_empty():
        raise FrameError("the frame has no rows, so there is nothing to draw: check its areas and years")
    values = frame["value"].drop_nulls().to_list()
    if not values:
        raise FrameError(f"all {frame.height} values of the frame are null, so there is nothing to draw")
    if most is not None and len(values) > most:
        raise FrameError(
            f"{kind} shows up to {most:,} values, the frame has {len(values):,}: filter it, or bring it to longer periods "
            "with gba.to_frequency; gba.chart.line thins what it draws"
        )
    check_unique_periods(frame)
    unit = one_unit(frame, kind)
    keys = series_keys(frame)
    varying = _telling(frame, keys)
    # in the order in which the series first stand in the frame: the user's own
    parts = frame.partition_by(keys, maintain_order=True) if keys else [frame]
    rows = [part.row(0, named=True) for part in parts]
    names = [_name(row, varying, lang) for row in rows]
    if len(set(names)) < len(names):
        # two ids with one name: the ids tell them apart
        names = [", ".join(str(row[k]) for k in varying) for row in rows]
    colours = _colours([row.get("area") for row in rows])
    found: list[Series] = []
    silent: list[str] = []
    for part, row, name, colour in zip((p.sort("period") for p in parts), rows, names, colours, strict=True):
        held = part.drop_nulls("value")
        if held.is_empty():
            silent.append(name)
            continue
        periods = held["period"].to_list()
        frequency = row.get("frequency") or _frequency_of(periods)
        statuses = held["status"].to_list() if "status" in held.columns else []
        breaks = tuple(i for i, status in enumerate(statuses) if status == "B" and i > 0)
        found.append(Series(name, colour, frequency, tuple(periods), tuple(held["value"].to_list()), breaks))
    return Drawing(frame, tuple(found), tuple(silent), choose_scale(unit, values, lang), lang)
