"""The network of the package as the screens see it, in place of a run that is not trained yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from nn.config import TrainConfig
from nn.events import RunFinished
from nn.storage.records import Recorded
from tui.app.state.background import in_background
from tui.app.state.messages import BackgroundFailed, TrainingMoved
from tui.app.state.shown_run import Post, Snapshot, Status
from tui.recording.experiment import Experiment
from tui.recording.history import RunHistory

if TYPE_CHECKING:
    from nn.data.dataset import Dataset, Split

NAME = "shipped network"


class ShippedRun:
    """A `ShownRun` with one snapshot and without a history, read by a thread of its own.

    `dataset` is the embedded MNIST where that is in memory; otherwise it is read too.
    """

    advice = None
    trouble: str | None = None
    title = f"The {NAME}, trained on digits of many hands, read only"
    label = NAME
    state = NAME
    facts = ""
    in_place_of_curves = ("The network of the package", "It came trained: no curves.")

    def __init__(self, post: Post, dataset: Dataset | None) -> None:
        self.config = TrainConfig()
        self.status = Status.PREPARING
        self.history = RunHistory(NAME, Experiment(self.config))
        self.snapshots: Sequence[Snapshot] = []
        self.splits: dict[str, Split] = {}
        self.error: Exception | None = None
        self._dataset = dataset
        in_background("following", self._work, post, self._failed)

    @property
    def snapshot(self) -> Snapshot | None:
        """The network, None before it is read."""
        return self.snapshots[-1] if self.snapshots else None

    @property
    def waiting(self) -> str:
        """The reason why there is no network to show, in a sentence."""
        return "It cannot be read." if self.error else "Reading the network ..."

    def request_snapshot(self) -> None:
        """It is what it is."""

    def take_events(self) -> list[Recorded | RunFinished]:
        """Nothing happens to it."""
        return []

    def close(self) -> None:
        """There is nothing to stop."""

    def _work(self) -> Message:
        """Read the network and the images; called on the thread."""
        from nn.data.dataset import load_dataset
        from tui.models.shipped import shipped_model

        predictor = shipped_model()
        dataset = self._dataset or load_dataset()
        self.config = predictor.config
        self.splits = {"train": dataset.train, "test": dataset.test}
        self.snapshots = [Snapshot(predictor.snapshot(), 0, 0.0, NAME)]
        self.status = Status.FINISHED
        return TrainingMoved(self)

    def _failed(self, error: Exception) -> BackgroundFailed:
        self.error, self.status = error, Status.FAILED
        return BackgroundFailed(error, self)
