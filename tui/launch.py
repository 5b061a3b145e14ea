"""Opening the application, and what is left on the normal screen after it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from nn.config import TrainConfig
from tui.exits import CommandError, ExitCode
from tui.preferences import load_preferences
from tui.terminal import detect, refusal
from tui.workbench import Workbench


def open_screen(
    config: TrainConfig,
    recipe: str | None,
    base: TrainConfig,
    *,
    save: Path | None = None,
    mouse: bool = True,
) -> ExitCode:
    """Run the application until it is left; then say how the last run ended and how to repeat it."""
    if reason := refusal():
        raise CommandError(reason, ExitCode.USAGE)
    preferences = load_preferences()
    terminal = detect()
    # Both are read when Textual is imported. Of its themes only this one leaves out colour altogether.
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    if terminal.colors == "none":
        os.environ["TEXTUAL_THEME"] = "ansi-dark"
    from tui.app import MnistApp

    app = MnistApp(config, recipe, base, terminal=terminal, preferences=preferences)
    app.run(mouse=mouse and preferences.mouse)
    if app.crash is not None:
        raise app.crash
    code = ExitCode(app.return_code or 0) if app.return_value is None else app.return_value
    try:
        _say_goodbye(app.bench, save if app.kept else None)
    except OSError:
        if code is not ExitCode.HANGUP:  # then there is nobody left to tell
            raise
    return code


def _say_goodbye(bench: Workbench, save: Path | None) -> None:
    """The end of the last run that made a step, on standard error, and its model to a file."""
    history, snapshot = bench.history, bench.snapshot
    if history is None or history.latest is None:
        return
    saved = None
    try:
        if save is not None and snapshot is not None:
            snapshot.predictor.save(save)
            saved = str(save)
    finally:
        # Not earlier: with it come NumPy and all that, for which the first frame should not wait.
        from tui.reporters.narration import Narration

        narration = Narration(bench.invocation, sys.stderr)
        narration.show(history.outcome(saved))
        if history.rate_changes:
            narration.say(
                "the learning rate was changed by hand, which that command does not repeat"
            )
