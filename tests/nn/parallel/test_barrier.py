"""The barrier, tried by threads over ordinary memory."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from nn.parallel.barrier import Barrier, memory_size


def nobody_ends() -> None:
    """Everybody is still there."""


def together(size: int, work: Callable[[Barrier, int], None]) -> None:
    memory = np.zeros(memory_size(size), np.int64)

    def run(rank: int) -> None:
        work(Barrier(rank, size, memory, check_alive=nobody_ends), rank)

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("size", [2, 3])
def test_nobody_passes_before_all_are_there(size: int) -> None:
    arrived, seen = [0] * 20, []

    def work(barrier: Barrier, rank: int) -> None:
        for turn in range(20):
            arrived[turn] += 1  # one thread at a time changes Python's numbers
            barrier.sync()
            seen.append(arrived[turn])

    together(size, work)
    assert seen == [size] * (20 * size)


@pytest.mark.parametrize("size", [2, 3])
def test_sums_are_the_same_in_all(size: int) -> None:
    sums: dict[int, list[float]] = {}

    def work(barrier: Barrier, rank: int) -> None:
        sums[rank] = [barrier.sum(turn + 0.1 * rank) for turn in range(20)]

    together(size, work)
    expected = [sum(turn + 0.1 * rank for rank in range(size)) for turn in range(20)]
    assert all(sums[rank] == expected for rank in range(size))


def test_whoever_waits_looks_whether_anybody_is_left() -> None:
    calls = 0

    def check_alive() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("gone")

    memory = np.zeros(memory_size(2), np.int64)
    barrier = Barrier(0, 2, memory, check_alive=check_alive)
    with pytest.raises(RuntimeError, match="gone"):
        barrier.sync()


def test_a_long_wait_is_reported_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.parallel.barrier.LONG_WAIT", 0.02)
    memory, reports = np.zeros(memory_size(2), np.int64), []

    def on_long_wait() -> None:
        reports.append(True)
        if len(reports) == 2:
            other.arrive()

    other = Barrier(1, 2, memory, check_alive=nobody_ends)
    barrier = Barrier(0, 2, memory, check_alive=nobody_ends, on_long_wait=on_long_wait)
    barrier.sync()
    assert len(reports) == 2
