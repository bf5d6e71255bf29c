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
# # A first look at the Greater Bay Area
#
# The Guangdong-Hong Kong-Macao Greater Bay Area is spoken of as a rival of the New York, Tokyo and San
# Francisco bay areas. How large is it, how does the answer depend on how one measures, and what is
# happening at its inner boundary? Every number below names its source.

# %%
import polars as pl

import gbaindicators as gba

pl.Config.set_fmt_str_lengths(110)
pl.Config.set_tbl_rows(24)
OURS = "greater_bay_area"

# %% [markdown]
# ## What is there
#
# `gba.indicators()` lists the indicators, `gba.areas()` the areas. Both take a word to look for, in any of
# three languages.

# %%
gba.indicators("GDP").select("id", "name_en", "name_zh_hant", "unit", "areas", "first", "last")

# %% [markdown]
# ## One series, and where it comes from
#
# Values are in base units and in the area's own currency. `sources` travels with every value.

# %%
macao = gba.load("gdp", "macao", frequency="A", start="2000")
macao.tail(4)

# %%
gba.sources(macao).select("producer", "title", "grade", "vintage")

# %% [markdown]
# Several sources often print the same figure. One is preferred by a stated rule; the others stay, and
# `gba.disagreements` says where they differ. Here is a slip that anyone who copied that ranking of ports
# has inherited; its status U sets it aside as doubtful:

# %%
gba.disagreements("container_throughput", "shenzhen", at_least=0.05).select(
    "period", "value", "source", "other_value", "other_source", "other_status"
)

# %% [markdown]
# ## Growth, by date
#
# Growth compares a period with the same one a year before. Macao's casinos closed in 2020; the fall and the
# return are both in the figures.

# %%
growth = macao.pipe(gba.growth)
of_year = dict(growth.select(pl.col("period").dt.year(), "value").iter_rows())
assert of_year[2020] < -50 and of_year[2023] > 50
growth.filter(pl.col("period").dt.year() >= 2018).select("period", pl.col("value").round(1), "unit")

# %% [markdown]
# ## The eleven cities in one currency
#
# A flow converts at the average rate of its period. A missing rate would be an error, never a silent gap.

# %%
cities = gba.load("gdp", gba.members(OURS), frequency="A", start="2000", end="2023").pipe(gba.convert, "USD")
whole = cities.pipe(gba.aggregate, OURS)
whole.tail(3).select("period", (pl.col("value") / 1e12).round(3).alias("US$ trillion"), "status", "method")

# %%
parts = cities.pipe(gba.contributions, by="area")
last = parts.filter(pl.col("period") == pl.date(2023, 1, 1)).sort("value", descending=True)
last.select("area", pl.col("value").round(2), "unit")

# %% [markdown]
# The contributions of the cities add up to the growth of the whole exactly. In US dollars that growth is
# small and some contributions are negative, because the yuan lost value in 2023: the currency is part of
# the answer, and notebook 02 gives the same in yuan.

# %%
total = last.filter(area="total")["value"].item()
assert abs(last.filter(pl.col("area") != "total")["value"].sum() - total) < 1e-9
yuan_per_dollar = gba.load("fx_rate", "china", frequency="A", start="2022", end="2023")["value"]
assert yuan_per_dollar[1] > yuan_per_dollar[0]

# %% [markdown]
# ## Beside the other bays
#
# `gba.benchmark` takes the latest calendar year in which every bay has a value, weights Japan's fiscal
# years by months, and says what limits the comparison.

# %%
market = gba.benchmark("gdp")
market.select(
    "area", "period", (pl.col("value") / 1e12).round(2).alias("US$ trillion"), "rank", "definition", "note"
)

# %%
parity = gba.benchmark("gdp", basis="ppp")
assert market.filter(area="new_york_bay_area")["rank"].item() == 1 == parity.filter(area=OURS)["rank"].item()
parity.select("area", (pl.col("value") / 1e12).round(2).alias("trillion Int$"), "rank")

# %% [markdown]
# Is it larger than New York? At market rates no, at purchasing power parity yes. `gba.sensitivity` tries
# every combination of definitions:

# %%
gba.sensitivity("gdp").select(
    "basis", "area", "definition", (pl.col("value") / 1e12).round(2), "rank", "best", "worst"
)

# %%
years = gba.benchmark("gdp", basis="ppp", year=None)
side_by_side = years.pivot("area", index="period", values="value")
for other in ("new_york_bay_area", "tokyo_bay_area"):
    assert side_by_side.drop_nulls(other).select((pl.col(OURS) > pl.col(other)).all()).item()
gba.chart.line(
    years, title="At purchasing power parity the Greater Bay Area leads in every year that can be compared"
)

# %% [markdown]
# The lead is older than the series of the others: where they begin, it is there. The lines end where their
# sources do, so the last year for all four is the one of the table above.
#
# ## The boundary, day by day
#
# Hong Kong counts every crossing. Incomplete months are null, so a month that is not over never looks like
# a fall.

# %%
monthly = gba.load("crossings", "hong_kong", frequency="D").pipe(gba.to_frequency, "M")
monthly.tail(3).select("period", "value", "note")

# %%
gba.chart.line(monthly.drop_nulls("value"), title="Hong Kong's boundary reopened in 2023")

# %% [markdown]
# ## Five years ahead
#
# One call, with intervals from the series' own forecast errors. It is trained to 2023: in 2024 the nine
# mainland cities pass to the base of the fifth economic census, and a level that breaks cannot be
# extrapolated.

# %%
ahead = gba.forecast(whole, 5)
ahead.select(
    "period",
    *((pl.col(c) / 1e12).round(2) for c in ("value", "lower_80", "upper_80", "lower_95", "upper_95")),
)

# %%
gba.chart.fan(whole, ahead)
