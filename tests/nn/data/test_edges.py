"""Edges: against the definition written out, and what follows from it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.data.edges import DIRECTIONS, differences, direction, edges, parts
from nn.data.preprocessing import Preprocessor
from nn.errors import ConfigError
from nn.spec import DataSpec
from nn.storage.model_file import read_model, write_model
from nn.training.trainer import Trainer

SHAPE = 28, 28


def written_out(image: Array) -> Array:
    """The edges of one image (rows, columns), pixel by pixel: a gradient is split by its angle."""
    rows, columns = image.shape
    high, wide = rows // 4, columns // 2
    pictures = {name: np.zeros((high, wide)) for name in DIRECTIONS}
    # The names of the directions by their angle, in eighths of a turn from the right, clockwise.
    turn = ("right", "down and right", "down", "down and left")
    turn += ("left", "up and left", "up", "up and right")
    for r in range(rows):
        for c in range(columns):
            x = image[r, min(c + 1, columns - 1)] - image[r, max(c - 1, 0)]
            y = image[min(r + 1, rows - 1), c] - image[max(r - 1, 0), c]
            first = int(math.atan2(y, x) % math.tau / (math.tau / 8)) % 8
            both = turn[first], turn[(first + 1) % 8]
            axis, diagonal = sorted(both, key=len)
            lengths = {
                diagonal: min(abs(x), abs(y)),
                axis: max(abs(x), abs(y)) - min(abs(x), abs(y)),
            }
            for name, length in lengths.items():
                pictures[name][r // 4, c // 2] += length / 8
    found = list(pictures.values())
    return np.block([found[k : k + 2] for k in range(0, 8, 2)])


@pytest.mark.parametrize("shape", [(28, 28), (4, 2), (4, 6), (8, 2)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_they_are_what_the_definition_says(shape: tuple[int, int], order: str) -> None:
    pixels = np.random.default_rng(1).integers(256, size=(5, shape[0] * shape[1])).astype(float)
    given_pixels = np.array(pixels, order=order)  # type: ignore[call-overload]
    expected = [written_out(image.reshape(shape)).ravel() for image in pixels]
    np.testing.assert_allclose(edges(given_pixels, shape), expected, rtol=1e-12)
    np.testing.assert_array_equal(given_pixels, pixels)


def test_bytes_are_taken_as_numbers() -> None:
    image = np.random.default_rng(2).integers(256, size=(3, 784)).astype(np.uint8)
    found = edges(image, SHAPE)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, edges(image.astype(np.float32), SHAPE))


def test_of_a_bar_its_sides_are_seen() -> None:
    image = np.zeros((20, 16), np.float32)
    image[4:16, 8:12] = 200
    found = edges(image.reshape(1, -1), (20, 16)).reshape(4, 5, 2, 8).transpose(0, 2, 1, 3)
    right, left, down, up = found.reshape(8, 5, 8)[:4]
    assert right[2].tolist() == [0, 0, 0, 100, 100, 0, 0, 0]
    assert left[2].tolist() == [0, 0, 0, 0, 0, 100, 100, 0]
    assert down[:, 4].tolist() == [50, 25, 0, 0, 0]
    assert up[:, 4].tolist() == [0, 0, 0, 25, 50]


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 4))
def test_each_place_names_its_direction_and_its_pixels(seed: int, high: int, wide: int) -> None:
    shape = 4 * high, 2 * wide
    image = np.random.default_rng(seed).integers(256, size=shape[0] * shape[1]).astype(float)
    for place, found in enumerate(edges(image[None], shape)[0]):
        pairs = np.array(differences(place, shape))
        x, y = (image[pairs[..., 0]] - image[pairs[..., 1]]).T
        lengths = [part.copy() for part in parts(x, y)][direction(place, shape)]
        assert found == pytest.approx(lengths.mean(), rel=1e-12)


def test_an_image_depends_on_no_other(mnist: Dataset) -> None:
    images = mnist.train.images[:33].astype(np.float32)
    alone = np.concatenate([edges(image[None], SHAPE) for image in images])
    np.testing.assert_array_equal(edges(images, SHAPE), alone)
    assert edges(images[:0], SHAPE).shape == (0, 784)


def test_an_image_of_one_grey_has_none_and_a_brighter_one_the_same(mnist: Dataset) -> None:
    images = np.minimum(mnist.train.images[:10], 155).astype(np.float64)
    np.testing.assert_array_equal(edges(images + 100, SHAPE), edges(images, SHAPE))
    assert not edges(np.full((1, 784), 9.0), SHAPE).any()


def test_a_picture_of_the_inputs_is_in_grey_values(mnist: Dataset) -> None:
    images = mnist.train.images[:20]
    preprocessor = Preprocessor.of(TrainConfig(preprocessing="edges", deskew=True), mnist.train)
    shown = preprocessor.pictured(preprocessor.fed(images))
    assert shown.dtype == np.uint8
    np.testing.assert_allclose(preprocessor.transform(images), shown / 255, atol=0.6 / 255)
    assert Preprocessor.of(TrainConfig(), mnist.train).pictured(images) is images


def test_a_network_is_given_the_edges_of_any_image(small: Dataset, tmp_path: Path) -> None:
    """In training, evaluation, prediction, and when it is read from a file."""
    config = TrainConfig(hidden=(20,), preprocessing="edges", epochs=5, batch_size=50)
    trainer = Trainer(config, small)
    *_, end = trainer.events()
    assert end.evaluation.test is not None
    assert end.evaluation.test.accuracy > 0.6
    path = tmp_path / "model.npz"
    write_model(path, trainer.predictor)
    expected = trainer.predictor.probabilities(small.test.images)
    np.testing.assert_array_equal(read_model(path).probabilities(small.test.images), expected)
    x = edges(small.test.images.astype(np.float32), SHAPE) / 255
    outputs = trainer.model.forward(np.ascontiguousarray(x))
    assert (outputs.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.99


@pytest.mark.parametrize("shape", [(10, 2), (4, 5)])
def test_images_that_are_not_made_of_whole_rectangles_are_refused(shape: tuple[int, int]) -> None:
    train = Split(np.zeros((2, 20), np.uint8), np.zeros(2, np.uint8), DataSpec(*shape, ("a", "b")))
    with pytest.raises(ConfigError, match="cannot be divided into") as caught:
        Preprocessor.of(TrainConfig(preprocessing="edges"), train)
    assert caught.value.field == "preprocessing"
