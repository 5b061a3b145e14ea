"""Pictures of very few pixels, drawn as squares or not at all enlarged, made smooth."""

from __future__ import annotations

import numpy as np
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
