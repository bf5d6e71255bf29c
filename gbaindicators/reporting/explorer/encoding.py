"""The explorer's data as compact JSON: columns instead of rows, texts shared, runs of one value written once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Area, Indicator, catalog
from gbaindicators.charts.labels import choose_scale, name_of
from gbaindicators.charts.theme import area_colour
from gbaindicators.comparison import BAYS
from gbaindicators.reporting.explorer.gathering import FISCAL, number_of
from gbaindicators.reporting.explorer.shown import Figures, Measure, Series
from gbaindicators.reporting.explorer.words import WORDS

__all__ = ["encode", "script_safe"]

#: Scales in the three languages, from which each takes those it has words for.
_FACTORS: Final = {"en": (1e12, 1e9, 1e6), "zh-Hans": (1e12, 1e8, 1e4), "zh-Hant": (1e12, 1e8, 1e4)}
#: The smallest amount that is scaled at all.
_SCALED_FROM: Final = 1e5
_GROUPS: Final = {
    "bay_area": "bays", "sar": "sars", "city": "cities", "country": "countries", "group": "countries", "province": "provinces",
    "state": "provinces", "prefecture": "provinces", "metro": "metros", "county": "counties", "port": "ports",
    "airport": "airports", "control_point": "points",
}  # fmt: skip
#: Digits that a figure made by arithmetic keeps; one as published keeps all.
_DIGITS: Final = 12


class _Shared(dict[str, int]):
    """Values that are written once and then meant by their number."""

    def number(self, value: str | None) -> int | None:
        return None if value is None else self.setdefault(value, len(self))


def encode(figures: Figures, series: Sequence[Series], lang: str, as_of: date | None) -> str:
    """Write the figures and all that is said about them as JSON that is safe inside a script element."""
    units, sources, notes, vintages = _Shared(), _Shared(), _Shared(), _Shared()
    rows = [_rows(part, units, sources, notes, vintages) for part in figures.parts]
    lines = [_line(figures, s, units) for s in series]
    indicators = dict.fromkeys(s.key[0] for s in series)
    areas = dict.fromkeys([*(s.key[1] for s in series), *(k[1] for k in figures.series)])
    said = {
        "lang": lang, "asOf": as_of and as_of.isoformat(), "words": WORDS[lang], "units": [_unit(u, lang) for u in units],
        "scales": [[f, choose_scale(None, [max(f, _SCALED_FROM)], lang).unit] for f in _FACTORS[lang]],
        "prices": {p: name_of("prices", p, lang) for p in dict.fromkeys(k[4] for k in figures.series) if p},
        "indicators": {i: _indicator(catalog().indicators[i], lang) for i in indicators},
        "areas": {a.id: _area(a, lang) for a in _in_order(areas)}, "bays": list(BAYS),
        "definitions": [[d.area, d.id, d.names[lang], d.default] for d in catalog().definitions],
        "sources": [_source(s) for s in sources], "notes": list(notes), "vintages": list(vintages), "rows": rows, "series": lines,
    }  # fmt: skip
    return script_safe(json.dumps(said, ensure_ascii=False, separators=(",", ":")))


def script_safe(text: str) -> str:
    r"""Make JSON safe inside a script element: markup in a name cannot end it.

    >>> script_safe('"</script>"')
    '"\\u003c/script\\u003e"'
    """
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _indicator(entry: Indicator, lang: str) -> dict[str, Any]:
    return {"name": entry.names[lang], "table": entry.table, "changes": _may_change(entry)}


def _may_change(entry: Indicator) -> bool:
    """Whether growth and an index make sense: not of rates, shares, and indices that are changes or are bounded."""
    bounded = entry.kind == "index" and (entry.maximum is not None or entry.over_time == "none")
    share = entry.kind == "ratio" and entry.unit == "percent"
    return entry.kind != "rate" and not bounded and not share and "rank" not in entry.unit


def _in_order(areas: Iterable[str]) -> list[Area]:
    """Areas by group, the bay areas as they are always listed, the others as in the catalogue."""
    places = {id_: i for i, id_ in enumerate([*BAYS, *(a for a in catalog().areas if a not in BAYS)])}
    groups = list(dict.fromkeys(_GROUPS.values()))
    found = [catalog().areas[a] for a in areas]
    return sorted(found, key=lambda a: (groups.index(_GROUPS[a.level]), places[a.id]))


def _area(entry: Area, lang: str) -> dict[str, str]:
    return {"name": entry.names[lang], "group": _GROUPS[entry.level], "colour": area_colour(entry.id)}


def _source(ids: str) -> list[str]:
    """Id, citation and address of a source; of several that a sum comes from, all citations."""
    found = [catalog().sources.get(id_) for id_ in ids.split("; ")]
    url = found[0].url if len(found) == 1 and found[0] else ""
    cited = "; ".join(catalog().cite(ids.split("; ")))
    return [ids, cited, url if url.startswith(("http://", "https://")) else ""]


def _unit(unit: str, lang: str) -> list[str]:
    """Id of a unit and its words: unscaled, then with each scale word."""
    base = unit.removesuffix(" per head")
    words = [
        choose_scale(base, [max(f, _SCALED_FROM) if f > 1 else 1], lang).unit for f in (1.0, *_FACTORS[lang])
    ]
    if base != unit:
        words = [WORDS[lang]["a_head"].format(w) for w in words]
    return [unit, *words]


def _rows(
    part: pl.DataFrame, units: _Shared, sources: _Shared, notes: _Shared, vintages: _Shared
) -> dict[str, Any]:
    """A published series with where each figure stands."""
    first = part.row(0, named=True)
    printed = [
        None if text == _number(value) and scale == 0 else text
        for text, value, scale in part.select("published_value", "value", "published_scale").rows()
    ]
    columns = {
        "st": part["status"].to_list(), "source": [sources.number(s) for s in part["source"]],
        "seen": [vintages.number(v.isoformat()) for v in part["vintage"]], "note": [notes.number(n) for n in part["note"]],
        "text": printed, "of": part["published_unit"].to_list(), "scale": part["published_scale"].to_list(),
    }  # fmt: skip
    numbers = [number_of(first["kind"], p) for p in part["period"]]
    values = dict(zip(numbers, map(_exact, part["value"]), strict=True))
    span = range(numbers[0], numbers[-1] + 1)
    made: dict[str, Any] = {
        "i": first["indicator"], "a": first["area"], "k": first["kind"], "u": units.number(first["unit"]),
        "from": numbers[0], "v": [values.get(n) for n in span],
    }  # fmt: skip
    if first["kind"] == FISCAL:
        made["month"] = first["period"].month
    for name, key in (("adjustment", "j"), ("prices", "p")):
        if first[name] not in ("nsa", "current", None):
            made[key] = first[name]
    # one entry a figure: gaps have none
    made |= {name: c for name, values_ in columns.items() if (c := _column(values_)) is not None}
    if (place := _places(part["locator"].to_list(), part["period"].dt.year().to_list())) is not None:
        made["at"] = place
    return made


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _exact(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def _column(values: list[Any]) -> Any:
    """A column, or its one value where all are the same."""
    return values[0] if len(set(values)) == 1 else values


def _places(texts: list[str | None], years: list[int]) -> Any:
    """Places in a source, without what they begin and end with in common; the year stands as ``{y}``."""
    if len(set(texts)) == 1:
        return texts[0]
    plain = [(t or "").replace(str(y), "{y}") if t else "" for t, y in zip(texts, years, strict=True)]
    if len(set(plain)) == 1:
        return ["", "", plain[0]]
    start = _common_start(plain)
    rest = [t[len(start) :] for t in plain]
    end = _common_start([t[::-1] for t in rest])[::-1]
    return [start, end, [t[: len(t) - len(end)] for t in rest]]


def _common_start(texts: Sequence[str]) -> str:
    """Longest text that all begin with."""
    first, last = min(texts), max(texts)
    same = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:same]


def _line(figures: Figures, series: Series, units: _Shared) -> dict[str, Any]:
    """A line that can be drawn, in each of its units."""
    indicator, area, kind, adjustment, prices, _ = series.key
    made: dict[str, Any] = {"i": indicator, "a": area, "k": kind}
    if series.definition:
        made["d"] = series.definition
    if adjustment != "nsa":
        made["j"] = adjustment
    if prices not in ("current", None):
        made["p"] = prices
    made["m"] = {name: _measure(series, measure, units) for name, measure in series.measures.items()}
    return made


def _measure(series: Series, measure: Measure, units: _Shared) -> Any:
    """Figures in one unit; those as published are meant by the number of their rows."""
    if not measure.steps and len(measure.inputs) == 1 and len(measure.inputs[0]) == 1:
        return measure.inputs[0][0].series
    frame = measure.frame.sort("period")
    numbers = [number_of(series.key[2], p) for p in frame["period"]]
    values = dict(zip(numbers, map(_rounded, frame["value"]), strict=True))
    made: dict[str, Any] = {
        "u": units.number(frame["unit"][0]), "from": numbers[0],
        "v": [values.get(n) for n in range(numbers[0], numbers[-1] + 1)],
        "st": _column(frame["status"].to_list()), "how": list(measure.steps),
        "in": [[[r.series, r.ratio, r.shift, r.count] for r in one] for one in measure.inputs],
    }  # fmt: skip
    return made


def _rounded(value: float) -> float | int:
    return _exact(float(f"{value:.{_DIGITS}g}"))
