"""Worker processes of this machine, as a place that tasks go to."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from nn.parallel.thread_variables import THREAD_VARIABLES
from tui.sweeps.worker import Delivery, Order, start_worker, train


class WorkerProcesses(Executor):
    """Pools of one process each, made when they are needed.

    The standard library's pool is broken for good, with all that is under way in it, when one of
    its processes is lost. Here a lost process takes only its own task with it.
    """

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self._pools: set[ProcessPoolExecutor] = set()
        self._idle: list[ProcessPoolExecutor] = []

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:  # as in the base class
        """Run a call in a process that is idle, or in a new one."""
        pool = self._idle.pop() if self._idle else self._new()
        try:
            future = pool.submit(fn, *args, **kwargs)
        except BrokenExecutor:  # its process was lost while it was idle
            self._drop(pool)
            pool = self._new()
            future = pool.submit(fn, *args, **kwargs)
        future.add_done_callback(lambda done: self._ended(pool, done))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, when their calls are done if `wait`, else at once."""
        if not wait:
            for process in multiprocessing.active_children():
                process.kill()
        for pool in list(self._pools):
            pool.shutdown(wait=True, cancel_futures=cancel_futures or not wait)
        self._pools.clear()
        self._idle.clear()

    def _new(self) -> ProcessPoolExecutor:
        # Processes read this when they load NumPy, before a task could set it.
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        # A starting process would import from the working directory what happens to be there.
        os.environ["PYTHONSAFEPATH"] = "1"
        pool = ProcessPoolExecutor(
            1, get_context("spawn"), initializer=start_worker, initargs=(self._data_dir,)
        )
        self._pools.add(pool)
        return pool

    def _ended(self, pool: ProcessPoolExecutor, done: Future[Any]) -> None:
        if not done.cancelled() and isinstance(done.exception(), BrokenExecutor):
            self._drop(pool)
        elif pool in self._pools:
            self._idle.append(pool)

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        self._pools.discard(pool)
        pool.shutdown(wait=False)


class ThisMachine:
    """Worker processes of this machine, of one thread each; a `Place`."""

    shared_disk, lost, sweep = True, False, ""

    def __init__(self, workers: int, data_dir: str) -> None:
        self.workers, self._executor = workers, WorkerProcesses(data_dir)

    def submit(self, orders: Sequence[Order]) -> list[Future[Delivery]]:
        """Send each order to a process."""
        return [self._executor.submit(train, order) for order in orders]

    def stop(self) -> None:
        """The stop file is enough."""

    def close(self, *, wait: bool) -> None:
        """End the processes."""
        self._executor.shutdown(wait=wait)
