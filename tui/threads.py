"""The threads of the matrix products, which belong to the BLAS library beneath NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np  # noqa: F401 - loads the library that threadpoolctl looks for
import threadpoolctl


def limit_threads(threads: int) -> int | None:
    """Let matrix products use this many threads; 0 leaves the library's own choice, one per core.

    Returns the number in force, which the library may have capped, or None where it does not tell.
    """
    if threads:
        threadpoolctl.threadpool_limits(limits=threads, user_api="blas")
    return max((int(pool["num_threads"]) for pool in _pools()), default=None)


def blas() -> str:
    """Library, version and processor kind of the matrix products, or "unknown"."""
    names = (
        " ".join(str(pool.get(part) or "") for part in ("internal_api", "version", "architecture"))
        for pool in _pools()
    )
    return ", ".join(sorted(set(names))).strip() or "unknown"


def _pools() -> list[dict[str, Any]]:
    return [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
