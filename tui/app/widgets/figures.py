"""Figures as characters, drawn below one another in the space there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.histograms import render_histogram
from tui.app.widgets.legend import legend, role_style
from tui.app.widgets.plot import render_chart
from tui.app.widgets.raster import Image, fitting, image_strips
from tui.app.widgets.series import ColorRole, Series
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import bar
from tui.lessons.figures import (
    Arrows,
    Bars,
    Chart,
    Curve,
    Digits,
    Figure,
    Histogram,
    Lines,
    Surface,
    Table,
)
from tui.system.terminal import Terminal

_ROLES: tuple[ColorRole, ...] = ("primary", "secondary", "tertiary", "quaternary")
_POINTERS = ">/^\\</v\\"
"""The characters of the eight directions, from the right on against the clock."""
_TURN, _TILT = math.radians(25), math.radians(30)
"""How far a surface is turned, and from how far above it is seen."""
_MESH = 3  # rows and columns of a surface from one line to the next
LEAST_IMAGE = 3
"""Lines of an image of a digit at least."""
LEAST = 6
"""Lines that a chart needs beside other figures; where there are fewer it is left out."""
_FEW = 3
"""Lines of other figures that always stay beside a chart."""

_BLOCKS = 6
"""Lines from which on an image in half blocks has enough pixels; braille has twice as many."""


def figure_strips(
    figures: Sequence[Figure], width: int, height: int, terminal: Terminal
) -> list[Strip]:
    """The figures in at most `height` lines of `width` cells; charts share what others leave.

    Where that is too little for a chart, others of more than a few lines are left out.
    """
    fixed = sum(_lines_of(figure) for figure in figures)
    flexible = sum(not _lines_of(figure) for figure in figures)
    room = (height - fixed) // flexible if flexible else 0
    if flexible and fixed and room < LEAST:
        if fixed > _FEW and height // flexible >= LEAST:
            figures = [figure for figure in figures if not _lines_of(figure)]
            room = height // flexible
        else:
            room = max(0, height - fixed)
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
        case Table():
            return 1 + len(figure.rows)
        case _:
            return 0


def _strips(figure: Figure, width: int, height: int, terminal: Terminal) -> list[Strip]:
    match figure:
        case Lines():
            return [text_strip(line, width) for line in figure.lines]
        case Bars():
            return _bars(figure, width, terminal)
        case Table():
            return _table(figure, width)
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
        case Surface():
            return _surface(figure, width, height, terminal)
        case Chart():
            return _chart(figure, width, height, terminal)


def _chart(
    figure: Chart, width: int, height: int, terminal: Terminal, *, framed: bool = True
) -> list[Strip]:
    return render_chart(
        _series(figure),
        width,
        height,
        title=_title(figure),
        x_label=figure.x_label,
        y_log=figure.y_log,
        axis=None if figure.x_range is None else np.array(figure.x_range),
        y_range=figure.y_range,
        cursor_x=figure.cursor,
        plane=figure.plane or figure.arrows is not None,
        framed=framed,
        terminal=terminal,
    )


def _title(figure: Chart) -> str:
    if figure.title and figure.y_label:
        return f"{figure.title}; {figure.y_label} up"
    return figure.title or figure.y_label


def _series(figure: Chart) -> list[Series]:
    """The curves and the arrows, each with what distinguishes it."""
    arrows = [] if figure.arrows is None else _arrows(figure.arrows, figure)
    # Contours have no name. Drawn later, they would hide the arrows where there are few cells.
    contours = [curve for curve in figure.curves if arrows and not curve.name]
    series = [Series("", c.x, c.y, 5, "muted", c.glyph) for c in contours] + arrows
    named = 0
    for curve in figure.curves:
        if curve in contours:
            continue
        role: ColorRole = _ROLES[named % len(_ROLES)] if curve.name else "quinary"
        series.append(Series(curve.name, curve.x, curve.y, named, role, curve.glyph))
        if curve.dotted:
            series.append(Series("", curve.x, curve.y, 1, role, curve.glyph, scatter=True))
        named += bool(curve.name)
    return series


def long_legend(figure: Chart, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """A line for each curve, if not all of the names stand in a chart of that size."""
    named = [one for one in _series(figure) if one.name]
    drawn = " ".join(strip.text for strip in _chart(figure, width, height, terminal))
    if all(one.name in drawn for one in named):
        return []
    return [legend("", [one], width, terminal=terminal) for one in named]


def _arrows(arrows: Arrows, chart: Chart) -> list[Series]:
    """A character at each point, one of eight: as steep as the arrow looks on the screen."""
    across, up = (high - low for low, high in (chart.x_range or (0, 1), chart.y_range or (0, 1)))
    turns = np.arctan2(np.asarray(arrows.dy) / up, np.asarray(arrows.dx) / across)
    glyphs = [_POINTERS[round(turn / (math.pi / 4)) % 8] for turn in turns.tolist()]
    series = []
    for glyph in dict.fromkeys(glyphs):
        chosen = [i for i, each in enumerate(glyphs) if each == glyph]
        xs, ys = (np.asarray(part)[chosen] for part in (arrows.x, arrows.y))
        series.append(Series("", xs, ys, 0, "quinary", glyph, scatter=True))
    return series


def _surface(figure: Surface, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """A net of lines over the surface, seen from above and from the side."""
    x, y = (_unit(np.asarray(each, dtype=float)) for each in (figure.x, figure.y))
    z = _unit(figure.z)
    u, v = np.meshgrid(x - 0.5, y - 0.5)
    turned = u * math.cos(_TURN) - v * math.sin(_TURN), u * math.sin(_TURN) + v * math.cos(_TURN)
    across, up = turned[0], turned[1] * math.sin(_TILT) + z * math.cos(_TILT)
    curves = [Curve("", across[i], up[i]) for i in range(0, len(y), _MESH)]
    curves += [Curve("", across[:, i], up[:, i]) for i in range(0, len(x), _MESH)]
    labels = f"{figure.x_label} to the right, {figure.y_label} into the depth, {figure.z_label} up"
    chart = Chart(figure.title, tuple(curves), labels)
    return _chart(chart, width, height, terminal, framed=False)


def _unit(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values scaled to 0..1."""
    low, high = values.min(), values.max()
    scaled: npt.NDArray[Any] = (values - low) / ((high - low) or 1.0)
    return scaled


