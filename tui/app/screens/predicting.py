"""What the screens that show the predictions of a whole split have in common."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui.app.screens.base import ModeScreen
from tui.app.state.background import LatestWish, Throttle
from tui.app.state.browser import Browser, SplitPredictions
from tui.app.state.shown_run import Snapshot, Status
from tui.app.state.workbench import SplitName, Workbench
from tui.system.terminal import Terminal

if TYPE_CHECKING:
    from nn.data.dataset import Split

SPLITS: tuple[SplitName, ...] = ("test", "train", "validation")
PACE = 1.0  # least seconds between two looks at moving weights
SHARE = 0.1  # of the time, at most, goes into predicting whole splits
STALE = 2.0  # seconds after which weights from within an epoch are requested


def predict(wish: tuple[Snapshot, Split]) -> SplitPredictions:
    """What a network predicts for all images of a split."""
    snapshot, split = wish
    return SplitPredictions(snapshot, split, snapshot.predictor.snapshot().predict(split))


class PredictingScreen(ModeScreen):
    """Follows the newest weights at a modest pace and has them predict the split on a thread.

    A subclass draws everything in `draw`; `browser` holds the predictions, perhaps of weights a
    moment ago.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_split", "Test, train or validation", id="browse.split", show=False),
        Binding("F", "follow", "Follow the training, or stay", id="browse.follow", show=False),
    ]
    AUTO_FOCUS = ""

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.browser: Browser = bench.browser
        self._predicting = LatestWish(
            "predicting", predict, self.post_message, self._show_predictions, self._show_error
        )
        self._failed: tuple[Snapshot, Split] | None = None  # what could not be predicted
        self._newest_at = 0.0
        self._newest: Snapshot | None = None
        self._refresh = Throttle(self.refresh_now, self.set_timer, PACE)

    @property
    def snapshot(self) -> Snapshot | None:
        """The weights to show."""
        return self.bench.played or self.browser.snapshot(self.bench.shown)

    def draw(self) -> None:
        """Show the present state."""
        raise NotImplementedError

    def refresh_now(self) -> None:
        """Show the present state, and see to its predictions."""
        run = self.bench.shown
        if run is not None and run.splits and self.bench.split not in run.splits:
            self.bench.split = "test"  # this run holds no images out for validation
        self.draw()
        self._predict()

    def show_progress(self) -> None:
        """Request fresher weights where an epoch takes long."""
        super().show_progress()
        run = self.bench.shown
        if run is None or run.status is not Status.RUNNING or not self.browser.follows(run):
            return
        known = self.bench.snapshot is self._newest
        if known and monotonic() - self._newest_at > STALE:
            self._newest_at = monotonic()
            run.request_snapshot()

    def show_snapshot(self) -> None:
        """Catch up with the weights, now or soon."""
        if self.bench.snapshot is not self._newest:
            self._newest, self._newest_at = self.bench.snapshot, monotonic()
        self._refresh.request()

    def show_configuration(self) -> None:
        """Another configuration brings other weights and maybe other data."""
        self.refresh_now()

    def _predict(self) -> None:
        """Predict the split on a thread, unless that is known or something is being predicted."""
        split, snapshot = self.bench.images, self.snapshot
        if split is None or snapshot is None or self._predicting.busy:
            return
        known = self.browser.of(split)
        if (known is None or known.snapshot is not snapshot) and self._failed != (snapshot, split):
            self._predicting.want((snapshot, split))

    def _show_predictions(
        self, wish: tuple[Snapshot, Split], predictions: SplitPredictions
    ) -> None:
        snapshot, split = wish
        self.browser.predictions = predictions
        self._refresh.interval = max(PACE, self._predicting.seconds / SHARE)
        self._refresh.restart()
        self.draw()
        if split is not self.bench.images:
            self._predict()
        elif snapshot is not self.snapshot:
            self.show_snapshot()

    def _show_error(self, wish: tuple[Snapshot, Split], error: Exception) -> None:
        """Go on with other weights or images; the same prediction would fail again."""
        self._failed = wish
        self.notify_failure(f"The digits cannot be predicted ({wish[0].name})", error)
        self._refresh.request()

    def action_next_split(self) -> None:
        """Go through the splits that the run has; runs are compared by their test digits only."""
        if self.browser.query.chosen is not None:
            return
        there = [name for name in SPLITS if self.bench.shown and name in self.bench.shown.splits]
        if there:
            at = there.index(self.bench.split) if self.bench.split in there else -1
            self.bench.split = there[(at + 1) % len(there)]
            self.refresh_now()

    def action_follow(self) -> None:
        """Stay with the weights that are shown, or go on with the newest."""
        self.browser.toggle_following(self.bench.shown)
        self.refresh_now()

    def weights(self, snapshot: Snapshot | None) -> str:
        """Which weights those are that something shown is of."""
        if snapshot is None:
            return ""
        if snapshot is self.bench.played:
            return f"back at {snapshot.name}"
        frozen = not self.browser.follows(self.bench.shown) and snapshot is self.snapshot
        return f"frozen at {snapshot.name}" if frozen else snapshot.name

    @property
    def predicted_weights(self) -> str:
        """Which weights the predictions of the whole split are of, maybe those of a moment ago."""
        split = self.bench.images
        known = self.browser.of(split) if split is not None else None
        return self.weights(known.snapshot if known else None)
