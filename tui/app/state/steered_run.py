"""What is wanted of a run that trains on a thread of its own: its goal, its rate and its pace."""

from __future__ import annotations

import threading
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nn.events import Event
    from nn.training.trainer import Trainer

REPORT_INTERVAL = 0.1  # seconds between two events of a step, hence also the wait for a pause


class Goal(Enum):
    """What the training thread is to do next."""

    RUN = "run"
    EPOCH = "one epoch"
    STEP = "one step"
    PAUSE = "pause"
    STOP = "stop"


class SteeredRun:
    """Takes wishes from any thread, which the training thread looks at before each step.

    A subclass sets `_trainer` as soon as there is one.
    """

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._changed = threading.Condition()
        self._snapshot_requested = False
        self._trainer: Trainer | None = None
        self._rate_factor = 1.0
        self._pace: float | None = None

    @property
    def goal(self) -> Goal:
        """What is wanted of the run; a step or an epoch, once done, becomes a pause."""
        return self._goal

    @property
    def rate_factor(self) -> float:
        """What multiplies the schedule's learning rate."""
        return self._rate_factor

    def go(self, goal: Goal) -> None:
        """Run on, run one epoch or one step, pause, or stop for good."""
        with self._changed:
            if self._goal is not Goal.STOP:
                self._goal = goal
            self._apply()
            self._changed.notify_all()

    def scale_rate(self, factor: float) -> None:
        """Multiply the learning rate from the next step on."""
        with self._changed:
            self._rate_factor *= factor
            self._apply()

    def slow_down(self, pace: float | None) -> None:
        """Take so many steps a second from the next one on; None takes them as fast as it goes."""
        with self._changed:
            self._pace = pace
            self._apply()
            self._changed.notify_all()

    def request_snapshot(self) -> None:
        """Request a copy of the weights at the next event."""
        self._snapshot_requested = True

    def _apply(self) -> None:
        """Pass the wishes on to the trainer, which looks at them before every step."""
        if self._trainer is not None:
            one_by_one = self._pace is not None or self._goal in (Goal.STEP, Goal.STOP)
            self._trainer.rate_factor = self._rate_factor
            self._trainer.step_interval = 0.0 if one_by_one else REPORT_INTERVAL

    def _wait_for_pace(self, event: Event) -> None:
        """Wait until the next step is due, or until something else is wanted."""
        if self._pace is None:
            return
        from nn.events import StepCompleted

        if not isinstance(event, StepCompleted):
            return
        with self._changed:
            pace, goal = self._pace, self._goal
            if pace is not None:
                self._changed.wait_for(
                    lambda: self._goal is not goal or self._pace != pace, 1 / pace
                )

    def _reaches_goal(self, trainer: Trainer, event: Event) -> bool:
        """Whether the step or the epoch is done; an epoch's last step includes its evaluation."""
        from nn.events import EpochCompleted, StepCompleted

        if isinstance(event, StepCompleted):
            ends_epoch = event.step % trainer.steps_per_epoch == 0
            return self._goal is Goal.STEP and not ends_epoch
        return isinstance(event, EpochCompleted)
