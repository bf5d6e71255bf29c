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
# # For report authors
#
# You have a page to fill, a finding to state, a house style, an editor who asks "says who?", and readers in
# three languages. This notebook makes that page: the finding first, the chart that shows it, the table
# under it, files for print, and the checks before it goes out.

# %%
import tempfile
from datetime import date
from pathlib import Path

import polars as pl

import gbaindicators as gba

pl.Config.set_fmt_str_lengths(140)
pl.Config.set_tbl_rows(40)
pl.Config.set_tbl_cols(14)

OURS = "greater_bay_area"

# %% [markdown]
# ## The finding is the title
#
# "GDP per head, 2022" is a label. A title says what the reader should see. Compute it from the frame that
# is drawn, and it cannot outlive its numbers: with next year's figures either the sentence changes or the
# cell stops.

# %%
heads = gba.benchmark("gdp_per_capita")
value = dict(heads.select("area", "value").rows())
name = {row["id"]: row for row in gba.areas().iter_rows(named=True)}
assert heads["area"][-1] == OURS
ours, top = name[OURS], name[heads["area"][0]]
share = 100 * value[OURS] / value[top["id"]]
finding = f"Per head the {ours['name_en']} makes {share:.0f}% of what the {top['name_en']} does"
chart = gba.chart.bars(heads, title=finding)
chart

# %% [markdown]
# Nobody typed the rest. The subtitle (quantity, unit, prices, year), the note (what was summed, averaged
# and converted) and the sources with their dates come from the frame, and so does the text for those who do
# not see the chart. Put it into the `alt` of the picture:

# %%
print(chart.layout.meta["alt"])

# %% [markdown]
# The footer shortens a long list of sources. The whole of it, for the list at the end of the report, with
# the terms on which each may be used:

# %%
gba.sources(heads).select("producer", "title", "vintage", "grade", "licence")

# %% [markdown]
# ## In three languages
#
# `lang` takes `en`, `zh-Hans` and `zh-Hant`: names of areas and quantities, units, scale words and
# punctuation follow. The title is yours: you write it yourself.

# %%
gba.chart.bars(
    heads, title=f"{ours['name_zh_hans']}的人均GDP为{top['name_zh_hans']}的{share:.0f}%", lang="zh-Hans"
)

# %%
gba.chart.bars(
    heads, title=f"{ours['name_zh_hant']}的人均GDP為{top['name_zh_hant']}的{share:.0f}%", lang="zh-Hant"
)

# %% [markdown]
# Numbers scale with the language: dollars per head are counted in 萬, and a "US$ trillion" is 萬億美元. Titles
# of sources stay in the language in which they were published; a reader who looks for one needs the
# original.
#
# ## One verb for each question
#
# | the question | the chart |
# |---|---|
# | How did it move? | `line`, `small_multiples`, `seasonal`, `calendar` |
# | Who is larger, and who was? | `bars`, `slope`, `bump`, `heatmap`, `map` |
# | What made it? | `contributions`, `decomposition`, `waterfall`, `flow` |
# | How far apart, and is it closing? | `gap`, `scatter`, `convergence`, `sensitivity` |
# | What comes, and how sure is it? | `fan`, `revisions`, `effect` |
#
# Every area has one colour, the same in all of them. Four that carry a page about the eleven cities:

# %%
cities = gba.load("gdp", gba.members(OURS), frequency="A", start="2008", end="2023").pipe(gba.convert, "CNY")
per_head = cities.pipe(gba.per_capita).filter(pl.col("period") >= date(2009, 1, 1))
cities = cities.filter(pl.col("period") >= date(2009, 1, 1))
latest = per_head.filter(period=date(2023, 1, 1)).sort("value", descending=True)
richest, poorest = (name[latest["area"][i]]["name_en"] for i in (0, -1))
gba.chart.map(
    latest,
    title=f"{richest} makes {latest['value'][0] / latest['value'][-1]:.0f} times as much per head as {poorest}",
)

