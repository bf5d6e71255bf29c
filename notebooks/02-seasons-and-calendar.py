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
# # Seasons, calendars and parts
#
# Three questions that every economist of the region answers by hand: what is left of a month once the
# season and the Lunar New Year are taken out, what an annual figure looked like quarter by quarter, and
# which city made the growth.

# %%
import polars as pl

import gbaindicators as gba

pl.Config.set_fmt_str_lengths(110)
pl.Config.set_tbl_rows(24)
pl.Config.set_tbl_cols(14)
fixed = {"model": "(0 1 1)(0 1 1)", "outliers": None}  # the same on both sides: only the holiday differs

# %% [markdown]
# ## The Lunar New Year
#
# The holiday falls in January in some years and in February in others. A seasonal adjustment that ignores
# this takes an average New Year out of both months and leaves a hole in one and a bump in the other.
# Macao's visitors show it best:

# %%
visitors = gba.load("visitor_arrivals", "macao", frequency="M", start="2011-01", end="2018-08")
blind = gba.seasonal_adjustment(visitors, **fixed)
aware = gba.seasonal_adjustment(visitors, holidays="lunar_new_year", **fixed)
aware.coefficients.select("regressor", "estimate", "standard_error", "t")

# %% [markdown]
# The coefficients are in logarithms. `lny_after`: a month into which all the days after the New Year fall
# has about a tenth more visitors than one into which none of them falls. The information criterion prefers
# the model that knows the holiday (lower is better):


# %%
def criterion(result):
    return result.quality.filter(statistic="aicc")["value"].item()


assert criterion(aware) < criterion(blind)
pl.DataFrame(
    {"model": ["season only", "season and Lunar New Year"], "AICc": [criterion(blind), criterion(aware)]}
)

# %%
both = pl.concat(
    [
        visitors.with_columns(series=pl.lit("as published")),
        blind.adjusted.with_columns(series=pl.lit("adjusted, season only")),
        aware.adjusted.with_columns(series=pl.lit("adjusted, with Lunar New Year")),
    ],
    how="diagonal_relaxed",
).drop("adjustment")
gba.chart.line(both, title="Macao's visitors: without the holiday in the model, New Year leaves spikes")

# %% [markdown]
# How much noise is left in the months from January to March, as the standard deviation of the change on the
# month before:


# %%
def winter_noise(frame):
    change = frame.pipe(gba.growth, over="1mo")
    return change.filter(pl.col("period").dt.month() <= 3)["value"].std()


assert winter_noise(aware.adjusted) < winter_noise(blind.adjusted) < winter_noise(visitors)
pl.DataFrame(
    {
        "series": ["as published", "season only", "with Lunar New Year"],
        "percentage points": [round(winter_noise(f), 1) for f in (visitors, blind.adjusted, aware.adjusted)],
    }
)

# %% [markdown]
# The same for Hong Kong's containers, where the New Year takes work away rather than bringing it. Again
# only the holiday differs:

# %%
containers = gba.load("container_throughput", "hong_kong", frequency="M", start="2005-01", end="2024-12")
unaware = gba.seasonal_adjustment(containers, **fixed)
adjusted = gba.seasonal_adjustment(containers, holidays="lunar_new_year", **fixed)
adjusted.coefficients.filter(pl.col("regressor").str.starts_with("lny")).select("regressor", "estimate", "t")

# %%
assert criterion(adjusted) < criterion(unaware) and winter_noise(adjusted.adjusted) < winter_noise(
    unaware.adjusted
)
pl.DataFrame(
    {
        "model": ["season only", "season and Lunar New Year"],
        "AICc": [criterion(unaware), criterion(adjusted)],
        "noise in January to March": [
            round(winter_noise(f), 1) for f in (unaware.adjusted, adjusted.adjusted)
        ],
    }
)

# %%
pair = pl.concat(
    [
        containers.with_columns(series=pl.lit("as published")),
        adjusted.adjusted.with_columns(series=pl.lit("seasonally adjusted")),
    ],
    how="diagonal_relaxed",
).drop("adjustment")
gba.chart.line(pair, title="Hong Kong's containers, as published and seasonally adjusted")

