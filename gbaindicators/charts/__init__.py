"""Charts of series frames, dressed for publication, and their export. Used as ``gba.chart``."""

from gbaindicators.charts.across import bars, heatmap, slope
from gbaindicators.charts.bumps import bump
from gbaindicators.charts.calendars import calendar
from gbaindicators.charts.decompositions import decomposition
from gbaindicators.charts.effects import effect
from gbaindicators.charts.exporting import export, export_many
from gbaindicators.charts.fans import fan
from gbaindicators.charts.flows import flow
from gbaindicators.charts.gaps import gap
from gbaindicators.charts.held import held_back
from gbaindicators.charts.news import waterfall
from gbaindicators.charts.over_time import line
from gbaindicators.charts.panels import small_multiples
from gbaindicators.charts.points import convergence, scatter
from gbaindicators.charts.rankings import sensitivity
from gbaindicators.charts.seasons import seasonal
from gbaindicators.charts.stacks import contributions
from gbaindicators.charts.tiles import map
from gbaindicators.charts.vintages import revisions

__all__ = [
    "bars",
    "bump",
    "calendar",
    "contributions",
    "convergence",
    "decomposition",
    "effect",
    "export",
    "export_many",
    "fan",
    "flow",
    "gap",
    "heatmap",
    "held_back",
    "line",
    "map",
    "revisions",
    "scatter",
    "seasonal",
    "sensitivity",
    "slope",
    "small_multiples",
    "waterfall",
]
