"""What is reported of a run: the events of its beginning, its steps, its epochs and its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.events import EpochCompleted, Evaluation, RunFinished, RunStarted, StepCompleted
from nn.network.model import MLP
from nn.training.plan import Plan
from nn.training.progress import Progress


@dataclass(slots=True)
class Report:
    """What was trained since the last `StepCompleted`: the sum of the losses, images, seconds."""

    loss: float = 0.0
    images: int = 0
    seconds: float = 0.0
    began: float = 0.0  # the clock's reading then


def run_started(
    config: TrainConfig,
    dataset: Dataset,
    splits: Mapping[str, Split],
    model: MLP,
    plan: Plan,
    start_step: int,
) -> RunStarted:
    """A run that begins, or goes on, after `start_step` steps."""
    return RunStarted(
        config=config,
        layers=model.summary(),
        parameters=model.trained_count,
        train_images=len(splits["train"]),
        validation_images=len(splits["validation"]) if "validation" in splits else 0,
        test_images=len(dataset.test),
        steps_per_epoch=plan.steps_per_epoch,
        total_steps=plan.total_steps,
        start_step=start_step,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        spec=dataset.spec,
    )


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


def run_finished(
    progress: Progress, steps_per_epoch: int, kept_step: int, evaluation: Evaluation | None
) -> RunFinished:
    """The run that has come to its end, with the weights of `kept_step` and their evaluation."""
    return RunFinished(
        reason=progress.reason or "completed",
        step=progress.step,
        epoch=progress.step / steps_per_epoch,
        kept_step=kept_step,
        evaluation=evaluation,
        samples_per_second=progress.samples_per_second,
        seconds=progress.seconds,
    )
