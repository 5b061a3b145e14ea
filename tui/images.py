"""Images of digits brought into the form of MNIST's.

MNIST was made by fitting each digit, its proportions kept, into a box of 20x20 pixels with
anti-aliasing, and by placing that box in a field of 28x28 so that the centre of mass of its pixels is
the centre of the field (yann.lecun.com/exdb/mnist). Ink is 255, background 0.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from nn.data.dataset import COLUMNS, ROWS
from nn.errors import DataError

Pixels = npt.NDArray[np.uint8]
_Levels = npt.NDArray[Any]  # floating point

BOX = 20
CENTRE = 14  # index of the row and column where MNIST's centres of mass are, to half a pixel
# Share of the strongest ink below which a pixel does not count as part of the digit: grain and shadow.
# Of 0 to 0.3, this recognized noisy enlargements best, and MNIST's own images as well as untouched.
FAINT = 0.2

_LEAST_CONTRAST = 16  # of 255 levels, between paper and ink
_LARGEST = 1000  # pixels a side that are worth looking at
_MAX_GRID_BYTES = 1_000_000
_BLANKS = " .0"


def mnist_field(levels: npt.NDArray[Any]) -> Pixels:
    """The 784 pixels that MNIST would have for a digit, dark on bright or bright on dark.

    `levels` is a grey image of any size with values from 0 to 255. Raises `DataError` if it is blank.
    """
    ink = _ink(levels.astype(np.float64))
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis=axis)) for axis in (1, 0))
    box = _fit(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    top, left = (_offset(box.sum(axis=axis)) for axis in (1, 0))
    field = np.zeros((ROWS, COLUMNS), np.uint8)
    field[top : top + box.shape[0], left : left + box.shape[1]] = np.rint(box * 255)
    return field.ravel()


def _ink(levels: _Levels) -> _Levels:
    """Ink from 0 to 1: how far a pixel is from the paper, on the side where the farthest ones are."""
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    ink = levels - np.median(border)
    if -ink.min() > ink.max():
        ink = -ink
    if ink.max() < _LEAST_CONTRAST:
        raise DataError("blank: there is no digit to see")
    share: _Levels = np.clip(ink / ink.max(), 0, 1)
    return share


def _fit(ink: _Levels) -> _Levels:
    height, width = (max(1, round(length * BOX / max(ink.shape))) for length in ink.shape)
    image = Image.fromarray(ink.astype(np.float32))
    # Where Pillow makes an image smaller, each new pixel averages over all of its area.
    box = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return box.clip(0, 1)


def _offset(profile: _Levels) -> int:
    """Where the box begins, so that its centre of mass is in the middle, and all of it in the field."""
    mass = np.average(np.arange(len(profile)), weights=profile)
    return int(np.clip(round(CENTRE - mass), 0, ROWS - len(profile)))


def read_image(path: Path) -> Pixels:
    """The field of a PNG or PGM file; raises `DataError`."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of an image too large to be honest; take that for an error.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "PPM")) as image:
                levels = _grey(image)
        return mnist_field(levels)
    except UnidentifiedImageError as error:
        raise DataError(f"{path}: not a PNG or PGM image") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: too many pixels") from error
    except (
        OSError,
        ValueError,
        SyntaxError,
        DataError,
    ) as error:  # SyntaxError: Pillow's broken PNG
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DataError(f"{path}: {reason}") from error


def _grey(image: Image.Image) -> _Levels:
    """Grey levels from 0 to 255, of a large image reduced to what is worth looking at."""
    scale = 1.0
    if image.has_transparency_data:
        image = image.convert("RGBA")
        grey, alpha = (
            np.asarray(band, np.float64) for band in (image.convert("L"), image.getchannel("A"))
        )
        # Whatever is drawn on transparent paper: dark ink goes on white, bright ink on black.
        paper = "white" if np.average(grey, weights=alpha + 1e-9) < 128 else "black"
        image = Image.alpha_composite(Image.new("RGBA", image.size, paper), image)
    if image.mode.startswith("I"):
        scale = 255 / 65535  # Pillow's two modes of 16-bit grey
    else:
        image = image.convert("L")
    image = image.convert("F")
    image.thumbnail((_LARGEST, _LARGEST))
    return np.asarray(image, np.float64) * scale


def read_grid(stream: BinaryIO) -> Pixels:
    """The field of a text grid: 28 lines of 28 numbers from 0 to 255, or of up to 28 characters.

    Numbers are separated by blanks or commas. Of characters, blank, dot and 0 are background, any
    other is ink. Raises `DataError`.
    """
    try:
        text = stream.read(_MAX_GRID_BYTES).decode()
        return mnist_field(_grid(text))
    except UnicodeDecodeError as error:
        raise DataError("standard input: not text") from error
    except DataError as error:
        raise DataError(f"standard input: {error}") from error


def _grid(text: str) -> _Levels:
    lines = text.splitlines()
    if len(lines) != ROWS:
        raise DataError(f"{len(lines)} lines, expected a grid of {ROWS} lines of {COLUMNS} pixels")
    words = [line.replace(",", " ").split() for line in lines]
    if all(len(row) == COLUMNS and all(map(str.isdecimal, row)) for row in words):
        numbers = np.array(words).astype(np.float64)
        if numbers.max() > 255:
            raise DataError(f"pixel {numbers.max():.0f}, expected 0 to 255")
        return numbers
    grid = np.zeros((ROWS, COLUMNS))
    for number, line in enumerate(lines):
        if len(line) > COLUMNS:
            raise DataError(
                f"line {number + 1} is neither {COLUMNS} numbers from 0 to 255"
                f" nor at most {COLUMNS} characters"
            )
        grid[number, : len(line)] = [0 if character in _BLANKS else 255 for character in line]
    return grid
