"""Images of digits varied as if other people had written them, with other pens.

Each digit is turned, slanted, stretched and bent a little, then brought into MNIST's form again:
its longer side 20 pixels, its centre of mass in the middle of 28x28. Its strokes are made wider or
thinner, and sharper or softer. The warp is P. Simard, D. Steinkraus, J. Platt, "Best Practices for
Convolutional Neural Networks Applied to Visual Document Analysis", ICDAR 2003, with a displacement
that is interpolated from a grid of 5x5 instead of smoothed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

SIDE = 28  # pixels a side of MNIST's images
BOX, CENTRE = 20, 14  # MNIST's longer side of a digit, and where its centre of mass is
_BLOCK = 2000  # images at once, few enough to stay in the cache
_MARGIN = 2  # pixels of background around an image, so that no index falls outside

_DEGREES, _SLANT = 12.0, 0.25  # largest turn and shear in either direction
_STRETCH = 0.25  # largest logarithm of width over height
_SIZE = (0.95, 1.02)  # of the digit, times that of MNIST
_SHIFT = 0.7  # largest shift in pixels
_BEND = 0.6  # standard deviation of the displacement in pixels
_WIDER, _THINNER = 1.0, 0.5  # how far strokes move to their dilation and erosion by one pixel
_SHARPER, _SOFTER = 0.7, 1.3  # how far an image moves away from and to its blurred copies
_STRONGER = (0.9, 1.4)  # factor of the ink, before it is clipped


def varied(images: Images, *, rng: np.random.Generator) -> Images:
    """Each image (n, 784) as another hand might have written it; none may be empty."""
    blocks = [
        _restroked(_warped(images[start : start + _BLOCK], rng), rng)
        for start in range(0, len(images), _BLOCK)
    ]
    result: Images = np.concatenate([np.rint(block * 255).astype(np.uint8) for block in blocks])
    return result.reshape(len(images), SIDE * SIDE)


def _warped(images: Images, rng: np.random.Generator) -> Floats:
    """Images under a random affine map and a random displacement, in MNIST's form."""
    count = len(images)
    ink = images.reshape(count, SIDE, SIDE).astype(np.float32) / np.float32(255)
    y, x = np.indices((SIDE, SIDE), np.float32).reshape(2, -1)
    matrix = _random_matrices(count, rng)
    mass = ink.sum(axis=(1, 2))
    places = np.arange(SIDE, dtype=np.float32)
    centre_x, centre_y = (ink.sum(axis=axis) @ places / mass for axis in (1, 2))

    there = ink.reshape(count, -1) > 0.2 * ink.max(axis=(1, 2))[:, None]
    lengths = [
        np.where(there, moved, -np.inf).max(axis=1) - np.where(there, moved, np.inf).min(axis=1) + 1
        for moved in (row[:, :1] * x + row[:, 1:] * y for row in (matrix[:, 0], matrix[:, 1]))
    ]
    scale = BOX / np.maximum(*lengths) * rng.uniform(*_SIZE, count)
    back = np.linalg.inv(matrix * scale[:, None, None]).astype(np.float32)

    to_x, to_y = (
        places - CENTRE + rng.uniform(-_SHIFT, _SHIFT, (count, 1)) + _displacement(count, rng)
        for places in (x, y)
    )
    from_x = back[:, 0, :1] * to_x + back[:, 0, 1:] * to_y + centre_x[:, None]
    from_y = back[:, 1, :1] * to_x + back[:, 1, 1:] * to_y + centre_y[:, None]
    x, y = (np.asarray(each, np.float32) for each in (from_x, from_y))
    return _sampled(ink, x, y)


def _random_matrices(count: int, rng: np.random.Generator) -> Floats:
    """Rotation times shear times stretch, (count, 2, 2), for columns (x, y)."""
    angle = np.deg2rad(rng.uniform(-_DEGREES, _DEGREES, count))
    slant = rng.uniform(-_SLANT, _SLANT, count)
    wide = np.exp(rng.uniform(-_STRETCH, _STRETCH, count) / 2)
    cos, sin = np.cos(angle), np.sin(angle)
    rows = [
        [cos * wide, (cos * slant - sin) / wide],
        [sin * wide, (sin * slant + cos) / wide],
    ]
    return np.moveaxis(np.array(rows, np.float32), 2, 0)


def _displacement(count: int, rng: np.random.Generator) -> Floats:
    """Smooth random fields (count, 784), interpolated from 5x5 numbers."""
    place = np.linspace(0, 4, SIDE, dtype=np.float32)
    left = np.minimum(place.astype(int), 3)
    beyond = place - left
    share = beyond * beyond * (3 - 2 * beyond)
    weights = np.zeros((SIDE, 5), np.float32)
    weights[np.arange(SIDE), left] = 1 - share
    weights[np.arange(SIDE), left + 1] = share
    grid = rng.normal(0, _BEND, (count, 5, 5)).astype(np.float32)
    return np.asarray((weights @ grid @ weights.T).reshape(count, -1), np.float32)


def _sampled(ink: Floats, x: Any, y: Any) -> Floats:
    """Bilinear interpolation of each image at its places (count, 784); outside is background."""
    count, side = len(ink), SIDE + 2 * _MARGIN
    padded = np.pad(ink, ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN))).ravel()
    x, y = (np.clip(places + _MARGIN, 0, side - 1.01) for places in (x, y))
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, down = x - left, y - top
    at = top * side + left + np.arange(count)[:, None] * side * side
    upper = padded[at] * (1 - right) + padded[at + 1] * right
    lower = padded[at + side] * (1 - right) + padded[at + side + 1] * right
    sampled = upper * (1 - down) + lower * down
    return np.asarray(sampled.reshape(count, SIDE, SIDE), np.float32)


def _restroked(ink: Floats, rng: np.random.Generator) -> Floats:
    """Images with wider or thinner strokes, blurred or sharpened, the ink stronger or weaker."""

    def amount(low: float, high: float) -> Any:
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


def _neighbours(ink: Floats, function: Callable[[Any, Any], Any]) -> Floats:
    """The maximum or minimum of each pixel and its four neighbours."""
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    down = function(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    across = function(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    return np.asarray(function(function(down, across), ink), np.float32)


def _blurred(ink: Floats) -> Floats:
    """Images under the binomial filter 1 2 1 along both axes."""
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    down = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return np.asarray((down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]) / 4, np.float32)
