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
# # Bay areas compared
#
# Four questions, and how far the figures carry an answer: is the Greater Bay Area larger than New York, do
# its cities converge, do they integrate, and what did one opening of the boundary do? Statements in the
# text are checked by the cell above or below them.

# %%
import warnings

import polars as pl

import gbaindicators as gba

pl.Config.set_fmt_str_lengths(120)
pl.Config.set_tbl_rows(48)
pl.Config.set_tbl_cols(14)
pl.Config.set_fmt_table_cell_list_len(4)

OURS, THEIRS = "greater_bay_area", "new_york_bay_area"


def year():
    return pl.col("period").dt.year().alias("year")


def trillion(column="value"):
    return (pl.col(column) / 1e12).round(2)


# %% [markdown]
# # 1. Is the Greater Bay Area larger than New York?
#
# ## The figures and their accounts
#
# Each cell says which years, which prints and which rates it is made of. The year is the latest that all
# four bays have.

# %%
market = gba.benchmark("gdp")
market.select("area", year(), trillion().alias("trillion US$"), "rank", "definition", "note")

# %%
market.select("area", "periods", "vintages", "rates")

# %% [markdown]
# New York's figure is a print of December 2023, Tokyo's is made of two fiscal years. The same at purchasing
# power parity, and at the prices and rates of 2015:

# %%
ways = {
    "market, nominal": {},
    "market, prices of 2015": {"prices": "2015"},
    "PPP, nominal": {"basis": "ppp"},
    "PPP, prices of 2015": {"basis": "ppp", "prices": "2015"},
}
pl.concat(
    gba.benchmark("gdp", **how).with_columns(way=pl.lit(way)) for way, how in ways.items()
).with_columns(trillion()).pivot("way", index="area", values="value")

# %% [markdown]
# ## Which year
#
# For the two of them alone there are later years. `gap` gives the ratio of the Greater Bay Area to New
# York.

# %%
ratios = pl.concat(
    gba.gap("gdp", OURS, THEIRS, **how).with_columns(way=pl.lit(way)) for way, how in ways.items()
)
ratios.filter(pl.col("period").dt.year() >= 2018).with_columns(year(), pl.col("value").round(3)).pivot(
    "way", index="year", values="value"
)

# %%
nominal, real = (dict(ratios.filter(way=way).select(year(), "value").iter_rows()) for way in list(ways)[:2])
assert max(nominal.values()) < 1
assert nominal[2021] > nominal[2022] > nominal[2023] > nominal[2024]
assert real[2022] < 1 < real[2023]
parity = ratios.filter(pl.col("way").str.starts_with("PPP"), pl.col("period").dt.year() >= 2018)
assert parity["value"].min() > 1
lines = ratios.select("area", "frequency", "period", "value", "unit", "sources", model="way")
gba.chart.line(lines, title="The Greater Bay Area's GDP over New York's, measured in four ways")

# %% [markdown]
# At market rates and current prices it was not larger in any year that both have. It came nearest in 2021
# and has fallen back since, while its real growth was the higher one: what lies between the two is exchange
# rates and prices. At purchasing power parity it is larger by far. At prices and rates of 2015 it passes in
# 2023, but that is a year in which New York's source changes, and the answer hangs on the base year:

# %%
bases = pl.concat(
    gba.gap("gdp", OURS, THEIRS, prices=base).with_columns(base=pl.lit(base))
    for base in ("2010", "2015", "2019", "2022")
)
bases.filter(pl.col("period").dt.year().is_in([2019, 2021, 2022, 2023])).with_columns(
    year(), pl.col("value").round(3)
).pivot("year", index="base", values="value")

# %%
of_2023 = dict(bases.filter(pl.col("period") == pl.date(2023, 1, 1)).select("base", "value").iter_rows())
assert [base for base, ratio in of_2023.items() if ratio > 1] == ["2015"]

# %% [markdown]
# Of these bases 2015, a year of a dear yuan, is the only one on which it passes. A real comparison keeps
# the exchange rate of its base year, and the deflators are those of the economies, not of the bays: real
# growth compares, real levels compare as of the base year only. Breaks, which `gap` refuses to take for
# growth:

