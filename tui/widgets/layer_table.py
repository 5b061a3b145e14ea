"""The table of layers: what each holds and how its weights and gradients stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip

from tui.widgets.legend import role_style
from tui.widgets.strips import PLAIN, ColorMode, StripWidget, text_strip


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One linear layer with its activation; `gradient_norm` and `dead` are None where there is none."""

    name: str
    parameters: int
    mean: float
    std: float
    minimum: float
    maximum: float
    gradient_norm: float | None
    dead: int | None
    units: int


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


def table_strips(
    rows: Sequence[LayerRow], selected: int, width: int, height: int, colors: ColorMode
) -> list[Strip]:
    """A header and a line for each layer, '>' before the selected one, '!' before dead units.

    Where the width is not enough, the least telling columns are left out; where the height is not,
    the layers around the selected one stay.
    """
    shown = visible_range(len(rows), height - 1, selected)
    cells = [dict(zip(COLUMNS, _cells(row), strict=True)) for row in rows]
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
        if rows[i].dead:
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


def _cells(row: LayerRow) -> tuple[str, ...]:
    numbers = (f"{x:.2g}" for x in (row.mean, row.std, row.minimum, row.maximum))
    gradient = "-" if row.gradient_norm is None else f"{row.gradient_norm:.1e}"
    dead = "-" if row.dead is None else f"{'!' if row.dead else ''}{row.dead}/{row.units}"
    return (row.name, f"{row.parameters:,}", *numbers, gradient, dead)


class LayerTable(StripWidget):
    """Shows the layers, one of them selected."""

    def __init__(self, *, color_mode: ColorMode = "full", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.color_mode = color_mode
        self._rows: Sequence[LayerRow] = ()
        self._selected = 0

    def show(self, rows: Sequence[LayerRow], selected: int) -> None:
        """Show these layers."""
        self._rows, self._selected = rows, selected
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw at the new size."""
        self._draw()

    def _draw(self) -> None:
        if self.size:
            self.show_strips(table_strips(self._rows, self._selected, *self.size, self.color_mode))
