"""Working on a sweep: tasks go to a place, results to the study, until all is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from nn.errors import ConfigError, StorageError
from tui.sweeps.optuna_trials import OptunaMirror
from tui.sweeps.packing import pack, unpack
from tui.sweeps.schedule import Result, Task
from tui.sweeps.study import Study
from tui.sweeps.worker import Delivery, Order, find_run_of

ATTEMPTS = 3  # of a task whose worker is lost
_MIRROR_SECONDS = 10.0  # between copies into a storage of Optuna's
_TOGETHER = 32  # orders that are sent at once: few messages, of which each is held in memory
_POLL = 0.2  # seconds between looks at the clock, at signals, and at what other processes did


@dataclass
class Progress:
    """How a sweep goes, for whoever shows it."""

    on_result: Callable[[Study, Result], object] = lambda study, result: None
    on_warning: Callable[[str], object] = lambda line: None
    stopped: Callable[[], bool] = lambda: False
    minutes: float = 0.0  # after which this process stops; 0: no limit
    began: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        """Whether this process is to stop: time is up, or somebody wishes it."""
        late = self.minutes > 0 and time.monotonic() - self.began > 60 * self.minutes
        return late or self.stopped()


class PlaceLostError(Exception):
    """The workers or their cluster are lost; the results reported until then are saved."""


class Place(Protocol):
    """Where tasks go: worker processes of this machine, or a cluster."""

    shared_disk: bool  # the workers save in the folder of runs themselves
    sweep: str  # `Order.sweep`

    @property
    def workers(self) -> int:
        """How many tasks may be under way at once; it may change."""

    @property
    def lost(self) -> bool:
        """Whether no result will come any more."""

    def submit(self, orders: Sequence[Order]) -> list[Future[Delivery]]:
        """Send orders to workers; many at once cost less than one after the other."""

    def stop(self) -> None:
        """Stop after the epoch under way those workers that cannot see the stop file."""

    def close(self, *, wait: bool) -> None:
        """End the workers' part: when all is delivered if `wait`, else at once."""


