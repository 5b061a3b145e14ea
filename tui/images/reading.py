"""A picture or text grid read into the digits that are written in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from nn.data.preprocessing import Preprocessor
from nn.errors import DataError, reason_of
from nn.spec import MNIST, DataSpec
from nn.storage.files import read_at_most
from tui.images.boxes import Box
from tui.images.components import Levels, Mask
from tui.images.field import Pixels, field_of_ink, mnist_field, thickened
from tui.images.files import NotAPictureError, is_animation, levels_of_file, places_of_pages
from tui.images.grids import grids_of_text
from tui.images.resizing import fitted, paper_of, smoothly_enlarged
from tui.images.segmentation import WORKING, find_ink, ink_of_digit, noise_level, reduced, smoothed

MAX_BYTES = 500_000_000  # of a file or of standard input; more is no picture of digits
_SMALL = 60  # pixels of the working size; a smaller digit is looked at again, enlarged
_ANIMATION = "an animation, of which only the first picture is read"
_MOST_DIGITS = 200  # on one page
# Share of its box in MNIST's size that a digit wider than a 1 leaves bare. Blank pages whose grain
# or lines are taken for ink leave nothing; digits 20 pixels tall in a large photograph leave 7%.
# What is hardly grey is bare: between the strokes of a blurred scan no pixel is quite black.
# This level is of the image that was drawn, where averages have made grain pale, and not `FAINT`,
# which is of the picture. Ink that is everywhere leaves no paper to compare its outline with, as
# `segmentation.py` does, so that this measure is needed as well.
_LEAST_BARE, _WIDER_THAN_A_ONE, _BARE = 0.03, 8, 16


@dataclass(frozen=True, slots=True)
class Form:
    """The images that a network takes.

    Where they are `centred`, as MNIST's are, digits are found in a picture and drawn as MNIST has
    them. Otherwise the whole picture is one image of `shape`. `bright_paper` states that dark ink
    stands on bright paper.
    """

    shape: tuple[int, int] = MNIST.shape
    centred: bool = True
    bright_paper: bool = False

    @classmethod
    def of(cls, spec: DataSpec, preprocessor: Preprocessor) -> Form:
        """The form of the images that a network was trained on."""
        centred = preprocessor.centred and spec.shape == MNIST.shape
        return cls(spec.shape, centred, preprocessor.bright_paper)


@dataclass(frozen=True, slots=True, eq=False)
class Digit:
    """One digit: its pixels as the network takes them, and where it is in the picture.

    `ink` are the shares of ink, from 0 to 1, that the pixels were made of, where they are known.
    `wholeness` is the probability that they are one whole digit, where it was looked at
    (`tui.images.splitting`).
    """

    field: Pixels
    box: Box
    ink: Levels | None = None
    wholeness: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A picture as it was read: its grey levels, where ink was found, and the digits in order."""

    levels: Levels
    ink: Mask
    digits: list[Digit]
    shape: tuple[int, int] = MNIST.shape


@dataclass(frozen=True, slots=True)
class Page:
    """A picture of a file, which is read when that is asked for.

    `number`, from 1 on, is that of the page in a file of several, and otherwise None. `remark` says
    what of the file is not read.
    """

    file: str
    content: bytes
    place: int = 0
    number: int | None = None
    remark: str = ""

    @property
    def name(self) -> str:
        """The file, and the page where it has several."""
        return f"{self.file} page {self.number}" if self.number else self.file

    def read(self, form: Form = Form()) -> list[Reading]:
        """What is on the page, several readings of several text grids; raises `DataError`."""
        return read_content(self.content, form, self.place)


