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
# # Refreshing, and what was known when
#
# A statistic has two dates: the period it is about, and the day on which it was published. Whoever judges a
# forecast, a policy or a minister by today's figures judges them by what nobody knew then. This notebook
# keeps the two dates apart: how new figures come in, what was known on a day, by how much figures are
# revised, and what that does to a model.

# %%
from datetime import UTC, date, datetime

import polars as pl

import gbaindicators as gba

pl.Config.set_fmt_str_lengths(120)
pl.Config.set_tbl_rows(40)
pl.Config.set_tbl_cols(14)

QUARTER = {"frequency": "Q", "start": "2024-Q3", "end": "2024-Q3"}

# %% [markdown]
# ## One quarter, told twice
#
# Growth of Hong Kong's GDP in the third quarter of 2024, as it stood at the end of November of that year,
# and as it stands now:

# %%
then = gba.load("gdp_real_growth", "hong_kong", **QUARTER, as_of="2024-11-30")
now = gba.load("gdp_real_growth", "hong_kong", **QUARTER)
pl.concat([then, now]).select("period", "value", "unit", "vintage", "sources")

# %% [markdown]
# Neither is wrong. `vintage` is the day on which the source said it, and `as_of` gives the newest figure of
# each source that was out by the end of a day. A month or a year stands for its end: `as_of="2024-11"`
# would have done.

# %%
assert then["vintage"].item() < date(2024, 12, 1) < now["vintage"].item()
round(now["value"].item() - then["value"].item(), 1)

# %% [markdown]
# ## How figures come in
#
# `gba refresh` asks the statistical services for what is due by their calendars. What it would ask is a
# table, and making it asks no service. The time is given here, so that this page does not depend on the day
# on which it is read; leave `now` out to use the clock.

# %%
MORNING = datetime(2026, 9, 1, 6, tzinfo=UTC)
plan = gba.refresh_plan(now=MORNING)
plan.group_by("service", maintain_order=True).agg(
    series=pl.len(),
    due=pl.col("due").sum(),
    indicators=pl.col("indicator").n_unique(),
    why=pl.col("why").unique(),
)

# %% [markdown]
# In a data home that was never refreshed everything is due once. After that a series is due when its next
# figure is expected (the end of its period plus what the service usually takes), and now and then for
# revisions. `gba.freshness` says the same from the reader's side: what is late, and whether a key is
# missing or a service failed.

# %%
fresh = gba.freshness(now=MORNING, environment={})
fresh.group_by("state", "why").agg(
    series=pl.col("areas").sum(), services=pl.col("service").unique().sort()
).sort("series", descending=True)

# %% [markdown]
# What an answer brings is compared with what is known before it is believed. A new figure or a moderate
# revision is taken over, with the day as its vintage. What would delete history, change much of it, change
# a unit or leap is held back until a person has looked (`gba refresh --review`, then `--accept`). Nothing
# overwrites: the old figure stays under its own vintage, and that is the archive.
#
# It is the idea of ALFRED, the archive that the Federal Reserve Bank of St. Louis keeps of American
# statistics: not the series, but the series as it stood on every day. For most of the region nobody keeps
# one. What this package has for the past comes from releases and their press reports, each with its date;
# from the first refresh on, your own data home collects the rest. So back it up.
#
# To watch a whole refresh without a network, clone the repository and let its replay server answer in the
# services' place, on your machine. It repeats recorded answers and makes up what was not recorded, so what
# comes of it shows how a refresh works and is no data:
#
# ```bash
# python -m tests.ingest.replay &
# export GBA_REPLAY=http://127.0.0.1:8765 GBA_HOME=$(mktemp -d) FRED_API_KEY=any-key-will-do-here BEA_API_KEY=any-key-will-do-here
# gba refresh --dry-run && gba refresh && gba status
# ```

# %% [markdown]
# ## The revision triangle
#
# One row a quarter, one column a release. Read along a row to see a figure change; read down a column to
# see what an economist had on the desk that day.

