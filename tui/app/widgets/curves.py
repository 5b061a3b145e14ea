"""The two charts of training: loss and accuracy, of the present run and of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual.app import ComposeResult
from textual.widget import Widget

from tui.app.state.background import Throttle
from tui.app.widgets.chart import DATA_INTERVAL, Chart
from tui.app.widgets.plot import Mark
from tui.app.widgets.series import ColorRole, Series
from tui.recording.history import RunHistory
from tui.system.terminal import Terminal

SPLITS: dict[str, tuple[str, int, ColorRole]] = {  # name, style and colour; drawn in this order
    "train": ("trn", 1, "secondary"),
    "validation": ("val", 2, "tertiary"),
    "test": ("tst", 0, "primary"),
}
BATCHES: tuple[int, ColorRole] = (5, "quinary")
EARLIER: tuple[tuple[int, ColorRole], ...] = ((3, "quaternary"), (4, "warning"))
SMOOTHING = (0.0, 0.6, 0.9, 0.97)
ZOOM = (1.0, 0.5, 0.2, 0.1)


class Curves(Widget):
    """Loss and accuracy over the epochs, with the test curves of earlier runs behind those of the present one.

    The losses of an earlier run are shown only where it minimized the same function, else they cannot be compared.
    """

    DEFAULT_CSS = """
    Curves { layout: horizontal; width: 1fr; height: 1fr; }
    Curves #loss { margin-right: 1; }
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.loss, self.accuracy = (
            Chart(title, terminal, x_label="epoch", id=name)
            for title, name in (("Loss", "loss"), ("Accuracy %", "accuracy"))
        )
        self.overlay = True
        self._histories: Sequence[RunHistory] = ()
        self._throttle = Throttle(self._update, self.set_timer, DATA_INTERVAL)

    def compose(self) -> ComposeResult:
        yield self.loss
        yield self.accuracy

    def show(self, histories: Sequence[RunHistory], *, at_once: bool) -> None:
        """Show all runs, the present one last; `at_once` or no more often than once a second."""
        self._histories = histories
        self._throttle.request(0 if at_once else None)

    def _update(self) -> None:
        if not self._histories:
            return
        *earlier, present = self._histories
        if not self.overlay:
            earlier = []
        numbered = list(enumerate(earlier, 1))
        same_loss = [(i, run) for i, run in numbered if run.config.loss == present.config.loss]
        batches = Series("batch", *present.running_loss(), *BATCHES)
        loss = [*_earlier(same_loss, "loss"), batches, *_present(present, "loss")]
        self.loss.set_series([one for one in loss if len(one.xs)])
        accuracy = [*_earlier(numbered, "accuracy"), *_present(present, "accuracy")]
        self.accuracy.set_series([one for one in accuracy if len(one.xs)])
        self.loss.marks = self.accuracy.marks = _marks(present)

    def change(self, what: Literal["log", "smooth", "zoom", "overlay"]) -> None:
        """Switch the scale of the loss or the earlier runs on or off; smooth or zoom by another step.

        How the charts differ from the plain ones then stands under them.
        """
        loss, accuracy = self.loss, self.accuracy
        match what:
            case "log":
                loss.y_log = not loss.y_log
            case "smooth":
                loss.smoothing = accuracy.smoothing = _next(SMOOTHING, loss.smoothing)
            case "zoom":
                loss.zoom = accuracy.zoom = _next(ZOOM, loss.zoom)
            case "overlay":
                self.overlay = not self.overlay
        for chart in (loss, accuracy):
            chart.note = "".join(
                [
                    ", log scale" if chart.y_log else "",
                    f", smoothed {chart.smoothing:g}" if chart.smoothing else "",
                    f", last {chart.zoom:.0%}" if chart.zoom < 1 else "",
                ]
            )
        self._update()


def _present(run: RunHistory, metric: str) -> list[Series]:
    return [_curve(run, split, metric, *look) for split, look in SPLITS.items()]


def _earlier(runs: Sequence[tuple[int, RunHistory]], metric: str) -> list[Series]:
    """Test curves under their numbers, for labels are often cut to the same beginning."""
    return [
        _curve(run, "test", metric, f"{number}:{run.label}", *EARLIER[i % len(EARLIER)])
        for i, (number, run) in enumerate(runs)
    ]


def _curve(
    run: RunHistory, split: str, metric: str, name: str, style: int, role: ColorRole
) -> Series:
    xs, ys = run.curve(split, metric)
    return Series(name, xs, [100 * y for y in ys] if metric == "accuracy" else ys, style, role)


def _marks(run: RunHistory) -> tuple[Mark, ...]:
    """The changes of the learning rate."""
    if run.started is None:
        return ()
    per_epoch = run.started.steps_per_epoch
    return tuple((one.step / per_epoch, f"lr x{one.factor:.3g}") for one in run.rate_changes)


def _next(values: tuple[float, ...], value: float) -> float:
    return values[(values.index(value) + 1) % len(values)]
