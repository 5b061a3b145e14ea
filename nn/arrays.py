"""Arrays: their type, and memory that is allocated once and reused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# This is the one place outside `nn.parallel` that depends on the hardware: updates are slower where
# parameters, gradients and states of optimizers are not aligned.
CACHE_LINE = 64  # bytes


def aligned_zeros(size: int, dtype: npt.DTypeLike) -> Array:
    """`size` zeros whose first byte starts a cache line, where vector instructions are fastest."""
    item = np.dtype(dtype).itemsize
    memory = np.zeros(size * item + CACHE_LINE, np.uint8)
    offset = -memory.ctypes.data % CACHE_LINE
    return memory[offset : offset + size * item].view(dtype)


class Buffer:
    """Memory that grows to the largest batch it was used for, so that a step allocates nothing."""

    __slots__ = ("_key", "_rows", "_view")

    def __init__(self) -> None:
        self._rows = self._view = np.empty((0, 0))
        self._key: tuple[int, int, npt.DTypeLike] | None = None

    def rows(self, count: int, columns: int, dtype: npt.DTypeLike) -> Array:
        """An uninitialized (count, columns) array; the next call returns the same memory."""
        # A step calls this a dozen times. Comparing the arguments with those of the last call is
        # faster than comparing them with the array.
        if self._key != (key := (count, columns, dtype)):
            rows = self._rows
            if len(rows) < count or rows.shape[1] != columns or rows.dtype != dtype:
                self._rows = aligned_zeros(count * columns, dtype).reshape(count, columns)
            self._view, self._key = self._rows[:count], key
        return self._view

    def like(self, batch: Array) -> Array:
        """An uninitialized array of the shape and type of `batch`."""
        return self.rows(len(batch), batch.shape[1], batch.dtype)
