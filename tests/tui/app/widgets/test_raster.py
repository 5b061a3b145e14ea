"""Digits and weights as characters: of the size asked for, brightness and signs told apart."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from tests.support.tiny_data import ring
from tui.app.widgets.colors import DARK, LIGHT, role_color, use_palette
from tui.app.widgets.raster import (
    RAMP,
    Image,
    half_block_strips,
    image_strips,
    render_ascii,
    render_braille,
    render_half_blocks,
    resample,
)
from tui.app.widgets.signed import (
    NEGATIVE,
    POSITIVE,
    diverging_strips,
    render_signed,
    scale_strip,
    signed_strips,
)
from tui.app.widgets.tones import tones
from tui.system.terminal import ColorMode, DrawingMode, Terminal

BYTES = nps.arrays(np.uint8, (28, 28))
FRACTIONS = nps.arrays(np.float64, (28, 28), elements=st.floats(0, 1))
ANYTHING = nps.arrays(np.float64, (28, 28), elements=st.floats())
WIDTHS, HEIGHTS = st.integers(1, 70), st.integers(1, 40)
Renderer = Callable[[Image, int, int], list[str]]
RENDERERS: list[Renderer] = [render_ascii, render_half_blocks, render_braille, render_signed]


def level(character: str, ramp: str = RAMP) -> int:
    return ramp.index(character)


def dots(lines: list[str]) -> int:
    return sum((ord(c) - 0x2800).bit_count() for line in lines for c in line if c != " ")


@pytest.mark.parametrize("render", RENDERERS)
@example(image=np.full((28, 28), np.finfo(np.float64).max), width=1, height=5)
@given(image=BYTES | FRACTIONS | ANYTHING, width=WIDTHS, height=HEIGHTS)
def test_lines_have_exactly_the_size_asked_for(
    render: Renderer, image: Image, width: int, height: int
) -> None:
    lines = render(image, width, height)
    assert [len(line) for line in lines] == [width] * height


@given(BYTES, WIDTHS, HEIGHTS)
def test_strips_have_exactly_the_size_asked_for(image: Image, width: int, height: int) -> None:
    strips = half_block_strips(image, width, height)
    assert [(len(s.text), s.cell_length) for s in strips] == [(width, width)] * height


@given(FRACTIONS, FRACTIONS, WIDTHS, HEIGHTS)
def test_brighter_never_looks_lighter(a: Image, b: Image, width: int, height: int) -> None:
    dark, bright = np.minimum(a, b), np.maximum(a, b)
    for lighter, denser in zip(
        "".join(render_ascii(dark, width, height)),
        "".join(render_ascii(bright, width, height)),
        strict=True,
    ):
        assert level(lighter) <= level(denser)
    low, high = (render_braille(image, width, height) for image in (dark, bright))
    assert dots(low) <= dots(high)


def test_black_is_blank_and_white_is_full() -> None:
    black, white = np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)
    for render, full in [(render_ascii, "@"), (render_half_blocks, "█"), (render_braille, "⣿")]:
        assert set("".join(render(black, 28, 14))) == {" "}
        assert set("".join(render(white, 28, 14))) == {full}


@given(BYTES)
def test_bytes_and_fractions_look_the_same(image: Image) -> None:
    assert render_ascii(image) == render_ascii(image / 255)


@given(FRACTIONS, WIDTHS, HEIGHTS)
def test_resampling_keeps_the_mean_brightness(image: Image, width: int, height: int) -> None:
    resampled = resample(image, width, height)
    assert resampled.mean() == pytest.approx(image.mean(), abs=1e-9)
    assert resampled.min() >= image.min() - 1e-9
    assert resampled.max() <= image.max() + 1e-9


def test_resampling_averages_areas() -> None:
    image = np.arange(16.0).reshape(4, 4)
    assert resample(image, 2, 2).tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert resample(image, 8, 8)[::2, ::2].tolist() == image.tolist()


def test_half_blocks_put_the_upper_pixel_up() -> None:
    image = np.zeros((28, 28))
    image[0, 0] = image[1, 1] = image[2, 2] = image[3, 2] = 1
    lines = render_half_blocks(image, 28, 14)
    assert lines[0][:3] == "▀▄ "
    assert lines[1][:3] == "  █"
    top = half_block_strips(image, 28, 14)[0]
    styles = [segment.style for segment in top for _ in segment.text]
    assert styles[0] is not None
    assert styles[0].color is not None
    assert styles[0].bgcolor is not None
    assert (styles[0].color.name, styles[0].bgcolor.name) == ("#ffffff", "#000000")


def test_braille_dots_are_where_the_pixels_are() -> None:
    image = np.zeros((8, 4))
    image[0, 0] = image[3, 1] = image[6, 2] = 1
    assert render_braille(image, 2, 2) == ["⢁ ", " ⠄"]


@given(nps.arrays(np.float64, (28, 28), elements=st.floats(-3, 3)))
def test_signs_share_no_character(weights: Image) -> None:
    assert set(POSITIVE[1:]).isdisjoint(NEGATIVE[1:])
    upright, flipped = render_signed(weights, 28, 28), render_signed(-weights, 28, 28)
    for value, character, opposite in zip(
        weights.ravel(), "".join(upright), "".join(flipped), strict=True
    ):
        ramp, other = (POSITIVE, NEGATIVE) if value >= 0 else (NEGATIVE, POSITIVE)
        assert level(character, ramp) == level(opposite, other)


def test_negative_values_have_characters_and_a_colour_of_their_own() -> None:
    weights = np.full((28, 28), -0.1)
    assert set("".join(render_signed(weights))) == {"%"}
    strips = signed_strips(render_signed(weights), "none")
    assert all(not segment.style for strip in strips for segment in strip)
    assert all(segment.style for strip in signed_strips(["#%"], "16") for segment in strip)


def test_shades_need_full_colour() -> None:
    half = image_strips(ring(), 28, 14, "half", "full")
    assert any(segment.style for strip in half for segment in strip)
    few: list[ColorMode] = ["16", "none"]
    for colors in few:
        plain = image_strips(ring(), 28, 14, "half", colors)
        assert {"█", "▀", "▄"} <= set("".join(strip.text for strip in plain))
        styles = [segment.style for strip in plain for segment in strip if segment.style]
        assert not any(style.bgcolor or (style.color and colors == "none") for style in styles)


MODES: list[DrawingMode] = ["ascii", "half", "braille"]


@pytest.mark.parametrize("mode", MODES)
def test_brightness_is_told_by_shades_too(mode: DrawingMode) -> None:
    """In every mode a brighter area is nearer to the ink, on a dark and on a light theme."""

    def lightness(level: float) -> float:
        strip = image_strips(np.full((28, 28), level), 28, 14, mode)[0]
        (segment,) = strip
        assert segment.style is not None
        seen = segment.style.bgcolor if mode == "half" else segment.style.color
        assert seen is not None
        return float(sum(seen.get_truecolor()))

    levels = (0.5, 0.7, 0.99)
    for palette, rising in ((DARK, True), (LIGHT, False)):
        use_palette(palette)
        try:
            seen = [lightness(level) for level in levels]
        finally:
            use_palette(DARK)
        assert seen == sorted(seen, reverse=not rising)
        assert len({*seen}) == 3


def test_bright_characters_are_bold_where_there_are_no_colours() -> None:
    for level, bold in ((0.2, False), (0.9, True)):
        (segment,) = image_strips(np.full((28, 28), level), 28, 14, "ascii", "none")[0]
        assert bool(segment.style and segment.style.bold) is bold


def test_signs_have_colours_of_their_own() -> None:
    values = np.array([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
    (strip,) = diverging_strips(values, 3, 1)
    colours = [segment.style.bgcolor for segment in strip if segment.style]
    assert [colour.name for colour in colours if colour] == [
        role_color("negative"), tones().paper, role_color("positive"),
    ]  # fmt: skip
    legends = {
        scale_strip(0.82, Terminal(ascii_only, colors), shaded=shaded).text
        for ascii_only in (False, True)
        for colors in ("none", "full")
        for shaded in (False, True)
    }
    assert all(text.startswith("-0.82") and text.endswith("+0.82") for text in legends)
    assert any(NEGATIVE[:0:-1] in text and POSITIVE[1:] in text for text in legends)


def test_scale_of_nan_weights_is_blank() -> None:
    assert set("".join(render_signed(np.full((28, 28), math.nan)))) == {" "}
