"""Deskewing: each image sheared until it stands upright, and moved to the middle.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (11), 1998, section III.A. They count a pixel as ink or
not; here a pixel counts by its grey value.
"""

from __future__ import annotations

import weakref

import numpy as np

from nn.arrays import Array

MAX_SHEAR = 1.0  # columns a row; among the 70,000 images of MNIST, 9 of 10,000 are skewed further

_BLOCK = 100  # images at a time, whose intermediate results stay in the cache


def deskew(images: Array, shape: tuple[int, int], bright_paper: bool = False) -> Array:
    """Deskewed copies of images, uint8 of shape (n, rows * columns) with `shape` (rows, columns).

    With p(r, c) the ink of an image, (r', c') its centre of mass, and

        s = sum p (r - r') (c - c') / sum p (r - r')^2, limited to -1 to 1,

    the result at row r and column c, counted from the middle of the image, is that of the image at
    row r + r' and column c + c' + s r, by linear interpolation between rows, then columns. So the
    covariance of rows and columns becomes 0, and the centre of mass the middle. Nothing is fitted:
    an image's result depends on no other image. What is moved beyond the edge is lost, and an image
    without ink stays as it is. Ink is what is bright, or with `bright_paper` what is dark.
    """
    out = np.empty_like(images)
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        ink = 255 - images[block] if bright_paper else images[block]
        out[block] = _deskew(ink.reshape(-1, *shape)).reshape(ink.shape)
    if bright_paper:
        np.subtract(255, out, out)
    return out


def deskewed(images: Array, shape: tuple[int, int], bright_paper: bool = False) -> Array:
    """`deskew` of images that will not change, computed once as long as they are in memory."""
    key = id(images), bright_paper
    if key not in _known:
        result = deskew(images, shape, bright_paper)
        _known[key] = weakref.ref(images, lambda _: _known.pop(key)), result
    return _known[key][1]


# Results by the identity of the images, and by `bright_paper`; an entry goes when its images go.
_known: dict[tuple[int, bool], tuple[weakref.ref[Array], Array]] = {}


def _deskew(images: Array) -> Array:
    n, rows, columns = images.shape
    pixels = images.astype(np.float32)
    # Every sum is of whole numbers and exact, so that no rounding depends on the other images.
    r, c = np.arange(rows, dtype=np.float64), np.arange(columns, dtype=np.float32)
    ink = pixels.sum(axis=2).astype(np.float64)
    sum_1, sum_r, sum_rr = ink.sum(axis=1), ink @ r, ink @ (r * r)
    ink_c = (pixels @ c).astype(np.float64)
    sum_c, sum_rc = ink_c.sum(axis=1), ink_c @ r
    variance, covariance = sum_1 * sum_rr - sum_r**2, sum_1 * sum_rc - sum_r * sum_c
    shear = np.divide(covariance, variance, out=np.zeros(n), where=variance > 0)
    np.clip(shear, -MAX_SHEAR, MAX_SHEAR, shear)
    middle_r, middle_c = (rows - 1) / 2, (columns - 1) / 2
    down = np.divide(sum_r, sum_1, out=np.full(n, middle_r), where=sum_1 > 0) - middle_r
    across = np.divide(sum_c, sum_1, out=np.full(n, middle_c), where=sum_1 > 0) - middle_c
    centred = _moved(pixels.reshape(n, -1), down, columns).reshape(-1, columns)
    offsets = across[:, None] + shear[:, None] * (r - middle_r)
    moved = _moved(centred, offsets.ravel(), 1)
    moved += 0.5  # rounding by truncation, as no pixel is negative
    return moved.astype(np.uint8).reshape(images.shape)


def _moved(lines: Array, offsets: Array, unit: int) -> Array:
    """Each line (n, length) read `offsets` (n,) units further on, with zeros beyond its ends.

    Between two places that are `unit` elements apart the result is interpolated.
    """
    n, length = lines.shape
    offsets = np.clip(offsets, -length // unit, length // unit)  # there, a line has ended
    whole = np.floor(offsets).astype(np.intp)
    fraction = (offsets - whole).astype(lines.dtype)[:, None]
    # The zeros after a line are those before the next one, too.
    padded = np.zeros((n + 1) * 2 * length + unit, lines.dtype)
    padded[: n * 2 * length].reshape(n, 2 * length)[:, length:] = lines
    start = np.arange(n) * 2 * length + length + whole * unit
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)
    here: Array = windows[start]
    there = windows[start + unit]
    there -= here
    there *= fraction
    here += there
    return here
