"""Pictures brought to another size; those of very few pixels made smooth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from tui.images.components import Levels

_FEW = 20  # pixels a side that show a digit, but not the shape of its strokes
_ENOUGH = 80


def smoothly_enlarged(levels: Levels) -> Levels:
    """The picture as it is, or interpolated where its longer side has at most 20 pixels.

    A picture in which each such pixel is a square of the same level counts as one of few pixels:
    the corners of the squares are no part of what was written.
    """
    side = _square_side(levels)
    small = levels[::side, ::side]
    height, width = small.shape
    factor = -(-_ENOUGH // max(height, width))
    if max(height, width) > _FEW or min(height, width) < 4 or side == factor == 1:
        return levels
    image = Image.fromarray(np.ascontiguousarray(small))
    larger = image.resize((width * factor, height * factor), Image.Resampling.BICUBIC)
    return np.asarray(larger, np.float32).clip(small.min(), small.max())


def _square_side(levels: Levels) -> int:
    """The side of the largest squares, aligned with the picture, within which levels are equal."""
    changes = [
        np.flatnonzero((np.diff(levels, axis=axis) != 0).any(axis=1 - axis)) + 1 for axis in (0, 1)
    ]
    if not all(map(len, changes)):
        return 1
    return int(np.gcd.reduce(np.concatenate([*changes, np.array(levels.shape)])))


def fitted(picture: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """A picture brought to so many rows and columns, its proportions kept, on its own paper."""
    rows, columns = size
    factor = min(rows / picture.shape[0], columns / picture.shape[1])
    high, wide = (max(1, round(side * factor)) for side in picture.shape)
    resampling = Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR
    scaled = np.asarray(Image.fromarray(picture).resize((wide, high), resampling))
    result = np.full(size, paper_of(picture), np.uint8)
    top, left = (rows - high) // 2, (columns - wide) // 2
    result[top : top + high, left : left + wide] = scaled
    return result


def paper_of(picture: npt.NDArray[np.uint8]) -> int:
    """The level of a picture's paper: the median of its outermost pixels."""
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return int(np.median(border))
