"""How often work is called that many requests ask for, and which wishes are fulfilled."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from textual.events import Callback

from tests.support.messages import Inbox, wait
from tui.app.state import background
from tui.app.state.background import LatestWish, Throttle


class Clock:
    """A time that only tests move on, and what is to be called at which."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.worked = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []
        monkeypatch.setattr(background, "monotonic", lambda: self.now)
        monkeypatch.setattr(background, "thread_time", lambda: self.worked)

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Clock:
        self.due = [(self.now + delay, callback)]
        return self

    def stop(self) -> None:
        self.due = []

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and self.due[0][0] <= end:
            (self.now, callback), self.due = self.due[0], []
            callback()
        self.now = end


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_requests_in_between_are_one_call_at_the_end_of_the_interval(clock: Clock) -> None:
    called: list[float] = []
    throttle = Throttle(lambda: called.append(clock.now), clock.set_timer, 1.0)
    for _ in range(15):
        throttle.request()
        clock.wait(0.1)
    assert called == [0.0, 1.0]
    clock.wait(1.0)
    assert called == [0.0, 1.0, 2.0]


def test_an_urgent_request_comes_before_the_one_that_waits(clock: Clock) -> None:
    called: list[float] = []
    throttle = Throttle(lambda: called.append(clock.now), clock.set_timer, 1.0)
    throttle.request()
    clock.wait(0.25)
    throttle.request()
    throttle.request(0.5)
    clock.wait(2.0)
    assert called == [0.0, 0.5]


def test_work_that_costs_much_is_called_less_often(clock: Clock) -> None:
    costs = iter([9.0, 0.02, 0.04, 0.04, 0.001, 0.001, 0.001])  # the first call imports something
    called: list[float] = []

    def work() -> None:
        called.append(clock.now)
        clock.worked += next(costs)

    throttle = Throttle(work, clock.set_timer, 1.0, share=0.01)
    while len(called) < 7:
        throttle.request()
        clock.wait(0.25)
    assert called == pytest.approx([0.0, 1.0, 3.0, 5.0, 9.0, 10.0, 11.0])


class Sums:
    """Wishes for the sum of a list, each of which is computed when the test allows it."""

    def __init__(self) -> None:
        self.inbox, self.allowed = Inbox(), Event()
        self.begun: list[list[int]] = []
        self.told: list[object] = []
        self.wishes = LatestWish("sums", self._sum, self.inbox, self._done, self._failed)

    def _sum(self, wish: list[int]) -> int:
        self.begun.append(wish)
        assert self.allowed.wait(60)
        self.allowed.clear()
        return sum(wish)

    def _done(self, wish: list[int], result: int) -> None:
        self.told.append((wish, result))

    def _failed(self, wish: list[int], error: Exception) -> None:
        self.told.append((wish, type(error)))

    def end_one(self) -> None:
        """Let the present wish come to its end, and the loop take what came of it."""
        self.allowed.set()
        wait(lambda: self.inbox.messages)
        message = self.inbox.messages.pop()
        assert isinstance(message, Callback)
        message.callback()


def test_of_the_wishes_that_come_meanwhile_the_newest_is_fulfilled() -> None:
    sums = Sums()
    sums.wishes.want([1, 2])
    sums.wishes.want([3])
    sums.wishes.want([4, 5])
    sums.end_one()
    assert sums.told == [([1, 2], 3)], "it is newer than what is shown"
    assert sums.wishes.busy
    sums.end_one()
    assert sums.told[1:] == [([4, 5], 9)]
    assert not sums.wishes.busy
    assert sums.begun == [[1, 2], [4, 5]]


def test_the_wish_that_is_worked_on_needs_no_second_time() -> None:
    sums, wish = Sums(), [1]
    sums.wishes.want(wish)
    sums.wishes.want([2])
    sums.wishes.want(wish)
    sums.end_one()
    assert sums.told == [(wish, 1)]
    assert not sums.wishes.busy


def test_only_a_failure_that_nothing_newer_follows_is_told() -> None:
    sums = Sums()
    bad, worse = [None], [None]
    sums.wishes.want(bad)  # type: ignore[arg-type]
    sums.wishes.want(worse)  # type: ignore[arg-type]
    sums.end_one()
    assert sums.told == []
    sums.end_one()
    assert sums.told == [(worse, TypeError)]


def test_a_pause_is_as_long_as_the_work_took_so_many_times(clock: Clock) -> None:
    sums = Sums()
    assert sums.wishes.rested(5)
    sums.wishes.want([1])
    clock.now = 2.0
    assert not sums.wishes.rested(5)
    sums.end_one()
    assert sums.wishes.seconds == 2.0
    clock.now = 11.0
    assert not sums.wishes.rested(5)
    clock.now = 12.0
    assert sums.wishes.rested(5)
