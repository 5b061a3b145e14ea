"""Preprocessing: the affine map from the bytes of an image to the inputs of a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.config import DType, Preprocessing
from nn.spec import MNIST

_SAMPLE = 200  # images, evenly spread over all, by which the kind of the images is known


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """The map x -> scale * x + shift from bytes to network inputs.

    `scale` and `shift` have shape () or (pixels,), one number for each pixel; a `shift` of None is
    0. `centred` states that the images have their centre of mass in the middle, as MNIST's have: a
    picture from elsewhere must be centred likewise before it is mapped. `bright_paper` states that
    dark ink stands on bright paper, where MNIST has bright ink on black.
    """

    scale: Array
    shift: Array | None
    centred: bool = True
    bright_paper: bool = False

    @classmethod
    def fit(cls, kind: Preprocessing, images: Array, dtype: DType = "float32") -> Preprocessor:
        """The preprocessing of that name, fitted on training images, uint8 of shape (n, pixels)."""
        scale, shift = PREPROCESSING[kind](images)
        sample = images[:: max(1, len(images) // _SAMPLE)]
        bright = has_bright_paper(sample)
        return cls(
            scale.astype(dtype),
            None if shift is None else shift.astype(dtype),
            are_centred(255 - sample if bright else sample),
            bright,
        )

    def transform(self, images: Array, out: Array | None = None) -> Array:
        """Network inputs (n, pixels) of uint8 images (n, pixels), written to `out` where given."""
        if out is None:
            out = np.empty(images.shape, self.scale.dtype)
        np.copyto(out, images)  # converting first and scaling then is faster than both at once
        out *= self.scale
        if self.shift is not None:
            out += self.shift
        return out


def has_bright_paper(images: Array) -> bool:
    """Whether the corners of most images (n, pixels) are bright."""
    return bool(np.median(images[:, [0, -1]]) > 127) if len(images) else False


def are_centred(images: Array) -> bool:
    """Whether 9 of 10 images (n, 784) have their centre of mass within 1.2 pixels of the middle.

    The ink is bright. Of MNIST's images all are within 1.
    """
    if images.shape[1] != MNIST.pixels:  # of another size: nothing is known of where they are drawn
        return True
    squares = images.reshape(-1, *MNIST.shape).astype(np.float64)
    mass = squares.sum(axis=(1, 2))
    squares, mass = squares[mass > 0], mass[mass > 0]
    if not len(mass):
        return True
    middle = np.arange(MNIST.rows) - (MNIST.rows - 1) / 2
    down, across = (squares.sum(axis=axis) @ middle / mass for axis in (2, 1))
    return float((np.maximum(abs(down), abs(across)) <= 1.2).mean()) >= 0.9


def unit(images: Array) -> tuple[Array, Array | None]:
    """x / 255: every pixel from 0 to 1."""
    return np.array(1 / 255), None


def standardize(images: Array) -> tuple[Array, Array]:
    """(x - mean) / std, with the mean and the standard deviation of all pixels of all images.

    Images that are all of one value have no deviation and are divided by 1.
    """
    counts = np.zeros(256, np.int64)
    for block in np.array_split(images, max(1, len(images) // 1000)):
        counts += np.bincount(block.ravel(), minlength=256)
    mean = np.average(np.arange(256), weights=counts)
    std = math.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts)) or 1.0
    return np.array(1 / std), np.array(-mean / std)


def minmax(images: Array) -> tuple[Array, Array]:
    """(x - min) / (max - min), pixel by pixel; a pixel that never varies becomes 0."""
    low = images.min(axis=0).astype(np.float64)
    extent = images.max(axis=0) - low
    scale = np.divide(1.0, extent, out=np.zeros(images.shape[1]), where=extent > 0)
    return scale, -low * scale


# Each gives scale and shift in float64; None in place of a shift of 0 saves an addition a batch.
PREPROCESSING: dict[str, Callable[[Array], tuple[Array, Array | None]]] = {
    "unit": unit,
    "standardize": standardize,
    "minmax": minmax,
}
