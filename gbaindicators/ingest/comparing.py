"""What an answer would change, and whether it may: new against known figures, series by series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import Catalog, Feed, Service
from gbaindicators.tables.observations import COLUMNS, normalise, observation_schema
from gbaindicators.tables.validation import validate

__all__ = ["CHANGES", "Comparison", "compare", "feed_of"]

#: Columns of the changes that an answer would make.
CHANGES: Final = (
    "feed", "indicator", "area", "frequency", "period", "change", "known_value", "value", "unit", "status", "vintage",
)  # fmt: skip
_KEY: Final = ("indicator", "area", "period", "adjustment", "prices")
#: With fewer known figures a share of them says nothing.
_FEWEST: Final = 4
#: Kinds of units whose values may well change sign or size from one period to the next.
_FREE: Final = ("ratio", "index")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an answer would change.

    Attributes
    ----------
    figures
        New and changed figures in the columns of a dataset file, with the feed of each in ``feed``.
    changes
        The same with what was known: columns `CHANGES`; ``change`` is new, revised, restated (another status or
        scale, the same amount), withdrawn (the service says that there is no figure any more) or gone (the service is
        silent about it).
    objections
        Why the figures of a series must not be taken over unseen, by feed.
    """

    figures: pl.DataFrame
    changes: pl.DataFrame
    objections: dict[str, list[str]]

    def allowed(self) -> pl.DataFrame:
        """Figures of the series that nothing speaks against."""
        return self.figures.filter(~pl.col("feed").is_in(list(self.objections)))

    def held(self) -> pl.DataFrame:
        """Figures of the other series."""
        return self.figures.filter(pl.col("feed").is_in(list(self.objections)))


def compare(
    service: Service, feeds: Sequence[Feed], rows: pl.DataFrame, known: pl.DataFrame, catalog: Catalog, *,
    since: date | None, today: date,
) -> Comparison:  # fmt: skip
    """Compare an answer with what is known of its service.

    Parameters
    ----------
    service
        The service.
    feeds
        The series that answered.
    rows
        Their observations, columns `gbaindicators.ingest.exchange.PAGE`.
    known
        Every figure accepted before, in the columns of a dataset file.
    catalog
        The catalogue with whose rules figures are validated.
    since
        First day asked for; earlier figures are not missed.
    today
        Vintage of figures that the answer does not date; never before that of a known one.
    """
    by_id = {feed.id: feed for feed in feeds}
    last_known = known["vintage"].max() if known.height else None
    today_text = max(today.isoformat(), str(last_known)[:10] if last_known else "")
    new = _normalised(_observations(service, by_id, rows, today_text), catalog)
    old = _normalised(known.with_columns(feed_of(by_id)).filter(pl.col("feed").is_not_null()), catalog)
    changes = _changes(new, old, since)
    objections = _broken_rules(new, service, catalog)
    for feed in feeds:
        own = changes.filter(pl.col("feed") == feed.id)
        told = new.filter(pl.col("feed") == feed.id)
        before = _latest(old.filter(pl.col("feed") == feed.id))
        found = [
            *_losses(own, told, before),
            *_revisions(own, before, feed),
            *_moves(own, before, feed, catalog),
        ]
        if found:
            objections.setdefault(feed.id, []).extend(found)
    taken = changes.filter(pl.col("change") != "same")
    lost = taken["change"] == "gone"
    taken = taken.with_columns(
        pl.when(lost).then(pl.lit("")).otherwise("value").alias("value"),
        pl.when(lost).then(pl.lit("M")).otherwise("status").alias("status"),
        pl.when(lost).then(pl.lit(today_text)).otherwise("vintage").alias("vintage"),
        pl.when(lost).then(pl.lit("the service no longer gives the figure")).otherwise("note").alias("note"),
    )
    return Comparison(taken.select("feed", *COLUMNS), taken.select(CHANGES), objections)


