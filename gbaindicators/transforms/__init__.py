"""Growth, indices, contributions, money and prices, calendar and aggregation: functions from frame to frame."""

from gbaindicators.transforms.aggregation import aggregate, members
from gbaindicators.transforms.calendar import from_ytd, to_calendar_year, to_frequency
from gbaindicators.transforms.contributions import contributions
from gbaindicators.transforms.growth import cagr, growth
from gbaindicators.transforms.indexing import index
from gbaindicators.transforms.money import convert, deflate, per_capita
from gbaindicators.transforms.parsing import parse_periods

__all__ = [
    "aggregate",
    "cagr",
    "contributions",
    "convert",
    "deflate",
    "from_ytd",
    "growth",
    "index",
    "members",
    "parse_periods",
    "per_capita",
    "to_calendar_year",
    "to_frequency",
]