def pages_of_file(path: Path) -> list[Page]:
    """The pages of a file, of which only a TIFF may have several; raises `DataError`."""
    try:
        with path.open("rb") as file:
            content = read_at_most(file, MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: {reason_of(error)}") from error
    return pages_of_content(content, str(path))


def pages_of_content(content: bytes, file: str) -> list[Page]:
    """The pages in the content of a file of that name; one that cannot be read has one page."""
    try:
        places = places_of_pages(BytesIO(content))
        remark = _ANIMATION if is_animation(BytesIO(content)) else ""
    except DataError:
        return [Page(file, content)]
    if len(places) == 1:
        return [Page(file, content, places[0], remark=remark)]
    return [Page(file, content, place, number) for number, place in enumerate(places, start=1)]


def read_content(content: bytes, form: Form = Form(), place: int = 0) -> list[Reading]:
    """The pictures in the content of a file: a picture by its first bytes, or else a text grid.

    `place` is that of a page (`Page`). A text grid may hold several pictures.
    """
    if len(content) > MAX_BYTES:
        raise DataError(f"more than {MAX_BYTES // 10**6} MB")
    try:
        levels, scale = levels_of_file(BytesIO(content), place)
    except NotAPictureError as error:
        try:
            grids = grids_of_text(content, form.shape)
        except UnicodeDecodeError:
            is_array = content.startswith(b"\x93NUMPY")
            remedy = "a file of NumPy's; np.savetxt writes a text grid"
            raise DataError(remedy if is_array else str(error)) from None
        return [_read_grid(grid, form) for grid in grids]
    if not form.centred:
        return [_whole(levels, form)]
    reading = read_levels(levels, scale)
    return [_on_bright_paper(reading) if form.bright_paper else reading]


def read_levels(levels: Levels, scale: float = 1.0) -> Reading:
    """The digits in grey levels from 0 to 255; raises `DataError` where there are none.

    The boxes are those of the picture that `levels` are a reduction of by `scale`.
    """
    shape = levels.shape
    levels = smoothly_enlarged(np.ascontiguousarray(levels, np.float32))
    scale *= max(shape) / max(levels.shape)
    found = _digits(levels)
    if len(found) > _MOST_DIGITS:
        raise DataError(f"{len(found)} pieces of ink, too many for a page of digits")
    ink = np.zeros(levels.shape, np.bool_)
    digits = []
    for share, box in found:
        field = field_of_ink(thickened(share))
        if _is_solid(field):
            continue
        ink[box.rows, box.columns] |= share > 0.5
        digits.append(Digit(field, box.scaled(scale), share))
    if not digits:
        raise DataError("blank: there is no digit to see")
    return Reading(levels, ink, digits)


def _is_solid(field: Pixels) -> bool:
    """Whether the ink fills its box, as the grain and the lines of a blank page do."""
    image = field.reshape(MNIST.shape) > _BARE
    if not image.any():
        return False
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return min(box.shape) >= _WIDER_THAN_A_ONE and bool(box.mean() > 1 - _LEAST_BARE)


def field_of_board(levels: npt.NDArray[Any], form: Form = Form()) -> Pixels:
    """The pixels of an image for a drawing in bright ink on black; raises `DataError` if blank."""
    if not levels.any():
        raise DataError("blank: there is no digit to see")
    field = mnist_field(levels) if form.centred else levels.astype(np.uint8).ravel()
    return 255 - field if form.bright_paper else field


def _read_grid(levels: Levels, form: Form) -> Reading:
    """A text grid is a picture without noise or shadows, on paper of level 0 or 255."""
    if not form.centred:
        return _whole(levels, form)
    field = mnist_field(levels)
    ink = abs(levels - levels[0, 0]) > 127
    reading = Reading(levels, ink, [Digit(field, Box(0, 0, *levels.shape))])
    return _on_bright_paper(reading) if form.bright_paper else reading


def _on_bright_paper(reading: Reading) -> Reading:
    digits = [replace(digit, field=255 - digit.field) for digit in reading.digits]
    return replace(reading, digits=digits)


def _whole(levels: Levels, form: Form) -> Reading:
    """The whole picture as one image: of the right size as it is, others fitted into that size.

    Another picture whose paper is not as bright or dark as that of the training images is inverted.
    """
    pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    if pixels.shape != form.shape:
        if (paper_of(pixels) > 127) != form.bright_paper:
            pixels = 255 - pixels
        pixels = fitted(pixels, form.shape)
    digit = Digit(pixels.ravel(), Box(0, 0, *levels.shape))
    return Reading(levels, levels > 127, [digit], form.shape)


def _digits(levels: Levels, expected: Box | None = None) -> list[tuple[Levels, Box]]:
    """The ink and the box of each digit.

    With `expected`, a box in `levels`, only the digit that shares most of that box is meant.
    """
    quiet = _without_noise(levels)
    work = reduced(quiet, WORKING)
    ink = find_ink(work)
    if ink is None:
        return []
    scale = max(levels.shape) / max(work.shape)
    if expected is not None:
        shared = [box.scaled(scale).shared_with(expected) for box in ink.boxes]
        best = int(np.argmax(shared))
        return [ink_of_digit(quiet, ink, ink.digits[best], ink.boxes[best])]
    found = []
    for digit, box in zip(ink.digits, ink.boxes, strict=True):
        closer = None
        if scale > 1 and max(box.height, box.width) < _SMALL:
            closer = _enlarged(levels, box.scaled(scale))
        found.append(closer or ink_of_digit(quiet, ink, digit, box))
    return found


def _enlarged(levels: Levels, box: Box) -> tuple[Levels, Box] | None:
    """A digit that is small in its picture, found once more in its surroundings alone."""
    margin = max(box.height, box.width)
    top, left = max(0, box.top - margin), max(0, box.left - margin)
    part = levels[top : box.bottom + margin, left : box.right + margin]
    found = _digits(part, box.moved(-top, -left))
    if not found or found[0][1].moved(top, left).shared_with(box) < 0.5 * box.area:
        return None
    return found[0][0], found[0][1].moved(top, left)


def _without_noise(levels: Levels) -> Levels:
    """Levels smoothed by as much as they are noisy; single odd pixels give way to their median."""
    if _is_speckled(levels):
        image = Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))
        levels = np.asarray(image.filter(ImageFilter.MedianFilter(3)), np.float32)
    noise = noise_level(levels)
    if noise <= 3 or min(levels.shape) < 60:
        return levels
    return smoothed(levels, 2 if noise < 15 else 6)


def _is_speckled(levels: Levels) -> bool:
    """Whether more than one pixel in 300 stands out from all four around it."""
    if min(levels.shape) < 100:  # a stroke may be one pixel wide
        return False
    inner = levels[1:-1, 1:-1]
    around = (levels[:-2, 1:-1], levels[2:, 1:-1], levels[1:-1, :-2], levels[1:-1, 2:])
    low, high = np.minimum.reduce(around), np.maximum.reduce(around)
    alone = (inner > high + 60) | (inner < low - 60)
    return bool(alone.mean() > 1 / 300)
