"""A data set of a few images that are easily told apart, and a zero."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from nn.data.dataset import IDX_FILES


def idx_bytes(array: npt.NDArray[np.uint8]) -> bytes:
    """The array as the content of an IDX file."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def tiny_arrays() -> dict[str, npt.NDArray[np.uint8]]:
    """120 training and 40 test images, each with a bright bar whose place is the label."""
    rng = np.random.default_rng(0)
    arrays: dict[str, npt.NDArray[np.uint8]] = {}
    for split, count in (("train", 120), ("t10k", 40)):
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = rng.integers(0, 40, size=(count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:, 4 + 2 * label : 6 + 2 * label] = 255
        arrays[f"{split}-images-idx3-ubyte"] = images
        arrays[f"{split}-labels-idx1-ubyte"] = labels
    assert list(arrays) == list(IDX_FILES)
    return arrays


def ring() -> npt.NDArray[np.uint8]:
    """A zero, all pixels black or white."""
    y, x = np.mgrid[:28, :28] - 13.5
    radius = np.hypot(x, y)
    return np.where((radius > 6) & (radius < 11), 255, 0).astype(np.uint8)
