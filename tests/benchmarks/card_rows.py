"""Card transactions as an operator would publish them: boardings by stop, kind of card and day, in daily partitions.

Stops differ in size as cities do (log-normal), weekdays and seasons move all of them, the Lunar New Year empties the
commuters' cards and fills the visitors', and counts scatter around that (Poisson). The operator publishes a day
provisionally on the next one and revises some figures a week later; the transport authority prints some of them too.
Hours are summed to days before: a day is the shortest period that a series has.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from gbaindicators.catalog import datasets_dir
from gbaindicators.tables.observations import COLUMNS

TABLE = "card_transactions"
#: Kinds of card: part of the boardings, level on Saturday and Sunday, and in the Lunar New Year.
KINDS = {"adult": (0.62, 0.75, 0.45), "student": (0.14, 0.35, 0.2), "elderly": (0.16, 0.9, 0.8),
         "child": (0.03, 1.3, 1.1), "visitor": (0.05, 1.2, 1.8)}  # fmt: skip
NEW_YEARS = (date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17))
OPERATOR, AUTHORITY = "made_up_operator", "made_up_authority"
REVISED, PRINTED_TWICE = 0.02, 0.01
FIRST = date(2024, 1, 1)


def indicator(kind: str) -> str:
    """Id of the indicator of a kind of card."""
    return f"card_boardings_{kind}"


def stop_ids(stops: int) -> list[str]:
    """Ids of the stops."""
    return [f"stop_{n:05}" for n in range(1, stops + 1)]


def write_catalog(root: Path, stops: int) -> None:
    """Write a catalogue that names the stops, the indicators and the two sources beside what is shipped."""
    folder = root / "catalog"
    shutil.copytree(datasets_dir() / "catalog", folder)
    with (folder / "areas.toml").open("a", encoding="utf-8") as file:
        for number, stop in enumerate(stop_ids(stops), 1):
            file.write(
                f'\n[{stop}]\nen = "Stop {number}"\nzh-Hans = "站点{number}"\nzh-Hant = "站點{number}"\n'
                'level = "stop"\nparent = "hong_kong"\ncurrency = "HKD"\n'
            )
    with (folder / "indicators.toml").open("a", encoding="utf-8") as file:
        for kind in KINDS:
            file.write(
                f'\n[{indicator(kind)}]\nen = "Boardings, {kind} cards"\nzh-Hans = "刷卡{kind}"\nzh-Hant = "刷卡{kind}"\n'
                f'table = "{TABLE}"\nunit = "transactions"\nkind = "flow"\nover_time = "sum"\nover_areas = "sum"\nminimum = 0\n'
                'description = "Made up."\n'
            )
    with (folder / "sources.csv").open("a", encoding="utf-8") as file:
        file.write(f"{OPERATOR},Made-up operator,Boardings,,,made up,official,,,\n")
        file.write(f"{AUTHORITY},Made-up authority,Transport digest,,,made up,secondary,,,\n")


def rows_of_day(day: date, stops: int) -> pl.DataFrame:
    """Rows of one day, in the columns of an observation file."""
    of_stop = np.exp(np.random.default_rng(7).normal(5.0, 1.2, stops))
    random = np.random.default_rng(day.toordinal())
    season = 1 + 0.06 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 300) / 365.25)
    festival = any(-2 <= (day - first).days <= 6 for first in NEW_YEARS)
    frames = []
    for kind, (part, weekend, at_new_year) in KINDS.items():
        level = part * season * (at_new_year if festival else weekend if day.weekday() >= 5 else 1.0)
        counts = random.poisson(of_stop * level)
        frames.append(
            pl.DataFrame({"area": stop_ids(stops), "value": counts}).with_columns(
                indicator=pl.lit(indicator(kind))
            )
        )
    first = pl.concat(frames).with_columns(
        status=pl.lit("P"), vintage=pl.lit(day + timedelta(days=1)), source=pl.lit(OPERATOR),
        locator=pl.lit("daily file"),
    )  # fmt: skip
    draw = pl.Series(random.random(first.height))
    off = pl.Series(random.integers(-3, 4, first.height))
    revised = first.with_columns(
        (pl.col("value") + off).clip(0), status=pl.lit("A"), vintage=pl.lit(day + timedelta(days=8))
    )
    again = first.with_columns(
        (pl.col("value") + off.abs()).alias("value"), status=pl.lit("A"), vintage=pl.lit(day + timedelta(days=40)),
        source=pl.lit(AUTHORITY), locator=pl.lit("table 3"),
    )  # fmt: skip
    whole = pl.concat(
        [first, revised.filter(draw < REVISED), again.filter((draw >= 0.5) & (draw < 0.5 + PRINTED_TWICE))]
    )
    return whole.select(
        "indicator", "area", pl.lit(day).alias("period"), "value", pl.lit("transactions").alias("unit"),
        pl.lit(0, pl.Int8).alias("scale"), pl.lit("nsa").alias("adjustment"), pl.lit("").alias("prices"), "status",
        "vintage", "source", "locator", pl.lit("").alias("note"),
    ).select(COLUMNS)  # fmt: skip


def write_day(root: Path, day: date, stops: int) -> int:
    """Write the partition of a day; return its rows."""
    folder = _folder_of(root, day)
    folder.mkdir(parents=True, exist_ok=True)
    rows = rows_of_day(day, stops)
    rows.write_parquet(folder / "boardings.parquet")
    return rows.height


def remove_day(root: Path, day: date) -> None:
    """Remove the partition of a day, if there is one."""
    shutil.rmtree(_folder_of(root, day), ignore_errors=True)


def revise_day(root: Path, day: date) -> None:
    """Print every fiftieth figure of a day anew, one higher."""
    file = _folder_of(root, day) / "boardings.parquet"
    rows = pl.read_parquet(file, hive_partitioning=False)
    rows.with_columns(pl.col("value") + (pl.int_range(pl.len()) % 50 == 0).cast(pl.Int64)).write_parquet(file)


def _folder_of(root: Path, day: date) -> Path:
    month = root / "observations" / TABLE / f"year={day.year}" / f"month={day.month:02}"
    return month / f"day={day.day:02}"


def days(number: int) -> Iterator[date]:
    """Days from the first one on."""
    return (FIRST + timedelta(days=n) for n in range(number))


def write_datasets(root: Path, rows: int, number_of_days: int) -> int:
    """Write a datasets folder of about so many rows; return the number of its stops."""
    stops = max(1, round(rows / number_of_days / len(KINDS) / (1 + REVISED + PRINTED_TWICE)))
    write_catalog(root, stops)
    for day in days(number_of_days):
        write_day(root, day, stops)
    return stops
