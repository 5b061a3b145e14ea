"""Labelled images in CSV files: an image a line, its label and then its pixels.

Columns are separated by commas, semicolons, tabs or blanks. A first line of names is known by its
first column; in it, `label` may name another column than the first, and the last name may give the
size of the images, such as 20x12 for 20 rows of 12 pixels.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from nn.arrays import Array
from nn.data.classes import NAMES_FILE
from nn.data.samples import MAX_BYTES, MAX_LABEL, Samples, as_bytes, square
from nn.errors import DataError, reason_of

_GZIP_MAGIC = b"\x1f\x8b"
_BLOCK = 2000  # lines that are held as text at a time
_LONGEST_LINE = 2**21  # characters
_LABEL_NAMES = ("label", "class", "target", "y", "labels")
_SIZE = re.compile(r"\D*([0-9]{1,4})[x_]([0-9]{1,4})")


@dataclass(frozen=True)
class _Form:
    """How the lines of a file are to be read."""

    delimiter: str | None
    columns: int
    label: int
    shape: tuple[int, int]
    header: bool


def is_table(path: Path) -> bool:
    """Whether a file begins as a CSV of labelled images does; False for what cannot be read."""
    try:
        with _opened(path) as stream:
            return _form(path, _first_lines(path, stream)) is not None
    except DataError:
        return False


def has_labels(path: Path) -> bool:
    """Whether a table has a column for the labels: its other columns make an image, with it none.

    A file of images alone, such as Kaggle's `test.csv`, has not. Raises `DataError`.
    """
    with _opened(path) as stream:
        lines = _first_lines(path, stream)
    if not lines:
        raise DataError(f"{path}: holds no images")
    words = _split(lines[0])
    if any(word.strip(' "').lower() in _LABEL_NAMES for word in words):
        return True
    return not _is_square(len(words)) or _is_square(len(words) - 1)


def read_table(path: Path) -> Samples:
    """The images of a file, plain or gzip, read a few thousand lines at a time.

    Raises `DataError` that names the line at fault.
    """
    with _opened(path) as stream:
        form = _form(path, _first_lines(path, stream))
        if form is None:
            raise DataError(f"{path}: not a table: expected a label and pixels in each line")
        stream.seek(0)
        blocks, labels = [], []
        for numbers, lines in _blocks(stream, form):
            values = _values(path, lines, numbers, form)
            label = values[:, form.label]
            wrong = np.flatnonzero((label != np.rint(label)) | (abs(label) > MAX_LABEL))
            if len(wrong):
                text = _split(lines[wrong[0]], form)[form.label]
                at = numbers[wrong[0]]
                raise DataError(f"{path}: line {at}: label {text}, expected a whole number")
            labels.append(label.astype(np.int64))
            blocks.append(_pixels(path, np.delete(values, form.label, axis=1), numbers))
            if sum(block.nbytes for block in blocks) > MAX_BYTES:
                raise DataError(f"{path}: more than the {MAX_BYTES:,} pixels allowed")
    if not blocks:
        raise DataError(f"{path}: holds no images")
    whole = np.concatenate(blocks)
    # Numbers from 0 to 1 are known by the whole file: a few dark images may hold nothing else.
    images = as_bytes(whole.reshape(len(whole), *form.shape))
    return Samples(images, np.concatenate(labels), str(path))


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The text of a file, plain or gzip; raises `DataError` for whatever keeps it from being read.

    That includes what is found while it is read.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if not packed:
                yield io.TextIOWrapper(file, encoding="utf-8-sig")
                return
            with gzip.open(file) as unpacked:
                yield io.TextIOWrapper(unpacked, encoding="utf-8-sig")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged gzip data: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: {reason_of(error)}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text") from error


def _first_lines(path: Path, stream: TextIO) -> list[str]:
    """The first two lines that are not empty."""
    lines: list[str] = []
    while len(lines) < 2 and (line := stream.readline(_LONGEST_LINE)):
        if len(line) == _LONGEST_LINE:
            raise DataError(
                f"{path}: no table of images: a line of over {_LONGEST_LINE:,} characters"
            )
        if line.strip():
            lines.append(line)
    return lines


def _form(path: Path, lines: list[str]) -> _Form | None:
    """The form of a table by its first two lines; None where it is none."""
    if not lines:
        return None
    delimiter = next((sign for sign in (",", ";", "\t") if sign in lines[0]), None)
    words = _split(lines[0])
    header = not _is_number(words[0]) and len(lines) > 1
    numbers = _split(lines[1] if header else lines[0])
    if len(numbers) < 3 or not all(map(_is_number, numbers[1:])):
        return None
    label = 0
    if header:
        names = [word.strip(' "').lower() for word in words]
        label = next((names.index(name) for name in _LABEL_NAMES if name in names), 0)
    columns = len(words)
    found = _SIZE.fullmatch(words[-1].strip(' "')) if header else None
    if found and int(found[1]) * int(found[2]) == columns - 1:
        shape = int(found[1]), int(found[2])
    else:
        try:
            shape = square(columns - 1)
        except ValueError as error:
            raise DataError(
                f"{path}: {columns} columns: a label and {error}; for other images than square"
                " ones, a first line of names has to end with their size, such as 20x12"
            ) from error
    return _Form(delimiter, columns, label, shape, header)


def _split(line: str, form: _Form | None = None) -> list[str]:
    if form is not None:
        return line.split(form.delimiter)
    delimiter = next((sign for sign in (",", ";", "\t") if sign in line), None)
    return line.strip().split(delimiter)


def _is_number(word: str) -> bool:
    try:
        float(word.strip(' "'))
    except ValueError:
        return False
    return True


def _is_square(count: int) -> bool:
    try:
        square(count)
    except ValueError:
        return False
    return True


def _blocks(lines: Iterator[str], form: _Form) -> Iterator[tuple[list[int], list[str]]]:
    """Lines of numbers in blocks, each line with its number; empty ones are left out."""
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    if form.header:
        next(numbered)
    while block := list(islice(numbered, _BLOCK)):
        yield [number for number, _ in block], [line for _, line in block]


def _values(path: Path, lines: list[str], numbers: list[int], form: _Form) -> Array:
    """The numbers of a block of lines, (lines, columns), as integers where they all are."""
    for dtype in (np.int64, np.float64):  # whole numbers are read eight times as fast
        try:
            values: Array = np.loadtxt(lines, dtype, None, form.delimiter, ndmin=2, quotechar='"')
            if values.shape[1] == form.columns:
                return values
        except ValueError:
            pass
    for at, line in zip(numbers, lines, strict=True):
        words = _split(line.strip(), form)
        if len(words) != form.columns:
            raise DataError(
                f"{path}: line {at}: {len(words)} columns, expected {form.columns}: a label and"
                f" {form.columns - 1} pixels"
            )
        for place, word in enumerate(words):
            if not _is_number(word):
                wanted = "a number from 0 to 255"
                if place == form.label:
                    wanted = f"a whole number; names of classes stand in a file {NAMES_FILE}"
                kind = "label" if place == form.label else "pixel"
                shown = word.strip()[:30]
                raise DataError(f"{path}: line {at}: {kind} {shown!r}, expected {wanted}")
    raise DataError(f"{path}: line {numbers[0]}: not a table of numbers")


def _pixels(path: Path, values: Array, numbers: list[int]) -> Array:
    """Pixels in the smallest type that holds them: bytes, or float32 where they are fractions."""
    outside = ~((values >= 0) & (values <= 255))
    if outside.any():
        line = int(np.flatnonzero(outside.any(axis=1))[0])
        wrong = values[line][outside[line]][0]
        raise DataError(f"{path}: line {numbers[line]}: pixel {wrong:g}, expected 0 to 255")
    pixels = values.astype(np.uint8)
    return pixels if (pixels == values).all() else values.astype(np.float32)
