"""Validating figures without publishing anything."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import polars as pl

from gbaindicators.catalog import catalog, datasets_dir
from gbaindicators.errors import DatasetError, ValidationError
from gbaindicators.store.names import fetch
from gbaindicators.store.opening import open_database
from gbaindicators.store.publishing import build
from gbaindicators.tables import observations
from gbaindicators.tables.csv_files import read_batches, read_header
from gbaindicators.tables.validation import FAILURES

__all__ = ["validate_datasets"]


def validate_datasets(datasets: str | os.PathLike[str] | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Validate a datasets folder or one CSV file without publishing anything.

    Parameters
    ----------
    datasets
        A datasets folder, by default the shipped one, or a single observation, crossings or policy CSV file.

    Returns
    -------
    failures : polars.DataFrame
        Cells that break a rule: ``file, row, column, value, rule``. None must be left for a build.
    findings : polars.DataFrame
        What the checks across tables found and could not decide: ``check, indicator, area, frequency, period, file,
        row, column, value, rule, detail``.

    Examples
    --------
    >>> failures, found = validate_datasets()
    >>> failures.height, found.height > 0
    (0, True)
    """
    root = Path(datasets).expanduser() if datasets is not None else datasets_dir()
    with tempfile.TemporaryDirectory() as folder:
        given, copy = root, None
        if root.is_file():
            copy = _copied(root, Path(folder) / "datasets")
            root = Path(folder) / "datasets"
        elif not root.is_dir():
            raise DatasetError(f"{root}: there is no such file or folder")
        database = Path(folder) / "validate.duckdb"
        try:
            build(root, database)
        except ValidationError as error:
            return error.failures, pl.DataFrame()
        except DatasetError as error:
            raise DatasetError(str(error).replace(str(copy or root), str(given))) from None
        connection = open_database(database)
        try:
            return pl.DataFrame(schema=FAILURES), fetch(connection, "FROM finding ORDER BY ALL")
        finally:
            connection.close()


def _copied(file: Path, folder: Path) -> Path:
    """Copy a single file into a datasets folder, its kind told by the header, its table by the indicators in it."""
    header = read_header(file)
    kind, name = "observations", file.stem
    if "Control Point" in header:
        kind = "crossings"
    elif "qualifier" in header:
        kind = "policy"
    elif name not in catalog().tables:
        name = _table_of(file, header)
    (folder / kind).mkdir(parents=True)
    return Path(shutil.copy(file, folder / kind / f"{name}.csv"))


def _table_of(file: Path, header: list[str]) -> str:
    names = catalog()
    if "indicator" in header:
        first = next(read_batches(file, observations.COLUMNS, 1000), pl.DataFrame({"indicator": []}))
        for name in first["indicator"]:
            if name in names.indicators:
                return names.indicators[name].table
    return "gdp"
