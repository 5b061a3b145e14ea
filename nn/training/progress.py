"""Where a run stands between two events, as values that JSON can hold, and as vectors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from nn.arrays import Array
from nn.events import Evaluation, Reason


@dataclass(slots=True)
class StoppingState:
    """What early stopping keeps of the evaluations so far."""

    best_loss: float | None = None  # the lowest loss, None before the first evaluation
    failures: int = 0  # evaluations since the lowest loss
    kept: Evaluation | None = None  # of the weights to go back to
    last: Evaluation | None = None


@dataclass(slots=True, kw_only=True)
class Progress:
    """All that the rest of a run depends on, besides its vectors; each field is saved.

    A saved state must have those without a default (`nn.reading`): they say which weights it holds.
    Times are in seconds. `epoch` counts the finished epochs; the fields named `epoch_*` belong to
    the one after them, with `epoch_loss` the sum of the losses of its images so far.
    """

    step: int
    epoch: int
    epoch_loss: float = 0.0
    epoch_images: int = 0
    epoch_seconds: float = 0.0
    images_trained: int = 0
    training_seconds: float = 0.0
    evaluating_seconds: float = 0.0
    warping_seconds: float = 0.0  # of the training seconds, those that warps took from the steps
    rate_factor: float = 1.0  # as the user wants it
    applied_factor: float = 1.0  # as the last step used it
    learning_rate: float = 0.0  # of the last step
    gradient_norms: tuple[float, ...] = ()  # of the last step, once computed
    finite_step: int  # the step of the weights that a diverged run falls back to
    evaluation: Evaluation | None = None  # the last one
    reason: Reason | None = None
    stopping: StoppingState

    @property
    def seconds(self) -> float:
        """Time spent training and evaluating; pauses between events do not count."""
        return self.training_seconds + self.evaluating_seconds

    @property
    def samples_per_second(self) -> float:
        """Images a second of the whole run so far, evaluation apart; 0 before the first step."""
        return self.images_trained / max(self.training_seconds, 1e-9)

    def begin_epoch(self) -> None:
        """Forget the epoch before."""
        self.epoch_loss, self.epoch_images, self.epoch_seconds = 0.0, 0, 0.0

    def count(self, loss: float, images: int, learning_rate: float) -> None:
        """Take in a step on so many images, whose mean loss was `loss`."""
        self.step += 1
        self.learning_rate = learning_rate
        self.images_trained += images
        self.epoch_images += images
        self.epoch_loss += loss * images

    def spend(self, seconds: float, warping_seconds: float) -> None:
        """Take in the time of steps, and how much of it warps took."""
        self.training_seconds += seconds
        self.epoch_seconds += seconds
        self.warping_seconds += warping_seconds

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, which `nn.reading` reads."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TrainerState:
    """A run between two events: flat vectors by name, and the values of its `Progress`.

    States that were saved by version 0.1.0 also hold the state of the random generators that drew
    the dropout masks. Since then each step's masks depend on the seed and the step alone.
    """

    arrays: dict[str, Array]
    values: dict[str, Any]

    @property
    def masks_change(self) -> bool:
        """Whether dropout drops other units from here on than if the run had not been left."""
        return "dropout_rng" in self.values
