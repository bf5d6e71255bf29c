"""Charts of series frames, dressed for publication, and their export. Used as ``gba.chart``."""

from gbaindicators.charts.across import bars, heatmap, slope
from gbaindicators.charts.effects import effect
from gbaindicators.charts.exporting import export, export_many
from gbaindicators.charts.held import held_back
from gbaindicators.charts.over_time import fan, line
from gbaindicators.charts.rankings import sensitivity

__all__ = [
    "bars",
    "effect",
    "export",
    "export_many",
    "fan",
    "heatmap",
    "held_back",
    "line",
    "sensitivity",
    "slope",
]