# %%
largest = cities.sort("value").group_by("period").agg(pl.col("area").last()).sort("period")
before, after = (name[largest["area"][i]]["name_en"] for i in (0, -1))
gba.chart.bump(cities, title=f"{after} has taken the place of {before} as the largest economy of the eleven")

# %%
growth = cities.pipe(gba.growth)
fall = growth.drop_nulls("value").sort("value").row(0, named=True)
gba.chart.heatmap(
    growth,
    title=f"No city fell in a year as {name[fall['area']]['name_en']} did in {fall['period'].year}: by {-fall['value']:.0f}%",
)

# %%
indexed = per_head.pipe(gba.index, "2009")
gained = indexed.filter(period=date(2023, 1, 1)).sort("value")
least, most = (name[gained["area"][i]]["name_en"] for i in (0, -1))
gba.chart.small_multiples(indexed, title=f"GDP per head grew most in {most} and least in {least}")

# %% [markdown]
# Mind what that sentence does not say: the figures are at current prices and in yuan, so inflation and the
# exchange rate are in them.
#
# ## The table under the chart
#
# `gba.table` gives tables of great-tables with footnotes and sources from the data: `benchmark`, `series`,
# `forecast`, `revisions` and `coverage`.

# %%
table = gba.table.benchmark(gba.benchmark("gdp"), title="Four bay areas at market rates")
table

# %%
gba.table.benchmark(gba.benchmark("gdp"), title="按市場匯率計算的四大灣區", lang="zh-Hant")

# %% [markdown]
# A forecast is printed with its intervals or not at all:

# %%
macao = gba.load("gdp", "macao", frequency="A", start="2000", end="2020")
past = macao.filter(pl.col("period") < date(2020, 1, 1))
ahead = gba.forecast(past, 3)
gba.table.forecast(ahead, past.tail(6), title="Macao's GDP, as one would have forecast it at the end of 2019")

# %%
came = macao.filter(period=date(2020, 1, 1))["value"].item()
assert came < ahead["lower_95"][0]
print(
    f"2020: forecast {ahead['value'][0] / 1e9:.0f}, 95% interval from {ahead['lower_95'][0] / 1e9:.0f}, came {came / 1e9:.0f} MOP billion"
)

# %% [markdown]
# The border shut, and the figure fell below the wide interval. Every interval assumes that the future
# resembles the past: write that sentence under the table.
#
# ## A house style
#
# The figures are plain Plotly figures, the tables plain great-tables. A house style is a function of your
# own; keep it to type and ground, and leave the colours of the areas alone, so that a city is the same
# colour on every page. Dress a chart at the size in which it will be shown: one that was changed by hand
# keeps its layout when it is exported.


# %%
def house(figure):
    """Dress a figure for our reports: our typeface on our paper."""
    paper = "#FFF8EF"
    return figure.update_layout(
        font_family="Noto Serif, Georgia, serif", paper_bgcolor=paper, plot_bgcolor=paper
    )


house(gba.chart.bars(heads, title=finding))

# %% [markdown]
# ## Files for print, slides and the web
#
# `gba.export` takes the format from the suffix and the size from `preset`: `report` (a page), `slide`
# (16:9), `social` (a square) and `print` (170 mm wide; fonts embedded in a PDF, 600 dots an inch in a PNG).
# The chart is laid out again for each, so that nothing overlaps. `data="csv"` or `"xlsx"` puts the numbers
# behind it beside it, in base units and with their sources. Many pictures at once go through
# `gba.chart.export_many`, which starts one browser for all.

# %%
with tempfile.TemporaryDirectory() as made:
    folder = Path(made)
    gba.export(chart, folder / "per-head.html", data="xlsx")
    gba.export(chart, folder / "per-head.csv")
    gba.export(table, folder / "bays.tex")
    try:
        pictures = {folder / "per-head.pdf": chart, folder / "per-head.png": chart}
        gba.chart.export_many(pictures, preset="print")
    except gba.ExportError as error:  # pictures need a browser
        print(error)
    files = pl.DataFrame(
        [{"file": f.name, "kilobytes": round(f.stat().st_size / 1024)} for f in sorted(folder.iterdir())]
    )
    behind = pl.read_csv(folder / "per-head.csv")
    latex = (folder / "bays.tex").read_text(encoding="utf-8")
