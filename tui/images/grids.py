"""Text grids: images of 28x28 written as numbers or as characters."""

from __future__ import annotations

import codecs
import re

import numpy as np

from nn.errors import DataError
from nn.spec import MNIST
from tui.images.components import Levels

Shape = tuple[int, int]  # rows and columns

MAX_BYTES = 50_000_000
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as PowerShell writes what it redirects
_BACKGROUND = frozenset(" .0-_")
# What NumPy and Python print around the numbers of an array.
_PRINTED = re.compile(r"array\(|dtype=\w+|[\[\](),;]")
# What else stands around numbers in source code, YAML, quoted tables, tables with frames, and in
# front of them as the number of a line. In a grid of characters all of these may be ink.
_WRITTEN = re.compile(r"^#.*|^\s*\d+:|^\s*-\s(?=\s*\[)|^\s*\w+\s*=|tensor\(|dtype=[\w.]+|[\"'|]")
_TRUTH = {"True": "1", "False": "0"}


def grids_of_text(content: bytes, shape: Shape = MNIST.shape) -> list[Levels]:
    """The images of a text, levels from 0 to 255 of this shape; raises `DataError`.

    Numbers from 0 to 255, or from 0 to 1, may stand in lines of a row (28 numbers) or of an image
    (784), in lines of one more that begin with a label, or be what NumPy, pandas and Python write;
    blanks, tabs, commas and semicolons separate them. In a grid of characters, blank, dot, 0, dash
    and underscore are background, unless the outermost characters are all the same one, which then
    is; any other is ink.
    Raises `UnicodeDecodeError` for what is not text.
    """
    if len(content) > MAX_BYTES:
        raise DataError(f"more than {MAX_BYTES // 10**6} MB of text")
    text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    if "\0" in text:
        raise UnicodeDecodeError("utf-8", content, 0, 1, "a zero byte")
    rows, columns = shape
    lines = [line.rstrip() for line in text.splitlines()]
    words = [_PRINTED.sub(" ", line).split() for line in lines]
    filled = [row for row in words if row]
    if not all(map(_are_numbers, filled)) and (written := _written(lines, shape)):
        filled = written
    if _has_names(filled, columns):
        filled = filled[1:]
    spaced = all(len(word) == 1 for row in filled for word in row)
    unspaced = all(len(row) == 1 for row in filled) and len(filled) <= rows
    if filled and all(map(_are_numbers, filled)) and not unspaced:
        return _of_numbers(filled, shape)
    if spaced and {len(row) for row in filled} == {columns}:
        lines = ["".join(row) for row in words]
    return _of_characters(lines, shape)


def _written(lines: list[str], shape: Shape) -> list[list[str]]:
    """The numbers of lines in which other things stand as well; none where they make no image."""
    bare = [_PRINTED.sub(" ", _WRITTEN.sub(" ", line)).split() for line in lines]
    rows = [[_TRUTH.get(word, word) for word in row] for row in bare if row]
    if any(map(_is_shortened, rows)):
        raise DataError("numbers are left out (...), as NumPy prints them; np.savetxt writes all")
    enough = sum(map(len, rows)) >= shape[0] * shape[1]
    return rows if enough and all(map(_are_numbers, rows)) else []


def _is_shortened(row: list[str]) -> bool:
    """Whether NumPy has printed only the first and the last three numbers of a row."""
    return row[3:4] == ["..."] and len(row) == 7 and _are_numbers(row[:3] + row[4:])


def _has_names(rows: list[list[str]], columns: int) -> bool:
    """Whether the first line of a table holds the names of its columns."""
    if len(rows) < 2 or not len(rows[0]) == len(rows[1]) > columns:
        return False
    return not _are_numbers(rows[0]) and _are_numbers(rows[1])


def _are_numbers(words: list[str]) -> bool:
    try:
        for word in words:
            float(word)
    except ValueError:
        return False
    return True


