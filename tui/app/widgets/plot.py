"""Line charts: what is drawn, where, and in how much of the space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from textual.strip import Strip

from tui.app.widgets.layout import Layout, power_of_ten, x_scale
from tui.app.widgets.legend import dash_of, legend, readout, symbol
from tui.app.widgets.line_labels import Labels, fit_labels
from tui.app.widgets.plotter import AXIS_ROWS, Plotter
from tui.app.widgets.series import (
    Floats,
    Scale,
    Series,
    linear_scale,
    log_scale,
    thin,
    transform,
)
from tui.app.widgets.strips import printable, text_strip, with_fewer_styles
from tui.app.widgets.y_range import interesting_range
from tui.formatting import number
from tui.system.terminal import FULL, Terminal

Mark: TypeAlias = tuple[float, str]
"""A position on the x axis and what happened there."""

Taken: TypeAlias = dict[int, list[tuple[float, float]]]
"""The columns of texts in the first line of a plot, 1, and in its last, 0."""

_BEYOND = 0.2
"""How far values go beyond the plot, in its heights, if that is to be told."""


@dataclass(frozen=True)
class Picture:
    """A chart as lines, and what its columns stand for.

    Attributes:
        strips: The lines.
        x: The scale across, None of a chart without data.
        left: Cells before the plot.
        columns: Cells of the plot.
    """

    strips: list[Strip]
    x: Scale | None = None
    left: int = 0
    columns: int = 0

    def position(self, column: int) -> float | None:
        """The position across that a column shows; None beside the plot."""
        place = (column - self.left) / max(1, self.columns - 1)
        if self.x is None or not 0 <= place <= 1:
            return None
        return self.x.low + place * (self.x.high - self.x.low)


def render_chart(series: Sequence[Series], width: int, height: int, **options: Any) -> list[Strip]:
    """The lines of `draw_chart`."""
    return draw_chart(series, width, height, **options).strips


def draw_chart(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    title: str = "",
    x_label: str = "",
    x_log: bool = False,
    y_log: bool = False,
    axis: Floats | None = None,
    y_range: tuple[float, float] | None = None,
    fitted: bool = False,
    values: Sequence[Series] = (),
    group: Sequence[Series] = (),
    marks: Sequence[Mark] = (),
    cursor_x: float | None = None,
    form: str = ".4g",
    plane: bool = False,
    framed: bool = True,
    terminal: Terminal = FULL,
) -> Picture:
    """Draw the series as `height` lines of exactly `width` cells.

    From the top: the title, and the plot with a label at the end of each line, which has the value
    at the cursor, else the last value. Where there is no room for labels, there is a legend beside
    the title, and a line below the plot has the values at the cursor. Where there are too few
    lines, only the plot is left.

    Args:
        series: Drawn in this order, the last on top.
        width: Cells in a line.
        height: Lines.
        title: What the values are.
        x_label: What the positions are.
        x_log: The positions are log10 of what the x axis names.
        y_log: Draw log10 of the values; those not above zero become gaps.
        axis: Positions that the x axis covers, such as those of all charts of a group; None takes
            those of the series.
        y_range: The least and the greatest value that the y axis covers at least.
        fitted: Whether early values that would press the rest together are left out; how far they
            went is told at the edge.
        values: The same series with the values to write, where those drawn are smoothed.
        group: Series of charts that have the same width, whose labels are to be as wide.
        marks: Dotted vertical lines, each with its label unless that would touch the label of a
            later mark.
        cursor_x: Where to draw the vertical cursor.
        form: How a value is written, if that is not too long.
        plane: Whether the chart is a map of places: it has no grid and no values.
        framed: Whether there are axes with ticks, if there is room.
        terminal: Which characters, axes included, and how many colours to use; the styles of the
            series distinguish them without any.
    """
    told, fitted = values or series, fitted and not y_log
    rows = height - bool(title and height >= 4)
    framed = framed and width >= 16 and rows >= 4
    labels = fit_labels(told, width, rows - AXIS_ROWS if framed else rows, form, group)
    head = legend(title, () if labels.width else series, width, terminal=terminal)
    place = _place(x_label, cursor_x, labels.width - 1 if framed else width, log=x_log)
    beside = framed and len(place) < labels.width
    footer = "" if beside else place.center(width)
    if cursor_x is not None and not labels.values and told:
        footer = readout(told, cursor_x, width, x_label=x_label, placed=beside)
    layout = Layout(width, height, head, footer, terminal, framed)
    points = [(transform(one.points[0], False), one.points[1]) for one in series]
    drawn = [_drawable(xs, ys, axis, y_log) for xs, ys in points]
    all_x, all_y = (np.concatenate([[], *(each[i] for each in drawn)]) for i in (0, 1))
    if not len(all_x):
        return Picture(layout.empty())
    if not width or not layout.rows:
        return Picture([text_strip("", width)] * height)
    xs = all_x if axis is None else axis[np.isfinite(axis)]
    x = x_scale(xs, width - labels.width, log=x_log)
    low, high = _fitted(series, drawn) if fitted else (float(all_y.min()), float(all_y.max()))
    if y_range is not None:
        low, high = min(low, y_range[0]), max(high, y_range[1])
    y = (log_scale if y_log else linear_scale)(low, high, max(1, layout.rows // 3))

    plotter = layout.plotter(x, y, labels.width)
    if not plane and layout.framed and layout.rows >= 6:
        for at, _ in y.ticks:
            plotter.rule(at, "grid")
    placed = [(float(x.place([position])[0]), label) for position, label in marks]
    placed = [(at, label) for at, label in placed if 0 <= at <= 1]
    for at, _ in placed:
        plotter.mark(at, dotted=True)
    if cursor_x is not None and 0 <= (at := float(x.place([cursor_x])[0])) <= 1:
        plotter.mark(at, dotted=False)
    for one, (at_x, at_y) in zip(series, points, strict=True):
        places = x.place(at_x), y.place(at_y)
        if one.scatter:
            plotter.points(*places, symbol(one, terminal), one.role)
            continue
        if _rises(one):
            places = thin(*_near(*places), 2 * plotter.columns)
        plotter.line(*places, symbol(one, terminal), one.role, dash_of(one, terminal))
    taken: Taken = _tell_cut(plotter, y, all_y) if fitted else {0: [], 1: []}
    _draw_labels(plotter, placed, taken, x.place(all_x), y.place(all_y))
    plot = plotter.strips()
    if labels.width:
        column = _label_column(labels, plotter, y, told, cursor_x)
        column += [text_strip("", labels.width)] * (layout.rows - len(column))
        if beside:
            column[-1] = text_strip(
                f" {printable(place, ascii_only=terminal.ascii_only)}", labels.width
            )
        plot = [Strip.join(pair) for pair in zip(plot, column, strict=True)]
    plot = [with_fewer_styles(strip) for strip in plot]
    return Picture(layout.around(plot), x, plotter.gutter, plotter.columns)


def _place(x_label: str, cursor_x: float | None, room: int, *, log: bool) -> str:
    """The name of the x axis, and the position of the cursor; that alone if both are too long."""
    if cursor_x is None:
        return x_label
    position = f"{int(cursor_x)}" if float(cursor_x).is_integer() else f"{cursor_x:.4g}"
    position = power_of_ten(cursor_x) if log else position
    both = f"{x_label} {position}".strip()
    return both if len(both) <= room or len(position) > room else position


def _drawable(xs: Floats, ys: Floats, axis: Floats | None, y_log: bool) -> tuple[Floats, Floats]:
    """The points that can be drawn, within the positions of the axis."""
    shown = np.isfinite(xs) & np.isfinite(transform(ys, y_log))
    if axis is not None and np.isfinite(axis).any():
        shown &= (xs >= np.nanmin(axis)) & (xs <= np.nanmax(axis))
    return xs[shown], transform(ys, False)[shown]


def _fitted(
    series: Sequence[Series], drawn: Sequence[tuple[Floats, Floats]]
) -> tuple[float, float]:
    lines, faint = (
        [points for one, points in zip(series, drawn, strict=True) if one.faint is wanted]
        for wanted in (False, True)
    )
    return interesting_range(lines, faint)


def _rises(one: Series) -> bool:
    """Whether a series has one value at each position, as a path through a plane does not."""
    return bool((np.diff(transform(one.points[0], False)) >= 0).all())


def _near(xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    """The points within the plot and one beyond each side, to which lines go; places rise."""
    part = slice(max(0, int(np.searchsorted(xs, 0.0)) - 1), np.searchsorted(xs, 1.0, "right") + 1)
    return xs[part], ys[part]


def _label_column(
    labels: Labels,
    plotter: Plotter,
    y: Scale,
    told: Sequence[Series],
    cursor_x: float | None,
) -> list[Strip]:
    """The labels beside the plot, each as near as can be to the end of its line."""
    ends, values = [], []
    for one in labels.series:
        ys = one.points[1]
        places = y.place(ys)
        places = places[np.isfinite(places)]
        ends.append(plotter.row(float(np.clip(places[-1], 0, 1))) if len(places) else np.nan)
        last = float(ys[-1]) if len(ys) else np.nan
        values.append(last if cursor_x is None else one.value_at(cursor_x))
    return labels.strips(ends, values, plotter.lines, plotter.terminal)


def _tell_cut(plotter: Plotter, y: Scale, every: Floats) -> Taken:
    """Write how far the values go beyond the plot, at its left; returns what that takes."""
    places, signs = y.place(every), "v^" if plotter.terminal.ascii_only else "↓↑"
    taken: Taken = {0: [], 1: []}
    for edge, value, beyond in (
        (0, every.min(), -places.min()),
        (1, every.max(), places.max() - 1),
    ):
        if beyond > _BEYOND and plotter.columns >= 16 and plotter.lines >= 3:
            text = f"{signs[edge]}{number(float(value), 7, '.3g')}"
            plotter.text(0, edge, text)
            taken[edge].append((0.0, float(len(text))))
    return taken


def _draw_labels(
    plotter: Plotter, marks: Sequence[Mark], taken: Taken, xs: Floats, ys: Floats
) -> None:
    """Write the labels of marks, the last first; none touches another.

    A label stands in the last line of the plot if a point, of those at `xs` and `ys`, is in its way
    in the first one but not there. Of a label that is long for the chart only the last word is
    written, if that is not too long either.
    """
    columns, line = plotter.columns, 1 / max(1, plotter.lines - 1)
    for at, label in reversed(marks):
        text = printable(label, ascii_only=True)  # so that a character takes one cell
        if len(text) > columns // 3:
            text = text.rpartition(" ")[2]
        step = 1 if at < 0.5 else -1
        start = at * columns + step
        left, right = sorted((start, start + step * len(text)))
        near = ys[(xs * columns >= left - 1) & (xs * columns <= right + 1)]
        edge = int(not (near > 1 - line).any() or bool((near < line).any()))
        for row in (edge, 1 - edge):
            free = all(right + 1 < other[0] or other[1] + 1 < left for other in taken[row])
            if free and len(text) <= columns // 3:
                taken[row].append((left, right))
                plotter.text(at + step / columns, row, text, leftwards=step < 0)
                break
