"""Training two settings with further seeds, one run after the other, beside what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from nn.errors import StorageError
from tui.app.state.live_run import LiveRun
from tui.app.state.messages import BackgroundFailed, SeedsMoved, TrainingMoved
from tui.app.state.seed_pairs import SeedTask
from tui.app.state.shown_run import Post, ShownRun, Status
from tui.app.state.steered_run import Goal
from tui.formatting import count
from tui.recording.history import RunHistory
from tui.recording.source import RunSource, Saving

if TYPE_CHECKING:
    from nn.data.dataset import Dataset


class SeedTraining:
    """A queue of runs, each trained and saved by a `LiveRun`; used from the screens' thread only.

    Attributes:
        ended: The number of runs that are trained and saved.
        error: Why it came to its end before the last run; None without such an end.
    """

    def __init__(
        self, tasks: Sequence[SeedTask], dataset: Dataset, saving: Saving, post: Post
    ) -> None:
        """Begin with the first of the runs. `post` announces what they do to the application."""
        self.tasks = list(tasks)
        self.ended = 0
        self.error: Exception | None = None
        self._dataset, self._saving, self._post = dataset, saving, post
        self._stopped = False
        self._run: LiveRun | None = None
        self._begin()

    @property
    def active(self) -> bool:
        """Whether a run is being trained, or saved after it was stopped."""
        return self._run is not None

    @property
    def task(self) -> SeedTask | None:
        """The run that is being trained."""
        return self.tasks[self.ended] if self.active else None

    @property
    def seconds_left(self) -> float:
        """About how long the rest takes."""
        if not self.active:
            return 0.0
        present = self._history.seconds_left()
        now = self.tasks[self.ended].seconds if present is None else present
        return now + sum(task.seconds for task in self.tasks[self.ended + 1 :])

    @property
    def ending(self) -> str:
        """How it ended, in a sentence; empty while it goes on, and where it was stopped."""
        if self.active or self._stopped:
            return ""
        if self.error is not None:
            return f"More seeds cannot be trained: {self.error}"
        return f"{count(self.ended, 'run')} with other seeds are trained and saved."

    def collect(self, run: ShownRun) -> None:
        """Take what the run did, and begin the next one at its end."""
        if self._run is None or run is not self._run:
            return
        for event in run.take_events():
            self._history.replay(event)
        if not self._run.active and self._run.wait(0):
            failure = self._run.failure
            self.error = self._run.error or (StorageError(failure) if failure else None)
            self.ended += self.error is None and self._run.status is Status.FINISHED
            if self.error is None and not self._stopped:
                self._begin()
            else:
                self._run = None

    def stop(self) -> None:
        """Train no more; the run that is not at its end is saved as an interrupted one."""
        self._stopped = True
        if self._run is not None:
            self._run.go(Goal.STOP)

    def wait(self) -> None:
        """Wait until what was stopped is saved; `error` then tells if it is not."""
        if self._run is not None:
            self._run.wait()
            self.collect(self._run)

    def _begin(self) -> None:
        self._run = None
        if self.ended < len(self.tasks):
            task = self.tasks[self.ended]
            source = RunSource(task.experiment, self._saving._replace(label=task.label))
            self._history = RunHistory(task.label, task.experiment)
            self._run = LiveRun(source, self._dataset, Goal.RUN, self._announce)

    def _announce(self, message: Message) -> object:
        """Tell the application of the run; called on the thread that trains it."""
        assert isinstance(message, TrainingMoved | BackgroundFailed)
        assert message.run is not None
        return self._post(SeedsMoved(message.run))