# %% [markdown]
# ### Against the producer's own adjustment
#
# The Census and Statistics Department publishes the quarter-on-quarter change of its own seasonally
# adjusted cargo series. The mean absolute difference from ours, in percentage points. (In quarters the New
# Year always falls in the first: it is part of the season there.)

# %%
cargo = gba.load("cargo_throughput", "hong_kong", frequency="Q")
ours = gba.seasonal_adjust(cargo).pipe(gba.growth, over="1q").select("period", ours="value")
theirs = gba.load("cargo_throughput_qoq", "hong_kong", frequency="Q").select("period", theirs="value")
compared = ours.join(theirs, on="period").drop_nulls()
compared.select(
    pl.len().alias("quarters"),
    (pl.col("ours") - pl.col("theirs")).abs().mean().round(2).alias("mean absolute difference"),
)

# %% [markdown]
# ## Annual figures, quarter by quarter
#
# No quarterly GDP of the nine mainland cities is published as a series. Guangdong's is: as totals since
# January, which `from_ytd` turns into single quarters (and refuses to where vintages are mixed). Spread
# along it, a city's year becomes an estimated quarterly path. It borrows the province's season and cycle: a
# shock of the city alone is not in it, and `status` and `method` say that it is an estimate.

# %%
quarters = gba.load("gdp", "guangdong", frequency="Q", adjustment="ytd").pipe(gba.from_ytd)
quarters.filter(pl.col("value").is_null()).select("period", "note")

# %% [markdown]
# From 2011 to 2015 the province's quarters are of one kind, so that is the span used here.

# %%
quarters = quarters.filter(pl.col("period").is_between(pl.date(2011, 1, 1), pl.date(2015, 10, 1)))
shenzhen = gba.load("gdp", "shenzhen", frequency="A", start="2011", end="2015")
path = shenzhen.pipe(gba.disaggregate, "Q", indicator=quarters.drop("area"), method="denton-cholette")
path.tail(4).select("period", (pl.col("value") / 1e9).round(1).alias("CNY billion"), "status", "method")

# %% [markdown]
# The quarters of every year add up to the published year:

# %%
years = path.pipe(gba.to_frequency, "A")
difference = years.join(shenzhen, on="period", suffix="_published")
assert (difference["value"] / difference["value_published"] - 1).abs().max() < 1e-9
gba.chart.line(path, title="Shenzhen's GDP by quarter, estimated along Guangdong's")

# %% [markdown]
# ## Who made the growth
#
# Contributions in percentage points add up exactly to the growth of the whole. In one currency, because the
# cities count in three:

# %%
cities = gba.load("gdp", gba.members("greater_bay_area"), frequency="A", start="2015", end="2023").pipe(
    gba.convert, "CNY"
)
parts = cities.pipe(gba.contributions, by="area")
wide = parts.with_columns(pl.col("value").round(2), year=pl.col("period").dt.year()).pivot(
    "year", index="area", values="value"
)
wide

# %%
last = parts.filter(pl.col("period") == pl.date(2023, 1, 1))
total = last.filter(area="total")["value"].item()
of_cities = last.filter(pl.col("area") != "total").sort("value", descending=True)
assert abs(of_cities["value"].sum() - total) < 1e-9
dollar = gba.load("fx_rate", "china", frequency="A", start="2022", end="2023")["value"]
assert dollar[1] > dollar[0]  # and with it the Hong Kong dollar
three = of_cities.head(3)
names = dict(gba.areas().select("id", "name_en").iter_rows())
gba.chart.bars(
    of_cities,
    title=f"{', '.join(names[a] for a in three['area'][:2])} and {names[three['area'][2]]} made {three['value'].sum():.1f} of the {total:.1f}% of growth in 2023",
)

# %% [markdown]
# At current prices and in yuan: in a year in which Macao reopened and the Hong Kong dollar rose against the
# yuan both count. In US dollars the same year looks different, as notebook 01 shows.
