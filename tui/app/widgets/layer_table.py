"""The table of layers: their parameters, and statistics of their weights and gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.analysis.inspection import LayerStatistics
from tui.app.widgets.columns import Column, fitting
from tui.app.widgets.legend import role_style
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import number
from tui.system.terminal import ColorMode

_GAP = 2
_NUMBER_WIDTH = 8


@dataclass(frozen=True)
class LayerRow:
    """A layer with the norm of its gradient, None where that is not known."""

    layer: LayerStatistics
    gradient_norm: float | None


def visible_range(count: int, height: int, selected: int) -> range:
    """As many of `count` items as `height` holds, the selected one among them."""
    first = max(0, min(selected - height // 2, count - height))
    return range(first, min(count, first + max(0, height)))


def activation_name(layer: LayerStatistics) -> str:
    """What follows the weights: an activation, or nothing as in most output layers."""
    return "output" if layer.dead is None and layer.activation == "identity" else layer.activation


def _number(value: Callable[[LayerStatistics], float]) -> Callable[[LayerRow, int], str]:
    return lambda row, width: number(value(row.layer), width, ".2g")


def _layer(row: LayerRow, _width: int) -> str:
    layer = row.layer
    return f"{layer.in_features}-{layer.out_features} {activation_name(layer)}"


def _parameters(row: LayerRow, _width: int) -> str:
    return f"{row.layer.parameters:,}"


def _gradient(row: LayerRow, width: int) -> str:
    return "-" if row.gradient_norm is None else number(row.gradient_norm, width, ".1e")


def _dead(row: LayerRow, _width: int) -> str:
    if row.layer.dead is None:
        return "-"
    count = int(row.layer.dead.sum())
    return f"{'!' if count else ''}{count}/{row.layer.out_features}"


COLUMNS: tuple[Column[LayerRow], ...] = (
    Column("layer", _NUMBER_WIDTH, 0, _layer, words=True),
    Column("parameters", _NUMBER_WIDTH, 4, _parameters),
    Column("mean", _NUMBER_WIDTH, 6, _number(lambda layer: layer.mean)),
    Column("std", _NUMBER_WIDTH, 3, _number(lambda layer: layer.std)),
    Column("min", _NUMBER_WIDTH, 5, _number(lambda layer: layer.minimum)),
    Column("max", _NUMBER_WIDTH, 5, _number(lambda layer: layer.maximum)),
    Column("gradient", _NUMBER_WIDTH, 2, _gradient),
    Column("dead", _NUMBER_WIDTH, 1, _dead),
)


def table_strips(
    layers: Sequence[LayerStatistics],
    gradient_norms: Sequence[float],
    selected: int,
    width: int,
    height: int,
    colors: ColorMode,
) -> list[Strip]:
    """A header and a line for each layer, '>' before the selected one, '!' before dead units.

    Columns are as wide as their widest text. Where the width is not enough, columns are left out;
    where the height is not, the layers around the selected one stay. Below are the ranges of the
    selected layer's batch normalization, where it has one.
    """
    below = _norm_lines(layers[selected], width) if layers else []
    height = max(2, height - len(below))
    known = len(gradient_norms) == len(layers)
    rows = [LayerRow(layer, gradient_norms[i] if known else None) for i, layer in enumerate(layers)]
    widest = (
        max(len(text) for text in (column.title, *(column.text(r, column.width) for r in rows)))
        for column in COLUMNS
    )
    sized = [column._replace(width=w) for column, w in zip(COLUMNS, widest, strict=True)]
    columns = fitting(sized, width - 4, _GAP)
    gap = " " * _GAP
    header = "    " + gap.join(column.heading for column in columns)
    strips = [text_strip(header, width, Style(bold=True))]
    for i in visible_range(len(layers), height - 1, selected):
        text = f"{'>' if i == selected else ' '}{i + 1:>2} "
        text += gap.join(column.cell(rows[i]) for column in columns)
        style = Style(bold=i == selected)
        start, mark, dead = text.partition("!")
        parts = [Segment(start, style), Segment(mark + dead, style + role_style("warning", colors))]
        strip = Strip(part for part in parts if part.text)
        strips.append(strip.adjust_cell_length(width, PLAIN).simplify())
    return [*strips, *(text_strip(line, width) for line in below)]


def _norm_lines(layer: LayerStatistics, width: int) -> list[str]:
    """The lowest and the highest of each number of a layer's batch normalization."""
    parts = [
        f"{name} {number(low, _NUMBER_WIDTH, '.2g')}..{number(high, _NUMBER_WIDTH, '.2g')}"
        for name, (low, high) in layer.norm.items()
    ]
    lines = ["    normalized:"] if parts else []
    for part in parts:
        if len(lines[-1]) + 2 + len(part) > width:
            lines.append("   ")
        lines[-1] += f"  {part}" if lines[-1].strip() else f" {part}"
    return lines


class LayerTable(StripWidget):
    """Shows the layers, one of them selected."""

    _layers: Sequence[LayerStatistics] = ()
    _gradient_norms: Sequence[float] = ()
    _selected = 0

    @property
    def lines(self) -> int:
        """The lines that all of its rows take, and those below them for any layer."""
        below = (len(_norm_lines(layer, self.size.width)) for layer in self._layers)
        return 1 + len(self._layers) + max(below, default=0)

    def show(
        self, layers: Sequence[LayerStatistics], gradient_norms: Sequence[float], selected: int
    ) -> None:
        """Show these layers; the norms are left out unless there is one for each."""
        self._layers, self._gradient_norms, self._selected = layers, gradient_norms, selected
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return table_strips(
            self._layers, self._gradient_norms, self._selected, *self.size, self.terminal.colors
        )
