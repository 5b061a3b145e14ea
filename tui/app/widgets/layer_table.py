"""The table of layers: what each holds and how its weights and gradients stand."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.analysis.inspection import LayerStatistics
from tui.app.widgets.legend import role_style
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.system.terminal import ColorMode

COLUMNS = ("layer", "parameters", "mean", "std", "min", "max", "gradient", "dead")
_DROPPED = (
    ("mean",),
    ("min", "max"),
    ("parameters",),
    ("std",),
)  # in this order where it is narrow
_GAP = 2


def visible_range(count: int, height: int, selected: int) -> range:
    """As many of `count` items as `height` holds, the selected one among them."""
    first = max(0, min(selected - height // 2, count - height))
    return range(first, min(count, first + max(0, height)))


def activation_name(layer: LayerStatistics) -> str:
    """What follows the weights: an activation, or nothing as in most output layers."""
    return "output" if layer.dead is None and layer.activation == "identity" else layer.activation


def table_strips(
    layers: Sequence[LayerStatistics],
    gradient_norms: Sequence[float],
    selected: int,
    width: int,
    height: int,
    colors: ColorMode,
) -> list[Strip]:
    """A header and a line for each layer, '>' before the selected one, '!' before dead units.

    Where the width is not enough, the least telling columns are left out; where the height is not,
    the layers around the selected one stay.
    """
    shown = visible_range(len(layers), height - 1, selected)
    known = len(gradient_norms) == len(layers)
    cells = [
        dict(zip(COLUMNS, _cells(layer, gradient_norms[i] if known else None), strict=True))
        for i, layer in enumerate(layers)
    ]
    widths = {c: max(len(c), *(len(row[c]) for row in cells)) if cells else len(c) for c in COLUMNS}
    columns = list(COLUMNS)
    for unwanted in _DROPPED:
        if _total(columns, widths) <= width:
            break
        columns = [name for name in columns if name not in unwanted]

    def line(number: str, texts: dict[str, str]) -> str:
        parts = [
            texts[c].ljust(widths[c]) if c == "layer" else texts[c].rjust(widths[c])
            for c in columns
        ]
        return number + (" " * _GAP).join(parts)

    header = line("    ", {name: name for name in COLUMNS})
    strips = [text_strip(header, width, Style(bold=True))]
    for i in shown:
        text = line(f"{'>' if i == selected else ' '}{i + 1:>2} ", cells[i])
        style = Style(bold=i == selected)
        if "!" in cells[i]["dead"]:
            at = len(text.rstrip()) - len(cells[i]["dead"])
            parts = [
                Segment(text[:at], style),
                Segment(text[at:], style + role_style("warning", colors)),
            ]
            strips.append(Strip(parts).adjust_cell_length(width, PLAIN).simplify())
        else:
            strips.append(text_strip(text, width, style))
    return strips


def _total(columns: Sequence[str], widths: dict[str, int]) -> int:
    return 4 + sum(widths[name] for name in columns) + _GAP * (len(columns) - 1)


def _cells(layer: LayerStatistics, gradient_norm: float | None) -> tuple[str, ...]:
    dead = "-"
    if layer.dead is not None:
        count = int(layer.dead.sum())
        dead = f"{'!' if count else ''}{count}/{layer.out_features}"
    return (
        f"{layer.in_features}-{layer.out_features} {activation_name(layer)}",
        f"{layer.parameters:,}",
        *(f"{x:.2g}" for x in (layer.mean, layer.std, layer.minimum, layer.maximum)),
        "-" if gradient_norm is None else f"{gradient_norm:.1e}",
        dead,
    )


class LayerTable(StripWidget):
    """Shows the layers, one of them selected."""

    _layers: Sequence[LayerStatistics] = ()
    _gradient_norms: Sequence[float] = ()
    _selected = 0

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
