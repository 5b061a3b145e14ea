"""The drawing board on screen: its pixels, the cursor and the mouse."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.colors import role_style
from tui.app.widgets.raster import RAMP
from tui.app.widgets.strips import PLAIN, StripWidget
from tui.app.widgets.tones import SHADES, tones
from tui.system.terminal import Terminal

Picture: TypeAlias = NDArray[np.uint8]
Cursor: TypeAlias = tuple[int, int]
"""Row and column."""

_HALVES = " ▀▄█"
_ASCII_HALVES = ' "_#'


def canvas_strips(
    pixels: Picture,
    cursor: Cursor | None,
    width: int,
    height: int,
    terminal: Terminal,
    first: int = 0,
) -> list[Strip]:
    """The picture with two cells for a pixel, or with two pixels in a cell where there is no room.

    The cursor is a pair of brackets in the first case. In the second it is '^' for the upper pixel
    of its cell or 'v' for the lower one, on the shade of the other pixel. Of a picture that is
    still too high, the rows from `first` on are drawn.
    """
    rows = len(pixels)
    if paired(pixels, width, height):
        return [_pairs(pixels, row, cursor, terminal) for row in range(rows)]
    return [
        _halves(pixels, row, cursor, terminal)
        for row in range(first, min(rows, first + 2 * height), 2)
    ]


def paired(pixels: Picture, width: int, height: int) -> bool:
    """Whether there is room for two cells a pixel."""
    rows, columns = len(pixels), len(pixels[0])
    return width >= 2 * columns and height >= rows


def first_row(rows: int, cursor: int, height: int, before: int) -> int:
    """The first row of pixels to draw, two a line: that of before, if the cursor's row is seen."""
    lines, at = -(-rows // 2), cursor // 2
    return 2 * max(0, min(max(min(before // 2, at), at - height + 1), lines - height))


def _pairs(pixels: Picture, row: int, cursor: Cursor | None, terminal: Terminal) -> Strip:
    segments = []
    for column, level in enumerate(pixels[row].tolist()):
        here = (row, column) == cursor
        if terminal.colors == "full" and not terminal.ascii_only:
            ink = role_style("warning", terminal.colors) + Style(bold=True) if here else PLAIN
            segments.append(Segment("[]" if here else "  ", Style(bgcolor=_shade(level)) + ink))
        elif terminal.ascii_only:
            character = RAMP[level * len(RAMP) // 256]
            segments.append(
                Segment("[]" if here else 2 * character, Style(reverse=here and level > 127))
            )
        else:
            lit = level > 127
            segments.append(
                Segment("[]" if here else ("  ", "██")[lit], Style(reverse=here and lit))
            )
    return Strip(segments).simplify()


def _halves(pixels: Picture, row: int, cursor: Cursor | None, terminal: Terminal) -> Strip:
    segments = []
    for column, (upper, lower) in enumerate(pixels[row : row + 2].T.tolist()):
        here = cursor in ((row, column), (row + 1, column))
        mark = "^" if cursor == (row, column) else "v"
        if terminal.colors == "full" and not terminal.ascii_only:
            if here:
                under = lower if mark == "^" else upper
                style = role_style("warning", terminal.colors) + Style(
                    bold=True, bgcolor=_shade(under)
                )
                segments.append(Segment(mark, style))
            elif upper == lower:  # A space takes fewer bytes, and equal cells are merged.
                segments.append(Segment(" ", Style(bgcolor=_shade(upper))))
            else:
                segments.append(Segment("▀", Style(color=_shade(upper), bgcolor=_shade(lower))))
            continue
        shape = (_ASCII_HALVES if terminal.ascii_only else _HALVES)[
            (upper > 127) + 2 * (lower > 127)
        ]
        under = pixels[cursor] if here and cursor else 0
        segments.append(Segment(mark if here else shape, Style(reverse=bool(under > 127))))
    return Strip(segments).simplify()


def _shade(level: int) -> str:
    return tones().shade(round(level / 255 * (SHADES - 1)))


class Canvas(StripWidget):
    """Shows a picture with a cursor, and posts a message where the mouse draws."""

    ALLOW_SELECT = False

    class Stroke(Message):
        """The mouse was pressed on a pixel (`continued` is false), or dragged to one."""

        def __init__(self, row: int, column: int, *, erase: bool, continued: bool) -> None:
            super().__init__()
            self.row, self.column = row, column
            self.erase, self.continued = erase, continued

    _pixels: Picture = np.zeros((28, 28), np.uint8)
    _cursor: Cursor | None = None
    _first = 0
    """The first row that is drawn, where not all fit."""
    _erasing: bool | None = None
    """Whether the stroke erases; None while no button is held."""

    def show(self, pixels: Picture, cursor: Cursor | None) -> None:
        """Show this picture."""
        self._pixels, self._cursor = pixels, cursor
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        row = self._cursor[0] if self._cursor else 0
        self._first = first_row(len(self._pixels), row, self.size.height, self._first)
        return canvas_strips(self._pixels, self._cursor, *self.size, self.terminal, self._first)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a stroke; the right button, or shift, erases."""
        self._erasing = event.button == 3 or event.shift
        self.capture_mouse()
        self._post(event, continued=False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Continue the stroke while the button is held."""
        if self._erasing is not None and event.button:  # The button may be released elsewhere.
            self._post(event, continued=True)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """End the stroke."""
        self._erasing = None
        self.release_mouse()

    def _post(self, event: events.MouseEvent, *, continued: bool) -> None:
        at = event.get_content_offset_capture(self)
        if paired(self._pixels, *self.size):
            row, column = at.y, at.x // 2
        else:
            row, column = self._first + 2 * at.y, at.x
        self.post_message(self.Stroke(row, column, erase=bool(self._erasing), continued=continued))
