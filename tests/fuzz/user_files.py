"""Files of the user's folders beside the runs: sweeps, preferences, progress in the lessons."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

from tests.fuzz.target import TEXT, Target
from tests.support.sweeps import finished_sweep
from tui.app.app import MnistApp
from tui.app.keymap import check_keys
from tui.app.preferences import VARIABLE, load_preferences
from tui.app.state.sweep_reader import SweepReader
from tui.app.state.sweep_view import arranged, best_words
from tui.cli.commands.sweeps import export, show, sweeps
from tui.lessons.catalogue import lessons
from tui.lessons.progress import NAME, Progress
from tui.lessons.session import Session
from tui.sweeps.folder import JOURNAL_FILE, SPEC_FILE
from tui.sweeps.study import Study

PREFERENCES = """
theme = "textual-light"
mouse = false
[keys]
"train.run" = "f5,space"
"app.quit" = "f10"
"""
PROGRESS = """{"last": "softmax", "lessons": {"softmax": {"prediction": 0, "passed": true,
 "skipped": false, "help": 1, "settings": {"temperature": 2.0}}, "neuron": {"prediction": null}}}
"""


def sweep_targets(runs_dir: Path) -> list[Target]:
    """The specification and the journal of a sweep, read by commands, screen and another worker."""
    sweep = finished_sweep(runs_dir)

    def read() -> None:
        sweeps(runs_dir=runs_dir)
        sweeps(json=True, runs_dir=runs_dir)
        view = SweepReader(runs_dir).look(None).view
        if view is not None:
            arranged(view, "trial", "best")
            best_words(view, str)
        show(sweep.path.name, runs_dir=runs_dir)
        show(sweep.path.name, json=True, runs_dir=runs_dir)
        export(sweep.path.name, runs_dir=runs_dir)
        Study.join(sweep.path).close()

    return [Target(name, sweep.path / name, read, TEXT) for name in (SPEC_FILE, JOURNAL_FILE)]


def user_targets(folder: Path) -> list[Target]:
    """Preferences and progress, both of them written into `folder`."""
    preferences, progress = folder / "preferences.toml", folder / NAME
    preferences.write_text(PREFERENCES)
    progress.write_text(PROGRESS)

    def read_preferences() -> None:
        with patch.dict(os.environ, {VARIABLE: str(preferences)}):
            check_keys(load_preferences().keys, MnistApp)

    def read_progress() -> None:
        found = Progress(progress)
        for lesson in lessons():
            assert Session(lesson, found.of(lesson.name)).settings
        found.save()
        assert found.trouble is None

    return [
        Target("preferences", preferences, read_preferences, TEXT),
        Target(NAME, progress, read_progress, TEXT),
    ]
