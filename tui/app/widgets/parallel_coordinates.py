"""Parallel coordinates: every trial of a sweep as a line across the axes of its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.options import format_value
from tui.app.state.sweep_view import SweepView, TrialRow
from tui.app.widgets.layout import EMPTY
from tui.app.widgets.legend import role_style, shorten
from tui.app.widgets.raster import render_braille
from tui.app.widgets.series import Floats
from tui.app.widgets.strips import PLAIN, StripWidget, printable, text_strip
from tui.app.widgets.sweep_pictures import compared, padded
from tui.sweeps.space import Dimension, Range
from tui.system.terminal import Terminal

MOST_LINES = 100
"""Trials whose lines parallel coordinates show at most."""


@dataclass(frozen=True)
class _Axis:
    """One axis of parallel coordinates: `places` are from 0 to 1, a row for each trial."""

    name: str
    low: str
    high: str
    places: Floats


def parallel(view: SweepView, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """A line for each trial across the axes of its fields and its objective, the best on top.

    The best tenth of the trials is drawn in other characters and in another colour.
    """
    known = sorted(compared(view), key=lambda each: each[0].rank)
    shown, rows = known[:MOST_LINES], height - 3
    if not shown or rows < 1:
        return padded([text_strip(EMPTY.center(width), width)], width, height)
    axes = [_axis(dimension, shown) for dimension in view.spec.space.dimensions]
    axes.append(_objective_axis(view, shown))
    left = min(8, width // 8)
    columns = np.linspace(left, width - 1 - left, len(axes)).astype(int).tolist()
    names = _labels([axis.name for axis in axes], columns, width, terminal)
    high = _labels([axis.high for axis in axes], columns, width, terminal)
    low = _labels([axis.low for axis in axes], columns, width, terminal)
    top = text_strip(names, width, Style(bold=True))
    places = np.array([axis.places for axis in axes]).T
    best = max(1, len(shown) // 10)
    plot = _lines(places, best, columns, width, rows, terminal)
    return padded([top, text_strip(high, width), *plot, text_strip(low, width)], width, height)


def _axis(dimension: Dimension, shown: Sequence[tuple[TrialRow, float]]) -> _Axis:
    if isinstance(dimension, Range):
        values = np.array([float(row.setting[dimension.field]) for row, _ in shown])  # type: ignore[arg-type]
        low, high = dimension.low, dimension.high
        ends = (f"{low:.4g}", f"{high:.4g}")
        if dimension.log:
            values, low, high = np.log(values), float(np.log(low)), float(np.log(high))
        return _Axis(dimension.field, *ends, np.clip((values - low) / (high - low), 0, 1))
    positions = {value: n for n, value in enumerate(dimension.values)}
    last = max(1, len(positions) - 1)
    places = np.array([positions.get(row.setting[dimension.field], 0) / last for row, _ in shown])
    ends = (format_value(dimension.values[0]), format_value(dimension.values[-1]))
    return _Axis(dimension.field, *ends, places)


def _objective_axis(view: SweepView, shown: Sequence[tuple[TrialRow, float]]) -> _Axis:
    values = np.array([value for _, value in shown])
    low, high = float(values.min()), float(values.max())
    places = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return _Axis(view.spec.objective, f"{low:.4g}", f"{high:.4g}", places)


def _labels(texts: Sequence[str], columns: Sequence[int], width: int, terminal: Terminal) -> str:
    """The texts centred on their columns, shortened so that none touches the next."""
    longest = max(1, min(np.diff(columns).tolist(), default=width) - 1)
    line = [" "] * width
    for text, column in zip(texts, columns, strict=True):
        text = printable(shorten(text, longest), ascii_only=terminal.ascii_only)
        start = min(max(column - len(text) // 2, 0), max(0, width - len(text)))
        line[start : start + len(text)] = text
    return "".join(line[:width])


def _lines(
    places: Floats, best: int, columns: Sequence[int], width: int, rows: int, terminal: Terminal
) -> list[Strip]:
    """The lines between the axes: braille, or full stops; those of the first `best` on top."""
    across, down = (2, 4) if terminal.thin_lines else (1, 1)
    image = _raster(places, columns, width, rows, across, down)
    strong = _raster(places[:best], columns, width, rows, 1, 1)
    if terminal.thin_lines:
        weak = render_braille(image.astype(float), width, rows)
    else:
        weak = ["".join(" ."[dot] for dot in line) for line in image.astype(int).tolist()]
    heavy, bold = ("#" if terminal.ascii_only else "●"), role_style("warning", terminal.colors)
    light, axis = role_style("primary", terminal.colors), "|" if terminal.ascii_only else "│"
    strips = []
    for line, marked in zip(weak, strong.tolist(), strict=True):
        segments = []
        for column, (character, mark) in enumerate(zip(line, marked, strict=True)):
            if mark:
                segments.append(Segment(heavy, bold + Style(bold=True)))
            elif column in columns:
                segments.append(Segment(axis, PLAIN))
            else:
                segments.append(Segment(character, light))
        strips.append(Strip(segments, width).simplify())
    return strips


def _raster(
    places: Floats, columns: Sequence[int], width: int, rows: int, across: int, down: int
) -> np.ndarray:
    """Which dots the lines pass through, (rows x down, width x across)."""
    image = np.zeros((rows * down, width * across), bool)
    for left, right, begin, end in zip(
        columns, columns[1:], places.T[:-1], places.T[1:], strict=False
    ):
        steps = max(2, (right - left) * across * 3)  # so that steep lines have few gaps
        along = np.linspace(0, 1, steps)
        xs = np.rint((left + along * (right - left)) * across).astype(int)
        heights = begin[:, None] + along * (end - begin)[:, None]
        ys = np.rint((1 - heights) * (rows * down - 1)).astype(int)
        image[ys, np.broadcast_to(xs, ys.shape).clip(0, width * across - 1)] = True
    return image


class ParallelCoordinates(StripWidget):
    """The trials of a sweep across the axes of all varied fields."""

    _view: SweepView | None = None

    def show(self, view: SweepView | None) -> None:
        """Show another state of a sweep, or another sweep."""
        if view is not self._view:
            self._view = view
            self.redraw()

    @property
    def title(self) -> str:
        """Which trials are drawn, and how the best ones are known."""
        count = len(compared(self._view)) if self._view else 0
        which = f"the best {MOST_LINES} of {count}" if count > MOST_LINES else "all"
        return f"Parallel coordinates, {which} trials; the best tenth stands out"

    def _lay_out(self) -> list[Strip]:
        return [] if self._view is None else parallel(self._view, *self.size, self.terminal)
