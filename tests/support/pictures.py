"""What pictures of digits are drawn with, as people take and draw them, from the digits of MNIST.

`plain_conditions` and `hard_conditions` have about a hundred conditions. Each is a function of the
digit's coverage, an array (SIZE, SIZE) from 0 for paper to 1 for ink, and of a random generator. It
returns the content of a picture file. No condition asks for a file on disk, so that pictures can be
made anew wherever they are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Levels = npt.NDArray[np.float64]
Condition = Callable[[Levels, np.random.Generator], bytes]

SIZE = 400  # pixels a side of most pictures
# The place of each pixel from 0 to 1, down and across.
ROWS, COLUMNS = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1.0)


def coverage(digit: npt.NDArray[np.uint8], size: int = SIZE) -> Levels:
    """A digit of 28x28 enlarged smoothly, with edges as sharp as those of a pen."""
    image = Image.fromarray(digit.reshape(28, 28)).resize((size, size), Image.Resampling.BICUBIC)
    share = np.asarray(image, np.float64) / 255
    steep: Levels = np.clip((share - 0.5) * 4 + 0.5, 0, 1)
    return steep


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The content of a file of this kind."""
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def grey(levels: Levels) -> Image.Image:
    """Levels from 0 to 255 as an image, rounded and clipped."""
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def blend(ink: Levels, paper: Any = 255.0, pen: Any = 0.0) -> Levels:
    """Levels of a pen on paper, each a number, an array or a colour."""
    if any(np.ndim(level) in (1, 3) for level in (paper, pen)):
        ink = ink[..., None]  # colours
    mixed: Levels = np.asarray(paper, np.float64) * (1 - ink) + np.asarray(pen, np.float64) * ink
    return mixed


def placed(ink: Levels, size: tuple[int, int], box: tuple[int, int, int]) -> Levels:
    """The coverage reduced to `box` (top, left, side) in a picture of this height and width."""
    top, left, side = box
    small = Image.fromarray(ink.astype(np.float32)).resize((side, side), Image.Resampling.BOX)
    page = np.zeros(size)
    page[top : top + side, left : left + side] = np.asarray(small).clip(0, 1)
    return page


def transformed(ink: Levels, matrix: tuple[float, ...]) -> Levels:
    """The coverage under an affine map, about the centre."""
    a, b, c, d = matrix
    centre = SIZE / 2
    data = (a, b, centre - a * centre - b * centre, c, d, centre - c * centre - d * centre)
    image = Image.fromarray(ink.astype(np.float32))
    moved = image.transform((SIZE, SIZE), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    return np.asarray(moved, np.float64).clip(0, 1)


def rotated(ink: Levels, degrees: float) -> Levels:
    image = Image.fromarray(ink.astype(np.float32))
    return np.asarray(image.rotate(degrees, Image.Resampling.BILINEAR), np.float64).clip(0, 1)


def filtered(ink: Levels, chosen: Any) -> Levels:
    return np.asarray(grey(ink * 255).filter(chosen), np.float64) / 255


def thinned(ink: Levels, width: int) -> Levels:
    """Strokes eroded by `width` pixels, but never below their middle line."""
    previous = ink
    for _ in range(width // 4):
        eroded = filtered(previous, ImageFilter.MinFilter(5))
        opened = filtered(eroded, ImageFilter.MaxFilter(9))
        previous = np.maximum(eroded, np.where(opened < 0.5, previous, 0))
    return previous


def thickened(ink: Levels, width: int) -> Levels:
    for _ in range(width // 4):
        ink = filtered(ink, ImageFilter.MaxFilter(5))
    return ink


def texture(rng: np.random.Generator, scale: tuple[int, int], deviation: float) -> Levels:
    """Smooth random grain, `scale` lumps down and across."""
    lumps = rng.normal(0, deviation, scale).astype(np.float32)
    image = Image.fromarray(lumps).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float64)


def wood(rng: np.random.Generator, level: float = 95) -> Levels:
    """A desk of wood: grain along the columns."""
    return level + texture(rng, (6, 90), 14) + texture(rng, (SIZE, SIZE), 5)


def soft_shadow(rng: np.random.Generator, depth: float, blur: float) -> Levels:
    """Light, 1 outside and 1 - depth inside of a shadow that falls across the picture."""
    image = Image.new("L", (SIZE, SIZE), 255)
    corner = int(rng.integers(120, 280))
    ImageDraw.Draw(image).polygon(
        [(corner, 0), (SIZE, 0), (SIZE, SIZE), (corner - 80, SIZE)], fill=0
    )
    image = image.filter(ImageFilter.GaussianBlur(blur))
    return 1 - depth + depth * np.asarray(image, np.float64) / 255


def ruled(
    spacing: int = 60, width: int = 2, *, down: bool = False, slope: float = 0.0, start: int = 40
) -> npt.NDArray[np.bool_]:
    """Where the lines of ruled paper are; with `down`, of squared paper."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    lines: npt.NDArray[np.bool_] = (rows + slope * columns - start) % spacing < width
    return lines | ((columns - start) % spacing < width) if down else lines


def card(
    ink: Levels, desk: Any, *, tilt: float = 0.0, paper: float = 240, pen: float = 30
) -> Levels:
    """A card with the digit, lying on a desk."""
    side = 290
    shape = np.zeros((SIZE, SIZE))
    shape[55 : 55 + side, 50 : 50 + side] = 1
    small = placed(ink, (SIZE, SIZE), (60, 55, 280))
    if tilt:
        shape, small = rotated(shape, tilt), rotated(small, tilt)
    return blend(shape, desk, blend(small, paper, pen))


def seven(height: int = 60, width: int = 40, thickness: int = 6) -> Levels:
    """A large 7 of ink 255 on paper 0, without margins."""
    levels = np.zeros((height, width))
    levels[:thickness] = 255
    for row in range(height):
        right = width - round((width - thickness) * row / height)
        levels[row, right - thickness : right] = 255
    return levels


class Conditions(dict[str, Condition]):
    """Conditions by their names, in the order in which they are entered."""

    def enter(self, function: Condition) -> Condition:
        """Enter a function under its name."""
        self[function.__name__] = function
        return function

    def levels(self, name: str, make: Callable[[Levels, np.random.Generator], Levels]) -> None:
        """Enter a condition that makes levels, grey or colour."""
        self[name] = lambda ink, rng: encode(grey(make(ink, rng)))
