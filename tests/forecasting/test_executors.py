"""Every function of many series on threads, processes and a Dask cluster: the digits of doing it here."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date

import numpy as np
import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.errors import (
    AdjustmentError,
    ForecastWarning,
    SeriesTooShortError,
    TaskError,
    UsageError,
    WorkerWarning,
)
from gbaindicators.transforms.seasonal import seasonal_adjustment
from gbaindicators.transforms.seasonal.program import find_program

HAS_PROGRAM = True
try:
    find_program()
except AdjustmentError:
    HAS_PROGRAM = False


def monthly(series: int, years: int = 6) -> pl.DataFrame:
    """Monthly series with a trend, a season and noise."""
    random = np.random.default_rng(8)
    months = pl.date_range(date(2015, 1, 1), date(2014 + years, 12, 1), "1mo", eager=True)
    season = 10 * np.sin(np.arange(len(months)) * np.pi / 6)
    return pl.concat(
        pl.DataFrame({"period": months, "value": 100 + season + random.normal(0, 2, len(months)).cumsum()}).with_columns(city=pl.lit(f"city {i:03}"))
        for i in range(series)
    )  # fmt: skip


def yearly(series: int) -> pl.DataFrame:
    """Annual series of thirty years."""
    random = np.random.default_rng(9)
    years = pl.date_range(date(1990, 1, 1), date(2019, 1, 1), "1y", eager=True)
    return pl.concat(
        pl.DataFrame({"period": years, "value": 500 + random.normal(5, 9, 30).cumsum()}).with_columns(area=pl.lit(f"area {i:03}"))
        for i in range(series)
    )  # fmt: skip


def quarterly(series: int) -> pl.DataFrame:
    """Quarterly indicators of the annual series."""
    random = np.random.default_rng(10)
    quarters = pl.date_range(date(1990, 1, 1), date(2019, 10, 1), "1q", eager=True)
    return pl.concat(
        pl.DataFrame({"period": quarters, "value": 100 + random.normal(1, 2, 120).cumsum()}).with_columns(area=pl.lit(f"area {i:03}"))
        for i in range(series)
    )  # fmt: skip


def nowcast_frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Quarterly growth and three monthly series that tell of it, each published with a lag."""
    random = np.random.default_rng(11)
    months = pl.date_range(date(2008, 1, 1), date(2016, 12, 1), "1mo", eager=True)
    wave = np.sin(np.arange(len(months)) / 9)
    known = [
        pl.DataFrame({"period": months, "value": wave + random.normal(0, 0.3, len(months)), "lag": 20})
        for _ in range(3)
    ]
    monthly = pl.concat(
        one.with_columns(indicator=pl.lit(f"survey {i}"), unit=pl.lit("percent"))
        for i, one in enumerate(known)
    )
    target = (
        pl.DataFrame({"period": months, "value": 2 * wave + random.normal(3, 0.3, len(months))})
        .group_by_dynamic("period", every="1q")
        .agg(pl.col("value").mean(), lag=pl.lit(30))
    )
    return target, monthly


def units(count: int) -> pl.DataFrame:
    """Four indicators of many units."""
    random = np.random.default_rng(12)
    return pl.concat(
        pl.DataFrame({"area": [f"unit {j}" for j in range(count)], "value": random.lognormal(size=count)}).with_columns(indicator=pl.lit(f"indicator {i}"))
        for i in range(4)
    )  # fmt: skip


