"""Text grids: images of 28x28 written as numbers or as characters."""

from __future__ import annotations

import re

import numpy as np

from nn.errors import DataError
from nn.spec import COLUMNS, PIXELS, ROWS
from tui.images.components import Levels

MAX_BYTES = 50_000_000
_BACKGROUND = frozenset(" .0-_")
_SIZE = f"{ROWS} lines of {COLUMNS}"
# What NumPy and Python print around the numbers of an array.
_PRINTED = re.compile(r"array\(|dtype=\w+|[\[\](),;]")


def grids_of_text(content: bytes) -> list[Levels]:
    """The images of a text, levels from 0 to 255 of shape (28, 28); raises `DataError`.

    Numbers from 0 to 255, or from 0 to 1, may stand in lines of 28, in lines of 784, in lines of
    785 that begin with a label, or be what NumPy prints; blanks, tabs, commas and semicolons
    separate them. In a grid of characters, blank, dot, 0, dash and underscore are background,
    unless the outermost characters are all the same one, which then is; any other is ink.
    Raises `UnicodeDecodeError` for what is not text.
    """
    if len(content) > MAX_BYTES:
        raise DataError(f"more than {MAX_BYTES // 10**6} MB of text")
    text = content.decode("utf-8-sig")
    if "\0" in text:
        raise UnicodeDecodeError("utf-8", content, 0, 1, "a zero byte")
    lines = [line.rstrip() for line in text.splitlines()]
    words = [_PRINTED.sub(" ", line).split() for line in lines]
    filled = [row for row in words if row]
    if _has_names(filled):
        filled = filled[1:]
    spaced = all(len(word) == 1 for row in filled for word in row)
    unspaced = all(len(row) == 1 for row in filled) and len(filled) <= ROWS
    if filled and all(map(_are_numbers, filled)) and not unspaced:
        return _of_numbers(filled)
    if spaced and {len(row) for row in filled} == {COLUMNS}:
        lines = ["".join(row) for row in words]
    return _of_characters(lines)


def _has_names(rows: list[list[str]]) -> bool:
    """Whether the first line of a table holds the names of its columns."""
    if len(rows) < 2 or not len(rows[0]) == len(rows[1]) > COLUMNS:
        return False
    return not _are_numbers(rows[0]) and _are_numbers(rows[1])


def _are_numbers(words: list[str]) -> bool:
    try:
        for word in words:
            float(word)
    except ValueError:
        return False
    return True


def _of_numbers(rows: list[list[str]]) -> list[Levels]:
    lengths = {len(row) for row in rows}
    if lengths == {PIXELS + 1}:  # a table: the label, then the pixels
        rows = [row[1:] for row in rows]
    numbers = np.array([float(word) for row in rows for word in row])
    count = len(numbers) // PIXELS
    if len(numbers) % PIXELS or not count:
        raise DataError(_why_not(rows, len(numbers)))
    if not np.isfinite(numbers).all():
        raise DataError("a pixel is not a number")
    for extreme in (numbers.min(), numbers.max()):
        if not 0 <= extreme <= 255:
            raise DataError(f"pixel {extreme:g}, expected 0 to 255 or 0 to 1")
    images = numbers.reshape(count, ROWS, COLUMNS).astype(np.float32)
    return [image * 255 if image.max() <= 1 else image for image in images]


def _why_not(rows: list[list[str]], total: int) -> str:
    """What is wrong with a number of numbers that makes no whole image."""
    for number, row in enumerate(rows, 1):
        if len(row) != COLUMNS and len(rows) > 1:
            return f"line {number} has {len(row)} numbers, expected a grid of {_SIZE} numbers"
    if len(rows) > 1:
        return f"{len(rows)} lines of {COLUMNS} numbers, expected a grid of {_SIZE} numbers"
    return f"{total} numbers, expected {PIXELS} or a grid of {_SIZE} numbers"


def _of_characters(lines: list[str]) -> list[Levels]:
    while len(lines) > ROWS and not lines[0]:
        lines = lines[1:]
    while lines and len(lines) > ROWS and not lines[-1]:
        lines = lines[:-1]
    if len(lines) > ROWS:  # several images, with or without empty lines between
        filled = [line for line in lines if line]
        if len(filled) % ROWS:
            raise DataError(f"{len(lines)} lines, expected a grid of {_SIZE} pixels")
        parts = [filled[start : start + ROWS] for start in range(0, len(filled), ROWS)]
        return [_image(part) for part in parts]
    if not any(lines):
        raise DataError(
            f"blank: {len(lines)} lines, expected a grid of {_SIZE} pixels with a digit"
        )
    return [_image(lines)]


def _image(lines: list[str]) -> Levels:
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            raise DataError(
                f"line {number} is neither {COLUMNS} numbers from 0 to 255"
                f" nor at most {COLUMNS} characters"
            )
    padded = [line.ljust(COLUMNS) for line in lines] + [" " * COLUMNS] * (ROWS - len(lines))
    border = {*lines[0].ljust(COLUMNS), *lines[-1].ljust(COLUMNS)}
    border |= {line[at] for line in padded[: len(lines)] for at in (0, -1)}
    background = border | {" "} if len(border) == 1 else _BACKGROUND
    return np.array(
        [[0 if character in background else 255 for character in line] for line in padded],
        np.float32,
    )
