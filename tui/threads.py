"""The threads of the matrix products, which belong to the BLAS library beneath NumPy."""

from __future__ import annotations

import numpy as np  # noqa: F401 - loads the library that threadpoolctl looks for
import threadpoolctl


def limit_threads(threads: int) -> int | None:
    """Let matrix products use this many threads; 0 leaves the library's own choice, one per core.

    Returns the number in force, which the library may have capped, or None where it does not tell.
    """
    if threads:
        threadpoolctl.threadpool_limits(limits=threads, user_api="blas")
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return max((int(pool["num_threads"]) for pool in pools), default=None)
