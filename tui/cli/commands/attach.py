"""`mnist-tui attach`: follow a run from its files, whichever process trains it."""

from __future__ import annotations

import sys
import time
from typing import Annotated, TextIO

from cyclopts import Parameter

from nn.storage.records import Invocation, Outcome
from nn.storage.runs import MetricsReader, SavedRun, find_run, is_locked
from tui.cli.flags import RunArgument, RunsDirFlag
from tui.cli.reporters.narration import Narration
from tui.recording.experiment import Experiment
from tui.recording.folder import resume_command, runs_folder
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
    """Tell a run as it was told when it was trained; `live`, wait for the rest until it ends."""
    record = run.record
    narration = Narration(
        Invocation(record.recipe, record.command, record.threads, record.processes), stream
    )
    reader = MetricsReader(run.path)
    outcome = None
    while True:
        written = is_locked(run.path)  # before reading, so that nothing is written afterwards
        for event in reader.poll():
            outcome = event if isinstance(event, Outcome) else None
            narration.show(event)
        if outcome or not (live and written):
            break
        time.sleep(_POLL_SECONDS)
    end = SavedRun.read(run.path)
    if outcome is None and end.status != "running":
        why = end.record.reason or "the process that trained it has gone"
        narration.say(f"\n{end.status}" + (f": {why}" if why != end.status else ""))
    if end.status == "interrupted":
        narration.say(f"resume: {resume_command(run.path)}")
