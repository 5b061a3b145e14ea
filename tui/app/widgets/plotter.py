"""A plot in character cells. The only module that touches plotext.

plotext draws on one figure, global to the process: call everything here from one thread. It gets
points in the unit square and finished tick labels, because its own limits and its own logarithm
raise, or print a warning over the screen, on values that a training run does produce.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.ma  # which `np.unique` would import while the first chart is drawn
import plotext
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.colors import ROLES, Role, role_style
from tui.app.widgets.series import Floats, Scale
from tui.app.widgets.strips import PLAIN, printable
from tui.app.widgets.trace import trace
from tui.system.terminal import Terminal

BRAILLE = "braille"
QUARTERS = "hd"  # plotext's name of quarter blocks
AXIS_ROWS = 2
"""Lines below the plot: the axis and its ticks."""

_DOTS = {BRAILLE: (2, 4), QUARTERS: (2, 2)}
# In a figure of one cell plotext draws quarter blocks whatever marker it was given.
_QUARTERS = "▖▗▘▝▞▚▌▐▀▄█▙▛▜▟"
_ASCII_BOX = str.maketrans("─│┌┐└┘├┤┬┴┼┊┈" + _QUARTERS, "-|+++++++++:." + "." * len(_QUARTERS))
_DRAWN: tuple[Role, ...] = (*ROLES, "accent", "muted", "grid")
_ROLE_CODE = {role: 16 + i for i, role in enumerate(_DRAWN)}  # palette numbers for plotext
_SGR = re.compile(r"\x1b\[([\d;]*)m")


def y_labels(y: Scale) -> list[str]:
    """Labels of at least five cells, so that the plot rarely moves sideways as values change.

    The first cell is blank, because labels of another chart may end to the left of it.
    """
    return [f" {label}".rjust(5) for _, label in y.ticks]


class Plotter:
    """Draws points of the unit square in `width` cells and `rows` lines, axes included.

    Args:
        x: The ticks across.
        y: The ticks upwards.
        width: Cells of a line.
        rows: Lines.
        framed: Whether there are axes with ticks.
        terminal: Which characters and how many colours to use.
    """

    def __init__(
        self, x: Scale, y: Scale, width: int, rows: int, *, framed: bool, terminal: Terminal
    ) -> None:
        gutter = 1 + max(map(len, y_labels(y))) if framed else 0
        self.gutter = gutter
        self.width, self.rows, self.terminal = width, rows, terminal
        self.columns = max(1, width - gutter)
        self.lines = max(1, rows - AXIS_ROWS if framed else rows)
        plotext.terminal.limit(False, False)  # else cut to the terminal, 80x24 if there is none
        self._figure = figure = plotext.figure
        figure.clear()
        figure.plot_size(width, rows)
        figure.theme("colorless")
        figure.axes(False, axis="x", side="upper")
        figure.axes(False, axis="y", side="right")
        for axis, scale, labels in (("x", x, [t for _, t in x.ticks]), ("y", y, y_labels(y))):
            figure.ruler(axis).lim(0, 1)
            if framed:
                figure.ruler(axis).ticks([at for at, _ in scale.ticks], labels=labels)
            else:
                figure.axes(False, axis=axis)
                figure.ruler(axis).frequency(0)

    def row(self, up: float) -> float:
        """The line, from the top and as a fraction, of a place from 0 to 1."""
        return (1 - up) * (self.lines - 1)

    def rule(self, up: float, role: Role) -> None:
        """Draw a dotted line across."""
        self._figure.line(up, "horizontal", style="dotted", pixel=_pixel(role))

    def mark(self, across: float, *, dotted: bool) -> None:
        """Draw a line from the bottom to the top."""
        style = {"style": "dotted"} if dotted else {}
        self._figure.line(across, "vertical", pixel=plotext.pixel(), **style)

    def line(
        self, xs: Floats, ys: Floats, shape: str, role: Role, dash: tuple[int, ...] = ()
    ) -> None:
        """Draw a line through points, a NaN being a gap; what is outside of the plot is left out.

        Args:
            xs: Places across.
            ys: Places upwards.
            shape: A character, `BRAILLE` or `QUARTERS`.
            role: Its colour.
            dash: Dots drawn and left out in turn.
        """
        wide, high = _DOTS.get(shape, (1, 1))
        steps = max(1, (self.columns - 1) * wide), max(1, (self.lines - 1) * high)
        across, up = trace(xs, ys, *steps, dash)
        # Each dot once, because every point takes time. A tick is in the middle of its cell.
        column, row = np.floor(across * steps[0] + wide / 2), np.floor(up * steps[1] + high / 2)
        once = np.unique(column + 1j * row)
        across = np.clip((once.real + 0.5 - wide / 2) / steps[0], 0, 1)
        up = np.clip((once.imag + 0.5 - high / 2) / steps[1], 0, 1)
        self.points(across, up, shape, role)

    def points(self, xs: Floats, ys: Floats, shape: str, role: Role) -> None:
        """Draw single points, those within the plot."""
        inside = (xs >= 0) & (xs <= 1) & (ys >= 0) & (ys <= 1)
        if inside.any():
            marker = plotext.marker(shape, _pixel(role))
            xs, ys = xs[inside], ys[inside]
            self._figure.draw(self._figure.signal(xs.tolist(), ys.tolist(), marker=marker))

    def bars(self, xs: Floats, ys: Floats, role: Role) -> None:
        """Draw bars from the bottom up to each point."""
        shape = "#" if self.terminal.ascii_only else QUARTERS
        marker = plotext.marker(shape, _pixel(role))
        signal = self._figure.signal(xs.tolist(), ys.tolist(), marker=marker)
        self._figure.draw(signal.fillx())

    def text(self, across: float, up: float, text: str, *, leftwards: bool = False) -> None:
        """Write a text over what was drawn, to the right of a place or to its left."""
        side = "right" if leftwards else "left"
        text = printable(text, ascii_only=self.terminal.ascii_only)
        self._figure.draw(self._figure.text(across, up, text, alignment=side))

    def strips(self) -> list[Strip]:
        """What was drawn."""
        text = self._figure.build().string()
        text = text.translate(_ASCII_BOX) if self.terminal.ascii_only else text
        colors = self.terminal.colors
        styles = {str(_ROLE_CODE[role]): role_style(role, colors) for role in _DRAWN}
        return [_strip(line, styles, self.width) for line in text.split("\n")[: self.rows]]


def _pixel(role: Role) -> Any:
    return plotext.pixel(foreground=_ROLE_CODE[role])


def _strip(line: str, styles: dict[str, Style], width: int) -> Strip:
    """Turn the escape sequences of one line into the styles of the roles they stand for."""
    text, *runs = _SGR.split(line)
    segments = [Segment(text)]
    style = PLAIN
    for code, text in zip(runs[::2], runs[1::2], strict=True):
        if code.startswith("38;5;"):
            style = styles.get(code[5:], PLAIN)
        elif code == "0":
            style = PLAIN
        segments.append(Segment(text, style))
    return Strip(s for s in segments if s.text).adjust_cell_length(width, PLAIN).simplify()
