"""Histograms side by side, as many as fit, one of them selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.strip import Strip

from nn.data import Array
from tui.widgets.layer_table import visible_range
from tui.widgets.plot import render_histogram
from tui.widgets.strips import PLAIN, ColorMode, StripWidget

_LEAST_WIDTH = 36  # cells of one histogram, where there are several


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """What `numpy.histogram` returned, and what was counted."""

    title: str
    counts: Array
    edges: Array


class Histograms(StripWidget):
    """Shows the selected histogram and its neighbours."""

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        color_mode: ColorMode = "full",
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self.ascii_only, self.color_mode = ascii_only, color_mode
        self._histograms: Sequence[Histogram] = ()
        self._selected = 0

    def show(self, histograms: Sequence[Histogram], selected: int) -> None:
        """Show these, input side first."""
        self._histograms, self._selected = histograms, selected
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw at the new size."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        columns = max(1, min(width // _LEAST_WIDTH, len(self._histograms)))
        shown = visible_range(len(self._histograms), columns, self._selected)
        pictures = [self._one(i, width // columns - 1, height) for i in shown]
        gap = Strip([Segment(" ", PLAIN)])
        self.show_strips(
            [
                Strip.join([s for part in parts for s in (part, gap)])
                for parts in zip(*pictures, strict=True)
            ]
        )

    def _one(self, index: int, width: int, height: int) -> list[Strip]:
        one = self._histograms[index]
        return render_histogram(
            one.counts,
            one.edges,
            width,
            height,
            title=("> " if index == self._selected else "  ") + one.title,
            x_label="weight",
            role="primary" if index == self._selected else "tertiary",
            ascii_only=self.ascii_only,
            colors=self.color_mode,
        )