# %%
ratios.filter(pl.col("way") == "market, nominal", pl.col("period").dt.year() >= 2022).select(
    year(),
    *(pl.col(c).round(1) for c in ("growth_area", "growth_other", "years_to_parity")),
    "assumption",
    "note",
)

# %%
late = gba.benchmark("gdp", [THEIRS], year=None).filter(pl.col("period").dt.year() >= 2022)
grades = pl.concat(
    gba.sources(row).select("producer", "title", "grade").with_columns(year=pl.lit(row["period"][0].year))
    for row in late.partition_by("period", maintain_order=True)
)
assert set(grades.filter(pl.col("year") > 2022)["producer"]) == {"Wikipedia"}
grades

# %% [markdown]
# After 2022 New York's figures are second-hand: take 2023 and 2024, and the one crossing at the prices of
# 2015, with that in mind.
#
# "Years to parity" of two decades come from growth rates that differ by half a point. That is arithmetic,
# not a forecast.
#
# ## Which definition
#
# `sensitivity` gives every definition its value; each against each makes the grid. "New York" may be the
# metropolitan area or three states, "the Greater Bay Area" eleven cities, nine of them, or the whole
# province with Hong Kong and Macao.

# %%
tried = gba.sensitivity("gdp", [OURS, THEIRS], year=2022, prices=("current", "2015"))
keys = ["basis", "prices"]
grid = (
    tried.filter(area=OURS)
    .join(tried.filter(area=THEIRS), on=keys, suffix="_other")
    .select(*keys, "definition", other="definition_other", ratio=pl.col("value") / pl.col("value_other"))
)
grid.with_columns(pl.col("ratio").round(2)).pivot("other", index=[*keys, "definition"], values="ratio")

# %%
larger = grid.group_by("basis", maintain_order=True).agg(
    larger=(pl.col("ratio") > 1).sum(), combinations=pl.len()
)
assert (
    grid.filter(basis="market", other="three_states")["ratio"].max()
    < 1
    < grid.filter(basis="ppp", other="msa")["ratio"].min()
)
larger

# %% [markdown]
# At market rates the Greater Bay Area is larger only when it is all of Guangdong and New York is its
# metropolitan area; at parity it is smaller only when it is nine cities and New York three states. So the
# sentence "it is larger" needs its basis, its definitions, its prices and its year.
#
# The same for all four at once, by rank:

# %%
every = gba.sensitivity("gdp", year=2022, prices=("current", "2015"))
of_ours = every.filter(area=OURS, definition="eleven_cities")
assert of_ours.filter(basis="market")["rank"].min() > 1 and set(of_ours.filter(basis="ppp")["rank"]) == {1}
gba.chart.sensitivity(every, title="GDP of four bay areas: first at parity, second or third at market rates")

# %% [markdown]
# What others publish, beside our own number for the same year:

# %%
gba.published_comparisons().filter(indicator="gdp").select(
    "stated", year(), trillion("published"), trillion(), pl.col("difference").round(1), "reason"
)

# %% [markdown]
# ## Per head

# %%
heads_market = gba.benchmark("gdp_per_capita")
heads_ppp = gba.benchmark("gdp_per_capita", basis="ppp")
assert heads_market["area"][-1] == heads_ppp["area"][-1] == OURS
gba.chart.bars(heads_ppp, title="Per head the Greater Bay Area is the last of the four, at parity too")

# %%
heads_market.join(heads_ppp, on="area", suffix="_ppp").select(
    "area",
    *((pl.col(c) / 1e3).round(1).alias(f"{c}, thousand") for c in ("value", "value_ppp")),
    *(
        (100 * pl.col(c) / pl.col(c).filter(area=THEIRS)).round(0).alias(f"percent of New York, {c}")
        for c in ("value", "value_ppp")
    ),
)

# %% [markdown]
# Per head it is a fifth of New York at market rates and a third at parity. It is large because many live
# there.
#
# ## When might it pass?
#
# `catch_up` draws joint paths, with exchange rates held or drawn with the rest.

# %%
chances = {rate: gba.catch_up(OURS, THEIRS, 2035, rate=rate) for rate in ("held", "simulated")}
pl.concat(c.select(year(), "probability_by", rate=pl.lit(rate)) for rate, c in chances.items()).with_columns(
    pl.col("probability_by").round(2)
).pivot("rate", index="year", values="probability_by")

