"""Max-norm: a bound on the weights of each hidden unit."""

from __future__ import annotations

import numpy as np

from nn.arrays import Array


def limit_norms(weight: Array, limit: float) -> None:
    """Scale each column w of `weight` (fan_in, units) down to an L2 norm of at most `limit`.

    w <- w min(1, limit / |w|), in place; a column holds the weights into one unit, without its
    bias. Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 15, 2014, section 5.1, after each update, with limits from 2 to 4.
    """
    squared = np.einsum("ij,ij->j", weight, weight)
    over = np.flatnonzero(squared > limit * limit)
    if len(over):
        weight[:, over] *= limit / np.sqrt(squared[over])
