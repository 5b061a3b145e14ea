"""The activity of a network for one image, layer by layer, with a cell for each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.style import Style
from textual.strip import Strip

from nn.arrays import Array
from tui.app.widgets.layer_table import visible_range
from tui.app.widgets.signed import cell_strips
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import number
from tui.system.terminal import Terminal

_NUMBER = 8
"""Cells of an output with its class."""
_WIDEST = 4
"""Cells of a unit at most."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerActivity:
    """The output of a layer and a line about it; if `numeric`, values are shown as numbers."""

    title: str
    values: Array
    numeric: bool = False


def strongest(values: Array, count: int) -> Array:
    """At most `count` values: the one of the largest magnitude of each group of neighbours."""
    size = -(-len(values) // max(1, count))
    padded = np.zeros(-(-len(values) // size) * size, np.float64)
    padded[: len(values)] = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    groups = padded.reshape(-1, size)
    peaks: Array = groups[np.arange(len(groups)), np.abs(groups).argmax(axis=1)]
    return peaks


def lines_each(needs: Sequence[int], height: int) -> int:
    """The largest number of lines for a layer with which all fit under their titles; 1 or more."""
    return next(
        (
            most
            for most in range(max(needs), 1, -1)
            if sum(1 + min(n, most) for n in needs) <= height
        ),
        1,
    )


def activity_strips(
    layers: Sequence[LayerActivity],
    selected: int,
    width: int,
    height: int,
    terminal: Terminal,
    *,
    shaded: bool = False,
) -> list[Strip]:
    """A title and some lines for each layer, in which each unit is a cell as wide as all fit with.

    The strongest shade or densest character is the layer's largest magnitude; positive and negative
    values differ in both. Where cells of one character do not fit, each is a group of units.
    """
    if not layers or not width:
        return []
    outputs = max((len(one.values) for one in layers if one.numeric), default=1)
    number_cells = _NUMBER - 1 + len(str(outputs - 1))
    numbers = max(1, width // number_cells)

    def needs(cell: int) -> list[int]:
        units = max(1, width // cell)
        return [-(-len(one.values) // (numbers if one.numeric else units)) for one in layers]

    fits = (cell for cell in range(_WIDEST, 1, -1) if sum(needs(cell)) + len(layers) <= height)
    cell = next(fits, 1)
    units = max(1, width // cell)
    most = lines_each(needs(cell), height)
    blocks = []
    for index, layer in enumerate(layers):
        mark = ">" if index == selected else " "
        words = f"{mark}{layer.title}"
        words = words if len(words) <= width else words.rpartition(", ")[0] or words
        title = text_strip(words, width, Style(bold=True))
        if layer.numeric:
            cells = [
                f"{c}:{number(value, _NUMBER - 3, '.3g')}".ljust(number_cells)
                for c, value in enumerate(layer.values.tolist())
            ]
            rows = ["".join(cells[i : i + numbers]) for i in range(0, len(cells), numbers)]
            body = [text_strip(row, width) for row in rows]
        else:
            peaks = strongest(layer.values, most * units)
            picture = np.zeros((-(-len(peaks) // units), min(units, len(peaks))))
            picture.ravel()[: len(peaks)] = peaks
            drawn = cell_strips(picture, cell, terminal, shaded=shaded)
            body = [strip.adjust_cell_length(width, PLAIN) for strip in drawn]
        blocks.append([title, *body])
    if sum(map(len, blocks)) > height:  # too many layers, although each has only two lines
        blocks = [blocks[i] for i in visible_range(len(blocks), height // 2, selected)]
    return [strip for block in blocks for strip in block][:height]


class ActivationView(StripWidget):
    """Shows the activity of all layers, or of those around the selected one."""

    _layers: Sequence[LayerActivity] = ()
    _selected = 0
    _shaded = False

    def show(self, layers: Sequence[LayerActivity], selected: int, *, shaded: bool) -> None:
        """Show these layers, input side first."""
        self._layers, self._selected, self._shaded = layers, selected, shaded
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return activity_strips(
            self._layers, self._selected, *self.size, self.terminal, shaded=self._shaded
        )
