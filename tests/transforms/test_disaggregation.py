"""Temporal disaggregation: published numbers, a dense solution of the same problems, identities, dates, bad input."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.transforms.disaggregation import disaggregate, disaggregation_model
from gbaindicators.transforms.disaggregation.distribution import Layout, Process, estimated_rho

REFERENCE = Path(__file__).parents[1] / "reference"
MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}
REGRESSIONS = (
    "chow-lin", "chow-lin-minrss", "chow-lin-minrss-quilis", "fernandez", "litterman", "litterman-minrss",
)  # fmt: skip
METHODS = ("denton-cholette", "denton", *REGRESSIONS)
CONVERSIONS = ("sum", "mean", "last", "first")


def series(values, frequency="A", start=2000, month=1, **columns) -> pl.DataFrame:
    first = start * 12 + month - 1
    months = [first + i * MONTHS[frequency] for i in range(len(values))]
    return pl.DataFrame(
        {
            "frequency": frequency,
            "period": [date(m // 12, m % 12 + 1, 1) for m in months],
            "value": list(values),
        },
        schema_overrides={"value": pl.Float64, "period": pl.Date},
    ).with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def published(name: str, **columns) -> pl.DataFrame:
    """Series of the R package tempdisagg, by its decimal years."""
    frame = pl.read_csv(REFERENCE / f"swisspharma_{name}.csv", schema_overrides={"value": pl.Float64})
    return series(frame["value"], name[-1].upper(), int(frame["time"][0]), **columns)


def aggregated(path: pl.DataFrame, to: str, conversion: str) -> list[float]:
    """Aggregate whole periods, with Polars and not with what is tested."""
    how = {"sum": pl.col("value").sum(), "mean": pl.col("value").mean(), "last": pl.col("value").last(),
           "first": pl.col("value").first()}[conversion]  # fmt: skip
    inside = path.filter(pl.col("note").is_null()).sort("period")
    return inside.group_by_dynamic("period", every=f"{MONTHS[to]}mo").agg(how)["value"].to_list()


SALES, EXPORTS, IMPORTS = published("sales.a"), published("exports.q"), published("imports.q")
BOTH = pl.concat([published("exports.q", indicator="exports"), published("imports.q", indicator="imports")])


class TestPublished:
    """Outputs of R tempdisagg: its vignette, and its tests' fixtures (tests/reference/README.md)."""

    def test_chow_lin_with_one_indicator(self):
        model = disaggregation_model(
            SALES,
            indicator=EXPORTS.with_columns(indicator=pl.lit("exports")),
            method="chow-lin",
            conversion="sum",
        )
        rows = model.coefficients.select("regressor", "coefficient", "se", "t").rows()
        assert [r[0] for r in rows] == ["constant", "exports"]
        assert rows[0][1:] == (pytest.approx(12.41, abs=5e-3), pytest.approx(1.493, abs=5e-4), pytest.approx(8.311, abs=5e-4))  # fmt: skip
        assert rows[1][1:] == (pytest.approx(1.339e-2, abs=5e-6), pytest.approx(1.672e-4, abs=5e-8), pytest.approx(80.111, abs=5e-4))  # fmt: skip
        [statistics] = model.statistics.to_dicts()
        assert statistics["adjusted_r2"] == pytest.approx(0.9946, abs=5e-5)
        assert (statistics["rho"], statistics["rho_origin"]) == (0.0, "truncated")
        assert (statistics["n_low"], statistics["n_high"]) == (36, 158)
        assert model.values.height == 158

    def test_chow_lin_without_truncation(self):
        model = disaggregation_model(
            SALES, indicator=EXPORTS, method="chow-lin", conversion="sum", truncated=False
        )
        assert model.coefficients["coefficient"].to_list() == [
            pytest.approx(12.31579, abs=5e-6), pytest.approx(0.01341, abs=5e-6)
        ]  # fmt: skip
        assert model.statistics["rho"][0] < 0

    def test_chow_lin_with_two_indicators(self):
        model = disaggregation_model(SALES, indicator=BOTH, method="chow-lin", conversion="sum")
        assert model.coefficients["coefficient"].to_list() == pytest.approx(
            [11.685855, 0.011258, 0.003934], abs=5e-7
        )
        assert model.coefficients["se"].to_list() == pytest.approx([1.493077, 0.001158, 0.002113], abs=5e-7)
        assert model.coefficients["t"].to_list() == pytest.approx([7.827, 9.723, 1.862], abs=5e-4)
        assert model.statistics["adjusted_r2"][0] == pytest.approx(0.9949, abs=5e-5)

    @pytest.mark.parametrize(
        ("method", "expected", "tolerance"),
        [
            ("chow-lin-maxlog", [30.8957937267, 31.2145424609, 29.7518464152, 32.2513261944, 32.3279995961,
                                 32.8269209836, 32.8317836851, 34.0730685505, 39.4243199059, 40.7028002148], 1e-8),
            ("chow-lin-minrss", [31.0648296314, 31.376628094, 29.9492852367, 32.3700157927, 32.4855992935,
                                 32.9370177056, 32.9416949892, 34.2025283839, 39.4907189242, 40.6948442203], 1e-8),
            ("fernandez", [30.6645443975, 30.8809117534, 29.9338961272, 31.5300107504, 31.7254275179,
                           31.9913519817, 32.060256688, 33.1479292732, 36.9901490699, 38.153782642], 1e-8),
            ("litterman-minrss", [24.3686906726, 24.5556141176, 24.8805391048, 25.0169084874, 25.9365352397,
                                  26.2217041913, 27.0337754387, 28.6411343647, 30.3927507945, 32.4751826273], 1e-5),
        ],
    )  # fmt: skip
    def test_first_ten_quarters(self, method, expected, tolerance):
        path = disaggregate(
            SALES, indicator=BOTH, method=method, conversion="sum",
            **({} if method == "fernandez" else {"truncated": False}),
        )  # fmt: skip
        assert path["value"][:10].to_list() == pytest.approx(expected, rel=0, abs=tolerance)
        assert path["period"][0] == date(1972, 1, 1)

    @pytest.mark.parametrize(
        ("method", "expected"),
        [
            ("chow-lin-maxlog", [10.4719212312, 10.305063411, 11.7006461437, 10.8134260502, 10.6428781463,
                                 11.3455286026, 11.0059032067, 10.1287376864, 10.1226699053, 10.9438170138]),
            ("chow-lin-minrss", [10.3180800327, 10.1522044102, 11.5193547929, 10.636927362, 10.4999046226,
                                 11.1754442577, 10.8117721231, 10.0073754759, 9.9693788871, 10.8083334286]),
            ("fernandez", [10.766518281, 10.6019129351, 11.9999366552, 11.1254221699, 10.9218344627,
                           11.6394881791, 11.3326631072, 10.3941167125, 10.4225413312, 11.2073635473]),
        ],
    )  # fmt: skip
    def test_first_ten_months_of_quarters(self, method, expected):
        monthly = pl.concat([published("exports.m", indicator="e"), published("imports.m", indicator="i")])
        path = disaggregate(
            published("sales.q"), "M", indicator=monthly, method=method, conversion="sum", truncated=False
        )
        assert path["value"][:10].to_list() == pytest.approx(expected, rel=1e-7)

    def test_denton_of_the_imf(self):
        # Bloem, Dippelsman and Maehle (2001), Quarterly National Accounts Manual, example 6.2, as in statsmodels
        quarters = [98.2, 100.8, 102.2, 100.8, 99.0, 101.6, 102.7, 101.5, 100.5, 103.0, 103.5, 101.5]
        path = disaggregate(
            series([4000, 4161.4], start=1998), indicator=series(quarters, "Q", 1998), conversion="sum"
        )
        expected = [
            969.8,
            998.4,
            1018.3,
            1013.4,
            1007.2,
            1042.9,
            1060.3,
            1051.0,
            1040.6,
            1066.5,
            1071.7,
            1051.0,
        ]
        assert path["value"].to_list() == pytest.approx(expected, abs=0.06)
        assert path["note"].null_count() == 8

    def test_the_path_lies_near_the_true_quarters(self):
        true = published("sales.q").filter(pl.col("period") < date(2011, 1, 1))
        path = disaggregate(SALES, indicator=EXPORTS, method="chow-lin", conversion="sum")
        beside = true.join(path, on="period")
        assert beside.height == true.height
        assert beside.select(pl.corr("value", "value_right")).item() > 0.99
        # two standard errors hold most of them
        inside = beside.select(((pl.col("value") - pl.col("value_right")).abs() < 2 * pl.col("se")).mean())
        assert 0.9 < inside.item() <= 1


