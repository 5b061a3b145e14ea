"""Line charts and histograms in character cells. The only module that touches plotext.

plotext draws on one figure, global to the process: call everything here from one thread. It gets
points in the unit square and finished tick labels, because its own limits and its own logarithm
raise, or print a warning over the screen, on values that a training run does produce.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import plotext
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.legend import ROLES, legend, role_style, symbol
from tui.app.widgets.series import (
    ColorRole,
    Floats,
    Scale,
    Series,
    Values,
    linear_scale,
    log_scale,
    thin,
    transform,
)
from tui.app.widgets.strips import PLAIN, printable, text_strip
from tui.system.terminal import FULL, Terminal

Mark: TypeAlias = tuple[float, str]
"""A position on the x axis and what happened there."""

EMPTY = "no data yet"

_ASCII_BOX = str.maketrans("─│┌┐└┘├┤┬┴┼┊", "-|+++++++++:")
_ROLE_CODE = {role: 16 + i for i, role in enumerate(ROLES)}  # palette numbers for plotext
_SGR = re.compile(r"\x1b\[([\d;]*)m")


@dataclass(frozen=True)
class _Layout:
    """Where the lines go: legend, plot and footer, of which only the plot is always there.

    `axes` is whether there are to be axes and ticks.
    """

    width: int
    height: int
    head: Strip
    footer: str
    terminal: Terminal
    axes: bool = True

    @property
    def top(self) -> list[Strip]:
        return [self.head] if self.head.text.strip() and self.height >= 4 else []

    @property
    def bottom(self) -> list[Strip]:
        text = printable(self.footer.rstrip(), ascii_only=self.terminal.ascii_only)
        return [text_strip(text, self.width)] if text and self.height >= 6 else []

    @property
    def rows(self) -> int:
        """Lines of the plot."""
        return max(0, self.height - len(self.top) - len(self.bottom))

    @property
    def framed(self) -> bool:
        """Whether there is room for axes and ticks."""
        return self.axes and self.width >= 16 and self.rows >= 4

    def columns(self, y: Scale) -> int:
        """Cells between the axes."""
        gutter = 1 + max(len(label) for label in _y_labels(y)) if self.framed else 0
        return max(1, self.width - gutter)

    def empty(self) -> list[Strip]:
        """The layout around a note that there is nothing to draw."""
        plot = [text_strip("", self.width)] * self.rows
        if self.rows:
            plot[(self.rows - 1) // 2] = text_strip(EMPTY.center(self.width), self.width)
        return [*self.top, *plot, *self.bottom]

    def plot(self, x: Scale, y: Scale, draw: Callable[[Any], None]) -> list[Strip]:
        """The layout around what `draw` puts on the figure."""
        if not self.width or not self.rows:
            return [text_strip("", self.width)] * self.height
        plotext.terminal.limit(False, False)  # else cut to the terminal, 80x24 if there is none
        figure = plotext.figure
        figure.clear()
        figure.plot_size(self.width, self.rows)
        figure.theme("colorless")
        figure.axes(False, axis="x", side="upper")
        figure.axes(False, axis="y", side="right")
        for axis, scale, labels in (("x", x, [t for _, t in x.ticks]), ("y", y, _y_labels(y))):
            figure.ruler(axis).lim(0, 1)
            if self.framed:
                figure.ruler(axis).ticks([at for at, _ in scale.ticks], labels=labels)
            else:
                figure.axes(False, axis=axis)
                figure.ruler(axis).frequency(0)
        draw(figure)
        text = figure.build().string()
        text = text.translate(_ASCII_BOX) if self.terminal.ascii_only else text
        styles = {str(_ROLE_CODE[role]): role_style(role, self.terminal.colors) for role in ROLES}
        lines = [_strip(line, styles, self.width) for line in text.split("\n")[: self.rows]]
        return [*self.top, *lines, *self.bottom]


def render_chart(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    title: str = "",
    x_label: str = "",
    y_log: bool = False,
    axis: Floats | None = None,
    y_range: tuple[float, float] | None = None,
    marks: Sequence[Mark] = (),
    cursor_x: float | None = None,
    footer: str = "",
    framed: bool = True,
    terminal: Terminal = FULL,
) -> list[Strip]:
    """Draw the series as `height` lines of exactly `width` cells.

    From the top: title and legend, the plot, and one line with `footer` or else `x_label`. Where
    there are too few lines, only the plot is left.

    Args:
        series: Drawn in this order, the last on top.
        width: Cells in a line.
        height: Lines.
        title: What the values are.
        x_label: What the positions are.
        y_log: Draw log10 of the values; those not above zero become gaps.
        axis: Positions that the x axis covers, such as those of all charts of a group; None takes
            those of the series.
        y_range: The least and the greatest value that the y axis covers at least.
        marks: Dotted vertical lines, each with its label unless that would touch the label of a
            later mark.
        cursor_x: Where to draw the vertical cursor.
        footer: The last line, such as the values at the cursor.
        framed: Whether there are axes with ticks, if there is room.
        terminal: Which characters, axes included, and how many colours to use; the styles of the
            series distinguish them without any.
    """
    head = legend(title, series, width, terminal=terminal)
    layout = _Layout(width, height, head, footer or x_label.center(width), terminal, framed)
    points = [(transform(one.points[0], False), one.points[1]) for one in series]
    drawn = [np.isfinite(xs) & np.isfinite(transform(ys, y_log)) for xs, ys in points]
    all_x = np.concatenate([[], *(xs[part] for (xs, _), part in zip(points, drawn, strict=True))])
    all_y = np.concatenate([[], *(ys[part] for (_, ys), part in zip(points, drawn, strict=True))])
    if not len(all_x):
        return layout.empty()
    x = _x_scale(all_x if axis is None else axis[np.isfinite(axis)], width)
    low, high = float(all_y.min()), float(all_y.max())
    if y_range is not None:
        low, high = min(low, y_range[0]), max(high, y_range[1])
    y = (log_scale if y_log else linear_scale)(low, high, max(1, layout.rows // 3))
    columns = layout.columns(y)

    def draw(figure: Any) -> None:
        placed = [(float(x.place([position])[0]), label) for position, label in marks]
        placed = [(at, label) for at, label in placed if 0 <= at <= 1]
        for at, _ in placed:
            figure.line(at, "vertical", style="dotted", pixel=plotext.pixel())
        if cursor_x is not None and 0 <= (at := float(x.place([cursor_x])[0])) <= 1:
            figure.line(at, "vertical", pixel=plotext.pixel())
        for one, (xs, ys) in zip(series, points, strict=True):
            shape = symbol(one, terminal.ascii_only)
            places = thin(x.place(xs), np.clip(y.place(ys), 0, 1), columns)
            _draw_line(figure, *places, _marker(shape, one.role))
        _draw_labels(figure, placed, columns)

    return layout.plot(x, y, draw)


def render_histogram(
    counts: Values,
    edges: Values,
    width: int,
    height: int,
    *,
    title: str = "",
    x_label: str = "",
    role: ColorRole = "primary",
    terminal: Terminal = FULL,
) -> list[Strip]:
    """Draw the counts of `numpy.histogram` as bars, in `height` lines of exactly `width` cells.

    Args:
        counts: One for each bin.
        edges: Rising, one more than counts.
        width: Cells in a line.
        height: Lines.
        title: What was counted.
        x_label: What the edges are.
        role: Colour of the bars.
        terminal: Which characters and how many colours to use.
    """
    head = legend(title, [], width, terminal=terminal)
    layout = _Layout(width, height, head, x_label.center(width), terminal)
    heights, bounds = np.nan_to_num(transform(counts, False)), transform(edges, False)
    if len(bounds) != len(heights) + 1:
        raise ValueError(f"{len(heights)} counts need {len(heights) + 1} edges, not {len(bounds)}")
    if not np.isfinite(bounds).all() or not heights.any():
        return layout.empty()
    x = _x_scale(bounds, width)
    y = linear_scale(0, float(heights.max()), max(1, layout.rows // 3), whole=True)
    centers = (np.arange(2 * width) + 0.5) / (2 * width)
    bins = np.searchsorted(x.place(bounds), centers, side="right") - 1
    tops = np.concatenate([[0.0], y.place(heights), [0.0]])[bins + 1]  # nothing beyond the edges

    def draw(figure: Any) -> None:
        shape = _marker("#" if terminal.ascii_only else "hd", role)
        bars = figure.signal(list(centers[tops > 0]), list(tops[tops > 0]), marker=shape)
        figure.draw(bars.fillx())

    return layout.plot(x, y, draw)


def _x_scale(xs: Floats, width: int) -> Scale:
    whole = bool((xs == np.floor(xs)).all())
    return linear_scale(float(xs.min()), float(xs.max()), max(1, width // 12), whole=whole)


def _y_labels(y: Scale) -> list[str]:
    """Labels of at least five cells, so that the plot rarely moves sideways as values change."""
    return [label.rjust(5) for _, label in y.ticks]


def _marker(shape: str, role: ColorRole) -> Any:
    return plotext.marker(shape, plotext.pixel(foreground=_ROLE_CODE[role]))


def _draw_line(figure: Any, xs: Floats, ys: Floats, marker: Any) -> None:
    """Draw the points, joined unless there is a gap between them."""
    drawn = np.flatnonzero(np.isfinite(ys))
    line = figure.signal(list(xs[drawn]), list(ys[drawn]), marker=marker).lines()
    for i in np.flatnonzero(np.diff(drawn) > 1):
        line.line(int(i) + 1, False)
    figure.draw(line)


def _draw_labels(figure: Any, marks: Sequence[tuple[float, str]], columns: int) -> None:
    """Write the labels of marks over the curves, the last first; none touches another.

    A label is as long as its mark is certain to be read, so labels that are long for the chart are
    left out too.
    """
    taken: list[tuple[float, float]] = []
    for at, label in reversed(marks):
        text = printable(label, ascii_only=True)  # so that a character takes one cell
        side, step = ("left", 1) if at < 0.5 else ("right", -1)
        start = at * columns + step
        left, right = sorted((start, start + step * len(text)))
        free = all(right + 1 < other[0] or other[1] + 1 < left for other in taken)
        if free and len(text) <= columns // 3:
            taken.append((left, right))
            figure.draw(figure.text(at + step / columns, 1, text, alignment=side))


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
