"""The confusion matrix of a classifier, and accuracy, precision, recall and F1 computed from it.

The matrix C has the true classes as rows and the predicted classes as columns: C_ij is the number
of images of class i that were predicted as class j. A ratio of 0 / 0 is undefined and becomes NaN.

Equations as in C. J. van Rijsbergen, "Information Retrieval", 2nd edition, 1979, chapter 7.
"""

from __future__ import annotations

import numpy as np

from nn.arrays import Array


def confusion_matrix(labels: Array, predicted: Array, classes: int = 10) -> Array:
    """C_ij = number of images with label i and prediction j, int64 of shape (classes, classes).

    `labels` and `predicted` hold integer classes, shape (n,).
    """
    pairs = np.asarray(labels, np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def accuracy(confusion: Array) -> float:
    """The share of images that were predicted rightly: sum_i C_ii / sum_ij C_ij."""
    return float(_ratio(np.trace(confusion), confusion.sum()))


def precision(confusion: Array) -> Array:
    """The share of predictions of class j that are right: P_j = C_jj / sum_i C_ij, (classes,)."""
    return _ratio(np.diag(confusion), confusion.sum(axis=0))


def recall(confusion: Array) -> Array:
    """The share of class i that is predicted rightly: R_i = C_ii / sum_j C_ij, (classes,)."""
    return _ratio(np.diag(confusion), confusion.sum(axis=1))


def f1(confusion: Array) -> Array:
    """Harmonic mean of precision and recall, shape (classes,).

    F1_i = 2 P_i R_i / (P_i + R_i) = 2 C_ii / (sum_j C_ij + sum_j C_ji). The second form is used:
    for a class that is never predicted rightly it is 0, where the first is 0 / 0.
    """
    return _ratio(2 * np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


def _ratio(part: Array, whole: Array) -> Array:
    """part / whole, NaN where the whole is 0."""
    undefined = np.full(np.shape(whole), np.nan)
    ratio: Array = np.divide(part, whole, out=undefined, where=np.asarray(whole) > 0)
    return ratio