def _of_numbers(rows: list[list[str]], shape: Shape) -> list[Levels]:
    pixels = shape[0] * shape[1]
    rows = _without_counts(rows, shape)
    lengths = {len(row) for row in rows}
    if lengths == {pixels + 1}:  # a table: the label, then the pixels
        rows = [row[1:] for row in rows]
    numbers = np.array([float(word) for row in rows for word in row])
    count = len(numbers) // pixels
    if len(numbers) % pixels or not count:
        raise DataError(_why_not(rows, len(numbers), shape))
    if not np.isfinite(numbers).all():
        raise DataError("a pixel is not a number")
    for extreme in (numbers.min(), numbers.max()):
        if not 0 <= extreme <= 255:
            raise DataError(f"pixel {extreme:g}, expected 0 to 255 or 0 to 1")
    images = numbers.reshape(count, *shape).astype(np.float32)
    return [image * 255 if image.max() <= 1 else image for image in images]


def _without_counts(rows: list[list[str]], shape: Shape) -> list[list[str]]:
    """The rows without the numbers of columns and of rows that pandas writes around a table.

    A row of the table is one of an image, or a whole image.
    """
    height, width = shape
    of_rows = len(rows) % height == 1 and rows[0] == [str(at) for at in range(width)]
    if of_rows or rows[0] == [str(at) for at in range(height * width)]:
        rows = rows[1:]
    if all(row[0] == str(at) and len(row) == width + 1 for at, row in enumerate(rows)):
        rows = [row[1:] for row in rows]
    return rows


def _grid(shape: Shape) -> str:
    return f"a grid of {shape[0]} lines of {shape[1]}"


def _why_not(rows: list[list[str]], total: int, shape: Shape) -> str:
    """What is wrong with a number of numbers that makes no whole image."""
    columns = shape[1]
    for number, row in enumerate(rows, 1):
        if len(row) != columns and len(rows) > 1:
            return f"line {number} has {len(row)} numbers, expected {_grid(shape)} numbers"
    if len(rows) > 1:
        return f"{len(rows)} lines of {columns} numbers, expected {_grid(shape)} numbers"
    return f"{total} numbers, expected {shape[0] * columns} or {_grid(shape)} numbers"


def _of_characters(lines: list[str], shape: Shape) -> list[Levels]:
    rows = shape[0]
    while len(lines) > rows and not lines[0]:
        lines = lines[1:]
    while lines and len(lines) > rows and not lines[-1]:
        lines = lines[:-1]
    if len(lines) > rows:  # several images, with or without empty lines between
        filled = [line for line in lines if line]
        if len(filled) % rows:
            raise DataError(f"{len(lines)} lines, expected {_grid(shape)} pixels")
        parts = [filled[start : start + rows] for start in range(0, len(filled), rows)]
        return [_image(part, shape) for part in parts]
    if not any(lines):
        raise DataError(f"blank: {len(lines)} lines, expected {_grid(shape)} pixels with a digit")
    return [_image(lines, shape)]


def _image(lines: list[str], shape: Shape) -> Levels:
    rows, columns = shape
    for number, line in enumerate(lines, 1):
        if len(line) > columns:
            raise DataError(
                f"line {number} is neither {columns} numbers from 0 to 255"
                f" nor at most {columns} characters"
            )
    padded = [line.ljust(columns) for line in lines] + [" " * columns] * (rows - len(lines))
    border = {*lines[0].ljust(columns), *lines[-1].ljust(columns)}
    border |= {line[at] for line in padded[: len(lines)] for at in (0, -1)}
    background = border | {" "} if len(border) == 1 else _BACKGROUND
    image = np.array(
        [[0 if character in background else 255 for character in line] for line in padded],
        np.float32,
    )
    inked = int(image.any(axis=1).sum())
    if 0 < inked < rows // 5:  # a line of ordinary text
        raise DataError(
            f"ink in {inked} of {rows} lines, too few for a digit, expected {_grid(shape)} pixels"
        )
    return image
