"""Validation: the rules of a table, and a report that names every cell that breaks one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.errors import PeriodError

if TYPE_CHECKING:
    import pandera.polars as pa

    from gbaindicators.catalog import Catalog

__all__ = ["FAILURES", "Rule", "TableSchema", "validate"]

#: Columns of a validation report.
FAILURES: Final = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "rule": pl.String,
}


class Rule(NamedTuple):
    """What must hold of a cell.

    Attributes
    ----------
    text
        The rule in words, as a report gives it.
    holds
        The same as an expression over the whole row; null passes (another rule speaks of it).
    """

    text: str
    holds: pl.Expr


@dataclass(frozen=True)
class TableSchema:
    """The rules of a table, said once: Polars asks whether all of them hold, Pandera which cells break which.

    Pandera alone would give the same answer, but it imports pandas, which takes longer than to look at a hundred
    thousand rows.

    Attributes
    ----------
    rules
        The rules of each column of text.
    nullable
        Whether a cell may be null.
    steady
        Columns that files mostly repeat from row to row: rules on these alone are asked once a run of equal rows.
    """

    rules: Mapping[str, Sequence[Rule]]
    nullable: bool = False
    steady: tuple[str, ...] = ()

    def holds_of(self, frame: pl.DataFrame) -> bool:
        """Tell whether a normalised batch keeps every rule."""
        texts = [frame.get_column(column, default=None) for column in self.rules]
        if any(text is None or text.dtype != pl.String for text in texts):
            return False
        if not self.nullable and any(text is not None and text.has_nulls() for text in texts):
            return False
        of_runs: list[pl.Expr] = []
        of_rows: list[pl.Expr] = []
        for rule in (rule for rules in self.rules.values() for rule in rules):
            (of_runs if set(rule.holds.meta.root_names()) <= set(self.steady) else of_rows).append(rule.holds)
        return _all_hold(frame, of_rows) and _all_hold(_first_of_runs(frame, self.steady), of_runs)

    def pandera(self) -> pa.DataFrameSchema:
        """Make the Pandera schema, which finds every cell that breaks a rule.

        Pandera validates eager frames only: a LazyFrame would pass with nothing checked but its columns.
        """
        import pandera.polars as pa

        def check(rule: Rule) -> pa.Check:
            return pa.Check(
                lambda data: data.lazyframe.select(rule.holds.fill_null(True)),
                name=rule.text,
                error=rule.text,
                ignore_na=False,
            )

        return pa.DataFrameSchema(
            {
                name: pa.Column(str, [check(rule) for rule in rules], nullable=self.nullable)
                for name, rules in self.rules.items()
            },
            strict=False,
        )


def _all_hold(frame: pl.DataFrame, rules: Iterable[pl.Expr]) -> bool:
    held = frame.select(rule.all().alias(str(number)) for number, rule in enumerate(rules))
    return all(held.row(0)) if held.width else True


def _first_of_runs(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """First rows of runs of equal rows."""
    if not columns:
        return frame
    return frame.select(columns).filter(pl.struct(pl.all()).rle_id().diff().fill_null(1) > 0)


def _suggest(column: str, value: str, catalog: Catalog) -> str:
    from difflib import get_close_matches

    known: dict[str, list[str]] = {
        "indicator": list(catalog.indicators),
        "area": list(catalog.areas),
        "unit": list(catalog.units),
        "source": list(catalog.sources),
    }
    near = get_close_matches(value, known.get(column, []), n=2, cutoff=0.6)
    if column == "period":
        try:
            parse_period(value)
        except PeriodError as error:
            return f" ({error})"
    return f" (did you mean {' or '.join(near)}?)" if near and value not in near else ""


def validate(
    frame: pl.DataFrame | pl.LazyFrame, schema: TableSchema, file: str, catalog: Catalog
) -> pl.DataFrame:
    """Validate a normalised batch and return the cells that break a rule, none when all is well.

    Parameters
    ----------
    frame
        The batch; a lazy one is collected first.
    schema
        The rules of its table.
    file
        What the report calls the file.
    catalog
        The catalogue, whose names are proposed for misspelt ones.

    Returns
    -------
    polars.DataFrame
        ``file, row, column, value, rule``.
    """
    frame = frame.lazy().collect()
    if schema.holds_of(frame):
        return pl.DataFrame(schema=FAILURES)
    import pandera.errors

    try:
        schema.pandera().validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as found:
        cases = found.failure_cases
    else:
        return pl.DataFrame(schema=FAILURES)
    rows = []
    for case in cases.iter_rows(named=True):
        column, index, check = case["column"], case["index"], case["check"]
        value = None if index is None else frame[column][int(index)]
        rows.append({
            "file": file,
            "row": None if index is None else int(frame["row"][int(index)]),
            "column": column,
            "value": value,
            "rule": str(check) + ("" if value is None else _suggest(column, value, catalog)),
        })  # fmt: skip
    return pl.DataFrame(rows, schema=FAILURES).sort("row", "column")
