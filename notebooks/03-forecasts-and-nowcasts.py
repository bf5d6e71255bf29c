# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Forecasts and nowcasts
#
# A forecast is worth what its record is worth. Each one below is followed by what the same method would
# have said in the past, beside the simplest thing that could have been said instead. Where it was no better
# than that, the text says so.

# %%
from datetime import date

import polars as pl

import gbaindicators as gba

pl.Config.set_fmt_str_lengths(80)
pl.Config.set_tbl_rows(24)
pl.Config.set_tbl_cols(14)
pl.Config.set_fmt_table_cell_list_len(5)


def billion(*columns):
    """Columns in thousand million, for print."""
    return [(pl.col(c) / 1e9).round(1) for c in columns]


BOUNDS = ("value", "lower_80", "upper_80", "lower_95", "upper_95")

# %% [markdown]
# ## Five years ahead
#
# GDP of the eleven cities at current prices, in yuan: nine of them count in it, so that most of the
# exchange rate stays out of the forecast. The span ends in 2023, because from 2024 on the nine mainland
# cities stand on the base of the fifth economic census; `forecast` refuses to extrapolate a level just
# after such a break.

# %%
cities = gba.load("gdp", gba.members("greater_bay_area"), frequency="A", start="2000", end="2023").pipe(
    gba.convert, "CNY"
)
whole = cities.pipe(gba.aggregate, "greater_bay_area")
ahead = gba.forecast(whole, 5)
ahead.select("period", *billion(*BOUNDS), "unit", pl.col("skill").round(2))

# %%
ahead["method"][0]

# %%
gba.chart.fan(whole, ahead, title="Greater Bay Area: GDP to 2028")

# %% [markdown]
# The dark band is meant to hold what comes in 80 cases of 100, the light one in 95. They are made of the
# errors of the same model at past origins, so they hold if the coming years are as hard to forecast as the
# past ones were. They know nothing of a change of base: the figure now published for 2024 is no test of
# them. `skill` is the share of drift's error that the model saved at those origins.

# %% [markdown]
# ## Its record
#
# `backtest` stands at up to twelve years in the past, sees nothing after them, and forecasts. An origin
# needs five values after a break (Zhaoqing's source changes in 2006 and 2008), which is why there are none
# from 2005 to 2011.

# %%
past = gba.backtest(whole, 5)
past.filter(model="auto").group_by("origin", maintain_order=True).agg(
    pl.len().alias("forecasts"),
    (100 * (pl.col("value") / pl.col("actual") - 1)).round(1).alias("errors in percent, by step"),
)

# %%
record = gba.accuracy(past)
assert record.filter(model="auto")["skill_drift"].item() > 0
record.select(
    "model",
    "forecasts",
    *billion("mae", "bias"),
    pl.col("mase", "skill_drift", "dm_drift_p").round(2),
    "verdict",
)

# %% [markdown]
# The mean absolute error was lower than that of drift (the last value moved on by the mean change), but
# twelve origins whose spans overlap cannot tell this from luck. Step by step, the test of Diebold and
# Mariano says the same: no p-value is below 5 percent.

# %%
tests = gba.diebold_mariano(past).filter(model="auto")
assert tests["p_value"].min() > 0.05
tests.select(
    "step", "forecasts", *billion("mean_difference"), pl.col("statistic", "p_value").round(2), "note"
)

# %% [markdown]
# The share of the actuals that fell inside the intervals:

# %%
record.filter(model="auto").select(pl.col("coverage_80", "coverage_95").round(0))

# %% [markdown]
# In US dollars at market rates the same model is *worse* than drift. And city by city, a year ahead, it is
# about level with drift even in yuan. The share of drift's error that each model saved:

# %%
past_dollars = gba.backtest(whole.pipe(gba.convert, "USD"), 5)
past_cities = gba.backtest(cities, 1)
records = pl.concat(
    table.select("model", "skill_drift", "mase").with_columns(what=pl.lit(what))
    for what, table in {
        "whole, CNY, 1 to 5 years": record,
        "whole, USD, 1 to 5 years": gba.accuracy(past_dollars),
        "mean of the cities, CNY, 1 year": gba.accuracy(past_cities, by="model"),
    }.items()
)
assert records.filter(pl.col("what").str.contains("USD"), model="auto")["skill_drift"].item() < 0
assert abs(records.filter(pl.col("what").str.contains("cities"), model="auto")["skill_drift"].item()) < 0.1
records.pivot("model", index="what", values="skill_drift").with_columns(pl.selectors.float().round(2))

