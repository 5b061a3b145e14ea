"""`mnist-tui attach`: follow a run from its files, whichever process trains it."""

from __future__ import annotations

import sys
import time
from typing import Annotated, TextIO

from cyclopts import Parameter

from nn.events import RateChanged
from nn.storage.records import Invocation, Outcome
from nn.storage.runs import SavedRun, find_run
from tui.cli.flags import RunArgument, RunsDirFlag
from tui.cli.reporters.narration import Narration
from tui.recording.experiment import Experiment
from tui.recording.folder import resume_command, runs_folder
from tui.recording.following import RunFollower
from tui.recording.invocation import RATE_CHANGED
from tui.recording.source import Saving
from tui.system.exits import ExitCode
from tui.system.signals import Interrupted

_POLL_SECONDS = 0.5


def attach(
    run: RunArgument = "last",
    /,
    *,
    screen: Annotated[bool, Parameter(help="Show it in the application")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Print what a run has done, and what it does until it ends; Ctrl-C leaves it alone."""
    found = find_run(runs_folder(runs_dir), run)
    if screen:
        from tui.cli.launch import open_screen

        return open_screen(Experiment(), saving=Saving(runs_dir=runs_dir), watched=found)
    try:
        replay(found, sys.stdout, live=True)
    except Interrupted as interrupted:
        return interrupted.code
    return ExitCode.SUCCESS


def replay(run: SavedRun, stream: TextIO, *, live: bool = False) -> None:
    """Narrate a run as it was narrated while it was trained; with `live`, until the run ends."""
    record = run.record
    invocation = Invocation(record.recipe, record.command, record.threads, record.processes)
    narration = Narration(invocation, stream)
    follower, outcome, rate_changed = RunFollower(run), None, False
    while True:
        for event in follower.poll():
            outcome = event if isinstance(event, Outcome) else None
            rate_changed = rate_changed or isinstance(event, RateChanged)
            narration.show(event)
        if outcome or not (live and follower.live):
            break
        time.sleep(_POLL_SECONDS)
    end = follower.saved
    if outcome is None and end.status != "running":
        why = end.record.reason or "the process that trained it has gone"
        narration.write_line(f"\n{end.status}" + (f": {why}" if why != end.status else ""))
    if end.record.save_error is not None:
        narration.warn(end.record.save_error)
    if end.status == "interrupted":
        narration.write_line(f"resume: {resume_command(run.path)}")
    if rate_changed:
        narration.write_line(RATE_CHANGED)
