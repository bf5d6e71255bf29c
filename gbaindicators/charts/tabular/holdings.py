"""The coverage table: which figures there are, and which of them the integration index uses."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from gbaindicators.charts.labels import name_of, title_of
from gbaindicators.charts.series import drawing
from gbaindicators.charts.tabular.by_period import held_values
from gbaindicators.charts.tabular.layout import Column, Marks, Sheet, build
from gbaindicators.charts.tabular.words import word
from gbaindicators.charts.wording import check_language
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    from great_tables import GT

__all__ = ["coverage"]

_DOT = "●".format
_OF_FLOWS = ("flow", "indicator", "area", "first", "last", "observations", "used", "note", "source")


def coverage(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> GT:
    """Set as a table which figures there are: areas by years, or the figures of the factor flows.

    Parameters
    ----------
    frame
        A series frame of one frequency, or what `gba.integration_coverage` gives.
    title, subtitle
        By default what is covered.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``. Notes are in English.

    Returns
    -------
    great_tables.GT
        Of a series frame a row for each series and a column for each year: a dot with the letter of the status for
        annual figures, otherwise how many figures the year has. Of the flows a row for each figure under the name
        of its flow: area, years, how many of them have a figure, and whether the index uses it, with the reason as
        a footnote where not.

    Raises
    ------
    FrameError
        When the frame has no figures, or mixes frequencies.
    ExportError
        When great-tables is not installed.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"area": ["macao"] * 2, "period": [date(2022, 1, 1), date(2024, 1, 1)], "value": [1.0, 2.0]})
    >>> coverage(frame).as_raw_html().count("●</td>")
    2
    """
    check_language(lang)
    if "flow" in frame.columns:
        return _of_flows(frame, title, subtitle, lang)
    return _of_series(frame, title, subtitle, lang)


def _of_series(frame: pl.DataFrame, title: str | None, subtitle: str | None, lang: str) -> GT:
    # each figure counts as one, so units may differ
    counted = frame.drop("unit", strict=False)
    drawn = drawing(counted, lang, kind="a coverage table")
    if len(found := sorted({s.frequency for s in drawn.series})) > 1:
        raise FrameError(f"a coverage table needs one frequency, the frame has {', '.join(found)}: filter it")
    annual = found == ["A"]
    marks = Marks()
    periods = drawn.periods
    years = range(periods[0].year, periods[-1].year + 1)
    names = [*map(drawn.called, drawn.series), *drawn.silent]
    held = [*held_values(drawn), *({} for _ in drawn.silent)]
    columns = [Column("series", word("area" if "area" in frame.columns else "series", lang), names)]
    for year in years:
        own = [[status for p, (_, status) in values.items() if p.year == year] for values in held]
        letters = [" ".join(marks.status(s) for s in statuses) if annual else "" for statuses in own]
        counts = [len(statuses) or None for statuses in own]
        columns.append(
            Column(
                str(year),
                str(year),
                counts,
                _DOT if annual else str,
                letters,
                align="center" if annual else "right",
            )
        )
    what = title_of(drawn.frame, lang)
    return build(
        Sheet(
            title=word("coverage", lang, what) if title is None else title,
            subtitle=("" if annual else word("counted", lang)) if subtitle is None else subtitle,
            columns=columns, lang=lang, marks=marks, frames=[drawn.frame], key=[("", word("there", lang))] if annual else [],
        )
    )  # fmt: skip


def _of_flows(frame: pl.DataFrame, title: str | None, subtitle: str | None, lang: str) -> GT:
    from gbaindicators.comparison.integration.flows import factor_flows

    if missing := [c for c in _OF_FLOWS if c not in frame.columns]:
        raise FrameError(
            f"a coverage table of flows sets what gba.integration_coverage gives; this frame lacks {', '.join(missing)}"
        )
    if frame.is_empty():
        raise FrameError("the frame has no rows, so there is nothing to set as a table")
    flows = {f.id: f.names[lang] for f in factor_flows()}
    marks = Marks()
    rows: list[dict[str, Any]] = list(frame.iter_rows(named=True))
    columns = [
        Column("indicator", word("indicator", lang), [name_of("indicator", r["indicator"], lang) for r in rows]),
        Column("area", word("area", lang), [name_of("area", r["area"], lang) for r in rows]),
        Column("years", word("years", lang), [_span(r["first"], r["last"]) for r in rows], align="center"),
        Column("observations", word("observations", lang), [r["observations"] for r in rows], align="right"),
        Column(
            "used", word("used", lang), [r["used"] for r in rows], lambda used: word("yes" if used else "no", lang),
            [marks.note(r["note"]) for r in rows],
        ),
    ]  # fmt: skip
    named = frame.with_columns(sources=pl.concat_list("source"))
    return build(
        Sheet(
            title=word("coverage", lang, word("flows", lang)) if title is None else title,
            subtitle=subtitle or "",
            columns=columns, lang=lang, marks=marks, frames=[named],
            groups=[flows.get(r["flow"], r["flow"]) for r in rows],
            beside={"note": [r["note"] for r in rows], "source": [r["source"] for r in rows]},
        )
    )  # fmt: skip


def _span(first: date | None, last: date | None) -> str | None:
    if first is None or last is None:
        return None
    return f"{first.year}" if first.year == last.year else f"{first.year}–{last.year}"
