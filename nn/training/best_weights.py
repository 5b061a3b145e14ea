"""Which weights of a run are its best; needs no NumPy, so that lists of runs start fast."""

from __future__ import annotations

import math
from collections.abc import Iterable

from nn.config import TrainConfig
from nn.events import Evaluation, Score

RISE = 1.3
"""A training loss against the lowest before it, above which a network gets worse."""
COLLAPSE = 0.1
"""A loss of accuracy from which a run has collapsed."""


class BestWeights:
    """Follows the evaluations of a run to that of its best weights.

    The best are those with the highest accuracy on the validation images. Without such images the
    newest are taken, since the test accuracy of weights that were picked by it would be too high to
    expect of other images; but while the training loss is more than `RISE` times the lowest so far,
    the weights before that stay the best. Where `config` has early stopping judge by the test
    images, as some published experiments do, the best are those of the lowest test loss. Weights
    with a loss that is not finite are never the best.

    Attributes:
        best: The evaluation of the best weights so far, None before the first finite one.
    """

    def __init__(self, config: TrainConfig, evaluations: Iterable[Evaluation] = ()) -> None:
        self.best: Evaluation | None = None
        self._config, self._lowest = config, math.inf
        for evaluation in evaluations:
            self.add(evaluation)

    def add(self, evaluation: Evaluation) -> bool:
        """Take in the next evaluation; whether its weights are now the best."""
        better = evaluation.is_finite and (
            self.best is None or self._is_better(evaluation, self.best)
        )
        if better:
            self.best = evaluation
        if evaluation.train is not None and evaluation.train.loss < self._lowest:
            self._lowest = evaluation.train.loss
        return better

    def _is_better(self, evaluation: Evaluation, best: Evaluation) -> bool:
        if evaluation.validation is not None and best.validation is not None:
            return evaluation.validation.accuracy > best.validation.accuracy
        if self._config.patience:
            return evaluation.improved
        return evaluation.train is None or evaluation.train.loss <= RISE * self._lowest


def has_learned(evaluation: Evaluation, classes: int = 10) -> bool:
    """Whether a network does more than guess."""
    return _score(evaluation).accuracy >= chance_accuracy(classes)


def has_collapsed(evaluation: Evaluation, best: Evaluation | None, classes: int = 10) -> bool:
    """Whether a run has lost what its best weights had learned."""
    if best is None or not has_learned(best, classes):
        return False
    return _score(best).accuracy - _score(evaluation).accuracy > COLLAPSE


def chance_accuracy(classes: int) -> float:
    """The accuracy below which a network is taken to guess: 20% of ten classes."""
    chance = 1 / classes
    return min(2 * chance, chance + (1 - chance) / 9)


def _score(evaluation: Evaluation) -> Score:
    """That of images which do not measure the result, if there are any."""
    return evaluation.validation or evaluation.train or evaluation.test
