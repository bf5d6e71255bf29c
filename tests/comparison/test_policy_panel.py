"""The panel data approach: the Hong Kong study reproduced, prediction by hand, and input it refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from gbaindicators.comparison.policy import policy_effect
from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError

TEN = ["China", "Indonesia", "Japan", "Korea", "Malaysia", "Philippines", "Singapore", "Taiwan",
       "United States", "Thailand"]  # fmt: skip


@pytest.fixture(scope="module")
def growth():
    """Real growth of Hong Kong and 24 economies, as fractions."""
    wide = pl.read_csv(Path(__file__).parents[1] / "reference" / "hcw.csv")
    year, quarter = pl.col("quarter").str.slice(0, 4), pl.col("quarter").str.slice(5, 1)
    return (
        wide.unpivot(index="quarter", variable_name="area")
        .with_columns(period=pl.date(year.cast(pl.Int32), quarter.cast(pl.Int32) * 3 - 2, 1))
        .drop("quarter")
    )


def made(seed=0, periods=40, areas=5, effect=0.0, start=30):
    """Quarters of areas that share two factors; the first is treated from `start` on."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(periods, 2))
    values = factors @ rng.normal(size=(2, areas)) + rng.normal(size=(periods, areas)) * 0.1
    values[start:, 0] += effect
    dates = [date(2000 + t // 4, t % 4 * 3 + 1, 1) for t in range(periods)]
    return pl.concat(
        [pl.DataFrame({"area": f"a{i}", "period": dates, "value": values[:, i]}) for i in range(areas)]
    )


def test_economic_integration_as_published(growth):
    """Vega-Bayo (2015), The R Journal 7(2): summary(econ.integ), which replicates the original article."""
    effect = policy_effect(growth, "Hong Kong", "2004-Q1", placebo=None)
    weights = {name: tuple(row) for name, *row in effect.weights.rows()}
    published = {
        "constant": (-0.001940, 0.003703, -0.524),
        "Austria": (-1.011560, 0.168235, -6.013),
        "Italy": (-0.317654, 0.159060, -1.997),
        "Korea": (0.344735, 0.046899, 7.351),
        "Mexico": (0.312858, 0.051008, 6.134),
        "Norway": (0.322183, 0.053776, 5.991),
        "Singapore": (0.184509, 0.054569, 3.381),
    }
    assert weights.keys() == published.keys()
    for name, (weight, error, t) in published.items():
        assert weights[name] == pytest.approx((weight, error, t), rel=2e-3, abs=6e-7)
    assert effect.fit["r2"] == pytest.approx(0.931, abs=5e-5)
    assert (effect.fit["pre_periods"], effect.fit["post_periods"]) == (44, 17)
    # "the economic integration has raised Hong Kong's annual real GDP by about 4%" (abstract)
    assert effect.fit["mean_effect"] == pytest.approx(0.04, abs=0.0005)
    assert effect.fit["p_value"] < 0.001
    assert effect.frame.filter(pl.col("period") >= date(2004, 1, 1))["effect"].min() > 0


def test_political_integration_as_published(growth):
    """The same article: pol.integ (AICc) with its time-average effect, and pol.integ.aic."""
    before_cepa = growth.filter(pl.col("period") < date(2004, 1, 1))
    effect = policy_effect(before_cepa, "Hong Kong", "1997-Q3", controls=TEN, placebo=None)
    weights = dict(effect.weights.select("control", "weight").rows())
    assert weights == pytest.approx(
        {"constant": 0.026300, "Japan": -0.675964, "Korea": -0.432298, "Taiwan": 0.792593, "United States": 0.486032},
        abs=6e-7,
    )  # fmt: skip
    assert effect.fit["mean_effect"] == pytest.approx(-0.0396291, abs=6e-8)
    # fitted values printed there for 1993Q1 to 1994Q2
    assert effect.frame["counterfactual"][:6].to_list() == pytest.approx(
        [0.05499950, 0.06083154, 0.06502118, 0.06102413, 0.07395480, 0.06554503], abs=6e-9
    )
    # "the political integration hardly had any impact" (abstract): not told from none here either
    assert effect.fit["p_value"] > 0.05
    assert "low power" in effect.note and "only 18 periods" in effect.note
    by_aic = policy_effect(before_cepa, "Hong Kong", "1997-Q3", controls=TEN, criterion="aic", placebo=None)
    assert dict(by_aic.weights.select("control", "weight").rows()) == pytest.approx(
        {"constant": 0.03161, "Japan": -0.69002, "Korea": -0.37668, "United States": 0.80994,
         "Philippines": -0.16237, "Taiwan": 0.61889},
        abs=6e-6,
    )  # fmt: skip
    assert by_aic.fit["r2"] == pytest.approx(0.9438, abs=5e-5)


def test_subsets_of_every_size_with_the_chosen_one(growth):
    effect = policy_effect(growth, "Hong Kong", "2004-Q1", placebo=None)
    table = effect.subsets
    assert table["size"].to_list() == list(range(25))
    assert table["r2"].diff().drop_nulls().min() >= 0
    assert table.filter("chosen")["size"].to_list() == [6] == [table["aicc"].arg_min()]
    assert (table["controls"].list.len() == table["size"]).all()


def test_placebos_in_space_leave_the_treated_area_out(growth):
    area = growth.filter(pl.col("area").is_in(["Hong Kong", *TEN]))
    effect = policy_effect(area, "Hong Kong", "2004-Q1", placebo=("space", "time"))
    space = effect.placebos.filter(pl.col("kind") == "space")
    assert sorted(space["unit"]) == sorted(TEN)
    korea = area.filter(pl.col("area") != "Hong Kong")
    alone = policy_effect(korea, "Korea", "2004-Q1", placebo=None)
    row = space.row(by_predicate=pl.col("unit") == "Korea", named=True)
    assert row["mean_effect"] == pytest.approx(alone.fit["mean_effect"])
    assert row["ratio"] == pytest.approx(alone.fit["rmspe_ratio"])
    rank = 1 + (space["ratio"] >= effect.fit["rmspe_ratio"]).sum()
    assert effect.fit["p_space"] == pytest.approx(rank / 11)
    time = effect.placebos.filter(pl.col("kind") == "time")
    assert time["start"].max() < date(2004, 1, 1)
    first = time.row(0, named=True)
    cut = area.filter(pl.col("period") < date(2004, 1, 1))
    again = policy_effect(cut, "Hong Kong", first["start"], placebo=None)
    assert first["mean_effect"] == pytest.approx(again.fit["mean_effect"])


def test_an_executor_changes_no_digit(growth):
    area = growth.filter(pl.col("area").is_in(["Hong Kong", *TEN]))
    alone = policy_effect(area, "Hong Kong", "2004-Q1").placebos
    with ThreadPoolExecutor(2) as executor:
        assert policy_effect(area, "Hong Kong", "2004-Q1", executor=executor).placebos.equals(alone)


def test_intervals_are_those_of_prediction_by_least_squares():
    frame = made(effect=1.0)
    effect = policy_effect(frame, "a0", date(2007, 7, 1), placebo=None)
    wide = frame.pivot(on="area", index="period", values="value")
    chosen = effect.weights["control"].to_list()[1:]
    design = sm.add_constant(wide.select(chosen).to_numpy())
    fitted = sm.OLS(wide["a0"].to_numpy()[:30], design[:30]).fit()
    bounds = fitted.get_prediction(design[30:]).conf_int(obs=True)
    after = effect.frame[30:]
    assert (after["actual"] - after["upper_95"]).to_list() == pytest.approx(list(bounds[:, 0]))
    assert (after["actual"] - after["lower_95"]).to_list() == pytest.approx(list(bounds[:, 1]))
    assert effect.frame["lower_95"][:30].null_count() == 30
    assert effect.frame["effect"][:30].mean() == pytest.approx(0, abs=1e-12)


def test_a_known_effect_is_found_and_none_is_not_invented():
    found = [policy_effect(made(s, effect=2.0), "a0", "2007-Q3", placebo=None) for s in range(15)]
    assert np.mean([e.fit["mean_effect"] for e in found]) == pytest.approx(2.0, abs=0.05)
    none = [policy_effect(made(s), "a0", "2007-Q3", placebo=None).fit["p_value"] for s in range(40)]
    assert np.mean(np.array(none) < 0.05) < 0.2


def test_shift_and_scale_carry_over():
    frame = made(effect=1.0)
    one = policy_effect(frame, "a0", "2007-Q3")
    other = policy_effect(frame.with_columns(pl.col("value") * 1000 + 7), "a0", "2007-Q3")
    assert other.fit["mean_effect"] == pytest.approx(1000 * one.fit["mean_effect"])
    assert other.fit["t"] == pytest.approx(one.fit["t"])
    assert other.placebos["ratio"].to_list() == pytest.approx(one.placebos["ratio"].to_list())


def test_the_order_of_the_rows_changes_nothing():
    frame = made(effect=1.0)
    shuffled = policy_effect(frame.sample(fraction=1, shuffle=True, seed=1), "a0", "2007-Q3", placebo=None)
    plain = policy_effect(frame, "a0", "2007-Q3", placebo=None)
    assert shuffled.frame.equals(plain.frame)


def test_what_was_loaded_stays_beside_the_result():
    frame = made().with_columns(
        indicator=pl.lit("gdp_real_growth"),
        unit=pl.lit("percent"),
        sources=pl.concat_list(pl.lit("s_") + pl.col("area")),
    )
    effect = policy_effect(frame, "a0", "2007-Q3", placebo=None)
    row = effect.frame.row(-1, named=True)
    assert (row["area"], row["unit"], row["status"], row["frequency"]) == ("a0", "percent", "E", "Q")
    assert row["sources"] == [f"s_a{i}" for i in range(5)]
    assert "AICC" in row["method"] and "Assumes that" in effect.summary()


def test_the_period_that_contains_the_date_is_the_first_with_the_policy():
    assert policy_effect(made(), "a0", date(2007, 8, 20), placebo=None).start == date(2007, 7, 1)


def test_a_date_outside_the_sample():
    for start in ("1990-Q1", "2000-Q1", "2030-Q1"):
        with pytest.raises(UsageError, match=r"outside the sample of a0 .*2000-Q1 to 2009-Q4"):
            policy_effect(made(), "a0", start)


def test_fewer_periods_before_than_controls():
    with pytest.raises(SeriesTooShortError, match=r"6 periods before .* 4 controls.*at most 2 controls"):
        policy_effect(made(), "a0", "2001-Q3")
    with pytest.raises(SeriesTooShortError, match="synthetic"):
        policy_effect(made(areas=40), "a0", "2007-Q3")


def test_a_missing_value_is_named_with_its_area_and_period():
    frame = made()
    hole = frame.filter(~((pl.col("area") == "a2") & (pl.col("period") == date(2003, 4, 1))))
    with pytest.raises(FrameError, match=r"a2 has no value in 2003-Q2; .*2003-Q3 to 2009-Q4.* leave a2 out"):
        policy_effect(hole, "a0", "2007-Q3")
    assert policy_effect(hole, "a0", "2007-Q3", controls=["a1", "a3", "a4"], placebo=None).fit["r2"] > 0


def test_frames_that_are_no_panel():
    frame = made()
    with pytest.raises(FrameError, match="method='interrupted'"):
        policy_effect(frame.filter(pl.col("area") == "a0").drop("area"), "a0", "2007-Q3")
    with pytest.raises(UsageError, match="needs controls"):
        policy_effect(frame.filter(pl.col("area") == "a0"), "a0", "2007-Q3")
    two = frame.with_columns(indicator=pl.lit("gdp"), unit=pl.lit("CNY"))
    units = pl.concat(
        [two, two.filter(pl.col("area") == "a1").with_columns(unit=pl.lit("HKD"), area=pl.lit("b"))]
    )
    with pytest.raises(FrameError, match="one unit"):
        policy_effect(units, "a0", "2007-Q3")
    kinds = pl.concat(
        [
            two,
            two.filter(pl.col("area") == "a1").with_columns(indicator=pl.lit("population"), area=pl.lit("b")),
        ]
    )
    with pytest.raises(FrameError, match="one indicator"):
        policy_effect(kinds, "a0", "2007-Q3")
    with pytest.raises(FrameError, match="two values"):
        policy_effect(pl.concat([frame, frame]), "a0", "2007-Q3")


def test_controls_that_are_no_controls():
    frame = made()
    both = (
        frame.group_by("period")
        .agg(pl.col("value").sum())
        .select(area=pl.lit("total"), period="period", value="value")
    )
    with pytest.raises(FrameError, match="sums or multiples"):
        policy_effect(
            pl.concat([frame, both.with_columns(pl.col("value"))]).filter(pl.col("area") != "a0").with_columns(
                pl.col("area").replace("a1", "treated")
            ).pipe(lambda f: pl.concat([f, f.filter(pl.col("area") == "a2").with_columns(area=pl.lit("copy"))])),
            "treated", "2007-Q3",
        )  # fmt: skip
    flat = pl.concat(
        [frame, frame.filter(pl.col("area") == "a1").with_columns(value=pl.lit(3.0), area=pl.lit("f"))]
    )
    with pytest.raises(FrameError, match="f has one value"):
        policy_effect(flat, "a0", "2007-Q3")
    with pytest.raises(UnknownNameError, match="b9"):
        policy_effect(frame, "a0", "2007-Q3", controls=["b9"])
    with pytest.raises(UsageError, match="own control"):
        policy_effect(frame, "a0", "2007-Q3", controls=["a0", "a1"])
    with pytest.raises(UsageError, match=r"controls=\['a1'\]"):
        policy_effect(frame, "a0", "2007-Q3", controls="a1")


def test_arguments_that_cannot_be_meant():
    for wrong in ({"method": "did"}, {"criterion": "hqic"}, {"placebo": "moon"}):
        with pytest.raises(UnknownNameError, match=r"must be one of|did you mean"):
            policy_effect(made(), "a0", "2007-Q3", **wrong)
    with pytest.raises(UsageError, match="lags"):
        policy_effect(made(), "a0", "2007-Q3", method="interrupted", lags=-1)