def feed_of(feeds: dict[str, Feed]) -> pl.Expr:
    """Feed of rows in the columns of a dataset file."""
    by_series = {
        "\t".join((one.indicator, one.area, one.frequency, one.adjustment, one.prices)): one.id
        for one in feeds.values()
    }
    series = pl.concat_str("indicator", "area", _frequency(), "adjustment", "prices", separator="\t")
    return series.replace_strict(by_series, default=None, return_dtype=pl.String).alias("feed")


def _frequency() -> pl.Expr:
    """SDMX frequency that a period text shows."""
    text = pl.col("period")
    return (
        pl.when(text.str.contains("/P1Y") | (text.str.len_chars() == 4))
        .then(pl.lit("A"))
        .when(text.str.contains("-S")).then(pl.lit("S"))
        .when(text.str.contains("-Q")).then(pl.lit("Q"))
        .when(text.str.contains("-W")).then(pl.lit("W"))
        .when(text.str.len_chars() == 7).then(pl.lit("M"))
        .otherwise(pl.lit("D"))
    )  # fmt: skip


def _observations(service: Service, feeds: dict[str, Feed], rows: pl.DataFrame, vintage: str) -> pl.DataFrame:
    """Rows of an answer in the columns of a dataset file."""
    own = pl.DataFrame(
        [
            {
                "feed": f.id,
                "indicator": f.indicator,
                "area": f.area,
                "adjustment": f.adjustment,
                "prices": f.prices,
            }
            for f in feeds.values()
        ],
        schema=dict.fromkeys(("feed", "indicator", "area", "adjustment", "prices"), pl.String),
    )
    dated = pl.col("vintage") != ""
    return rows.join(own, on="feed", how="inner", maintain_order="left").with_columns(
        pl.when(dated).then("vintage").otherwise(pl.lit(vintage)).alias("vintage"),
        dated.alias("dated"),
        pl.lit(service.id).alias("source"),
    )


