"""Working on a sweep: tasks go to an executor, results to the study, until all is done or time is up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tui.sweeps.schedule import Result, Task
from tui.sweeps.study import STOP_FILE, Study
from tui.sweeps.worker import Delivery, Order, find_run_of, pack, start_worker, train, unpack

ATTEMPTS = 3  # of a task whose worker is lost
_POLL = 0.2  # seconds between looks at the clock, at signals, and at what other processes did

MakeExecutor = Callable[[], Executor]


@dataclass
class Progress:
    """How a sweep goes, for whoever shows it: called with each result, and now and then without one."""

    on_result: Callable[[Study, Result], object] = lambda study, result: None
    on_warning: Callable[[str], object] = lambda line: None
    stopped: Callable[[], bool] = lambda: False
    began: float = field(default_factory=time.monotonic)


class ClusterLostError(Exception):
    """The scheduler of the cluster has gone; what was reported before is saved."""


class SweepRunner:
    """This process's share of a sweep."""

    def __init__(
        self,
        study: Study,
        runs_dir: Path,
        make_executor: MakeExecutor,
        *,
        workers: int,
        shared_disk: bool = True,
        data: Any = None,
        lost: Callable[[], bool] = lambda: False,
        progress: Progress | None = None,
    ) -> None:
        """With `shared_disk` the workers save in `runs_dir` themselves; else the runs travel with the tasks.

        `data` is handed to each task where the executor has the dataset; `lost` tells that the executor has gone
        for good, which ends `run` with `ClusterLostError`.
        """
        self.study, self.runs_dir = study, runs_dir
        self._make_executor, self._workers, self._shared = make_executor, workers, shared_disk
        self._progress = progress or Progress()
        self._data, self._lost_for_good = () if data is None else (data,), lost
        self._attempts: dict[Task, int] = {}
        self._pending: dict[Future[Delivery], Task] = {}
        self._executor: Executor | None = None

    def run(self) -> None:
        """Work until nothing is left; leaves early when time is up or `stopped` turns true."""
        stop_file = self.study.path / STOP_FILE
        try:
            while True:
                if self._is_over():
                    stop_file.touch()
                    self._collect(drain=True)
                    break
                if self._lost_for_good():
                    raise ClusterLostError
                self._submit()
                if not self._pending and self.study.schedule.done:
                    break
                self._collect()
        finally:
            if self._executor is not None:
                for future in self._pending:
                    future.cancel()
                self._executor.shutdown(wait=not self._lost_for_good())
            for task in self._pending.values():
                self.study.release(task)
            self._pending.clear()
            stop_file.unlink(missing_ok=True)

    def _is_over(self) -> bool:
        minutes = self.study.spec.minutes
        late = minutes > 0 and time.monotonic() - self._progress.began > 60 * minutes
        return late or self._progress.stopped()

    def _submit(self) -> None:
        while len(self._pending) < self._workers:
            task = self.study.next()
            if task is None:
                return
            if self._executor is None:
                self._executor = self._make_executor()
            try:
                self._pending[self._executor.submit(train, self._order(task), *self._data)] = task
            except BrokenExecutor:
                self.study.release(task)
                self._renew()

    def _order(self, task: Task) -> Order:
        study = self.study
        experiment = study.spec.experiment_of(study.trials[task.trial].setting, task.seed)
        label, state = study.label(task), None
        if not self._shared and (found := find_run_of(self.runs_dir, label)):
            state = pack(found)
        return Order(
            task=task,
            label=label,
            fields=experiment.config.to_dict(),
            recipe=experiment.recipe,
            runs_dir=str(self.runs_dir) if self._shared else None,
            state=state,
            stop_file=str(study.path / STOP_FILE) if self._shared else None,
        )

    def _collect(self, *, drain: bool = False) -> None:
        """Take what is ready; with `drain`, wait for the workers to come to a stop."""
        while self._pending:
            ready, _ = wait(self._pending, _POLL, FIRST_COMPLETED)
            for future in ready:
                task = self._pending.pop(future)
                self._take(task, future)
            if not drain:
                return
        if not drain:  # others work on the sweep: wait for what they find
            time.sleep(_POLL)

    def _take(self, task: Task, future: Future[Delivery]) -> None:
        try:
            delivery = future.result()
        except (
            Exception,
            CancelledError,
        ) as error:  # the worker is gone, or the task could not travel
            if self._lost_for_good():
                self.study.release(task)
                raise ClusterLostError from error
            self._lost(task, error)
            return
        if delivery.state is not None:
            unpack(delivery.state, self.runs_dir)
        if delivery.result is None:
            self.study.release(task)
            return
        self.study.report(delivery.result)
        self._progress.on_result(self.study, delivery.result)

    def _lost(self, task: Task, error: Exception) -> None:
        """Try a task again whose worker was lost; after a few times it is a failure of its own."""
        reason = str(error) or type(error).__name__
        self._attempts[task] = self._attempts.get(task, 0) + 1
        if self._attempts[task] < ATTEMPTS:
            self._progress.on_warning(
                f"trial {task.trial}, seed {task.seed}: its worker was lost ({reason}); it is tried again"
            )
            self.study.release(task)
        else:
            run = self.study.run_of(task.trial, task.seed) or ""
            result = Result(
                task, run, 0.0, 0.0, None, None, f"its worker was lost {ATTEMPTS} times: {reason}"
            )
            self.study.report(result)
            self._progress.on_result(self.study, result)
        if isinstance(error, BrokenExecutor):
            self._renew()

    def _renew(self) -> None:
        """A pool that lost a process is broken for good: make another one."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None


def local_pool(workers: int, data_dir: str) -> MakeExecutor:
    """Worker processes of this machine, each with one thread."""

    def make() -> Executor:
        # Processes read this when they load NumPy, before a task could set it.
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        return ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=start_worker, initargs=(data_dir,)
        )

    return make
