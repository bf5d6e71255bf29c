"""Tables of what models did and say: records of accuracy, nowcasts with their news, chances of overtaking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from gbaindicators.cli.logs import log
from gbaindicators.cli.printing import cell_texts, cited_sources, make_entries, make_table, references
from gbaindicators.cli.series import heading, in_common, scaled_texts, series_table

if TYPE_CHECKING:
    import polars as pl

    from gbaindicators.cli.layout import Part
    from gbaindicators.forecasting import Nowcast

__all__ = ["chances", "news_table", "nowcast_table", "records"]

_MEASURES: Final = (
    "mae: mean absolute error, in the unit above; mase: in units of the mean change over a season (a year for annual "
    "figures) before; vs drift, vs season: the share of the mean absolute error of drift and of the value a season "
    "before that the model saved (+) or added (-); in 80, in 95: share of the actuals inside the interval"
)
#: Records of more series than this are not all printed.
_MOST_RECORDS: Final = 10
#: More releases than this are summed in one line.
_MOST_NEWS: Final = 10
#: More sources than this are counted under a nowcast; its file names them all.
_MOST_SOURCES: Final = 12


def records(measured: pl.DataFrame, past: pl.DataFrame, database: str | None) -> list[Part]:
    """Make the parts of the tables of an accuracy frame: a table and the verdicts for each series."""
    keys = [c for c in measured.columns[: measured.columns.index("model")] if c != "step"]
    series = measured.partition_by(keys, maintain_order=True) if keys else [measured]
    if len(series) > _MOST_RECORDS:
        log.note(
            "shortened",
            f"showing {_MOST_RECORDS} of {len(series)} series; --by model sums them up, --format csv gives them all",
            series=len(series),
        )
    shown = series[:_MOST_RECORDS]
    cited, _ = cited_sources([ids for one in shown for ids in _lists(one, "sources")])
    same = in_common(past)
    parts = [part for one in shown for part in _record(one, in_common(one) if keys else same, database)]
    return [*parts, _MEASURES, *references(cited, database)]


def _lists(frame: pl.DataFrame, column: str) -> list[Any]:
    return frame[column].to_list() if column in frame.columns else []


def _record(measured: pl.DataFrame, same: Mapping[str, Any], database: str | None) -> list[Part]:
    """Make the parts of the table of one series, or of the means over several."""
    names = {"model": measured["model"].to_list()}
    texts, word = scaled_texts(measured, ["mae"]) if same.get("unit") else ({}, "")
    numbers = {
        **{
            c: cell_texts(measured[c].to_list())
            for c in ("step", "series", "origins")
            if c in measured.columns
        },
        **texts,
        "mase": ["" if v is None else f"{v:.2f}" for v in measured["mase"]],
        # a break in the header keeps the table within 80 columns
        "vs\ndrift": _skills(measured, "drift"),
        "vs\nseason": _skills(measured, "seasonal_naive"),
        **{
            f"in\n{c.removeprefix('coverage_')}": [f"{v:.0f}%" for v in measured[c]]
            for c in measured.columns
            if c.startswith("coverage_")
        },
    }
    steps = [f", step {step}" for step in _lists(measured, "step")] or [""] * measured.height
    verdicts = zip(names["model"], steps, measured["verdict"], strict=True)
    return [
        heading({**same, "model": None}, word, database),
        "",
        make_table({**names, **numbers}, numbers, 0),
        "",
        *make_entries([(model + step, verdict) for model, step, verdict in verdicts]),
        "",
    ]


def _skills(shown: pl.DataFrame, rival: str) -> list[str]:
    """How much smaller the error of each model is than that of a simple one, which itself has none."""
    pairs = zip(shown["model"], shown[f"skill_{rival}"], strict=True)
    return ["" if skill is None or model == rival else f"{skill:+z.0%}" for model, skill in pairs]


def nowcast_table(now: Nowcast, database: str | None) -> list[Part]:
    """Make the parts of the table of a nowcast: the quarters, and the series they stand on."""
    sources = now.frame["sources"][0].to_list()
    many = len(sources) > _MOST_SOURCES
    shown = now.frame.drop("sources") if many else now.frame
    inputs = {
        "series": now.inputs["name"].to_list(),
        "transform": now.inputs["transform"].to_list(),
        "last_month": [f"{day:%Y-%m}" for day in now.inputs["last"]],
        "figures": cell_texts(now.inputs["figures"].to_list()),
        "loading": [f"{loading:.2f}" for loading in now.inputs["loading_1"]],
    }
    return [
        *series_table(shown, database),
        *(["", f"Sources: {len(sources)}, in the column 'sources' of --format csv"] if many else []),
        "",
        "Stands on",
        make_table(inputs, ("figures", "loading"), now.inputs.height),
        *(f"left out: {name}, {why}" for name, why in now.left_out.items()),
    ]


def news_table(news: pl.DataFrame, earlier: Nowcast, now: Nowcast) -> list[Part]:
    """Make a table of the releases that moved each quarter, with the sum of their impacts."""
    from gbaindicators.catalog import period_text

    parts: list[Part] = []
    for (quarter,), rows in news.group_by("quarter", maintain_order=True):
        before, after = (n.frame.filter(period=quarter)["value"].item() for n in (earlier, now))
        releases = [r for r in rows.to_dicts() if r["kind"] != "model"]
        rest = releases[_MOST_NEWS:]
        lines = [_release(r) for r in releases[:_MOST_NEWS]]
        if rest:
            lines.append((f"{len(rest)} smaller ones", "", "", "", _points(sum(r["impact"] for r in rest))))
        model = sum(r["impact"] for r in rows.to_dicts() if r["kind"] == "model")
        lines.append(("parameters estimated again", "", "", "", _points(model)))
        lines.append(("sum", "", "", "", _points(after - before)))
        columns = ("figure", "month", "value", "expected", "impact")
        table = {name: [line[i] for line in lines] for i, name in enumerate(columns)}
        parts += [
            "",
            f"News for {period_text('Q', quarter)} since {earlier.as_of}: from {before:.2f} to {after:.2f} percent",
            "",
            make_table(table, columns[2:], 0),
        ]
    return [*parts, "", "Values are as they enter the model: growth, change or level of three months."]


def _release(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    name = row["name"] + (" (revised)" if row["kind"] == "revision" else "")
    return (
        name,
        f"{row['period']:%Y-%m}",
        f"{row['value']:.2f}",
        f"{row['expected']:.2f}",
        _points(row["impact"]),
    )


def _points(impact: float) -> str:
    return f"{impact:+z.2f}" if abs(impact) >= 0.005 else "0.00"


def chances(made: pl.DataFrame, frame: pl.DataFrame, database: str | None) -> list[Part]:
    """Make the parts of the table of probabilities, with what they assume."""
    from gbaindicators.catalog import catalog, period_text_expr

    areas = catalog().areas
    one, two = (areas[made[c][0]].names["en"] for c in ("area", "other"))
    columns = {
        "period": made.select(period_text_expr()).to_series().to_list(),
        **{
            name: [f"{value:.1%}" for value in made[column]]
            for name, column in (
                ("probability", "probability"),
                ("at_least_once_by_then", "probability_by"),
                ("standard_error", "standard_error"),
            )
        },
    }
    cited, _ = cited_sources(frame["sources"].to_list())
    return [
        f"{one} above {two}: {heading(in_common(frame), '', database)}",
        "",
        make_table(columns, [c for c in columns if c != "period"], made.height),
        "",
        "Assumptions",
        *make_entries([*_spans(frame), *_ways(made)]),
        *references(cited, database),
    ]


def _ways(made: pl.DataFrame) -> list[tuple[str, str]]:
    return [
        (
            "paths",
            "each area goes on as in these years, off by as much as the intervals of gba forecast say, and both err "
            "together as far as their past growth moved together",
        ),
        ("probability", made["method"][0]),
    ]


def _spans(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """Years that each area's paths go on from, with the last figure."""
    from gbaindicators.catalog import period_text

    known = frame.drop_nulls("value").sort("area", "period")
    last = known.group_by("area", maintain_order=True).last()
    texts, word = scaled_texts(last, ["value"])
    entries = []
    for row, value in zip(last.to_dicts(), texts["value"], strict=True):
        years = known.filter(area=row["area"])
        first, end = (period_text(row["frequency"], years["period"][i]) for i in (0, -1))
        said = f"{years.height} figures from {first} to {end}, the last {value} {word} {row['unit']}".replace(
            "  ", " "
        )
        entries.append((row["area"], f"{said}; {row['method']}" if row["method"] else said))
    return entries
