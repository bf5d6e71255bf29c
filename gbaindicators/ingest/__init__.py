"""Refreshing the figures from statistical services: plan, fetch, parse, compare, accept, publish."""

from gbaindicators.ingest.freshness import freshness
from gbaindicators.ingest.refreshing import Outcome, Refresh, accept_held, held_changes, refresh, refresh_plan

__all__ = ["Outcome", "Refresh", "accept_held", "freshness", "held_changes", "refresh", "refresh_plan"]