# %% [markdown]
# Plainly: for annual GDP nothing here is known to beat drift, and one should not expect it of two dozen
# annual figures. What the model adds are intervals with a record.

# %% [markdown]
# ## Cities that add up
#
# Twelve forecasts made one by one do not add up. `reconcile` changes the cities and the whole so that they
# do, each by as much as its past errors warrant (MinT).

# %%
tree = pl.concat([cities, whole], how="diagonal")
base = gba.forecast(tree, 5)
errors = gba.backtest(tree, 1, models="auto")
reconciled = gba.reconcile(base, errors=errors)


def incoherence(frame):
    total = frame.filter(area="greater_bay_area").select("period", total="value")
    parts = frame.filter(pl.col("area") != "greater_bay_area").group_by("period").agg(pl.col("value").sum())
    apart = total.join(parts, on="period").sort("period")
    return apart.select("period", percent=100 * (pl.col("value") / pl.col("total") - 1))


incoherence(base).join(incoherence(reconciled), on="period", suffix="_reconciled").with_columns(
    pl.selectors.float().round(2)
)

# %%
assert incoherence(reconciled)["percent"].abs().max() < 1e-9
both = base.join(reconciled, on=["area", "period"], suffix="_new").filter(period=date(2028, 1, 1))
both.select(
    "area",
    *billion("value", "value_new", "lower_80_new", "upper_80_new"),
    change=(100 * (pl.col("value_new") / pl.col("value") - 1)).round(2),
    width=(
        (pl.col("upper_80_new") - pl.col("lower_80_new")) / (pl.col("upper_80") - pl.col("lower_80"))
    ).round(2),
)

# %% [markdown]
# `change` is in percent; `width` is the width of the new 80 percent interval in units of the old. That of
# the whole shrinks most: the cities tell something about it that its own past does not.

# %%
reconciled.filter(area="greater_bay_area")["method"][0].split("; ")[-1]

# %% [markdown]
# ## The boundary, sixty days ahead
#
# Hong Kong counts every crossing of every day. `daily_model` takes the week, the year and the moving
# holidays apart; figures from before the reopening of 2023 are another regime and left out.

# %%
days = gba.load("crossings", "hong_kong", frequency="D")
daily = gba.daily_model(days)
daily.method

# %%
gba.chart.fan(
    days.filter(pl.col("period") >= date(2025, 12, 1)),
    daily.forecast(60),
    title="Crossings of Hong Kong's boundary",
)

# %% [markdown]
# ### What a weekday and Lunar New Year are worth
#
# Effects are in logarithms, here as percent. Those of the weekdays are against the mean of the week;
# Sunday's is what makes them add up to zero.


# %%
def percent(column):
    return (100 * (pl.col(column).exp() - 1)).round(1)


week = (
    daily.parameters.filter(pl.col("name").str.ends_with("day"))
    .select("name", "estimate", "std_error")
    .head(6)
)
sunday = pl.DataFrame({"name": "sunday", "estimate": -week["estimate"].sum(), "std_error": None})
pl.concat([week, sunday], how="vertical_relaxed").with_columns(percent=percent("estimate")).with_columns(
    pl.col("estimate", "std_error").round(3)
)

# %%
daily.parameters.filter(pl.col("name").str.contains("lunar_new_year|^day_off$|^eve$")).with_columns(
    percent=percent("estimate")
).select("name", pl.col("estimate", "std_error").round(3), "percent").head(20)

# %% [markdown]
# A public holiday in either place is a day off, so that the first days of the year carry both effects.
# Added up as they fell in 2026, when the year began on 17 February:

# %%
daily.components.filter(
    pl.col("component") == "holidays", pl.col("period").is_between(date(2026, 2, 14), date(2026, 2, 25))
).select("period", percent=percent("value"))

