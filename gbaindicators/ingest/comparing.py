"""What an answer would change, and whether it may: new against known figures, series by series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

import polars as pl

from gbaindicators.catalog import Catalog, Feed, Service
from gbaindicators.tables.observations import COLUMNS, normalise, observation_schema
from gbaindicators.tables.validation import validate

__all__ = ["CHANGES", "Comparison", "compare", "feed_of"]

#: Columns of the changes that an answer would make.
CHANGES: Final = (
    "feed", "indicator", "area", "frequency", "period", "change", "known_value", "value", "unit", "status", "vintage",
    "known_amount", "amount", "base",
)  # fmt: skip
#: What identifies a figure apart from its vintage.
_FIGURE: Final = ("feed", "start")
_SAID: Final = ("value", "amount", "status", "unit")
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
        silent about it). ``known_amount`` and ``amount`` are the values in the base unit ``base``.
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

    def allowed_changes(self) -> pl.DataFrame:
        """Changes of the series that nothing speaks against."""
        return self.changes.filter(~pl.col("feed").is_in(list(self.objections)))

    def held_changes(self) -> pl.DataFrame:
        """Changes of the other series."""
        return self.changes.filter(pl.col("feed").is_in(list(self.objections)))


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
    old = _normalised(known.with_columns(feed_of(by_id)).filter(pl.col("feed").is_not_null()), catalog)
    last_known = cast("date | None", old["known"].max())
    vintage = max(today, last_known or today).isoformat()
    new = _normalised(_observations(service, by_id, rows, vintage), catalog)
    changes = _changes(new, old, since)
    objections = _broken_rules(new, service, catalog)
    told, before, own = (_by_feed(frame) for frame in (new, _last_word(old), changes))
    for feed in feeds:
        series = own.get(feed.id, changes.clear())
        known_of = before.get(feed.id, old.clear())
        found = [
            *_losses(series, _from(known_of, since), told.get(feed.id, new.clear())),
            *_revisions(series, known_of, feed),
            *_moves(series, known_of, feed, catalog),
        ]
        if found:
            objections.setdefault(feed.id, []).extend(found)
    taken = changes.filter(pl.col("change") != "same").sort("feed", "start", "known", maintain_order=True)
    lost = pl.col("change") == "gone"
    in_place = {
        "value": "",
        "status": "M",
        "vintage": vintage,
        "note": "the service no longer gives the figure",
    }
    taken = taken.with_columns(
        *(
            pl.when(lost).then(pl.lit(text)).otherwise(column).alias(column)
            for column, text in in_place.items()
        ),
        pl.when(lost).then(None).otherwise("amount").alias("amount"),
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
        pl.lit(service.id).alias("source"),
    )


def _normalised(rows: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    return normalise(
        rows.drop("row", "file", strict=False).with_row_index("row").cast({"row": pl.Int64}), catalog
    )


def _by_feed(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {str(feed): part for (feed,), part in rows.partition_by("feed", as_dict=True).items()}


def _last_word(rows: pl.DataFrame) -> pl.DataFrame:
    """The newest vintage of each figure, withdrawn ones left out."""
    newest = rows.sort("known", maintain_order=True).unique(_FIGURE, keep="last")
    return newest.filter(pl.col("value") != "").sort("start")


def _from(rows: pl.DataFrame, since: date | None) -> pl.DataFrame:
    return rows if since is None else rows.filter(pl.col("start") >= since)


def _changes(new: pl.DataFrame, old: pl.DataFrame, since: date | None) -> pl.DataFrame:
    """Every figure of the answer and what it is against the one known until its vintage; and those that are gone.

    A service may date its figures, give several vintages of one, or give an older one than is known: each is compared
    with the last one before it, known or told. So a figure that an update left as it was is no new one.
    """
    told = new.unique([*_FIGURE, "known"], keep="last", maintain_order=True)
    chain = pl.concat(
        [old.with_columns(pl.lit(False).alias("told")), told.with_columns(pl.lit(True).alias("told"))], how="diagonal"
    ).sort(*_FIGURE, "known", "told", maintain_order=True)  # fmt: skip
    before = [pl.col(c).shift(1).over(_FIGURE).alias(f"known_{c}") for c in _SAID]
    unknown = (pl.col("known_value") == "").fill_null(True)
    compared = chain.with_columns(before).filter("told").with_columns(
        pl.when((pl.col("value") == "") & unknown).then(pl.lit("same"))  # no figure, and none was known
        .when(unknown).then(pl.lit("new"))
        .when(pl.col("value") == "").then(pl.lit("withdrawn"))
        .when(pl.col("amount") != pl.col("known_amount")).then(pl.lit("revised"))
        .when((pl.col("status") != pl.col("known_status")) | (pl.col("unit") != pl.col("known_unit")))
        .then(pl.lit("restated"))
        .otherwise(pl.lit("same"))
        .alias("change")
    )  # fmt: skip
    gone = (
        _from(_last_word(old), since)
        .join(new, on=_FIGURE, how="anti")
        .with_columns(*(pl.col(c).alias(f"known_{c}") for c in _SAID), pl.lit("gone").alias("change"))
    )
    return pl.concat([compared, gone], how="diagonal")


def _broken_rules(new: pl.DataFrame, service: Service, catalog: Catalog) -> dict[str, list[str]]:
    failures = validate(new, observation_schema(catalog), service.id, catalog)
    found: dict[str, list[str]] = {}
    for failure in failures.head(1000).iter_rows(named=True):
        at = new.row(failure["row"], named=True) if failure["row"] is not None else {"feed": "", "period": ""}
        found.setdefault(at["feed"], []).append(
            f"{at['period']}: {failure['column']} {failure['value']!r} breaks the rule: {failure['rule']}"
        )
    return {feed: [*texts[:3], *([f"... and {len(texts) - 3} more"] if len(texts) > 3 else [])] for feed, texts in found.items()}  # fmt: skip


def _losses(own: pl.DataFrame, before: pl.DataFrame, told: pl.DataFrame) -> Iterable[str]:
    if before.height and not told.filter(pl.col("value") != "").height:
        yield f"the series is empty; {before.height:,} figures were known"
        return
    last = (
        own.sort("known", maintain_order=True)
        .unique(_FIGURE, keep="last")
        .join(before, on=_FIGURE, how="semi")
    )
    for change, words in (("gone", "no longer given"), ("withdrawn", "withdrawn")):
        if (rows := last.filter(pl.col("change") == change)).height:
            yield f"{_figures(rows)} {words}: {_span(rows)}"
    units, known = ({*frame["base"].drop_nulls()} for frame in (told, before))
    if before.height and units - known:
        yield f"the unit is {', '.join(sorted(units - known))}; known figures are in {', '.join(sorted(known))}"


def _revisions(own: pl.DataFrame, before: pl.DataFrame, feed: Feed) -> Iterable[str]:
    """Whether too large a share of the known figures would change; vintages before the known ones change none."""
    latest = before.select(*_FIGURE, pl.col("known").alias("last"))
    revised = (
        own.filter(pl.col("change") == "revised")
        .join(latest, on=_FIGURE)
        .filter(pl.col("known") >= pl.col("last"))
        .unique(_FIGURE)
    )
    if before.height >= _FEWEST and revised.height > feed.most_revised * before.height:
        yield (
            f"{revised.height} of {before.height} known figures change ({revised.height / before.height:.0%}; more than "
            f"{feed.most_revised:.0%} asks for a look): {_span(revised)}"
        )


def _moves(own: pl.DataFrame, before: pl.DataFrame, feed: Feed, catalog: Catalog) -> Iterable[str]:
    """Figures that are many times the known one, or the last one before them; and zeros where there was none."""
    unit = catalog.units.get(feed.unit)
    if not before.height or feed.largest_move <= 0 or (unit is not None and unit.kind in _FREE):
        return
    changed = own.filter(pl.col("change").is_in(["new", "revised"])).sort("start")
    held_against = changed.join_asof(
        before.select("start", pl.col("amount").alias("last_amount")), on="start", strategy="backward"
    ).with_columns(pl.coalesce("known_amount", "last_amount").alias("against"))
    ratio = pl.col("amount") / pl.col("against")
    zeros = pl.lit((before["amount"] == 0).any())
    far = held_against.filter(
        (pl.col("against") > 0)
        & pl.when(pl.col("amount") == 0)
        .then(~zeros)
        .otherwise((pl.col("amount") > 0) & ~ratio.is_between(1 / feed.largest_move, feed.largest_move))
    )
    for row in far.head(3).iter_rows(named=True):
        yield f"{row['period']}: {row['amount']:g} after {row['against']:g}, more than {feed.largest_move:g} times apart"
    if far.height > 3:
        yield f"... and {far.height - 3} more"


def _figures(rows: pl.DataFrame) -> str:
    return f"{rows.height:,} known figure{'s are' if rows.height > 1 else ' is'}"


def _span(rows: pl.DataFrame) -> str:
    periods = rows.sort("start")["period"]
    return periods[0] if rows.height == 1 else f"{periods[0]} to {periods[-1]}"
