"""Augmentation: the warps are those of the equation, within their ranges, and random."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.arrays import Array
from nn.config import AUGMENTING_FIELDS, TrainConfig
from nn.data.augmentation import GROUP, Augmentation
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.training.trainer import Trainer

SHAPE = ROWS, COLUMNS = 28, 28
PIXELS = ROWS * COLUMNS
EVERYTHING = {
    "augment_shift": 2.5,
    "augment_rotation": 20.0,
    "augment_scale": 0.2,
    "augment_shear": 0.3,
    "elastic_alpha": 34.0,
}


def warp(images: Array, seed: int = 0, **fields: Any) -> Array:
    augmentation = Augmentation(TrainConfig(dtype="float64", **fields), SHAPE)
    return augmentation.warped(images, rng=np.random.default_rng(seed)).copy()


def slow_warp(images: Array, seed: int, config: TrainConfig) -> Array:
    """The equation of the module, image by image and pixel by pixel, with the same draws."""
    rng = np.random.default_rng(seed)
    group = min(GROUP, len(images))
    count = math.ceil(len(images) / group)
    draws = rng.uniform(-1, 1, (6, count))
    noise = np.zeros((count, 2, ROWS, COLUMNS))
    if config.elastic_alpha:
        noise = rng.random((count, 2, ROWS, COLUMNS), np.float32) * 2.0 - 1
    sigma, reach = config.elastic_sigma, math.ceil(4 * config.elastic_sigma)
    kernel = [math.exp(-0.5 * (d / sigma) ** 2) for d in range(-reach, reach + 1)]
    kernel = [weight / sum(kernel) for weight in kernel]

    def smoothed(field: Array, r: int, c: int) -> float:
        return sum(
            float(field[y, x]) * kernel[y - r + reach] * kernel[x - c + reach]
            for y in range(max(0, r - reach), min(ROWS, r + reach + 1))
            for x in range(max(0, c - reach), min(COLUMNS, c + reach + 1))
        )

    result = np.zeros((len(images), ROWS, COLUMNS))
    for g in range(count):
        angle = draws[0, g] * math.radians(config.augment_rotation)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        shear = np.array([[1, 0], [draws[1, g] * config.augment_shear, 1]])
        stretch = np.diag(1 + draws[2:4, g] * config.augment_scale)
        shift = draws[4:, g] * config.augment_shift
        for r in range(ROWS):
            for c in range(COLUMNS):
                q = np.array([r - (ROWS - 1) / 2, c - (COLUMNS - 1) / 2])
                elastic = np.array([smoothed(noise[g, d], r, c) for d in (0, 1)])
                y, x = turn @ shear @ stretch @ q + shift + config.elastic_alpha * elastic
                y, x = y + (ROWS - 1) / 2, x + (COLUMNS - 1) / 2
                for r0 in (math.floor(y), math.floor(y) + 1):
                    for c0 in (math.floor(x), math.floor(x) + 1):
                        if 0 <= r0 < ROWS and 0 <= c0 < COLUMNS:
                            weight = (1 - abs(y - r0)) * (1 - abs(x - c0))
                            for n in range(g * group, min((g + 1) * group, len(images))):
                                result[n, r, c] += weight * images[n, r0 * COLUMNS + c0]
    return result.reshape(len(images), PIXELS)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        (EVERYTHING, 1),
        ({"augment_shear": 0.3}, 1),
        ({"augment_rotation": 180.0, "augment_shift": 9.0}, GROUP + 1),
    ],
    ids=str,
)
def test_it_is_the_equation(mnist: Dataset, fields: dict[str, float], count: int) -> None:
    images = mnist.train.images[:count]
    config = TrainConfig(**fields)  # type: ignore[arg-type]
    expected = slow_warp(images, 5, config)
    assert abs(warp(images, 5, **fields) - expected).max() < 0.01


def test_a_shift_of_whole_pixels_moves_the_image(mnist: Dataset) -> None:
    """Whatever the shift is, the centre of mass moves by it, and by at most what was allowed."""
    images = mnist.train.images[:1]
    moved = np.array(
        [warp(images, seed, augment_shift=3.0)[0].reshape(SHAPE) for seed in range(60)]
    )
    ink = moved.sum(axis=(1, 2))
    image = images[0].reshape(SHAPE).astype(float)
    np.testing.assert_allclose(ink, image.sum(), rtol=1e-5)
    rows = (moved.sum(axis=2) @ np.arange(ROWS)) / ink
    shifts = rows - (image.sum(axis=1) @ np.arange(ROWS)) / image.sum()
    assert -3 <= shifts.min() < -2
    assert 2 < shifts.max() <= 3


@given(
    fields=st.fixed_dictionaries(
        {},
        optional={
            "augment_shift": st.floats(0, 1000),
            "augment_rotation": st.floats(0, 180),
            "augment_scale": st.floats(0, 0.999),
            "augment_shear": st.floats(0, 10),
            "elastic_alpha": st.floats(0, 10_000),
            "elastic_sigma": st.floats(0.1, 100),
        },
    ),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    count=st.integers(1, 70),
    seed=st.integers(0, 99),
)
def test_pixels_stay_in_their_range(
    fields: dict[str, float], shape: tuple[int, int], count: int, seed: int
) -> None:
    """Of images of any size, each interpolated pixel is a mean of pixels, or of those and 0."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, shape[0] * shape[1]), dtype=np.uint8)
    found = Augmentation(TrainConfig(**fields), shape).warped(images, rng=rng)  # type: ignore[arg-type]
    assert found.shape == images.shape
    assert found.min() >= -0.01
    assert found.max() <= images.max() + 0.01


