"""What a sweep costs a trial beside training: python -m tests.benchmarks.sweep_scale

    --trials N      settings to try (10,000)
    --workers N     trials under way at once (500)
    --seconds S     that a trial sleeps (1)
    --dask          on a Dask scheduler with two worker processes, in place of threads
    --sampler NAME  random or tpe

The trials only sleep and have a value; all the rest is real: the schedule with its rungs, the
journal with its locks and writes, and the place that tasks are sent to. The overhead is the time
over that of sleeping alone, a result. The fastest that a sweep can hand out tasks is a bound on the
number of workers that it keeps busy: with trials of a minute, an overhead of 5 ms keeps 12,000
workers busy.

The same number of sleeping calls without a sweep, on the same threads or workers just before, are
the bare cost; processor time is that of this process, in which Dask's scheduler is too.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tui.sweeps.cluster import Cluster, quiet_dask
from tui.sweeps.folder import JOURNAL_FILE
from tui.sweeps.running import Progress, SweepRunner
from tui.sweeps.schedule import Result
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.sweeps.worker import Delivery, Order

_QUARTERS = 4


def sleep(order: Order, seconds: float) -> Delivery:
    """A trial that takes time and has a value."""
    time.sleep(seconds)
    task = order.task
    accuracy = random.Random(task.trial).random()
    name = f"20260101-000000-{order.label}"
    return Delivery(Result(task, name, task.epochs, seconds, 1 - accuracy, accuracy))


class Threads:
    """A place that sleeps on threads of this process."""

    shared_disk, lost, sweep = True, False, ""

    def __init__(self, workers: int, seconds: float) -> None:
        self.workers, self._seconds = workers, seconds
        self._threads = ThreadPoolExecutor(workers)

    def submit(self, orders: Sequence[Order]) -> list[Future[Delivery]]:
        return [self._threads.submit(sleep, order, self._seconds) for order in orders]

    def stop(self) -> None:
        pass

    def close(self, *, wait: bool) -> None:
        pass

    def bare(self, calls: int) -> None:
        """Have so many calls sleep, as many at once as there are workers."""
        for _ in self._threads.map(time.sleep, [self._seconds] * calls):
            pass


class DaskWorkers(Cluster):
    """A cluster whose workers sleep."""

    shared_disk = True  # no runs travel, since there are none

    def __init__(self, client: Any, seconds: float) -> None:
        super().__init__(client, print)
        self._sleep = partial(sleep, seconds=seconds)
        self._nap = partial(nap, seconds=seconds)

    def submit(self, orders: Sequence[Order]) -> list[Future[Delivery]]:
        return self.map(self._sleep, orders)

    def bare(self, calls: int) -> None:
        """The same number of calls by the means that Dask recommends for many of them."""
        from distributed import as_completed

        begun = min(self.workers, calls)
        ended = as_completed(
            self.client.map(self._nap, range(begun), pure=False), with_results=True
        )
        for batch in ended.batches():
            more = range(begun, min(begun + len(batch), calls))
            begun += len(more)
            if more:
                ended.update(self.client.map(self._nap, more, pure=False))


@contextmanager
def place_of(workers: int, seconds: float, *, dask: bool) -> Iterator[Threads | DaskWorkers]:
    """Threads of this process, or of Dask's worker processes."""
    if not dask:
        yield Threads(workers, seconds)
        return
    quiet_dask()
    distributed: Any = import_module("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=workers // 2,
            dashboard_address="127.0.0.1:0",
            silence_logs="CRITICAL",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield DaskWorkers(client, seconds)


def nap(_: int, seconds: float) -> None:
    """A call that takes time, and is no part of a sweep."""
    time.sleep(seconds)


def resident() -> float:
    """The memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def worker_seconds(*, dask: bool) -> float:
    """The processor time of Dask's worker processes so far."""
    if not dask:
        return 0.0
    psutil: Any = import_module("psutil")  # which Dask needs too
    children = psutil.Process().children(recursive=True)
    return float(sum(sum(child.cpu_times()[:2]) for child in children))


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
        place_of(options.workers, options.seconds, dask=options.dask) as place,
    ):
        began, computed = time.perf_counter(), time.process_time()
        place.bare(spec.results_at_most)
        bare = time.perf_counter() - began, time.process_time() - computed
        there = worker_seconds(dask=options.dask)
        study = Study.create(Path(name) / "sweeps", spec, "scale")
        before, began, computed = resident(), time.perf_counter(), time.process_time()
        SweepRunner(study, Path(name) / "runs", place, Progress(on_result)).run()
        wall, computed = time.perf_counter() - began, time.process_time() - computed
        there = worker_seconds(dask=options.dask) - there
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
        ("  of the bare calls", f"{1e3 * (bare[0] - asleep) / results:.2f} ms"),
        ("processor time a result", f"{1e3 * computed / results:.2f} ms"),
        ("  of the bare calls", f"{1e3 * bare[1] / results:.2f} ms"),
        ("  of the workers", f"{1e3 * there / results:.2f} ms"),
        ("time a result, by quarters", ", ".join(f"{each:.2f}" for each in quarters) + " ms"),
        ("memory at the start and after each quarter",
         ", ".join(f"{each:.0f}" for each in (before, *memory)) + " MB"),
        ("journal", f"{size / results:.0f} bytes a result"),
        ("reading the journal again, as --resume does", f"{again:.2f} s"),
    ):  # fmt: skip
        sys.stdout.write(f"{what:<46} {figure}\n")


if __name__ == "__main__":
    main()
