"""`mnist-tui attach`: follow a run from its files, whichever process trains it."""

from __future__ import annotations

import sys
import time
from typing import Annotated, TextIO

from cyclopts import Parameter

from nn.events import RateChanged
from nn.storage.records import Invocation, Outcome
from nn.storage.run_lookup import find_run
from nn.storage.run_record import RunRecord
from nn.storage.runs import SavedRun
from tui.cli.flags import RunArgument, RunsDirFlag
from tui.cli.reporters.narration import Narration
from tui.formatting import layer_widths, percent
from tui.recording.finding import member_lines
from tui.recording.folder import resume_command, runs_folder
from tui.recording.following import RunFollower
from tui.recording.invocation import RATE_CHANGED
from tui.recording.source import Saving
from tui.system.exits import ExitCode
from tui.system.signals import GracefulStop

_POLL_SECONDS = 0.5
_GLANCE_SECONDS = 0.1  # between two looks at whether a signal has come


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

        return open_screen(saving=Saving(runs_dir=runs_dir), watched=found)
    with GracefulStop(lambda: None) as stop:
        replay(found, sys.stdout, stop)
    return stop.code or ExitCode.SUCCESS


def _untrained(record: RunRecord) -> list[str]:
    """What there is to say of a network that was not trained here, or of a committee."""
    lines = [record.reason or f"imported from {record.imported_from}"]
    about = f"{record.parameters:,} parameters"
    if record.members:
        lines += [f"{record.data_name}: {about} in all", *member_lines(record.members)]
    else:
        config, network = record.config, layer_widths(record.config, record.spec)
        lines.append(f"{record.data_name}: {network} {config.activation}, {about}, {config.dtype}")
    if record.latest is not None:
        test = record.latest.test
        lines.append(f"test accuracy {percent(test.accuracy)} (loss {test.loss:.4f})")
    return lines


def replay(run: SavedRun, stream: TextIO, stop: GracefulStop | None = None) -> None:
    """Narrate a run as it was narrated while it was trained; of another network say what it is.

    With `stop`, what is added is narrated too, until the run ends or `stop` has a code.
    """
    record = run.record
    if record.imported_from is not None:
        stream.write("".join(f"{line}\n" for line in _untrained(record)))
        return
    invocation = Invocation(record.recipe, record.command, record.threads, record.processes)
    narration = Narration(invocation, stream)
    follower, outcome, rate_changed = RunFollower(run), None, False
    while True:
        for event in follower.poll():
            if stop and stop.code is not None:
                return
            outcome = event if isinstance(event, Outcome) else None
            rate_changed = rate_changed or isinstance(event, RateChanged)
            narration.show(event)
        if outcome or stop is None or not follower.live:
            break
        again = time.monotonic() + _POLL_SECONDS
        while time.monotonic() < again:
            if stop.code is not None:
                return
            time.sleep(_GLANCE_SECONDS)
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
