"""Labelled images as arrays of any numeric type, brought to bytes and whole numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.data.classes import Listed
from nn.errors import DataError

MAX_BYTES = 2**31  # of all images of a file: 45 times MNIST
MAX_LABEL = 2**31  # which int64 holds, and float64 exactly


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Images, uint8 (n, rows, columns), their labels, integers (n,), and the file they are from."""

    images: Array
    labels: Array
    where: str


@dataclass(frozen=True)
class Found:
    """The images of a file or folder, and what was recognized.

    `test` is None where there is no test part. `listed` are classes that the names of folders give.
    `words` are the names by which a published dataset may be known. `digests` are the SHA-256 of
    four unpacked IDX files.
    """

    kind: str
    name: str
    train: Samples
    test: Samples | None
    words: str
    listed: Listed | None = None
    remarks: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()


def as_samples(images: Array, labels: Array, where: str) -> Samples:
    """Images and labels as other programs store them; raises `DataError` that names `where`.

    Images are (n, rows, columns), with one more axis for colours, or (n, pixels) for square ones;
    bytes, or numbers from 0 to 1 or to 255. Labels are (n,), (n, 1), or one-hot (n, classes).
    """
    try:
        found = _label_array(labels)
        pictures = _image_array(images)
        if not len(pictures):
            raise ValueError("holds no images")
        if len(pictures) != len(found):
            raise ValueError(f"{len(found):,} labels for {len(pictures):,} images")
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    return Samples(pictures, found, where)


def _image_array(images: Array) -> Array:
    if images.dtype.kind not in "fiub":
        raise ValueError(f"images of type {images.dtype}, expected numbers")
    if images.ndim == 4 and images.shape[3] in (3, 4):
        images = _grey(images[..., :3])
    elif images.ndim == 4 and 1 in (images.shape[1], images.shape[3]):
        images = images[:, 0] if images.shape[1] == 1 else images[..., 0]
    if images.ndim == 2:
        images = images.reshape(len(images), *square(images.shape[1]))
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise ValueError(f"images of shape {images.shape}, expected (n, rows, columns)")
    return as_bytes(images)


def _grey(images: Array) -> Array:
    """The luminance of red, green and blue, as ITU-R BT.601 weights them."""
    return images @ np.array([0.299, 0.587, 0.114], np.float32)


def square(pixels: int) -> tuple[int, int]:
    """Height and width of a square image; raises ValueError for another number of pixels."""
    side = math.isqrt(pixels)
    if side * side != pixels or not side:
        raise ValueError(f"{pixels} pixels an image are no square")
    return side, side


def as_bytes(values: Array) -> Array:
    """Pixels as bytes; numbers from 0 to 1 are multiplied by 255."""
    if values.dtype == np.uint8 and (not values.size or values.max() > 1):
        return np.ascontiguousarray(values)
    if not values.size:
        return values.astype(np.uint8)
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("a pixel is not a number")
    if low < 0 or high > 255:
        raise ValueError(f"pixel {low if low < 0 else high:g}, expected 0 to 255, or 0 to 1")
    result = np.empty(values.shape, np.uint8)
    factor = 255 if high <= 1 else 1
    for start in range(0, len(values), 1000):  # in blocks, for floats take eight times the memory
        block = values[start : start + 1000] * np.float32(factor)
        result[start : start + 1000] = np.rint(block)
    return result


def _label_array(labels: Array) -> Array:
    if labels.dtype.kind not in "fiub":
        raise ValueError(f"labels of type {labels.dtype}, expected whole numbers")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    elif labels.ndim == 2 and labels.shape[1] > 1:
        if not ((labels == 0) | (labels == 1)).all() or not (labels.sum(axis=1) == 1).all():
            raise ValueError(f"labels of shape {labels.shape} that are not one-hot")
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        raise ValueError(f"labels of shape {labels.shape}, expected one an image")
    fits = (labels == np.rint(labels)) & (abs(labels) <= MAX_LABEL)
    if labels.dtype.kind != "b" and not fits.all():
        raise ValueError(f"label {labels[~fits][0]:g}, expected a whole number")
    return labels.astype(np.int64)
