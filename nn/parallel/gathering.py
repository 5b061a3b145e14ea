"""An exchange of small arrays between the processes that share a batch."""

from __future__ import annotations

from nn.arrays import Array
from nn.parallel.barrier import Barrier


class Gathering:
    """Hands every process the rows of all, as the process of this `rank` sees it.

    All processes call it at the same places of a step, with rows of the same shape.
    """

    def __init__(self, memory: Array, barrier: Barrier, rank: int) -> None:
        """`memory` is shared, of shape (2, processes, most rows, most features)."""
        self._memory, self._barrier, self._rank = memory, barrier, rank
        self._turn = 0

    def __call__(self, rows: Array) -> Array:
        """The rows (k, features) of all processes, (processes, k, features), in order of rank.

        They are valid until the next call but one: a process is at most one barrier ahead, so
        nobody still reads the half that it writes.
        """
        count, features = rows.shape
        half = self._memory[self._turn, :, :count, :features]
        self._turn = 1 - self._turn
        half[self._rank] = rows
        self._barrier.sync()
        return half
