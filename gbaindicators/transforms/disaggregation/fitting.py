"""Series distributed over the shorter periods, some of one layout at once, here or on an executor."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Executor
from typing import Final

import numpy as np

from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms.disaggregation.alignment import Benchmark
from gbaindicators.transforms.disaggregation.distribution import (
    Array,
    Fit,
    Process,
    benchmarked,
    collinear,
    estimated_rho,
    regressed,
)
from gbaindicators.transforms.disaggregation.methods import Options
from gbaindicators.transforms.spreading import results

__all__ = ["fitted", "regressors"]

_CONSTANT: Final = "constant"
#: Series that are computed together, wherever they are computed: so an executor changes no digit.
_CHUNK: Final = 256


def fitted(benchmarks: list[Benchmark], options: Options, executor: Executor | None) -> list[Fit]:
    """Distribute all series over their shorter periods."""
    groups = defaultdict(list)
    for i, benchmark in enumerate(benchmarks):
        groups[benchmark.layout, len(benchmark.names)].append(i)
    chunks = [some[at : at + _CHUNK] for some in groups.values() for at in range(0, len(some), _CHUNK)]
    tasks = [([benchmarks[i] for i in chunk], options) for chunk in chunks]
    names = [f"disaggregation of {benchmarks[c[0]].name} to {benchmarks[c[-1]].name}" for c in chunks]
    fits: dict[int, Fit] = {}
    for chunk, fit in zip(chunks, results(_fit, tasks, names, executor), strict=True):
        fits |= dict(zip(chunk, fit.single(), strict=True))
    return [fits[i] for i in range(len(benchmarks))]


def _fit(task: tuple[list[Benchmark], Options]) -> Fit:
    """Distribute the series of one task, here or in another process."""
    benchmarks, options = task
    return _regressed(benchmarks, options) if options.regression else _benchmarked(benchmarks, options)


def _benchmarked(benchmarks: list[Benchmark], options: Options) -> Fit:
    return benchmarked(
        np.stack([b.run.values for b in benchmarks]),
        np.stack([_preliminary(b, options) for b in benchmarks]),
        benchmarks[0].layout,
        cholette=options.method == "denton-cholette",
        additive=options.criterion == "additive",
        differences=options.differences,
    )


def _preliminary(benchmark: Benchmark, options: Options) -> Array:
    """Return the indicator of Denton's methods; without one, the mean level of the benchmark throughout."""
    b = benchmark
    if len(b.names) > 1:
        raise UsageError(
            f"{options.method!r} takes one indicator, {b.name} has {len(b.names)} ({', '.join(b.names)}): filter the "
            "indicator frame, or take a regression method such as 'chow-lin'"
        )
    if b.layout.low < options.differences and options.method == "denton-cholette":
        raise SeriesTooShortError(f"{b.name} has one period, second differences need two: pass differences=1")
    if not b.names:
        level = b.run.values.mean() / sum(b.layout.weights)
        # only the original starts from a level, and there is none to start from at 0
        return np.full(b.layout.high, level if level and options.method == "denton" else 1.0)
    path: Array = b.regressors[:, 0]
    if options.criterion == "proportional" and not path.all():
        raise FrameError(
            f"the indicator {b.names[0]!r} of {b.name} is 0 in some period, and there is no ratio to 0: pass "
            "criterion='additive', or take a regression method such as 'chow-lin'"
        )
    return path


def _regressed(benchmarks: list[Benchmark], options: Options) -> Fit:
    layout, count = benchmarks[0].layout, len(benchmarks[0].names) + options.constant
    if not count:
        raise UsageError(
            f"{options.method!r} needs an indicator or a constant: pass indicator= or constant=True"
        )
    if layout.low <= count:
        b = benchmarks[0]
        raise SeriesTooShortError(
            f"{b.name} has {layout.low} periods for {count} regressors ({', '.join(regressors(b, options))}): it "
            "takes more periods than regressors, or method='denton-cholette'"
        )
    y = np.stack([b.run.values for b in benchmarks])
    x = np.stack([b.regressors for b in benchmarks])
    if options.constant:
        x = np.concatenate([np.ones_like(x, shape=(*x.shape[:2], 1)), x], axis=2)
    for i in np.flatnonzero(collinear(x, layout)):
        raise FrameError(
            f"the regressors of {benchmarks[i].name} ({', '.join(regressors(benchmarks[i], options))}) are collinear "
            "in its periods: leave one out, or pass constant=False where an indicator does not change"
        )
    process = Process(layout, options.integrated)
    if options.estimated_by is None or options.rho is not None:
        rho = np.full(len(y), options.rho or 0.0)
    else:
        rho = estimated_rho(y, x, process, options.estimated_by, truncated=options.truncated)
    return regressed(y, x, process, rho)


def regressors(benchmark: Benchmark, options: Options) -> list[str]:
    """Names of the regressors of a series."""
    return [_CONSTANT] * options.constant + benchmark.names
