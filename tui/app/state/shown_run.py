"""What a screen sees of a run, whether it is trained here or read from the files of a saved run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

if TYPE_CHECKING:
    from nn.config import TrainConfig
    from nn.data.dataset import Split
    from nn.events import RunFinished
    from nn.network.predictor import Predictor
    from nn.storage.records import Recorded
    from nn.training.advice import Advice

Post = Callable[[Message], object]
"""Accepts messages from any thread, as `App.post_message` does."""

MAX_SNAPSHOT_BYTES = 64 * 2**20
"""Limit for the parameters of a run's snapshots; beyond it every other snapshot is dropped."""
MAX_SNAPSHOTS = 144
"""Limit for their number, four times as many as a digit is followed over. The gradients, layers and
names that belong to each are more than the parameters of a small network."""


class Status(Enum):
    """The state of a run."""

    PREPARING = "preparing"
    READY = "ready"
    """Paused before the first step."""
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """A read-only copy of a network after `step` updates; `epoch` is a fraction inside an epoch.

    `source` names where the weights of step 0 came from, None where they were drawn at random. A
    predictor serves one thread at a time; another thread uses its own `predictor.snapshot()`.
    """

    predictor: Predictor
    step: int
    epoch: float
    source: str | None = None

    @property
    def untrained(self) -> bool:
        """Whether the weights are random."""
        return self.step == 0 and self.source is None

    @property
    def name(self) -> str:
        """Which weights these are, in a word or two; inside the first epoch, after which step."""
        if self.step == 0:
            return self.source or "untrained"
        return f"step {self.step:,}" if self.epoch < 1 else f"epoch {self.epoch:.4g}"


class ShownRun(Protocol):
    """A run that screens can show: `LiveRun` trains here, `FollowedRun` is read from its files.

    `snapshots` and `splits` are replaced as a whole and never changed in place, so that any thread
    may keep them. `splits` is empty until the images are known; `error` is why the run failed or
    could not be read.
    """

    @property
    def config(self) -> TrainConfig:
        """The configuration of the run."""

    @property
    def status(self) -> Status:
        """The state of the run."""

    @property
    def snapshots(self) -> Sequence[Snapshot]:
        """Copies of the network at several steps, oldest first."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest of `snapshots`, None before there is one."""

    @property
    def splits(self) -> dict[str, Split]:
        """The images of the run by the name of their split: train, validation, test."""

    @property
    def error(self) -> Exception | None:
        """The reason for a failure, None without one."""

    @property
    def advice(self) -> Advice | None:
        """The newest advice on the run, None as long as all is well."""

    def request_snapshot(self) -> None:
        """Request a newer snapshot, where one can be had."""

    def take_events(self) -> list[Recorded | RunFinished]:
        """Remove and return the events since the last call, oldest first."""


def with_newest(kept: Sequence[Snapshot], newest: Snapshot) -> list[Snapshot]:
    """Append a snapshot; every other earlier one is dropped where there would be too many."""
    size = newest.predictor.model.parameters.nbytes
    if len(kept) >= min(MAX_SNAPSHOTS, MAX_SNAPSHOT_BYTES // size):
        kept = kept[::2]
    return [*kept, newest]
