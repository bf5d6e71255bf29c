"""Bay areas and other areas compared by their annual figures: side by side, how far apart, and who passes whom when."""

from gbaindicators.comparison.bays.benchmarking import benchmark
from gbaindicators.comparison.bays.catching_up import catch_up
from gbaindicators.comparison.bays.choices import BAYS
from gbaindicators.comparison.bays.gaps import gap
from gbaindicators.comparison.bays.overtaking import overtake
from gbaindicators.comparison.bays.published import published_comparisons
from gbaindicators.comparison.bays.rankings import sensitivity

__all__ = ["BAYS", "benchmark", "catch_up", "gap", "overtake", "published_comparisons", "sensitivity"]
