"""The cores of this machine that a run may use, and the threads of the matrix products."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np  # noqa: F401 - loads the library that threadpoolctl looks for
import threadpoolctl

from nn.config import TrainConfig
from nn.parallel.cores import Cores
from nn.parallel.shared_memory import is_supported
from tui.system.quota import available_cores

# Kernels of OpenBLAS that compute products without a copy of the operands, with the largest number
# of multiplications for which they do, in float32 and on one thread.
_SMALL_PRODUCTS = {"SkylakeX": 1_000_000}


def core_warnings(config: TrainConfig) -> list[str]:
    """A line for each wish that exceeds what this machine has."""
    cores, lines = available_cores(), []
    have = "1 core is" if cores == 1 else f"{cores} cores are"
    if config.threads > cores:
        lines.append(f"threads={config.threads}: {have} available, and as many threads are used")
    if config.processes > cores:
        lines.append(f"processes={config.processes}: {have} available; fewer would be faster")
    return lines


def cores_of_layout(processes: int, threads: int | None, dtype: str) -> Cores:
    """So many processes of so many threads each, with what suits the processors besides."""
    small = min((_SMALL_PRODUCTS.get(str(pool["architecture"]), 0) for pool in _pools()), default=0)
    return Cores(
        processes,
        threads,
        processors=_processors(processes) if threads == 1 else (),
        product_limit=small if threads == 1 and dtype == "float32" else 0,
        spare=max(0, available_cores() - processes * (threads or 1)),
    )


def _processors(processes: int) -> tuple[int, ...]:
    """A processor for each process, if there are as many; else the system finds free ones."""
    if processes == 1 or not is_supported():
        return ()
    available = sorted(os.sched_getaffinity(0))
    return tuple(available) if len(available) == processes else ()


def limit_threads(threads: int) -> int | None:
    """Set how many threads matrix products use: 0 for the library's choice, at most one a core.

    Returns the number in force, which the library may have capped, or None if it is unknown.
    """
    own_choice = _own_choice()  # read before the first limit replaces it
    wanted = threads or own_choice
    limit = None if wanted is None else min(wanted, available_cores())
    threadpoolctl.threadpool_limits(limits=limit, user_api="blas")
    return threads_in_force()


@cache
def _own_choice() -> int | None:
    """The number of threads that was in force at the first call."""
    return threads_in_force()


def blas() -> str:
    """Library, version and processor kind of the matrix products, or "unknown"."""
    names = (
        " ".join(str(pool.get(part) or "") for part in ("internal_api", "version", "architecture"))
        for pool in _pools()
    )
    return ", ".join(sorted(set(names))).strip() or "unknown"


def threads_in_force() -> int | None:
    """The number of threads in force, None if it is unknown."""
    return max((int(pool["num_threads"]) for pool in _pools()), default=None)


def _pools() -> list[dict[str, Any]]:
    return [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
