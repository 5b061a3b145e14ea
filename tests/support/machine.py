"""A machine that the tests make up: its cores, its kernels, and how long steps take on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import tui.system.cores
import tui.system.quota
import tui.system.sharing
from nn.training.trainer import Trainer
from tui.system.layouts import Layout

Seconds = Callable[[Layout], float]


class Machine:
    """So many cores with kernels of a certain name; no thread is really limited, nothing is timed.

    `limited` is the number of threads in force, and `timed` has the layouts of each measurement.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        cores: int,
        kernels: str = "Zen",
        seconds: Seconds = lambda layout: 1 / layout.total,
    ) -> None:
        self.limited = cores
        self.seconds = seconds
        self.timed: list[list[Layout]] = []
        pool = {"user_api": "blas", "architecture": kernels}
        monkeypatch.setattr(
            tui.system.cores, "_pools", lambda: [pool | {"num_threads": self.limited}]
        )
        monkeypatch.setattr(tui.system.cores, "_own_choice", lambda: cores)
        monkeypatch.setattr("threadpoolctl.threadpool_limits", self.limit)
        for module in ("cores", "layouts", "sharing"):
            monkeypatch.setattr(f"tui.system.{module}.is_supported", lambda: True)
        monkeypatch.setattr(tui.system.quota, "cpu_quota", lambda: math.inf)
        monkeypatch.setattr(tui.system.sharing, "time_layouts", self.time)
        monkeypatch.setattr(
            # As the module sees it: in a test of portability without this function.
            "tui.system.quota.os.sched_getaffinity",
            lambda _: set(range(10, 10 + cores)),
            raising=False,
        )

    def limit(self, limits: int, user_api: str) -> None:
        self.limited = limits

    def time(self, layouts: Sequence[Layout], *_: Any, seconds: float) -> dict[Layout, float]:
        self.timed.append(list(layouts))
        return {layout: self.seconds(layout) for layout in layouts}


def processes_are_faster(layout: Layout) -> float:
    """A step in two processes takes six tenths of that in one, whatever the threads."""
    return 1.0 if layout.processes == 1 else 0.6


class SlowingClock:
    """The clock of training on a machine that becomes busy `after` so many steps of each run.

    Each look at it takes a thousandth of a second, and a tenth while the machine is busy.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
        self.trainer: Trainer | None = None
        self._after, self._now = after, 0.0
        monkeypatch.setattr("nn.training.trainer.time", self)

    def perf_counter(self) -> float:
        """The seconds on it, which pass by being asked for."""
        busy = self.trainer is not None and self.trainer.step > self._after
        self._now += 0.1 if busy else 0.001
        return self._now
