"""The result that the models fitted to one series share, and what they need to make it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import GbaError, UsageError
from gbaindicators.forecasting.arguments import check_horizon, check_levels
from gbaindicators.forecasting.single.external import External
from gbaindicators.forecasting.single.one_series import OneSeries, following
from gbaindicators.tables.series_frame import FREQUENCY

__all__ = ["FittedModel", "Future", "fitting", "parameter_table"]

Array = NDArray[np.float64]

#: Remarks on where the search for the estimates begins, not on where it ends.
_HARMLESS: Final = ("Non-stationary starting", "Non-invertible starting")


@contextmanager
def fitting(series: OneSeries, what: str) -> Iterator[list[str]]:
    """Catch what a fit has to say: warnings end in the list, numerical failures become a named error.

    Raises
    ------
    GbaError
        When the estimation breaks down.
    """
    from threadpoolctl import threadpool_limits

    remarks: list[str] = []
    # The matrices are so small that threads only wait for each other, twenty times as long as one takes alone.
    with threadpool_limits(1, "blas"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield remarks
        except (
            np.linalg.LinAlgError,
            ValueError,
            FloatingPointError,
            IndexError,
            ZeroDivisionError,
        ) as error:
            if isinstance(error, GbaError):
                raise
            raise GbaError(
                f"{what} cannot be estimated for {series.name}: {error}; try a simpler model or a longer span"
            ) from error
    for warning in caught:
        text = f"{warning.category.__name__}: {str(warning.message).splitlines()[0].rstrip('.')}"
        if text not in remarks and not str(warning.message).startswith(_HARMLESS):
            remarks.append(text)


def parameter_table(
    names: Sequence[str], estimates: Array, errors: Array, *, normal: bool, freedom: float
) -> pl.DataFrame:
    """Table of estimates with their standard errors, statistics and two-sided p-values."""
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(errors > 0, estimates / errors, np.nan)
    tail = stats.norm.sf(np.abs(statistic)) if normal else stats.t.sf(np.abs(statistic), freedom)
    table = {"estimate": estimates, "std_error": errors, "statistic": statistic, "p_value": 2 * tail}
    return pl.DataFrame({"name": list(names), **table}).with_columns(pl.col(*table).fill_nan(None))


class Future(NamedTuple):
    """The periods to forecast, and the regressors in them (periods, regressors)."""

    periods: list[date]
    regressors: Array | None


@dataclass(frozen=True, slots=True, repr=False)
class FittedModel:
    """A model fitted to one series.

    Attributes
    ----------
    series
        The series it was fitted to.
    model
        Its name: ``"arima"``, ``"components"``, ``"regression"`` or ``"daily"``.
    method
        Sentence on what was fitted to what; forecasts carry it.
    parameters
        Frame ``name, estimate, std_error, statistic, p_value``, in the units of the values (of their logarithms
        on the log scale).
    criteria
        By name: ``log_likelihood``, ``aic``, ``aicc``, ``bic`` of the values (of their logarithms on the log
        scale), and ``observations``.
    residuals
        Frame ``period, value``: errors of one-step forecasts (of the fit for a regression), of logarithms on
        the log scale; null where there is none.
    components
        Frame ``component, period, value, se`` where the model has components, else None; in units of the values,
        of logarithms on the log scale.
    """

    series: OneSeries
    model: str
    method: str
    parameters: pl.DataFrame
    criteria: Mapping[str, float]
    residuals: pl.DataFrame
    components: pl.DataFrame | None
    text: Callable[[], str] = field(repr=False)
    ahead: Callable[[Future, Sequence[float]], tuple[Array, list[tuple[Array, Array]]]] = field(repr=False)
    paths: Callable[[Future, int, int], Array] = field(repr=False)
    external: External | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Say what was fitted, in a line."""
        return f"FittedModel({self.series.name}: {self.method})"

    def summary(self) -> str:
        """Write the summary that economists expect, as text."""
        with warnings.catch_warnings():
            # tests that a short series has no use for warn that they mean nothing
            warnings.simplefilter("ignore")
            return self.text()

    def forecast(
        self,
        horizon: int,
        *,
        level: float | Iterable[float] = (80, 95),
        regressors: pl.DataFrame | None = None,
    ) -> pl.DataFrame:
        """Forecast the series, in the columns of `gba.forecast`.

        Parameters
        ----------
        horizon
            How many periods ahead, from 1 to 1000.
        level
            Levels of the intervals in percent.
        regressors
            Future values of the external regressors, where the frame given at the fit does not go on for
            `horizon` periods.

        Returns
        -------
        pl.DataFrame
            The future periods: keys, ``frequency``, ``period``, ``value``, ``unit``, ``sources``, ``status`` F,
            ``method``, ``model``, ``skill`` (null: `backtest` measures it) and ``lower_80, upper_80, ...``. On the log scale the value is the median.

        Raises
        ------
        UsageError
            The horizon or a level cannot be what was meant, or the forecast grows out of bounds.
        FrameError
            The regressors do not cover the horizon; the missing periods are named.
        """
        levels = check_levels(level)
        future = self._future(check_horizon(horizon), regressors)
        with np.errstate(over="ignore"):
            value, bounds = self.ahead(future, levels)
        edges = np.stack([value, *(edge for pair in bounds for edge in pair)])
        if not np.isfinite(edges).all():
            raise UsageError(
                f"the forecast of {self.series.name} grows beyond what a number can hold within {horizon} periods: "
                "shorten the horizon"
            )
        edges = np.maximum(edges, self.series.floor)
        names = [f"{side}_{one:g}" for one in levels for side in ("lower", "upper")]
        frame = pl.DataFrame({"period": future.periods, "value": edges[0]}).with_columns(
            *(pl.lit(v, self.series.types[k]).alias(k) for k, v in self.series.keys.items()),
            pl.lit(self.series.frequency, FREQUENCY).alias("frequency"),
            pl.lit(self.series.unit, pl.String).alias("unit"),
            pl.lit(self.sources(), pl.List(pl.String)).alias("sources"),
            pl.lit("F").alias("status"),
            pl.lit(self.method).alias("method"),
            pl.lit(self.model).alias("model"),
            pl.lit(None, pl.Float64).alias("skill"),
            *(pl.Series(name, edges[i]) for i, name in enumerate(names, 1)),
        )
        return frame.select(*self.series.columns, "status", "method", "model", "skill", *names)

    def simulate(
        self, horizon: int, paths: int = 1000, seed: int = 0, *, regressors: pl.DataFrame | None = None
    ) -> pl.DataFrame:
        """Draw paths that the series might take.

        Returns
        -------
        pl.DataFrame
            `paths` times `horizon` rows ``path`` (from 0), ``period``, ``value``; the same `seed` draws the same.
        """
        future = self._future(check_horizon(horizon), regressors)
        if not isinstance(paths, int) or paths < 1:
            raise UsageError(f"paths is how many paths to draw, a positive integer, not {paths!r}")
        drawn = np.maximum(self.paths(future, paths, seed), self.series.floor)
        frame = pl.DataFrame({"path": range(paths)}).join(
            pl.DataFrame({"period": future.periods}), how="cross", maintain_order="left_right"
        )
        return frame.with_columns(value=pl.Series(drawn.ravel()))

    def sources(self) -> list[str]:
        """Sources of the series and of its regressors."""
        more = self.external.sources if self.external else []
        return sorted({*self.series.sources, *more})

    def _future(self, horizon: int, regressors: pl.DataFrame | None) -> Future:
        periods = following(self.series, horizon)
        if self.external is None:
            if regressors is not None:
                raise UsageError(
                    f"the model of {self.series.name} was fitted without regressors: leave them out"
                )
            return Future(periods, None)
        external = self.external if regressors is None else self.external.continued(regressors)
        return Future(periods, external.over(periods, f"the forecast of {self.series.name}"))
