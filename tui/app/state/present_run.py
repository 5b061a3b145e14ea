"""The run that trains: its configuration, its data, and what it is to do.

A plain object, used from the screen's thread only. What a run consists of is imported when the
first one begins, for the first frame shows none.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tui.app.state.data_loading import load_in_background
from tui.app.state.ending import Endings
from tui.app.state.shown_run import Post, Status
from tui.app.state.steered_run import Goal

if TYPE_CHECKING:
    from nn.config import TrainConfig
    from nn.data.dataset import Dataset
    from nn.storage.records import Invocation
    from nn.storage.runs import SavedRun
    from tui.app.state.live_run import LiveRun
    from tui.recording.experiment import Experiment
    from tui.recording.history import RunHistory
    from tui.recording.source import RunSource, Saving

RATE_STEP = 1.25  # one press of the key that raises or lowers the learning rate


class PresentRun:
    """The runs of a sitting, one after the other, of which the last is the present one.

    Attributes:
        histories: Every run of the sitting that made a step; the last is the present one.
        endings: How the runs of the sitting ended.
        data_dir: Where `dataset` was read from, empty for the embedded images.
        pace: Steps a second in slow motion; None as fast as it goes.
    """

    def __init__(
        self, experiment: Experiment | None, post: Post, saving: Saving, resumed: RunSource | None
    ) -> None:
        """`resumed` is a saved run to go on with, of which `experiment` is the experiment."""
        if experiment is not None:
            self.experiment = experiment
        self.dataset: Dataset | None = None
        self.run: LiveRun | None = None
        self.histories: list[RunHistory] = []
        self.error: Exception | None = None
        self.saving = saving
        self.pace: float | None = None
        self._post = post
        self._resumed = resumed
        self.endings = Endings()
        self._loading: str | None = None
        self.data_dir = ""
        self._goal_when_loaded: Goal = Goal.PAUSE
        self._raised: tuple[TrainConfig, TrainConfig] | None = None  # before and after

    @cached_property
    def experiment(self) -> Experiment:
        """What the next run is made of: the defaults, unless something else is given.

        They are imported when they are first asked for, since the first frame can be without them.
        """
        from tui.recording.experiment import Experiment

        return Experiment()

    @property
    def config(self) -> TrainConfig:
        """The configuration that the next run is to have."""
        return self.experiment.config

    @property
    def history(self) -> RunHistory | None:
        """The history of the present run."""
        return self.histories[-1] if self.histories else None

    @property
    def invocation(self) -> Invocation:
        """The command that repeats the present run without a screen."""
        from tui.recording.invocation import invocation_of

        experiment = self.history.experiment if self.history else self.experiment
        return invocation_of(experiment, self.run.cores if self.run else None)

    @property
    def status(self) -> Status | None:
        """The status of the present run; None before there is one."""
        return self.run.status if self.run else None

    def slow_down(self, pace: float | None) -> None:
        """Have the present run, and those after it, take so many steps a second."""
        self.pace = pace
        if self.run is not None:
            self.run.slow_down(pace)

    @property
    def training(self) -> bool:
        """Whether a run has begun and could go on."""
        return self.status in (Status.RUNNING, Status.PAUSED)

    @property
    def loading(self) -> bool:
        """Whether data are being read."""
        return self._loading is not None

    def load(self, goal: Goal = Goal.PAUSE) -> None:
        """Read the configured data in the background.

        `take_data` goes on from there, or `miss_data`.
        """
        self._goal_when_loaded, self._loading = goal, self.config.data_dir
        load_in_background(self.config.data_dir, self._post)

    def dataset_of(self, data_dir: str) -> Dataset | None:
        """The data of this folder, None where they are not in memory."""
        return self.dataset if self.data_dir == data_dir else None

    def take_data(self, data_dir: str, dataset: Dataset) -> bool:
        """Make the run ready with the data; False where these are no longer awaited."""
        if data_dir != self._loading:
            return False
        self.data_dir, self.dataset = data_dir, dataset
        self._begin(dataset, self._goal_when_loaded)
        return True

    def miss_data(self, data_dir: str, error: Exception) -> bool:
        """Take note that data cannot be read; False where these are no longer awaited."""
        if data_dir != self._loading:
            return False
        self._loading, self.error = None, error
        return True

    def configure(self, experiment: Experiment) -> None:
        """Take over another experiment; a run that has begun keeps its own until `reset`."""
        if experiment.recipe != self.experiment.recipe:
            self._raised = None
        self.experiment = experiment
        if self.history is None or self.history.latest is None:
            self.reset()

    def offer(self, experiment: Experiment) -> bool:
        """Make an untrained run of another experiment ready; False while the present run goes on.

        The experiment is then that of the next run.
        """
        self.configure(experiment)
        begun = self.history is not None and self.history.latest is not None
        if begun and self._can_go_on:
            return False
        if begun:
            self.reset()
        return True

    def go(self, goal: Goal) -> None:
        """Start, pause, resume, or run one epoch or step; a new run replaces one that has ended."""
        if self._loading is not None:
            self._goal_when_loaded = goal
        elif self.run is not None and self._can_go_on:
            self.error = None  # of data that were wanted for another run
            self.run.go(goal)
        elif goal is not Goal.PAUSE:
            self.reset(goal)

    def toggle(self) -> None:
        """Pause what runs, run what stands."""
        if self._loading is not None:
            running = self._goal_when_loaded is not Goal.PAUSE
        else:
            run = self.run
            running = run is not None and self._can_go_on and run.goal is not Goal.PAUSE
        self.go(Goal.PAUSE if running else Goal.RUN)

    @property
    def _can_go_on(self) -> bool:
        """Whether the present run is not at its end; a run that is still being saved may be."""
        finished = self.history is not None and self.history.finished is not None
        return self.run is not None and self.run.active and not finished

    def stop(self) -> None:
        """End the run for good; its curves and its last weights stay."""
        self._goal_when_loaded = Goal.PAUSE
        if self.run is not None:
            self.run.go(Goal.STOP)

    def reset(self, goal: Goal = Goal.PAUSE) -> None:
        """Make a new, untrained run of the present experiment ready in place of the present run."""
        self._resumed = self._raised = None
        self._make_ready(goal)

    def as_configured(self, config: TrainConfig) -> TrainConfig:
        """The same, but with the budget that was configured before the present run went on."""
        if self._raised is None:
            return config
        before, after = self._raised
        raised = (config.epochs, config.steps) == (after.epochs, after.steps)
        return replace(config, epochs=before.epochs, steps=before.steps) if raised else config

    def _make_ready(self, goal: Goal) -> None:
        """Replace the present run, but not before the data are there: reading them may fail."""
        if self._loading == self.config.data_dir:
            self._goal_when_loaded = goal
        elif self.dataset is None or self.config.data_dir != self.data_dir:
            self.load(goal)
        else:
            self._begin(self.dataset, goal)

    def is_present(self, saved: SavedRun) -> bool:
        """Whether a saved run is the present one, which goes on or may do so."""
        return self.run is not None and self.run.active and self.run.folder == saved.path

    def change_rate(self, factor: float) -> None:
        """Multiply the learning rate of the run that goes on."""
        if self.run is not None and self.run.active:
            self.run.scale_rate(factor)

    def _begin(self, dataset: Dataset, goal: Goal) -> None:
        from tui.app.state.live_run import LiveRun
        from tui.recording.history import RunHistory
        from tui.recording.source import RunSource

        self.stop()
        self._loading = self.error = None
        self.histories = [history for history in self.histories if history.latest is not None]
        source = self._resumed or RunSource(self.experiment, self.saving)
        self.histories.append(RunHistory(self._label(), source.experiment))
        self.run = LiveRun(source, dataset, goal, self._post)
        self.run.slow_down(self.pace)
        self.endings.add(self.run, self.histories[-1])
        self._resumed = None

    def _label(self) -> str:
        """The name of the next run on charts: no other run of the sitting has the same."""
        from tui.recording.folder import display_name

        if self._resumed is not None and self._resumed.saved is not None:
            label = display_name(self._resumed.saved.name)
        else:
            label = self.experiment.label
        taken = {history.label for history in self.histories}
        numbered = (f"{label} #{number}" for number in itertools.count(2))
        return label if label not in taken else next(name for name in numbered if name not in taken)
