"""The learning-rate range test over the train screen, drawn as it runs."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from nn.training.rate_range import RatePoint, RateRange, summarize
from tui.app.screens.dialog import Dialog
from tui.app.state.background import in_background
from tui.app.widgets.chart import Chart
from tui.app.widgets.plot import Mark
from tui.app.widgets.series import Series
from tui.formatting import message_of
from tui.system.terminal import Terminal

POST_INTERVAL = 0.2
"""Least time in seconds between two pictures of a test that runs."""

Points = Callable[[], Iterator[RatePoint]]


class RateRangeScreen(Dialog[float | None]):
    """Dismissed with the learning rate to take over, or with None.

    Args:
        points: Begins the test and yields its steps; called and consumed on a thread.
        terminal: Which characters and how many colours to use.
    """

    DEFAULT_CSS = """
    RateRangeScreen {
        .dialog { width: 90; height: 24; }
        Static { height: auto; max-height: 50%; }
    }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Take the rate", id="rate.take"),
        Binding("escape,q", "close", "Close", id="rate.close"),
    ]

    class Moved(Message):
        """The test has made steps; `found` is its result, None before the end."""

        def __init__(self, points: tuple[RatePoint, ...], found: RateRange | None) -> None:
            super().__init__()
            self.points, self.found = points, found

    class Failed(Message):
        """The test cannot be made, or has no result."""

        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(self, points: Points, terminal: Terminal) -> None:
        super().__init__()
        self.found: RateRange | None = None
        self._points, self._left = points, threading.Event()
        self._chart = Chart("Running loss", terminal, x_label="learning rate", x_log=True)
        self._chart.can_focus = False
        self._words = Static("Training while the rate grows at every step ...", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Learning-rate range test"
            take, close = self.key_of("rate.take", "enter"), self.key_of("rate.close", "escape")
            box.border_subtitle = f"{take} take the rate  {close} close"
            yield self._chart
            yield self._words

    def on_mount(self) -> None:
        in_background("rate range", self._test, self.post_message, self.Failed)

    def on_unmount(self, _event: events.Unmount) -> None:
        """End the test with the dialog, however it was left."""
        self._left.set()

    def _test(self) -> Message | None:
        """Run the test, on its thread; leave it where the dialog is closed."""
        points: list[RatePoint] = []
        posted = time.monotonic()
        for point in self._points():
            if self._left.is_set():
                return None
            points.append(point)
            if time.monotonic() - posted >= POST_INTERVAL:
                self.post_message(self.Moved(tuple(points), None))
                posted = time.monotonic()
        return self.Moved(tuple(points), summarize(tuple(points)))

    def on_rate_range_screen_moved(self, message: Moved) -> None:
        self.found = found = message.found
        finite = [point for point in message.points if math.isfinite(point.loss)]
        rates = [math.log10(point.rate) for point in finite]
        self._chart.set_series([Series("", rates, [point.loss for point in finite])])
        if found is not None:
            self._chart.marks = _marks(found)
            self._words.update(_words(found))
        self._chart.redraw()

    def on_rate_range_screen_failed(self, message: Failed) -> None:
        reason = message_of(message.error)
        key = self.key_of("rate.close", "escape")
        self._words.update(f"No learning rate was found: {reason}. {key}: close")

    def action_take(self) -> None:
        """Leave with the rate at which the loss falls fastest, once it is known."""
        if self.found is not None:
            self.dismiss(rounded(self.found.steepest))

    def action_close(self) -> None:
        """Leave the learning rate as it is."""
        self.dismiss(None)


def rounded(rate: float) -> float:
    """The rate with two significant digits, which is more than the test can show."""
    return float(f"{rate:.2g}")


def _marks(found: RateRange) -> tuple[Mark, ...]:
    marks = [(math.log10(found.steepest), "steepest")]
    if found.blow_up is not None:
        marks.append((math.log10(found.blow_up), "blow-up"))
    return tuple(marks)


def _words(found: RateRange) -> str:
    blow_up = "never" if found.blow_up is None else f"at {found.blow_up:.2g}"
    return (
        f"The loss falls fastest at {rounded(found.steepest):g}, is lowest at {found.lowest:.2g},"
        f" and has doubled from there {blow_up}.\n"
        f"enter: learning rate {rounded(found.steepest):g} for the next run"
    )
