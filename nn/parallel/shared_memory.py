"""Arrays in memory that several processes share.

The memory is an anonymous file: the first process makes it, and the others inherit its descriptor.
"""

from __future__ import annotations

import math
import mmap
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from itertools import pairwise

import numpy as np

from nn.arrays import CACHE_LINE, Array
from nn.errors import WorkerError

Layout = Mapping[str, tuple[Sequence[int], str]]  # shape and type of each array

WORDS_PER_LINE = CACHE_LINE // 8


@cache
def is_supported() -> bool:
    """Whether several processes can compute a run on this machine.

    Anonymous files need Linux. The barrier needs x86-64, where a process that sees a counter's new
    value also sees everything that was written before it.
    """
    machine = platform.machine().lower()
    return hasattr(os, "memfd_create") and machine in ("x86_64", "amd64")


class SharedArrays(dict[str, Array]):
    """Arrays by name, each at the start of a cache line.

    They are zero at first. With the `descriptor` of another process they are that process's arrays.
    """

    def __init__(self, layout: Layout, descriptor: int | None = None) -> None:
        """Raises `MemoryError` if there is no room, `WorkerError` if memory cannot be shared."""
        starts, size = [], 0
        for shape, kind in layout.values():
            starts.append(size)
            lines = math.ceil(math.prod(shape) * np.dtype(kind).itemsize / CACHE_LINE)
            size += lines * CACHE_LINE
        self.layout = layout
        if descriptor is None:
            self.descriptor, memory = _anonymous_file(size)
        else:
            self.descriptor, memory = descriptor, mmap.mmap(descriptor, size)
        for (name, (shape, kind)), start in zip(layout.items(), starts, strict=True):
            flat = np.frombuffer(memory, kind, math.prod(shape), start)
            self[name] = flat.reshape(shape)

    def close(self) -> None:
        """Close the descriptor, so that no further process can inherit it; the arrays stay."""
        os.close(self.descriptor)


def _anonymous_file(size: int) -> tuple[int, mmap.mmap]:
    # Linux overcommits: mmap succeeds for any size and the process is killed on first use, so the
    # size is checked here.
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
                f"no memory that processes can share: {error.strerror};"
                " --processes 1 does without it"
            ) from error
        undo.pop_all()
        return descriptor, memory


def even_slices(length: int, count: int) -> list[slice]:
    """`count` slices that make up a vector, of about equal length, each from a cache line's start.

    No two processes then write to the same cache line of a vector of float32 or float64.
    """
    line = CACHE_LINE // 4
    bounds = [length * number // count // line * line for number in range(count)] + [length]
    return [slice(start, stop) for start, stop in pairwise(bounds)]
