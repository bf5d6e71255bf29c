"""Growth, indices, contributions, money and prices, calendar, seasons, disaggregation and aggregation: frame to frame.

A LazyFrame stays lazy: nothing is read before the result is collected, and then piece by piece. Its rows come in no promised
order, and it has every column that the transform may add, null where it says nothing. A table of more than a few million rows
is sorted into pieces in a temporary folder first, which takes about the room of the table as Parquet in ``TMPDIR`` until they
are read.
"""

from gbaindicators.transforms.aggregation import aggregate, members
from gbaindicators.transforms.breaks import breaks
from gbaindicators.transforms.calendar import to_calendar_year, to_frequency
from gbaindicators.transforms.carry_over import carry_over
from gbaindicators.transforms.chaining import chain
from gbaindicators.transforms.contributions import contributions
from gbaindicators.transforms.disaggregation import Disaggregation, disaggregate, disaggregation_model
from gbaindicators.transforms.filters import cf_filter, hamilton_filter, hp_filter, output_gap
from gbaindicators.transforms.growth import cagr, growth
from gbaindicators.transforms.index_numbers import price_index, quantity_index
from gbaindicators.transforms.indexing import index
from gbaindicators.transforms.links import chain_links
from gbaindicators.transforms.money import convert, deflate
from gbaindicators.transforms.parsing import parse_periods
from gbaindicators.transforms.per_head import per_capita
from gbaindicators.transforms.revisions import Revisions, revisions
from gbaindicators.transforms.seasonal import (
    SeasonalAdjustment,
    seasonal_adjust,
    seasonal_adjustment,
)
from gbaindicators.transforms.shares import share_changes, shares
from gbaindicators.transforms.splicing import splice
from gbaindicators.transforms.trends import trend_growth
from gbaindicators.transforms.year_to_date import from_ytd, january_february

__all__ = [
    "Disaggregation",
    "Revisions",
    "SeasonalAdjustment",
    "aggregate",
    "breaks",
    "cagr",
    "carry_over",
    "cf_filter",
    "chain",
    "chain_links",
    "contributions",
    "convert",
    "deflate",
    "disaggregate",
    "disaggregation_model",
    "from_ytd",
    "growth",
    "hamilton_filter",
    "hp_filter",
    "index",
    "january_february",
    "members",
    "output_gap",
    "parse_periods",
    "per_capita",
    "price_index",
    "quantity_index",
    "revisions",
    "seasonal_adjust",
    "seasonal_adjustment",
    "share_changes",
    "shares",
    "splice",
    "to_calendar_year",
    "to_frequency",
    "trend_growth",
]