# %% [markdown]
# ### Against the same weekday of the week before
#
# From four days since January 2025, four weeks ahead (the newest origin has one day only):

# %%
held_out = gba.backtest(days, 28, models=["daily", "seasonal_naive"], windows=4, start="2025-01-01")
gba.accuracy(held_out).select(
    "model",
    "forecasts",
    pl.col("mae").round(0),
    pl.col("smape", "skill_seasonal_naive", "dm_seasonal_naive_p").round(2),
    pl.col("coverage_80").round(0),
    "verdict",
)

# %% [markdown]
# The error is about half of that of the week before, which knows no holiday. Four origins are few, so the
# test holds back.

# %% [markdown]
# ## Who passes whom
#
# An interval for each series does not say how likely one passes another: for that one has to know how their
# errors go together. `simulate` draws joint paths.
#
# Will the Greater Bay Area pass New York in US dollars at market rates? The last year in which both stand
# on an unbroken base is 2022, so the paths start there. How much of the answer is the model's shows in the
# second model, drift, which the record above gives no reason to prefer or to refuse.

# %%
bays = gba.benchmark("gdp", year=None).filter(pl.col("area").is_in(["greater_bay_area", "new_york_bay_area"]))
# only what makes a series: `overtake` wants two that are alike in all but the area, and these differ in their definition
rivals = bays.filter(pl.col("period") <= date(2022, 1, 1)).select(
    "indicator", "area", "frequency", "period", "value", "unit", "sources", "status"
)
chances = pl.concat(
    gba.overtake(
        gba.simulate(rivals, 8, paths=4000, model=model), "greater_bay_area", "new_york_bay_area"
    ).with_columns(model=pl.lit(model))
    for model in ("auto", "drift")
)
wide = chances.with_columns(pl.col("probability", "probability_by").round(2))
wide.pivot("model", index="period", values=["probability", "probability_by"])

# %%
chances["method"][0]

# %% [markdown]
# `probability` is that of being ahead in the year, `probability_by` that of having been ahead at least
# once. Both assume that exchange rates and growth go on to vary as they have since the series begin. Of the
# first two years the outcome is published, if on another base:

# %%
bays.filter(pl.col("period") > date(2022, 1, 1)).select("area", "period", *billion("value"), "unit", "status")

# %% [markdown]
# ### A scenario
#
# Suppose that Hong Kong's GDP stays at what it was in 2023. Then the other cities are drawn from their
# distribution under that condition. The change of the median in 2028:

# %%
flat = base.filter(area="hong_kong").with_columns(
    value=pl.lit(cities.filter(area="hong_kong", period=date(2023, 1, 1))["value"].item())
)
free, bound = (gba.simulate(cities, 5, paths=4000, given=given) for given in (None, flat))
pl.concat(
    gba.summarize_paths(paths).filter(period=date(2028, 1, 1)).with_columns(case=pl.lit(case))
    for case, paths in (("free", free), ("flat", bound))
).pivot("case", index="area", values="value").with_columns(
    *billion("free", "flat"), percent=(100 * (pl.col("flat") / pl.col("free") - 1)).round(1)
).sort("percent")

# %% [markdown]
# Macao falls with Hong Kong, because their years have been alike: open to the world, and closed in 2020.
# The mainland cities hardly move. This is correlation of past growth and no cause: the model would say the
# same whatever stopped Hong Kong.

# %% [markdown]
# ## The quarter that is not out yet
#
# Hong Kong's real growth over a year, from monthly and quarterly indicators through a dynamic factor model.
# The last quarter with a published figure is 2026-Q2, first printed on 31 July. What would one have said on
# the last day of the quarter, and four weeks later?

# %%
target, monthly = gba.nowcast_inputs("hong_kong")
before = gba.nowcast(target, monthly, as_of="2026-06-30")
after = gba.nowcast(target, monthly, as_of="2026-07-28")
QUARTER = date(2026, 4, 1)
pl.concat(
    n.frame.filter(period=QUARTER).select(pl.lit(n.as_of).alias("known on"), "value", "lower_80", "upper_80")
    for n in (before, after)
).with_columns(pl.selectors.float().round(2))

