"""The interpreter stays with the screen while it is used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from tui.app import attention
from tui.app.attention import LASTS, UNUSED, USED, Attention


class Clock:
    """Time that passes when it is told to, and the timer that was set last."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: float | None = None
        self._callback: Callable[[], None] | None = None

    def monotonic(self) -> float:
        return self.now

    def set_timer(self, delay: float, callback: Callable[[], None]) -> None:
        assert self._due is None, "two timers wait at once"
        self._due, self._callback = self.now + delay, callback

    def pass_to(self, time: float) -> None:
        """Let the timers go off that are due until then."""
        while self._due is not None and self._due <= time:
            assert self._callback is not None
            self.now, self._due = self._due, None
            self._callback()
        self.now = time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock, before = Clock(), sys.getswitchinterval()
    monkeypatch.setattr(attention, "monotonic", clock.monotonic)
    yield clock
    sys.setswitchinterval(before)


def test_the_screen_keeps_the_interpreter_until_some_time_after_the_last_key(clock: Clock) -> None:
    used = Attention(clock.set_timer)
    used.attract()
    assert sys.getswitchinterval() == pytest.approx(USED)
    clock.pass_to(0.9 * LASTS)
    used.attract()
    clock.pass_to(1.8 * LASTS)
    assert sys.getswitchinterval() == pytest.approx(USED)
    clock.pass_to(1.95 * LASTS)
    assert sys.getswitchinterval() == pytest.approx(UNUSED)
    used.attract()
    assert sys.getswitchinterval() == pytest.approx(USED)
    assert used.idle == 0
    clock.pass_to(3 * LASTS)
    assert used.idle == pytest.approx(1.05 * LASTS)
    assert sys.getswitchinterval() == pytest.approx(UNUSED)