files

# %%
behind.select("area", "time_period", "value", "unit", "status", "definition", "sources")

# %%
print(latex[:700])

# %% [markdown]
# Text from a file of your own is shown as text: markup in a label is printed, not run, and a cell that
# begins with `=` stays a word in CSV and Excel.
#
# The whole report is one command, in each language and as of any day:
#
# ```bash
# gba report --lang zh-Hant --as-of 2026-06-30 --out report
# ```
#
# ## Before it goes out
#
# Six questions that an editor should ask of every number, and where the answer is. First, what kind of
# figures are these?

# %%
shown = {
    "GDP per head of the bays": heads,
    "GDP of the cities": cities,
    "GDP per head of the cities": per_head,
}
MEANING = {
    "A": "normal",
    "B": "after a break",
    "E": "estimated",
    "P": "provisional",
    "U": "doubtful",
    "M": "missing",
}
pl.concat(
    frame.group_by("status").agg(figures=pl.len()).with_columns(what=pl.lit(what))
    for what, frame in shown.items()
).select("what", "status", pl.col("status").replace(MEANING).alias("meaning"), "figures").sort(
    "what", "status"
)

# %% [markdown]
# Status B marks a break, and growth must not be read across one. Why the charts above begin in 2009 and end
# in 2023:

# %%
breaks = gba.load("gdp", gba.members(OURS), frequency="A", start="2005").filter(status="B")
breaks.group_by(pl.col("period").dt.year().alias("year")).agg(areas=pl.col("area").sort()).sort("year")

# %%
assert breaks.filter(pl.col("period").is_between(date(2009, 1, 1), date(2023, 12, 31))).is_empty()

# %% [markdown]
# Second, says who? Secondary sources (press, encyclopedias, compilations) are the ones to replace with the
# producer's own page before printing:

# %%
pl.concat(
    gba.sources(frame).group_by("grade").len("sources").with_columns(what=pl.lit(what))
    for what, frame in shown.items()
).pivot("grade", index="what", values="sources").fill_null(0)

# %% [markdown]
# Third, does anybody say otherwise? The largest disagreements about the GDP of one of the eleven cities
# since 2015:

# %%
others = gba.disagreements("gdp", at_least=0.03)
others.filter(
    pl.col("area").is_in(gba.members(OURS)),
    pl.col("period") >= date(2015, 1, 1),
    indicator="gdp",
    frequency="A",
).sort(pl.col("relative_difference").abs(), descending=True).select(
    "area",
    pl.col("period").dt.year().alias("year"),
    "unit",
    "source",
    "other_source",
    pl.col("relative_difference").round(3),
).head(6)

# %% [markdown]
# Fourth, does the sentence survive other definitions and purchasing power parity? Ranks of the Greater Bay
# Area per head, by its own definition and over all definitions of the others:

# %%
tried = gba.sensitivity("gdp_per_capita").filter(area=OURS)
assert set(tried["best"]) == set(tried["worst"]) == {4}
tried.select("basis", "definition", "rank", "best", "worst")

# %% [markdown]
# It does: last of four in all of them. (The percentage in the title does not: it is of market rates, as its
# note says.) Of total GDP the same table tells another story, which notebook 01 shows.
#
# Fifth, how much does the newest figure usually move? `gba.revisions` and notebook 05. Sixth, what do the
# package's own checks find in the indicator you use?

# %%
found = gba.findings()
found.filter(pl.col("indicator").is_in(["gdp", "gdp_per_capita", "population"])).group_by(
    "indicator", "check"
).agg(findings=pl.len(), example=pl.col("detail").first()).sort("indicator", "check")

# %% [markdown]
# None of these stops a publication by itself. Each is a sentence that belongs in the note under the chart,
# and it is better written by you than by a reader.
