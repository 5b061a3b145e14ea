"""Matrix products in blocks of rows, which some kernels of OpenBLAS compute faster."""

from __future__ import annotations

from functools import cache

import numpy as np

from nn.arrays import Array
from nn.network.layers import Matmul

_MOST_BLOCKS = 16  # more blocks were no faster than one large product


def blocked_matmul(limit: int) -> Matmul:
    """`np.matmul` with at most `limit` multiplications at a time; 0 means no limit.

    OpenBLAS multiplies small matrices where they lie, and copies the operands of large ones first.
    In a product of a few small matrices the copy costs more than it gains.
    """
    if not limit:
        return np.matmul

    def matmul(a: Array, b: Array, out: Array) -> Array:
        """a @ b, written to `out`."""
        blocks = row_blocks(len(a), b.size, limit)
        if blocks == 1:
            return np.matmul(a, b, out)
        stacked, result = a.reshape(blocks, -1, a.shape[1]), out.reshape(blocks, -1, out.shape[1])
        return np.matmul(stacked, b, result)

    return matmul


@cache
def row_blocks(rows: int, each: int, limit: int) -> int:
    """The fewest equal blocks of rows with at most `limit` multiplications in each block.

    A row takes `each` multiplications. One block is returned where the blocks would be too many, or
    too thin for the kernels of OpenBLAS.
    """
    for blocks in range(1, _MOST_BLOCKS + 1):
        size = rows // blocks
        if size * blocks == rows and size * each <= limit and (size % 4 == 0 or size >= 24):
            return blocks
    return 1
