"""Composite indices: the general one, that of the six factor flows, and how far both depend on the choices made."""

from gbaindicators.comparison.integration.composite import composite_index
from gbaindicators.comparison.integration.index import (
    integration_coverage,
    integration_index,
    integration_inputs,
)
from gbaindicators.comparison.integration.robustness import IndexRobustness, index_robustness

__all__ = [
    "IndexRobustness",
    "composite_index",
    "index_robustness",
    "integration_coverage",
    "integration_index",
    "integration_inputs",
]