# %%
print(*chances["held"]["assumptions"][0], "", chances["simulated"]["assumptions"][0][0], sep="\n")

# %%
by_2035 = {rate: c["probability_by"][-1] for rate, c in chances.items()}
assert by_2035["held"] < by_2035["simulated"] < 0.65
by_2035

# %% [markdown]
# Within ten years it is more likely not to happen than to happen while rates stay as they are; the odds are
# about even when they move as they have since 2000. The breaks listed above count as growth here, and New
# York's past is 16 years. The third notebook starts from 2022 instead, before the breaks of both: neither
# start is the right one.

# %% [markdown]
# # 2. Do the eleven cities converge?
#
# GDP per head of the mean population, at current prices, in yuan. The span ends in 2023: from 2024 the nine
# mainland cities stand on the base of the fifth economic census, and a change of base is no growth. It
# begins in 2001, after the year in which the source of the nine changes (status B).

# %%
cities = gba.load("gdp", gba.members(OURS), frequency="A", start="2000", end="2023").pipe(gba.convert, "CNY")
assert cities.filter(pl.col("period") == pl.date(2000, 1, 1), status="B").height == 9
heads = cities.pipe(gba.per_capita).filter(pl.col("period") >= pl.date(2001, 1, 1))
ends = heads.filter(pl.col("period").dt.year().is_in([2001, 2023]))
apart = dict(ends.group_by(year()).agg(pl.col("value").max() / pl.col("value").min()).iter_rows())
gba.chart.slope(
    ends,
    title=f"The richest of the eleven had {apart[2001]:.0f} times the GDP per head of the poorest in 2001, {apart[2023]:.0f} times in 2023",
)

# %%
gba.rank_changes(heads, "2001", "2023").select(
    "area",
    *((pl.col(c) / 1e3).round(1).alias(f"{c}, thousand CNY") for c in ("value_start", "value_end")),
    "rank_start",
    "rank_end",
    "rank_change",
)

# %% [markdown]
# ## Sigma: do they lie closer together?

# %%
mainland = heads.filter(~pl.col("area").is_in(["hong_kong", "macao"]))
sets = {"eleven": heads, "without Macao": heads.filter(pl.col("area") != "macao"), "nine": mainland}
sigma = pl.concat(
    gba.dispersion(frame).filter(measure="sd_log").with_columns(cities=pl.lit(name))
    for name, frame in sets.items()
)
wide = sigma.select(year(), "cities", "value").pivot("cities", index="year", values="value")
wide.filter(pl.col("year").is_in([2001, 2005, 2010, 2015, 2019, 2020, 2021, 2022, 2023])).with_columns(
    pl.selectors.float().round(3)
)

# %%
at = {row["year"]: row for row in wide.iter_rows(named=True)}
for name in sets:
    assert at[2023][name] < at[2001][name]
assert at[2022]["eleven"] < at[2023]["eleven"] < at[2019]["eleven"]
fall = {name: round(100 * (at[2019][name] / at[2001][name] - 1)) for name in sets}
fall

# %% [markdown]
# That is the fall in percent from 2001 to 2019. The low of 2020-2022 is Macao with its casinos shut: it was
# the richest, and a disaster that strikes the richest is not convergence. The fall among the nine owes
# nothing to exchange rates; that of the eleven may, as at market rates a dearer yuan brings the mainland
# nearer.
#
# ## Theil: between or within?
#
# Between the two special administrative regions and the mainland cities, weighted by population:

# %%
people = gba.load("population", gba.members(OURS), frequency="A", start="2001", end="2023")
theil = gba.inequality(heads, groups="level", weights=people).filter(measure="theil_t")
parts = theil.select(year(), "component", "value").pivot("component", index="year", values="value")
parts.filter(pl.col("year").is_in([2001, 2005, 2010, 2015, 2019, 2023])).with_columns(
    (100 * pl.col("between") / pl.col("total")).round(0).alias("between, percent")
).with_columns(pl.col("total", "between", "within").round(3))

# %%
first, last = (parts.row(i, named=True) for i in (0, -1))
assert abs(last["between"] + last["within"] - last["total"]) < 1e-12
assert last["within"] > first["within"] and last["between"] < first["between"] / 5
(last["total"] - first["total"], last["within"] - first["within"])

