"""Deskewing: what it computes, and who is given deskewed images."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.data.deskew import MAX_SHEAR, deskew, deskewed
from nn.data.preprocessing import Preprocessor
from nn.storage.model_file import read_model, write_model
from nn.training.trainer import Trainer

SHAPE = (28, 28)


def moments(image: Array) -> tuple[float, float, float, float]:
    """Centre of mass, and covariance over variance of the rows, from plain sums."""
    mass = sum(int(p) for p in image.flat)
    rows, columns = image.shape
    places = [(r, c, int(image[r, c])) for r in range(rows) for c in range(columns)]
    row = sum(r * p for r, _, p in places) / mass
    column = sum(c * p for _, c, p in places) / mass
    covariance = sum(p * (r - row) * (c - column) for r, c, p in places) / mass
    variance = sum(p * (r - row) ** 2 for r, _, p in places) / mass
    return row, column, covariance, variance


def slow_deskew(image: Array) -> Array:
    """The equation of `deskew`, pixel by pixel."""
    rows, columns = image.shape
    if not image.any():
        return image.copy()
    row, column, covariance, variance = moments(image)
    shear = covariance / variance if variance > 1e-9 else 0.0
    shear = min(max(shear, -MAX_SHEAR), MAX_SHEAR)

    def at(r: int, c: int) -> float:
        return float(image[r, c]) if 0 <= r < rows and 0 <= c < columns else 0.0

    result = np.zeros(image.shape)
    for r in range(rows):
        for c in range(columns):
            y = r + row - (rows - 1) / 2
            x = c + column - (columns - 1) / 2 + shear * (r - (rows - 1) / 2)
            r0, c0 = math.floor(y), math.floor(x)
            for dr in (0, 1):
                for dc in (0, 1):
                    weight = (1 - abs(y - r0 - dr)) * (1 - abs(x - c0 - dc))
                    result[r, c] += weight * at(r0 + dr, c0 + dc)
    return result


@pytest.mark.parametrize("number", [0, 8, 18])
def test_it_is_the_equation(mnist: Dataset, number: int) -> None:
    image = mnist.train.images[number]
    expected = slow_deskew(image.reshape(SHAPE)).ravel()
    assert abs(deskew(image[None], SHAPE)[0] - expected).max() <= 0.51


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
        lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255))
    )
)
def test_it_is_the_equation_for_any_image_of_any_size(image: Array) -> None:
    found = deskew(image.reshape(1, -1), image.shape).reshape(image.shape)
    assert abs(found - slow_deskew(image)).max() <= 0.51


def test_digits_stand_upright_in_the_middle(mnist: Dataset) -> None:
    """Nothing of a digit is beyond the edge, so that only rounding is left of skew and shift."""
    before = [moments(image.reshape(SHAPE)) for image in mnist.test.images[:20]]
    images = deskew(mnist.test.images[:20], SHAPE)
    after = [moments(image.reshape(SHAPE)) for image in images]
    assert max(abs(covariance) for _, _, covariance, _ in before) > 5
    for row, column, covariance, _ in after:
        assert (row, column) == pytest.approx((13.5, 13.5), abs=0.05)
        assert covariance == pytest.approx(0, abs=0.3)


def test_an_image_depends_on_no_other(mnist: Dataset) -> None:
    images = mnist.train.images[:333]
    alone = np.concatenate([deskew(image[None], SHAPE) for image in images])
    np.testing.assert_array_equal(deskew(images, SHAPE), alone)
    assert deskew(images[:0], SHAPE).shape == (0, 784)


def test_dark_ink_on_bright_paper_is_moved_like_bright_ink(mnist: Dataset) -> None:
    images = mnist.train.images[:50]
    np.testing.assert_array_equal(deskew(255 - images, SHAPE, True), 255 - deskew(images, SHAPE))


def test_what_is_computed_once_is_kept_as_long_as_the_images(mnist: Dataset) -> None:
    images = mnist.train.images[:5].copy()
    first = deskewed(images, SHAPE)
    assert deskewed(images, SHAPE) is first
    bright = deskew(images, SHAPE, True)
    np.testing.assert_array_equal(deskewed(images, SHAPE, True), bright)
    other = mnist.train.images[5:10].copy()
    del images  # another array may now have its identity
    np.testing.assert_array_equal(deskewed(other, SHAPE), deskew(other, SHAPE))


def test_scaling_is_fitted_on_the_deskewed_training_images(mnist: Dataset) -> None:
    train = mnist.train[:500]
    images = train.images
    config = TrainConfig(preprocessing="standardize", deskew=True, dtype="float64")
    x = Preprocessor.of(config, train).transform(images)
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=1e-9)
    straight = deskew(images, SHAPE)
    expected = Preprocessor.fit("standardize", straight, "float64").transform(straight)
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("limit", [0, 40])
def test_the_training_images_decide_what_the_paper_is_like(small: Dataset, limit: int) -> None:
    """For the test images, and for those beyond `limit`, so that the score is the network's."""
    dark, bright = np.split(small.train.images, [limit or len(small.train)])
    train = np.concatenate([dark, 255 - bright])
    mixed = dataclasses.replace(
        small,
        train=dataclasses.replace(small.train, images=train),
        test=dataclasses.replace(small.test, images=255 - small.test.images),
    )
    trainer = Trainer(TrainConfig(hidden=(9,), deskew=True, epochs=1, limit=limit), mixed)
    *_, end = trainer.events()
    assert trainer.predictor.score(mixed.test) == end.evaluation.test
    assert trainer.predictor.score(trainer.train) == end.evaluation.train


def test_a_network_is_given_any_image_deskewed(small: Dataset, tmp_path: Path) -> None:
    """In training, evaluation, prediction, and when it is read from a file."""
    config = TrainConfig(hidden=(20,), deskew=True, epochs=2, batch_size=50, preprocessing="minmax")
    trainer = Trainer(config, small)
    *_, end = trainer.events()
    straight = dataclasses.replace(
        small,
        train=dataclasses.replace(small.train, images=deskew(small.train.images, SHAPE)),
        test=dataclasses.replace(small.test, images=deskew(small.test.images, SHAPE)),
    )
    other = Trainer(dataclasses.replace(config, deskew=False), straight)
    *_, same = other.events()
    np.testing.assert_array_equal(trainer.model.parameters, other.model.parameters)
    assert end.evaluation.test == same.evaluation.test
    assert trainer.predictor.score(small.test) == end.evaluation.test
    np.testing.assert_array_equal(trainer.train.images, small.train.images)
    write_model(tmp_path / "model.npz", trainer.predictor)
    for predictor in (read_model(tmp_path / "model.npz"), trainer.predictor.snapshot()):
        assert predictor.score(small.test) == end.evaluation.test
