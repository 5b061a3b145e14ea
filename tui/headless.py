"""Train without a screen: the trainer's events go to a reporter, signals and the saved model included.

The trainer knows nothing of interruption: it is simply not asked for its next event. What is told of
the end therefore comes from here, as an `Outcome`, whatever the reason.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

from nn.config import TrainConfig
from nn.data import load_dataset
from nn.errors import CheckpointError
from nn.events import Evaluation, Event, RateChanged, RunFinished, RunStarted
from nn.trainer import Trainer
from tui.exits import CommandError, ExitCode
from tui.reporters import Invocation, Outcome, Reporter, Silence, is_live
from tui.signals import GracefulStop
from tui.threads import limit_threads


def run_headless(
    config: TrainConfig,
    recipe: str | None,
    base: TrainConfig,
    *,
    save: Path | None,
    as_json: bool,
    quiet: bool,
    step_interval: float,
) -> ExitCode:
    """Load the data, train, and say how it ended; `base` is what the recipe alone configures."""
    invocation = Invocation.of(config, recipe, base, threads=limit_threads(config.threads))
    trainer = Trainer(config, load_dataset(config.data_dir), step_interval=step_interval)
    with choose_reporter(invocation, as_json=as_json, quiet=quiet) as reporter:
        outcome, code = train(trainer, reporter, save=save)
    if outcome.reason == "diverged":
        raise CommandError(
            f"diverged: the loss was not finite after step {outcome.step:,}; try a lower --learning-rate",
            code,
        )
    return code


def choose_reporter(invocation: Invocation, *, as_json: bool, quiet: bool) -> Reporter:
    """JSON Lines on stdout; or on stderr a progress bar in a terminal, plain lines elsewhere."""
    if as_json:
        from tui.reporters.json_lines import JsonLines

        return JsonLines(invocation, sys.stdout)
    if quiet:
        return Silence()
    if is_live(sys.stderr):
        from tui.reporters.progress import LiveNarration

        return LiveNarration(invocation, sys.stderr)
    from tui.reporters.narration import Narration

    return Narration(invocation, sys.stderr)


def train(trainer: Trainer, reporter: Reporter, *, save: Path | None) -> tuple[Outcome, ExitCode]:
    """Run to the end, or to a signal: then the step under way is finished and the model still saved."""

    def hurry() -> None:
        trainer.step_interval = (
            0.0  # the next step is an event, however rare events were meant to be
        )

    with GracefulStop(hurry) as stop:
        outcome = _outcome(trainer, reporter, stop)
        try:
            if save is not None:
                trainer.predictor.save(save)
                outcome = replace(outcome, saved=str(save))
        except CheckpointError as error:
            raise CommandError(str(error), ExitCode.FAILURE) from error
        finally:
            reporter.show(outcome)  # with saved=None where saving failed
    if outcome.reason == "interrupted" and stop.code is not None:
        return outcome, stop.code
    return outcome, ExitCode.FAILURE if outcome.reason == "diverged" else ExitCode.SUCCESS


def _outcome(trainer: Trainer, reporter: Reporter, stop: GracefulStop) -> Outcome:
    course = _Course()
    # `events` is a generator, typed as the iterator that callers need.
    with closing(cast(Generator[Event, None, None], trainer.events())) as events:
        for event in events:
            if isinstance(event, RunFinished):
                return course.finished(event)
            course.follow(event)
            reporter.show(event)
            if stop.code is not None:
                return course.interrupted()
    raise AssertionError("the trainer ended without RunFinished")


class _Course:
    """What has been seen of a run so far: all that is known of one that is interrupted."""

    def __init__(self) -> None:
        self._step = 0
        self._steps_per_epoch = 1
        self._samples_per_second = 0.0
        self._seconds = 0.0
        self._evaluation: Evaluation | None = None
        self._best: Evaluation | None = None

    def follow(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, RunStarted):
            self._step, self._steps_per_epoch = event.start_step, event.steps_per_epoch
            return
        self._step = event.step
        if isinstance(event, RateChanged | RunFinished):
            return
        self._samples_per_second, self._seconds = event.samples_per_second, event.seconds
        if event.evaluation is not None:
            self._evaluation = event.evaluation
            if self._best is None or event.evaluation.test.accuracy > self._best.test.accuracy:
                self._best = event.evaluation

    def finished(self, event: RunFinished) -> Outcome:
        """The trainer's own account of the end, with the best evaluation on the way."""
        return Outcome(
            reason=event.reason,
            step=event.step,
            epoch=event.epoch,
            kept_step=event.kept_step,
            evaluation=event.evaluation,
            best=self._best,
            samples_per_second=event.samples_per_second,
            seconds=event.seconds,
            saved=None,
        )

    def interrupted(self) -> Outcome:
        """The end of a run that is left here; the model holds the weights of the last step."""
        evaluated = self._evaluation is not None and self._evaluation.step == self._step
        return Outcome(
            reason="interrupted",
            step=self._step,
            epoch=self._step / self._steps_per_epoch,
            kept_step=self._step,
            evaluation=self._evaluation if evaluated else None,
            best=self._best,
            samples_per_second=self._samples_per_second,
            seconds=self._seconds,
            saved=None,
        )
