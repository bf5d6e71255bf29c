"""Forecasts of series frames: models, combination, intervals, records, coherence, nowcasts, paths."""

from gbaindicators.forecasting.coherence.reconciliation import reconcile
from gbaindicators.forecasting.evaluation.accuracy import accuracy
from gbaindicators.forecasting.evaluation.backtesting import backtest
from gbaindicators.forecasting.evaluation.comparing import diebold_mariano
from gbaindicators.forecasting.forecast import forecast
from gbaindicators.forecasting.nowcasts.evaluation import evaluate_nowcasts, summarize_nowcasts
from gbaindicators.forecasting.nowcasts.inputs import nowcast_inputs
from gbaindicators.forecasting.nowcasts.nowcasting import Nowcast, nowcast
from gbaindicators.forecasting.nowcasts.real_time import known_on
from gbaindicators.forecasting.simulation import simulate, summarize_paths
from gbaindicators.forecasting.single.arima import arima
from gbaindicators.forecasting.single.components import unobserved_components
from gbaindicators.forecasting.single.daily import daily_model
from gbaindicators.forecasting.single.fitted import FittedModel
from gbaindicators.forecasting.single.regression import regression

__all__ = [
    "FittedModel",
    "Nowcast",
    "accuracy",
    "arima",
    "backtest",
    "daily_model",
    "diebold_mariano",
    "evaluate_nowcasts",
    "forecast",
    "known_on",
    "nowcast",
    "nowcast_inputs",
    "reconcile",
    "regression",
    "simulate",
    "summarize_nowcasts",
    "summarize_paths",
    "unobserved_components",
]
