"""A saved run as the screens see it, followed through its files while it is trained."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from nn.errors import DataError, NNError, StorageError
from nn.events import RateChanged, RunFinished
from nn.spec import MNIST
from nn.storage.checkpoint import load_model
from nn.storage.records import Recorded
from nn.storage.runs import SavedRun
from tui.app.state.background import in_background
from tui.app.state.messages import BackgroundFailed, TrainingMoved
from tui.app.state.run_facts import changed_values, in_place_of_curves
from tui.app.state.shown_run import Post, Snapshot, Status, with_newest
from tui.recording.experiment import Experiment
from tui.recording.finding import state_of
from tui.recording.folder import display_name
from tui.recording.following import RunFollower
from tui.recording.history import RunHistory

if TYPE_CHECKING:
    from nn.data.dataset import Dataset, Split
    from nn.training.advice import Advice

POLL_SECONDS = 1.0
STATUSES = {
    "running": Status.RUNNING,
    "finished": Status.FINISHED,
    "interrupted": Status.STOPPED,
    "failed": Status.FAILED,
}


class FollowedRun:
    """A saved run, read by a thread of its own until it ends or `close`; nothing is ever written.

    To the screens it is a `ShownRun` like a `LiveRun`: `snapshots` are its best networks so far,
    `splits` its images; both stay empty without `models`. `history` belongs to the thread of the
    screens, which fills it from `take_events`.
    """

    def __init__(
        self, saved: SavedRun, post: Post, *, models: bool, dataset: Dataset | None = None
    ) -> None:
        """`dataset` is one in memory, which may be that of the run."""
        self.saved = saved
        self.config = saved.record.config
        self.status = STATUSES[saved.status]
        self.history = RunHistory(display_name(saved.name), Experiment.of_saved(saved.record))
        self.history.folder = saved.path
        self.snapshots: list[Snapshot] = []
        self.splits: dict[str, Split] = {}
        self.error: Exception | None = None
        self.advice: Advice | None = None
        self.in_place_of_curves = in_place_of_curves(saved)
        self._rate_factor = 1.0
        self._post = post
        self._models, self._dataset = models, dataset
        self._events: deque[Recorded] = deque()
        self._closed = threading.Event()
        in_background("following", self._work, post, self._failed)

    @property
    def snapshot(self) -> Snapshot | None:
        """The best network, None before it is read, or where there is none."""
        return self.snapshots[-1] if self.snapshots else None

    @property
    def label(self) -> str:
        """The name of the run."""
        return self.history.label

    @property
    def title(self) -> str:
        """What the run is, in words."""
        state = state_of(self.saved, self.saved.record.status)
        return f"Saved run {self.label}, {state}, read only"

    @property
    def state(self) -> str:
        """How the run stands."""
        if self.saved.record.imported_from is not None:
            return "a saved network"
        return f"saved run, {self.status.value}"

    @property
    def facts(self) -> str:
        """Why it ended, unless it is complete, and what it was trained with that is no default."""
        record = self.saved.record
        if record.imported_from is not None:
            return record.reason or ""
        changed = ", ".join(f"{name} {value}" for name, value in changed_values(record.config))
        why = record.reason if record.reason not in (record.status, "completed") else None
        return "; ".join(
            part for part in (why, f"trained with {changed or 'the defaults'}") if part
        )

    @property
    def trouble(self) -> str | None:
        """What part of the run is not saved; None if all is well."""
        return self.saved.record.save_error

    @property
    def waiting(self) -> str:
        """The reason why there is no network to show, in a sentence."""
        if self.saved.record.best is None:
            return "It was never evaluated: no best network."
        return "It cannot be shown." if self.error else "Reading the saved run ..."

    def request_snapshot(self) -> None:
        """Others train it: it comes when it comes."""

    def take_events(self) -> list[Recorded | RunFinished]:
        """The events since the last call, oldest first; `history` is told how far the run is."""
        self.history.saved_step = self.saved.record.step
        events: list[Recorded | RunFinished] = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def close(self) -> None:
        """Follow it no longer."""
        self._closed.set()

    def _work(self) -> None:
        """Read what is new, until the run ends; called on the thread."""
        follower = RunFollower(self.saved)
        while follower.live and not self._closed.is_set():
            events = follower.poll()
            self._events += events
            changes = [event.factor for event in events if isinstance(event, RateChanged)]
            self._rate_factor = changes[-1] if changes else self._rate_factor
            self.saved = follower.saved
            self.status = STATUSES[self.saved.status]
            self._load_best(live=follower.live)
            if not follower.live:
                self.advice = self._conclude()
            self._post(TrainingMoved(self))
            if follower.live:
                self._closed.wait(POLL_SECONDS)

    def _failed(self, error: Exception) -> BackgroundFailed:
        self.error = error
        return BackgroundFailed(error, self)

    def _load_best(self, *, live: bool) -> None:
        """Read the best network where it is another than before; the curves go on without it.

        Once the run has ended, `error` is why there is none. While it is `live`, there may be none
        yet, or its file may be replaced just now.
        """
        best = self.saved.record.best
        known = self.snapshots[-1].step if self.snapshots else None
        if not self._models or (best is not None and best.step == known):
            return
        try:
            self.splits = self.splits or self._load_splits()
            predictor = load_model(self.saved, "best")
        except NNError as error:
            if live and isinstance(error, StorageError):
                return
            self._models = False
            self._post(self._failed(error))
            return
        assert best is not None
        kept = [snapshot for snapshot in self.snapshots if snapshot.step < best.step]
        source = None
        if self.saved.record.imported_from:
            source = predictor.kind or "imported"
        self.snapshots = with_newest(kept, Snapshot(predictor, best.step, best.epoch, source))

    def _conclude(self) -> Advice | None:
        """Advice on how the run ended; whether it has learned depends on the labels, if known."""
        import numpy as np

        from nn.training.failure import ending_advice

        record, test = self.saved.record, self.splits.get("test")
        if record.imported_from is not None:
            return None
        return ending_advice(
            record.config,
            record.reason,
            record.step,
            record.epoch,
            record.best,
            np.empty(0, np.uint8) if test is None else test.labels,
            final=record.latest
            if record.latest and record.latest.step == record.kept_step
            else None,
            spec=MNIST if test is None else test.spec,
            init_from=record.init_from,
            rate_factor=self._rate_factor,
        )

    def _load_splits(self) -> dict[str, Split]:
        from nn.training.plan import training_split
        from tui.images.datasets import load_dataset

        expected, dataset = self.saved.record.data_sha256, self._dataset
        if dataset is None or dataset.sha256 != expected:
            dataset = load_dataset(self.config.data_dir)
        if dataset.sha256 != expected:
            raise DataError(f"run {self.saved.name} was trained on other data than {dataset.name}")
        train, validation = training_split(self.config, dataset)
        named = {"train": train, "validation": validation, "test": dataset.test}
        return {name: split for name, split in named.items() if split is not None}
