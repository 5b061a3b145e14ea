"""Follows the layers of a network that trains, on a thread, so that keys do not wait."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from textual.widgets import Static

from nn.analysis.inspection import LayerStatistics, layer_statistics
from nn.arrays import Array
from tui.app.screens.base import ModeScreen
from tui.app.state.background import LatestWish, Throttle
from tui.app.state.shown_run import Snapshot, Status
from tui.app.state.workbench import Workbench
from tui.app.widgets.text import set_text
from tui.system.terminal import Terminal


@dataclass(frozen=True, eq=False)
class Inspected:
    """What was found of the layers of these weights."""

    snapshot: Snapshot
    layers: tuple[LayerStatistics, ...]


def inspect(wish: tuple[Snapshot, Array]) -> Inspected:
    """Look at the layers of a network while it predicts these images."""
    snapshot, images = wish
    return Inspected(snapshot, layer_statistics(snapshot.predictor.snapshot(), images))


class InspectingScreen(ModeScreen):
    """Follows the newest weights at its own pace and has their layers looked at on a thread.

    A subclass draws what was found in `draw`; `shown` is None until there is something. Where the
    shown run has no network, `reason` stands in place of the widget "body", both of which the
    subclass composes.
    """

    DEFAULT_CSS = """
    InspectingScreen {
        #reason { display: none; height: 1fr; padding: 1 2; }
        &.-without-network #reason { display: block; }
        &.-without-network #body { display: none; }
    }
    """

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.shown: Inspected | None = None
        self.reason = Static(id="reason", classes="panel", markup=False)
        self._inspecting = LatestWish(
            "inspecting", inspect, self.post_message, self._show_inspected, self._show_error
        )
        self._failed: Snapshot | None = None
        self._asked_at = 0.0
        self._inspect = Throttle(self._inspect_newest, self.set_timer)

    @property
    def pace(self) -> float:
        """Least seconds between two looks at moving weights."""
        raise NotImplementedError

    @property
    def weights_shown(self) -> str:
        """Which weights are shown, in words; none before the first."""
        if self.shown is None:
            return ""
        snapshot = self.shown.snapshot
        several = "first member, " if len(snapshot.predictor.members) > 1 else ""
        step = f", step {snapshot.step:,}" if snapshot.epoch >= 1 else ""  # else it is the name
        return f"{several}{snapshot.name}{step}"

    def draw(self) -> None:
        """Show the layers of other weights."""
        raise NotImplementedError

    def show_progress(self) -> None:
        """Request fresher weights now and then."""
        super().show_progress()
        self._show_reason()
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
        self._show_reason()
        known = self.shown.snapshot if self.shown else None
        if self.bench.snapshot not in (known, self._failed) and not self._inspecting.busy:
            self._inspect.request(0 if known is None else self.pace)

    def show_opened(self) -> None:
        """Another run is shown, which may have no network."""
        super().show_opened()
        self._show_reason()

    def _show_reason(self) -> None:
        """Show why there is no network, where there is none, and not that of another run."""
        missing = self.bench.snapshot is None
        self.set_class(missing, "-without-network")
        if missing:
            set_text(self.reason, self.waiting())

    def _inspect_newest(self) -> None:
        run, snapshot = self.bench.shown, self.bench.snapshot
        if run is not None and snapshot is not None and not self._inspecting.busy:
            self._inspecting.want((snapshot, run.splits["test"].images))

    def _show_inspected(self, _wish: tuple[Snapshot, Array], inspected: Inspected) -> None:
        self.shown = inspected
        self.draw()
        self.show_snapshot()

    def _show_error(self, wish: tuple[Snapshot, Array], error: Exception) -> None:
        """Go on with other weights; the same ones would fail again."""
        self._failed = wish[0]
        self.notify_failure(f"The layers cannot be inspected ({wish[0].name})", error)
        self.show_snapshot()
