"""What a training run tells while it goes on: frozen records of scalars, safe to hand to any thread.

Losses are means over images, accuracies are fractions from 0 to 1, times are seconds of wall clock.
`None` always means "not measured".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nn.config import TrainConfig

Reason = Literal["completed", "early-stopped", "diverged"]


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One row of the layer table; `output_shape` is that of one image."""

    name: str
    output_shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run as it will go: its configuration, its network and its data.

    `total_steps` is the whole budget in optimizer updates; `data_sha256` is the hash of the four
    unpacked IDX files; `start_step` is above 0 where a run is resumed.
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


@dataclass(frozen=True, slots=True)
class Score:
    """Mean loss and accuracy over one split."""

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of the weights after `step` updates.

    `epoch` is the number of epochs done, a fraction inside an epoch; `train` is None with
    eval_train=False, `validation` without a validation split. `improved` tells whether the loss that
    stopping looks at is the lowest so far.
    """

    step: int
    epoch: float
    train: Score | None
    validation: Score | None
    test: Score
    improved: bool
    seconds: float

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Evaluation:
        """The inverse of `dataclasses.asdict`; raises KeyError or TypeError for anything else."""
        scores = {
            name: None if values[name] is None else Score(**values[name])
            for name in ("train", "validation", "test")
        }
        return cls(**{**values, **scores})


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """Progress within an epoch, at a limited rate.

    `epoch` counts from 1; `loss` is the mean training loss of the batches since the last such event (of one
    batch with step_interval=0), taken before each update and with dropout; `gradient_norms` holds the
    L2 norm of each linear layer's gradient, weight and bias together, input side first, of the last
    batch; `samples_per_second` is training alone, evaluation apart; `seconds` is since the start.
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
    """One pass done.

    `train_loss` is the mean over the epoch's batches while the weights moved; the scores of the
    weights as they stand now are in `evaluation`, None in epochs that are not evaluated. Other
    fields as in `StepCompleted`, `samples_per_second` being that of the epoch.
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
    """From `step` on the schedule's learning rate is multiplied by `factor` (in all, not further)."""

    step: int
    factor: float


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The end, always the last event of a run that is not abandoned.

    `kept_step` is the step whose weights the model now holds: earlier than `step` where weights were restored.
    `evaluation` is that of the kept weights, None where they were never evaluated.
    """

    reason: Reason
    step: int
    epoch: float
    kept_step: int
    evaluation: Evaluation | None
    samples_per_second: float
    seconds: float


Event = RunStarted | StepCompleted | EpochCompleted | RateChanged | RunFinished
