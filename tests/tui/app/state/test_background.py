"""How often work is called that many requests ask for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tui.app.state import background
from tui.app.state.background import Throttle


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
