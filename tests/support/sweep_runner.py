"""A sweep run in this process, whose runs are trained or stood in for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tui.sweeps.running import Progress, SweepRunner
from tui.sweeps.schedule import Result, Task
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.sweeps.worker import Delivery, Order

RATES = Space((parse_dimension("lr=0.01..0.1:log"),))
TINY = {"hidden": (4,), "limit": 200, "epochs": 3}

Work = Callable[[Order], Delivery]


class Here:
    """A place that calls at once, in this process, what stands in for training; may be lost."""

    shared_disk, lost, sweep, workers = True, False, "", 2

    def __init__(self, work: Work) -> None:
        self.work, self.stops = work, 0

    def submit(self, orders: Sequence[Order]) -> list[Future[Delivery]]:
        return [self._done(order) for order in orders]

    def _done(self, order: Order) -> Future[Delivery]:
        future: Future[Delivery] = Future()
        try:
            future.set_result(self.work(order))
        except Exception as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        self.stops += 1

    def close(self, *, wait: bool) -> None:
        pass


def good(order: Order) -> Delivery:
    """A run that is never trained, whose accuracy is its trial's number."""
    task = order.task
    return Delivery(Result(task, f"run-{order.label}", task.epochs, 1.0, 0.5, task.trial / 100))


def run(root: Path, spec: SweepSpec, work: Work, progress: Progress | None = None) -> Study:
    study = Study.create(root / "sweeps", spec, "s")
    try:
        SweepRunner(study, root / "runs", Here(work), progress).run()
    finally:
        study.close()
    return study


def order_of(spec: SweepSpec, root: Path, task: Task, **changes: Any) -> Order:
    config = spec.config_of({"learning_rate": 0.05}, task.seed)
    values = {"recipe": None, "runs_dir": str(root)} | changes
    return Order(task, "s-t0000-s0", config.to_dict(), **values)
