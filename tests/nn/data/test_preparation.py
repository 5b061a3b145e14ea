"""Splits, preprocessing and initial weights: what happens to the data before the first step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from nn.config import choices
from nn.data.dataset import Dataset, Split, stratified_split
from nn.data.preprocessing import PREPROCESSING, Preprocessor
from nn.errors import ConfigError
from nn.network.initializers import INITIALIZERS, initialize
from nn.network.layers import Dropout

LABELS = nps.arrays(np.uint8, st.integers(2, 300), elements=st.integers(0, 9))
FRACTIONS = st.floats(0, 1, exclude_max=True)
SEEDS = st.integers(0, 2**63 - 1)


@given(LABELS, FRACTIONS, SEEDS)
def test_split_is_complete_disjoint_and_stratified(
    labels: np.ndarray, fraction: float, seed: int
) -> None:
    try:
        train, validation = stratified_split(labels, fraction, rng=np.random.default_rng(seed))
    except ConfigError as error:
        refused = error.field
    else:
        refused = None
        assert len(train) > 0
        assert len(validation) > 0
        both = np.concatenate([train, validation])
        np.testing.assert_array_equal(np.sort(both), np.arange(len(labels)))
        wanted = fraction * np.bincount(labels, minlength=10)
        held_out = np.bincount(labels[validation], minlength=10)
        assert np.all(np.abs(held_out - wanted) <= 0.5)
    counts = np.round(fraction * np.bincount(labels)).sum()
    assert refused == ("validation" if counts in (0, len(labels)) else None)


def test_split_is_drawn_from_the_seed(mnist: Dataset) -> None:
    labels = mnist.train.labels[:1000]
    first, again, other = (
        stratified_split(labels, 0.2, rng=np.random.default_rng(seed))[1] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert first.tolist() != other.tolist()


def test_a_split_of_a_split(mnist: Dataset) -> None:
    part: Split = mnist.test[np.array([3, 1])]
    assert part.labels.tolist() == [0, 2]
    np.testing.assert_array_equal(part.images, mnist.test.images[[3, 1]])


def test_every_choice_has_its_function() -> None:
    assert tuple(PREPROCESSING) == choices("preprocessing")
    assert tuple(INITIALIZERS) == choices("init")


def test_unit_scaling(mnist: Dataset) -> None:
    images = mnist.train.images[:100]
    x = Preprocessor.fit("unit", images, "float64").transform(images)
    np.testing.assert_allclose(x, images / 255, rtol=1e-15)


def test_standardization_uses_one_mean_and_deviation(mnist: Dataset) -> None:
    """Of the whole training set: the well-known 0.1307 and 0.3081, in units of 255."""
    preprocessor = Preprocessor.fit("standardize", mnist.train.images, "float64")
    assert preprocessor.scale * 255 == pytest.approx(1 / 0.3081, rel=1e-4)
    assert preprocessor.shift == pytest.approx(-0.1307 / 0.3081, rel=1e-3)
    counts = np.bincount(mnist.train.images.reshape(-1), minlength=256)
    x = preprocessor.transform(np.arange(256, dtype=np.uint8)[:, None])[:, 0]
    mean = np.average(x, weights=counts)
    assert mean == pytest.approx(0, abs=1e-9)
    assert np.average((x - mean) ** 2, weights=counts) == pytest.approx(1, abs=1e-9)


def test_minmax_scales_every_pixel_to_its_own_range(mnist: Dataset) -> None:
    images = mnist.train.images[:500]
    x = Preprocessor.fit("minmax", images, "float64").transform(images)
    varying = np.ptp(images, axis=0) > 0
    assert 0 < varying.sum() < 784
    np.testing.assert_allclose(x.min(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(x.max(axis=0), varying, atol=1e-15)


AFFINE = [kind for kind in PREPROCESSING if kind != "edges"]
BYTES = nps.arrays(np.uint8, st.tuples(st.integers(1, 8), st.just(5)))


@settings(deadline=None)
@given(BYTES, st.sampled_from(AFFINE), st.sampled_from([4, 8]))
def test_preprocessing_is_finite_and_affine(images: np.ndarray, kind: str, size: int) -> None:
    """For constant images too, and images that were not there when it was fitted."""
    preprocessor = Preprocessor.fit(kind, images, f"float{8 * size}")
    everything = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 5, axis=1)
    x = preprocessor.transform(everything)
    assert x.dtype.itemsize == size
    assert np.isfinite(x).all()
    np.testing.assert_allclose(np.diff(x, 2, axis=0), 0, atol=1e-4)
    assert np.all(np.diff(x, axis=0) >= 0)
    out = np.empty_like(x)
    assert preprocessor.transform(everything, out) is out
    np.testing.assert_array_equal(out, x)


@pytest.mark.parametrize("kind", ["standardize", "minmax"])
def test_preprocessing_depends_on_the_fitted_images(kind: str) -> None:
    dark, bright = np.arange(50, dtype=np.uint8)[:, None], np.arange(100, 250, dtype=np.uint8)
    one = Preprocessor.fit(kind, dark, "float64")
    other = Preprocessor.fit(kind, bright[:, None], "float64")
    assert one.transform(dark).tolist() != other.transform(dark).tolist()


@pytest.mark.parametrize(
    ("kind", "deviation", "limit"),
    [
        ("normal", 0.5, None),
        ("glorot-normal", (2 / 500) ** 0.5, None),
        ("glorot-uniform", (2 / 500) ** 0.5, (6 / 500) ** 0.5),
        ("he-normal", (2 / 300) ** 0.5, None),
        ("he-uniform", (2 / 300) ** 0.5, (6 / 300) ** 0.5),
    ],
)
def test_initial_weights_have_the_published_deviation(
    kind: str, deviation: float, limit: float | None
) -> None:
    """For 300 to 200 features; uniform weights stay within a limit, normal ones do not."""
    weight = np.empty((300, 200))
    initialize(kind, weight, std=0.5, rng=np.random.default_rng(0))
    assert weight.mean() == pytest.approx(0, abs=0.02 * deviation)
    assert weight.std() == pytest.approx(deviation, rel=0.01)
    if limit is None:
        assert np.abs(weight).max() > 3 * deviation
    else:
        assert 0.999 * limit < np.abs(weight).max() <= limit


@pytest.mark.parametrize("kind", INITIALIZERS)
def test_initialization_is_in_place_and_from_the_generator(kind: str) -> None:
    weights = np.full((3, 20, 10), np.nan)
    for weight, seed in zip(weights, (1, 1, 2), strict=True):
        initialize(kind, weight, std=0.5, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.any(weights[0] == weights[2])


def test_dropout_keeps_the_expectation() -> None:
    """Zeroes the given share, scales up the rest, sends gradients the same way."""
    layer, x = Dropout(0.2, rng=np.random.default_rng(0)), np.ones((1000, 100))
    y = layer.forward(x, training=True)
    np.testing.assert_allclose(np.unique(y), [0, 1.25])
    assert y.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(layer.backward(x), y)
    first = y.copy()
    assert not np.array_equal(layer.forward(x, training=True), first)


def test_dropout_is_nothing_outside_training() -> None:
    layer, x = Dropout(0.9, rng=np.random.default_rng(0)), np.ones((3, 4))
    layer.forward(x, training=True)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
