"""Images of digits as other pens would have drawn them.

The strokes of each digit are made wider or thinner, sharper or softer, and its ink stronger or
weaker, at random. Where they are, and so the form of the digit, stays: `nn.data.augmentation` moves
and bends it.
"""

from __future__ import annotations

import numpy as np

from tui.images.components import Levels
from tui.images.field import Pixels

_SIDE = 28  # pixels a side of MNIST's images
_BLOCK = 2000  # images at once, few enough to stay in the cache

_WIDER, _THINNER = 1.0, 0.5  # how far strokes move to their dilation and erosion by one pixel
_SHARPER, _SOFTER = 0.7, 1.3  # how far an image moves away from and to its blurred copies
_STRONGER = (0.9, 1.4)  # factor of the ink, before it is clipped


def in_other_pens(images: Pixels, *, rng: np.random.Generator) -> Pixels:
    """Each image (n, 784), bright ink on black, as a random pen would have drawn it."""
    result = np.empty_like(images)
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK].reshape(-1, _SIDE, _SIDE)
        ink = _redrawn(block.astype(np.float32) / np.float32(255), rng)
        result[start : start + _BLOCK] = np.rint(ink * 255).astype(np.uint8).reshape(len(ink), -1)
    return result


def _redrawn(ink: Levels, rng: np.random.Generator) -> Levels:
    """Images with wider or thinner strokes, blurred or sharpened, the ink stronger or weaker."""

    def amount(low: float, high: float) -> Levels:
        return rng.uniform(low, high, (len(ink), 1, 1)).astype(np.float32)

    change = amount(-_THINNER, _WIDER)
    ink = ink + (_neighbours(ink, np.maximum) - ink) * np.maximum(change, 0)
    ink = ink + (_neighbours(ink, np.minimum) - ink) * np.maximum(-change, 0)
    soft = _blurred(ink)
    softness = amount(-_SHARPER, _SOFTER)
    softened = ink + (soft - ink) * np.minimum(softness, 1)
    softened += (_blurred(soft) - soft) * np.maximum(softness - 1, 0)
    strongest = np.maximum(softened.max(axis=(1, 2), keepdims=True), np.float32(0.3))
    return np.asarray(np.clip(softened / strongest * amount(*_STRONGER), 0, 1), np.float32)


def _neighbours(ink: Levels, extreme: np.ufunc) -> Levels:
    """The maximum or minimum of each pixel and its four neighbours."""
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    down = extreme(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    across = extreme(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    return np.asarray(extreme(extreme(down, across), ink), np.float32)


def _blurred(ink: Levels) -> Levels:
    """Images under the binomial filter 1 2 1 along both axes."""
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    down = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return np.asarray((down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]) / 4, np.float32)
