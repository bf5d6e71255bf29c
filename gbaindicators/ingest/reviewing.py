"""What a person needs to judge figures that were held back: the whole of the series they belong to."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.ingest.comparing import feed_of
from gbaindicators.store.archive import Archive
from gbaindicators.tables.observations import normalise

__all__ = ["known_figures"]

_SCHEMA: Final[dict[str, Any]] = {
    "service": pl.String, "feed": pl.String, "period": pl.Date, "value": pl.Float64,
}  # fmt: skip


def known_figures(held: pl.DataFrame) -> pl.DataFrame:
    """Known figures of the series of which something is held back, the newest vintage of each, in base units.

    Parameters
    ----------
    held
        What `held_changes` gives, or part of it.

    Returns
    -------
    polars.DataFrame
        ``service, feed, period`` (first day) and ``value``, in order of time.

    Examples
    --------
    >>> known_figures(pl.DataFrame(schema={"service": pl.String, "feed": pl.String})).height
    0
    """
    names, archive = catalog(), Archive()
    found = [pl.DataFrame(schema=_SCHEMA)]
    for (service,), rows in held.group_by("service", maintain_order=True):
        feeds = {feed.id: feed for feed in names.services[str(service)].feeds}
        known = (
            archive.known(str(service))
            .with_columns(feed_of(feeds))
            .filter(pl.col("feed").is_in(rows["feed"].implode()))
        )
        newest = (
            normalise(known, names)
            .sort("start", "vintage")
            .unique(["feed", "start"], keep="last", maintain_order=True)
        )
        found.append(
            newest.drop_nulls("amount").select(
                pl.lit(service).alias("service"),
                "feed",
                pl.col("start").alias("period"),
                pl.col("amount").alias("value"),
            )
        )
    return pl.concat(found)
