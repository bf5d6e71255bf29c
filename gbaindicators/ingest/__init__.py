"""Refreshing the figures from statistical services: plan, fetch, parse, compare, accept, publish."""

from gbaindicators.ingest.accepting import held_changes
from gbaindicators.ingest.freshness import freshness
from gbaindicators.ingest.outcomes import Outcome, Refresh
from gbaindicators.ingest.planning import refresh_plan
from gbaindicators.ingest.refreshing import accept_held, refresh

__all__ = ["Outcome", "Refresh", "accept_held", "freshness", "held_changes", "refresh", "refresh_plan"]
