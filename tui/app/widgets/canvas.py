"""The drawing board on screen: its pixels, the cursor and the mouse."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.colors import role_style
from tui.app.widgets.raster import RAMP, half_blocks, ink_styles
from tui.app.widgets.signed import shades_signs
from tui.app.widgets.strips import PLAIN, StripWidget
from tui.app.widgets.tones import SHADES, tones
from tui.system.terminal import Terminal

Picture: TypeAlias = NDArray[np.uint8]
Cursor: TypeAlias = tuple[int, int]
"""Row and column."""

_HALVES = " ▀▄█"
_FAINT = 24  # levels of ink over which a colour is still seen well
_ASCII_HALVES = ' "_#'


def canvas_strips(
    pixels: Picture,
    cursor: Cursor | None,
    width: int,
    height: int,
    terminal: Terminal,
    first: int = 0,
    *,
    shaded: bool = True,
) -> list[Strip]:
    """The picture with two cells for a pixel, or with two pixels in a cell where there is no room.

    The cursor is a pair of brackets in the first case. In the second it is '^' for the upper pixel
    of its cell or 'v' for the lower one, on the shade of the other pixel. Of a picture that is
    still too high, the rows from `first` on are drawn.
    """
    rows, shaded = len(pixels), shaded and shades_signs(terminal)
    if paired(pixels, width, height):
        return [_pairs(pixels, row, cursor, terminal, shaded) for row in range(rows)]
    return [
        _halves(pixels, row, cursor, terminal, shaded)
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


def _pairs(
    pixels: Picture, row: int, cursor: Cursor | None, terminal: Terminal, shaded: bool
) -> Strip:
    segments = []
    for column, level in enumerate(pixels[row].tolist()):
        here = (row, column) == cursor
        if shaded:
            style = _cursor_style(level, terminal) if here else Style(bgcolor=_shade(level))
            segments.append(Segment("[]" if here else "  ", style))
            continue
        drawn = RAMP[level * len(RAMP) // 256] if _characters(terminal) else " █"[level > 127]
        style = Style(reverse=level > 127) if here else _ink(level, terminal)
        segments.append(Segment("[]" if here else 2 * drawn, style))
    return Strip(segments).simplify()


def _halves(
    pixels: Picture, row: int, cursor: Cursor | None, terminal: Terminal, shaded: bool
) -> Strip:
    segments = []
    shapes = _ASCII_HALVES if _characters(terminal) else _HALVES
    for column, (upper, lower) in enumerate(pixels[row : row + 2].T.tolist()):
        here = cursor in ((row, column), (row + 1, column))
        mark = "^" if cursor == (row, column) else "v"
        if shaded and here:
            under = lower if mark == "^" else upper
            segments.append(Segment(mark, _cursor_style(under, terminal)))
        elif shaded:
            segments.append(half_blocks(_shade(upper), _shade(lower)))
        elif here and cursor:
            segments.append(Segment(mark, Style(reverse=bool(pixels[cursor] > 127))))
        else:
            shape = shapes[(upper > 127) + 2 * (lower > 127)]
            segments.append(Segment(shape, _ink(max(upper, lower), terminal)))
    return Strip(segments).simplify()


def _characters(terminal: Terminal) -> bool:
    """Whether pixels without shades are characters: else they are blocks, black and white."""
    return terminal.ascii_only or terminal.colors == "full"


def _ink(level: int, terminal: Terminal) -> Style:
    """The style of a character for this brightness, 0 to 255."""
    styles = ink_styles(terminal.colors) if terminal.colors == "full" else (PLAIN,)
    return styles[level * len(styles) // 256]


def _cursor_style(level: int, terminal: Terminal) -> Style:
    """The cursor over a pixel: over ink in what is seen best there, black or white."""
    color = role_style("warning", terminal.colors)
    if level > _FAINT:
        color = Style(color=Color.parse(_shade(level)).get_contrast_text(1).hex)
    return color + Style(bold=True, bgcolor=_shade(level))


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
    _shaded = True
    _first = 0
    """The first row that is drawn, where not all fit."""
    _erasing: bool | None = None
    """Whether the stroke erases; None while no button is held."""

    def show(self, pixels: Picture, cursor: Cursor | None, *, shaded: bool) -> None:
        """Show this picture, in shades or in characters."""
        self._pixels, self._cursor, self._shaded = pixels, cursor, shaded
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        row = self._cursor[0] if self._cursor else 0
        self._first = first_row(len(self._pixels), row, self.size.height, self._first)
        return canvas_strips(
            self._pixels,
            self._cursor,
            *self.size,
            self.terminal,
            self._first,
            shaded=self._shaded,
        )

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
