"""Training without a screen: the events of the trainer go to a reporter, and signals end the run.

The trainer is not interrupted: its next event is no longer requested. So the reporter gets the end
of the run from here, as an `Outcome`, whatever the reason is.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import cast

from nn.errors import WorkerError, WriteError
from nn.events import Event, RunFinished
from nn.storage.model_file import write_model
from nn.storage.records import Invocation, Outcome
from nn.training.trainer import Trainer
from tui.cli.data import tell
from tui.cli.reporters.base import Reporter, Silence
from tui.images.datasets import load_dataset
from tui.recording.advising import Advising
from tui.recording.invocation import CORES_REDUCED, RATE_CHANGED
from tui.recording.recorder import Recorder
from tui.recording.resumption import where_saved
from tui.recording.source import RunSource
from tui.system.cores import core_warnings
from tui.system.exits import CommandError, ExitCode
from tui.system.sharing import make_trainer, report_waits
from tui.system.signals import GracefulStop
from tui.system.terminal import is_live


def run_headless(
    source: RunSource, *, save: Path | None, as_json: bool, quiet: bool, step_interval: float
) -> ExitCode:
    """Train a new run, or go on with a saved one, and report how it ended."""
    with source:
        config = source.experiment.config
        dataset = load_dataset(config.data_dir)
        with closing(
            make_trainer(config, dataset, step_interval=step_interval, saved=source.layout)
        ) as trainer:
            source.restore(trainer)
            recorder, warnings = source.recorder(trainer)
            reporter = choose_reporter(recorder.invocation, as_json=as_json, quiet=quiet)
            if not (as_json or quiet):
                tell(dataset)
            return report(trainer, recorder, warnings, reporter, save=save)


def report(
    trainer: Trainer,
    recorder: Recorder,
    warnings: list[str],
    reporter: Reporter,
    *,
    save: Path | None = None,
) -> ExitCode:
    """Train to the end, or to a signal, and report it with its warnings and advice.

    Raises `CommandError` for a run that diverges or cannot be saved.
    """
    folder = recorder.folder
    try:
        with recorder, reporter:
            for warning in [*warnings, *core_warnings(trainer.config)]:
                reporter.warn(warning)
            report_waits(trainer, lambda line: reporter.warn(line) if line else None)
            advising = Advising(trainer, recorder.history.experiment.init_from)
            outcome, code = train(trainer, reporter, advising, save=save, recorder=recorder)
            advice = advising.conclude(trainer, outcome)
            if advice is not None and outcome.reason != "diverged":
                reporter.warn(str(advice))
            if recorder.history.rate_changes:
                reporter.warn(RATE_CHANGED)
            if recorder.history.cores_reduced:
                reporter.warn(CORES_REDUCED)
    except WorkerError as error:
        message = f"{error}{where_saved(folder)}"
        raise CommandError(message, ExitCode.FAILURE) from error
    if outcome.reason == "diverged":
        raise CommandError(str(advice), code)
    if outcome.save_error:
        raise CommandError(outcome.save_error, ExitCode.FAILURE)
    return code


def choose_reporter(invocation: Invocation, *, as_json: bool, quiet: bool) -> Reporter:
    """JSON Lines on stdout; or on stderr a progress bar in a terminal, plain lines elsewhere."""
    if as_json:
        from tui.cli.reporters.json_lines import JsonLines

        return JsonLines(invocation, sys.stdout)
    if quiet:
        return Silence()
    if is_live(sys.stderr):
        from tui.cli.reporters.progress import LiveNarration

        return LiveNarration(invocation, sys.stderr)
    from tui.cli.reporters.narration import Narration

    return Narration(invocation, sys.stderr)


def train(
    trainer: Trainer,
    reporter: Reporter,
    advising: Advising,
    *,
    save: Path | None,
    recorder: Recorder,
) -> tuple[Outcome, ExitCode]:
    """Run to the end, or to a signal, after which the step under way is finished and saved."""

    def report_next_step() -> None:
        trainer.step_interval = 0.0  # so that the next step is an event, and the loop below ends

    with GracefulStop(report_next_step) as stop:
        _go_through(trainer, reporter, advising, recorder, stop)
        saved, error = None, None
        try:
            if save is not None:
                write_model(save, trainer.predictor, raw=trainer.raw_parameters)
                saved = str(save)
        except WriteError as failure:
            error = failure
        outcome = recorder.finish(trainer, saved)
        reporter.show(outcome)
        if error is not None:
            raise error
    if outcome.reason == "interrupted" and stop.code is not None:
        return outcome, stop.code
    return outcome, ExitCode.FAILURE if outcome.reason == "diverged" else ExitCode.SUCCESS


def _go_through(
    trainer: Trainer,
    reporter: Reporter,
    advising: Advising,
    recorder: Recorder,
    stop: GracefulStop,
) -> None:
    """Pass on all events, or those until a signal."""
    reported = False
    # `events` returns a generator, whose declared type is only that of an iterator.
    with closing(cast(Generator[Event, None, None], trainer.events())) as events:
        for event in events:
            recorder.follow(trainer, event)
            if recorder.failure and not reported:
                reported = True
                reporter.warn(f"{recorder.failure}; training goes on")
            if isinstance(event, RunFinished):
                return
            reporter.show(event)
            if advice := advising.follow(trainer, event):
                reporter.warn(str(advice))
            if stop.code is not None:
                return
