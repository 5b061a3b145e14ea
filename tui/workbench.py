"""What all screens share: the configuration, the data, the run and the digit being looked at.

A plain object, used from the screen's thread only. Screens call its methods; the application tells
them when it changed.
"""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from nn.config import TrainConfig, format_value
from nn.records import Invocation
from tui.history import RunHistory
from tui.reporters import invocation_of
from tui.session import Goal, Post, Run, Status, load_in_background

if TYPE_CHECKING:
    from nn.data import Dataset, Split
    from tui.browser import Browser
    from tui.session import Snapshot

SplitName = Literal["test", "train", "validation"]
RATE_STEP = 1.25  # one press of the key that raises or lowers the learning rate


class Workbench:
    """The state of a sitting.

    `base` is the configuration that changes are told against: the recipe's, or the defaults. `histories` holds
    every run of the sitting that made a step, oldest first, and last the present one, `history`.
    """

    def __init__(
        self, config: TrainConfig, recipe: str | None, base: TrainConfig, post: Post
    ) -> None:
        self.config, self.recipe, self.base = config, recipe, base
        self.dataset: Dataset | None = None
        self.run: Run | None = None
        self.histories: list[RunHistory] = []
        self.error: Exception | None = None
        self.split: SplitName = "test"
        self.index = 0
        self._post = post
        self._loading: str | None = None
        self._data_dir = ""
        self._goal_when_loaded: Goal = Goal.PAUSE

    @property
    def history(self) -> RunHistory | None:
        """The present run's."""
        return self.histories[-1] if self.histories else None

    @property
    def invocation(self) -> Invocation:
        """How to repeat the present run without a screen."""
        told = self.history or self
        threads = self.run.threads if self.run else None
        return invocation_of(told.config, told.recipe, told.base, threads=threads)

    @property
    def status(self) -> Status | None:
        """The present run's; None before there is one."""
        return self.run.status if self.run else None

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest copy of the present run's weights."""
        return self.run.snapshot if self.run else None

    @property
    def training(self) -> bool:
        """Whether a run has begun and could go on."""
        return self.status in (Status.RUNNING, Status.PAUSED)

    @property
    def images(self) -> Split | None:
        """The split being looked at, None until the run is ready."""
        return self.run.splits.get(self.split) if self.run else None

    @cached_property
    def browser(self) -> Browser:
        """Which digits are browsed; imported when first used, for it needs NumPy."""
        from tui.browser import Browser

        return Browser()

    @property
    def loading(self) -> bool:
        """Whether data are being read."""
        return self._loading is not None

    def load(self, goal: Goal = Goal.PAUSE) -> None:
        """Read the configured data in the background; `take_data` goes on from there."""
        self._goal_when_loaded, self._loading = goal, self.config.data_dir
        load_in_background(self.config.data_dir, self._post)

    def take_data(self, data_dir: str, dataset: Dataset) -> None:
        """The data have come: make the run ready, unless other data were asked for since."""
        if data_dir == self._loading:
            self._loading, self._data_dir, self.dataset = None, data_dir, dataset
            self._begin(dataset, self._goal_when_loaded)

    def configure(self, config: TrainConfig, recipe: str | None, base: TrainConfig) -> None:
        """Take over another configuration; a run that has begun goes on with its own until `reset`."""
        self.config, self.recipe, self.base = config, recipe, base
        if self.history is None or self.history.latest is None:
            self.reset()

    def go(self, goal: Goal) -> None:
        """Start, pause, resume, or run one epoch or step; a run that has ended makes place for a new one."""
        if self._loading is not None:
            self._goal_when_loaded = goal
        elif self.run is not None and self.run.active:
            self.run.go(goal)
        elif goal is not Goal.PAUSE:
            self.reset(goal)

    def toggle(self) -> None:
        """Pause what runs, run what stands."""
        if self._loading is not None:
            running = self._goal_when_loaded is not Goal.PAUSE
        else:
            running = self.run is not None and self.run.active and self.run.goal is not Goal.PAUSE
        self.go(Goal.PAUSE if running else Goal.RUN)

    def stop(self) -> None:
        """End the run for good; its curves and its last weights stay."""
        self._goal_when_loaded = Goal.PAUSE
        if self.run is not None:
            self.run.go(Goal.STOP)

    def reset(self, goal: Goal = Goal.PAUSE) -> None:
        """Stop, and make a new, untrained run of the present configuration ready."""
        self.stop()
        if self._loading == self.config.data_dir:  # `take_data` makes it
            self._goal_when_loaded = goal
        elif self.dataset is None or self.config.data_dir != self._data_dir:
            self.load(goal)
        else:
            self._begin(self.dataset, goal)

    def forget_earlier(self) -> None:
        """Drop the curves of all runs but the present one."""
        del self.histories[:-1]

    def change_rate(self, factor: float) -> None:
        """Multiply the learning rate of the run that goes on."""
        if self.run is not None and self.run.active:
            self.run.scale_rate(factor)

    def collect(self, run: Run) -> bool:
        """Take the events of a run into its history; False for a run that was left."""
        if run is not self.run or self.history is None:
            return False
        for event in run.take_events():
            self.history.add(event)
        return True

    def fail(self, error: Exception, run: Run | None) -> bool:
        """Take note of a background error; False where it no longer matters."""
        if run is not None and run is not self.run:
            return False
        if run is None:
            self._loading = None
        self.error = error
        if run is not None and self.history is not None:
            self.history.error = str(error)
        return True

    def _begin(self, dataset: Dataset, goal: Goal) -> None:
        self.error = None
        self.histories = [history for history in self.histories if history.latest is not None]
        self.histories.append(RunHistory(self._label(), self.config, self.recipe, self.base))
        self.run = Run(self.config, dataset, goal, self._post)

    def _label(self) -> str:
        """The recipe and what was changed of it; numbered where a run of that name is there already."""
        changes = (
            f"{name}={format_value(value)}"
            for name, value in self.config.to_dict(base=self.base).items()
        )
        label = " ".join((self.recipe or "default", *changes))
        taken = {history.label for history in self.histories}
        numbered = (f"{label} #{number}" for number in itertools.count(2))
        return label if label not in taken else next(name for name in numbered if name not in taken)