@pytest.fixture(scope="module")
def client():
    """Dask cluster of three processes with two threads each."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=2, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def processes():
    # Spawned, as a process that has run Polars cannot safely be forked.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(3) as executor:
        yield executor


@pytest.fixture(params=["threads", "processes", "client"])
def executor(request):
    found = request.getfixturevalue(request.param)
    return found.get_executor() if request.param == "client" else found


#: What each function makes of its series, as frames.
JOBS: dict[str, Callable[..., list[pl.DataFrame]]] = {
    "forecast of a panel": lambda **on: [gba.forecast(yearly(600), 3, model="theta", **on)],
    "forecast, combined": lambda **on: [gba.forecast(yearly(5), 3, **on)],
    "forecast by regression": lambda **on: [gba.forecast(monthly(4), 3, model="regression", **on)],
    "forecast by ARIMA": lambda **on: [gba.forecast(yearly(2), 3, model="arima", **on)],
    "backtest": lambda **on: [gba.backtest(yearly(9), 2, models=["drift", "naive"], **on)],
    "simulate": lambda **on: [gba.simulate(yearly(4), 2, paths=20, model="theta", **on)],
    "seasonal_adjust by STL": lambda **on: [gba.seasonal_adjust(monthly(4), "stl", **on)],
    "disaggregate, Denton": lambda **on: [gba.disaggregate(yearly(600), "Q", conversion="sum", **on)],
    "disaggregation_model, Chow-Lin": lambda **on: _disaggregation(**on),
    "policy_effect": lambda **on: _effect(**on),
    "breaks": lambda **on: [gba.breaks(monthly(6), "trend", autocorrelated=True, **on)],
    "evaluate_nowcasts": lambda **on: [gba.evaluate_nowcasts(*nowcast_frames(), start="2014-Q1", days=[0, 28], **on)],
    "index_robustness": lambda **on: _robustness(**on),
}  # fmt: skip


def _disaggregation(**on):
    found = gba.disaggregation_model(
        yearly(300), "Q", indicator=quarterly(300), method="chow-lin", conversion="sum", **on
    )
    return [found.values, found.coefficients, found.statistics]


def _effect(**on):
    effect = gba.policy_effect(
        yearly(6), "area 000", "2010", method="synthetic", placebo=("space", "time"), **on
    )
    return [effect.placebos, effect.frame]


def _robustness(**on):
    found = gba.index_robustness(units(15), draws=1200, **on)
    return [found.units, found.sensitivity]


@pytest.fixture(scope="module")
def here():
    """What each job gives without an executor, made once."""
    made: dict[str, list[pl.DataFrame]] = {}
    return lambda name: made.setdefault(name, made.get(name) or JOBS[name]())


@pytest.mark.filterwarnings("ignore::gbaindicators.errors.AdjustmentWarning")
@pytest.mark.parametrize("job", JOBS)
def test_an_executor_changes_no_digit(job, executor, here):
    for there, alone in zip(JOBS[job](executor=executor), here(job), strict=True):
        assert there.height
        assert there.equals(alone)
        assert there.schema == alone.schema


@pytest.mark.skipif(not HAS_PROGRAM, reason="no X-13ARIMA-SEATS here")
def test_x13_on_a_cluster_changes_no_digit(client):
    there = seasonal_adjustment(monthly(3), executor=client.get_executor())
    alone = seasonal_adjustment(monthly(3))
    for name in ("adjusted", "components", "coefficients", "quality", "models", "warnings"):
        assert getattr(there, name).equals(getattr(alone, name))


def test_series_that_fail_are_named_and_the_others_stand(executor):
    months = monthly(3)
    holes = months.with_columns(value=pl.when(pl.col("city") != "city 001").then("value"))
    with pytest.warns(ForecastWarning, match="city 001") as said:
        ahead = gba.forecast(holes, 2, model="regression", executor=executor)
    assert "left out" in str(said[0].message)
    with pytest.warns(ForecastWarning, match="city 001"):
        alone = gba.forecast(holes, 2, model="regression")
    assert ahead.equals(alone)
    assert ahead["city"].unique().sort().to_list() == ["city 000", "city 002"]
    with pytest.raises(AdjustmentError, match=r"1 of 3.*\n- city 001") as failed:
        gba.seasonal_adjust(
            months.filter((pl.col("city") != "city 001") | (pl.col("period") != date(2016, 3, 1))),
            "stl",
            executor=executor,
        )
    assert failed.value.partial.adjusted["city"].n_unique() == 2


def test_a_failure_that_nobody_foresaw_is_named_and_the_others_stand(monkeypatch, threads):
    from gbaindicators.forecasting import one_by_one

    def broken(frame, horizon, levels):
        if frame["city"][0] == "city 001":
            raise np.linalg.LinAlgError("Singular matrix")
        return working(frame, horizon, levels)

    working = one_by_one._function("regression")
    monkeypatch.setattr(one_by_one, "_function", lambda model: broken)
    for executor in (None, threads):
        with pytest.warns(ForecastWarning, match="left out: .*city 001.*LinAlgError: Singular matrix"):
            ahead = gba.forecast(monthly(3), 2, model="regression", executor=executor)
        assert ahead["city"].n_unique() == 2
    with pytest.raises(TaskError, match=r"city 001.*LinAlgError: Singular matrix"):
        gba.forecast(monthly(2).filter(pl.col("city") == "city 001"), 2, model="regression")


def test_a_series_without_room_for_breaks_is_named(executor):
    frame = pl.concat([monthly(2), monthly(3, years=1).filter(pl.col("city") == "city 002")])
    with pytest.raises(SeriesTooShortError, match=r"^segments of 0.15 of the 12 values of city 002, M have"):
        gba.breaks(frame, "trend", executor=executor)


def test_a_year_of_nowcasts_that_fails_is_named(monkeypatch, threads):
    from gbaindicators.forecasting.nowcasts import evaluation

    def broken(values, factors, order):
        if np.isfinite(values[:, -1]).sum() == 27:  # quarters known on 28 January 2015
            raise RuntimeError("out of luck")
        return working(values, factors, order)

    working = evaluation.estimate
    monkeypatch.setattr(evaluation, "estimate", broken)
    for on in (None, threads):
        with pytest.raises(TaskError, match=r"^nowcasts made in 2015: RuntimeError: out of luck"):
            gba.evaluate_nowcasts(*nowcast_frames(), start="2014-Q1", days=[28], executor=on)


def test_draws_that_fail_are_named(monkeypatch, threads):
    from gbaindicators.comparison.integration import robustness

    def broken(batch):
        if batch.size < 500:
            raise MemoryError("no room")
        return working(batch)

    working = robustness._drawn_batch
    monkeypatch.setattr(robustness, "_drawn_batch", broken)
    for on in (None, threads):
        with pytest.raises(TaskError, match=r"^draws 1,001 to 1,200: MemoryError: no room"):
            gba.index_robustness(units(15), draws=1200, executor=on)


def test_forked_processes_are_refused_by_what_uses_polars():
    forked = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    with forked as pool:
        with pytest.raises(UsageError, match="spawn"):
            gba.evaluate_nowcasts(*nowcast_frames(), executor=pool)
        with pytest.raises(UsageError, match="spawn"):
            gba.index_robustness(units(15), executor=pool)


def _kill_while(works: Callable[[], int | None]) -> threading.Thread:
    """Kill a process as soon as it is known to have work."""

    def wait_and_kill() -> None:
        until = time.monotonic() + 60
        while (process := works()) is None and time.monotonic() < until:
            time.sleep(0.01)
        if process is not None:
            os.kill(process, signal.SIGKILL)

    killer = threading.Thread(target=wait_and_kill)
    killer.start()
    return killer


@pytest.mark.skipif(os.name == "nt", reason="kills with a POSIX signal")
def test_a_cluster_that_loses_a_process_in_the_middle_changes_no_digit(client):
    many = monthly(24)
    alone = gba.forecast(many, 2, model="regression")
    before = client.run(os.getpid)

    def with_work() -> int | None:
        return next((before[one] for one, tasks in client.processing().items() if tasks), None)

    killer = _kill_while(with_work)
    ahead = gba.forecast(many, 2, model="regression", executor=client.get_executor())
    killer.join()
    client.wait_for_workers(3, timeout=60)
    assert len(set(before.values()) - set(client.run(os.getpid).values())) == 1
    assert ahead.equals(alone)


@pytest.mark.skipif(os.name == "nt", reason="kills with a POSIX signal")
def test_a_pool_that_loses_a_process_in_the_middle_changes_no_digit():
    many = monthly(24)
    alone = gba.forecast(many, 2, model="regression")
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        # Both processes are there before one is killed: Python waits forever for one that it starts meanwhile.
        pool.submit(time.sleep, 1)
        process = pool.submit(os.getpid).result()
        assert len(pool._processes) == 2
        killer = _kill_while(lambda: process if pool._pending_work_items else None)
        with pytest.warns(WorkerWarning, match="computed again"):
            ahead = gba.forecast(many, 2, model="regression", executor=pool)
        killer.join()
    assert ahead.equals(alone)


def test_a_cluster_that_closes_in_the_middle_is_an_error_with_a_name():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=False, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        threading.Timer(1.0, lambda: client.cancel(list(executor._futures), force=True)).start()
        with pytest.raises(TaskError, match=r"city \d+.*the executor has no answer"):
            gba.forecast(monthly(200), 2, model="regression", executor=executor)
