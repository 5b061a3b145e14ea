"""The gradient norm of each layer over the training, as a heat picture: where gradients vanish."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.app.state.background import Throttle
from tui.app.widgets.chart import DATA_INTERVAL, DATA_SHARE, KEY_INTERVAL
from tui.app.widgets.colors import palette_in_use, role_color, role_style
from tui.app.widgets.series import Floats, linear_scale
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.app.widgets.text import set_title
from tui.formatting import number
from tui.recording.history import RunHistory
from tui.system.terminal import Terminal

TITLE = "Gradient norm of each layer"
EMPTY = "no gradient yet: the first steps of training bring them"
LEVELS = 5
"""Shades, few so that neighbours are equal and take few bytes."""
_SHADES, _ASCII_SHADES = "·░▒▓█", ".:+*#"
_LEFT = 7  # cells of the name of a layer
_LEAST_DECADES, _MOST_DECADES = 3, 10  # of the scale
_MOST_LINES = 3  # of one layer, where there are more lines than layers


@dataclass(frozen=True)
class Flow:
    """Gradient norms by layer and column.

    Attributes:
        norms: (layers, columns), output side first; NaN beyond the newest step.
        positions: The epoch at the right edge of each column.
        low: The decade, a power of ten, that is drawn weakest.
        high: The decade that is drawn strongest.
    """

    norms: Floats
    positions: Floats
    low: int
    high: int

    def level(self, norm: float) -> int | None:
        """The shade of a norm; None for no norm, and the least for 0."""
        if norm != norm:
            return None
        share = (math.log10(norm) - self.low) / (self.high - self.low) if norm > 0 else 0.0
        return min(max(int(share * LEVELS), 0), LEVELS - 1) if math.isfinite(share) else LEVELS - 1


def flow_of(
    points: Sequence[tuple[int, Sequence[float]]], per_epoch: int, end: float, columns: int
) -> Flow:
    """The norms on a time axis from 0 to `end`, in epochs: of each column the geometric mean.

    A column without a step has what the one before it has.
    """
    steps = np.array([step for step, _ in points], dtype=np.float64) / per_epoch
    values = np.array([norms for _, norms in points], dtype=np.float64).T[::-1]
    known = np.isfinite(values) & (values > 0)
    logs = np.log10(np.where(known, values, 1.0))
    logs = np.where(known, logs, np.where(values == 0, -math.inf, math.nan))
    column = np.clip(np.ceil(steps / (end or 1.0) * columns).astype(int) - 1, 0, columns - 1)
    norms = np.full((len(values), columns), math.nan)
    for place in range(int(column[-1]) + 1):
        inside = logs[:, column == place]
        if inside.shape[1]:
            norms[:, place] = 10.0 ** inside.mean(axis=1)
        elif place:
            norms[:, place] = norms[:, place - 1]
    first = int(column[0])
    norms[:, :first] = norms[:, first : first + 1]
    finite = logs[np.isfinite(logs)]
    low, high = (finite.min(), finite.max()) if len(finite) else (-2.0, 0.0)
    bottom, top = math.floor(low), math.ceil(high)
    bottom = min(max(bottom, top - _MOST_DECADES), top - _LEAST_DECADES)
    return Flow(norms, (np.arange(columns) + 1) * (end or 1.0) / columns, bottom, top)


def flow_strips(
    history: RunHistory | None,
    end: float | None,
    cursor: int | None,
    width: int,
    height: int,
    terminal: Terminal,
) -> list[Strip]:
    """The picture in lines of `width` cells: layers from the output down, ticks, and the scale.

    At the right of each layer stand its norm, now or at the cursor, and which part that is of the
    output layer's.
    """
    if history is None or history.started is None or not history.gradients:
        lines = [text_strip("", width)] * height
        if height:
            lines[(height - 1) // 2] = text_strip(EMPTY[:width].center(width), width)
        return lines
    columns, told = _columns(width)
    per_epoch = history.started.steps_per_epoch
    last = history.gradients[-1][0] / per_epoch
    flow = flow_of(history.gradients, per_epoch, max(end or 0.0, last), columns)
    layers, rows = len(flow.norms), max(1, height - 2)
    shown = shown_layers(layers, height)
    thick = min(_MOST_LINES, max(1, rows // len(shown)))
    known = np.flatnonzero(np.isfinite(flow.norms).any(axis=0))
    newest = int(known[-1]) if len(known) else 0
    at = newest if cursor is None else min(cursor, newest)
    epoch = number(float(flow.positions[at]) if cursor is not None else last, 6)
    place = f"epoch {epoch}" if told > len("epoch ") + 6 else epoch
    strips = [_head(flow, width, told, terminal)]
    for index in shown:
        norms = flow.norms[index]
        cells = Strip(_cells(flow, norms, None if cursor is None else at, terminal))
        name = f"{_name(index, layers):>{_LEFT - 1}} "
        value = _told(float(norms[at]), float(flow.norms[0][at]), told)
        for line in range(thick):
            first = line == (thick - 1) // 2
            left = Strip([Segment(name if first else " " * _LEFT)])
            right = Strip([Segment(value if first else " " * told)])
            joined = Strip.join([left, cells, right])
            strips.append(joined.adjust_cell_length(width, PLAIN).simplify())
    changes = [change.step / per_epoch for change in history.rate_changes]
    strips.append(_ticks(flow, changes, place, columns, width, terminal))
    strips += [text_strip("", width)] * (height - len(strips))
    return strips[:height]


def _columns(width: int) -> tuple[int, int]:
    """Columns of the picture, and cells of the values at its right."""
    told = 19 if width >= 60 else 9
    return max(1, width - _LEFT - told), told


def shown_layers(layers: int, height: int) -> Sequence[int]:
    """The layers that a picture of so many lines has room for, from the output down.

    Of too many layers evenly spaced ones are shown, the first and the last among them.
    """
    rows = max(1, height - 2)
    if layers <= rows:
        return range(layers)
    return sorted({round(i * (layers - 1) / max(rows - 1, 1)) for i in range(rows)})


def _name(index: int, layers: int) -> str:
    """The number of a layer, the output layer being the last and the first in the picture."""
    end = "out" if index == 0 else "in" if index == layers - 1 else ""
    return f"{end} {layers - index}".strip()


def _head(flow: Flow, width: int, told: int, terminal: Terminal) -> Strip:
    """The legend, which is the shades between the decades they stand for, and the headings."""
    shades = [_shade(level, terminal) for level in range(LEVELS)]
    parts = [Segment(f"{f'1e{flow.low}':>{_LEFT - 1}} ")]
    parts += [Segment(2 * character, style) for character, style in shades]
    parts.append(Segment(" 1" if flow.high == 0 else f" 1e{flow.high}"))
    right = " norm    " + (" of output" if told > 9 else "")
    left = Strip(parts).adjust_cell_length(max(0, width - told), PLAIN)
    line = Strip.join([left, text_strip(right, told, Style(bold=True))])
    return line.adjust_cell_length(width, PLAIN).simplify()


def _told(norm: float, output: float, width: int) -> str:
    """A norm, and which part of the output layer's it is."""
    text = f" {'-' if norm != norm else f'{norm:.1e}':<8}"
    if width > 9:
        known = norm > 0 and output > 0 and math.isfinite(norm) and math.isfinite(output)
        ratio = norm / output if known else math.nan
        share = "-" if not known else f"1/{1 / ratio:.0f}" if ratio < 0.67 else f"{ratio:.1f}"
        text += f" {share[:9]:<9}"
    return text


