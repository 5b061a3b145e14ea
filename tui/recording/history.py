"""The history of a run: its events, in the form that the screens draw."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nn.config import TrainConfig
from nn.events import (
    CoresReduced,
    EpochCompleted,
    Evaluation,
    Event,
    RateChanged,
    RunFinished,
    RunStarted,
    Score,
    StepCompleted,
)
from nn.storage.records import Outcome, Recorded
from nn.training.best_weights import BestWeights, has_learned
from tui.recording.experiment import Experiment

MAX_STEP_POINTS = 20_000  # of the loss inside epochs; beyond, every other one is dropped
MAX_GRADIENT_POINTS = 2_000  # the same for the gradient norms, of which there is one for each layer


@dataclass(eq=False)
class RunHistory:
    """One run, which grows with each event.

    `folder` is where the run is saved, None where it is not.
    `label` is its name on charts. `steps` holds (step, mean loss since the last point) and
    `gradients` (step, gradient norm of each layer, input side first), evenly thinned once there are
    many; of a saved run there are the gradients of its epochs only. `saved_step` is how far a saved
    run has come, which may be beyond the last of its events. `rows` holds every event that
    ends an epoch or brings an evaluation, as a table shows them.
    """

    label: str
    experiment: Experiment
    started: RunStarted | None = None
    latest: StepCompleted | EpochCompleted | None = None
    finished: RunFinished | None = None
    error: str | None = None
    folder: Path | None = None
    saved_step: int = 0
    epochs: list[EpochCompleted] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    rows: list[StepCompleted | EpochCompleted] = field(default_factory=list)
    rate_changes: list[RateChanged] = field(default_factory=list)
    cores_reduced: CoresReduced | None = None
    steps: list[tuple[int, float]] = field(default_factory=list)
    gradients: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)
    _keep_every: int = 1
    _seen: int = 0
    _keep_gradients: int = 1
    _seen_gradients: int = 0

    @property
    def config(self) -> TrainConfig:
        """The configuration of the run."""
        return self.experiment.config

    def add(self, event: Event) -> None:
        """Take in the next event of the run."""
        match event:
            case RunStarted():
                self.started = event
                self._forget_after(event.start_step)
            case StepCompleted():
                self.latest = event
                self._add_step(event)
            case EpochCompleted():
                self.latest = event
                self.epochs.append(event)
            case RateChanged():
                self.rate_changes.append(event)
            case CoresReduced():
                self.cores_reduced = event
            case RunFinished():
                self.finished = event
        if isinstance(event, StepCompleted | EpochCompleted):
            self._add_gradients(event)
            if event.evaluation is not None:
                self.evaluations.append(event.evaluation)
            if event.evaluation is not None or isinstance(event, EpochCompleted):
                self.rows.append(event)

    def replay(self, event: Recorded | RunFinished) -> None:
        """Take in an event of a saved run, whose end is an `Outcome`."""
        if isinstance(event, Outcome):
            if event.reason != "interrupted":
                self.finished = RunFinished(
                    event.reason,
                    event.step,
                    event.epoch,
                    event.kept_step,
                    event.evaluation,
                    event.samples_per_second,
                    event.seconds,
                )
        else:
            self.add(event)

    def _forget_after(self, step: int) -> None:
        """Drop the events after a step that a resumed run goes on from."""
        self.finished = None
        lists: list[list[Any]] = [self.epochs, self.evaluations, self.rows, self.rate_changes]
        for events in lists:
            events[:] = [event for event in events if event.step <= step]
        if self.cores_reduced is not None and self.cores_reduced.step > step:
            self.cores_reduced = None
        self.steps = [point for point in self.steps if point[0] <= step]
        self.gradients = [point for point in self.gradients if point[0] <= step]
        if self.latest is not None and self.latest.step > step:
            self.latest = self.rows[-1] if self.rows else None

    def _add_step(self, event: StepCompleted) -> None:
        if self._seen % self._keep_every == 0:
            self.steps.append((event.step, event.loss))
        self._seen += 1
        if len(self.steps) > MAX_STEP_POINTS:
            del self.steps[1::2]
            self._keep_every *= 2

    def _add_gradients(self, event: StepCompleted | EpochCompleted) -> None:
        if self.gradients and self.gradients[-1][0] == event.step:
            return  # An epoch repeats those of its last step.
        if self._seen_gradients % self._keep_gradients == 0 and event.gradient_norms:
            self.gradients.append((event.step, event.gradient_norms))
        self._seen_gradients += 1
        if len(self.gradients) > MAX_GRADIENT_POINTS:
            del self.gradients[1::2]
            self._keep_gradients *= 2

    @property
    def diverged(self) -> bool:
        """Whether the run ended because its loss was no longer a number."""
        return self.finished is not None and self.finished.reason == "diverged"

    @property
    def present(self) -> Evaluation | None:
        """The evaluation of the weights that the network has: at the end, of those that were kept.

        None where they were not evaluated.
        """
        if self.finished is None:
            return self.evaluations[-1] if self.evaluations else None
        kept = self.finished.kept_step
        known = (each for each in reversed(self.evaluations) if each.step == kept)
        return self.finished.evaluation or next(known, None)

    @property
    def best(self) -> Evaluation | None:
        """The evaluation of the best weights, as `BestWeights` has it."""
        return BestWeights(self.config, self.evaluations).best

    @property
    def has_learned(self) -> bool:
        """Whether its best weights do more than guess."""
        best, classes = self.best, self.started.spec.classes if self.started else 10
        return best is not None and has_learned(best, classes)

    @property
    def lowest(self) -> Evaluation | None:
        """The evaluation with the lowest test loss, the first of equals; NaN is not low."""
        known = (e for e in self.evaluations if e.test.loss == e.test.loss)
        return min(known, key=lambda e: e.test.loss, default=None)

    @property
    def highest(self) -> Evaluation | None:
        """The evaluation with the highest test accuracy, the first of equals."""
        return max(self.evaluations, key=lambda e: e.test.accuracy, default=None)

    def outcome(self) -> Outcome:
        """How the run ended, or how far it came."""
        if end := self.finished:
            return Outcome(
                reason=end.reason,
                step=end.step,
                epoch=end.epoch,
                kept_step=end.kept_step,
                evaluation=end.evaluation,
                best=self.best,
                samples_per_second=end.samples_per_second,
                seconds=end.seconds,
                saved=None,
            )
        latest, evaluation = self.latest, self.evaluations[-1] if self.evaluations else None
        step = max(
            latest.step if latest else 0,
            self.rate_changes[-1].step if self.rate_changes else 0,
            self.started.start_step if self.started else 0,
        )
        return Outcome(
            reason="interrupted",
            step=step,
            epoch=step / self.started.steps_per_epoch if self.started else 0.0,
            kept_step=step,
            evaluation=evaluation if evaluation and evaluation.step == step else None,
            best=self.best,
            samples_per_second=latest.samples_per_second if latest else 0.0,
            seconds=latest.seconds if latest else 0.0,
            saved=None,
        )

    @property
    def step(self) -> int:
        """How many steps are done."""
        if self.latest is not None:
            return max(self.latest.step, self.saved_step)
        return max(self.saved_step, self.started.start_step if self.started else 0)

    def seconds_left(self, pace: float | None = None) -> float | None:
        """Time left at the mean speed so far, None before there is one.

        `pace` is how many steps a second are taken in slow motion. The seconds of the events do not
        contain its waits.
        """
        if self.latest is None or self.started is None or self.latest.step == 0:
            return None
        seconds = self.latest.seconds / self.latest.step
        if pace is not None:
            seconds = max(seconds, 1 / pace)
        return seconds * (self.started.total_steps - self.latest.step)

    def curve(self, split: str, metric: str) -> tuple[list[float], list[float]]:
        """(epochs, values) of a split (train, validation, test) and a metric (loss, accuracy)."""
        points = [
            (e.epoch, getattr(getattr(e, split), metric))
            for e in self.evaluations
            if getattr(e, split)
        ]
        return [epoch for epoch, _ in points], [value for _, value in points]

    def running_loss(self) -> tuple[list[float], list[float]]:
        """(epochs as fractions, loss) of the training batches."""
        if self.started is None:
            return [], []
        per_epoch = self.started.steps_per_epoch
        return [step / per_epoch for step, _ in self.steps], [loss for _, loss in self.steps]

    def to_csv(self) -> str:
        """The evaluations as CSV, a header first; an empty field is "not measured"."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        names = [
            f"{split}_{metric}"
            for split in ("train", "validation", "test")
            for metric in ("loss", "accuracy")
        ]
        writer.writerow(["epoch", "step", *names, "seconds"])
        for e in self.evaluations:
            scores = [v for s in (e.train, e.validation, e.test) for v in _values(s)]
            writer.writerow([e.epoch, e.step, *scores, e.seconds])
        return out.getvalue()


def _values(score: Score | None) -> tuple[float | str, float | str]:
    return ("", "") if score is None else (score.loss, score.accuracy)
