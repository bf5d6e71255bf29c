"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from gbaindicators.cli.files import Format

__all__ = [
    "Adjustment",
    "Areas",
    "AsOf",
    "Basis",
    "Currency",
    "Database",
    "End",
    "Frequency",
    "Growth",
    "Horizon",
    "Indicator",
    "Jobs",
    "Language",
    "Level",
    "Model",
    "Models",
    "Out",
    "Output",
    "Start",
    "TableLanguage",
    "TableOut",
]

Indicator = Annotated[
    str, typer.Argument(metavar="INDICATOR", help="Indicator or table; gba indicators lists them.")
]
Areas = Annotated[
    list[str] | None,
    typer.Option(
        "--area", "-a", metavar="AREA", help="Area: id, name or alias. May be repeated; all areas by default."
    ),
]
Start = Annotated[str | None, typer.Option(metavar="PERIOD", help="First period: 2010, 2023-Q2 or 2023-05.")]
End = Annotated[str | None, typer.Option(metavar="PERIOD", help="Last period.")]
Frequency = Annotated[
    str | None, typer.Option("--frequency", "-f", metavar="CODE", help="A, S, Q, M, W or D.")
]
AsOf = Annotated[
    str | None, typer.Option(metavar="DATE", help="Give what was known on this day: 2024-03-31.")
]
Adjustment = Annotated[
    str | None,
    typer.Option(metavar="KIND", help="nsa, sa, ytd or cumulative; by default all but year-to-date figures."),
]
Currency = Annotated[
    str | None,
    typer.Option("--to", metavar="CURRENCY", help="Convert money into this currency, such as USD."),
]
Basis = Annotated[
    str,
    typer.Option(
        metavar="BASIS", help="Convert at market rates or at purchasing power parity: market or ppp."
    ),
]
Growth = Annotated[
    str | None, typer.Option(metavar="SPAN", help="Growth in percent over a span: 1y, 1q or 1mo.")
]
#: As `forecast` has them; written out here, so that help needs no Polars.
_MODELS: Final = "auto, theta, dynamic_theta, ets, ces, ar, ar_level, ari2, ses, median_drift, arima, components, regression, daily, drift, naive or seasonal_naive"
Model = Annotated[str, typer.Option(metavar="NAME", help=f"Forecasting model: {_MODELS}.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help=f"Model to judge: {_MODELS}. May be repeated; auto, drift and seasonal_naive by default. The last two are "
        "what others are held against.",
    ),
]
Horizon = Annotated[int, typer.Option(help="How many periods ahead.")]
Jobs = Annotated[
    int,
    typer.Option(min=1, metavar="N", help="Processes to spread many series over; no figure depends on it."),
]
Level = Annotated[
    list[float], typer.Option(metavar="PERCENT", help="Level of an interval in percent. May be repeated.")
]
Language = Annotated[str, typer.Option(metavar="LANG", help="en, zh-Hans or zh-Hant.")]
TableLanguage = Annotated[
    str,
    typer.Option(
        "--lang", metavar="LANG", help="Language of a table in HTML, LaTeX or PNG: en, zh-Hans or zh-Hant."
    ),
]
Output = Annotated[Format, typer.Option("--format", help="How to print the result.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Write to a .csv, .json, .parquet or .xlsx file instead of printing.",
    ),
]
TableOut = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Write to a .csv, .json, .parquet or .xlsx file, or as a table for publication to .html, .tex or .png, "
        "instead of printing.",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="DATABASE",
        help="Database to use instead of GBA_DATABASE or the one in the data home: a file, or one that a team shares, "
        "ducklake:postgres:dbname=gba host=db.example.org.",
    ),
]
