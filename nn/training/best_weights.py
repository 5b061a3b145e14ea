"""Which weights of a run are its best; needs no NumPy, so that lists of runs start fast."""

from __future__ import annotations

import math

from nn.config import TrainConfig
from nn.events import Evaluation


def is_better(config: TrainConfig, evaluation: Evaluation, best: Evaluation | None) -> bool:
    """Whether the best weights of a run are those of `evaluation`, not those of `best` before it.

    The best are those with the highest accuracy on the validation images. Without such images the
    newest are taken, since the test accuracy of weights that were picked by it would be too high to
    expect of other images; unless `config` has early stopping judge by the test images, as some
    published experiments do: then by its loss. Weights whose loss is not
    finite are never better.
    """
    if best is None:
        return True
    if not math.isfinite(evaluation.test.loss):
        return False
    if evaluation.validation is not None and best.validation is not None:
        return evaluation.validation.accuracy > best.validation.accuracy
    return evaluation.improved if config.patience else True
