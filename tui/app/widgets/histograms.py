"""Histograms, and those of the weights of each layer, as many side by side as fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from nn.analysis.inspection import LayerStatistics
from tui.app.widgets.colors import Role
from tui.app.widgets.layer_table import visible_range
from tui.app.widgets.layout import Layout, x_scale
from tui.app.widgets.legend import legend
from tui.app.widgets.series import Values, linear_scale, transform
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.system.terminal import FULL, Terminal

_LEAST_WIDTH = 36  # cells of one histogram, where there are several


def render_histogram(
    counts: Values,
    edges: Values,
    width: int,
    height: int,
    *,
    title: str = "",
    x_label: str = "",
    role: Role = "accent",
    terminal: Terminal = FULL,
) -> list[Strip]:
    """Draw the counts of `numpy.histogram` as bars, in `height` lines of exactly `width` cells.

    Args:
        counts: One for each bin.
        edges: Rising, one more than counts.
        width: Cells in a line.
        height: Lines.
        title: What was counted.
        x_label: What the edges are.
        role: Colour of the bars.
        terminal: Which characters and how many colours to use.
    """
    head = legend(title, [], width, terminal=terminal)
    layout = Layout(width, height, head, x_label.center(width), terminal)
    heights, bounds = np.nan_to_num(transform(counts, False)), transform(edges, False)
    if len(bounds) != len(heights) + 1:
        raise ValueError(f"{len(heights)} counts need {len(heights) + 1} edges, not {len(bounds)}")
    if not np.isfinite(bounds).all() or not heights.any():
        return layout.empty()
    if not width or not layout.rows:
        return [text_strip("", width)] * height
    x = x_scale(bounds, width)
    y = linear_scale(0, float(heights.max()), max(1, layout.rows // 3), whole=True)
    centers = (np.arange(2 * width) + 0.5) / (2 * width)
    bins = np.searchsorted(x.place(bounds), centers, side="right") - 1
    tops = np.concatenate([[0.0], y.place(heights), [0.0]])[bins + 1]  # nothing beyond the edges
    plotter = layout.plotter(x, y)
    plotter.bars(centers[tops > 0], tops[tops > 0], role)
    return layout.around(plotter.strips())


class Histograms(StripWidget):
    """Shows the selected layer and its neighbours."""

    _layers: Sequence[LayerStatistics] = ()
    _selected = 0

    def show(self, layers: Sequence[LayerStatistics], selected: int) -> None:
        """Show these, input side first."""
        self._layers, self._selected = layers, selected
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        width, height = self.size
        columns = max(1, min(width // _LEAST_WIDTH, len(self._layers)))
        shown = visible_range(len(self._layers), columns, self._selected)
        pictures = [self._one(i, width // columns - 1, height) for i in shown]
        gap = Strip([Segment(" ", PLAIN)])
        return [
            Strip.join([s for part in parts for s in (part, gap)])
            for parts in zip(*pictures, strict=True)
        ]

    def _one(self, index: int, width: int, height: int) -> list[Strip]:
        layer, chosen = self._layers[index], index == self._selected
        return render_histogram(
            layer.counts,
            layer.edges,
            width,
            height,
            title=f"{'>' if chosen else ' '} {index + 1}: {layer.in_features}-{layer.out_features}",
            x_label="weight",
            role="accent" if chosen else "muted",
            terminal=self.terminal,
        )
