"""Histograms of the weights of each layer, as many side by side as fit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from nn.analysis.inspection import LayerStatistics
from tui.app.widgets.layer_table import visible_range
from tui.app.widgets.plot import render_histogram
from tui.app.widgets.strips import PLAIN, StripWidget

_LEAST_WIDTH = 36  # cells of one histogram, where there are several


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
            role="primary" if chosen else "tertiary",
            terminal=self.terminal,
        )
