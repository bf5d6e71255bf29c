"""Spread tasks over an executor: threads, processes or a cluster, with the outcomes of doing them one after another."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any, Final, TypeVar

from gbaindicators.errors import GbaError, TaskError, UsageError, WorkerWarning

__all__ = ["check_not_forked", "outcomes", "results"]

Task = TypeVar("Task")
Result = TypeVar("Result")
#: How a task fails that no worker lives through.
_LOST: Final = (
    "the process that worked on it ended without an answer, twice: it may take more memory than there is, or the "
    "program starts processes and lacks the line if __name__ == '__main__'"
)


def outcomes(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    names: Sequence[str],
    executor: Executor | None = None,
) -> list[Result | GbaError]:
    """Give the result of a function for each task in order, or the error that it ended with.

    The function and the tasks go to other processes, so both must be importable or picklable. When a pool of processes
    loses one, all that it had not answered is computed again in a process of its own, task by task: nothing is left
    out, and a task that ends that process too is named. A Dask cluster does the same by itself.

    Parameters
    ----------
    function
        Takes one task. An error of the package is its outcome; any other becomes a `TaskError` with the task's name.
    tasks, names
        What to compute, and what messages call it.
    executor
        Threads or processes of `concurrent.futures`, ``distributed.Client(...).get_executor()``, or any other with
        ``submit``; None computes here. Work that has not begun is cancelled when this is interrupted.

    Raises
    ------
    UsageError
        `executor` is none.
    TaskError
        A task has no outcome: the executor was closed, the cluster gave it up, or twice no worker lived through it.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as threads:
    ...     outcomes((100).__truediv__, [1, 4, 0], ["one", "four", "none"], threads)
    [100.0, 25.0, TaskError('none: ZeroDivisionError: division by zero')]
    """
    if executor is None:
        return [_attempt(function, *one) for one in zip(tasks, names, strict=True)]
    if not callable(getattr(executor, "submit", None)):
        raise UsageError(
            "executor is where to compute, such as concurrent.futures.ThreadPoolExecutor() or "
            f"distributed.Client(...).get_executor(), not {executor!r}"
        )
    found: list[Result | GbaError | None] = list(_answers(function, tasks, names, executor))
    lost = [i for i, one in enumerate(found) if one is None]
    if lost:
        warnings.warn(
            f"a worker ended in the middle of its work; {len(lost)} of {len(found)} tasks are computed again, in one "
            "process: were there too many for the memory?",
            WorkerWarning,
            stacklevel=2,
        )
        again = _afresh(function, [tasks[i] for i in lost], [names[i] for i in lost])
        for i, one in zip(lost, again, strict=True):
            found[i] = one
    return [one for one in found if one is not None]


def results(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    names: Sequence[str],
    executor: Executor | None = None,
) -> list[Result]:
    """Give the result of a function for each task in order; raise the first error among their `outcomes`."""
    found: list[Result] = []
    for one in outcomes(function, tasks, names, executor):
        if isinstance(one, GbaError):
            raise one
        found.append(one)
    return found


def check_not_forked(executor: Executor | None) -> None:
    """Refuse processes that are copies of this one for tasks that use Polars: they would wait forever.

    Raises
    ------
    UsageError
        The processes of `executor` are forked, as they are on Linux unless another way is named.
    """
    context = getattr(executor, "_mp_context", None)  # of processes only
    if context is not None and context.get_start_method() == "fork":
        raise UsageError(
            "these models need processes that begin afresh, since Polars does not survive a fork: "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn'))"
        )


def _attempt(function: Callable[[Task], Result], task: Task, name: str) -> Result | GbaError:
    """Compute one task, here or in another process. Errors come back as values, since not all survive the way."""
    try:
        return function(task)
    except GbaError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one failing task must not take the others down
        failed = TaskError(f"{name}: {type(error).__name__}: {error}")
        failed.add_note(traceback.format_exc())
        return failed


def _answers(
    function: Callable[[Task], Result], tasks: Sequence[Task], names: Sequence[str], executor: Executor
) -> Iterator[Result | GbaError | None]:
    """Outcomes in order, None where a pool of processes broke."""
    futures: list[Future[Result | GbaError]] = []
    try:
        for task, name in zip(tasks, names, strict=True):
            try:
                futures.append(executor.submit(_attempt, function, task, name))
            except BrokenExecutor:
                break
        for name, future in zip(names, futures, strict=False):
            yield _answer(future, name)
        yield from [None] * (len(tasks) - len(futures))
    finally:
        for future in futures:
            future.cancel()


def _answer(future: Future[Any], name: str) -> Any:
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except GbaError:
        raise
    except BaseException as error:
        # Cancelled by a cluster that closes: not an Exception everywhere. An interrupt stays what it is.
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        said = str(error) or "no reason given"
        raise TaskError(f"{name}: the executor has no answer ({type(error).__name__}: {said})") from error


def _afresh(
    function: Callable[[Task], Result], tasks: Sequence[Task], names: Sequence[str]
) -> Iterator[Result | GbaError]:
    """Compute tasks in a process of our own, one at a time: when it ends too, we know at which."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Begun afresh, since Polars does not survive a fork; and not here, where a task could end this process.
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        for task, name in zip(tasks, names, strict=True):
            found = _answer(pool.submit(_attempt, function, task, name), name)
            if found is None:
                raise TaskError(f"{name}: {_LOST}")
            yield found
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
