"""Refreshing the figures from statistical services: plan, fetch, parse, compare, accept, publish."""