class SweepRunner:
    """This process's share of a sweep."""

    def __init__(
        self,
        study: Study,
        runs_dir: Path,
        place: Place,
        progress: Progress | None = None,
        mirror: OptunaMirror | None = None,
    ) -> None:
        """With a mirror, the trials that have ended are also in a storage of Optuna's."""
        self.study, self.runs_dir, self.place = study, runs_dir, place
        self._progress = progress or Progress()
        self._mirror, self._mirrored_at = mirror, time.monotonic()
        self._attempts: dict[Task, int] = {}
        self._pending: dict[Future[Delivery], Task] = {}
        self._ended: SimpleQueue[Future[Delivery]] = SimpleQueue()
        self._results: list[Result] = []  # to be noted with the next exchange
        self._released: list[Task] = []

    def run(self) -> None:
        """Work until nothing is left, or until the progress is over.

        Raises `PlaceLostError`, and `StorageError` where something cannot be saved; what was
        reported before is saved, and tasks under way are due again.
        """
        in_peace = False
        try:
            while not self._progress.over and not self.study.owner.stop_file.exists():
                if self.place.lost:
                    raise PlaceLostError
                self._exchange()
                if not self._pending and self.study.schedule.done:
                    break
                self._collect()
                if time.monotonic() - self._mirrored_at > _MIRROR_SECONDS:
                    self._copy()
            if self._pending:
                self.study.owner.stop_file.touch()
                self.place.stop()
            while self._pending and not self.place.lost:
                self._collect()
            in_peace = True
        finally:
            if not self.place.lost:
                self.place.close(wait=in_peace)
            self._released += self._pending.values()
            self._pending.clear()
            with suppress(*(() if in_peace else (StorageError,))):
                self._note()
        self._copy()

    def _copy(self) -> None:
        """Copy the trials that have ended into the storage of Optuna's, one process at a time."""
        if self._mirror is not None:
            with self.study.mirroring():
                self._mirror.add(self.study.trials)
            self._mirrored_at = time.monotonic()

    def _exchange(self) -> None:
        """Report what came in, and claim and submit as many tasks as there is room for."""
        room = self.place.workers - len(self._pending)
        if room <= 0 and not self._results and not self._released:
            return
        claimed = self._note(max(0, room))
        for first in range(0, len(claimed), _TOGETHER):
            self._submit(claimed[first : first + _TOGETHER])

    def _submit(self, tasks: Sequence[Task]) -> None:
        orders = []
        for task in tasks:
            try:
                orders.append(self._order(task))
            except ConfigError as error:  # values that contradict one another
                self._results.append(Result(task, "", 0.0, 0.0, None, None, str(error)))
        if not orders:
            return
        try:
            futures = self.place.submit(orders)
        except Exception as error:
            if self.place.lost:
                self._released += [order.task for order in orders]
                raise PlaceLostError from error
            raise
        for order, future in zip(orders, futures, strict=True):
            self._pending[future] = order.task
            future.add_done_callback(self._ended.put)

    def _note(self, wanted: int = 0) -> list[Task]:
        results, released = self._results, self._released
        if not results and not released and not wanted:
            return []
        self._results, self._released = [], []
        claimed = self.study.exchange(results, released, wanted)
        for result in results:
            self._progress.on_result(self.study, result)
        return claimed

    def _order(self, task: Task) -> Order:
        study, shared = self.study, self.place.shared_disk
        experiment = study.spec.experiment_of(study.trials[task.trial].setting, task.seed)
        label, run, look = study.label(task), study.run_of(task.trial, task.seed), False
        if run is None:
            look = study.may_have_begun(task)
        study.began(task)
        state = None
        if not shared:
            found = self.runs_dir / run if run else None
            if look:
                found = find_run_of(self.runs_dir, label, experiment.config)
            state = pack(found) if found and found.is_dir() else None
            run, look = found.name if state and found else None, False
        return Order(
            task=task,
            label=label,
            fields=experiment.config.to_dict(),
            recipe=experiment.recipe,
            runs_dir=str(self.runs_dir) if shared else None,
            run=run,
            # Without a shared disk a worker sees no folder but the packed one, or the one it makes.
            look=look or not shared,
            state=state,
            stop_file=str(study.owner.stop_file) if shared else None,
            sweep=self.place.sweep,
        )

    def _collect(self) -> None:
        """Take what has ended; wait for it a moment."""
        try:
            future = self._ended.get(timeout=_POLL)
            while True:
                self._take(self._pending.pop(future), future)
                future = self._ended.get_nowait()
        except Empty:
            return

    def _take(self, task: Task, future: Future[Delivery]) -> None:
        try:
            delivery = future.result()
        except StorageError:  # a full disk is no fault of the setting
            self._released.append(task)
            raise
        except (Exception, CancelledError) as error:  # the worker is gone
            if self.place.lost:
                self._released.append(task)
                raise PlaceLostError from error
            self._lost(task, error)
            return
        if delivery.state is not None:
            unpack(delivery.state, self.runs_dir)
        if delivery.result is None:
            self._released.append(task)
        else:
            self._results.append(delivery.result)

    def _lost(self, task: Task, error: BaseException) -> None:
        """Try a task again whose worker was lost; after a few times it is a failure of its own."""
        reason = " ".join(str(error).split()) or type(error).__name__
        self._attempts[task] = self._attempts.get(task, 0) + 1
        if self._attempts[task] < ATTEMPTS:
            self._progress.on_warning(
                f"trial {task.trial}, seed {task.seed}: its worker was lost ({reason});"
                " it is tried again"
            )
            self._released.append(task)
            return
        run = self.study.run_of(task.trial, task.seed) or ""
        reason = f"its worker was lost {ATTEMPTS} times: {reason}"
        self._results.append(Result(task, run, 0.0, 0.0, None, None, reason))
