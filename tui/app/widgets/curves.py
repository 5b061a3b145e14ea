"""The charts of training, of the present run and of earlier ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from tui.app.state.background import Throttle
from tui.app.widgets.chart import DATA_INTERVAL, Chart
from tui.app.widgets.charts import CHARTS, ROOMY, ChartKind
from tui.app.widgets.colors import ColorRole, InkRole
from tui.app.widgets.gradient_flow import GradientFlow
from tui.app.widgets.legend import run_glyph
from tui.app.widgets.linked_charts import LinkedCharts
from tui.app.widgets.loss_words import MEASURES
from tui.app.widgets.plot import Mark
from tui.app.widgets.series import Series
from tui.formatting import number
from tui.recording.history import RunHistory
from tui.system.terminal import Terminal

Change: TypeAlias = Literal["log", "smooth", "zoom", "overlay"]
Value = TypeVar("Value")

SPLITS: dict[str, tuple[str, int, ColorRole]] = {
    "train": ("training", 1, "secondary"),
    "validation": ("validation", 2, "tertiary"),
    "test": ("test", 0, "primary"),
}
"""Name, style and colour of the curve of each split, in the order in which they are drawn."""
BATCHES: tuple[int, InkRole] = (5, "muted")
EARLIER: tuple[tuple[int, ColorRole], ...] = ((3, "quinary"), (4, "warning"), (3, "quaternary"))
"""Style and colour of earlier runs in turn. Their numbers distinguish them, not their colours."""
SMOOTHING = (0.0, 0.6, 0.9, 0.97)
ZOOM = ((1.0, True), (0.5, True), (0.2, True), (0.1, True), (1.0, False))
"""The last part of the epochs that is shown, and whether the y axis is fitted to what matters."""

MOST_DROPS = 8
"""So many drops of the learning rate in a run are marked at most."""


class Curves(LinkedCharts, Widget):
    """A chart for each entry of `CHARTS`, with the test curves of earlier runs behind the present.

    All charts have the same x axis. An earlier run has the same number, glyph and colour on each of
    them, also where another one is left out. Losses of an earlier run are drawn only if it
    minimized the same function, since others cannot be compared.
    """

    DEFAULT_CSS = """
    Curves { layout: horizontal; width: 1fr; height: 1fr; }
    Curves #gradients { display: none; }
    Curves.-gradients Chart { display: none !important; }
    Curves.-gradients #gradients { display: block; }
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.charts = {
            kind.name: Chart(
                kind.title,
                terminal,
                x_label="epoch",
                form=kind.form,
                id=kind.name,
                classes="panel",
            )
            for kind in CHARTS
        }
        for chart in self.charts.values():
            chart.fitted = True
        self.flow = GradientFlow(terminal)
        self.overlay = True
        self._earlier: Sequence[RunHistory] = ()
        self._present: RunHistory | None = None
        self._at_once = False
        self._throttle = Throttle(self._update, self.set_timer, DATA_INTERVAL)

    def compose(self) -> ComposeResult:
        yield from self.charts.values()
        yield self.flow

    def on_resize(self, _event: events.Resize) -> None:
        """Give up the sides of the borders where that is needed for the curves."""
        for panel in (*self.charts.values(), self.flow):
            panel.set_class(self.app.size.width < ROOMY, "-open")

    def choose(self, pane: str) -> None:
        """Mark the chart of this name, the one to show where there is room for one only."""
        if pane in self.charts:
            self.remove_class("-gradients")
        for name, chart in self.charts.items():
            chart.set_class(name == pane, "-chosen")

    def show(
        self, earlier: Sequence[RunHistory], present: RunHistory | None, *, at_once: bool
    ) -> None:
        """Show a run before earlier ones, `at_once` or no more often than once a second."""
        self._earlier, self._present, self._at_once = earlier, present, at_once
        self._throttle.request(0 if at_once else None)

    def _update(self) -> None:
        earlier = list(enumerate(self._earlier, 1)) if self.overlay else []
        drawn = {kind.name: _series(kind, earlier, self._present) for kind in CHARTS}
        axis = np.concatenate([[], *(s.points[0] for series in drawn.values() for s in series)])
        group = [one for series in drawn.values() for one in series]
        end = _end_of_epoch(self._present) if self._present else None
        for kind in CHARTS:
            chart = self.charts[kind.name]
            chart.note = _note(chart)
            if kind.same_loss and self._present is not None:
                chart.note += f": {MEASURES[self._present.config.loss]}"
            marks = marks_of(self._present, kind) if self._present else ()
            chart.set_series(drawn[kind.name], axis, end, group, marks, soon=self._at_once)
        self.flow.show(self._present, end)

    def show_gradients(self) -> bool:
        """Show the gradients in place of the charts, or no longer; returns which."""
        shown = not self.has_class("-gradients")
        self.set_class(shown, "-gradients")
        return shown

    def draw_lines(self, *, thin: bool) -> None:
        """Draw the lines of all charts in braille dots, or in blocks."""
        for chart in self.charts.values():
            chart.thin_lines = thin

    def change(self, what: Change) -> None:
        """Switch the logarithmic scale or the earlier runs; smooth or zoom by a step.

        The title of a chart states how it differs from a plain one.
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
                chart.zoom, chart.fitted = _next(ZOOM, (chart.zoom, chart.fitted))
        self._update()

    def show_zoomed(self) -> None:
        """Tell the zoom in the titles."""
        self._update()


def _note(chart: Chart) -> str:
    """How a chart differs from a plain one."""
    notes = (
        "log scale" if chart.y_log else "",
        f"smoothed {chart.smoothing:g}" if chart.smoothing else "",
        f"last {chart.zoom:.0%}" if chart.zoom < 1 else "",
        "" if chart.fitted else "whole range",
    )
    return "".join(f", {note}" for note in notes if note)


def _series(
    kind: ChartKind, earlier: Sequence[tuple[int, RunHistory]], present: RunHistory | None
) -> list[Series]:
    """What a chart draws, the present run's test curve last and so on top."""
    series = []
    for n, run in earlier:
        if not (kind.same_loss and present) or run.config.loss == present.config.loss:
            xs, ys = _curve(kind, run, "test")
            style, role = EARLIER[n % len(EARLIER)]
            detail, tag = f"test {kind.name}", run_glyph(n)
            series.append(Series(run.label, xs, ys, style, role, detail=detail, tag=tag))
    if present:
        if kind.batches:
            series.append(Series("batch", *present.running_loss(), *BATCHES, detail=kind.name))
        for split, (name, style, role) in SPLITS.items():
            xs, ys = _curve(kind, present, split)
            series.append(Series(name, xs, ys, style, role, detail=kind.name))
    return [one for one in series if len(one.xs)]


