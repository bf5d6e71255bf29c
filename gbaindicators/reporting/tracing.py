"""From a number of the report to the published figures behind it.

A trail is a frame with the columns ``row`` (of an exhibit's data), ``indicator``, ``area``, ``frequency``, ``period``,
``sources`` (those that the row names; null for any) and ``source`` (one source asked for, preferred or not; null for
the preferred figure). A key that nobody published leads nowhere: trails may name more than there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.reporting.exhibits import Exhibit
from gbaindicators.store import connect

__all__ = [
    "DAYS_OF_YEAR",
    "Trails",
    "by_source",
    "of_days",
    "of_inputs",
    "of_members",
    "published",
    "rates_of",
    "together",
    "with_rates",
]

_KEY: Final = ("indicator", "area", "frequency", "period")
_SCHEMA: Final[dict[str, pl.DataType]] = {
    "row": pl.UInt32(), "indicator": pl.String(), "area": pl.String(), "frequency": pl.String(), "period": pl.Date(),
    "sources": pl.List(pl.String), "source": pl.String(),
}  # fmt: skip
#: Rates and price indices by economy; which of them went into a value, its sources tell.
_RATES: Final = ("fx_rate", "ppp", "gdp_deflator")
_PER_HEAD: Final = "gdp_per_capita"

#: In a trail: the days of a year in one line, where a number is made of too many to list each.
DAYS_OF_YEAR: Final = "days of a year"

_FIND: Final = f"""
WITH days AS (
    SELECT t.exhibit, t.row, o.indicator, o.area, 'A' AS frequency, t.period, sum(o.value) AS value, o.unit, NULL AS published_value,
           NULL AS published_unit, NULL AS published_scale, max(o.status) AS status, max(o.vintage) AS vintage, o.source,
           format('{{}} - {{}}', arg_min(o.locator, o.period), arg_max(o.locator, o.period)) AS locator, NULL AS note,
           format('sum of {{}} days', count(*)) AS method, o.adjustment, o.prices
    FROM asked t JOIN observation o
      ON o.indicator = t.indicator AND o.area = t.area AND o.frequency = 'D' AND date_trunc('year', o.period) = t.period
    WHERE t.frequency = '{DAYS_OF_YEAR}' AND o.preferred AND o.value IS NOT NULL
    GROUP BY ALL
)
SELECT DISTINCT t.exhibit, t.row, o.indicator, o.area, o.frequency, o.period, o.value, o.unit, o.published_value, o.published_unit,
       o.published_scale, o.status, o.vintage, o.source, o.locator, o.note, o.method, o.adjustment, o.prices
FROM asked t JOIN observation o USING (indicator, area, frequency, period)
WHERE o.adjustment <> 'ytd' AND o.unit NOT LIKE 'USD per %'
  AND CASE WHEN t.source IS NULL THEN o.preferred AND (t.sources IS NULL OR list_contains(t.sources, o.source))
           ELSE t.source = o.source AND o.superseded IS NULL END
UNION ALL FROM days
ORDER BY indicator, area, frequency, period, source, adjustment, prices, vintage, exhibit, "row"
"""


@dataclass(frozen=True)
class Trails:
    """Published figures, each once, and for each exhibit and row of its data the places of those behind it."""

    figures: pl.DataFrame
    places: Mapping[str, Mapping[int, Sequence[int]]]

    @classmethod
    def of(cls, exhibits: Sequence[Exhibit]) -> Trails:
        """Look up the trails of some exhibits in the database, as it is known to be."""
        asked = [
            e.trail.select(pl.lit(e.id).alias("exhibit"), *_SCHEMA) for e in exhibits if e.trail is not None
        ]
        if not asked:
            return cls(pl.DataFrame(), {})
        with connect() as connection:
            connection.register("asked", pl.concat(asked).unique(maintain_order=True).to_arrow())
            found: pl.DataFrame = connection.sql(_FIND).pl()
        figures = found.drop("exhibit", "row").unique(maintain_order=True).with_row_index("place")
        keys = [c for c in figures.columns if c != "place"]
        placed = found.join(figures, on=keys, how="left", nulls_equal=True, maintain_order="left")
        places: dict[str, dict[int, list[int]]] = {}
        for exhibit, row, place in placed.select("exhibit", "row", "place").sort(pl.all()).rows():
            places.setdefault(exhibit, {}).setdefault(row, []).append(place)
        return cls(figures.drop("place"), places)

    def behind(self, exhibit: str, row: int) -> Sequence[int]:
        """Places of the figures behind a row of an exhibit's data."""
        return self.places.get(exhibit, {}).get(row, ())


