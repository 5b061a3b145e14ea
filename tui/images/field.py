"""Ink brought into the form of MNIST's images.

MNIST was made by fitting each digit, its proportions kept, into a box of 20x20 pixels with
anti-aliasing, and by placing that box in a field of 28x28 so that the centre of mass of its pixels
is the centre of the field (yann.lecun.com/exdb/mnist). Ink is 255, background 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from nn.errors import DataError
from nn.spec import COLUMNS, ROWS
from tui.images.components import windowed

Pixels = npt.NDArray[np.uint8]
Ink = npt.NDArray[np.floating[Any]]

BOX = 20
# Index of the row and column where the centres of mass of MNIST's images are, to half a pixel.
CENTRE = 14
# Share of the strongest ink below which a pixel does not count as part of the digit: grain, shadow.
# Of 0 to 0.3, this value recognized noisy enlargements best, and MNIST's own images as well as
# untouched ones. It is of pixels of the picture; which of the image drawn from them are bare is
# another measure, in `reading.py`.
FAINT = 0.2
# Width of strokes in pixels of the box: 1 in 100 of MNIST's digits is thinner, half are wider than
# 2.2.
THIN, USUAL = 1.3, 2.0
LEAST_CONTRAST = 10  # of 255 levels, between paper and ink


def mnist_field(levels: npt.NDArray[Any]) -> Pixels:
    """The 784 pixels that MNIST would have for a digit on plain paper, the paper at the edges.

    `levels` is a grey image of any size with values from 0 to 255, dark on bright or bright on
    dark. Raises `DataError` if it is blank.
    """
    levels = levels.astype(np.float64)
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    ink = levels - np.median(border)
    if -ink.min() > ink.max():
        ink = -ink
    if ink.max() < LEAST_CONTRAST:
        raise DataError("blank: there is no digit to see")
    return field_of_ink(np.clip(ink / ink.max(), 0, 1))


def field_of_ink(ink: Ink) -> Pixels:
    """The 784 pixels for the ink of one digit, shares from 0 to 1 of which one is over `FAINT`."""
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis=axis)) for axis in (1, 0))
    box = _fit(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    top, left = (_offset(box.sum(axis=axis)) for axis in (1, 0))
    field = np.zeros((ROWS, COLUMNS), np.uint8)
    field[top : top + box.shape[0], left : left + box.shape[1]] = np.rint(box * 255)
    return field.ravel()


def stroke_width(ink: Ink) -> float:
    """The mean width of the strokes in pixels of MNIST's box: twice the area over the outline."""
    framed = np.pad(ink.astype(np.float32), 2)
    down, across = np.gradient(framed)
    outline = float(np.hypot(down, across).sum())
    return float(2 * framed.sum() / max(outline, 1e-6) * BOX / max(ink.shape))


def thickened(ink: Ink) -> Ink:
    """Ink with thin strokes made as wide as MNIST's usually are.

    A hairline would vanish when it is averaged to MNIST's size.
    """
    width = stroke_width(ink)
    if width >= THIN:
        return ink
    factor = -(
        -6 * BOX // max(ink.shape)
    )  # the window grows by whole pixels, so they must be small
    if factor > 1:
        size = (ink.shape[1] * factor, ink.shape[0] * factor)
        image = Image.fromarray(ink.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
        ink = np.asarray(image).clip(0, 1)
    window = round((USUAL - width) * max(ink.shape) / BOX) | 1
    return windowed(np.pad(ink, window).astype(np.float32), window, np.maximum, 0)


def _fit(ink: Ink) -> Ink:
    height, width = (max(1, round(length * BOX / max(ink.shape))) for length in ink.shape)
    image = Image.fromarray(ink.astype(np.float32))
    # Where Pillow makes an image smaller, each new pixel averages over all of its area.
    box = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return box.clip(0, 1)


def _offset(profile: Ink) -> int:
    """Where the box begins: its centre of mass in the middle, and all of it in the field."""
    mass = np.average(np.arange(len(profile)), weights=profile)
    return int(np.clip(round(CENTRE - mass), 0, ROWS - len(profile)))
