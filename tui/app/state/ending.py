"""What remains of a run that has ended: the facts to report when the application is left."""

from __future__ import annotations

from dataclasses import dataclass

from nn.storage.records import Invocation, Outcome
from tui.app.state.live_run import LiveRun
from tui.recording.history import RunHistory
from tui.recording.invocation import invocation_of


@dataclass(frozen=True)
class Ending:
    """How a run ended, how to repeat it, and whether its rate was changed by hand."""

    outcome: Outcome
    invocation: Invocation
    rate_changed: bool
    failure: str | None


def ending_of(run: LiveRun, history: RunHistory) -> Ending | None:
    """The ending of a run, None before it, and of a run without a step."""
    if run.outcome is None:
        return None
    invocation = invocation_of(history.experiment, run.cores)
    changed = bool(history.rate_changes)
    return Ending(run.outcome, invocation, changed, run.failure)