# %% [markdown]
# All of the fall is between the two systems: Hong Kong stopped being so much richer. Weighted by people the
# inequality within is no smaller than it was in 2001, though the unweighted spread of the nine above has
# fallen: it depends on whether cities or persons count.
#
# ## Beta: did the poorer grow faster?

# %%
SAR = ["hong_kong", "macao"]
beta = pl.concat(
    gba.convergence(heads, start, end, without=SAR).with_columns(span=pl.lit(f"{start}-{end}"))
    for start, end in (("2001", "2019"), ("2001", "2023"), ("2010", "2023"))
)
beta.select(
    "span",
    "without",
    pl.col("estimate", "se", "p").round(4),
    (100 * pl.col("speed")).round(1).alias("speed, percent a year"),
    pl.col("half_life").round(0),
    "areas",
    "status",
)

# %%
beta["note"].unique().to_list()

# %%
each = gba.convergence(heads, "2001", "2023", without="each")
assert beta["estimate"].max() < 0
p = {(row["span"], len(row["without"])): row["p"] for row in beta.iter_rows(named=True)}
assert [key for key, value in p.items() if value < 0.05] == [
    ("2001-2023", 0),
    ("2010-2023", 0),
    ("2010-2023", 2),
]
assert each.filter(pl.col("without").list.contains("macao"))["p"].item() > 0.05
each.select("without", pl.col("estimate", "p").round(4), pl.col("half_life").round(0)).sort(
    "half_life"
).select(pl.all().gather([0, 1, -2, -1]))

# %% [markdown]
# Every slope is negative. From 2001 to 2019 none differs from zero at 5 percent; to 2023 it does with all
# eleven, but not without Macao; from 2010 on it does with and without the two. Whether there is a result is
# a matter of the span, and leaving Hong Kong out moves the half-life by two decades. With eleven points the
# errors (HC3) are themselves uncertain, the cities are neighbours and not independent draws, prices are
# current, and Zhaoqing's source changes on the way (status B). What may be said: the cities came closer,
# mostly by the mainland's approach to Hong Kong; at what speed, the figures cannot tell.

# %% [markdown]
# ## Clubs: do all go to one level?
#
# The log t test of Phillips and Sul asks whether differences vanish in the end; where they do not, it looks
# for groups in which they do.

# %%
clubs = gba.convergence_clubs(heads)
assert clubs.height == 1 and clubs["t"].item() > -1.65
clubs.select("club", "areas", "periods", pl.col("estimate", "t").round(2))

# %% [markdown]
# One club: the test does not reject that all eleven approach one level. It could hardly do so: of 23 years
# it uses the last 15, and Macao's fall and return lie among them. The estimate is far below two, so it
# speaks for growth rates that draw level, hardly for levels.

# %% [markdown]
# # 3. Integration
#
# ## What could be measured
#
# Policy names six flows. First the coverage:

# %%
coverage = gba.integration_coverage()
coverage.group_by("flow", maintain_order=True).agg(
    figures=pl.len(),
    used=pl.col("used").sum(),
    most_years=pl.col("observations").max(),
    used_indicators=pl.col("indicator").filter(pl.col("used")).unique().sort(),
)

# %%
scored = coverage.filter("used")["flow"].unique().sort().to_list()
assert scored == ["goods", "people"]
coverage.filter(~pl.col("used"), ~pl.col("flow").is_in(scored)).select(
    "flow", "indicator", "area", "note"
).head(6)

# %% [markdown]
# Four of six flows have no figure for every year. The index below is two flows: people across Hong Kong's
# boundary, and cargo by river and sea.
#
# ## The index, for four years

# %%
index = gba.integration_index()
shown = index.drop_nulls("value")
shown.with_columns(year(), pl.col("value").round(1)).pivot("flow", index="year", values="value")

# %%
print(shown.filter(flow="index")["note"][0])

# %%
frame = gba.integration_inputs()
groups = dict(frame.select("indicator", "flow").unique().rows())
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    robust = gba.index_robustness(frame.drop("flow", "method"), groups=groups)
print(*(w.message for w in warned), sep="\n")
robust.units.select(year(), pl.col("rank", "lower_rank", "upper_rank"))

