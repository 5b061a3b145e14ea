"""The chart widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.app.state.background import Throttle
from tui.app.widgets.plot import Mark, Picture, draw_chart
from tui.app.widgets.series import Floats, Series, smooth
from tui.app.widgets.strips import StripWidget
from tui.app.widgets.text import set_title
from tui.system.terminal import FULL, Terminal

WHEEL = 1.25
"""What a notch of the mouse wheel multiplies the shown part by."""
DATA_INTERVAL = 1.0
"""Least time in seconds between two redraws because of new data."""
DATA_SHARE = 0.006
"""The share of a processor that these redraws of one chart take at most."""
KEY_INTERVAL = 0.05
"""The same after a key press, where half a second would feel broken."""


class Chart(StripWidget, can_focus=True):
    """A live line chart with a cursor.

    New data redraw it at most once a second, less often if that takes long, the latest always
    last; only changed lines are sent. With the focus, left and right move the cursor and escape
    removes it.

    Args:
        title: What the values are.
        terminal: Which characters and how many colours to use.
        x_label: What the positions are.
        x_log: Whether they are log10 of what the axis names.
        form: How a value is written, if that is not too long.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cursor_left", "Cursor left", id="chart.left", show=False),
        Binding("right", "cursor_right", "Cursor right", id="chart.right", show=False),
        Binding("escape", "cursor_off", "Hide the cursor", id="chart.hide", show=False),
    ]

    class Looked(Message):
        """The cursor of this chart was moved or removed."""

        def __init__(self, chart: Chart) -> None:
            super().__init__()
            self.chart = chart

    class Wheel(Message):
        """The mouse wheel has zoomed this chart."""

        def __init__(self, chart: Chart) -> None:
            super().__init__()
            self.chart = chart

    y_log = reactive(False, repaint=False, init=False)
    """Whether the y axis is logarithmic."""
    fitted = reactive(False, repaint=False, init=False)
    """Whether early values that would press the rest together are left out."""
    thin_lines = reactive(True, repaint=False, init=False)
    """Whether lines are drawn in braille dots, where the terminal has them."""
    smoothing = reactive(0.0, repaint=False, init=False)
    """Weight of `smooth`, 0 to 0.99. The values that are written are not smoothed."""
    zoom = reactive(1.0, repaint=False, init=False)
    """The last part of the x range that is shown, 0.01 to 1."""
    cursor: reactive[int | None] = reactive(None, repaint=False, init=False)
    """Index into `positions`, or None for no cursor."""
    elsewhere: reactive[float | None] = reactive(None, repaint=False, init=False)
    """Where the cursor of another chart of a group stands, which is read here too."""
    marks: reactive[tuple[Mark, ...]] = reactive((), repaint=False, init=False)
    """What happened where, such as a change of the learning rate."""

    def __init__(
        self,
        title: str = "",
        terminal: Terminal = FULL,
        *,
        x_label: str = "",
        x_log: bool = False,
        form: str = ".4g",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(terminal, id=id, classes=classes)
        self.title = title
        self.x_label, self.x_log, self.form = x_label, x_log, form
        self.note = ""  # stands behind the title
        self._series: list[Series] = []
        self._group: Sequence[Series] = ()
        self._axis: Floats | None = None
        self._end: float | None = None
        self._positions: Floats | None = None
        self._picture = Picture([])
        self._throttle = Throttle(super().redraw, self.set_timer, DATA_INTERVAL, DATA_SHARE)

    def set_series(
        self,
        series: Sequence[Series],
        axis: Floats | None = None,
        end: float | None = None,
        group: Sequence[Series] = (),
        marks: tuple[Mark, ...] = (),
        *,
        soon: bool = False,
    ) -> None:
        """Show these series and marks from the next redraw on, which `soon` has like one for a key.

        `axis` holds the positions that the x axis covers, if they are not just those of the series.
        It reaches to `end` unless the chart is zoomed, where it ends with the newest position. The
        labels are as wide as those of the `group`, of which other charts show other series.
        """
        self._series, self._axis, self._end, self._positions = list(series), axis, end, None
        self._group = group
        self.set_reactive(Chart.marks, marks)
        self._schedule(KEY_INTERVAL if soon else None)

    @property
    def positions(self) -> Floats:
        """Every x at which any series has a point, rising."""
        if self._positions is None:
            xs = np.concatenate([[], *(one.points[0] for one in self._series)])
            self._positions = np.unique(xs[np.isfinite(xs)])
        return self._positions

    @property
    def cursor_x(self) -> float | None:
        """Where the cursor stands, or that of another chart."""
        if self.cursor is None or not len(self.positions):
            return self.elsewhere
        return float(self.positions[min(self.cursor, len(self.positions) - 1)])

    def action_cursor_left(self) -> None:
        """Move the cursor to the next point left of its column; from nowhere, to the last."""
        self._move_cursor(-1)

    def action_cursor_right(self) -> None:
        """Move the cursor to the next point right of its column; from nowhere, to the last."""
        self._move_cursor(1)

    def action_cursor_off(self) -> None:
        """Remove the cursor; without one, the key is left to the screen."""
        if self.cursor_x is None:
            raise SkipAction
        self._look(None)

    def _move_cursor(self, direction: int) -> None:
        positions, at = self.positions, self.cursor_x
        last = len(positions) - 1
        if last < 0:  # there may be a cursor all the same, which another chart has put here
            return
        if at is None:
            self._look(last)
            return
        column = (positions[-1] - positions[0]) * self.zoom / max(1, self.size.width)
        if direction > 0:
            target = int(np.searchsorted(positions, at + column, side="left"))
        else:
            target = int(np.searchsorted(positions, at - column, side="right")) - 1
        here = int(np.searchsorted(positions, at))
        target = max(target, here + 1) if direction > 0 else min(target, here - 1)
        self._look(min(max(target, 0), last))

    def _look(self, cursor: int | None) -> None:
        self.cursor, self.elsewhere = cursor, None
        self.post_message(self.Looked(self))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the point next to a click."""
        at = event.get_content_offset(self)
        position = self._picture.position(at.x) if at is not None else None
        if position is not None and len(self.positions):
            self._look(int(np.abs(self.positions - position).argmin()))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Show less of the past."""
        self._turn(1 / WHEEL)
        event.stop()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show more of the past."""
        self._turn(WHEEL)
        event.stop()

    def _turn(self, factor: float) -> None:
        self.zoom *= factor
        self.post_message(self.Wheel(self))

    def validate_smoothing(self, weight: float) -> float:
        """Keep the weight where the average is defined."""
        return min(max(weight, 0.0), 0.99)

    def validate_zoom(self, fraction: float) -> float:
        """Keep the fraction where something is left to see."""
        return min(max(fraction, 0.01), 1.0)

    def _changed(self) -> None:
        self._schedule(KEY_INTERVAL)

    watch_y_log = watch_fitted = watch_thin_lines = watch_smoothing = _changed
    watch_zoom = watch_cursor = watch_elsewhere = watch_marks = _changed

    def on_focus(self, _event: events.Focus) -> None:
        """Show that the keys move the cursor here."""
        self._changed()

    def on_blur(self, _event: events.Blur) -> None:
        """Show that the keys go elsewhere."""
        self._changed()

    def _schedule(self, interval: float | None = None) -> None:
        """Draw the latest state, `interval` seconds after the last time or at once if later.

        None is the interval of new data.
        """
        if self.size:
            self._throttle.request(interval)
        else:
            super().redraw()  # which leaves it to the next resize

    def redraw(self) -> None:
        """Draw the present state at once."""
        self._throttle.restart()
        super().redraw()

    def _lay_out(self) -> list[Strip]:
        width, height = self.size
        axis = self.positions if self._axis is None else self._axis[np.isfinite(self._axis)]
        if self._end is not None and self.zoom == 1 and len(axis):
            axis = np.append(axis, self._end)
        left, right = (axis.min(), axis.max()) if len(axis) else (0.0, 0.0)
        left = right - self.zoom * (right - left)
        smoothed = [replace(s, ys=smooth(s.points[1], self.smoothing)) for s in self._series]
        bordered = bool(self.styles.border_top[0])
        title = f"{self.title}{self.note}"
        if bordered:
            set_title(self, title)
        braille = self.terminal.braille and self.thin_lines
        self._picture = draw_chart(
            smoothed,
            width,
            height,
            title="" if bordered else title,
            x_label=self.x_label,
            x_log=self.x_log,
            y_log=self.y_log,
            axis=axis[axis >= left],
            fitted=self.fitted,
            values=self._series,
            group=self._group,
            marks=self.marks,
            cursor_x=self.cursor_x,
            form=self.form,
            terminal=replace(self.terminal, braille=braille),
        )
        strips = self._picture.strips
        if self.has_focus and strips and not bordered:
            strips[0] = strips[0].apply_style(Style(reverse=True))
        return strips
