"""Two networks compared image by image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.data.dataset import Split
from nn.network.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Which images two networks classify differently, as right or wrong.

    `first_only` and `second_only` are the indices of the images that only the first and only the
    second network classifies rightly; `both` and `neither` count the others.
    """

    first_only: tuple[int, ...]
    second_only: tuple[int, ...]
    both: int
    neither: int


def disagreement(first: Predictor, second: Predictor, split: Split) -> Disagreement:
    """Compare the predictions of two networks for every image of a split."""
    a, b = (_is_right(predictor, split) for predictor in (first, second))
    return Disagreement(
        first_only=tuple(np.flatnonzero(a & ~b).tolist()),
        second_only=tuple(np.flatnonzero(b & ~a).tolist()),
        both=int(np.count_nonzero(a & b)),
        neither=int(np.count_nonzero(~a & ~b)),
    )


def _is_right(predictor: Predictor, split: Split) -> Array:
    right: Array = predictor.predict(split).predicted == split.labels
    return right
