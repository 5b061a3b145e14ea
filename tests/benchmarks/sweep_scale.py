"""What a sweep costs a trial beside training: python -m tests.benchmarks.sweep_scale

    --trials N      settings to try (10,000)
    --workers N     trials under way at once (500)
    --seconds S     that a trial sleeps (1)
    --dask          on a Dask scheduler with two worker processes, in place of threads
    --sampler NAME  random or tpe

The trials only sleep and have a value; all the rest is real: the schedule with its rungs, the
journal with its locks and writes, and the executor. The overhead is the time over that of sleeping
alone, a result. The fastest that a sweep can hand out tasks is a bound on the number of workers
that it keeps busy: with trials of a minute, an overhead of 5 ms keeps 12,000 workers busy.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tui.sweeps.running import Progress, SweepRunner
from tui.sweeps.schedule import Result
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import JOURNAL_FILE, Study
from tui.sweeps.worker import Delivery, Order

_QUARTERS = 4


def sleep(order: Order, seconds: float) -> Delivery:
    """A trial that takes time and has a value."""
    time.sleep(seconds)
    task = order.task
    accuracy = random.Random(task.trial).random()
    name = f"20260101-000000-{order.label}"
    return Delivery(Result(task, name, task.epochs, seconds, 1 - accuracy, accuracy))


class Sleeping(Executor):
    """An executor that sleeps where it is to train."""

    def __init__(self, inner: Executor, seconds: float) -> None:
        self._inner, self._seconds = inner, seconds

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._inner.submit(sleep, *args, self._seconds)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._inner.shutdown(wait=wait)


class SleepingPlace:
    """Where tasks go."""

    shared_disk, lost, sweep = True, False, ""

    def __init__(self, inner: Executor, workers: int, seconds: float) -> None:
        self.workers, self._executor = workers, Sleeping(inner, seconds)

    def executor(self) -> Executor:
        return self._executor

    def stop(self) -> None:
        pass


@contextmanager
def executor(workers: int, *, dask: bool) -> Iterator[Executor]:
    """Threads of this process, or of Dask's worker processes."""
    with ExitStack() as stack:
        if not dask:
            yield stack.enter_context(ThreadPoolExecutor(workers))
            return
        from distributed import Client, LocalCluster

        cluster = stack.enter_context(
            LocalCluster(
                n_workers=2,
                threads_per_worker=workers // 2,
                dashboard_address="127.0.0.1:0",
                silence_logs="CRITICAL",
            )
        )
        client = stack.enter_context(Client(cluster))
        yield client.get_executor(pure=False)


def resident() -> float:
    """The memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--sampler", default="random")
    parser.add_argument("--dask", action="store_true")
    options = parser.parse_args()
    space = Space((parse_dimension("lr=0.001..0.1:log"), parse_dimension("hidden=16,32,64")))
    spec = SweepSpec(space, trials=options.trials, sampler=options.sampler, fields={"epochs": 9})
    memory, times, results = [], [], 0

    def on_result(study: Study, result: Result) -> None:
        nonlocal results
        results += 1
        if results % max(1, study.schedule.expected // _QUARTERS) == 0:
            memory.append(resident())
            times.append(time.perf_counter())

    with (
        tempfile.TemporaryDirectory() as name,
        executor(options.workers, dask=options.dask) as inner,
    ):
        study = Study.create(Path(name) / "sweeps", spec, "scale")
        place = SleepingPlace(inner, options.workers, options.seconds)
        before, began, computed = resident(), time.perf_counter(), time.process_time()
        SweepRunner(study, Path(name) / "runs", place, Progress(on_result)).run()
        wall, computed = time.perf_counter() - began, time.process_time() - computed
        size = (study.path / JOURNAL_FILE).stat().st_size
        study.close()
        again = time.perf_counter()
        assert Study.read(study.path).schedule.done
        again = time.perf_counter() - again
    assert results == study.schedule.expected
    asleep = options.seconds * results / options.workers
    quarters = [
        1e3 * (end - start) * _QUARTERS / results
        for start, end in zip([began, *times], times, strict=False)
    ]
    for what, figure in (
        (f"{options.trials:,} trials, {results:,} results", f"{wall:.1f} s"),
        (f"of that asleep, on {options.workers} workers", f"{asleep:.1f} s"),
        ("overhead a result", f"{1e3 * (wall - asleep) / results:.2f} ms"),
        ("processor time a result", f"{1e3 * computed / results:.2f} ms"),
        ("time a result, by quarters", ", ".join(f"{each:.2f}" for each in quarters) + " ms"),
        ("memory at the start and after each quarter",
         ", ".join(f"{each:.0f}" for each in (before, *memory)) + " MB"),
        ("journal", f"{size / results:.0f} bytes a result"),
        ("reading the journal again, as --resume does", f"{again:.2f} s"),
    ):  # fmt: skip
        sys.stdout.write(f"{what:<46} {figure}\n")


if __name__ == "__main__":
    main()