def _table(figure: Table, width: int) -> list[Strip]:
    """The header in bold, then the rows."""
    rows = (figure.header, *figure.rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = (f"{cell:>{w}}" for cell, w in zip(others, widths[1:], strict=True))
        lines.append("   ".join((f"{first:<{widths[0]}}", *cells)))
    return [text_strip(line, width, Style(bold=i == 0)) for i, line in enumerate(lines)]


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
    """As many rows as fit, each image with its caption at its left, a long one above it.

    Where a line above would leave too little of the image, the parts of a long caption stand at its
    left, below one another.
    """
    cell = width // figure.columns
    rows = -(-len(figure.images) // figure.columns)
    room = height // max(rows, 1)
    above = max(map(len, figure.captions), default=0) > 1 and room > LEAST_IMAGE
    beside = 0 if above else 2
    tall = max(LEAST_IMAGE, min(room - above, (cell - 2) // 2))
    wide = max(1, min(cell - 2, 2 * tall))
    strips = []
    for first in range(0, len(figure.images), figure.columns):
        part = slice(first, first + figure.columns)
        drawn = [_drawn(image, wide, tall, terminal) for image in figure.images[part]]
        if above:
            captions = (f"{caption:^{wide}}" for caption in figure.captions[part])
            strips.append(text_strip("".join(f"{each:<{cell}}" for each in captions), width))
        for y in range(tall):
            names = ("" if above else _part(caption, y) for caption in figure.captions[part])
            cells = [
                Strip.join([text_strip(c, beside), d[y]]).adjust_cell_length(cell, PLAIN)
                for c, d in zip(names, drawn, strict=True)
            ]
            strips.append(Strip.join(cells).adjust_cell_length(width, PLAIN).simplify())
    return strips[:height]


def _drawn(image: Image, wide: int, tall: int, terminal: Terminal) -> list[Strip]:
    """An image in the middle of so many cells, its proportions kept."""
    across, down = fitting(image, wide, tall)
    blocks = terminal.colors == "full" and down >= _BLOCKS
    mode = terminal.drawable("half" if blocks else "braille")
    margin = Strip([Segment(" " * ((wide - across) // 2), PLAIN)])
    lines = [
        Strip.join([margin, strip]).adjust_cell_length(wide, PLAIN)
        for strip in image_strips(image, across, down, mode, terminal.colors)
    ]
    return lines + [Strip.blank(wide, PLAIN)] * (tall - down)


def _part(caption: str, y: int) -> str:
    """The part of a caption that stands in line `y` of an image."""
    return "".join(caption.split(", ")[y : y + 1])


class FigureView(StripWidget):
    """Shows the figures of a lesson."""

    _figures: Sequence[Figure] = ()

    def show(self, figures: Sequence[Figure]) -> None:
        """Show these figures."""
        self._figures = figures
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return figure_strips(self._figures, *self.size, self.terminal)