class TestDense:
    """The same problems solved another way, from dense matrices."""

    @pytest.mark.parametrize("method", ["denton", "denton-cholette"])
    @pytest.mark.parametrize("criterion", ["proportional", "additive"])
    @pytest.mark.parametrize("differences", [1, 2])
    def test_denton_minimises_its_differences(self, method, criterion, differences):
        y, x = np.array([10.0, 13.0, 11.0]), np.random.default_rng(0).uniform(2, 4, 15)
        path = disaggregate(
            series(y, start=2001), indicator=series(x, "Q", 2000, 10), conversion="sum",
            method=method, criterion=criterion, differences=differences,
        )  # fmt: skip
        difference = np.linalg.matrix_power(np.eye(15) - np.eye(15, k=-1), differences)
        if method == "denton-cholette":
            difference = difference[differences:]
        if criterion == "proportional":
            difference = difference / x
        square, c = difference.T @ difference, np.kron(np.eye(3), np.ones(4))
        c = np.pad(c, ((0, 0), (1, 2)))
        saddle = np.block([[square, c.T], [c, np.zeros((3, 3))]])
        expected = np.linalg.solve(saddle, np.concatenate([square @ x, y]))[:15]
        assert path["value"].to_list() == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("conversion", CONVERSIONS)
    @pytest.mark.parametrize("method", ["chow-lin", "litterman"])
    @pytest.mark.parametrize("rho", [-0.4, 0.0, 0.7])
    def test_regression_and_its_standard_errors(self, conversion, method, rho):
        random = np.random.default_rng(1)
        x, y = random.normal(10, 2, 30), random.normal(40, 9, 6)
        weights = {"sum": [1, 1, 1, 1], "mean": [0.25] * 4, "last": [0, 0, 0, 1], "first": [1, 0, 0, 0]}
        c = np.pad(np.kron(np.eye(6), weights[conversion]), ((0, 0), (4, 2)))
        lag = np.eye(30) - rho * np.eye(30, k=-1)
        if method == "litterman":
            root = np.linalg.inv(lag @ (np.eye(30) - np.eye(30, k=-1)))
            q = root @ root.T
        else:
            q = rho ** np.abs(np.subtract.outer(np.arange(30), np.arange(30)))
        regressors = np.column_stack([np.ones(30), x])
        inverse, low = np.linalg.inv(c @ q @ c.T), c @ regressors
        bread = np.linalg.inv(low.T @ inverse @ low)
        beta = bread @ low.T @ inverse @ y
        residuals = y - low @ beta
        s2 = residuals @ inverse @ residuals / (6 - 2)
        share = q @ c.T @ inverse
        lever = regressors - share @ low
        variance = s2 * np.diag(q - share @ c @ q + lever @ bread @ lever.T)

        model = disaggregation_model(
            series(y, start=2001),
            indicator=series(x, "Q", 2000),
            method=method,
            conversion=conversion,
            rho=rho,
        )
        assert model.values["value"].to_list() == pytest.approx(
            regressors @ beta + share @ residuals, rel=1e-9
        )
        expected = np.sqrt(np.maximum(variance, 0))
        assert model.values["se"].to_list() == pytest.approx(expected, rel=1e-7, abs=1e-4)
        assert model.coefficients["se"].to_list() == pytest.approx(np.sqrt(s2 * np.diag(bread)), rel=1e-9)
        assert model.statistics["rho_origin"][0] == "given"
        if conversion == "last":
            known = model.values.filter(pl.col("note").is_null() & (pl.col("period").dt.month() == 10))
            assert known["value"].to_list() == pytest.approx(y)
            assert known["se"].to_list() == [0] * 6

    @pytest.mark.parametrize("integrated", [False, True])
    @pytest.mark.parametrize("objective", ["maxlog", "minrss", "minrss-scaled"])
    @pytest.mark.parametrize("ar", [0.0, 0.5, 0.9])
    def test_the_estimate_of_rho_is_better_than_a_fine_grid(self, integrated, objective, ar):
        random, residuals = np.random.default_rng(4), np.zeros(80)
        for t in range(1, 80):
            residuals[t] = ar * residuals[t - 1] + random.normal()
        if integrated:
            residuals = residuals.cumsum()
        x = np.column_stack([np.ones(80), 50 + random.normal(size=80).cumsum()])
        y = (x @ [3, 2] + residuals).reshape(20, 4).sum(axis=1)
        process = Process(Layout(20, 80, 0, (1.0,) * 4), integrated)

        def to_minimise(rho):
            inverse = np.linalg.inv(process.low(np.array([rho]))[0])
            low = x.reshape(20, 4, 2).sum(axis=1)
            rest = y - low @ np.linalg.solve(low.T @ inverse @ low, low.T @ inverse @ y)
            rss = rest @ inverse @ rest
            if objective == "maxlog":
                return 20 * np.log(rss) - np.linalg.slogdet(inverse)[1]
            return np.log(rss * (1 - rho**2 if objective == "minrss-scaled" else 1))

        [rho] = estimated_rho(y[None], x[None], process, objective, truncated=True)
        assert 0 <= rho <= 0.999
        assert to_minimise(rho) <= min(to_minimise(r) for r in np.linspace(0, 0.999, 200)) + 1e-9

    def test_covariances_are_those_of_the_process(self):
        layout = Layout(3, 15, 2, (0.5, 0.25, 0.25, 1.0))
        for integrated in (False, True):
            process, rho = Process(layout, integrated), np.array([0.3, -0.8])
            cross, low = process.cross(rho), process.low(rho)
            assert cross @ layout.matrix().T == pytest.approx(low)


