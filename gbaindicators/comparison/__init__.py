"""The bay areas compared: one figure each, on stated definitions, years and rates."""

from gbaindicators.comparison.bays import BAYS, benchmark
from gbaindicators.comparison.overtaking import overtake
from gbaindicators.comparison.rankings import sensitivity

__all__ = ["BAYS", "benchmark", "overtake", "sensitivity"]
