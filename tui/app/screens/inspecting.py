"""Follows the layers of a network that trains, on a thread, so that keys do not wait."""

from __future__ import annotations

from time import monotonic

from textual.message import Message

from nn.analysis.inspection import LayerStatistics, layer_statistics
from tui.app.screens.base import ModeScreen
from tui.app.state.background import Throttle, in_background
from tui.app.state.messages import BackgroundFailed
from tui.app.state.shown_run import Snapshot, Status
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
        self._failed: Snapshot | None = None
        self._asked_at = 0.0
        self._inspect = Throttle(self._inspect_newest, self.set_timer)

    @property
    def pace(self) -> float:
        """Least seconds between two looks at moving weights."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show the layers of other weights."""
        raise NotImplementedError

    def show_progress(self) -> None:
        """Request fresher weights now and then."""
        super().show_progress()
        run = self.bench.shown
        if (
            run is not None
            and run.status is Status.RUNNING
            and monotonic() > self._asked_at + self.pace
        ):
            self._asked_at = monotonic()
            run.request_snapshot()

    def show_snapshot(self) -> None:
        """Look at the newest weights, now or soon."""
        known = self.shown.snapshot if self.shown else None
        if self.bench.snapshot not in (known, self._failed) and self._inspecting is None:
            self._inspect.request(0 if known is None else self.pace)

    def _inspect_newest(self) -> None:
        run, snapshot = self.bench.shown, self.bench.snapshot
        if run is None or snapshot is None or self._inspecting is not None:
            return
        self._inspecting, images = snapshot, run.splits["test"].images

        def work() -> Message:
            return self.Inspected(snapshot, layer_statistics(snapshot.predictor.snapshot(), images))

        in_background(
            "inspecting", work, self.post_message, lambda error: BackgroundFailed(error, run)
        )

    def on_background_failed(self, _message: BackgroundFailed) -> None:
        """Go on with other weights; the same ones would fail again."""
        self._failed, self._inspecting = self._inspecting, None
        self.show_snapshot()

    def on_inspecting_screen_inspected(self, message: Inspected) -> None:
        self.shown, self._inspecting = message, None
        self.draw()
        self.show_snapshot()