# %%
growth = gba.revisions("gdp_real_growth", "hong_kong", frequency="Q")
gba.table.revisions(growth, vintages=12)

# %% [markdown]
# Holes are honest: press reports print the new quarter, not the old ones. What the figures cannot say,
# `notes` says:

# %%
print(*growth.notes, sep="\n")

# %% [markdown]
# The Census and Statistics Department prints each quarter twice within two months, an advance estimate and
# a preliminary figure, and revises with the annual accounts. The two steps are unlike:

# %%
steps = growth.frame.filter(pl.col("revision").is_not_null()).with_columns(
    step=pl.when(pl.col("days") <= 60).then(pl.lit("within two months")).otherwise(pl.lit("later"))
)
by_step = steps.group_by("step").agg(
    revisions=pl.len(),
    unchanged=(pl.col("revision").abs() < 0.05).sum(),
    mean_absolute=pl.col("revision").abs().mean().round(2),
    largest=pl.col("revision").abs().max().round(1),
)
by_step.sort("mean_absolute")

# %%
early, late = (by_step.filter(step=step).row(0, named=True) for step in ("within two months", "later"))
assert early["mean_absolute"] < late["mean_absolute"] and early["largest"] < late["largest"]
assert early["unchanged"] == early["revisions"] and late["unchanged"] < late["revisions"] / 2
gba.chart.revisions(growth, title="What moves Hong Kong's growth is the later revision, not the second print")

# %% [markdown]
# The second print is no second opinion: wherever both were kept, it repeats the first. Waiting two weeks
# for it teaches little about the total; the figure that will stand comes with the annual accounts.

# %% [markdown]
# ## Bias, news or noise
#
# Three questions to a set of revisions. Is their mean zero, or does the first print lean one way (bias)?
# Could the revision have been foretold from the first print (then it was no efficient forecast; if not, the
# revision is *news*)? Or is the first print the later figure with an error of measurement (*noise*)? The
# tests are those of Mankiw and Shapiro.

# %%
gba.table.revisions(growth, show="statistics")

# %%
ends = growth.statistics.filter(step="first to latest").row(0, named=True)
assert min(ends["p_value"], ends["news_p"], ends["noise_p"]) > 0.1
f"mean revision {ends['mean']:+.2f} points (t = {ends['t_statistic']:.1f}), mean absolute {ends['mean_absolute']:.2f}, {ends['count']} quarters"

# %% [markdown]
# Hong Kong's growth leans neither way, and a mean absolute revision of a fifth of a point is little beside
# growth that moves by whole points. Neither test rejects: with this many quarters they cannot tell news
# from noise, and that is the finding. A series that does lean, retail sales against the year before:

# %%
sales = gba.revisions("retail_sales_value_yoy", "hong_kong")
lean = sales.statistics.filter(step="first to latest").row(0, named=True)
assert lean["p_value"] < 0.01 and 0 < lean["mean"] < 0.1
sales.statistics.select(
    "step",
    "count",
    pl.col("mean", "t_statistic", "p_value", "mean_absolute").round(3),
    pl.col("news_p", "noise_p").round(3),
)

# %% [markdown]
# The provisional figure is too low on average, and a statistician would say so with great confidence. An
# economist would ask how much: a few hundredths of a point, in a series that moves by ten. Significant is
# not the same as important.

# %% [markdown]
# ## A price index: only the end is provisional
#
# The Rating and Valuation Department marks the latest months of its property price index as provisional.
# Between two releases that were kept, this is all that changed in more than thirty years of months:

# %%
prices = gba.revisions("property_price_index", "hong_kong")
changed = prices.frame.filter(pl.col("revision").abs() > 0).select(
    "period", first=pl.col("value") - pl.col("revision"), latest="value", revision=pl.col("revision").round(1)
)
compared = prices.statistics.filter(step="first to latest")["count"].item()
print(f"{changed.height} of {compared} months")
changed

