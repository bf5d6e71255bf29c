"""The bay areas compared on stated definitions, years and rates; how their cities converge, hold together, and answer policies."""

from gbaindicators.comparison.bays import (
    BAYS,
    benchmark,
    catch_up,
    gap,
    overtake,
    published_comparisons,
    sensitivity,
)
from gbaindicators.comparison.clubs import convergence_clubs
from gbaindicators.comparison.concentration import concentration, rank_size
from gbaindicators.comparison.convergence import convergence
from gbaindicators.comparison.inequality import dispersion, inequality
from gbaindicators.comparison.integration import (
    IndexRobustness,
    composite_index,
    index_robustness,
    integration_coverage,
    integration_index,
    integration_inputs,
)
from gbaindicators.comparison.log_t import log_t_test
from gbaindicators.comparison.mobility import mobility, rank_changes
from gbaindicators.comparison.policy import PolicyEffect, policy_effect
from gbaindicators.comparison.sector_shares import shares_of_total
from gbaindicators.comparison.shift_share import shift_share
from gbaindicators.comparison.structure import location_quotients, similarity

__all__ = [
    "BAYS",
    "IndexRobustness",
    "PolicyEffect",
    "benchmark",
    "catch_up",
    "composite_index",
    "concentration",
    "convergence",
    "convergence_clubs",
    "dispersion",
    "gap",
    "index_robustness",
    "inequality",
    "integration_coverage",
    "integration_index",
    "integration_inputs",
    "location_quotients",
    "log_t_test",
    "mobility",
    "overtake",
    "policy_effect",
    "published_comparisons",
    "rank_changes",
    "rank_size",
    "sensitivity",
    "shares_of_total",
    "shift_share",
    "similarity",
]
