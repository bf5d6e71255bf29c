"""How good an adjustment is, and when not to publish it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import Final

from gbaindicators.transforms.seasonal.result import Statistic

__all__ = ["find_warnings", "qs_test", "read_quality"]

#: Statistics of the program by our names; ``p`` after the key: a p-value follows, ``%``: in percent.
_STATISTICS: Final = {
    **{f"m{n}": f"f3.m{n:02}" for n in range(1, 12)},
    "q": "f3.q",
    "q2": "f3.qm2",
    "qs_original": "qsori p",
    "qs_original_without_extremes": "qsorievadj p",
    "qs_residuals": "qsrsd p",
    "qs_irregular": "qsirr p",
    "qs_irregular_without_extremes": "qsirrevadj p",
    "qs_adjusted": "qssadj p",
    "qs_adjusted_without_extremes": "qssadjevadj p",
    "f_stable_seasonality": "f2.fsd8 %",
    "f_moving_seasonality": "f2.msf %",
    "kruskal_wallis": "f2.kw %",
    "f_residual_seasonality": "d11.f %",
    "f_residual_seasonality_last_3_years": "d11.3y.f %",
    "skewness_of_residuals": "skewness",
    "kurtosis_of_residuals": "kurtosis",
    "geary_a_of_residuals": "a",
    "durbin_watson": "durbinwatson",
    "observations": "nobs",
    "outliers": "outlier.total",
    "log_likelihood": "loglikelihood",
    "aic": "aic",
    "aicc": "aicc",
    "bic": "bic",
    "hannan_quinn": "hq",
    "variance_of_innovations": "variance$mle",
}
#: Level of the tests that speak against an adjustment.
LEVEL: Final = 0.01
#: Share of outliers among the figures from which a model is doubted.
MANY_OUTLIERS: Final = 0.05
_ROUNDING: Final = 1e-9


def read_quality(diagnostics: Mapping[str, str], acf: str) -> list[Statistic]:
    """Take the statistics of quality from the program's diagnostics and its autocorrelations of the residuals."""
    found = []
    for name, entry in _STATISTICS.items():
        key, _, kind = entry.partition(" ")
        if key not in diagnostics:
            continue
        numbers = [_number(part) for part in diagnostics[key].split() if part != "*"]
        p = numbers[1] if kind and len(numbers) > 1 else None
        found.append(Statistic(name, numbers[0], p / 100 if kind == "%" and p is not None else p))
    # of the tables' last line, the highest lag: Ljung-Box statistic, degrees of freedom, p-value
    last = acf.split("\n")[-2].split() if acf.count("\n") > 2 else []
    if len(last) == 6:
        found.append(Statistic(f"ljung_box_{int(last[0])}", _number(last[3]), _number(last[5])))
    return found


def qs_test(name: str, values: Sequence[float], season: int) -> Statistic:
    """Test for seasonality by the QS statistic, as X-13ARIMA-SEATS makes it for a model that differences twice.

    It is the Ljung-Box statistic of the positive autocorrelations of the second differences at one and two
    seasons, 0 where that at one season is not positive, and follows chi-square with two degrees of freedom.

    Examples
    --------
    >>> statistic = qs_test("qs_original", [1.0, 2.0, 4.0, 2.0] * 6, 4)
    >>> statistic.value > 30, statistic.p_value < 1e-6
    (True, True)
    """
    import numpy as np

    levels = np.asarray(values)
    changes = np.diff(levels, 2)
    changes = changes - changes.mean()
    count, total = len(changes), float(changes @ changes)
    # what is left of a season taken out exactly is rounding error, and that may repeat every year
    if total <= (_ROUNDING * float(np.abs(levels).max())) ** 2 * count:
        return Statistic(name, 0.0, 1.0)
    lags = [lag for lag in (season, 2 * season) if lag < count]
    correlations = [float(changes[lag:] @ changes[:-lag]) / total for lag in lags]
    if correlations[0] <= 0:
        return Statistic(name, 0.0, 1.0)
    parts = (max(0.0, r) ** 2 / (count - n * season) for n, r in enumerate(correlations, start=1))
    value = count * (count + 2) * sum(parts)
    # the survival function of chi-square with two degrees of freedom
    return Statistic(name, value, exp(-value / 2))


def _number(text: str) -> float | None:
    """Read a number; the program writes asterisks where one does not fit its column."""
    try:
        return float(text)
    except ValueError:
        return None


def find_warnings(diagnostics: Mapping[str, str], quality: Sequence[Statistic]) -> list[tuple[str, str]]:
    """Name every reason not to publish, each with its check."""
    values = {s.statistic: s.value for s in quality}
    p_values = {s.statistic: s.p_value for s in quality}
    reasons = []

    def above(name: str, limit: float) -> bool:
        value = values.get(name)
        return value is not None and value > limit

    def significant(name: str) -> bool:
        p = p_values.get(name)
        return p is not None and p < LEVEL

    if above("q", 1):
        reasons.append(
            ("q", f"Q is {values['q']:.2f}, above 1: the decomposition of the season is of poor quality")
        )
    if above("m7", 1):
        reasons.append(
            (
                "m7",
                f"M7 is {values['m7']:.2f}, above 1: the season moves more than it repeats, none can be identified",
            )
        )
    if not significant("qs_original") and not significant("qs_original_without_extremes"):
        reasons.append(
            ("seasonality", "the original series shows no season (QS test): it needs no adjustment")
        )
    reasons += [
        (test, f"the adjusted series still has a season ({test}, p {p_values[test]:.4f}): use another model")
        for test in ("qs_adjusted", "qs_adjusted_without_extremes", "f_residual_seasonality")
        if significant(test)
    ]
    ljung_box = next((s for s in p_values if s.startswith("ljung_box_")), "")
    if significant(ljung_box):
        reasons.append(
            (
                ljung_box,
                f"the model's residuals are correlated (p {p_values[ljung_box]:.4f}): it leaves structure out",
            )
        )
    model, split = diagnostics.get("arimamdl"), diagnostics.get("seatsmdl")
    if split not in (None, model):
        reasons.append(
            ("seats_model", f"SEATS cannot split {model} and took {split} in its place: look at both")
        )
    if diagnostics.get("converged", "yes") != "yes":
        reasons.append(("convergence", "the estimation of the model did not converge: fix a simpler model"))
    count, total = values.get("outliers") or 0.0, values.get("observations") or 1.0
    if count / total > MANY_OUTLIERS:
        reasons.append(
            (
                "outliers",
                f"{count:.0f} of {total:.0f} figures are outliers: the series may have changed its nature",
            )
        )
    return reasons
