"""Tasks over executors: outcomes in order, failures by name, lost processes, interrupts."""

from __future__ import annotations

import multiprocessing
import operator
import os
import pickle
import time
import warnings
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import polars as pl
import pytest

from gbaindicators.errors import (
    AdjustmentError,
    SeriesTooShortError,
    TaskError,
    UnknownNameError,
    UsageError,
    ValidationError,
    WorkerWarning,
)
from gbaindicators.transforms.spreading import check_not_forked, outcomes, results

QUOTIENTS = [1, 4, 0, 5]
NAMES = ["one", "four", "none", "five"]


def processes(count: int = 2) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


@pytest.fixture(params=["here", "threads", "processes"])
def executor(request):
    if request.param == "here":
        yield None
    else:
        with ThreadPoolExecutor(2) if request.param == "threads" else processes() as pool:
            yield pool


def test_outcomes_come_in_order_and_a_failure_has_the_name_of_its_task(executor):
    found = outcomes((100).__truediv__, QUOTIENTS, NAMES, executor)
    assert [found[i] for i in (0, 1, 3)] == [100.0, 25.0, 20.0]
    assert isinstance(found[2], TaskError)
    assert str(found[2]) == "none: ZeroDivisionError: division by zero"
    assert "Traceback" in found[2].__notes__[0]


def test_results_raise_the_first_failure(executor):
    with pytest.raises(TaskError, match="none: ZeroDivisionError"):
        results((100).__truediv__, QUOTIENTS, NAMES, executor)
    assert results(abs, [-1, 2], ["a", "b"], executor) == [1, 2]
    assert results(abs, [], [], executor) == []


def test_an_error_of_the_package_arrives_as_it_was_raised(executor):
    from gbaindicators.catalog import parse_period

    (found,) = outcomes(parse_period, ["2020-Q9"], ["a"], executor)
    with pytest.raises(UsageError) as here:
        parse_period("2020-Q9")
    assert type(found) is type(here.value)
    assert str(found) == str(here.value)


@pytest.mark.parametrize(
    "error",
    [
        UnknownNameError("area", "hongkong", ["hong_kong"]),
        ValidationError("two rows", pl.DataFrame({"row": [1, 2]})),
        AdjustmentError("one of two", {"a": SeriesTooShortError("short")}, 1),
        TaskError("a: lost"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_the_way_between_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert repr(vars(again)) == repr(vars(error))


def test_what_a_lost_process_left_is_computed_again():
    # the second task ends the process in which it runs first, and no other
    parent = os.getpid()
    with processes(1) as pool:
        first = pool.submit(os.getpid).result()
        assert first != parent
        tasks = [partial(abs, -1), partial(_end_process, first), partial(abs, -3), partial(abs, -4)]
        with pytest.warns(WorkerWarning, match=r"[234] of 4 tasks are computed again"):
            found = outcomes(operator.call, tasks, list("abcd"), pool)
    assert found == [1, "alive", 3, 4]


def test_a_task_that_no_process_lives_through_is_named():
    tasks = [partial(abs, -1), partial(os._exit, 3), partial(abs, -3)]
    with (
        processes(1) as pool,
        pytest.warns(WorkerWarning),
        pytest.raises(TaskError, match=r"^poison: .*twice"),
    ):
        outcomes(operator.call, tasks, ["a", "poison", "c"], pool)


def test_a_pool_that_was_broken_before_does_no_harm():
    pool = processes(1)
    assert isinstance(pool.submit(os._exit, 3).exception(), Exception)
    with pytest.warns(WorkerWarning, match="2 of 2"):
        assert outcomes(abs, [-1, -2], ["a", "b"], pool) == [1, 2]


def test_what_was_cancelled_is_an_error_with_a_name():
    class Closed:
        def submit(self, *_):
            future = Future()
            future.cancel()
            return future

    with pytest.raises(TaskError, match=r"^macao: the executor has no answer \(CancelledError"):
        outcomes(abs, [1], ["macao"], Closed())


def test_an_interrupt_cancels_what_has_not_begun():
    begun = []

    def work(place):
        begun.append(place)
        if place == 1:
            raise KeyboardInterrupt
        time.sleep(0.05)

    with ThreadPoolExecutor(1) as threads, pytest.raises(KeyboardInterrupt):
        outcomes(work, range(40), [str(i) for i in range(40)], threads)
    assert begun[:2] == [0, 1]
    assert len(begun) < 10


def test_what_is_no_executor_is_refused():
    with pytest.raises(UsageError, match="get_executor"):
        outcomes(abs, [1], ["a"], 4)


def test_forked_processes_are_refused_where_polars_would_hang():
    forked = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    with forked as pool, pytest.raises(UsageError, match="spawn"):
        check_not_forked(pool)
    with processes() as pool, warnings.catch_warnings():
        warnings.simplefilter("error")
        check_not_forked(pool)
    check_not_forked(None)


def _end_process(which: int) -> str:
    if os.getpid() == which:
        os._exit(3)
    return "alive"
