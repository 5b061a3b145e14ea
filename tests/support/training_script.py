"""A run without a trainer: it notes what it is told, and its events come from the test."""

from __future__ import annotations

from nn.config import TrainConfig
from nn.events import (
    EpochCompleted,
    Evaluation,
    Event,
    RunFinished,
    RunStarted,
    Score,
    StepCompleted,
)
from tests.support.scripted import ScriptedRun
from tui.app.state.shown_run import Post, Status
from tui.app.state.steered_run import Goal
from tui.recording.source import RunSource

STEPS = 10  # in an epoch


class DirectedRun(ScriptedRun):
    """A run that takes the place of `LiveRun` in a workbench; it is ready at once."""

    def __init__(self, source: RunSource, dataset: object, goal: Goal, post: Post) -> None:
        super().__init__({}, source.experiment.config)
        self.goal, self.source, self.folder = goal, source, source.folder
        self.status = Status.READY
        self.events = [started(self.config)]


def started(config: TrainConfig) -> RunStarted:
    return RunStarted(
        config=config,
        layers=(),
        parameters=100,
        train_images=1000,
        validation_images=100 if config.validation else 0,
        test_images=200,
        steps_per_epoch=STEPS,
        total_steps=STEPS * config.epochs,
        start_step=0,
        data_name="scripted",
        data_sha256="",
    )


def step(number: int, *, norms: tuple[float, ...] = (0.01, 0.1)) -> StepCompleted:
    return StepCompleted(
        step=number,
        epoch=1 + (number - 1) // STEPS,
        loss=2 / (1 + number / STEPS),
        learning_rate=0.1,
        gradient_norms=norms,
        samples_per_second=12_345.0,
        seconds=number / 2,
        evaluation=None,
    )


def epoch(
    number: int, *, accuracy: float | None = None, validation: bool = False
) -> EpochCompleted:
    """An epoch whose accuracy rises from one to the next unless it is given."""
    accuracy = 1 - 0.3 / (1 + number) if accuracy is None else accuracy
    evaluation = Evaluation(
        step=STEPS * number,
        epoch=number,
        train=Score(1 / (1 + number), min(1, accuracy + 0.02)),
        validation=Score(1.2 / (1 + number), accuracy - 0.01) if validation else None,
        test=Score(1.3 / (1 + number), accuracy),
        improved=True,
        seconds=number * STEPS / 2,
    )
    return EpochCompleted(
        epoch=number,
        step=STEPS * number,
        train_loss=1.1 / (1 + number),
        learning_rate=0.1,
        gradient_norms=(0.01, 0.1),
        samples_per_second=12_345.0,
        seconds=number * STEPS / 2,
        evaluation=evaluation,
    )


def finished(epochs: int) -> RunFinished:
    return RunFinished(
        reason="completed",
        step=STEPS * epochs,
        epoch=epochs,
        kept_step=STEPS * epochs,
        evaluation=epoch(epochs).evaluation,
        samples_per_second=12_000.0,
        seconds=epochs * STEPS / 2,
    )


def epochs(count: int, *, accuracy: float | None = None, validation: bool = False) -> list[Event]:
    """The events of so many epochs, with steps in between."""
    events: list[Event] = []
    for number in range(1, count + 1):
        first = STEPS * (number - 1)
        events += [step(first + i) for i in range(1, STEPS, 2)]
        events.append(epoch(number, accuracy=accuracy, validation=validation))
    return events
