"""Work beside the screens: on a thread, one piece at a time, or no more often than at a pace."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import partial
from time import monotonic, thread_time
from typing import Generic, Protocol, TypeVar

from textual.events import Callback
from textual.message import Message

from tui.app.state.shown_run import Post
from tui.system.precedence import give_way

Wish = TypeVar("Wish")
Result = TypeVar("Result")


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


class LatestWish(Generic[Wish, Result]):
    """Fulfils one wish at a time on a thread; of those that come meanwhile only the newest waits.

    `work(wish)` is called on a thread called `name`; `post` hands what comes of it to the loop.
    There, `done(wish, result)` is called, even while a newer wish waits: the result is newer than
    what is shown. `failed(wish, error)` is called unless a newer wish waits.

    Attributes:
        seconds: How long the last work took.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Wish], Result],
        post: Post,
        done: Callable[[Wish, Result], None],
        failed: Callable[[Wish, Exception], None],
    ) -> None:
        self.seconds = 0.0
        self._name, self._work, self._post = name, work, post
        self._done, self._failed = done, failed
        self._ended = float("-inf")
        self._wishes: list[Wish] = []  # the one that is worked on, and perhaps one that waits

    @property
    def busy(self) -> bool:
        """Whether there is a wish that is not yet fulfilled."""
        return bool(self._wishes)

    def rested(self, times: float) -> bool:
        """Whether nothing was done for so many times as long as the last work took."""
        return not self.busy and monotonic() >= self._ended + times * self.seconds

    def want(self, wish: Wish) -> None:
        """Fulfil this wish next; nothing changes where it is the very one that is worked on."""
        if not self._wishes:
            self._begin(wish)
        else:
            self._wishes[1:] = [] if wish is self._wishes[0] else [wish]

    def _begin(self, wish: Wish) -> None:
        self._wishes, began = [wish], monotonic()

        def work() -> Message:
            result = self._work(wish)
            return Callback(partial(self._succeed, monotonic() - began, wish, result))

        def failed(error: Exception) -> Message:
            return Callback(partial(self._fail, monotonic() - began, wish, error))

        in_background(self._name, work, self._post, failed)

    def _succeed(self, seconds: float, wish: Wish, result: Result) -> None:
        self._go_on(seconds)
        self._done(wish, result)

    def _fail(self, seconds: float, wish: Wish, error: Exception) -> None:
        if not self._go_on(seconds):
            self._failed(wish, error)

    def _go_on(self, seconds: float) -> bool:
        """Begin with the wish that waits; whether there is one."""
        self.seconds, self._ended = seconds, monotonic()
        waiting, self._wishes = self._wishes[1:], []
        for wish in waiting:
            self._begin(wish)
        return bool(waiting)


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
