"""The ways to spread a run over the cores, and the choice among them by measurement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import NamedTuple

import threadpoolctl

from nn.config import TrainConfig
from nn.errors import NNError
from nn.parallel.shared_memory import is_supported
from nn.parallel.timing import TIMING_SECONDS, Scratch, time_steps
from nn.spec import DataSpec
from tui.system.cores import cores_of_layout

_MOST_PROCESSES = 8  # each adds up the gradients of all others
# The most parameters of a network for which several processes are tried, which takes as much memory
# for each of them, and for which anything is.
_MOST_SHARED, _MOST_TIMED = 4_000_000, 20_000_000
# A layout of more cores has to be faster by so much: what else the machine does slows it down more.
_MARGIN, _MARGIN_TO_KEEP = 0.1, 0.25


class Layout(NamedTuple):
    """Processes that share each batch, and the threads of the matrix products in each of them."""

    processes: int
    threads: int | None  # None where the library beneath NumPy does not tell

    @property
    def total(self) -> int:
        """The threads of all processes together, as far as they are known."""
        return self.processes * (self.threads or 1)

    def __str__(self) -> str:
        return f"{self.processes} x {self.threads}"


def candidates(threads: int, *, rows: int, parameters: int, computes_inputs: bool) -> list[Layout]:
    """The layouts to time for up to `threads` threads and batches of `rows` images.

    The one that is taken without timing comes first. Processes come in powers of two, each with one
    thread, or with as many as there are cores for. Where inputs take time to compute, there is one
    that leaves a core free, on which the next batch's are.
    """
    layouts = [Layout(1, threads)]
    if parameters > _MOST_TIMED:
        return layouts
    if computes_inputs and threads > 2:
        layouts.append(Layout(1, threads - 1))
    shared = is_supported() and parameters <= _MOST_SHARED
    processes, most = 1, min(threads, rows, _MOST_PROCESSES) if shared else 1
    while processes <= most:
        layouts += [Layout(processes, 1), Layout(processes, threads // processes)]
        processes *= 2
    return list(dict.fromkeys(layouts))


def fastest(seconds: Mapping[Layout, float], *, before: Layout | None = None) -> Layout:
    """The layout to take: that of the fewest threads among those that are hardly slower.

    Of as many threads, the faster is taken. What was taken `before` is kept unless it is so much
    slower that it cannot have been as near as it seemed.
    """
    least = min(seconds.values())
    if before is not None and seconds.get(before, math.inf) <= least * (1 + _MARGIN_TO_KEEP):
        return before
    limit = least * (1 + _MARGIN)
    near = [layout for layout, each in seconds.items() if each <= limit]
    return min(near, key=lambda layout: (layout.total, seconds[layout]))


def time_layouts(
    layouts: Sequence[Layout],
    config: TrainConfig,
    spec: DataSpec,
    *,
    seconds: float = TIMING_SECONDS,
) -> dict[Layout, float]:
    """Seconds of a step of a scratch copy of the run in each layout, in the order given.

    Those for which there are no processes or no memory, or whose processes do not start in time,
    are left out.
    """
    blas = threadpoolctl.ThreadpoolController().select(user_api="blas")

    def set_threads(threads: int | None) -> None:
        blas.limit(limits=threads)

    with ExitStack() as stack:
        scratches: dict[Layout, Scratch] = {}
        # Processes start while the scratch copies of one process are made.
        for layout in sorted(layouts, reverse=True):
            with suppress(NNError, MemoryError):
                cores = cores_of_layout(layout.processes, layout.threads, config.dtype)
                scratch = scratches[layout] = Scratch(config, spec, cores, set_threads)
                stack.callback(scratch.close)
        ordered = {layout: scratches[layout] for layout in layouts if layout in scratches}
        return time_steps(ordered, seconds=seconds)
