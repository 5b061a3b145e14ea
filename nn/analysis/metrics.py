"""How well a classifier does class by class: the confusion matrix and what is read off it.

The matrix C has the true classes as rows and the predicted ones as columns: C_ij images of class i were
taken for class j. A ratio with nothing to count, 0 / 0, is NaN: it is undefined, not bad.

Equations as in C. J. van Rijsbergen, "Information Retrieval", 2nd edition, 1979, chapter 7.
"""

from __future__ import annotations

import numpy as np

from nn.arrays import Array
from nn.data.dataset import CLASSES


def confusion_matrix(labels: Array, predicted: Array, classes: int = CLASSES) -> Array:
    """C_ij = number of images with label i and prediction j, int64 of shape (classes, classes).

    `labels` and `predicted` hold integer classes, shape (n,).
    """
    pairs = np.asarray(labels, np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def accuracy(confusion: Array) -> float:
    """Share of the images on the diagonal: sum_i C_ii / sum_ij C_ij."""
    return float(_ratio(np.trace(confusion), confusion.sum()))


def precision(confusion: Array) -> Array:
    """Share of right ones among those taken for class j: P_j = C_jj / sum_i C_ij, shape (classes,)."""
    return _ratio(np.diag(confusion), confusion.sum(axis=0))


def recall(confusion: Array) -> Array:
    """Share of class i that is recognized: R_i = C_ii / sum_j C_ij, shape (classes,)."""
    return _ratio(np.diag(confusion), confusion.sum(axis=1))


def f1(confusion: Array) -> Array:
    """Harmonic mean of precision and recall, shape (classes,).

    F1_i = 2 P_i R_i / (P_i + R_i) = 2 C_ii / (sum_j C_ij + sum_j C_ji); the second form is used, which is
    0, not undefined, where a class is never recognized.
    """
    return _ratio(2 * np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


def _ratio(part: Array, whole: Array) -> Array:
    """part / whole, NaN where the whole is 0."""
    undefined = np.full(np.shape(whole), np.nan)
    ratio: Array = np.divide(part, whole, out=undefined, where=np.asarray(whole) > 0)
    return ratio
