"""Two networks compared image by image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.data.dataset import Split
from nn.network.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Indices of the images that one network got right and the other wrong, and how many neither or both did."""

    first_only: tuple[int, ...]
    second_only: tuple[int, ...]
    both: int
    neither: int


def disagreement(first: Predictor, second: Predictor, split: Split) -> Disagreement:
    """Compare what two networks say of every image of a split."""
    a, b = (_right(predictor, split) for predictor in (first, second))
    return Disagreement(
        tuple(np.flatnonzero(a & ~b).tolist()),
        tuple(np.flatnonzero(b & ~a).tolist()),
        int(np.count_nonzero(a & b)),
        int(np.count_nonzero(~a & ~b)),
    )


def _right(predictor: Predictor, split: Split) -> Array:
    right: Array = predictor.predict(split).predicted == split.labels
    return right
