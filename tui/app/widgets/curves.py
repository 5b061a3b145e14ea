"""The charts of training, of the present run and of earlier ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from textual.app import ComposeResult
from textual.widget import Widget

from tui.app.state.background import Throttle
from tui.app.widgets.chart import DATA_INTERVAL, Chart
from tui.app.widgets.charts import CHARTS, ChartKind
from tui.app.widgets.legend import run_glyph
from tui.app.widgets.plot import Mark
from tui.app.widgets.series import ColorRole, Series
from tui.formatting import number
from tui.recording.history import RunHistory
from tui.system.terminal import Terminal

SPLITS: dict[str, tuple[str, int, ColorRole]] = {
    "train": ("trn", 1, "secondary"),
    "validation": ("val", 2, "tertiary"),
    "test": ("tst", 0, "primary"),
}
"""Name, style and colour of the curve of each split, in the order in which they are drawn."""
BATCHES: tuple[int, ColorRole] = (5, "quinary")
EARLIER: tuple[ColorRole, ...] = ("quaternary", "warning")
"""Colours of earlier runs in turn. Their glyphs, not their colours, distinguish them."""
SMOOTHING = (0.0, 0.6, 0.9, 0.97)
ZOOM = (1.0, 0.5, 0.2, 0.1)


class Curves(Widget):
    """A chart for each entry of `CHARTS`, with the test curves of earlier runs behind the present.

    All charts have the same x axis. An earlier run has the same number, glyph and colour on each of
    them, also where another one is left out. Losses of an earlier run are drawn only if it
    minimized the same function, since others cannot be compared.
    """

    DEFAULT_CSS = """
    Curves { layout: horizontal; width: 1fr; height: 1fr; }
    Curves #loss { margin-right: 1; }
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.charts = {
            kind.name: Chart(kind.title, terminal, x_label="epoch", id=kind.name) for kind in CHARTS
        }
        self.overlay = True
        self._earlier: Sequence[RunHistory] = ()
        self._present: RunHistory | None = None
        self._throttle = Throttle(self._update, self.set_timer, DATA_INTERVAL)

    def compose(self) -> ComposeResult:
        yield from self.charts.values()

    def choose(self, pane: str) -> None:
        """Mark the chart of this name, the one to show where there is room for one only."""
        for name, chart in self.charts.items():
            chart.set_class(name == pane, "-chosen")

    def show(
        self, earlier: Sequence[RunHistory], present: RunHistory | None, *, at_once: bool
    ) -> None:
        """Show a run before earlier ones, `at_once` or no more often than once a second."""
        self._earlier, self._present = earlier, present
        self._throttle.request(0 if at_once else None)

    def _update(self) -> None:
        earlier = list(enumerate(self._earlier, 1)) if self.overlay else []
        drawn = {kind.name: _series(kind, earlier, self._present) for kind in CHARTS}
        axis = np.concatenate([[], *(s.points[0] for series in drawn.values() for s in series)])
        end = _end_of_epoch(self._present) if self._present else None
        marks = _marks(self._present) if self._present else ()
        for name, chart in self.charts.items():
            chart.set_series(drawn[name], axis, end)
            chart.marks = marks

    def change(self, what: Literal["log", "smooth", "zoom", "overlay"]) -> None:
        """Switch the logarithmic scale or the earlier runs, or smooth or zoom by another step.

        The line under a chart states how it differs from a plain one.
        """
        if what == "overlay":
            self.overlay = not self.overlay
        for kind in CHARTS:
            chart = self.charts[kind.name]
            if what == "log" and kind.log:
                chart.y_log = not chart.y_log
            elif what == "smooth":
                chart.smoothing = _next(SMOOTHING, chart.smoothing)
            elif what == "zoom":
                chart.zoom = _next(ZOOM, chart.zoom)
            chart.note = "".join(
                [
                    ", log scale" if chart.y_log else "",
                    f", smoothed {chart.smoothing:g}" if chart.smoothing else "",
                    f", last {chart.zoom:.0%}" if chart.zoom < 1 else "",
                ]
            )
        self._update()


def _series(
    kind: ChartKind, earlier: Sequence[tuple[int, RunHistory]], present: RunHistory | None
) -> list[Series]:
    """What a chart draws, the present run's test curve last and so on top."""
    series = [
        _curve(kind, run, "test", run.label, 0, EARLIER[n % len(EARLIER)], run_glyph(n))
        for n, run in earlier
        if not (kind.same_loss and present) or run.config.loss == present.config.loss
    ]
    if present:
        if kind.batches:
            series.append(Series("batch", *present.running_loss(), *BATCHES))
        series += [_curve(kind, present, split, *look) for split, look in SPLITS.items()]
    return [one for one in series if len(one.xs)]


def _curve(
    kind: ChartKind,
    run: RunHistory,
    split: str,
    name: str,
    style: int,
    role: ColorRole,
    glyph: str | None = None,
) -> Series:
    xs, ys = run.curve(split, kind.name)
    return Series(name, xs, [kind.factor * y for y in ys], style, role, glyph)


def _end_of_epoch(run: RunHistory) -> float | None:
    """Where the epoch under way will end, in epochs; None for a run that has ended.

    An axis that reaches to there moves once an epoch, not with every batch. Each move would send
    all charts to the terminal again.
    """
    if run.started is None or run.latest is None or run.finished is not None:
        return None
    per_epoch = run.started.steps_per_epoch
    whole = math.ceil(run.latest.step / per_epoch) * per_epoch
    return min(whole, run.started.total_steps) / per_epoch


def _marks(run: RunHistory) -> tuple[Mark, ...]:
    """The changes of the learning rate."""
    if run.started is None:
        return ()
    per_epoch = run.started.steps_per_epoch
    return tuple(
        (c.step / per_epoch, f"lr x{number(c.factor, 9, '.3g')}") for c in run.rate_changes
    )


def _next(values: tuple[float, ...], value: float) -> float:
    return values[(values.index(value) + 1) % len(values)]
