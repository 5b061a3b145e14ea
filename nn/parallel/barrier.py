"""A barrier for processes that share memory, at a cost of microseconds.

A step takes a tenth of a millisecond, and to wake a process that sleeps takes a third of that. A
process therefore waits by reading the other's counter over and over, and sleeps only when the wait
has become longer than a step or two.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from nn.arrays import Array
from nn.parallel.shared_memory import WORDS_PER_LINE

_READINGS = 5_000  # of a counter before the first sleep; about 0.2 ms
_SLEEP_SHARE = 0.05  # of the time waited so far: a wait is prolonged by at most this share
_LONGEST_SLEEP = 2e-3  # seconds; an idle process uses about one hundredth of a core
LONG_WAIT = 3.0  # seconds


class Barrier:
    """The barrier as the process of this `rank` sees it, one of `size` processes."""

    def __init__(
        self,
        rank: int,
        size: int,
        memory: Array,
        *,
        check_alive: Callable[[], None],
        on_long_wait: Callable[[], None] = lambda: None,
    ) -> None:
        """`memory` is a shared array of `memory_size(size)` words.

        While this process sleeps, `check_alive` is called again and again, and raises an exception
        where there is no one left to wait for. `on_long_wait` is called every `LONG_WAIT` seconds.
        """
        self._check_alive, self._on_long_wait = check_alive, on_long_wait
        # Python reads a counter from a memoryview in a fifth of the time that NumPy needs.
        self._counters = memory.data[: size * WORDS_PER_LINE]
        self._numbers = memory.data[size * WORDS_PER_LINE :].cast("B").cast("d")
        self._slots = size * WORDS_PER_LINE
        self._own = rank * WORDS_PER_LINE
        self._all = [other * WORDS_PER_LINE for other in range(size)]
        self._others = [other for other in self._all if other != self._own]
        self._count = 0

    def sync(self) -> None:
        """Wait until every process is here; each then sees what the others wrote before."""
        self.arrive()
        self.wait()

    @property
    def others_have_arrived(self) -> bool:
        """Whether the next `sync` would not wait."""
        return all(self._counters[other] > self._count for other in self._others)

    def arrive(self) -> None:
        """The first half of `sync`: the other processes need not wait for this one any more."""
        self._count += 1
        self._counters[self._own] = self._count

    def wait(self) -> None:
        """The second half of `sync`: wait until every process has arrived."""
        counters, count = self._counters, self._count
        for other in self._others:
            if counters[other] < count:
                self._wait_for(other)

    def _wait_for(self, other: int) -> None:
        counters, count = self._counters, self._count
        for _ in range(_READINGS):
            if counters[other] >= count:
                return
        began, due = time.perf_counter(), LONG_WAIT
        while counters[other] < count:
            self._check_alive()
            waited = time.perf_counter() - began
            if waited >= due:
                due += LONG_WAIT
                self._on_long_wait()
            time.sleep(min(waited * _SLEEP_SHARE, _LONGEST_SLEEP))

    def sum(self, number: float) -> float:
        """The sum of every process's number, the same in each process; includes a `sync`."""
        # Double-buffered: a process is at most one barrier ahead, so nobody still reads the slot
        # that it writes.
        slot = (self._count % 2) * self._slots
        self._numbers[slot + self._own] = number
        self.sync()
        return sum([self._numbers[slot + process] for process in self._all])


def memory_size(size: int) -> int:
    """The number of 8-byte words that a barrier of `size` processes needs."""
    return 3 * size * WORDS_PER_LINE
