"""A matrix as a picture, one character or half of one for each element, with a cursor."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.arrays import Array
from tui.app.widgets.raster import RAMP, half_blocks
from tui.app.widgets.signed import NEGATIVE, POSITIVE, sign_style
from tui.app.widgets.strips import PLAIN
from tui.app.widgets.tones import SHADES, STEPS, tones
from tui.system.terminal import Terminal

Place = tuple[int, int]


def heat_size(rows: int, columns: int, width: int, height: int, *, shaded: bool) -> Place:
    """The cells (wide, high) that a matrix takes in a space of `width` by `height`."""
    cell = _cell(rows, columns, width, height, shaded)
    doubled = _doubled(rows, columns, height, shaded)
    return min(width, columns * cell), min(height, -(-rows // 2) if doubled else rows)


@np.errstate(all="ignore")  # numbers of a network that diverged have no picture
def heat_strips(
    matrix: Array,
    cursor: Place,
    width: int,
    height: int,
    *,
    largest: float,
    signed: bool,
    shaded: bool,
    terminal: Terminal,
) -> list[Strip]:
    """The part of a matrix around the cursor, as much of it as fits.

    `largest` is the magnitude that is drawn strongest. With `shaded` elements are coloured, above
    zero in another colour than below, and where there are too many rows two share a cell; else
    they are drawn by characters, of which positive and negative ones are `.:+#` and `'-=%`.
    """
    rows, columns = matrix.shape
    cell = _cell(rows, columns, width, height, shaded)
    doubled = _doubled(rows, columns, height, shaded)
    across, down = max(1, width // cell), height * (2 if doubled else 1)
    top, left = _start(cursor[0], rows, down), _start(cursor[1], columns, across)
    top -= top % 2 if doubled else 0
    part = np.nan_to_num(matrix[top : top + down, left : left + across].astype(np.float64))
    strength = np.clip(part / (largest or 1.0), -1, 1)
    here = cursor[0] - top, cursor[1] - left
    if doubled:
        return _halves(strength, here, signed, terminal)
    draw = _shaded_cell if shaded else _character_cell
    strips = []
    for r, row in enumerate(strength):
        segments = [
            _cursor_cell(cell, terminal)
            if (r, c) == here
            else draw(float(value), cell, signed, terminal)
            for c, value in enumerate(row)
        ]
        strips.append(Strip(segments).simplify())
    return strips


def _cell(rows: int, columns: int, width: int, height: int, shaded: bool) -> int:
    wide = 2 * columns <= width and not _doubled(rows, columns, height, shaded)
    return 2 if wide else 1


def _doubled(rows: int, columns: int, height: int, shaded: bool) -> bool:
    return shaded and rows > height


def _start(at: int, count: int, visible: int) -> int:
    return max(0, min(at - visible // 2, count - visible))


def _colour(value: float, signed: bool) -> str:
    if signed:
        return tones().diverging(round(value * STEPS))
    return tones().shade(round(abs(value) * (SHADES - 1)))


def _shaded_cell(value: float, cell: int, signed: bool, terminal: Terminal) -> Segment:
    return Segment(" " * cell, Style(bgcolor=_colour(value, signed)))


def _character_cell(value: float, cell: int, signed: bool, terminal: Terminal) -> Segment:
    ramp = RAMP if not signed else POSITIVE if value >= 0 else NEGATIVE
    character = ramp[min(int(abs(value) * len(ramp)), len(ramp) - 1)]
    style = PLAIN
    if signed and character != " ":
        style = sign_style(1 if value >= 0 else -1, terminal.colors)
    return Segment(character * cell, style)


def _cursor_cell(cell: int, terminal: Terminal) -> Segment:
    return Segment("[]" if cell == 2 else "X", _cursor_style(terminal))


def _cursor_style(terminal: Terminal) -> Style:
    """The ink, which no element has where their colours show the sign."""
    if terminal.colors == "full":
        return Style(bold=True, color=tones().paper, bgcolor=tones().ink)
    return Style(bold=True, reverse=True)


def _halves(strength: Array, here: Place, signed: bool, terminal: Terminal) -> list[Strip]:
    """Two rows a line, the upper one in the foreground and the lower one in the background."""
    if len(strength) % 2:
        strength = np.vstack([strength, np.zeros((1, strength.shape[1]))])
    strips = []
    for r in range(0, len(strength), 2):
        segments = []
        for c, (upper, lower) in enumerate(zip(strength[r], strength[r + 1], strict=True)):
            colours = _colour(float(upper), signed), _colour(float(lower), signed)
            if here in ((r, c), (r + 1, c)):
                mark = "^" if here[0] == r else "v"
                segments.append(Segment(mark, _cursor_style(terminal)))
            else:
                segments.append(half_blocks(*colours))
        strips.append(Strip(segments).simplify())
    return strips
