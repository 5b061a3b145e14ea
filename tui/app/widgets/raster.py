"""Pictures as characters: pure functions from arrays to lines of a given size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.legend import role_style
from tui.app.widgets.strips import PLAIN
from tui.system.terminal import ColorMode

Image: TypeAlias = NDArray[Any]
"""A picture: uint8 with 0 to 255, or floating point with 0 to 1. 0 is background."""
Mode = Literal["ascii", "half", "braille"]
"""Characters by brightness, half blocks in shades of grey, or braille dots."""
MODES: tuple[Mode, ...] = get_args(Mode)

RAMP = " .:-=+*#%@"
POSITIVE = " .:+#"
NEGATIVE = " '-=%"

GREYS = 16
"""Shades of grey in half blocks: few, so that neighbours are equal and take few bytes."""
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def resample(image: Image, width: int, height: int) -> NDArray[np.float64]:
    """The image at another size by averaging over areas, as floats with 0..1 for uint8 input.

    Returns:
        (height, width); each value is the mean of the part of the image that its cell covers.
    """
    values = np.asarray(image, dtype=np.float64)
    if np.asarray(image).dtype == np.uint8:
        values = values / 255
    rows, columns = values.shape
    averaged: NDArray[np.float64] = _coverage(rows, height) @ values @ _coverage(columns, width).T
    return averaged


@lru_cache(maxsize=64)
def _coverage(source: int, target: int) -> NDArray[np.float64]:
    """(target, source): which share of each target cell each source cell covers. Rows sum to 1."""
    edges = np.arange(target + 1)[:, None] * (source / max(target, 1))
    cells = np.arange(source)
    overlap = np.minimum(edges[1:], cells + 1) - np.maximum(edges[:-1], cells)
    overlap = np.maximum(overlap, 0)
    return np.asarray(overlap / overlap.sum(axis=1, keepdims=True))


def fitting(image: Image, width: int, height: int) -> tuple[int, int]:
    """The part of `width` x `height` cells that an image keeps its proportions in.

    A square image takes all of them, whatever their proportions are.
    """
    rows, columns = image.shape
    return (
        max(1, round(width * min(1.0, columns / rows))),
        max(1, round(height * min(1.0, rows / columns))),
    )


def _brightness(image: Image, width: int, height: int) -> NDArray[np.float64]:
    """`resample`, with every value within 0..1 and NaN as background."""
    image = np.nan_to_num(image, nan=0.0, posinf=1.0, neginf=0.0)
    # Values are clipped before they are averaged, because sums of huge numbers overflow.
    values = resample(image if image.dtype == np.uint8 else np.clip(image, 0, 1), width, height)
    return np.clip(values, 0, 1)


def render_ascii(image: Image, width: int = 28, height: int = 14) -> list[str]:
    """Lines of characters, denser where the image is brighter.

    A cell is about twice as high as wide: `width` = 2 `height` keeps a square image square.

    Args:
        image: See `Image`.
        width: Characters in a line.
        height: Lines.
    """
    return _lines(_ramp_cells(_brightness(image, width, height), RAMP))


def render_half_blocks(image: Image, width: int = 28, height: int = 14) -> list[str]:
    """Lines of ' ▀▄█', each character two pixels, lit if at least half bright."""
    lit = _brightness(image, width, 2 * height) >= 0.5
    return _lines(np.array([*" ▀▄█"])[lit[::2] + 2 * lit[1::2]])


def half_block_strips(image: Image, width: int = 28, height: int = 14) -> list[Strip]:
    """Half blocks in shades of grey, two pixels a cell."""
    shades = np.rint(_brightness(image, width, 2 * height) * (GREYS - 1)).astype(np.int64)
    cells = shades[::2] * GREYS + shades[1::2]
    return [
        Strip([_half_blocks(cell, len([*run])) for cell, run in groupby(row)], width)
        for row in cells.tolist()
    ]


@lru_cache(maxsize=1024)
def _half_blocks(cell: int, count: int) -> Segment:
    """A run of equal cells; a space is used if both halves are equal, which is half the bytes."""
    upper, lower = (f"#{3 * f'{255 * shade // (GREYS - 1):02x}'}" for shade in divmod(cell, GREYS))
    if upper == lower:
        return Segment(" " * count, Style(bgcolor=upper))
    return Segment("▀" * count, Style(color=upper, bgcolor=lower))


def render_braille(image: Image, width: int = 28, height: int = 14) -> list[str]:
    """Lines of braille, 2 x 4 dots a character, raised where the image is at least half bright."""
    values = _brightness(image, 2 * width, 4 * height)
    dots = (values >= 0.5).reshape(height, 4, width, 2)
    codes = np.einsum("hrwc,rc->hw", dots.astype(np.int64), _BRAILLE_BITS)
    # Some fonts do not draw an empty pattern as a blank.
    return ["".join(chr(0x2800 + code) if code else " " for code in row) for row in codes.tolist()]


def render_signed(image: Image, width: int = 28, height: int = 14) -> list[str]:
    """Lines of characters for values around zero, positive and negative ones sharing none.

    The largest magnitude after averaging is drawn densest.

    Args:
        image: (rows, columns) of any real values, such as the weights into one neuron.
        width: Characters in a line.
        height: Lines.
    """
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    # Averages of values next to the largest float overflow; those of values up to one do not.
    values = resample(values / (np.abs(values).max(initial=0.0) or 1.0), width, height)
    largest = np.abs(values).max(initial=0.0) or 1.0
    magnitude = np.clip(np.abs(values) / largest, 0, 1)
    positive, negative = (_ramp_cells(magnitude, ramp) for ramp in (POSITIVE, NEGATIVE))
    return _lines(np.where(values >= 0, positive, negative))


def signed_strips(lines: Sequence[str], colors: ColorMode) -> list[Strip]:
    """The lines of `render_signed` in two colours, one for each sign."""
    styles = {c: role_style("primary", colors) for c in POSITIVE[1:]}
    styles |= {c: role_style("secondary", colors) for c in NEGATIVE[1:]}
    strips = []
    for line in lines:
        style, segments = PLAIN, []
        for c in line:
            # A blank has no visible colour: it keeps the previous style, which sends no escape.
            style = styles.get(c, style)
            segments.append(Segment(c, style))
        strips.append(Strip(segments).simplify())
    return strips


def image_strips(
    image: Image, width: int, height: int, mode: Mode, colors: ColorMode = "full"
) -> list[Strip]:
    """The image as strips in one of the modes."""
    if mode == "half" and colors == "full":
        return half_block_strips(image, width, height)
    render = {"ascii": render_ascii, "half": render_half_blocks, "braille": render_braille}[mode]
    return [Strip([Segment(line)], width) for line in render(image, width, height)]


def _ramp_cells(values: NDArray[np.float64], ramp: str) -> NDArray[np.str_]:
    """The character for each value in 0..1, each of the ramp for an equal share of them."""
    index = np.minimum((values * len(ramp)).astype(np.int64), len(ramp) - 1)
    return np.array([*ramp])[index]


def _lines(cells: NDArray[np.str_]) -> list[str]:
    return ["".join(row) for row in cells.tolist()]
