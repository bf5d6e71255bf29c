"""How good forecasts have been: backtests from rolling origins, measures of accuracy, tests of differences."""
