"""Pictures of a sweep, pure functions from what was read to lines of exactly the size asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.options import format_value
from tui.app.state.sweep_view import SweepView, TrialRow
from tui.app.widgets.layout import EMPTY
from tui.app.widgets.legend import role_style, shorten
from tui.app.widgets.plot import render_chart
from tui.app.widgets.series import Series
from tui.app.widgets.strips import PLAIN, StripWidget, printable, text_strip
from tui.formatting import bar, number
from tui.sweeps.space import Choice, Dimension, Range
from tui.system.terminal import Terminal

Draw: TypeAlias = Callable[[SweepView, int, int, Terminal], list[Strip]]
"""Draws in a width and a height."""


@dataclass(frozen=True)
class Picture:
    """What is drawn below its title, and the lines it takes; 0 where it takes all there are."""

    title: Callable[[SweepView], str]
    draw: Draw
    height: int = 0


LEAST_HEIGHT = 8
"""Lines that a picture has at least where another one is below or above it."""


def pictures(view: SweepView) -> list[Picture]:
    """Every picture of a sweep but the parallel coordinates, in the order of the key."""
    dimensions = view.spec.space.dimensions
    fields = [_field(dimension) for dimension in dimensions]
    trials = Picture(lambda view: title_of(view, "trial"), by_trial)
    return [trials, *fields, Picture(_importance_title, importance, len(dimensions) + 1)]


def title_of(view: SweepView, by: str) -> str:
    """What a picture shows: the objective by which all trials are compared."""
    what = "val. accuracy %" if view.spec.objective == "accuracy" else "val. loss"
    epochs = view.compared_at
    return f"{what} by {by}" + (f", epoch {epochs}" if epochs else "")


def compared(view: SweepView) -> list[tuple[TrialRow, float]]:
    """Each trial that may be compared, with its objective."""
    return [(row, row.compared) for row in view.rows if row.compared is not None]


def by_trial(view: SweepView, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """The objective of each trial, and the best so far."""
    known = compared(view)
    numbers = [float(row.number) for row, _ in known]
    values = np.array([value for _, value in known])
    better = np.maximum if view.spec.objective == "accuracy" else np.minimum
    best = better.accumulate(values) if len(values) else values
    series = [
        Series("best so far", numbers, best, 0, "secondary"),
        Series("each", numbers, values, 1, "primary", scatter=True),
    ]
    return render_chart(series if known else [], width, height, terminal=terminal)


def _field(dimension: Dimension) -> Picture:
    def title(view: SweepView) -> str:
        return title_of(view, dimension.field)

    if isinstance(dimension, Range):
        return Picture(title, by_range(dimension))
    lines = len(dimension.values) + 2
    return Picture(lambda view: f"{title(view)}: mean, trials", by_choice(dimension), lines)


def _importance_title(_view: SweepView) -> str:
    return "importance: share of variance explained alone"


def by_range(dimension: Range) -> Draw:
    """The objective against a field with a range."""

    def draw(view: SweepView, width: int, height: int, terminal: Terminal) -> list[Strip]:
        known = sorted(
            (float(row.setting[dimension.field]), value)  # type: ignore[arg-type]
            for row, value in compared(view)
        )
        xs = [float(np.log10(x)) if dimension.log else x for x, _ in known]
        ys = [value for _, value in known]
        series = [Series("", xs, ys, 1, "primary", scatter=True)] if known else []
        return render_chart(series, width, height, x_log=dimension.log, terminal=terminal)

    return draw


def by_choice(dimension: Choice) -> Draw:
    """A line for each value of a field: its mean, its trials as dots, and the mean among them."""

    def draw(view: SweepView, width: int, height: int, terminal: Terminal) -> list[Strip]:
        groups: dict[str, list[float]] = {format_value(each): [] for each in dimension.values}
        for row, value in compared(view):
            groups[format_value(row.setting[dimension.field])].append(value)
        groups = {name: group for name, group in groups.items() if group}
        if not groups:
            return padded([text_strip(EMPTY.center(width), width)], width, height)
        values = np.array([value for group in groups.values() for value in group])
        low, high = float(values.min()), float(values.max())
        label_width = min(max(map(len, groups)), max(4, width // 4))
        room = max(8, width - label_width - 10)
        dot, middle = (".", "O") if terminal.ascii_only else ("·", "●")
        lines = []
        for name, group in groups.items():
            line = [" "] * room
            for value in group:
                line[_place(value, low, high, room)] = dot
            mean = sum(group) / len(group)
            line[_place(mean, low, high, room)] = middle
            label = printable(shorten(name, label_width), ascii_only=terminal.ascii_only)
            text = f"{label:<{label_width}} {number(mean, 7, '.4g'):>7} {''.join(line)}"
            lines.append(text_strip(text, width))
        ends = f"{low:.4g}".ljust(room - len(f"{high:.4g}")) + f"{high:.4g}"
        lines.append(text_strip(" " * (label_width + 9) + ends, width))
        return padded(lines, width, height)

    return draw


def importance(view: SweepView, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """The share of the variance that each field alone explains, the largest first."""
    if not view.shares:
        note = "known after eight trials" if view.shares is None else "each value has one trial"
        return padded([text_strip(note.center(width), width)], width, height)
    longest = min(max(map(len, view.shares)), max(4, width // 3))
    style = role_style("primary", terminal.colors)
    lines = []
    for name, share in sorted(view.shares.items(), key=lambda item: -item[1]):
        drawn = bar(share, min(40, width - longest - 7), ascii_only=terminal.ascii_only)
        label = Segment(f"{shorten(name, longest):<{longest}} {share:>4.0%} ")
        lines.append(Strip([label, Segment(drawn, style)]).adjust_cell_length(width, PLAIN))
    return padded(lines, width, height)


def _place(value: float, low: float, high: float, room: int) -> int:
    return round((value - low) / (high - low) * (room - 1)) if high > low else room // 2


def heading(text: str, width: int, terminal: Terminal) -> Strip:
    """The line above a picture that has no frame of its own."""
    return text_strip(printable(text, ascii_only=terminal.ascii_only), width, Style(bold=True))


def padded(lines: Sequence[Strip], width: int, height: int) -> list[Strip]:
    """Exactly `height` lines."""
    blank = [text_strip("", width)] * max(0, height - len(lines))
    return [*lines, *blank][:height]


class SweepPictures(StripWidget):
    """One picture of a sweep, or as many one below the other as there is room for.

    The title of the first one is that of the widget, which has a frame to put it into.
    """

    _view: SweepView | None = None
    _first = 0

    @property
    def title(self) -> str:
        """The title of the picture that is drawn first."""
        return pictures(self._view)[self.first].title(self._view) if self._view else ""

    def show(self, view: SweepView | None) -> None:
        """Show another state of a sweep, or another sweep."""
        if view is not self._view:
            self._view = view
            self.redraw()

    def turn(self, direction: int) -> None:
        """Begin with the next picture, or with the one before."""
        self._first += direction
        self.redraw()

    @property
    def first(self) -> int:
        """The number of the picture that is drawn first."""
        return self._first % len(pictures(self._view)) if self._view else 0

    def _lay_out(self) -> list[Strip]:
        view, (width, height) = self._view, self.size
        if view is None:
            return []
        found = pictures(view)
        lines: list[Strip] = []
        for picture, room in fitting([*found[self.first :], *found[: self.first]], height):
            if lines:
                lines.append(heading(picture.title(view), width, self.terminal))
            lines += picture.draw(view, width, room, self.terminal)
        return lines


def fitting(found: Sequence[Picture], height: int) -> list[tuple[Picture, int]]:
    """As many of the first pictures as there is room for, with the lines of each.

    There is a line for a title between each two of them.
    """
    shown = [found[0]]
    for picture in found[1:]:
        wanted = sum(each.height or LEAST_HEIGHT for each in (*shown, picture))
        if wanted + len(shown) > height:
            break
        shown.append(picture)
    stretching = sum(not picture.height for picture in shown)
    left = height - sum(picture.height for picture in shown) - (len(shown) - 1)
    share = left // max(1, stretching)
    return [(picture, min(picture.height or share, height)) for picture in shown]