def _curve(kind: ChartKind, run: RunHistory, split: str) -> tuple[list[float], list[float]]:
    epochs, values = run.curve(split, kind.name)
    return epochs, [kind.factor * value for value in values]


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


def marks_of(run: RunHistory, kind: ChartKind) -> tuple[Mark, ...]:
    """The changes of the rate, the highest or the lowest of the test images, and an early stop.

    Drops of the schedule are marked as changes by hand are, unless they are many. The newest epoch
    is not marked, since the mark would move with every epoch.
    """
    if run.started is None:
        return ()
    per_epoch = run.started.steps_per_epoch
    marks = [(c.step / per_epoch, f"lr x{number(c.factor, 9, '.3g')}") for c in run.rate_changes]
    marks += _drops(run)
    extreme, word = (run.highest, "highest") if kind.name == "accuracy" else (run.lowest, "lowest")
    if extreme is not None and extreme is not run.evaluations[-1]:
        marks.append((extreme.epoch, word))
    if run.finished is not None and run.finished.reason == "early-stopped":
        marks.append((run.finished.step / per_epoch, "early stop"))
    return tuple(sorted(marks))


def _drops(run: RunHistory) -> list[Mark]:
    """Where schedule=step has lowered the rate so far; none where that would fill the chart."""
    config = run.config
    if run.started is None or config.schedule != "step" or config.decay_factor == 1:
        return []
    per_epoch = run.started.steps_per_epoch
    drops = range(
        config.decay_every * per_epoch, run.started.total_steps, config.decay_every * per_epoch
    )
    if len(drops) > MOST_DROPS:
        return []
    word = f"lr x{number(config.decay_factor, 9, '.3g')}"
    return [(step / per_epoch, word) for step in drops if step < run.step]


def _next(values: Sequence[Value], value: Value) -> Value:
    """The value behind this one in turn; the first where it is none of them."""
    place = values.index(value) + 1 if value in values else 0
    return values[place % len(values)]
