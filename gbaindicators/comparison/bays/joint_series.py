"""What is simulated jointly: the members of an area added up by currency, their people, and the rates between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import polars as pl

from gbaindicators.catalog import Definition, catalog
from gbaindicators.comparison.bays.bay_figures import people_of
from gbaindicators.comparison.bays.choices import rate_target
from gbaindicators.errors import MissingRateError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting import simulate
from gbaindicators.store import load
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms.conversion_rates import Basis

__all__ = ["Rate", "draw_jointly", "held", "in_one_currency", "past_series", "rates_since"]

Rate = Literal["held", "simulated"]

#: What tells the series apart: amounts, people and rates, of an area, in a currency.
_KEYS = ("series", "area", "part")


def past_series(
    rows: pl.DataFrame, definitions: Sequence[Definition], *, per_head: bool, first: int
) -> pl.DataFrame:
    """Published years of what each area adds up to in each currency, and of its people, from a first year on.

    Raises
    ------
    UsageError
        When a member has no figures, or a series ends before the first year.
    """
    series = [_by_currency(rows, one, "amount") for one in definitions]
    if per_head:
        people = people_of(rows)
        series += [_by_currency(people, one, "people") for one in definitions]
    past = pl.concat(series)
    _check_start(past, first)
    return past.filter(pl.col("period") >= date(first, 1, 1))


def _by_currency(figures: pl.DataFrame, definition: Definition, kind: str) -> pl.DataFrame:
    """Sums of the members in each currency, in the last stretch of years without a gap."""
    rows = figures.filter(pl.col("area").is_in(definition.members))
    if absent := sorted(set(definition.members) - set(rows["area"])):
        raise UsageError(f"no annual figures for {', '.join(absent)} of {definition.area} ({definition.id})")
    units = rows.group_by("unit").agg(pl.col("area").n_unique().alias("_all"))
    sums = rows.group_by("unit", "period").agg(
        pl.col("value").sum(), pl.col("area").n_unique().alias("_have"),
        (pl.col("status") == "B").any().alias("value_broken"),
        pl.col("sources").explode().drop_nulls().unique().sort(),
    ).join(units, on="unit").filter(pl.col("_have") == pl.col("_all")).sort("unit", "period")  # fmt: skip
    gapless = (pl.col("period").dt.year().diff().fill_null(1) == 1).over("unit")
    stretch = (~gapless).cast(pl.Int64).cum_sum().over("unit")
    sums = sums.filter(stretch == stretch.max().over("unit"))
    return _as_series(sums.with_columns(area=pl.lit(definition.area), part="unit"), kind)


def _as_series(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    return rows.select(
        "area", "part", pl.lit("A").cast(FREQUENCY).alias("frequency"), "period", "value", "unit", "sources",
        "value_broken", series=pl.lit(kind),
    )  # fmt: skip


def _check_start(past: pl.DataFrame, first: int) -> None:
    ends = past.group_by(_KEYS).agg(pl.col("period").dt.year().max())
    if (earliest := ends.sort("period", "area", "part").row(0, named=True))["period"] < first:
        raise UsageError(
            f"{earliest['area']} ({earliest['part']}) ends in {earliest['period']}, so nothing of it is left from {first} "
            "on: begin earlier with start="
        )


def rates_since(first: int, past: pl.DataFrame, currency: str, basis: Basis) -> pl.DataFrame:
    """Annual rates of the currencies that need one, in their units per unit of the target.

    Raises
    ------
    UnknownNameError
        When `currency` is none.
    MissingRateError
        When a currency has no rate since the first year.
    """
    if currency not in catalog().currencies:
        raise UnknownNameError("currency", currency, catalog().currencies)
    published = load("fx_rate" if basis == "market" else "ppp", frequency="A").filter(
        pl.col("status") != "U", pl.col("period") >= date(first, 1, 1)
    )
    published = published.with_columns(part=pl.col("unit").str.split(" ").list.first())
    wanted = [c for c in past.filter(series="amount")["part"].unique().sort() if c != currency]
    if missing := [c for c in (*wanted, currency) if c != "USD" and c not in published["part"]]:
        raise MissingRateError(
            f"no annual {basis} rate of {', '.join(missing)} since {first}: choose an earlier start"
        )
    rows = _against(published, wanted, currency).with_columns(
        area=pl.lit(""), value_broken=pl.lit(value=False),
        unit=pl.format("{} per {}", "part", pl.lit(rate_target(currency, basis))),
    )  # fmt: skip
    return _as_series(rows, "rate").sort("part", "period")


def _against(published: pl.DataFrame, wanted: Sequence[str], currency: str) -> pl.DataFrame:
    """Rates of currencies against one of them, from their rates against the dollar."""
    rows = published.filter(pl.col("part").is_in(wanted))
    if "USD" in wanted:
        dollars = published.filter(part=currency).with_columns(value=pl.lit(1.0), part=pl.lit("USD"))
        rows = pl.concat([rows.filter(pl.col("part") != "USD"), dollars])
    if currency == "USD":
        return rows
    target = published.filter(part=currency).select("period", _target="value")
    return rows.join(target, on="period").with_columns(pl.col("value") / pl.col("_target"))


def held(rates: pl.DataFrame, last: int) -> pl.DataFrame:
    """Rates as published, and the last one in every later year."""
    ends = rates.group_by("part").agg(pl.all().sort_by("period").last())
    later = ends.with_columns(
        period=pl.date_ranges(
            pl.col("period").dt.offset_by("1y"), pl.max_horizontal(pl.lit(date(last, 1, 1)), pl.col("period").dt.offset_by("1y")), "1y"
        )
    ).explode("period")  # fmt: skip
    return pl.concat([rates, later.select(rates.columns)], how="vertical_relaxed").select(
        "part", "period", "value"
    )


def draw_jointly(
    series: pl.DataFrame, last: int, known_until: date, paths: int, model: str, seed: int
) -> pl.DataFrame:
    """Joint paths from the first year not published for all, with published years as they are.

    Raises
    ------
    SeriesTooShortError
        When some series has too few years: names it.
    """
    ends = series.group_by(_KEYS).agg(pl.col("period").max())
    horizon = last - int(ends.select(pl.col("period").dt.year().min()).item())
    frame = series.select(*_KEYS, "frequency", "period", "value", "unit")
    ahead = simulate(frame, max(horizon, 1), paths=paths, model=model, seed=seed)
    _check_all_drawn(ends, ahead)
    every = pl.DataFrame({"path": range(paths)}, schema={"path": ahead.schema["path"]})
    past = frame.filter(pl.col("period") > known_until).join(every, how="cross").select(ahead.columns)
    both = pl.concat([past, ahead], how="vertical_relaxed")
    return both.filter(pl.col("period") > known_until, pl.col("period") <= date(last, 1, 1))


def _check_all_drawn(series: pl.DataFrame, ahead: pl.DataFrame) -> None:
    lost = series.join(ahead.select(_KEYS).unique(), on=_KEYS, how="anti").sort(_KEYS)
    if lost.height:
        names = ", ".join(f"{r['area'] or 'the rate'} ({r['part']})" for r in lost.iter_rows(named=True))
        raise SeriesTooShortError(
            f"no forecast could be made of {names}: begin earlier with start=, or choose another definition or model"
        )


def in_one_currency(drawn: pl.DataFrame, rates: pl.DataFrame, currency: str | None) -> pl.DataFrame:
    """Sums of each area on every path, over its people where they are drawn as well.

    Parameters
    ----------
    drawn
        Joint paths of amounts in their currencies, and of people.
    rates
        Units per unit of the target: by ``part``, and where they change by ``period`` and ``path``.
    currency
        The target, which needs no rate; None for what is no money.

    Raises
    ------
    MissingRateError
        When a year has no rate.
    """
    amounts = drawn.filter(pl.col("series") == "amount")
    if currency is not None:
        amounts = _converted(amounts, rates, currency)
    cells = ["area", "frequency", "path", "period"]
    joint = amounts.group_by(cells).agg(pl.col("value").sum())
    people = drawn.filter(pl.col("series") == "people").select(*cells, _people="value")
    if people.is_empty():
        return joint
    return joint.join(people, on=cells).with_columns(pl.col("value") / pl.col("_people")).drop("_people")


def _converted(amounts: pl.DataFrame, rates: pl.DataFrame, currency: str) -> pl.DataFrame:
    keys = [c for c in ("path", "period", "part") if c in rates.columns]
    rate = pl.when(pl.col("part") == currency).then(pl.lit(1.0)).otherwise("_rate")
    found = amounts.join(rates.select(*keys, _rate="value"), on=keys, how="left").with_columns(_rate=rate)
    without = found.filter(pl.col("_rate").is_null()).select("part", "period").unique().sort("part", "period")
    for part, period in without.head(1).rows():
        raise MissingRateError(
            f"no rate of {part} to convert {period.year} with: choose another base year, or a start from which there are "
            "rates of all years"
        )
    return found.with_columns(pl.col("value") / pl.col("_rate"))