def _cells(flow: Flow, norms: Floats, cursor: int | None, terminal: Terminal) -> list[Segment]:
    segments = []
    for column, norm in enumerate(norms.tolist()):
        character, style = _shade(flow.level(norm), terminal)
        if column == cursor:
            character, style = "|" if terminal.ascii_only else "│", Style(reverse=True)
        segments.append(Segment(character, style))
    return segments


def _shade(level: int | None, terminal: Terminal) -> tuple[str, Style]:
    """A cell: a colour where the terminal has all of them, else a character."""
    if level is None:
        return " ", PLAIN
    if terminal.colors == "full" and not terminal.ascii_only:
        return " ", Style(bgcolor=_mixed((level + 1) / LEVELS))
    characters = _ASCII_SHADES if terminal.ascii_only else _SHADES
    return characters[level], role_style("primary", terminal.colors)


def _mixed(share: float) -> str:
    """The colour of a share between the background and the strongest colour."""
    ends = palette_in_use().background, role_color("primary")
    low, high = ([int(end[i : i + 2], 16) for i in (1, 3, 5)] for end in ends)
    parts = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _ticks(
    flow: Flow,
    changes: Sequence[float],
    place: str,
    columns: int,
    width: int,
    terminal: Terminal,
) -> Strip:
    """Epochs under the columns, changes of the learning rate, and which step the values are of."""
    end = float(flow.positions[-1])
    scale = linear_scale(0, end, max(2, columns // 12))
    line = [" "] * columns
    for change in changes:
        line[round(min(change / end, 1.0) * (columns - 1))] = "^" if terminal.ascii_only else "▲"
    for at, label in scale.ticks:
        start = round((scale.low + at * (scale.high - scale.low)) / end * (columns - 1))
        part = slice(max(0, start - 1), start + len(label) + 1)
        if start + len(label) <= columns and not "".join(line[part]).strip():
            line[start : start + len(label)] = label
    return text_strip(f"{'':<{_LEFT}}{''.join(line)} {place}", width)


class GradientFlow(StripWidget, can_focus=True):
    """Shows the norms of a run, redrawn at most once a second; the cursor reads earlier ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cursor(-1)", "Earlier", id="flow.left", show=False),
        Binding("right", "cursor(1)", "Later", id="flow.right", show=False),
        Binding("escape", "cursor_off", "Hide the cursor", id="flow.hide", show=False),
    ]

    _history: RunHistory | None = None
    _end: float | None = None
    _cursor: int | None = None

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal, id="gradients", classes="panel")
        set_title(self, TITLE)
        self._throttle = Throttle(super().redraw, self.set_timer, DATA_INTERVAL, DATA_SHARE)

    def show(self, history: RunHistory | None, end: float | None) -> None:
        """Show a run on a time axis up to `end`, in epochs; None is where it stands."""
        self._history, self._end = history, end
        if self.size:
            self._throttle.request()

    def action_cursor(self, by: int) -> None:
        """Move the cursor by a column; from nowhere, to the newest."""
        last = self._newest
        if last is None:
            return
        self._cursor = last if self._cursor is None else min(max(self._cursor + by, 0), last)
        self._throttle.request(KEY_INTERVAL)

    def action_cursor_off(self) -> None:
        """Remove the cursor."""
        self._cursor = None
        self._throttle.request(KEY_INTERVAL)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a column."""
        at, last = event.get_content_offset(self), self._newest
        if at is not None and last is not None and 0 <= at.x - _LEFT < _columns(self.size.width)[0]:
            self._cursor = min(at.x - _LEFT, last)
            self._throttle.request(KEY_INTERVAL)

    @property
    def _newest(self) -> int | None:
        """The column of the newest gradients."""
        history = self._history
        if history is None or history.started is None or not history.gradients:
            return None
        last = history.gradients[-1][0] / history.started.steps_per_epoch
        share, columns = last / (max(self._end or 0.0, last) or 1.0), _columns(self.size.width)[0]
        return min(max(math.ceil(share * columns) - 1, 0), columns - 1)

    def _lay_out(self) -> list[Strip]:
        points = self._history.gradients if self._history else ()
        layers = len(points[0][1]) if points else 0
        shown = len(shown_layers(layers, self.size.height))
        set_title(self, TITLE if shown == layers else f"{TITLE}, {shown} of {layers}")
        return flow_strips(self._history, self._end, self._cursor, *self.size, self.terminal)