values = st.floats(1, 1000).map(lambda v: round(v, 3))


@st.composite
def problems(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A benchmark with an indicator that begins before it and ends after it."""
    low = draw(st.integers(4, 9))
    before, after = draw(st.integers(0, 5)), draw(st.integers(0, 6))
    to = draw(st.sampled_from("QM"))
    ratio = 12 // MONTHS[to]
    x = draw(arrays(float, before + low * ratio + after, elements=values))
    y = draw(arrays(float, low, elements=values))
    assume(np.ptp(x) > 1 and np.ptp(x[before : before + low * ratio].reshape(low, ratio).sum(axis=1)) > 1)
    assume(all(np.ptp(x[before : before + low * ratio].reshape(low, ratio)[:, j]) > 1 for j in (0, -1)))
    month = 12 * 2000 - before * MONTHS[to]
    return series(y), series(x, to, month // 12, month % 12 + 1)


def solved(
    y: pl.DataFrame, x: pl.DataFrame | None, method: str, conversion: str = "sum", **options
) -> pl.DataFrame:
    to = "Q" if x is None else x["frequency"][0]
    return disaggregate(y, to, indicator=x, method=method, conversion=conversion, **options)


class TestIdentities:
    @given(problems(), st.sampled_from(METHODS), st.sampled_from(CONVERSIONS))
    @settings(max_examples=80, deadline=None)
    def test_the_path_aggregates_to_the_benchmark(self, problem, method, conversion):
        y, x = problem
        path = solved(y, x, method, conversion)
        assert aggregated(path, "A", conversion) == pytest.approx(y["value"].to_list(), rel=1e-9)
        assert path["period"].to_list() == x["period"].to_list()

    @given(
        arrays(float, st.integers(2, 9), elements=values),
        st.sampled_from(METHODS),
        st.sampled_from(CONVERSIONS),
    )
    @settings(max_examples=40, deadline=None)
    def test_and_so_without_an_indicator(self, y, method, conversion):
        path = solved(series(y), None, method, conversion)
        assert aggregated(path, "A", conversion) == pytest.approx(y.tolist(), rel=1e-9)

    @given(problems(), st.sampled_from(METHODS), st.sampled_from([1e-6, 3.0, 1e9]))
    @settings(max_examples=40, deadline=None)
    def test_units_do_not_matter(self, problem, method, factor):
        y, x = problem
        larger, plain = y.with_columns(pl.col("value") * factor), solved(y, x, method)
        # Denton's original takes the indicator for a first guess of the level, so both are scaled
        scaled = x.with_columns(pl.col("value") * (factor if method == "denton" else 7.0))
        result = solved(larger, scaled, method)
        size = plain["value"].abs().max()
        assert (result["value"] / factor).to_list() == pytest.approx(
            plain["value"].to_list(), abs=1e-5 * size
        )

    @given(arrays(float, st.integers(2, 9), elements=values), st.floats(0.1, 100))
    @settings(max_examples=30, deadline=None)
    def test_a_constant_indicator_is_none(self, y, level):
        constant = series([level] * (4 * len(y)), "Q")
        expected = solved(series(y), None, "denton-cholette")["value"].to_list()
        assert solved(series(y), constant, "denton-cholette")["value"].to_list() == pytest.approx(expected)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_constant_series_stays_constant_without_an_indicator(self, method):
        path = solved(series([8.0] * 5), None, method)
        assert path["value"].to_list() == pytest.approx([2.0] * 20)

    @pytest.mark.parametrize("method", METHODS)
    def test_an_indicator_that_is_the_series_is_found_back(self, method):
        x = np.random.default_rng(2).uniform(5, 9, 24)
        path = solved(series(x.reshape(6, 4).sum(axis=1)), series(x, "Q"), method)
        assert path["value"].to_list() == pytest.approx(x, rel=1e-8)

    @given(problems(), st.sampled_from(METHODS), st.randoms(use_true_random=False))
    @settings(max_examples=30, deadline=None)
    def test_order_and_company_do_not_matter(self, problem, method, random):
        y, x = problem
        other = y.with_columns(pl.col("value").reverse() + 3)
        frame = pl.concat([y.with_columns(area=pl.lit("a")), other.with_columns(area=pl.lit("b"))])
        shuffled = frame.sample(fraction=1.0, shuffle=True, seed=random.randint(0, 99))
        together = solved(shuffled, x.sample(fraction=1.0, shuffle=True, seed=1), method)
        size = together["value"].abs().max()
        for area, alone in (("a", y), ("b", other)):
            part = together.filter(pl.col("area") == area)
            assert part["period"].is_sorted()
            expected = solved(alone, x, method)["value"].to_list()
            assert part["value"].to_list() == pytest.approx(expected, abs=1e-6 * size)

    @given(problems(), st.sampled_from(METHODS), st.integers(-300, 300))
    @settings(max_examples=30, deadline=None)
    def test_the_calendar_may_shift_by_quarters(self, problem, method, quarters):
        y, x = problem
        move = pl.col("period").dt.offset_by(f"{quarters}q")
        moved = solved(y.with_columns(move), x.with_columns(move), method)
        plain = solved(y, x, method)
        assert moved["value"].to_list() == plain["value"].to_list()
        assert moved["period"].to_list() == plain.with_columns(move)["period"].to_list()


class TestDates:
    def test_fiscal_years_give_quarters_from_april(self):
        path = disaggregate(series([10, 12, 14], start=2020, month=4), "Q", conversion="sum")
        assert path["period"][0] == date(2020, 4, 1)
        assert path["period"][-1] == date(2023, 1, 1)
        assert path["value"][:4].sum() == pytest.approx(10)

    def test_years_from_february_give_months_but_no_quarters(self):
        years = series([10, 12], month=2)
        assert disaggregate(years, "M", conversion="sum")["period"][0] == date(2000, 2, 1)
        with pytest.raises(FrameError, match=r"2000-02-01, within one of the quarters: disaggregate to 'M'"):
            disaggregate(years, "Q", conversion="sum")

    def test_extrapolation_is_marked_on_both_sides(self):
        index = series([10, 11, 12, 13, 14, 15, 16, 17], "Q", 1999, 10)
        path = disaggregate(series([60]), indicator=index, conversion="sum")
        assert path["note"].to_list() == [
            "extrapolated before the first benchmark", None, None, None, None,
            *["extrapolated past the last benchmark"] * 3,
        ]  # fmt: skip
        # one ratio to the indicator throughout: 60 / (11 + 12 + 13 + 14)
        assert path["value"].to_list() == pytest.approx([1.2 * x for x in range(10, 18)])

    def test_half_years_and_quarters_are_benchmarks_too(self):
        assert disaggregate(series([6, 9], "S"), "Q", conversion="sum").height == 4
        assert disaggregate(series([6, 9], "S"), "M", conversion="mean").height == 12
        assert disaggregate(series([6, 9], "Q"), "M", conversion="last")["value"][2] == pytest.approx(6)

    def test_several_indicators_count_where_all_have_values(self):
        late = published("imports.q", indicator="imports").filter(pl.col("period") >= date(1974, 1, 1))
        both = pl.concat([published("exports.q", indicator="exports"), late])
        path = disaggregate(SALES, indicator=both, method="chow-lin", conversion="sum")
        assert path["period"][0] == date(1974, 1, 1)


class TestFrames:
    def test_areas_have_their_own_indicators_or_share_one(self):
        years = pl.concat([series([10, 12, 15, 17], area="a"), series([5, 5, 8, 9], area="b")])
        index = np.arange(1.0, 17.0)
        own = pl.concat(
            [series(index, "Q", area="b", indicator="i"), series(index**2, "Q", area="a", indicator="i")]
        )
        path = disaggregate(years, indicator=own, conversion="sum")
        assert path["area"].unique(maintain_order=True).to_list() == ["a", "b"]
        for area, values in (("a", index**2), ("b", index)):
            alone = disaggregate(
                years.filter(pl.col("area") == area), indicator=series(values, "Q"), conversion="sum"
            )
            assert path.filter(pl.col("area") == area)["value"].to_list() == pytest.approx(
                alone["value"].to_list()
            )
        shared = disaggregate(years, indicator=series(index, "Q"), conversion="sum")
        assert shared.filter(pl.col("area") == "b")["value"].to_list() == pytest.approx(
            path.filter(pl.col("area") == "b")["value"].to_list()
        )

    def test_provenance_takes_in_benchmark_and_indicator(self):
        years = series([10, 12], area="macao", indicator="gdp", unit="MOP", adjustment="nsa", status="A").with_columns(
            sources=pl.Series([["b"], ["c"]]), vintage=pl.Series([date(2021, 1, 1), date(2022, 1, 1)]),
            status=pl.Series(["A", "B"]), note=pl.Series([None, "revised"]),
        )  # fmt: skip
        index = series(
            range(1, 10), "Q", area="macao", indicator="i", adjustment="sa", method="chained"
        ).with_columns(sources=pl.lit(["a"]), vintage=pl.lit(date(2021, 6, 1)), status=pl.lit("P"))
        path = disaggregate(years, indicator=index)
        assert path.columns[: len(years.columns)] == years.columns
        assert path["sources"].to_list() == [["a", "b", "c"]] * 9
        assert path["vintage"].unique().to_list() == [date(2022, 1, 1)]
        assert path["status"].to_list() == ["E"] * 4 + ["B"] * 4 + ["E"]
        assert path["note"].to_list() == [None] * 4 + ["revised"] * 4 + [
            "extrapolated past the last benchmark"
        ]
        assert path["adjustment"].unique().to_list() == ["sa"]
        assert path["unit"].unique().to_list() == ["MOP"]
        assert path["frequency"].unique().to_list() == ["Q"]
        assert path["method"][0] == (
            "disaggregated to quarters by denton-cholette with i (chained) (sum of quarters)"
        )

    def test_method_says_rho_and_only_regressions_have_standard_errors(self):
        path = disaggregate(SALES, indicator=EXPORTS, method="chow-lin", conversion="sum")
        assert path["method"][0].endswith("with indicator (sum of quarters, rho 0 truncated)")
        assert path["se"].null_count() == 0
        assert "se" not in disaggregate(SALES, conversion="sum").columns

    def test_the_catalogue_says_how_periods_add_up(self):
        years = pl.concat([
            series([10, 12], area="macao", indicator="gdp"), series([10, 12], area="macao", indicator="population"),
        ])  # fmt: skip
        path = disaggregate(years).with_columns(note=pl.lit(None, pl.String))
        parts = {i: path.filter(pl.col("indicator") == i).drop("indicator") for i in ("gdp", "population")}
        assert aggregated(parts["gdp"], "A", "sum") == pytest.approx([10, 12])
        assert aggregated(parts["population"], "A", "last") == pytest.approx([10, 12])

    def test_a_frame_with_period_and_value_is_enough(self):
        years = series([10, 12, 15]).select("period", "value")
        index = series(range(1, 13), "Q").select("period", "value")
        assert disaggregate(years, indicator=index, conversion="sum").height == 12

    def test_an_empty_frame_stays_empty(self):
        empty = series([10], indicator="gdp").clear()
        model = disaggregation_model(empty)
        assert model.values.height == model.statistics.height == model.coefficients.height == 0

    def test_indicators_of_one_name_are_told_apart(self):
        twice = pl.concat([
            published("exports.q", indicator="x", prices="current"),
            published("imports.q", indicator="x", prices="constant"),
        ])  # fmt: skip
        model = disaggregation_model(SALES, indicator=twice, method="chow-lin", conversion="sum")
        assert model.coefficients["regressor"].to_list() == ["constant", "x, current", "x, constant"]

    def test_a_perfect_fit_has_no_rho_and_no_error(self):
        x = np.arange(1.0, 25.0) ** 1.5
        model = disaggregation_model(
            series(3 * x.reshape(6, 4).sum(axis=1) + 8),
            indicator=series(x, "Q"),
            method="chow-lin",
            conversion="sum",
        )
        assert model.statistics["rho"][0] == 0
        assert model.statistics["adjusted_r2"][0] == pytest.approx(1)
        assert model.values["se"].to_list() == pytest.approx([0] * 24, abs=1e-8)


class TestBadInput:
    def refused(self, error, match, frame=SALES, indicator=EXPORTS, to="Q", **options):
        with pytest.raises(error, match=match):
            disaggregate(frame, to, indicator=indicator, **{"conversion": "sum", **options})

    def test_gaps_and_nulls_of_the_benchmark(self):
        year = pl.col("period").dt.year()
        self.refused(FrameError, "has nothing for 1980; add the figure", SALES.filter(year != 1980))
        nulled = SALES.with_columns(pl.when(year != 1980).then("value"))
        self.refused(FrameError, "benchmark has no value for 1980", nulled)
        self.refused(FrameError, "two values", pl.concat([SALES, SALES]))

    def test_gaps_and_nulls_of_the_indicator(self):
        other = pl.col("period") != date(1990, 7, 1)
        self.refused(
            FrameError, "indicator has a gap .* nothing for 1990-Q3", indicator=EXPORTS.filter(other)
        )
        nulled = EXPORTS.with_columns(pl.when(other).then("value"))
        self.refused(FrameError, "indicator has no value for 1990-Q3", indicator=nulled)

    def test_an_indicator_that_does_not_cover_the_benchmark(self):
        late = EXPORTS.filter(pl.col("period") >= date(1976, 4, 1))
        self.refused(FrameError, "from 1976-04-01 to before 2011-07-01 and does not cover", indicator=late)
        # the message's own mend works
        kept = SALES.filter(pl.col("period").is_between(date(1976, 4, 1), date(2010, 7, 1)))
        assert disaggregate(kept, indicator=late, conversion="sum").height == late.height

    def test_an_indicator_of_another_area(self):
        self.refused(
            FrameError, "no indicator for macao.*no rows of area 'macao'",
            SALES.with_columns(area=pl.lit("macao")), EXPORTS.with_columns(area=pl.lit("hong_kong")),
        )  # fmt: skip

    def test_directions_and_frequencies(self):
        self.refused(UsageError, "gba.to_frequency", EXPORTS, None, "S")
        self.refused(UsageError, "half-years, quarters or months", to="A")
        self.refused(UsageError, "consist of several months", series([1, 2], "M"), None, "M")
        self.refused(UsageError, "of frequency 'Q', it has M", indicator=published("exports.m"))
        self.refused(FrameError, "one frequency", pl.concat([SALES, EXPORTS]), None, "M")

    def test_series_that_are_too_short(self):
        self.refused(SeriesTooShortError, "2 periods for 2 regressors", SALES[:2], method="chow-lin")
        self.refused(SeriesTooShortError, "second differences need two", SALES[:1], None, differences=2)

    def test_regressors_that_cannot_be_told_apart(self):
        flat = EXPORTS.with_columns(value=pl.lit(5.0))
        self.refused(FrameError, "collinear.*constant=False", indicator=flat, method="chow-lin")
        twice = pl.concat([EXPORTS.with_columns(indicator=pl.lit(n)) for n in ("one", "two")])
        self.refused(FrameError, "constant, one, two.*collinear", indicator=twice, method="fernandez")
        self.refused(
            UsageError, "needs an indicator or a constant", indicator=None, method="chow-lin", constant=False
        )

    def test_denton_with_a_zero_or_several_indicators(self):
        zero = EXPORTS.with_columns(
            pl.when(pl.col("period") != date(1980, 1, 1)).then("value").otherwise(0.0)
        )
        self.refused(FrameError, "no ratio to 0: pass criterion='additive'", indicator=zero)
        assert disaggregate(SALES, indicator=zero, criterion="additive", conversion="sum").height == 158
        self.refused(UsageError, "takes one indicator", indicator=BOTH)

    def test_cumulative_figures(self):
        ytd = EXPORTS.with_columns(adjustment=pl.lit("ytd"))
        self.refused(UsageError, "gba.from_ytd", indicator=ytd)
        self.refused(UsageError, "gba.from_ytd", ytd, None, "M")
        stock = SALES.with_columns(adjustment=pl.lit("cumulative"))
        self.refused(UsageError, "cumulative", stock, None)
        assert disaggregate(stock, conversion="last").height == 144

    def test_conversions_that_are_not_known(self):
        self.refused(UsageError, "pass conversion=", conversion=None)
        self.refused(UsageError, "'median' is not known", conversion="median")
        self.refused(UsageError, "does not aggregate over time", SALES.with_columns(indicator=pl.lit("gdp_real_growth")), None, conversion=None)  # fmt: skip
        self.refused(
            UsageError, "does not know", SALES.with_columns(indicator=pl.lit("x")), None, conversion=None
        )

    def test_options_that_do_not_go_together(self):
        self.refused(UnknownNameError, "chow-lin", method="chowlin")
        self.refused(UsageError, "has no rho", rho=0.5)
        self.refused(UsageError, "has no rho", rho=0.5, method="fernandez")
        self.refused(UsageError, "between -1 and 1", rho=1.0, method="chow-lin")
        self.refused(UsageError, "belong to Denton", criterion="additive", method="chow-lin")
        self.refused(UsageError, "differences 1 or 2", differences=3)

    def test_a_unit_that_changes(self):
        units = SALES.with_columns(unit=pl.when(pl.col("period") < date(1990, 1, 1)).then(pl.lit("CHF")).otherwise(pl.lit("EUR")))  # fmt: skip
        self.refused(FrameError, "changes its unit", units)
