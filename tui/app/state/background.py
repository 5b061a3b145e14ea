"""Work beside the screens: on a thread of its own, or no more often than at a certain pace."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from time import monotonic, thread_time
from typing import Protocol

from textual.message import Message

from tui.app.state.shown_run import Post
from tui.system.precedence import give_way


def in_background(
    name: str,
    work: Callable[[], Message | None],
    post: Post,
    failed: Callable[[Exception], Message],
) -> None:
    """Run `work` on a thread called `name` and post its result, or what `failed` makes of an error.

    The thread is a daemon, so that the process can end while it works. It gives way to the screen.
    """

    def run() -> None:
        give_way()
        try:
            message = work()
        except Exception as error:
            message = failed(error)
        if message is not None:
            post(message)

    threading.Thread(target=run, name=name, daemon=True).start()


class Timer(Protocol):
    """The part of Textual's timers that is used here."""

    def stop(self) -> None:
        """Cancel the call."""


class Throttle:
    """Calls `work` at once, or `interval` seconds after the last call where that is later.

    Requests in between are merged into one call, so the latest state is always worked on in the
    end. `set_timer(delay, callback)` is that of an application, a screen or a widget. Work that
    would take more than `share` of a processor at that pace is called less often: while the screen
    is drawn, a thread that trains waits for the interpreter.
    """

    def __init__(
        self,
        work: Callable[[], object],
        set_timer: Callable[[float, Callable[[], None]], Timer],
        interval: float = 0.0,
        share: float = math.inf,
    ) -> None:
        self.interval = interval
        self._share = share
        # In seconds of the processor; of the last two calls the lesser counts, since the first one
        # may import modules.
        self._costs = (0.0, 0.0)
        self._work, self._set_timer = work, set_timer
        self._worked_at = self._due = float("-inf")
        self._timer: Timer | None = None

    def request(self, interval: float | None = None) -> None:
        """Have `work` called, now or later; `interval` replaces the usual one for this request."""
        now = monotonic()
        if interval is None:
            interval = max(self.interval, min(self._costs) / self._share)
        due = max(self._worked_at + interval, now)
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.stop()
            self._timer = None
        if due <= now:
            self._call()
        else:
            self._due, self._timer = due, self._set_timer(due - now, self._call)

    def restart(self) -> None:
        """Count the interval from now on, as if `work` had just been called."""
        self._worked_at = monotonic()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _call(self) -> None:
        self.restart()
        began = thread_time()
        self._work()
        self._costs = self._costs[1], thread_time() - began
