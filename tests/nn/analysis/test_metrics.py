"""Confusion matrix, precision, recall and F1, against counting by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.analysis.metrics import accuracy, confusion_matrix, f1, precision, recall

Pairs = list[tuple[int, int]]
PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=60)


def matrix(pairs: Pairs) -> npt.NDArray[Any]:
    labels, predicted = np.array(pairs, np.uint8).reshape(-1, 2).T
    return confusion_matrix(labels, predicted)


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


@given(PAIRS)
def test_matrix_counts_every_pair(pairs: Pairs) -> None:
    counts = matrix(pairs)
    assert counts.shape == (10, 10)
    for label in range(10):
        for predicted in range(10):
            assert counts[label, predicted] == pairs.count((label, predicted))


@given(PAIRS)
def test_ratios_are_those_of_counting(pairs: Pairs) -> None:
    counts = matrix(pairs)
    right = sum(label == predicted for label, predicted in pairs)
    assert accuracy(counts) == pytest.approx(ratio(right, len(pairs)), nan_ok=True)
    for c in range(10):
        hits = pairs.count((c, c))
        predicted, actual = sum(p == c for _, p in pairs), sum(t == c for t, _ in pairs)
        assert precision(counts)[c] == pytest.approx(ratio(hits, predicted), nan_ok=True)
        assert recall(counts)[c] == pytest.approx(ratio(hits, actual), nan_ok=True)
        assert f1(counts)[c] == pytest.approx(ratio(2 * hits, predicted + actual), nan_ok=True)


@given(PAIRS)
def test_f1_is_the_harmonic_mean(pairs: Pairs) -> None:
    counts = matrix(pairs)
    for p, r, mean in zip(precision(counts), recall(counts), f1(counts), strict=True):
        if p > 0 and r > 0:
            assert mean == pytest.approx(2 * p * r / (p + r))


def test_published_example() -> None:
    """The example of scikit-learn's `precision_recall_fscore_support`: cats, dogs and pigs."""
    labels, predicted = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 2, 1, 0, 0, 1])
    counts = confusion_matrix(labels, predicted, 3)
    assert counts.tolist() == [[2, 0, 0], [1, 0, 1], [0, 2, 0]]
    assert precision(counts) == pytest.approx([2 / 3, 0, 0])
    assert recall(counts) == pytest.approx([1, 0, 0])
    assert f1(counts) == pytest.approx([0.8, 0, 0])
    assert accuracy(counts) == pytest.approx(1 / 3)


def test_nothing_to_count_is_undefined_without_a_warning() -> None:
    empty = matrix([])
    assert math.isnan(accuracy(empty))
    assert np.isnan(precision(empty)).all()
    assert np.isnan(f1(empty)).all()
