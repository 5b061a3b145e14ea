"""The figures of a lesson, drawn below one another in the space there is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from tui.app.widgets.legend import role_style
from tui.app.widgets.plot import render_chart, render_histogram
from tui.app.widgets.raster import render_ascii, render_braille
from tui.app.widgets.series import ColorRole, Series
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import bar
from tui.lessons.figures import Bars, Chart, Digits, Figure, Histogram, Lines
from tui.system.terminal import Terminal

_ROLES: tuple[ColorRole, ...] = ("primary", "secondary", "tertiary", "quaternary")
LEAST = 6
"""Lines that a chart needs beside other figures; where there are fewer it is left out."""


def figure_strips(
    figures: Sequence[Figure], width: int, height: int, terminal: Terminal
) -> list[Strip]:
    """The figures in at most `height` lines of `width` cells; charts share what others leave."""
    fixed = sum(_lines_of(figure) for figure in figures)
    flexible = sum(not _lines_of(figure) for figure in figures)
    room = (height - fixed) // flexible if flexible else 0
    if flexible and fixed and room < LEAST:
        room = height - 1 if height - 1 >= LEAST and fixed > 3 else max(0, height - fixed)
    strips: list[Strip] = []
    for figure in figures:
        strips += _strips(figure, width, _lines_of(figure) or room, terminal)
    return strips[:height]


def _lines_of(figure: Figure) -> int:
    """The lines that a figure has whatever the room; 0 where it fills what there is."""
    match figure:
        case Lines():
            return len(figure.lines)
        case Bars():
            return len(figure.names)
        case _:
            return 0


def _strips(figure: Figure, width: int, height: int, terminal: Terminal) -> list[Strip]:
    match figure:
        case Lines():
            return [text_strip(line, width) for line in figure.lines]
        case Bars():
            return _bars(figure, width, terminal)
        case Digits():
            return _digits(figure, width, height, terminal)
        case Histogram():
            return render_histogram(
                figure.counts,
                figure.edges,
                width,
                height,
                title=figure.title,
                x_label=figure.x_label,
                terminal=terminal,
            )
        case Chart():
            return _chart(figure, width, height, terminal)


def _chart(figure: Chart, width: int, height: int, terminal: Terminal) -> list[Strip]:
    named, series = 0, []
    for curve in figure.curves:
        role: ColorRole = _ROLES[named % len(_ROLES)] if curve.name else "quinary"
        series.append(Series(curve.name, curve.x, curve.y, named, role, curve.glyph))
        named += bool(curve.name)
    return render_chart(
        series,
        width,
        height,
        title=figure.title,
        x_label=figure.x_label,
        y_log=figure.y_log,
        axis=None if figure.x_range is None else np.array(figure.x_range),
        y_range=figure.y_range,
        cursor_x=figure.cursor,
        terminal=terminal,
    )


def _bars(figure: Bars, width: int, terminal: Terminal) -> list[Strip]:
    style = role_style("primary", terminal.colors)
    name, text = (max(map(len, part)) for part in (figure.names, figure.texts))
    room = max(0, min(40, width - name - text - 2))
    strips = []
    for label, share, value in zip(figure.names, figure.shares, figure.texts, strict=True):
        drawn = bar(share if share == share else 0.0, room, ascii_only=terminal.ascii_only)
        parts = [Segment(f"{label:<{name}} "), Segment(drawn, style), Segment(f" {value:>{text}}")]
        strips.append(Strip(parts).adjust_cell_length(width, PLAIN).simplify())
    return strips


def _digits(figure: Digits, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """As many rows as fit, each image with its caption at its left."""
    cell = width // figure.columns
    rows = -(-len(figure.images) // figure.columns)
    tall = max(3, min(height // rows, (cell - 2) // 2))
    wide = max(1, min(cell - 2, 2 * tall))
    draw = render_ascii if terminal.ascii_only else render_braille
    strips = []
    for first in range(0, len(figure.images), figure.columns):
        part = slice(first, first + figure.columns)
        drawn = [draw(image, wide, tall) for image in figure.images[part]]
        for y in range(tall):
            captions = figure.captions[part] if y == 0 else ("",) * len(drawn)
            cells = (f"{c:<1} {d[y]}" for c, d in zip(captions, drawn, strict=True))
            strips.append(text_strip("".join(f"{each:<{cell}}" for each in cells), width))
    return strips[:height]


class FigureView(StripWidget):
    """Shows the figures of a lesson."""

    _figures: Sequence[Figure] = ()

    def show(self, figures: Sequence[Figure]) -> None:
        """Show these figures."""
        self._figures = figures
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return figure_strips(self._figures, *self.size, self.terminal)
