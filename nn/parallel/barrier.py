"""What processes need to compute together: arrays in common memory, and a barrier that costs microseconds.

The memory is an anonymous file that the first process makes and the others inherit. Waiting is reading a
counter in it, over and over: a step takes a tenth of a millisecond, waking a process that sleeps a third of
that. Whoever waits longer than a step or two begins to sleep in between.

That a process sees what another wrote before its counter rests on x86, which shows writes in order.
"""

from __future__ import annotations

import math
import mmap
import os
import platform
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from itertools import pairwise

import numpy as np

from nn.arrays import CACHE_LINE, Array
from nn.errors import WorkerError

Layout = Mapping[str, tuple[Sequence[int], str]]  # shape and type of each array

WORDS_APART = CACHE_LINE // 8  # nothing that two processes write shares a line
_PATIENCE = 5_000  # readings of a counter, about 0.2 ms
_LONGEST_PAUSE = 1e-3  # seconds


@cache
def is_supported() -> bool:
    """Whether processes can compute together here."""
    machine = platform.machine().lower()
    return hasattr(os, "memfd_create") and machine in ("x86_64", "amd64")


def pin_to(processors: Collection[int]) -> None:
    """Keep this thread on some of the machine's processors, where the system allows that."""
    with suppress(OSError):
        os.sched_setaffinity(0, processors)


class SharedArrays(dict[str, Array]):
    """Arrays by name, zero at first; with the `descriptor` of another process's, the same arrays."""

    def __init__(self, layout: Layout, descriptor: int | None = None) -> None:
        """Raises `MemoryError` where there is no room, `WorkerError` where there is no such memory."""
        starts, size = [], 0
        for shape, kind in layout.values():
            starts.append(size)
            size += -(-math.prod(shape) * np.dtype(kind).itemsize // CACHE_LINE) * CACHE_LINE
        self.layout = layout
        if descriptor is None:
            self.descriptor, memory = _anonymous_file(size)
        else:
            self.descriptor, memory = descriptor, mmap.mmap(descriptor, size)
        for (name, (shape, kind)), start in zip(layout.items(), starts, strict=True):
            flat = np.frombuffer(memory, kind, math.prod(shape), start)
            self[name] = flat.reshape(shape)

    def close(self) -> None:
        """No further process can be given the memory; the arrays stay."""
        os.close(self.descriptor)


def _anonymous_file(size: int) -> tuple[int, mmap.mmap]:
    # The system promises any size, and kills whoever uses more than there is.
    if size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise MemoryError(f"{size:,} bytes to be shared by processes")
    with ExitStack() as undo:
        try:
            descriptor = os.memfd_create("mnist-tui")
            undo.callback(os.close, descriptor)
            os.truncate(descriptor, size)
            memory = mmap.mmap(descriptor, size)
        except OSError as error:
            raise WorkerError(
                f"no memory that processes can share: {error.strerror}; --processes 1 does without it"
            ) from error
        undo.pop_all()
        return descriptor, memory


class Barrier:
    """This process among the `size` that compute together; the one of rank 0 directs the others."""

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        memory: Array | None = None,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        """`memory` is an array of `memory_size(size)` words that all share.

        `look` is called now and then while waiting, to raise an exception if there is nobody to wait for.
        """
        self.rank, self.size, self._look = rank, size, look
        memory = np.zeros(memory_size(size), np.int64) if memory is None else memory
        # As Python's own numbers: a counter is read in a fifth of the time that NumPy takes.
        self._counters = memory.data[: size * WORDS_APART]
        self._numbers = memory.data[size * WORDS_APART :].cast("B").cast("d")
        self._mine = rank * WORDS_APART
        self._others = [other * WORDS_APART for other in range(size) if other != rank]
        self._count = 0

    def barrier(self) -> None:
        """Wait until all processes are here; what each wrote before, all see afterwards."""
        self.arrive()
        self.wait()

    def arrive(self) -> None:
        """The first half of a barrier: let others pass."""
        self._count += 1
        self._counters[self._mine] = self._count

    def wait(self, idle: Callable[[], None] | None = None) -> None:
        """The other half; `idle` is what to do, over and over, while it takes long."""
        counters, count = self._counters, self._count
        for other in self._others:
            readings, pause = 0, 1e-5
            while counters[other] < count:
                readings += 1
                if readings < _PATIENCE:
                    continue
                if idle is not None:
                    idle()
                else:
                    self._look()
                    time.sleep(pause)
                    pause = min(1.05 * pause, _LONGEST_PAUSE)

    def is_behind(self, rank: int) -> bool:
        """Whether a process has not come to the barrier where this one is."""
        return self._counters[rank * WORDS_APART] < self._count

    def sum(self, number: float) -> float:
        """The sum of every process's number, the same in each: a barrier too."""
        if self.size == 1:
            return number
        # Two places for each, in turn: a process may be one barrier ahead of another, but not two.
        place = (self._count % 2) * self.size * WORDS_APART
        self._numbers[place + self._mine] = number
        self.barrier()
        return sum([self._numbers[place + rank * WORDS_APART] for rank in range(self.size)])


def memory_size(size: int) -> int:
    """How many words of 8 bytes the peers share."""
    return 3 * size * WORDS_APART


def even_slices(length: int, count: int) -> list[slice]:
    """`count` parts of a vector, about as long as each other, each beginning at a cache line's start."""
    line = CACHE_LINE // 4
    bounds = [length * number // count // line * line for number in range(count)] + [length]
    return [slice(start, stop) for start, stop in pairwise(bounds)]
