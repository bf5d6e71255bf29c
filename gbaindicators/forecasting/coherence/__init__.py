"""Forecasts of areas and of their totals made to add up."""
