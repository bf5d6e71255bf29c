"""Seasonal adjustment: X-13ARIMA-SEATS with the moving holidays of the region, and STL."""

from gbaindicators.transforms.seasonal.adjust import seasonal_adjust, seasonal_adjustment
from gbaindicators.transforms.seasonal.result import SeasonalAdjustment

__all__ = [
    "SeasonalAdjustment",
    "seasonal_adjust",
    "seasonal_adjustment",
]
