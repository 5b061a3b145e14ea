"""A run on a thread of its own.

The training thread goes through `Trainer.events()`, has the events saved, and pauses between two of
them on request. It never waits for the screen: events go into a queue that the screen empties at
its own pace, and one message at a time announces them. The screen never waits for the thread: every
method returns at once. Weights cross as frozen copies only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message import Message

from nn.errors import StorageError, WorkerError
from nn.events import CoresReduced, Event, RunFinished, RunStarted, StepCompleted
from nn.storage.records import Outcome, Recorded
from tui.app.state.background import in_background
from tui.app.state.messages import BackgroundFailed, TrainingMoved
from tui.app.state.shown_run import Post, Snapshot, Status, with_newest
from tui.app.state.steered_run import Goal, SteeredRun
from tui.recording.invocation import told_of
from tui.recording.source import RunSource

if TYPE_CHECKING:
    from nn.data.dataset import Dataset, Split
    from nn.parallel.cores import Cores
    from nn.training.advice import Advice
    from nn.training.trainer import Trainer
    from tui.recording.advising import Advising
    from tui.recording.recorder import Recorder
    from tui.system.sharing import SharedTrainer


class LiveRun(SteeredRun):
    """A run that trains on a thread of its own, a daemon, so that the process can end any time.

    Attributes:
        cores: What the run computes with, None until that is known.
        snapshots: Copies of the weights, oldest first. The list is replaced as a whole and never
            changed, so that any thread may hold it; the same holds for `splits`.
        splits: Train, validation and test images as the run uses them, empty until it is ready.
        outcome: How the run ended, once it has ended and is saved; None of a run without a step.
        folder: Where the run is saved.
        discarded: Whether nothing of the run is to stay.
    """

    def __init__(self, source: RunSource, dataset: Dataset, goal: Goal, post: Post) -> None:
        super().__init__(goal)
        self.source, self.dataset = source, dataset
        self.config = source.experiment.config
        self.status = Status.PREPARING
        self.snapshots: list[Snapshot] = []
        self.cores: Cores | None = None
        self.splits: dict[str, Split] = {}
        self.outcome: Outcome | None = None
        self.folder = source.folder
        self.error: Exception | None = None
        self._post = post
        self._events: deque[Recorded | RunFinished] = deque()
        self._announced = False
        self._recorder: Recorder | None = None
        self._advising: Advising | None = None
        self._warnings: list[str] = []
        self._waiting: str | None = None  # what training waits for, if that takes long
        self._slowed: str | None = None  # what slowed training down
        self._removal_error: str | None = None
        self.discarded = self._saving = self._ended = False
        in_background("training", self._work, post, lambda error: BackgroundFailed(error, self))

    @property
    def active(self) -> bool:
        """Whether the run can go on."""
        return self.status not in (Status.STOPPED, Status.FINISHED, Status.FAILED)

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot; of a finished run, the weights it ends with."""
        return self.snapshots[-1] if self.snapshots else None

    @property
    def failure(self) -> str | None:
        """The reason why not all of the run is saved, or why it could not be discarded."""
        return self._removal_error or (self._recorder.failure if self._recorder else None)

    @property
    def trouble(self) -> str | None:
        """What is amiss with saving the run, to be shown as long as the run is."""
        passing = () if self._ended else (self._waiting, self._slowed)
        lines = [*filter(None, passing), *self._warnings]
        return self.failure or "; ".join(lines) or None

    @property
    def advice(self) -> Advice | None:
        """The newest advice on the run, None as long as all is well."""
        return self._advising.newest if self._advising else None

    def discard(self) -> None:
        """Stop for good, and remove what was saved, also of a run that has ended meanwhile."""
        with self._changed:
            self.discarded, ended = True, self._ended
        self.go(Goal.STOP)
        if ended:
            self._remove()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing is trained or saved any more; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._saving, seconds)

    def take_events(self) -> list[Recorded | RunFinished]:
        """The events since the last call, oldest first; a resumed run begins with its old ones."""
        with self._changed:
            events = list(self._events)
            self._events.clear()
            self._announced = False
            return events

    def _work(self) -> Message:
        """Train from the first step to the end, or to where it is stopped; called on the thread."""
        try:
            self.source.open()
            self.config = self.source.experiment.config
            from tui.system.sharing import cores_of, make_trainer

            # A run that is only looked at, or configured further, needs no measurement.
            with closing(
                make_trainer(self.config, self.dataset, saved=self.source.layout, measure=False)
            ) as trainer:
                self.cores, self.splits = cores_of(trainer), trainer.splits
                earlier = self.source.restore(trainer)
                with self._changed:
                    self._events += earlier
                    self._rate_factor *= trainer.rate_factor
                    self._trainer = trainer
                    self._apply()
                self.status = Status.FINISHED if self._train(trainer) else Status.STOPPED
        except Exception as error:
            # The frames it passed through would keep the trainer and all its memory.
            failed = self._with_place(error).with_traceback(None)
            self.status, self.error = Status.FAILED, failed
            self._post(BackgroundFailed(failed, self))
        self.source.close()
        self._trainer = None
        with self._changed:
            self._ended, discarded = True, self.discarded
        if discarded:
            self._remove()
        with self._changed:
            self._saving = False
            self._changed.notify_all()
        return TrainingMoved(self)

    def _with_place(self, error: Exception) -> Exception:
        """The error, and how to go on with a run that lost a computing process."""
        if self._recorder is None or not isinstance(error, WorkerError):
            return error
        from tui.recording.resumption import where_saved

        return WorkerError(f"{error}{where_saved(self.folder)}")

    def _remove(self) -> None:
        """Remove the files of a new run that has ended."""
        if self.folder is None or self.source.folder is not None:
            return
        from nn.storage.run_writer import delete_run

        try:
            delete_run(self.folder)
        except StorageError as error:
            self._removal_error = str(error)
            return
        self.folder = None
        if self.outcome is not None:
            self.outcome = replace(self.outcome, run=None)

    def _train(self, trainer: SharedTrainer) -> bool:
        """Go through the run; whether it came to its end. Nothing is saved before it starts."""
        from tui.system.cores import core_warnings
        from tui.system.sharing import cores_of, report_waits

        events = trainer.events()
        started = next(events)
        if not self._hand_over(trainer, started):
            return False
        with self._changed:
            if self._goal is Goal.STOP:
                return False
            self._saving = True
        trainer.measure()
        self.cores = cores_of(trainer)
        recorder, warnings = self.source.recorder(trainer)
        from tui.recording.advising import Advising

        self._advising = Advising(trainer, self.source.experiment.init_from)
        self._warnings = [*warnings, *core_warnings(trainer.config)]
        report_waits(trainer, self._report_wait)
        self._recorder, self.folder = recorder, recorder.folder
        with recorder:
            recorder.follow(trainer, started)
            try:
                completed = self._go_on(trainer, recorder, events)
            except Exception:
                folder = str(self.folder) if self.folder else None
                left = recorder.history.outcome()
                self.outcome = replace(left, run=folder, save_error=recorder.failure)
                raise
            if self.discarded or not (completed or trainer.step):
                self.discarded = True  # of a run without a step nothing is kept
                self.outcome = recorder.history.outcome() if trainer.step else None
            else:
                self.outcome = recorder.finish(trainer)
                self._advising.conclude(trainer, self.outcome)
        return completed

    def _report_wait(self, line: str | None) -> None:
        self._waiting = line
        self._post(TrainingMoved(self))

    def _go_on(self, trainer: Trainer, recorder: Recorder, events: Iterator[Event]) -> bool:
        from tui.system.sharing import cores_of

        for event in events:
            recorder.follow(trainer, event)
            if isinstance(event, CoresReduced):
                self.cores = cores_of(trainer)
                self._slowed = told_of(event)
            if self._advising is not None:
                self._advising.follow(trainer, event)
            if not self._hand_over(trainer, event):
                return False
        return True

    def _hand_over(self, trainer: Trainer, event: Event) -> bool:
        """Hand over an event and wait where the goal is reached; returns whether to go on."""
        with self._changed:
            if self._goal in (Goal.STEP, Goal.EPOCH) and self._reaches_goal(trainer, event):
                self._goal = Goal.PAUSE
            # Where no step is left, there is nothing to wait for: the run is at its end.
            ended = trainer.trained and not isinstance(event, RunStarted)
            halting = self._goal in (Goal.PAUSE, Goal.STOP) and not ended
            self._events.append(event)
            announced, self._announced = self._announced, True
        between_steps = isinstance(event, StepCompleted) and event.evaluation is None
        if halting or self._snapshot_requested or not between_steps:
            self._take_snapshot(
                trainer, event.kept_step if isinstance(event, RunFinished) else trainer.step
            )
        if halting:
            self.status = Status.READY if isinstance(event, RunStarted) else Status.PAUSED
        if halting or not announced:
            self._post(TrainingMoved(self))
        if halting:
            with self._changed:
                self._changed.wait_for(lambda: self._goal is not Goal.PAUSE)
                if self._goal is Goal.STOP:
                    return False
        self.status = Status.RUNNING
        self._wait_for_pace(event)
        return True

    def _take_snapshot(self, trainer: Trainer, step: int) -> None:
        self._snapshot_requested = False
        kept = self.snapshots
        if kept and kept[-1].step == step:
            return
        if kept and kept[-1].epoch % 1:
            kept = kept[:-1]  # of those inside epochs only the newest stays
        source = "given weights" if self.source.experiment.init_from else None
        epoch = step / trainer.steps_per_epoch
        newest = Snapshot(trainer.predictor.snapshot(), step, epoch, source)
        self.snapshots = with_newest(kept, newest)