def published(frame: pl.DataFrame) -> pl.DataFrame:
    """Trail of a frame whose rows are published figures themselves."""
    return _trail(frame.with_row_index("row"))


def of_members(frame: pl.DataFrame) -> pl.DataFrame:
    """Trail of what `benchmark` gives: the members' figures of the years or months named, and the rates."""
    rows = frame.with_row_index("row").filter(pl.col("value").is_not_null())
    parts = rows.explode("members").explode("periods").rename({"members": "member", "periods": "text"})
    parts = parts.with_columns(
        year=pl.col("period").dt.year(),
        frequency=pl.when(pl.col("text").str.len_chars() == 7).then(pl.lit("M")).otherwise(pl.lit("A")),
        area=pl.col("member"),
        period=pl.col("text").str.head(10).str.replace(r"^(\d{4})$", "$1-01-01").str.replace(r"^(\d{4}-\d\d)$", "$1-01").str.to_date(),
    )  # fmt: skip
    heads = parts.filter(indicator=_PER_HEAD)
    # of calendar years GDP takes the year itself, population the year before too
    of_year = pl.col("text").str.ends_with("P1Y") | (pl.col("period").dt.year() == pl.col("year"))
    return together(
        _trail(parts.filter(pl.col("indicator") != _PER_HEAD)),
        _trail(heads.filter(of_year).with_columns(indicator=pl.lit("gdp"))),
        _trail(heads.with_columns(indicator=pl.lit("population"))),
        rates_of(rows),
    )


def with_rates(frame: pl.DataFrame) -> pl.DataFrame:
    """Trail of published figures that were converted at the rates of their year."""
    rows = frame.with_row_index("row")
    return together(_trail(rows), rates_of(rows))


def of_inputs(inputs: pl.DataFrame) -> pl.DataFrame:
    """Trail of values made of other figures: `inputs` has a ``row`` beside the key of each."""
    return _trail(inputs)


def of_days(frame: pl.DataFrame) -> pl.DataFrame:
    """Trail of sums of days: every day of the month or year."""
    last = pl.when(pl.col("frequency").cast(pl.String) == "M").then(pl.col("period").dt.offset_by("1mo"))
    days = frame.with_row_index("row").with_columns(
        period=pl.date_ranges(
            "period", last.otherwise(pl.col("period").dt.offset_by("1y")), "1d", closed="left"
        )
    )
    return _trail(days.explode("period").with_columns(frequency=pl.lit("D")))


def by_source(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Trail of figures of sources named in columns, be they preferred or not."""
    rows = frame.with_row_index("row")
    return together(*(_trail(rows.with_columns(pl.col(column).alias("source"))) for column in columns))


def together(*trails: pl.DataFrame) -> pl.DataFrame:
    """Put trails of one frame together."""
    return pl.concat(trails).unique(maintain_order=True)


def _trail(rows: pl.DataFrame) -> pl.DataFrame:
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in _SCHEMA.items() if name not in rows.columns]
    return rows.with_columns(lacking).select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())


def rates_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Trail of the rates of the year that the money of some areas was converted at, and of their price indices.

    What stands in the prices of a year takes the rates and price indices of that year too. `rows` have a ``row``, and
    ``members`` or an ``area`` whose money it was.
    """
    money = rows.explode("members").with_columns(area="members") if "members" in rows.columns else rows
    economy = pl.col("area").replace_strict(_economies(), default=None, return_dtype=pl.String)
    money = money.with_columns(area=economy, period=pl.date(pl.col("period").dt.year(), 1, 1))
    made = [money.filter(pl.col("area").is_not_null())]
    if "prices" in rows.columns:
        base = pl.col("prices").str.extract(r"(\d{4})").cast(pl.Int32)
        made.append(made[0].filter(base.is_not_null()).with_columns(period=pl.date(base, 1, 1)))
    asked = pl.concat(made).with_columns(frequency=pl.lit("A"), indicator=pl.lit(list(_RATES)))
    return _trail(asked.explode("indicator"))


def _economies() -> dict[str, str]:
    """Economy whose rates stand for the money of an area, by area."""
    names = catalog()
    homes = names.currencies
    return {a.id: homes[a.currency] for a in names.areas.values() if a.currency in homes}
