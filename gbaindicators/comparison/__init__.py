"""The bay areas compared: one figure each, on stated definitions, years and rates."""

from gbaindicators.comparison.bays import BAYS, benchmark
from gbaindicators.comparison.rankings import sensitivity

__all__ = ["BAYS", "benchmark", "sensitivity"]
