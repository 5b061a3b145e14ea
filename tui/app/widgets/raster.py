"""Pictures as characters: pure functions from arrays to lines of a given size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.strips import PLAIN
from tui.app.widgets.tones import SHADES, Tones, tones
from tui.system.terminal import ColorMode, DrawingMode

Image: TypeAlias = NDArray[Any]
"""A picture: uint8 with 0 to 255, or floating point with 0 to 1. 0 is background."""
RAMP = " .:-=+*#%@"
"""Characters from paper to full ink."""
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_LIFT = 0.75
"""Power of the brightness of pictures made smaller, whose thin strokes averages leave dim."""
_FAINTEST, _GREYS = 4, 6
"""The shade of the faintest character, and how many shades characters have."""


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
    return lines_of(ramp_cells(_brightness(image, width, height), RAMP))


def render_half_blocks(image: Image, width: int = 28, height: int = 14) -> list[str]:
    """Lines of ' ▀▄█', each character two pixels, lit if at least half bright."""
    lit = _brightness(image, width, 2 * height) >= 0.5
    return lines_of(np.array([*" ▀▄█"])[lit[::2] + 2 * lit[1::2]])


def half_block_strips(image: Image, width: int = 28, height: int = 14) -> list[Strip]:
    """Half blocks in shades, two pixels a cell."""
    values = _brightness(image, width, 2 * height)
    if width < image.shape[1]:
        values **= _LIFT
    shades = np.rint(values * (SHADES - 1)).astype(np.int64)
    return halves(shades, [tones().shade(step) for step in range(SHADES)])


def halves(steps: NDArray[np.int64], colours: Sequence[str]) -> list[Strip]:
    """Two rows of steps a line, the upper one in the foreground, the lower one in the background.

    Args:
        steps: (rows, columns), an even number of rows, each an index of `colours`.
        colours: What each step looks like.
    """
    cells = steps[::2] * len(colours) + steps[1::2]
    strips = []
    for row in cells.tolist():
        segments = []
        for cell, run in groupby(row):
            upper, lower = divmod(cell, len(colours))
            segments.append(half_blocks(colours[upper], colours[lower], len([*run])))
        strips.append(Strip(segments, len(row)))
    return strips


@lru_cache(maxsize=4096)
def half_blocks(upper: str, lower: str, count: int = 1) -> Segment:
    """A run of equal cells; a space is used if both halves are equal, which is half the bytes."""
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


def image_strips(
    image: Image, width: int, height: int, mode: DrawingMode, colors: ColorMode = "full"
) -> list[Strip]:
    """The image as strips in one of the modes, its brightness told by colour too."""
    if mode == "half" and colors == "full":
        return half_block_strips(image, width, height)
    render = {"ascii": render_ascii, "half": render_half_blocks, "braille": render_braille}[mode]
    # Of a cell of several pixels the brightest decides, or thin lines would be dim.
    fine = _brightness(image, 2 * width, 2 * height).reshape(height, 2, width, 2)
    levels = ink_levels(fine.max(axis=(1, 3)), colors)
    styles = ink_styles(colors)
    return [
        inked(line, row, styles)
        for line, row in zip(render(image, width, height), levels.tolist(), strict=True)
    ]


def ink_levels(brightness: NDArray[np.float64], colors: ColorMode) -> NDArray[np.int64]:
    """Which of `ink_styles` a character of this brightness, 0 to 1, has."""
    count = {"full": _GREYS, "16": 3, "none": 2}[colors]
    levels: NDArray[np.int64] = np.minimum((brightness * count).astype(np.int64), count - 1)
    return levels


def ink_styles(colors: ColorMode) -> tuple[Style, ...]:
    """The styles of characters from faint to bright: shades, standard colours, or bold."""
    return _ink_styles(colors, tones())


@lru_cache(maxsize=64)
def _ink_styles(colors: ColorMode, tones: Tones) -> tuple[Style, ...]:
    if colors == "none":
        return PLAIN, Style(bold=True)
    if colors == "16":  # The background may be any; only the terminal's own ink is seen on it.
        return Style(color="bright_black"), PLAIN, Style(bold=True)
    steps = np.linspace(_FAINTEST, SHADES - 1, _GREYS).round().astype(int).tolist()
    return tuple(Style(color=tones.shade(step), bgcolor=tones.shade(0)) for step in steps)


def inked(line: str, levels: Sequence[int], styles: Sequence[Style]) -> Strip:
    """The characters of a line in the styles of their levels.

    A blank has no visible colour: it keeps the style before it, which sends no escape sequence.
    """
    segments: list[Segment] = []
    start, style = 0, styles[0]
    for at, (character, level) in enumerate(zip(line, levels, strict=True)):
        if character != " " and styles[level] is not style:
            segments.append(Segment(line[start:at], style))
            start, style = at, styles[level]
    segments.append(Segment(line[start:], style))
    return Strip((segment for segment in segments if segment.text), len(line))


def ramp_cells(values: NDArray[np.float64], ramp: str) -> NDArray[np.str_]:
    """The character for each value in 0..1, each of the ramp for an equal share of them."""
    index = np.minimum((values * len(ramp)).astype(np.int64), len(ramp) - 1)
    return np.array([*ramp])[index]


def lines_of(cells: NDArray[np.str_]) -> list[str]:
    return ["".join(row) for row in cells.tolist()]