def _normalised(rows: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    return normalise(
        rows.drop("row", "file", strict=False).with_row_index("row").cast({"row": pl.Int64}), catalog
    )


def _latest(rows: pl.DataFrame) -> pl.DataFrame:
    """The newest vintage of each figure, withdrawn ones left out."""
    return rows.sort("vintage").unique(_KEY, keep="last").filter(pl.col("value") != "").sort("start")


def _changes(new: pl.DataFrame, old: pl.DataFrame, since: date | None) -> pl.DataFrame:
    """Every figure of the answer and what it is against the known one; and those that are gone."""
    before = ("value", "amount", "status", "unit", "scale")
    newest = old.sort("vintage").unique(_KEY, keep="last")
    undated = new.filter(~pl.col("dated")).join(
        newest.select(*_KEY, *(pl.col(c).alias(f"known_{c}") for c in before)), on=_KEY, how="left", maintain_order="left",
    )  # fmt: skip
    dated = new.filter(pl.col("dated")).join(
        old.select(*_KEY, "vintage", *(pl.col(c).alias(f"known_{c}") for c in before)).unique((*_KEY, "vintage"), keep="last"),
        on=(*_KEY, "vintage"), how="left", maintain_order="left",
    )  # fmt: skip
    unknown, empty = pl.col("known_value").is_null(), pl.col("value") == ""
    was_empty = pl.col("known_value") == ""
    told = pl.concat([undated, dated.select(undated.columns)]).with_columns(
        pl.when(unknown & empty).then(pl.lit("same"))  # no figure, and none was known
        .when(unknown).then(pl.lit("new"))
        .when(empty & was_empty).then(pl.lit("same"))
        .when(empty).then(pl.lit("withdrawn"))
        .when(was_empty).then(pl.lit("new"))
        .when(pl.col("amount") != pl.col("known_amount")).then(pl.lit("revised"))
        .when((pl.col("status") != pl.col("known_status")) | (pl.col("unit") != pl.col("known_unit")))
        .then(pl.lit("restated"))
        .otherwise(pl.lit("same"))
        .alias("change")
    )  # fmt: skip
    missing = newest.filter(pl.col("value") != "").join(new, on=_KEY, how="anti")
    if since is not None:
        missing = missing.filter(pl.col("start") >= since)
    gone = missing.with_columns(
        pl.col("value").alias("known_value"),
        pl.col("amount").alias("known_amount"),
        pl.lit("gone").alias("change"),
    )
    return pl.concat([told, gone], how="diagonal")


def _broken_rules(new: pl.DataFrame, service: Service, catalog: Catalog) -> dict[str, list[str]]:
    failures = validate(new, observation_schema(catalog), service.id, catalog)
    found: dict[str, list[str]] = {}
    for failure in failures.head(1000).iter_rows(named=True):
        at = new.row(failure["row"], named=True) if failure["row"] is not None else {"feed": "", "period": ""}
        found.setdefault(at["feed"], []).append(
            f"{at['period']}: {failure['column']} {failure['value']!r} breaks the rule: {failure['rule']}"
        )
    return {feed: [*texts[:3], *([f"... and {len(texts) - 3} more"] if len(texts) > 3 else [])] for feed, texts in found.items()}  # fmt: skip


def _losses(own: pl.DataFrame, told: pl.DataFrame, before: pl.DataFrame) -> Iterable[str]:
    if before.height and not told.filter(pl.col("value") != "").height:
        yield f"the series is empty; {before.height} figures were known"
        return
    for change, words in (("gone", "are no longer given"), ("withdrawn", "are withdrawn")):
        if (rows := own.filter(pl.col("change") == change).sort("start")).height:
            yield f"{rows.height} known figure(s) {words}: {_span(rows)}"
    if before.height and (units := set(told["base"].drop_nulls()) - set(before["base"].drop_nulls())):
        yield f"the unit is {', '.join(sorted(units))}; known figures are in {', '.join(sorted(set(before['base'].drop_nulls())))}"


def _revisions(own: pl.DataFrame, before: pl.DataFrame, feed: Feed) -> Iterable[str]:
    revised = own.filter(pl.col("change") == "revised")
    if before.height >= _FEWEST and revised.height > feed.most_revised * before.height:
        share = 100 * revised.height / before.height
        yield (
            f"{revised.height} of {before.height} known figures change ({share:.0f}%; more than "
            f"{100 * feed.most_revised:.0f}% asks for a look): {_span(revised)}"
        )


def _moves(own: pl.DataFrame, before: pl.DataFrame, feed: Feed, catalog: Catalog) -> Iterable[str]:
    """Figures that are many times the known one, or the last one before them."""
    unit = catalog.units.get(feed.unit)
    if not before.height or feed.largest_move <= 0 or (unit is not None and unit.kind in _FREE):
        return
    changed = own.filter(pl.col("change").is_in(["new", "revised"])).sort("start")
    held_against = changed.join_asof(
        before.select("start", pl.col("amount").alias("last_amount")), on="start", strategy="backward"
    ).with_columns(pl.coalesce("known_amount", "last_amount").alias("against"))
    ratio = pl.col("amount") / pl.col("against")
    far = held_against.filter(
        (pl.col("amount") > 0) & (pl.col("against") > 0)
        & ((ratio > feed.largest_move) | (ratio < 1 / feed.largest_move))
    )  # fmt: skip
    for row in far.head(3).iter_rows(named=True):
        yield f"{row['period']}: {row['amount']:g} after {row['against']:g}, more than {feed.largest_move:g} times apart"
    if far.height > 3:
        yield f"... and {far.height - 3} more"


def _span(rows: pl.DataFrame) -> str:
    periods = rows.sort("start")["period"]
    return periods[0] if rows.height == 1 else f"{periods[0]} to {periods[-1]}"
