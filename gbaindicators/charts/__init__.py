"""Charts of series frames, dressed for publication, and their export. Used as ``gba.chart``."""

from gbaindicators.charts.across import bars, heatmap, slope
from gbaindicators.charts.exporting import export, export_many
from gbaindicators.charts.over_time import fan, line

__all__ = ["bars", "export", "export_many", "fan", "heatmap", "line", "slope"]
