"""Augmentation: training images that are moved, turned, stretched and bent a little, at random.

With q = (r, c) a place, counted from the middle of an image, the augmented image has at q what the
image has at

    M q + t + e(q),    M = R(angle) S D,

by linear interpolation between the four pixels around that place; beyond the edge is paper. R
turns, S = [[1, 0], [shear, 1]] moves each row along itself, D = diag(1 + a, 1 + b) stretches, t is
a shift in pixels, and e is elastic: for each of the two directions, noise uniform in [-1, 1] for
each pixel, smoothed by a Gaussian of standard deviation sigma whose weights add up to 1, times
alpha. Each number is drawn uniformly from the range that the configuration gives.

Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
visual document analysis", ICDAR 2003, section 2. There each image is warped on its own. Here the
`GROUP` images of a batch that lie next to each other share a warp, which is a linear map from pixel
to pixel, so that it is computed once for all of them.
"""

from __future__ import annotations

import math

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import TrainConfig

GROUP = 32  # images that share a warp; two processes then share few groups of a batch
_BEFORE, _AFTER = 1, 2  # lines of the frame around an image, with the four neighbours of any place
_REACH = 4  # standard deviations after which the weights of a Gaussian count as 0


class Augmentation:
    """The random warps that a configuration describes, for images of `shape` (rows, columns)."""

    def __init__(self, config: TrainConfig, shape: tuple[int, int], *, paper: int = 0) -> None:
        """`paper` is the pixel beyond the edges."""
        self.shape, self._paper = shape, paper
        rows, columns = shape
        self._dtype = np.dtype(config.dtype)
        self._rotation = math.radians(config.augment_rotation)
        self._shear, self._scale = config.augment_shear, config.augment_scale
        self._shift, self._alpha = config.augment_shift, config.elastic_alpha
        self._middle = (rows - 1) / 2, (columns - 1) / 2
        places = np.indices(shape, np.float32).reshape(2, -1)
        self._r, self._c = places - np.array(self._middle, np.float32)[:, None]
        self._smooth = tuple(_gaussian(size, config.elastic_sigma) for size in shape)
        self._source = np.empty((0, 0, 0))
        self._out, self._part = Buffer(), Buffer()

    def warped(
        self,
        images: Array,
        *,
        rng: np.random.Generator,
        first: int = 0,
        batch_size: int | None = None,
    ) -> Array:
        """Augmented images, floating-point numbers from 0 to 255 of shape (n, rows * columns).

        `images`, uint8 of that shape, are those from place `first` on of a batch of `batch_size`,
        or a whole batch. An image's warp depends on its place in the batch and on `rng`, so that
        whoever computes a part of a batch warps it like the whole. The result is valid until the
        next call; in memory, the n values of a pixel lie next to each other.
        """
        n, pixels = images.shape
        batch_size = batch_size or n
        group = min(GROUP, batch_size)
        groups = slice(first // group, (first + n - 1) // group + 1)
        count = groups.stop - groups.start
        index, weights = self._neighbours(*self._places(rng, math.ceil(batch_size / group), groups))
        start = first - groups.start * group
        width = count * group
        source = self._framed(width)
        inside = source[_BEFORE:-_AFTER, _BEFORE:-_AFTER]
        inside[..., :start] = 0
        inside[..., start + n :] = 0
        ink = inside[..., start : start + n]
        ink[...] = images.T.reshape(*self.shape, n)
        if self._paper:
            ink -= self._paper
        out = self._out.rows(pixels * count, group, self._dtype)
        part = self._part.like(out)
        blocks, result = source.reshape(-1, group), out
        line = source.shape[1] * count
        for neighbour, weight in zip((0, count, line, line + count), weights, strict=True):
            blocks[neighbour:].take(index, 0, result, "clip")
            result *= weight
            if result is not out:
                out += result
            result = part
        if self._paper:
            out += self._paper
        return out.reshape(pixels, width)[:, start : start + n].T

    def _framed(self, width: int) -> Array:
        """Memory for `width` images within a frame of zeros: (rows, columns, width) and the frame.

        The frame is what lies beyond the edges; nothing else may be written there.
        """
        if self._source.shape[-1] != width:
            rows, columns = (size + _BEFORE + _AFTER for size in self.shape)
            self._source = np.zeros((rows, columns, width), self._dtype)
        return self._source

    def _places(self, rng: np.random.Generator, count: int, groups: slice) -> tuple[Array, Array]:
        """Row and column, from the corner, that each pixel is taken from: (groups, pixels) each."""
        draws = rng.uniform(-1, 1, (6, count))[:, groups, None].astype(np.float32)
        angle, shear = draws[0] * self._rotation, draws[1] * self._shear
        tall, wide = 1 + draws[2:4] * self._scale
        down, across = draws[4:] * self._shift
        cos, sin = np.cos(angle), np.sin(angle)
        r, c = self._r, self._c
        rows = (cos - sin * shear) * tall * r + -sin * wide * c + (down + self._middle[0])
        columns = (sin + cos * shear) * tall * r + cos * wide * c + (across + self._middle[1])
        if self._alpha:
            noise = rng.random((count, 2, *self.shape), np.float32)[groups]
            noise -= 0.5
            smooth = self._smooth[0] @ noise @ self._smooth[1]
            smooth *= 2 * self._alpha
            field = smooth.reshape(-1, 2, rows.shape[1])
            rows += field[:, 0]
            columns += field[:, 1]
        return rows, columns

    def _neighbours(self, rows: Array, columns: Array) -> tuple[Array, tuple[Array, ...]]:
        """The pixel above and left of each place, and what the four around the place count.

        These are that pixel, the next in its row, and the two below them. All arrays are in the
        order (pixels, groups); a group's pixel is at pixel * groups + group, in the frame.
        """
        count = len(rows)
        above, down = _split(rows, self.shape[0])
        left, right = _split(columns, self.shape[1])
        pixel = above * (self.shape[1] + _BEFORE + _AFTER) + left
        index = pixel.T * count + np.arange(count)
        up, back = 1 - down, 1 - right
        weights = tuple(
            weight.astype(self._dtype, copy=False).reshape(-1, 1)
            for weight in (up * back, up * right, down * back, down * right)
        )
        return index.ravel(), weights


def _split(places: Array, size: int) -> tuple[Array, Array]:
    """The pixel before each place along a line, counted from the frame, and the rest, transposed.

    Places beyond the frame are moved into it, since all that is out there is paper.
    """
    places = np.clip(places, -_BEFORE, size)
    before = np.floor(places)
    rest = np.ascontiguousarray((places - before).T)
    return before.astype(np.intp) + _BEFORE, rest


def _gaussian(size: int, sigma: float) -> Array:
    """The matrix (size, size) that smooths a line by a Gaussian, with zeros beyond its ends."""
    reach = math.ceil(_REACH * sigma)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    matrix = weights[np.clip(distance + reach, 0, 2 * reach)]
    return np.where(abs(distance) <= reach, matrix, 0).astype(np.float32)
