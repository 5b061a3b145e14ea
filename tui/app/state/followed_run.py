"""A saved run as the screens see it, kept up with from its files while whoever trains it goes on."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from nn.errors import NNError, StorageError
from nn.events import RunFinished
from nn.recipes import origin
from nn.storage.model_file import read_model
from nn.storage.records import Recorded
from nn.storage.runs import BEST_FILE, MetricsReader, SavedRun, is_locked
from tui.app.state.live_run import MAX_SNAPSHOT_BYTES, Post, Snapshot, Status
from tui.app.state.messages import BackgroundFailed, TrainingMoved
from tui.recording.folder import display_name
from tui.recording.history import RunHistory

if TYPE_CHECKING:
    from nn.data.dataset import Dataset, Split

POLL_SECONDS = 1.0
STATUSES = {
    "running": Status.RUNNING,
    "finished": Status.FINISHED,
    "interrupted": Status.STOPPED,
    "failed": Status.FAILED,
}


class FollowedRun:
    """A saved run, read by a thread of its own until it ends or `close`; nothing is ever written.

    To the screens it is like a `session.Run`: `snapshots` are its best networks so far, `splits` its images; both
    stay empty without `models`. `history` belongs to the thread of the screens, which fills it from `take_events`.
    """

    def __init__(
        self, saved: SavedRun, post: Post, *, models: bool, dataset: Dataset | None = None
    ) -> None:
        """`dataset` is one in memory, which may be that of the run."""
        self.saved = saved
        self.config = saved.record.config
        self.status = STATUSES[saved.status]
        self.history = RunHistory(
            display_name(saved.name), self.config, *origin(saved.record.recipe)
        )
        self.snapshots: list[Snapshot] = []
        self.splits: dict[str, Split] = {}
        self.error: Exception | None = None
        self._post = post
        self._models, self._dataset = models, dataset
        self._events: deque[Recorded] = deque()
        self._closed = threading.Event()
        threading.Thread(target=self._work, name="following", daemon=True).start()

    @property
    def snapshot(self) -> Snapshot | None:
        """The best network, None before it is read, or where there is none."""
        return self.snapshots[-1] if self.snapshots else None

    def want_snapshot(self) -> None:
        """Others train it: it comes when it comes."""

    def take_events(self) -> list[Recorded | RunFinished]:
        """The events since the last call, oldest first."""
        events: list[Recorded | RunFinished] = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def close(self) -> None:
        """Follow it no longer."""
        self._closed.set()

    def _work(self) -> None:
        """The thread."""
        try:
            reader = MetricsReader(self.saved.path)
            live = True
            while live and not self._closed.is_set():
                live = is_locked(self.saved.path)  # before reading: what follows is then the end
                self._events += reader.poll()
                self.saved = SavedRun.read(self.saved.path)
                self.status = STATUSES[self.saved.status]
                self._load_best()
                self._post(TrainingMoved(self))
                if live:
                    self._closed.wait(POLL_SECONDS)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.error = error
        self._post(BackgroundFailed(error, self))

    def _load_best(self) -> None:
        """Read the best network, where it is another than before; the curves go on without it."""
        best, file = self.saved.record.best, self.saved.path / BEST_FILE
        known = self.snapshots[-1].step if self.snapshots else None
        if not self._models or best is None or best.step == known or not file.is_file():
            return

        try:
            self.splits = self.splits or self._load_splits()
            predictor = read_model(file)
        except NNError as error:
            self._models = False
            self._fail(error)
            return
        kept = [snapshot for snapshot in self.snapshots if snapshot.step < best.step]
        if (len(kept) + 1) * predictor.model.parameters.nbytes > MAX_SNAPSHOT_BYTES:
            kept = kept[::2]
        self.snapshots = [*kept, Snapshot(predictor, best.step, best.epoch)]

    def _load_splits(self) -> dict[str, Split]:
        from nn.data.dataset import load_dataset
        from nn.training.trainer import training_split

        expected, dataset = self.saved.record.data_sha256, self._dataset
        if dataset is None or dataset.sha256 != expected:
            dataset = load_dataset(self.config.data_dir)
        if dataset.sha256 != expected:
            raise StorageError(
                f"run {self.saved.name} was trained on other data than {dataset.name}"
            )
        train, validation = training_split(self.config, dataset)
        named = {"train": train, "validation": validation, "test": dataset.test}
        return {name: split for name, split in named.items() if split is not None}
