"""Preprocessing: the affine map from the bytes of an image to the inputs of a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.config import DType, Preprocessing


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """The map x -> scale * x + shift from bytes to network inputs.

    `scale` and `shift` have shape () or (784,), one number for each pixel; a `shift` of None is 0.
    """

    scale: Array
    shift: Array | None

    @classmethod
    def fit(cls, kind: Preprocessing, images: Array, dtype: DType = "float32") -> Preprocessor:
        """The preprocessing of that name, fitted on training images, uint8 of shape (n, 784)."""
        scale, shift = PREPROCESSING[kind](images)
        return cls(scale.astype(dtype), None if shift is None else shift.astype(dtype))

    def transform(self, images: Array, out: Array | None = None) -> Array:
        """Network inputs (n, 784) of uint8 images (n, 784), written to `out` where given."""
        if out is None:
            out = np.empty(images.shape, self.scale.dtype)
        np.copyto(out, images)  # converting first and scaling then is faster than both at once
        out *= self.scale
        if self.shift is not None:
            out += self.shift
        return out


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
