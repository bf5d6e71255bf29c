"""Forecasts of series frames: models, combination, intervals."""

from gbaindicators.forecasting.forecast import forecast

__all__ = ["forecast"]
