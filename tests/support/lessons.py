"""Keys for the lessons screen, which computes on a thread, and runs that are written down."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from textual.pilot import Pilot

from nn.events import EpochCompleted, Evaluation, RunFinished, Score
from tests.support.quiescence import until
from tui.app.screens.lessons import LessonsScreen
from tui.images.datasets import load_dataset
from tui.lessons.training import Trial
from tui.system.exits import ExitCode


async def press(pilot: Pilot[ExitCode], *keys: str) -> None:
    """Press keys, and wait until what they move is computed."""
    await pilot.press(*keys)

    def done() -> bool:
        screen = pilot.app.screen
        return not isinstance(screen, LessonsScreen) or screen._computing is None

    await until(pilot, done)


def scripted_training(trial: Trial) -> Iterator[EpochCompleted]:
    """In place of `Trial._train`: results by a formula, the same on every machine.

    Momentum halves the mistakes. Of the predictions, every tenth is wrong.
    """
    config, labels = trial.config, load_dataset().test.labels
    count = 18 if config.steps else config.epochs  # as many evaluations as `two-layer-net` has
    factor = 0.25 if config.optimizer == "momentum" else 0.5
    wrong = (labels + (np.arange(len(labels)) % 10 == 0)) % 10
    for i in range(1, count + 1):
        step = (1 + 600 * (i - 1) if i < count else config.steps) if config.steps else 100 * i
        losses = [Score(factor * share / i, 1 - factor * share / i) for share in (0.8, 1.0)]
        trial.losses += [2.3 / i] * (step - len(trial.losses))
        trial.predictions.append(wrong.astype(np.uint8))
        trial.evaluations.append(Evaluation(step, float(i), losses[0], None, losses[1], True, 0.0))
        yield EpochCompleted(i, step, 0.0, 0.0, (), 0.0, 0.0, trial.evaluations[-1])
    last = trial.evaluations[-1]
    trial.finished = RunFinished("completed", last.step, last.epoch, last.step, last, 0.0, 0.0)
    yield EpochCompleted(count, last.step, 0.0, 0.0, (), 0.0, 0.0, None)
