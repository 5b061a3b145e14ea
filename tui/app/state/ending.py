"""What remains of runs that have ended: the facts to report when the application is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nn.storage.records import Invocation, Outcome
    from tui.app.state.live_run import LiveRun
    from tui.app.state.shown_run import Snapshot
    from tui.recording.history import RunHistory


class Ending(NamedTuple):
    """How a run ended, how to repeat it, and whether its rate was changed by hand.

    `weights` are its last ones, None of a run that was discarded or that a newer one followed.
    """

    outcome: Outcome
    invocation: Invocation
    rate_changed: bool
    failure: str | None
    weights: Snapshot | None


class Endings:
    """The runs of a sitting, each until its ending is known, and the endings of the others.

    A run itself would keep all copies of its weights.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[LiveRun, RunHistory]] = []  # the present one, and unsaved ones
        self._known: list[Ending] = []

    def add(self, run: LiveRun, history: RunHistory) -> None:
        """Watch the run that takes the place of the one before."""
        earlier, self._runs = self._runs, []
        for each in earlier:
            if not each[0].wait(0):
                self._runs.append(each)
            elif ending := _ending_of(*each):
                self._known = [known._replace(weights=None) for known in self._known] + [ending]
        self._runs.append((run, history))

    def __iter__(self) -> Iterator[Ending]:
        """Every run of the sitting that has ended after a step, oldest first."""
        return iter([*self._known, *filter(None, (_ending_of(*each) for each in self._runs))])

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until everything that was stopped is saved; False where that takes longer."""
        return all(run.wait(seconds) for run, _ in self._runs)

    @property
    def failures(self) -> list[str]:
        """What was not saved, one line a run."""
        of_runs = (run.failure for run, _ in self._runs)
        failures = [*(ending.failure for ending in self._known), *of_runs]
        return [failure for failure in failures if failure]


def _ending_of(run: LiveRun, history: RunHistory) -> Ending | None:
    """The ending of a run, None before it, and of a run without a step."""
    if run.outcome is None:
        return None
    from tui.recording.invocation import invocation_of

    invocation = invocation_of(history.experiment, run.cores)
    changed = bool(history.rate_changes)
    weights = None if run.discarded else run.snapshot
    return Ending(run.outcome, invocation, changed, run.failure, weights)
