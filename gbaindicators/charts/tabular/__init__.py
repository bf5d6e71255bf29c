"""Tables for publication, with notes and sources written from the data. Used as ``gba.table``.

Each gives a `great_tables.GT`, which shows in a notebook, has more methods to shape it, and goes to a file with
`gba.export`: HTML, LaTeX, PNG, CSV or Excel. They need ``pip install 'gbaindicators[tables]'``.
"""

from gbaindicators.charts.tabular.bay_areas import benchmark
from gbaindicators.charts.tabular.by_period import forecast, series
from gbaindicators.charts.tabular.holdings import coverage
from gbaindicators.charts.tabular.releases import revisions

__all__ = ["benchmark", "coverage", "forecast", "revisions", "series"]