# %% [markdown]
# The news between the two days. A release moves the nowcast by its surprise times its weight; the impacts
# add up to the change. Values are those of three months to date. The row of kind `model` is what the new
# estimates of the parameters did.

# %%
news = after.news(before).filter(quarter=QUARTER)
moved = (
    after.frame.filter(period=QUARTER)["value"].item() - before.frame.filter(period=QUARTER)["value"].item()
)
assert abs(news["impact"].sum() - moved) < 1e-9
news.select(
    "kind", "indicator", "period", pl.col("value", "expected", "surprise", "weight", "impact").round(2)
)

# %%
printed = target.filter(period=QUARTER).sort("vintage")
assert printed["value"][0] < after.frame.filter(period=QUARTER)["lower_80"].item()
printed.select("period", "value", "unit", "vintage", "sources")

# %% [markdown]
# The first print lies below both, and below the 80 percent interval of the second. Exports of goods, which
# made most of the news, did not carry the rest of the economy along as the model had learnt.
#
# One quarter proves little. So the same for every quarter since 2015, from what was known at the time,
# beside the mean of all quarters so far and an autoregression:

# %%
evaluation = gba.evaluate_nowcasts(target, monthly, start="2015-Q1", days=[0, 28])
summary = gba.summarize_nowcasts(evaluation, regimes=[2020, 2023])
assert summary.filter(regime="2023 on")["to_mean"].min() > 1
summary.select(
    "regime",
    "days",
    "quarters",
    pl.col("rmse_nowcast", "rmse_mean", "rmse_ar", "to_mean", "to_ar", "coverage_80").round(2),
)

# %% [markdown]
# `days` counts from the end of the quarter; `to_mean` and `to_ar` below 1 mean that the nowcast is the
# better one. Up to 2022 it was, against the mean by far, against the autoregression by less. From 2023 on
# it did not beat the mean: whoever said the average of the past every quarter was closer.

# %% [markdown]
# ## An ARIMA model, as one expects it
#
# Hong Kong's containers. `gba.arima` chooses orders by itself, which may take minutes for long monthly
# series; here four candidates are compared by AICc, all with one ordinary and one seasonal difference,
# without which the criteria could not be compared.

# %%
containers = gba.load("container_throughput", "hong_kong", frequency="M", start="2005-01", end="2024-12")
orders = [((0, 1, 1), (0, 1, 1)), ((1, 1, 1), (0, 1, 1)), ((0, 1, 2), (0, 1, 1)), ((0, 1, 1), (1, 1, 1))]
fits = [gba.arima(containers, order=order, seasonal_order=seasonal) for order, seasonal in orders]
pl.DataFrame(
    {
        "order": [f"{order}{seasonal}12" for order, seasonal in orders],
        "AICc": [round(fit.criteria["aicc"], 1) for fit in fits],
    }
)

# %% [markdown]
# The airline model of Box and Jenkins has the smallest. On the log scale:

# %%
airline = min(fits, key=lambda fit: fit.criteria["aicc"])
assert airline is fits[0]
print(airline.summary())

# %% [markdown]
# No autocorrelation is left at the first lag (Ljung-Box), but the tails are heavier than normal
# (Jarque-Bera): the 95 percent interval will be too narrow in a month such as February 2020. The half year
# that has come since:

# %%
came = gba.load("container_throughput", "hong_kong", frequency="M", start="2025-01").select(
    "period", came="value"
)
checked = airline.forecast(12).join(came, on="period").drop_nulls("came")
checked.select(
    "period",
    *(
        (pl.col(c) / 1e3).round(0).alias(f"{c}, thousand TEU")
        for c in ("value", "came", "lower_80", "upper_80")
    ),
    inside=pl.col("came").is_between("lower_80", "upper_80"),
)

# %% [markdown]
# February came in above the interval: Lunar New Year fell on 29 January, and this model puts an average one
# into every February. (`regressors` takes a series that knows better.)

# %%
gba.chart.fan(
    containers.filter(pl.col("period") >= date(2015, 1, 1)),
    airline.forecast(12),
    title="Hong Kong's containers, a year ahead",
)
