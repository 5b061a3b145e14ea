"""The events of a training run: frozen records of scalars, which any thread may read.

Losses are means over images, accuracies are fractions from 0 to 1, times are seconds of wall clock.
`None` always means "not measured".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from nn.config import TrainConfig
from nn.spec import MNIST, DataSpec

Reason = Literal["completed", "early-stopped", "diverged"]
"""Why a run ended. One that did all of its steps is completed, even if patience ended there too."""


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """A layer's class, the shape of its output for one image, and its number of parameters."""

    name: str
    output_shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first event of a run: its configuration, its network and its data.

    `total_steps` is the whole budget in optimizer updates; `start_step` is the step that a resumed
    run goes on from, else 0; `data_sha256` is `Dataset.sha256`; `spec` has the size of the images
    and the names of the classes.
    """

    config: TrainConfig
    layers: tuple[LayerSummary, ...]
    parameters: int
    train_images: int
    validation_images: int
    test_images: int
    steps_per_epoch: int
    total_steps: int
    start_step: int
    data_name: str
    data_sha256: str
    spec: DataSpec = MNIST


@dataclass(frozen=True, slots=True)
class Score:
    """Mean loss and accuracy over one split."""

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of the weights after `step` updates.

    `epoch` is the number of epochs done, a fraction inside an epoch. `train` is None with
    eval_train=False, and `validation` is None without a validation split. `improved` is True where
    the loss that early stopping watches is the lowest so far. `seconds` is the time since the
    start. With `average_decay` these are scores of the moving average of the weights; `raw` is then
    the score of the weights themselves over the validation images, or over the test images where
    there are none.
    """

    step: int
    epoch: float
    train: Score | None
    validation: Score | None
    test: Score
    improved: bool
    seconds: float
    raw: Score | None = None

    @property
    def is_finite(self) -> bool:
        """Whether every loss is a finite number."""
        scores = (self.train, self.validation, self.test, self.raw)
        return all(math.isfinite(score.loss) for score in scores if score)


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """Progress within an epoch, at a limited rate.

    `epoch` counts from 1. `loss` is the mean training loss of the batches since the last such event
    (of one batch with step_interval=0); the loss of a batch is that before its update, with
    dropout. `gradient_norms` holds the L2 norm of each linear layer's gradient in the last batch,
    weight and bias together, input side first. `samples_per_second` is the number of training
    images a second since the last such event, without the time of evaluations. `seconds` is the
    time since the start.
    """

    step: int
    epoch: int
    loss: float
    learning_rate: float
    gradient_norms: tuple[float, ...]
    samples_per_second: float
    seconds: float
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class EpochCompleted:
    """The end of an epoch, which is one pass over the training images.

    `train_loss` is the mean loss of the epoch's batches, each before its update. `evaluation` has
    the scores of the weights at the end of the epoch; it is None in epochs that are not evaluated.
    `samples_per_second` is that of the whole epoch. The other fields are as in `StepCompleted`.
    """

    epoch: int
    step: int
    train_loss: float
    learning_rate: float
    gradient_norms: tuple[float, ...]
    samples_per_second: float
    seconds: float
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class RateChanged:
    """From `step` on, the learning rate is that of the schedule times `factor`."""

    step: int
    factor: float


@dataclass(frozen=True, slots=True)
class CoresReduced:
    """From `step` on, another engine computes the run, on fewer cores.

    The steps of an epoch had come to take `slowdown` times as long as the shortest step of the run,
    as where other programs keep the cores busy that have to wait for each other.
    """

    step: int
    slowdown: float


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The end of a run, always its last event; a run that is abandoned has none.

    `kept_step` is the step whose weights the model now holds, which is before `step` where earlier
    weights were restored. `evaluation` is that of the kept weights, None where they were never
    evaluated.
    """

    reason: Reason
    step: int
    epoch: float
    kept_step: int
    evaluation: Evaluation | None
    samples_per_second: float
    seconds: float


Event = RunStarted | StepCompleted | EpochCompleted | RateChanged | CoresReduced | RunFinished
