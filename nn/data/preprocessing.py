"""Preprocessing: from the bytes of an image to the inputs of a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nn.arrays import Array
from nn.config import DType, Preprocessing, TrainConfig
from nn.data.dataset import Dataset, Split
from nn.data.deskew import deskew, deskewed
from nn.data.edges import check_shape, edges
from nn.spec import MNIST

_SAMPLE = 200  # images, evenly spread over all, by which the kind of the images is known


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """The map x -> scale * x + shift from bytes to network inputs, perhaps after other maps.

    `scale` and `shift` have shape () or (pixels,), one number for each pixel; a `shift` of None is
    0. `centred` states that the images have their centre of mass in the middle, as MNIST's have: a
    picture from elsewhere must be centred likewise before it is mapped. `bright_paper` states that
    dark ink stands on bright paper, where MNIST has bright ink on black. `deskews` is the shape
    (rows, columns) of images that are deskewed (`nn.data.deskew`) first, or None, and `finds_edges`
    that of images, deskewed or not, whose edges (`nn.data.edges`) x is made of, or None.
    """

    scale: Array
    shift: Array | None
    centred: bool = True
    bright_paper: bool = False
    deskews: tuple[int, int] | None = None
    finds_edges: tuple[int, int] | None = None

    @classmethod
    def fit(
        cls,
        kind: Preprocessing,
        images: Array,
        dtype: DType = "float32",
        shape: tuple[int, int] = MNIST.shape,
    ) -> Preprocessor:
        """The preprocessing of that name, fitted on training images, uint8 of shape (n, pixels).

        `shape` is (rows, columns) of each; raises `ConfigError` where `kind` is not for them.
        """
        scale, shift = PREPROCESSING[kind](images)
        bright = has_bright_paper(images)
        return cls(
            scale.astype(dtype),
            None if shift is None else shift.astype(dtype),
            _ink_is_centred(images, bright),
            bright,
            finds_edges=edges_of(kind, shape),
        )

    @classmethod
    def of(cls, config: TrainConfig, train: Split, fed: Split | None = None) -> Preprocessor:
        """The preprocessing that a configuration describes, fitted on training images.

        With `config.deskew`, scale and shift are fitted on the deskewed images: on `fed` where
        these are known. Whatever else is known of the images, that of `train` shows.
        """
        bright = has_bright_paper(train.images)
        if fed is None:
            fed = fed_split(config, train, bright)
        fitted = cls.fit(config.preprocessing, fed.images, config.dtype, fed.spec.shape)
        if not config.deskew:
            return fitted
        centred = _ink_is_centred(train.images, bright)
        return replace(fitted, centred=centred, bright_paper=bright, deskews=train.spec.shape)

    @property
    def prepares(self) -> bool:
        """Whether `scale` and `shift` are applied to anything but the pixels of an image."""
        return bool(self.deskews or self.finds_edges)

    @property
    def expected_pixels(self) -> str:
        """What `scale` and `shift` are applied to, in words for whoever feeds the network."""
        ends = "255 for paper to 0 for ink" if self.bright_paper else "0 for paper to 255 for ink"
        pixels = f"pixels from {ends}, rows from the top"
        if self.deskews:
            call = f"deskew(images, {self.deskews}, {self.bright_paper})"
            pixels = f"{pixels}, of images deskewed by nn.data.deskew.{call}"
        if self.finds_edges:
            pixels = f"nn.data.edges.edges(pixels, {self.finds_edges}), with {pixels}"
        return pixels

    def transform(self, images: Array, out: Array | None = None) -> Array:
        """Network inputs (n, pixels) of uint8 images (n, pixels), written to `out` where given."""
        return self.scaled(self.fed(images), out)

    def fed(self, images: Array) -> Array:
        """The bytes that are scaled to inputs: the images, deskewed where that is chosen."""
        return deskew(images, self.deskews, self.bright_paper) if self.deskews else images

    def pictured(self, fed: Array) -> Array:
        """What x is made of as grey values (n, pixels), uint8: images as `fed` or their edges."""
        if not self.finds_edges:
            return fed
        return np.rint(edges(fed, self.finds_edges)).astype(np.uint8)

    def scaled(self, images: Array, out: Array | None = None) -> Array:
        """`transform` of images that are what `fed` returns."""
        if out is None:
            out = np.empty(images.shape, self.scale.dtype)
        np.copyto(out, images)  # converting first and scaling then is faster than both at once
        return self.scale_in_place(out)

    def scale_in_place(self, pixels: Array) -> Array:
        """The inputs in place of floating-point pixels (n, pixels) from 0 to 255."""
        if self.finds_edges:
            edges(pixels, self.finds_edges, pixels)
        pixels *= self.scale
        if self.shift is not None:
            pixels += self.shift
        return pixels


def edges_of(kind: Preprocessing, shape: tuple[int, int]) -> tuple[int, int] | None:
    """`Preprocessor.finds_edges` of that preprocessing, for images of that shape."""
    if kind != "edges":
        return None
    check_shape(shape)
    return shape


def fed_split(config: TrainConfig, split: Split, bright_paper: bool) -> Split:
    """The split with the images that are scaled to inputs, deskewed where that is configured."""
    if not config.deskew:
        return split
    return replace(split, images=deskewed(split.images, split.spec.shape, bright_paper))


def fed_dataset(config: TrainConfig, dataset: Dataset, bright_paper: bool) -> Dataset:
    """The dataset with both splits as `fed_split` has them."""
    train = fed_split(config, dataset.train, bright_paper)
    return replace(dataset, train=train, test=fed_split(config, dataset.test, bright_paper))


def _sample(images: Array) -> Array:
    return images[:: max(1, len(images) // _SAMPLE)]


def has_bright_paper(images: Array) -> bool:
    """Whether the corners of most images (n, pixels) are bright, of a few of them."""
    return bool(np.median(_sample(images)[:, [0, -1]]) > 127) if len(images) else False


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


def _ink_is_centred(images: Array, bright: bool) -> bool:
    sample = _sample(images)
    return are_centred(255 - sample if bright else sample)


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
    "edges": unit,
}
