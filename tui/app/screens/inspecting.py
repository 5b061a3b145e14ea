"""What keeps up with the layers of a network that trains, without keeping the keys waiting."""

from __future__ import annotations

import threading
from functools import partial
from time import monotonic

from textual.message import Message
from textual.timer import Timer

from nn.analysis.inspection import LayerStatistics, layer_statistics
from nn.data.dataset import Split
from tui.app.screens.base import ModeScreen
from tui.app.state.followed_run import FollowedRun
from tui.app.state.live_run import LiveRun, Snapshot, Status
from tui.app.state.messages import BackgroundFailed
from tui.app.state.workbench import Workbench
from tui.system.terminal import Terminal


class InspectingScreen(ModeScreen):
    """Follows the newest weights at its own pace and has their layers looked at on a thread.

    A subclass draws what was found in `draw`; `shown` is None until there is something.
    """

    class Inspected(Message):
        """The background has looked at these weights."""

        def __init__(self, snapshot: Snapshot, layers: tuple[LayerStatistics, ...]) -> None:
            super().__init__()
            self.snapshot, self.layers = snapshot, layers

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.shown: InspectingScreen.Inspected | None = None
        self._inspecting: Snapshot | None = None
        self._next_at = self._asked_at = 0.0
        self._later: Timer | None = None

    @property
    def pace(self) -> float:
        """Least seconds between two looks at moving weights."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show the layers of other weights."""
        raise NotImplementedError

    def show_progress(self) -> None:
        """Ask for fresher weights now and then."""
        run = self.bench.shown
        if (
            run is not None
            and run.status is Status.RUNNING
            and monotonic() > self._asked_at + self.pace
        ):
            self._asked_at = monotonic()
            run.want_snapshot()

    def show_snapshot(self) -> None:
        """Look at the newest weights, now or soon."""
        known = self.shown.snapshot if self.shown else None
        if self.bench.snapshot is known or self._inspecting is not None or self._later is not None:
            return
        if (wait := self._next_at - monotonic()) > 0 and known is not None:
            self._later = self.set_timer(wait, self._inspect)
        else:
            self._inspect()

    def _inspect(self) -> None:
        self._later = None
        run, snapshot = self.bench.shown, self.bench.snapshot
        if run is not None and snapshot is not None and self._inspecting is None:
            self._inspecting, self._next_at = snapshot, monotonic() + self.pace
            work = partial(self._work, run, snapshot, run.splits["test"])
            threading.Thread(target=work, name="inspecting", daemon=True).start()

    def _work(self, run: LiveRun | FollowedRun, snapshot: Snapshot, split: Split) -> None:
        """The thread; one that failed stays the last."""
        try:
            layers = layer_statistics(snapshot.predictor.snapshot(), split.images)
            self.post_message(self.Inspected(snapshot, layers))
        except Exception as error:
            self.post_message(BackgroundFailed(error, run))

    def on_inspecting_screen_inspected(self, message: Inspected) -> None:
        self.shown, self._inspecting = message, None
        self.draw()
        self.show_snapshot()
