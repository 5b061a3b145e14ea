"""The runs that a lesson trains: each goes as far as its picture needs, once, and is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.events import EpochCompleted, Evaluation, Event, RunFinished, StepCompleted
from tui.images.datasets import load_dataset

NEVER = float("inf")


class Trial:
    """A configuration that is trained on MNIST from evaluation to evaluation.

    One thread computes, so that the screen stays free and other runs keep their cores. Nothing is
    saved. Where training diverges, the trial ends with the evaluations made before.

    Attributes:
        evaluations: Those made so far; the accuracies are what the lessons show.
        losses: The loss of each batch so far, where they were asked for.
        predictions: The class of each test image at each evaluation, where they were asked for.
        finished: The last event, None as long as training can go on.
    """

    def __init__(
        self,
        config: TrainConfig,
        *,
        every_step: bool = False,
        predict: bool = False,
        shuffled: bool = False,
    ) -> None:
        """`every_step` and `predict` fill `losses` and `predictions`.

        `shuffled` gives each training image the label of another one.
        """
        self.config = config
        self.evaluations: list[Evaluation] = []
        self.losses: list[float] = []
        self.predictions: list[Array] = []
        self.finished: RunFinished | None = None
        self._every_step, self._predict, self._shuffled = every_step, predict, shuffled
        self._events = self._train()

    def advance(self) -> bool:
        """Train up to the next evaluation; False where there is none left."""
        known = len(self.evaluations)
        while self.finished is None and len(self.evaluations) == known:
            next(self._events)
        return self.finished is None

    def finish(self) -> Trial:
        """Train to the end."""
        while self.advance():
            pass
        return self

    @property
    def last(self) -> Evaluation | None:
        """The evaluation of the weights that training ended with, or else the newest one."""
        kept = self.finished.evaluation if self.finished else None
        return kept or (self.evaluations[-1] if self.evaluations else None)

    @property
    def diverged(self) -> bool:
        """Whether training ended because numbers were no longer finite."""
        return self.finished is not None and self.finished.reason == "diverged"

    @property
    def test(self) -> float:
        """The accuracy on the test images in percent, in the end; 0 for a run that diverged."""
        return 0.0 if self.diverged or self.last is None else 100 * self.last.test.accuracy

    @property
    def epochs(self) -> float:
        """How far training has come."""
        return self.evaluations[-1].epoch if self.evaluations else 0.0

    def curve(self, split: str, measure: str = "accuracy") -> tuple[Array, Array]:
        """Epochs, and the accuracy in percent, or the loss, on one part of the data after each."""
        scores = [(e.epoch, getattr(e, split)) for e in self.evaluations]
        factor = 100 if measure == "accuracy" else 1
        found = [(epoch, factor * getattr(s, measure)) for epoch, s in scores if s is not None]
        xs, ys = np.array(found).reshape(-1, 2).T
        return xs, ys

    def losses_by_step(self) -> tuple[Array, Array]:
        """The steps so far, and the loss of each: copies, which further training leaves alone."""
        losses = np.array(self.losses)
        return np.arange(1, len(losses) + 1), losses

    def _train(self) -> Iterator[Event]:
        from tui.system.sharing import make_trainer

        config = replace(self.config, threads=1, processes=1)
        data = shuffled_labels(config.limit) if self._shuffled else load_dataset()
        interval = 0.0 if self._every_step else NEVER
        with closing(make_trainer(config, data, step_interval=interval)) as trainer:
            for event in trainer.events():
                if isinstance(event, StepCompleted) and self._every_step:
                    self.losses.append(event.loss)
                if isinstance(event, StepCompleted | EpochCompleted) and event.evaluation:
                    self.evaluations.append(event.evaluation)
                    if self._predict:
                        found = trainer.predictor.predict(data.test)
                        self.predictions.append(found.predicted)
                if isinstance(event, RunFinished):
                    self.finished = event
                yield event


@cache
def trial(
    config: TrainConfig,
    *,
    every_step: bool = False,
    predict: bool = False,
    shuffled: bool = False,
) -> Trial:
    """The one trial of this configuration, as far as it was trained."""
    return Trial(config, every_step=every_step, predict=predict, shuffled=shuffled)


def race(trials: Sequence[Trial]) -> Iterator[None]:
    """Train all of them side by side, the one behind first; yields after every evaluation."""
    while running := [each for each in trials if each.finished is None]:
        min(running, key=lambda each: each.epochs).advance()
        yield


@cache
def shuffled_labels(limit: int) -> Dataset:
    """MNIST, where each of the first `limit` training images has the label of another of them."""
    data = load_dataset()
    train = data.train[: limit or None]
    labels = np.random.default_rng(0).permutation(train.labels)
    return replace(data, train=Split(train.images, labels))
