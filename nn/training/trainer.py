"""The trainer: an iterator of events, the one loop that every front end and test runs.

To pause is not to ask for the next event; to stop is to stop asking. Early stopping and divergence are
reasons of `RunFinished`, not exceptions.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split, stratified_split
from nn.data.preprocessing import Preprocessor
from nn.errors import StorageError
from nn.events import (
    EpochCompleted,
    Evaluation,
    Event,
    RateChanged,
    Reason,
    RunFinished,
    RunStarted,
    StepCompleted,
)
from nn.parallel.process_group import ONE_PROCESS, Cores, ProcessGroup
from nn.training.clocks import Mean, Stopwatch
from nn.training.early_stopping import EarlyStopping
from nn.training.randomness import Stream, stream
from nn.training.schedules import make_schedule


@dataclass(frozen=True, slots=True)
class TrainerState:
    """A run between two events: flat vectors by name, and values that JSON can hold."""

    arrays: dict[str, Array]
    values: dict[str, Any]


class Trainer:
    """Trains the network a configuration describes on a dataset; one instance is one run.

    Whatever depends on the data is checked here, before the first event: raises `ConfigError`.
    `step_interval` is the least number of seconds between two `StepCompleted`, 0 for one every step. It may
    be set while training, as may `rate_factor`, which multiplies the schedule's learning rate from
    the next step on. With `cores` of several processes, those run until `close`, or as long as the trainer;
    raises `WorkerError` where they do not start, as do the events where one ends.
    """

    def __init__(
        self,
        config: TrainConfig,
        dataset: Dataset,
        *,
        step_interval: float = 0.1,
        cores: Cores = ONE_PROCESS,
    ) -> None:
        self.config, self.dataset, self.step_interval = config, dataset, step_interval
        self.cores = cores
        self.train, self.validation = training_split(config, dataset)
        self.steps_per_epoch = math.ceil(len(self.train) / config.batch_size)
        self._epoch_images = len(self.train)
        if config.sampling == "replacement":  # every batch is full
            self._epoch_images = self.steps_per_epoch * config.batch_size
        self.total_steps = config.steps or config.epochs * self.steps_per_epoch
        self.step = 0
        self.rate_factor = 1.0
        self._schedule = make_schedule(config, self.steps_per_epoch, self.total_steps)
        splits = {"train": self.train, "validation": self.validation, "test": dataset.test}
        self.splits = {name: split for name, split in splits.items() if split is not None}
        self._team = ProcessGroup(
            config,
            self.splits,
            Preprocessor.fit(config.preprocessing, self.train.images, config.dtype),
            batches=self.steps_per_epoch,
            cores=cores,
        )
        self.model, self.predictor = self._team.model, self._team.predictor
        self.model.initialize(config, rng=stream(config.seed, Stream.INITIALIZATION))
        self._stopping = EarlyStopping(config)
        self._reason: Reason | None = None
        self._evaluation: Evaluation | None = None
        self._applied_factor = 1.0
        self._learning_rate = 0.0
        self._gradient_norms: tuple[int, tuple[float, ...]] = (0, ())  # of which step
        self._images_trained = 0
        # What a diverged run falls back to when its weights have overflowed.
        self._finite = self.step, self.model.parameters.copy()
        self._training, self._evaluating = Stopwatch(), Stopwatch()
        self._epoch = 0
        self._epoch_mean = Mean(self._training)

    @property
    def seconds(self) -> float:
        """Time spent training and evaluating so far; pauses between events do not count."""
        return self._training.seconds + self._evaluating.seconds

    def events(self) -> Iterator[Event]:
        """The run: `RunStarted`, progress, and `RunFinished`; the model then holds the kept weights."""
        yield self._run_started()
        while self._reason is None and self._epoch * self.steps_per_epoch < self.total_steps:
            if self.step == self._epoch * self.steps_per_epoch:
                self._epoch_mean = Mean(self._training)
                self._keep_finite()
            yield from self._steps_of_epoch()
            if self._reason is None and self.step < (self._epoch + 1) * self.steps_per_epoch:
                break  # the budget of steps ended inside the epoch
            if self._reason is None:
                self._epoch += 1
                yield self._epoch_completed()
        yield self._run_finished()

    def close(self) -> None:
        """End the other processes of `cores`; the run cannot go on then."""
        self._team.close()

    def state(self) -> TrainerState:
        """All that the rest of the run depends on; to be taken between two events, not after `RunFinished`."""
        if self.step == self._epoch * self.steps_per_epoch:
            self._keep_finite()
        if self._finite[0] == self.step:
            arrays = {"parameters": self._finite[1]}
        else:
            arrays = {"parameters": self.model.parameters.copy(), "finite": self._finite[1]}
        arrays |= {name: array.copy() for name, array in self._team.optimizer_state.items()}
        stopping_arrays, stopping = self._stopping.state()
        arrays |= {f"stopping.{name}": array for name, array in stopping_arrays.items()}
        dropout_rng, *worker_rngs = self._team.rng_states()
        values = {
            "step": self.step,
            "epoch": self._epoch,
            "epoch_loss": self._epoch_mean.total,
            "epoch_images": self._epoch_mean.images,
            "epoch_seconds": self._epoch_mean.seconds,
            "updates": self._team.updates,
            "dropout_rng": dropout_rng,
            "worker_rngs": worker_rngs,
            "rate_factor": self.rate_factor,
            "applied_factor": self._applied_factor,
            "learning_rate": self._learning_rate,
            "gradient_norms": self._norms_of_last_batch(),
            "finite_step": self._finite[0],
            "stopping": stopping,
            "evaluation": None if self._evaluation is None else asdict(self._evaluation),
            "reason": self._reason,
            "images_trained": self._images_trained,
            "training_seconds": self._training.seconds,
            "evaluating_seconds": self._evaluating.seconds,
        }
        return TrainerState(arrays, values)

    def restore(self, state: TrainerState) -> None:
        """Go on where a trainer of the same network and data was; to be called before `events`.

        Every later metric and weight is then the same, bit for bit, as if the run had not been
        interrupted. Raises `StorageError` for a state that does not fit.
        """
        try:
            self._restore(state.arrays, state.values)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            message = f"a saved state that does not fit the run: {type(error).__name__}: {error}"
            raise StorageError(message) from error

    def _restore(self, arrays: Mapping[str, Array], values: Mapping[str, Any]) -> None:
        for name, array in arrays.items():
            if array.shape != self.model.parameters.shape or array.dtype != self.config.dtype:
                raise ValueError(f"{name} is {array.dtype} {array.shape}")
        self.model.parameters[...] = arrays["parameters"]
        for name, vector in self._team.optimizer_state.items():
            vector[...] = arrays[name]
        stopping = {name.removeprefix("stopping."): array for name, array in arrays.items()}
        self.step, self._epoch = int(values["step"]), int(values["epoch"])
        if not 0 <= self.step - self._epoch * self.steps_per_epoch <= self.steps_per_epoch:
            raise ValueError(f"step {self.step} is not in epoch {self._epoch}")
        self._training = Stopwatch(float(values["training_seconds"]))
        self._evaluating = Stopwatch(float(values["evaluating_seconds"]))
        self._epoch_mean = Mean(
            self._training,
            total=float(values["epoch_loss"]),
            images=int(values["epoch_images"]),
            seconds=float(values["epoch_seconds"]),
        )
        self._team.updates = int(values["updates"])
        # A run from before several processes computed together has no states of workers.
        self._team.restore_rngs([values["dropout_rng"], *values.get("worker_rngs", ())])
        self.rate_factor = float(values["rate_factor"])
        self._applied_factor = float(values["applied_factor"])
        self._learning_rate = float(values["learning_rate"])
        self._gradient_norms = self.step, tuple(map(float, values["gradient_norms"]))
        self._finite = int(values["finite_step"]), arrays.get("finite", arrays["parameters"])
        self._stopping.restore(stopping, values["stopping"])
        evaluation, self._reason = values["evaluation"], values["reason"]
        self._evaluation = None if evaluation is None else Evaluation.from_dict(evaluation)
        self._images_trained = int(values["images_trained"])

    def _keep_finite(self) -> None:
        """Copy the weights between two epochs, for a run that diverges."""
        if self._finite[0] != self.step and np.isfinite(self.model.parameters).all():
            self._finite = self.step, self.model.parameters.copy()

    def _steps_of_epoch(self) -> Iterator[Event]:
        """What is left of the epoch under way, or of the budget."""
        end = min((self._epoch + 1) * self.steps_per_epoch, self.total_steps)
        since_report = Mean(self._training)
        self._training.start()
        self._team.begin_epoch(self._epoch_order(self._epoch))
        last_report = time.perf_counter()
        while self._reason is None and self.step < end:
            if self.rate_factor != self._applied_factor:
                self._applied_factor = self.rate_factor
                self._pause()
                yield RateChanged(self.step, self._applied_factor)
                self._training.start()
            if self._train(end, since_report, last_report):
                evaluate = self._evaluates_inside_epoch()
                self._pause()
                yield self._step_completed(since_report, self._evaluate() if evaluate else None)
                if self._reason:
                    return
                since_report = Mean(self._training)
                self._training.start()
                last_report = time.perf_counter()
        self._pause()

    # A loss that is not finite ends the run; warnings would only repeat it.
    @np.errstate(all="ignore")
    def _train(self, end: int, since_report: Mean, last_report: float) -> bool:
        """Steps until one is due to be reported, or the rate is changed, or the `end`; whether it is the first."""
        first, size = self._epoch * self.steps_per_epoch, self.config.batch_size
        while self.step < end and self.rate_factor == self._applied_factor:
            start = (self.step - first) * size
            stop = min(start + size, self._epoch_images)
            learning_rate = self._schedule(self.step) * self._applied_factor
            loss = self._team.step(start, stop, learning_rate)
            if not math.isfinite(loss):
                self._reason = "diverged"
                return False
            self.step += 1
            self._learning_rate = learning_rate
            self._images_trained += stop - start
            self._epoch_mean.add(loss, stop - start)
            since_report.add(loss, stop - start)
            if self._evaluates_inside_epoch():
                return True
            if time.perf_counter() - last_report >= self.step_interval:
                return True
        return False

    def _pause(self) -> None:
        """Before an event: the clock and all processes stand still."""
        self._team.settle()
        self._training.stop()

    def _step_completed(self, since_report: Mean, evaluation: Evaluation | None) -> StepCompleted:
        return StepCompleted(
            step=self.step,
            epoch=self._epoch + 1,
            loss=since_report.mean,
            learning_rate=self._learning_rate,
            gradient_norms=self._norms_of_last_batch(),
            samples_per_second=since_report.rate,
            seconds=self.seconds,
            evaluation=evaluation,
        )

    def _epoch_completed(self) -> EpochCompleted:
        evaluation = self._evaluate() if self._evaluates_after_epoch(self._epoch) else None
        return EpochCompleted(
            epoch=self._epoch,
            step=self.step,
            train_loss=self._epoch_mean.mean,
            learning_rate=self._learning_rate,
            gradient_norms=self._norms_of_last_batch(),
            samples_per_second=self._epoch_mean.rate,
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

    def _epoch_order(self, epoch: int) -> Array:
        """Indices of the training images in the order in which this epoch, from 0, takes them."""
        rng = stream(self.config.seed, Stream.ORDER, epoch)
        if self.config.sampling == "replacement":
            return rng.integers(len(self.train), size=self._epoch_images)
        return rng.permutation(len(self.train))

    def _norms_of_last_batch(self) -> tuple[float, ...]:
        """The gradient's, layer by layer, as they were before clipping."""
        if self._gradient_norms[0] != self.step:
            self._gradient_norms = self.step, self._team.gradient_norms()
        return self._gradient_norms[1]

    @np.errstate(all="ignore")
    def _evaluate(self) -> Evaluation:
        """Score the weights, note it for early stopping, and set the reason where the run is to end."""
        self._evaluating.start()
        train = self._team.score("train") if self.config.eval_train else None
        validation = self._team.score("validation") if self.validation else None
        test = self._team.score("test")
        self._evaluating.stop()
        self._evaluation = evaluation = Evaluation(
            step=self.step,
            epoch=self.step / self.steps_per_epoch,
            train=train,
            validation=validation,
            test=test,
            improved=self._stopping.is_improvement(validation, test),
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


def training_split(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """The training images left after `limit` and validation, and the validation images."""
    train = dataset.train[: config.limit or None]
    if config.validation == 0:
        return train, None
    kept, held_out = stratified_split(
        train.labels, config.validation, rng=stream(config.seed, Stream.SPLIT)
    )
    return train[kept], train[held_out]