# %%
share = dict(robust.sensitivity.select("choice", "share").iter_rows())
people_index, goods_index = (
    shown.filter(flow=flow).sort("period")["value"].to_list() for flow in ("people", "goods")
)
assert people_index == sorted(people_index) and goods_index[0] > goods_index[-1]
assert (robust.units["upper_rank"] > robust.units["lower_rank"]).all()
assert max(share, key=share.get) == "weights"
{choice: round(value, 2) for choice, value in share.items()}

# %% [markdown]
# People rise because a closed boundary opened; river cargo falls. The two point in opposite directions, so
# the order of the years is mostly the weights: no year has a rank that all draws agree on. There is no
# statement here about services, capital, data or technology, none about the land boundary's goods, and none
# about the years before 2021.

# %% [markdown]
# # 4. What did a policy do?
#
# ## The boundary reopens, 8 January 2023
#
# Crossings are counted daily from the closure on. An interrupted series continues the trend before the
# date. Days up to March 2020 are left out, as the boundary was then still closing; weeks are taken, since
# the method would put the pattern of weekdays of an open boundary on a closed one; and logarithms, since a
# falling straight line would soon promise fewer than no crossings at all.

# %%
days = gba.load("crossings", "hong_kong", frequency="D").filter(pl.col("period") >= pl.date(2020, 4, 1))
weeks = days.pipe(gba.to_frequency, "W").drop_nulls("value")
reopened = gba.policy_effect(weeks, "hong_kong", "2023-01-08", method="interrupted", placebo="time", log=True)
print(reopened.summary())

# %%
assert reopened.fit["mean_effect"] > reopened.fit["detectable"]
gba.chart.effect(reopened, title="Weekly crossings of Hong Kong's boundary, and the closure continued")

# %% [markdown]
# Nobody doubts this effect, and the placebo dates agree as far as ten of them can. But read what it is
# measured against: the closure going on. It does not say whether the boundary carries more than it would
# have without the pandemic, as the series begins in the month in which it shut; nor which step did it, as
# the other control points followed until February; nor what any measure of the Greater Bay Area did.

# %% [markdown]
# ## The bridge, October 2018
#
# A harder one: did the Hong Kong-Zhuhai-Macao Bridge raise Macao's gaming revenue? Monthly, in logarithms,
# to December 2019. There is no control area, so everything depends on the trend that is continued, and so
# on the year in which the past is made to begin:

# %%
gaming = gba.load("gaming_revenue_gross", "macao", frequency="M", start="2012", end="2019-12")
logs = gaming.with_columns(pl.col("value").log(), unit=pl.lit("log of MOP"))
bridges = {
    start: gba.policy_effect(
        logs.filter(pl.col("period") >= pl.date(start, 1, 1)),
        "macao",
        "2018-10",
        method="interrupted",
        placebo="time",
    )
    for start in range(2012, 2017)
}
FIT = ("pre_periods", "mean_effect", "standard_error", "p_value", "detectable", "p_time")
pl.DataFrame(
    [{"from": start} | {k: effect.fit[k] for k in FIT} for start, effect in bridges.items()]
).with_columns(pl.selectors.float().round(3))

# %%
effects = {start: effect.fit["mean_effect"] for start, effect in bridges.items()}
assert effects[2012] > 0 > effects[2016]
assert min(bridges[start].fit["p_time"] for start in range(2012, 2016)) > 0.8
assert bridges[2012].fit["post_periods"] == 15
assert bridges[2012].fit["p_value"] < 0.05 and bridges[2016].fit["p_value"] < 0.05
print(*bridges[2014].assumptions, sep="\n")

# %%
assert "low power" in bridges[2014].note
print(bridges[2014].note)

# %% [markdown]
# With a past from 2012 the bridge raised revenue, with one from 2016 it lowered it, both "significant". But
# for the past from 2016, dates before it at which nothing opened stand out as much (`p_time`): the straight
# line is wrong rather than the bridge strong. In between, the note gives the size of effect that could have
# been found at all. Fifteen months cannot answer the question. Controls could: `method="panel"` or
# `"synthetic"` compares with areas that the policy did not touch, and no other area with gaming revenue is
# shipped. With a panel of your own (area, period, value) the call is the same.
