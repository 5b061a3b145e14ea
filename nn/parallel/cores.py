"""How the arithmetic of a run is spread over the cores of a machine."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from nn.network.layers import Matmul
from nn.parallel.matmul import blocked_matmul


@dataclass(frozen=True, slots=True)
class Cores:
    """Processes that share each batch, and what each of them uses.

    `threads` is the number of threads of the matrix products in each process, None for the choice
    of the library beneath NumPy. The caller's own process is one of the processes, and the caller
    sets its threads. `processors` is empty, or has a processor for each process to be pinned to
    while it trains: two processes on one processor would wait for each other. `product_limit` is
    the most multiplications of one matrix product (`nn.parallel.matmul`), 0 for no limit. `spare`
    is the number of cores that are left free.
    """

    processes: int = 1
    threads: int | None = None
    processors: tuple[int, ...] = ()
    product_limit: int = 0
    spare: int = 0

    @property
    def total_threads(self) -> int | None:
        """The number of threads of all processes together."""
        return None if self.threads is None else self.processes * self.threads

    @property
    def matmul(self) -> Matmul:
        """The matrix product under `product_limit`."""
        return blocked_matmul(self.product_limit)


def pin_to(processors: Collection[int]) -> None:
    """Keep this thread on some of the machine's processors, if the system permits it."""
    with suppress(OSError):
        os.sched_setaffinity(0, processors)