# %%
first_release, last_release = prices.frame["vintage"].min(), prices.frame["vintage"].max()
newest = prices.frame.filter(pl.col("vintage") == first_release)["period"].max()
assert changed["period"].max() == newest
assert (newest.year * 12 + newest.month) - (
    changed["period"].min().year * 12 + changed["period"].min().month
) == 2


def last_change(day):
    """Change of the last month that both releases have, over the month before, in percent."""
    known = gba.load("property_price_index", "hong_kong", frequency="M", as_of=day)
    return known.pipe(gba.growth, over="1mo").filter(period=newest)["value"].item()


told = [round(last_change(day), 1) for day in (first_release, last_release)]
assert told[1] > told[0]
pl.DataFrame(
    {"known on": [first_release, last_release], f"percent on the month before, {newest:%B %Y}": told}
)

# %% [markdown]
# On the level the revision is small. On the change of the newest month, which is what newspapers print, it
# is not. A sentence about the last three months of this index should say that they are provisional; the
# index before them can be taken as it is.

# %% [markdown]
# ## A model, run as of a date
#
# In mid-2024 Macao's GDP for 2023 was just out. A forecast made then had these figures; one made now "as if
# in 2024" usually has today's, cut off at 2023. The model is the same, the answers are not:

# %%
DAY = "2024-06-30"
real_time = gba.load("gdp", "macao", frequency="A", start="2000", as_of=DAY)
today = gba.load("gdp", "macao", frequency="A", start="2000")
cut_off = today.filter(pl.col("period") <= real_time["period"].max())
assert real_time["period"].to_list() == cut_off["period"].to_list()


def rebound(frame):
    return frame.pipe(gba.growth)["value"][-1]


forecasts = {
    "as known on the day": gba.forecast(real_time, 2),
    "today's figures, cut off": gba.forecast(cut_off, 2),
}
pl.concat(
    ahead.select(
        pl.lit(name).alias("trained on"),
        pl.col("period").dt.year().alias("year"),
        *((pl.col(c) / 1e9).round(1).alias(f"{c}, MOP billion") for c in ("value", "lower_80", "upper_80")),
    )
    for name, ahead in forecasts.items()
)

# %%
came = today.filter(pl.col("period") > real_time["period"].max()).select("period", came="value")
errors = pl.concat(
    ahead.join(came, on="period").select(
        pl.lit(name).alias("trained on"),
        pl.col("period").dt.year().alias("year"),
        error=(100 * (pl.col("value") / pl.col("came") - 1)).round(1),
    )
    for name, ahead in forecasts.items()
).pivot("trained on", index="year", values="error")
assert (errors["as known on the day"].abs() < errors["today's figures, cut off"].abs()).all()
{"growth of 2023 as known then": round(rebound(real_time)), "as known now": round(rebound(cut_off))}

# %%
errors

# %% [markdown]
# Errors in percent of what is published now. Here the forecast made with the figures of the day was the
# nearer one, by luck: the rebound of 2023 was first overstated, and 2024 grew more than the model thought.
# The lesson is the distance between the two columns. It comes from the data alone, and a backtest on
# today's figures does not contain it. (Some early years differ too: as of that day only other sources had
# printed them.)

# %%
gba.chart.fan(
    real_time.filter(pl.col("period") >= date(2010, 1, 1)),
    forecasts["as known on the day"],
    title="Macao's GDP as an economist saw it in June 2024",
)

# %% [markdown]
# `gba.nowcast(..., as_of=)` and `gba.evaluate_nowcasts` do this for every day of a quarter; notebook 03
# uses them.
#
# ## What to take along
#
# - Cite the vintage with the figure: `gba.sources` does, and so does the foot of every chart and table.
# - Judge a forecast by what was known when it was made: `as_of` in `load`, and the same in `nowcast`.
# - Before publishing on the newest period, ask `gba.revisions` how much that period usually moves.
# - The archive of your data home cannot be fetched again. Back it up.
