"""The trainer: an iterator of events, the one loop that every front end and test runs.

To pause is not to ask for the next event; to stop is to stop asking. Early stopping and divergence are
reasons of `RunFinished`, not exceptions.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np

from nn.config import TrainConfig
from nn.data import CLASSES, PIXELS, Dataset, Preprocessor, Split, stratified_split
from nn.events import (
    EpochCompleted,
    Evaluation,
    Event,
    RateChanged,
    Reason,
    RunFinished,
    RunStarted,
    Score,
    StepCompleted,
)
from nn.layers import Array, Scratch
from nn.losses import LOSSES, target_rows
from nn.model import build_model
from nn.optimizers import clip_norm, make_optimizer
from nn.predictor import Predictor
from nn.schedules import make_schedule

# Every use of randomness has a stream of its own, so that none depends on how much another drew.
_INITIALIZATION, _SPLIT, _ORDER, _DROPOUT = range(4)


def _rng(seed: int, *stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream))


class Stopwatch:
    """Adds up the seconds between each `start` and `stop`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def start(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        self.seconds += time.perf_counter() - self._since


class EarlyStopping:
    """Follows one loss from evaluation to evaluation, and keeps the weights to go back to.

    After `config.patience` evaluations in a row without a new lowest loss, `exhausted` is true. `kept` is the
    (evaluation, parameters) that `config.restore` names, None where there is nothing to restore.
    """

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self._on_test = config.stop_on == "test" or config.validation == 0
        self._best_loss = math.inf
        self._failures = 0
        self._last: tuple[Evaluation, Array] | None = None
        self.kept: tuple[Evaluation, Array] | None = None

    @property
    def exhausted(self) -> bool:
        return 0 < self._config.patience <= self._failures

    def lowest(self, validation: Score | None, test: Score) -> bool:
        """Whether these scores have the lowest loss so far."""
        return (test if self._on_test or validation is None else validation).loss < self._best_loss

    def see(self, evaluation: Evaluation, parameters: Array) -> None:
        """Take note of an evaluation of these parameters."""
        watched = evaluation.test if self._on_test else evaluation.validation
        assert watched is not None
        self._failures = 0 if evaluation.improved else self._failures + 1
        if evaluation.improved:
            self._best_loss = watched.loss
        if self._config.patience == 0:
            return
        if self._config.restore == "best" and evaluation.improved:
            self.kept = evaluation, parameters.copy()
        elif self._config.restore == "previous":
            self.kept = self._last if self.exhausted else None
            self._last = evaluation, parameters.copy()


class Trainer:
    """Trains the network a configuration describes on a dataset; one instance is one run.

    Whatever depends on the data is checked here, before the first event: raises `ConfigError`.
    `step_interval` is the least number of seconds between two `StepCompleted`, 0 for one every step. It may
    be set while training, as may `rate_factor`, which multiplies the schedule's learning rate from
    the next step on.
    """

    def __init__(
        self, config: TrainConfig, dataset: Dataset, *, step_interval: float = 0.1
    ) -> None:
        self.config, self.dataset, self.step_interval = config, dataset, step_interval
        self.train, self.validation = _split(config, dataset)
        self.steps_per_epoch = math.ceil(len(self.train) / config.batch_size)
        self.total_steps = config.steps or config.epochs * self.steps_per_epoch
        self.step = 0
        self.rate_factor = 1.0
        self._schedule = make_schedule(config, self.steps_per_epoch, self.total_steps)
        self.model = build_model(config, rng=_rng(config.seed, _DROPOUT))
        self.model.initialize(config, rng=_rng(config.seed, _INITIALIZATION))
        preprocessor = Preprocessor.fit(config.preprocessing, self.train.images, config.dtype)
        self.predictor = Predictor(config, self.model, preprocessor)
        self._optimizer = make_optimizer(config, self.model.parameters)
        self._loss = LOSSES[config.loss]()
        # One column a class. A batch's targets are gathered as columns too, as the softmax reads them.
        self._targets = target_rows(CLASSES, smoothing=config.label_smoothing, dtype=config.dtype).T
        self._labels = self.train.labels.astype(np.intp)  # as np.take wants indices
        self._pixels, self._inputs = Scratch(), Scratch()
        self._batch_labels, self._batch_targets = Scratch(), Scratch()
        self._stopping = EarlyStopping(config)
        self._reason: Reason | None = None
        self._evaluation: Evaluation | None = None
        self._applied_factor = 1.0
        self._learning_rate = 0.0
        self._clip_factor = 1.0
        self._images_trained = 0
        # What a diverged run falls back to when its weights have overflowed.
        self._finite = self.step, self.model.parameters.copy()
        self._training, self._evaluating = Stopwatch(), Stopwatch()

    @property
    def seconds(self) -> float:
        """Time spent training and evaluating so far; pauses between events do not count."""
        return self._training.seconds + self._evaluating.seconds

    def events(self) -> Iterator[Event]:
        """The run: `RunStarted`, progress, and `RunFinished`; the model then holds the kept weights."""
        yield self._run_started()
        while self._reason is None and self.step < self.total_steps:
            yield from self._run_epoch()
        yield self._run_finished()

    def _run_epoch(self) -> Iterator[Event]:
        config = self.config
        epoch, first = divmod(self.step, self.steps_per_epoch)
        order = self._epoch_order(epoch)
        if np.isfinite(self.model.parameters).all():
            self._finite = self.step, self.model.parameters.copy()
        whole, part = _Mean(self._training), _Mean(self._training)
        self._training.start()
        last_report = time.perf_counter()
        for batch in range(first, min(self.steps_per_epoch, first + self.total_steps - self.step)):
            if self.rate_factor != self._applied_factor:
                self._applied_factor = self.rate_factor
                self._training.stop()
                yield RateChanged(self.step, self._applied_factor)
                self._training.start()
            index = order[batch * config.batch_size : (batch + 1) * config.batch_size]
            loss = self._train_step(index)
            if not math.isfinite(loss):
                self._training.stop()
                self._reason = "diverged"
                return
            whole.add(loss, len(index))
            part.add(loss, len(index))
            evaluate = self._evaluates_inside_epoch()
            if evaluate or time.perf_counter() - last_report >= self.step_interval:
                self._training.stop()
                evaluation = self._evaluate() if evaluate else None
                yield StepCompleted(
                    step=self.step,
                    epoch=epoch + 1,
                    loss=part.mean,
                    learning_rate=self._learning_rate,
                    gradient_norms=self._gradient_norms(),
                    samples_per_second=part.rate,
                    seconds=self.seconds,
                    evaluation=evaluation,
                )
                if self._reason:
                    return
                part = _Mean(self._training)
                self._training.start()
                last_report = time.perf_counter()
        self._training.stop()
        if self.step % self.steps_per_epoch:
            return  # the budget of steps ended inside the epoch
        evaluation = self._evaluate() if self._evaluates_after_epoch(epoch + 1) else None
        yield EpochCompleted(
            epoch=epoch + 1,
            step=self.step,
            train_loss=whole.mean,
            learning_rate=self._learning_rate,
            gradient_norms=self._gradient_norms(),
            samples_per_second=whole.rate,
            seconds=self.seconds,
            evaluation=evaluation,
        )

    def _evaluates_inside_epoch(self) -> bool:
        last = self.step == self.total_steps
        if self.config.eval_steps:
            return last or (self.step - 1) % self.config.eval_steps == 0
        return last and self.step % self.steps_per_epoch != 0

    def _evaluates_after_epoch(self, epoch: int) -> bool:
        if self.config.eval_steps:
            return False
        return epoch % self.config.eval_epochs == 0 or self.step == self.total_steps

    @np.errstate(
        all="ignore"
    )  # a loss that is not finite ends the run; warnings would only repeat it
    def _train_step(self, index: Array) -> float:
        """One update on the training images of these indices; returns the loss before it.

        A loss that is not finite updates nothing.
        """
        n, parameters = len(index), self.model.parameters
        pixels = self._pixels.rows(n, PIXELS, np.uint8)
        self.train.images.take(index, 0, pixels, "clip")
        x = self.predictor.preprocessor.transform(
            pixels, self._inputs.rows(n, PIXELS, parameters.dtype)
        )
        (labels,) = self._batch_labels.rows(1, n, np.intp)
        self._labels.take(index, 0, labels, "clip")
        targets = self._batch_targets.rows(CLASSES, n, parameters.dtype)
        self._targets.take(labels, 1, targets, "clip")
        loss = self._loss.forward(self.model.forward(x, training=True), targets.T)
        if math.isfinite(loss):
            self.model.backward(self._loss.backward())
            if self.config.clip_norm:
                self._clip_factor = clip_norm(self.model.gradients, self.config.clip_norm)
            self._learning_rate = self._schedule(self.step) * self._applied_factor
            self._optimizer.step(parameters, self.model.gradients, self._learning_rate)
            self.step += 1
            self._images_trained += n
        return loss

    def _epoch_order(self, epoch: int) -> Array:
        """Indices of the training images in the order in which this epoch, from 0, takes them."""
        rng, images = _rng(self.config.seed, _ORDER, epoch), len(self.train)
        if self.config.sampling == "replacement":
            return rng.integers(images, size=self.steps_per_epoch * self.config.batch_size)
        return rng.permutation(images)

    def _gradient_norms(self) -> tuple[float, ...]:
        """Of the last batch, as they were before clipping."""
        return tuple(norm / self._clip_factor for norm in self.model.gradient_norms())

    @np.errstate(all="ignore")
    def _evaluate(self) -> Evaluation:
        """Score the weights, note it for early stopping, and set the reason where the run is to end."""
        self._evaluating.start()
        train = self.predictor.score(self.train) if self.config.eval_train else None
        validation = self.predictor.score(self.validation) if self.validation else None
        test = self.predictor.score(self.dataset.test)
        self._evaluating.stop()
        self._evaluation = evaluation = Evaluation(
            step=self.step,
            epoch=self.step / self.steps_per_epoch,
            train=train,
            validation=validation,
            test=test,
            improved=self._stopping.lowest(validation, test),
            seconds=self.seconds,
        )
        if not all(math.isfinite(score.loss) for score in (train, validation, test) if score):
            self._reason = "diverged"
            return evaluation
        self._stopping.see(evaluation, self.model.parameters)
        if self._stopping.exhausted:
            self._reason = "early-stopped"
        return evaluation

    def _run_started(self) -> RunStarted:
        return RunStarted(
            config=self.config,
            layers=self.model.summary(),
            parameters=self.model.parameters.size,
            train_images=len(self.train),
            validation_images=len(self.validation) if self.validation else 0,
            test_images=len(self.dataset.test),
            steps_per_epoch=self.steps_per_epoch,
            total_steps=self.total_steps,
            start_step=self.step,
            data_name=self.dataset.name,
            data_sha256=self.dataset.sha256,
        )

    def _run_finished(self) -> RunFinished:
        kept_step, evaluation = self.step, self._evaluation
        if self._reason == "diverged":
            if not np.isfinite(self.model.parameters).all():
                kept_step, self.model.parameters[...] = self._finite
            evaluation = None
        elif self._stopping.kept is not None:
            evaluation, self.model.parameters[...] = self._stopping.kept
            kept_step = evaluation.step
        return RunFinished(
            reason=self._reason or "completed",
            step=self.step,
            epoch=self.step / self.steps_per_epoch,
            kept_step=kept_step,
            evaluation=evaluation,
            samples_per_second=self._images_trained / max(self._training.seconds, 1e-9),
            seconds=self.seconds,
        )


class _Mean:
    """Mean loss and speed over the batches added since it was made."""

    def __init__(self, clock: Stopwatch) -> None:
        self._clock, self._since = clock, clock.seconds
        self._total, self._images = 0.0, 0

    def add(self, loss: float, images: int) -> None:
        self._total += loss * images
        self._images += images

    @property
    def mean(self) -> float:
        return self._total / self._images

    @property
    def rate(self) -> float:
        """Images a second of training; read while the clock stands."""
        return self._images / (self._clock.seconds - self._since)


def _split(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """The training images left after `limit` and validation, and the validation images."""
    train = dataset.train[: config.limit or None]
    if config.validation == 0:
        return train, None
    kept, held_out = stratified_split(
        train.labels, config.validation, rng=_rng(config.seed, _SPLIT)
    )
    return train[kept], train[held_out]
