"""Preprocessing: the map from the bytes of an image to the inputs of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.config import DType, Preprocessing


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """The affine map from bytes to network inputs, x * scale + shift.

    `scale` and `shift` have shape () or, for min-max scaling, (784,); `shift` is None where it is zero.
    """

    scale: Array
    shift: Array | None

    @classmethod
    def fit(cls, kind: Preprocessing, images: Array, dtype: DType) -> Preprocessor:
        """Fit on training images, uint8 of shape (n, 784).

        unit: x / 255. standardize: (x - mean) / std with the mean and standard deviation of all pixels of all
        images. minmax: (x - min) / (max - min) pixel by pixel; a pixel that never varies becomes 0.
        """
        if kind == "unit":
            return cls(np.array(1 / 255, dtype), None)
        scale: Array
        shift: Array
        if kind == "standardize":
            counts = np.zeros(256, np.int64)
            for block in np.array_split(images, max(1, len(images) // 1000)):
                counts += np.bincount(block.ravel(), minlength=256)
            mean = np.average(np.arange(256), weights=counts)
            std = math.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts)) or 1.0
            scale, shift = np.array(1 / std), np.array(-mean / std)
        else:
            low = images.min(axis=0).astype(np.float64)
            extent = images.max(axis=0) - low
            scale = np.divide(1.0, extent, out=np.zeros(images.shape[1]), where=extent > 0)
            shift = -low * scale
        return cls(scale.astype(dtype), shift.astype(dtype))

    def transform(self, images: Array, out: Array | None = None) -> Array:
        """Network inputs from uint8 images, written to `out` where given."""
        if out is None:
            out = np.empty(images.shape, self.scale.dtype)
        np.copyto(out, images)  # first the type, then the scale: faster than both at once
        out *= self.scale
        if self.shift is not None:
            out += self.shift
        return out
