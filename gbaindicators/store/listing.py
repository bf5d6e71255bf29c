"""Lists of what is in the published database: indicators, areas, sources, policies, and what does not agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import polars as pl

from gbaindicators.errors import UnknownNameError, UsageError
from gbaindicators.store.connection import connect
from gbaindicators.store.names import Database, area_ids, fetch, kind_of

__all__ = ["areas", "definitions", "disagreements", "findings", "indicators", "policies", "sources", "title"]


def indicators(text: str | None = None, *, database: Database = None) -> pl.DataFrame:
    """List the indicators with what figures there are of each.

    Parameters
    ----------
    text
        Keep those whose id, name (in any language) or description holds this text.

    Returns
    -------
    polars.DataFrame
        ``id, name_en, name_zh_hans, name_zh_hant, table_name, unit, kind, areas, frequencies, first, last,
        figures, description``.

    Examples
    --------
    >>> indicators("container throughput").filter(pl.col("id") == "container_throughput")["unit"].item()
    'TEU'
    """
    sql = """
        SELECT i.id, i.name_en, i.name_zh_hans, i.name_zh_hant, i.table_name, i.unit, i.kind,
               count(DISTINCT o.area) AS areas, list_sort(list(DISTINCT o.frequency) FILTER (o.frequency IS NOT NULL)) AS frequencies,
               min(o.period) AS first, max(o.period) AS last, count(o.indicator) AS figures, i.description
        FROM indicator i LEFT JOIN observation o ON o.indicator = i.id GROUP BY ALL ORDER BY i.table_name, i.id
    """
    with connect(database) as connection:
        return _holding(
            fetch(connection, sql),
            text,
            "id",
            "name_en",
            "name_zh_hans",
            "name_zh_hant",
            "table_name",
            "description",
        )


def areas(text: str | None = None, *, database: Database = None) -> pl.DataFrame:
    """List the areas with how many figures there are of each.

    Parameters
    ----------
    text
        Keep those whose id, name (in any language), level or alias holds this text.

    Returns
    -------
    polars.DataFrame
        ``id, name_en, name_zh_hans, name_zh_hant, level, parent, currency, aliases, indicators, figures``.

    Examples
    --------
    >>> areas("Canton")["id"].to_list()
    ['guangzhou']
    """
    sql = """
        SELECT a.*, coalesce(o.indicators, 0) AS indicators, coalesce(o.figures, 0) AS figures
        FROM area a LEFT JOIN (
            SELECT area, count(DISTINCT indicator) AS indicators, count(*) AS figures FROM observation GROUP BY area
        ) o ON o.area = a.id ORDER BY a.level, a.id
    """
    with connect(database) as connection:
        frame = fetch(connection, sql)
    labels = frame.with_columns(pl.col("aliases").list.join(" ").alias("_aliases"))
    return _holding(labels, text, "id", "name_en", "name_zh_hans", "name_zh_hant", "level", "_aliases").drop(
        "_aliases"
    )


def sources(
    ids: Sequence[str] | pl.DataFrame | str | None = None, *, database: Database = None
) -> pl.DataFrame:
    """List the sources: all, those of a frame, or those whose id, producer or title holds a text.

    Parameters
    ----------
    ids
        A frame with a ``sources`` column (the sources behind its values), source ids, or a text to look for.

    Returns
    -------
    polars.DataFrame
        ``id, producer, title, url, mirror, licence, grade, vintage, vintage_basis, note``.

    Examples
    --------
    >>> from gbaindicators.store import load
    >>> sources(load("gdp", "macao", start="2020", end="2020", frequency="A"))["producer"].to_list()
    ['Statistics and Census Service, Macao (DSEC)']
    """
    with connect(database) as connection:
        frame = fetch(connection, "SELECT * FROM source ORDER BY id")
    if ids is None:
        return frame
    if isinstance(ids, str):
        return _holding(frame, ids, "id", "producer", "title")
    if isinstance(ids, pl.DataFrame):
        if "sources" not in ids.columns:
            raise UsageError("the frame has no column 'sources': load it with gba.load, or pass source ids")
        ids = ids["sources"].explode().drop_nulls().unique().to_list()
    return frame.filter(pl.col("id").is_in(list(ids)))


def title(kind: Literal["indicator", "area"], id_: str, *, database: Database = None) -> str | None:
    """Name in English that an indicator or an area has in the database; None for one that it does not know."""
    with connect(database) as connection:
        row = connection.execute(f"SELECT name_en FROM {kind} WHERE id = ?", [id_]).fetchone()
    return None if row is None else str(row[0])


def definitions(area: str | None = None) -> pl.DataFrame:
    """List which members make up the bay areas, for `benchmark`, `sensitivity` and `aggregate`.

    Parameters
    ----------
    area
        Keep those of this bay area; an id, name or alias.

    Returns
    -------
    polars.DataFrame
        ``area, subject, id, default, name_en, name_zh_hans, name_zh_hant, members, source, note``: ``subject`` is
        economy, ports or airports; ``source`` states the members, and is null where none in the catalogue does.

    Raises
    ------
    UnknownNameError
        For an unknown area.

    Examples
    --------
    >>> tokyo = definitions("tokyo_bay_area").filter(subject="economy")
    >>> tokyo.select("id", "default", pl.col("members").list.len()).rows()
    [('four_prefectures', True, 4), ('capital_region', False, 8)]
    """
    from gbaindicators.catalog import catalog

    names = catalog()
    wanted = None if area is None else names.area(area).id
    rows = [
        {
            "area": d.area, "subject": d.subject, "id": d.id, "default": d.default, "name_en": d.names["en"],
            "name_zh_hans": d.names["zh-Hans"], "name_zh_hant": d.names["zh-Hant"], "members": d.members,
            "source": d.source or None, "note": d.note,
        }
        for d in names.definitions
    ]  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame if wanted is None else frame.filter(area=wanted)


def policies() -> pl.DataFrame:
    """List the policies and openings whose date is known, for `policy_effect`.

    Returns
    -------
    polars.DataFrame
        ``id, start, time_period, name_en, name_zh_hans, name_zh_hant, areas, indicators, source, stated``, in order of
        ``start``: the first day of the first period with the policy, which ``time_period`` writes as SDMX text, as
        precise as the source. ``areas`` are those touched first, ``indicators`` series to look at; ``stated`` says
        how the date is known, and where it stands when ``source`` is null.

    Examples
    --------
    >>> opened = policies().row(by_predicate=pl.col("id") == "express_rail_link_hong_kong", named=True)
    >>> opened["start"], opened["time_period"], opened["areas"]
    (datetime.date(2018, 9, 23), '2018-09-23', ['hong_kong'])
    """
    from gbaindicators.catalog import catalog

    rows = [
        {
            "id": p.id, "start": p.start, "time_period": p.start_text, "name_en": p.names["en"],
            "name_zh_hans": p.names["zh-Hans"], "name_zh_hant": p.names["zh-Hant"], "areas": p.areas,
            "indicators": p.indicators, "source": p.source or None, "stated": p.stated,
        }
        for p in catalog().policies.values()
    ]  # fmt: skip
    return pl.DataFrame(rows).sort("start", "id")


def disagreements(
    indicator: str | None = None,
    areas: str | Sequence[str] | None = None,
    *,
    at_least: float = 0.0,
    database: Database = None,
) -> pl.DataFrame:
    """List where sources print one figure differently, and by how much.

    Parameters
    ----------
    indicator, areas
        Keep these only.
    at_least
        Smallest relative difference to list: 0.01 is one percent.

    Returns
    -------
    polars.DataFrame
        ``indicator, area, frequency, period, adjustment, prices, value, source, other_value, other_source,
        relative_difference, status, other_status, vintage, other_vintage, unit``; ``value`` is the preferred figure.

    Examples
    --------
    >>> disagreements("container_throughput", "shenzhen", at_least=0.05).select("period", "value", "other_value").rows()
    [(datetime.date(2018, 1, 1), 25740000.0, 27740000.0)]
    """
    with connect(database) as connection:
        conditions: list[str] = ["abs(relative_difference) >= ?"]
        values: list[Any] = [at_least]
        if indicator is not None:
            conditions.append("indicator IN (SELECT id FROM indicator WHERE id = ? OR table_name = ?)")
            kind_of(connection, indicator)
            values += [indicator, indicator]
        ids = area_ids(
            connection, [areas] if isinstance(areas, str) else None if areas is None else list(areas)
        )
        if ids is not None:
            conditions.append("list_contains(?, area)")
            values.append(ids)
        frame = fetch(connection, f"FROM disagreements WHERE {' AND '.join(conditions)}", values)
    return frame.sort("indicator", "area", "frequency", "period", "other_source", "adjustment", "prices")


def findings(check: str | None = None, *, database: Database = None) -> pl.DataFrame:
    """List what the checks across tables found when the database was built.

    Parameters
    ----------
    check
        Keep what this check found, such as ``"parts_and_total"``.
    database
        Path of a database, by default the one in the data home.

    Returns
    -------
    polars.DataFrame
        ``check, indicator, area, frequency, period, file, row, column, value, rule, detail``.

    Examples
    --------
    >>> findings("parts_and_total").filter(pl.col("area") == "tokyo").select("period", "value").rows()
    [(datetime.date(2023, 12, 1), '353617')]
    """
    with connect(database) as connection:
        frame = fetch(connection, "FROM finding")
    if check is not None:
        known = frame["check"].unique().to_list()
        if check not in known:
            raise UnknownNameError("check", check, known)
        frame = frame.filter(pl.col("check") == check)
    return frame.sort("check", "indicator", "area", "frequency", "period", "file", "row", "value", "detail")


def _holding(frame: pl.DataFrame, text: str | None, *columns: str) -> pl.DataFrame:
    if text is None:
        return frame
    needle = text.casefold()
    return frame.filter(
        pl.any_horizontal(
            pl.col(c).fill_null("").str.to_lowercase().str.contains(needle, literal=True) for c in columns
        )
    )
