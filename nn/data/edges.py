"""Edges: eight small pictures of where, and how strongly, an image gets brighter in a direction.

Source: Liu, Nakashima, Sako and Fujisawa, "Handwritten digit recognition: benchmarking of
state-of-the-art techniques", Pattern Recognition 36 (10), 2003, section 3.2. They split the
gradient of an image into the two of eight directions between which it is, as is done here, and
smooth each picture by a Gaussian before they sample it; here it is the mean over rectangles.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np

from nn.arrays import Array, Buffer
from nn.errors import ConfigError

DIRECTIONS = {
    "right": "max(x - |y|, 0)",
    "left": "max(-x - |y|, 0)",
    "down": "max(y - |x|, 0)",
    "up": "max(-y - |x|, 0)",
    "down and right": "max(min(x, y), 0)",
    "up and left": "max(min(-x, -y), 0)",
    "up and right": "max(min(x, -y), 0)",
    "down and left": "max(min(-x, y), 0)",
}
"""Where the image gets brighter, for each of the pictures, and how strongly."""
ROWS, COLUMNS = 4, 2  # pixels of the rectangle over which the mean is taken

Pair = tuple[int, int]  # of pixels

_BLOCK = 128  # images at a time, whose intermediate results stay in the cache


class _Memory(threading.local):
    """Memory of each thread: to allocate it for each batch may take longer than to compute."""

    def __init__(self) -> None:
        self.work = Buffer()


_memory = _Memory()


def edges(pixels: Array, shape: tuple[int, int], out: Array | None = None) -> Array:
    """The edges of images (n, rows * columns), in an array of that shape; of bytes in float32.

    With p(r, c) the pixels of an image, where beyond the edge is what stands at it, and

        x = p(r, c + 1) - p(r, c - 1),    y = p(r + 1, c) - p(r - 1, c),

    the gradient (x, y) is the sum of one part along an axis and one along a diagonal, whose lengths
    are in `DIRECTIONS`, those of diagonals in units of a pixel's diagonal. Each picture holds the
    means of one part over the rectangles of `ROWS` x `COLUMNS` pixels; the result is all pictures
    as one of the size of the image, two side by side, four times. Nothing is fitted, and an image's
    result depends on no other image. `shape` is (rows, columns), for which `check_shape` holds. In
    memory, the n values of a place lie next to each other, which is how `pixels` are read fastest.
    Where `out` is given, which may be `pixels`, the result is written there.
    """
    rows, columns = shape
    n = len(pixels)
    if pixels.dtype.kind != "f":
        pixels = pixels.astype(np.float32)  # differences of bytes would wrap around
    if out is None:
        out = np.empty((rows * columns, n), pixels.dtype).T
    image, pictures = (array.T.reshape(rows, columns, n) for array in (pixels, out))
    high, wide = rows // ROWS, columns // COLUMNS
    for start in range(0, n, _BLOCK):
        images = slice(start, start + _BLOCK)
        count = min(_BLOCK, n - start)
        work = _memory.work.rows(8 * rows * columns, count, pixels.dtype)
        block, x, y, *others = work.reshape(8, rows, columns, count)
        block[...] = image[..., images]
        _subtract_neighbours(block, x, 1)
        _subtract_neighbours(block, y, 0)
        for number, part in enumerate(parts(x, y, others)):
            top, left = number // 2 * high, number % 2 * wide
            lines = np.add.reduce(part.reshape(high, ROWS, columns, -1), axis=1)
            lines *= 1 / (ROWS * COLUMNS)
            picture = pictures[top : top + high, left : left + wide, images]
            np.add(lines[:, 0::2], lines[:, 1::2], picture)
    return out


def parts(x: Array, y: Array, work: Sequence[Array] = ()) -> Iterator[Array]:
    """The parts of the gradient (x, y) in the order of `DIRECTIONS`, each valid until the next.

    `work` are five arrays like them, which are overwritten.
    """
    part, beside, left, up, zero = work or np.empty((5, *x.shape), x.dtype)
    zero[...] = 0  # an array is compared faster than a number
    np.negative(x, out=left)
    np.negative(y, out=up)
    for along, back, other in ((x, left, y), (y, up, x)):
        np.abs(other, out=beside)
        for each in (along, back):
            np.subtract(each, beside, out=part)
            yield np.maximum(part, zero, out=part)
    for across, down in ((x, y), (left, up), (x, up), (left, y)):
        np.minimum(across, down, out=part)
        yield np.maximum(part, zero, out=part)


def differences(place: int, shape: tuple[int, int]) -> list[tuple[Pair, Pair]]:
    """What a place of the result is made of: for each pixel of its rectangle, x and y.

    Each of them is a pair of pixels, of which the second is subtracted from the first.
    """
    rows, columns = shape
    top, left = corner(place, shape)
    found = []
    for r in range(top, top + ROWS):
        for c in range(left, left + COLUMNS):
            x = r * columns + min(c + 1, columns - 1), r * columns + max(c - 1, 0)
            y = min(r + 1, rows - 1) * columns + c, max(r - 1, 0) * columns + c
            found.append((x, y))
    return found


def corner(place: int, shape: tuple[int, int]) -> tuple[int, int]:
    """The first row and column of the rectangle that a place of the result is the mean over."""
    rows, columns = shape
    row, column = divmod(place, columns)
    return row % (rows // ROWS) * ROWS, column % (columns // COLUMNS) * COLUMNS


def direction(place: int, shape: tuple[int, int]) -> int:
    """The number of the picture, of `DIRECTIONS`, that a place of the result is in."""
    rows, columns = shape
    row, column = divmod(place, columns)
    return row // (rows // ROWS) * 2 + column // (columns // COLUMNS)


def check_shape(shape: tuple[int, int]) -> None:
    """Raise `ConfigError` for images that are not made of whole rectangles."""
    rows, columns = shape
    if rows % ROWS or columns % COLUMNS:
        raise ConfigError(
            f"preprocessing=edges: images of {columns}x{rows} pixels cannot be divided into"
            f" rectangles of {COLUMNS}x{ROWS}; choose unit, standardize or minmax",
            field="preprocessing",
        )


def _subtract_neighbours(image: Array, out: Array, axis: int) -> None:
    """What comes after each place along an axis, 0 or 1, less what comes before it."""
    image, along = np.moveaxis(image, axis, 0), np.moveaxis(out, axis, 0)
    np.subtract(image[2:], image[:-2], along[1:-1])
    np.subtract(image[1], image[0], along[0])
    np.subtract(image[-1], image[-2], along[-1])
