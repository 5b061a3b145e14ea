"""The curves of two runs: A and B by colour and name, training by its dashes."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from tui.app.state.comparison import Comparison, Side
from tui.app.state.comparison_words import Axis
from tui.app.widgets.chart import Chart
from tui.app.widgets.charts import CHARTS, ChartKind
from tui.app.widgets.compared_rows import LETTER_ROLES, lettered_names
from tui.app.widgets.linked_charts import LinkedCharts
from tui.app.widgets.series import Series
from tui.app.widgets.strips import printable
from tui.system.terminal import Terminal

_STYLES = {"A": {"test": 0, "train": 1}, "B": {"test": 2, "train": 3}}
_BORDER = 6  # cells of the border beside a title, and a gap in it
_ROOMY = 120
"""Cells from which on there is room for all charts."""


def compared_series(sides: Sequence[Side], kind: ChartKind, axis: Axis) -> list[Series]:
    """Training and test curves of both runs, those of A on top."""
    series = []
    for split in ("train", "test"):
        for side in reversed(sides):
            points = [
                (getattr(e, axis), kind.factor * getattr(getattr(e, split), kind.name))
                for e in side.history.evaluations
                if getattr(e, split)
            ]
            if points:
                xs, ys = zip(*points, strict=True)
                name = f"{side.letter} {'training' if split == 'train' else split}"
                style, role = _STYLES[side.letter][split], LETTER_ROLES[side.letter]
                series.append(Series(name, xs, ys, style, role))
    return series


class ComparedCurves(LinkedCharts, Container):
    """A chart for each entry of `CHARTS`: the `kind` that is chosen, or with room for them all.

    The losses of two runs that minimize different functions are not drawn, since they do not
    compare.
    """

    DEFAULT_CSS = """
    ComparedCurves {
        layout: horizontal;
        Chart { width: 1fr; display: none; }
        Chart.-shown { display: block; }
        &.-all Chart { display: block; }
        &.-all Chart.-incomparable { display: none; }
    }
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(id="curves")
        self._terminal = terminal
        self.charts = {
            kind: Chart("", terminal, form=kind.form, id=kind.name, classes="panel")
            for kind in CHARTS
        }
        for chart in self.charts.values():
            chart.fitted = True
        self.kind = CHARTS[-1]
        self.chosen.add_class("-shown")

    def compose(self) -> ComposeResult:
        yield from self.charts.values()

    def on_resize(self, event: events.Resize) -> None:
        """Show as many charts as there is room for."""
        self.set_class(event.size.width >= _ROOMY, "-all")

    @property
    def chosen(self) -> Chart:
        """The chart of the kind that is chosen."""
        return self.charts[self.kind]

    @property
    def cursor_x(self) -> float | None:
        """Where the cursor stands, on all charts."""
        return self.chosen.cursor_x

    def choose(self, kind: ChartKind) -> None:
        """Show this kind where there is room for one chart."""
        self.chosen.remove_class("-shown")
        self.kind = kind
        self.chosen.add_class("-shown")

    def turn_log(self) -> None:
        """A logarithmic scale of the charts that may have one and are shown, or a linear one."""
        for kind, chart in self.charts.items():
            chart.y_log = kind.log and chart.display and not chart.y_log

    def show(self, comparison: Comparison | None, axis: Axis, *, thin: bool) -> None:
        """Draw both runs over this axis, in `thin` lines or in blocks."""
        lossless = comparison is not None and not comparison.same_loss
        if lossless and self.kind.same_loss:
            self.choose(next(kind for kind in CHARTS if not kind.same_loss))
        for kind, chart in self.charts.items():
            chart.set_class(lossless and kind.same_loss, "-incomparable")
            chart.x_label, chart.thin_lines = axis, thin
            chart.title = self._title(comparison, kind, chart)
            chart.set_series(compared_series(comparison.sides, kind, axis) if comparison else [])
            chart.redraw()

    def _title(self, comparison: Comparison | None, kind: ChartKind, chart: Chart) -> str:
        if comparison is None:
            return kind.title
        names = lettered_names(comparison, chart.size.width - len(kind.title) - _BORDER)
        return printable(f"{names}  {kind.title}", ascii_only=self._terminal.ascii_only)
