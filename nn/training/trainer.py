"""The trainer: an iterator of events, the one loop that every front end and every test runs.

A caller pauses a run by not asking for the next event, and stops it by never asking again. Early
stopping and divergence are reasons of `RunFinished`, not exceptions.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import (
    CoresReduced,
    EpochCompleted,
    Evaluation,
    Event,
    RateChanged,
    RunFinished,
)
from nn.network.model import initialize_model
from nn.network.predictor import Predictor
from nn.training.engine import EngineFactory, Fed, OneProcess
from nn.training.evaluating import evaluate
from nn.training.pace import MUCH_SLOWER, Pace
from nn.training.plan import Plan, splits_of
from nn.training.progress import Progress, TrainerState
from nn.training.randomness import Stream, stream
from nn.training.reporting import (
    Report,
    epoch_completed,
    run_finished,
    run_started,
    step_completed,
)
from nn.training.run_state import RunState


class Trainer:
    """Trains the network that a configuration describes on a dataset; one instance is one run.

    Whatever depends on the data is checked here, before the first event: raises `ConfigError`.
    `step_interval` is the least number of seconds between two `StepCompleted`, 0 for one each step.
    It may be set while training, as may `rate_factor`, which multiplies the schedule's learning
    rate from the next step on. `engine` makes what computes the steps and the scores; whatever
    error it raises passes through here and through `events`. `fallback` makes what takes over after
    an epoch whose steps took many times as long as the shortest step; it may be set as well.
    """

    def __init__(
        self,
        config: TrainConfig,
        dataset: Dataset,
        *,
        step_interval: float = 0.1,
        engine: EngineFactory = OneProcess,
        fallback: EngineFactory | None = None,
    ) -> None:
        self.config, self.dataset, self.step_interval = config, dataset, step_interval
        self.splits = splits_of(config, dataset)
        self.train, self.validation = self.splits["train"], self.splits.get("validation")
        self._plan = plan = Plan(config, len(self.train))
        self.steps_per_epoch, self.total_steps = plan.steps_per_epoch, plan.total_steps
        self.fallback, self._pace = fallback, Pace()
        self._went_back = False  # whether `predictor` has the weights of an earlier evaluation
        self._fed = Fed.of(config, dataset, self.splits)
        self._take(engine)
        initialize_model(self.model, config, rng=stream(config.seed, Stream.INITIALIZATION))
        self._state = RunState(config, self.engine, plan.steps_per_epoch)
        self._state.start_from(self.model.parameters)

    @property
    def _progress(self) -> Progress:
        return self._state.progress

    @property
    def step(self) -> int:
        """The number of updates made."""
        return self._progress.step

    @property
    def rate_factor(self) -> float:
        """What multiplies the schedule's learning rate from the next step on."""
        return self._progress.rate_factor

    @rate_factor.setter
    def rate_factor(self, factor: float) -> None:
        self._progress.rate_factor = factor

    @property
    def seconds(self) -> float:
        """Time spent training and evaluating so far; pauses between events do not count."""
        return self._progress.seconds

    @property
    def samples_per_second(self) -> float:
        """Images a second of the whole run so far, evaluation apart; 0 before the first step."""
        return self._progress.samples_per_second

    @property
    def warping_share(self) -> float | None:
        """The share of the time of training that was spent on warps; None without augmentation."""
        if not self.config.augments:
            return None
        return self._progress.warping_seconds / max(self._progress.training_seconds, 1e-9)

    @property
    def trained(self) -> bool:
        """Whether no step is left: next comes `RunFinished`, or before it the end of the epoch."""
        return self._progress.reason is not None or self.step >= self.total_steps

    @property
    def masks_changed(self) -> bool:
        """Whether `restore` was given a state with `masks_change`."""
        return self._state.masks_changed

    def start_from(self, parameters: Array) -> None:
        """Begin with these parameters in place of random ones; to be called before `events`."""
        self._state.start_from(parameters)

    def compute_with(self, engine: EngineFactory) -> None:
        """Have another engine go on from here; to be called between two events.

        What follows is as if the run had been saved, and resumed with that engine. Where it cannot
        be made, the run is as it was.
        """
        former = self.engine
        self._take(engine)
        self._state.move_to(self.engine)
        self._pace = Pace()
        former.close()

    def _take(self, make: EngineFactory) -> None:
        fed = self._fed
        self.engine = make(self.config, fed.splits, fed.scaling)
        self.model, self.predictor = self.engine.model, self.engine.predictor
        if self.config.deskew:
            model, spec = self.predictor.model, self.dataset.spec
            self.predictor = Predictor(self.config, model, fed.preprocessor, spec)

    def events(self) -> Iterator[Event]:
        """`RunStarted`, progress, and `RunFinished`; `predictor` then has the kept weights."""
        yield run_started(self.config, self.dataset, self.splits, self.model, self._plan, self.step)
        self._stop_if_exhausted()  # a run whose patience and budget ended together, and got more
        progress, steps = self._progress, self.steps_per_epoch
        while progress.reason is None and progress.epoch * steps < self.total_steps:
            if progress.step == progress.epoch * steps:
                progress.begin_epoch()
                self._state.keep_finite()
            yield from self._steps_of_epoch()
            if progress.reason is None and progress.step < (progress.epoch + 1) * steps:
                break  # the budget of steps ended inside the epoch
            if progress.reason is None:
                progress.epoch += 1
                yield self._epoch_completed()
                yield from self._fall_back()
        yield self._run_finished()

    @property
    def raw_parameters(self) -> Array | None:
        """The weights as they are trained, where those of `predictor` are their average.

        None without averaging, and where early stopping has gone back to an earlier average.
        """
        averages = self.predictor.model is not self.model
        return self.model.parameters if averages and not self._went_back else None

    def close(self) -> None:
        """Close the engine; the run cannot go on then."""
        self.engine.close()

    def state(self) -> TrainerState:
        """All that the rest of the run depends on, as it is between two events.

        After `RunFinished` there is nothing to go on from, and the state is of no use.
        """
        return self._state.save()

    def restore(self, state: TrainerState) -> None:
        """Go on where a trainer of the same network and data was; to be called before `events`.

        Every later metric and weight is then the same, bit for bit, as if the run had not been
        interrupted, unless `state.masks_change`. Raises `StorageError` for one that does not fit.
        """
        self._state.restore(state)

    def _fall_back(self) -> Iterator[CoresReduced]:
        """Have `fallback` take over where the steps have come to take many times their best."""
        slowdown = self._pace.slowdown()
        if self.fallback is None or self.trained or slowdown < MUCH_SLOWER:
            return
        self.compute_with(self.fallback)
        self.fallback = None
        yield CoresReduced(self.step, slowdown)

    def _steps_of_epoch(self) -> Iterator[Event]:
        """The rest of the epoch under way, or of the budget."""
        progress = self._progress
        end = min((progress.epoch + 1) * self.steps_per_epoch, self.total_steps)
        order = self._plan.order(progress.epoch)
        report = self._begin_report()
        while progress.reason is None and progress.step < end:
            if progress.rate_factor != progress.applied_factor:
                progress.applied_factor = progress.rate_factor
                self._pause(report)
                yield RateChanged(progress.step, progress.applied_factor)
                self._go_on()
            if self._train(order, end, report):
                due = self._plan.evaluates_inside_epoch(progress.step)
                self._pause(report)
                evaluation = self._evaluate() if due else None
                yield step_completed(report, progress, self._state.gradient_norms(), evaluation)
                if progress.reason:
                    return
                report = self._begin_report()
        self._pause(report)

    def _begin_report(self) -> Report:
        self._go_on()
        return Report(began=self._training_since)

    def _go_on(self) -> None:
        """Make the engine ready, and start the clock, after an event."""
        self.engine.begin()
        self._training_since = time.perf_counter()

    # A loss that is not finite ends the run with a reason; NumPy's warnings would add nothing.
    @np.errstate(all="ignore")
    def _train(self, order: Array, end: int, report: Report) -> bool:
        """Train until a step is due for a report (True).

        False: the rate has changed, `end` is reached, or the run has diverged.
        """
        progress, size = self._progress, self.config.batch_size
        first, ahead = progress.epoch * self.steps_per_epoch, self.config.computes_inputs
        pace = self._pace if self.fallback else None
        before = time.perf_counter()
        while progress.step < end and progress.rate_factor == progress.applied_factor:
            start = (progress.step - first) * size
            index = order[start : start + size]
            if ahead and progress.step + 1 < end:
                self.engine.expect(order[start + size : start + 2 * size], progress.step + 1)
            learning_rate = self._plan.rate(progress.step) * progress.applied_factor
            loss = self.engine.step(index, progress.step, learning_rate)
            if not math.isfinite(loss):
                progress.reason = "diverged"
                return False
            progress.count(loss, images := len(index), learning_rate)
            report.images += images
            report.loss += loss * images
            now = time.perf_counter()
            if pace and images == size:
                pace.add(now - before)
            before = now
            if self._plan.evaluates_inside_epoch(progress.step):
                return True
            if now - report.began >= self.step_interval:
                return True
        return False

    def _pause(self, report: Report) -> None:
        """Let the engine come to rest, and stop the clock, before an event."""
        self.engine.settle()
        seconds = time.perf_counter() - self._training_since
        self._progress.spend(seconds, self.engine.take_warping_seconds())
        report.seconds += seconds

    def _epoch_completed(self) -> EpochCompleted:
        progress = self._progress
        evaluation = self._evaluate() if self._plan.evaluates_after_epoch(progress.epoch) else None
        return epoch_completed(progress, self._state.gradient_norms(), evaluation)

    def _evaluate(self) -> Evaluation:
        """Score the weights, update early stopping, and set the reason where the run is to end."""
        progress, stopping = self._progress, self._state.stopping
        evaluation = evaluate(self.engine, self.config, progress, stopping, self.steps_per_epoch)
        if evaluation.is_finite:
            stopping.update(evaluation, self.predictor.model.parameters)
            self._stop_if_exhausted()
        else:
            progress.reason = "diverged"
        return evaluation

    def _stop_if_exhausted(self) -> None:
        """Stop early, unless nothing of the budget is left."""
        if self._state.stopping.exhausted and self.step < self.total_steps:
            self._progress.reason = "early-stopped"

    def _run_finished(self) -> RunFinished:
        progress = self._progress
        kept_step, evaluation = progress.step, progress.evaluation
        if progress.reason == "diverged":
            kept_step, evaluation = self._state.fall_back(), None
        elif self._state.stopping.kept is not None:
            self._went_back = True
            evaluation, self.predictor.model.parameters[...] = self._state.stopping.kept
            kept_step = evaluation.step
        return run_finished(progress, self.steps_per_epoch, kept_step, evaluation)
