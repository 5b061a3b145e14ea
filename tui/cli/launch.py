"""Opening the application, and what is left on the normal screen after it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.app.preferences import load_preferences
from tui.app.state.steered_run import Goal
from tui.app.state.workbench import Workbench
from tui.system.exits import CommandError, ExitCode
from tui.system.memory import return_freed_memory
from tui.system.signals import Forwarded, GracefulStop, ignore_hangups
from tui.system.terminal import detect, refusal

if TYPE_CHECKING:
    from nn.storage.runs import SavedRun
    from tui.app.terminal_app import OnHangup
    from tui.recording.experiment import Experiment
    from tui.recording.source import RunSource, Saving

PATIENCE = 1.0  # seconds of saving after which a line explains why the prompt is not back yet


def open_screen(
    experiment: Experiment | None = None,
    *,
    save: Path | None = None,
    mouse: bool = True,
    saving: Saving | None = None,
    resumed: RunSource | None = None,
    watched: SavedRun | None = None,
    on_hangup: OnHangup = "save",
) -> ExitCode:
    """Run the application until it is left; then report how each run ended and how to repeat it.

    `experiment` is what the first run is made of, None for the defaults. `resumed` is a saved run
    to go on with, `watched` one to show at first.
    """
    if reason := refusal():
        raise CommandError(reason, ExitCode.USAGE)
    return_freed_memory()  # before there is a thread
    preferences = load_preferences()
    terminal = detect()
    # Textual reads both when it is imported. Of its themes only this one has no colour at all.
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    if terminal.colors == "none":
        os.environ["TEXTUAL_THEME"] = "ansi-dark"
    from tui.app.app import MnistApp

    app = MnistApp(
        experiment,
        terminal=terminal,
        preferences=preferences,
        saving=saving,
        resumed=resumed,
        watched=watched,
        on_hangup=on_hangup,
    )
    with Forwarded(app.take_signal), _restarted_writer():
        app.run(mouse=mouse and preferences.mouse)
    code = ExitCode(app.return_code or 0) if app.return_value is None else app.return_value
    if app.detached:
        code = _go_on_without_screen(app.bench)
    failures = _finish(app.bench)
    if app.crash is not None:
        raise app.crash
    try:
        _report_endings(app.bench, save)
    except OSError:
        if code is not ExitCode.HANGUP:  # a lost terminal shows no message
            raise
    if failures:
        raise CommandError(failures[-1], ExitCode.FAILURE)
    if code is ExitCode.FAILURE and app.bench.error is not None:
        raise CommandError(str(app.bench.error), code)
    return code


@contextmanager
def _restarted_writer() -> Iterator[None]:
    """A block in which Textual's writing thread survives the loss of the terminal.

    The thread would end with an error otherwise, and the application would never end as soon as the
    thread's queue is full.
    """

    def hook(failed: threading.ExceptHookArgs) -> None:
        of_textual = type(failed.thread).__module__.startswith("textual.drivers.")
        if failed.thread and of_textual and isinstance(failed.exc_value, OSError):
            _leave_terminal()
            failed.thread.run()
        else:
            threading.__excepthook__(failed)

    replaced, threading.excepthook = threading.excepthook, hook
    try:
        yield
    finally:
        threading.excepthook = replaced


def _leave_terminal() -> None:
    """Connect the three standard streams to the null device."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _go_on_without_screen(bench: Workbench) -> ExitCode:
    """Train to the end, or to a signal, after the terminal has gone.

    Nobody sees slow motion any more, nor could go on after the epoch or the step that was wanted.
    """
    ignore_hangups()
    _leave_terminal()
    run = bench.run
    assert run is not None
    with GracefulStop(bench.stop) as stop:
        bench.slow_down(None)
        run.go(Goal.RUN)
        run.wait()
    reason = run.outcome.reason if run.outcome else None
    if reason == "interrupted" and stop.code is not None:
        return stop.code
    return ExitCode.SUCCESS if reason in ("completed", "early-stopped") else ExitCode.FAILURE


def _finish(bench: Workbench) -> list[str]:
    """Wait until all runs are saved; returns why some are not."""
    bench.stop()
    bench.stop_seeds()
    if not bench.endings.wait(PATIENCE):
        try:
            sys.stderr.write("saving the run ...\n")
            sys.stderr.flush()
        except OSError:  # the terminal has gone
            pass
        bench.endings.wait()
    failures = bench.endings.failures
    if (seeds := bench.seeds) is not None:
        seeds.wait()
        if seeds.error is not None:
            failures.append(str(seeds.error))
    return failures


def _report_endings(bench: Workbench, save: Path | None) -> None:
    """Report on standard error how each run ended that made a step.

    The model of the newest one that was kept is saved.
    """
    endings = list(bench.endings)
    weights = next((each.weights for each in reversed(endings) if each.weights is not None), None)
    if save is not None and weights is None:
        sys.stderr.write(
            f"warning: --save {save}: not written, since no run was trained and kept;"
            " train one before leaving\n"
        )
    if not endings:
        return
    saved = None
    try:
        if save is not None and weights is not None:
            from nn.storage.model_file import write_model  # loads NumPy too

            write_model(save, weights.predictor)
            saved = str(save)
    finally:
        # Imported here because it loads NumPy, for which the first frame should not wait.
        from tui.cli.reporters.narration import Narration
        from tui.recording.invocation import RATE_CHANGED

        for ending in endings:
            narration = Narration(ending.invocation, sys.stderr)
            is_saved = ending.weights is weights
            narration.show(replace(ending.outcome, saved=saved if is_saved else None))
            if ending.rate_changed:
                narration.write_line(RATE_CHANGED)
