"""What is reported of a run while it trains: the events of its steps and of its epochs."""

from __future__ import annotations

from dataclasses import dataclass

from nn.events import EpochCompleted, Evaluation, StepCompleted
from nn.training.progress import Progress


@dataclass(slots=True)
class Report:
    """What was trained since the last `StepCompleted`: the sum of the losses, images, seconds."""

    loss: float = 0.0
    images: int = 0
    seconds: float = 0.0
    began: float = 0.0  # the clock's reading then


def step_completed(
    report: Report,
    progress: Progress,
    gradient_norms: tuple[float, ...],
    evaluation: Evaluation | None,
) -> StepCompleted:
    """The steps since the last report."""
    return StepCompleted(
        step=progress.step,
        epoch=progress.epoch + 1,
        loss=report.loss / report.images,
        learning_rate=progress.learning_rate,
        gradient_norms=gradient_norms,
        samples_per_second=report.images / report.seconds,
        seconds=progress.seconds,
        evaluation=evaluation,
    )


def epoch_completed(
    progress: Progress, gradient_norms: tuple[float, ...], evaluation: Evaluation | None
) -> EpochCompleted:
    """The epoch that has come to its end."""
    return EpochCompleted(
        epoch=progress.epoch,
        step=progress.step,
        train_loss=progress.epoch_loss / progress.epoch_images,
        learning_rate=progress.learning_rate,
        gradient_norms=gradient_norms,
        samples_per_second=progress.epoch_images / progress.epoch_seconds,
        seconds=progress.seconds,
        evaluation=evaluation,
    )