def test_images_beside_each_other_share_a_warp_and_others_do_not(mnist: Dataset) -> None:
    images = np.repeat(mnist.train.images[:1], 3 * GROUP, axis=0)
    first, second, third = np.split(warp(images, **EVERYTHING), 3)
    for group in (first, second, third):
        np.testing.assert_array_equal(group, np.repeat(group[:1], GROUP, axis=0))
    assert abs(first[0] - second[0]).max() > 1
    assert abs(second[0] - third[0]).max() > 1


def test_paper_is_beyond_the_edges(mnist: Dataset) -> None:
    images, config = mnist.train.images[:40], TrainConfig(dtype="float64", **EVERYTHING)  # type: ignore[arg-type]
    bright = Augmentation(config, SHAPE, paper=255)
    found = bright.warped(255 - images, rng=np.random.default_rng(0))
    np.testing.assert_allclose(found, 255 - warp(images, **EVERYTHING), atol=1e-9)


def test_without_a_range_nothing_is_moved(mnist: Dataset) -> None:
    images = mnist.train.images[:40]
    np.testing.assert_array_equal(warp(images), images)


def test_training_sees_other_images_in_each_step_and_evaluation_the_images(small: Dataset) -> None:
    config = TrainConfig(hidden=(8,), batch_size=300, epochs=2, eval_train=True, learning_rate=1e-9)
    config = replace(config, optimizer="sgd", schedule="constant")
    plain, augmented = (
        Trainer(each, small, step_interval=0)
        for each in (config, replace(config, augment_rotation=90.0))
    )
    losses = []
    for trainer in (plain, augmented):
        list(trainer.events())
        index = np.arange(300)
        losses.append([trainer.engine.step(index, step, 1e-9) for step in (0, 1, 0)])
        assert trainer.predictor.score(small.train).loss == pytest.approx(losses[0][0], rel=1e-4)
    assert losses[0] == pytest.approx([losses[0][0]] * 3, rel=1e-5)
    assert losses[1][0] == pytest.approx(losses[1][2], rel=1e-5)
    assert abs(losses[1][0] - losses[1][1]) > 1e-3


@pytest.mark.parametrize("name", [*AUGMENTING_FIELDS, "elastic_sigma"])
def test_a_value_out_of_range_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}=-1"):
        TrainConfig(**{name: -1.0})  # type: ignore[arg-type]
