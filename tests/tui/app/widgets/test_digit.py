"""Digits and weights as characters, and the widgets that show them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from tui.app.widgets.colors import DARK, LIGHT, role_color, use_palette
from tui.app.widgets.digit import ContactSheet, DigitView
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

pytestmark = pytest.mark.usefixtures("whole_frames")

BYTES = nps.arrays(np.uint8, (28, 28))
FRACTIONS = nps.arrays(np.float64, (28, 28), elements=st.floats(0, 1))
ANYTHING = nps.arrays(np.float64, (28, 28), elements=st.floats())
WIDTHS, HEIGHTS = st.integers(1, 70), st.integers(1, 40)
SIZES = [(40, 15), (80, 24), (120, 40)]
Renderer = Callable[[Image, int, int], list[str]]
RENDERERS: list[Renderer] = [render_ascii, render_half_blocks, render_braille, render_signed]


def ring() -> Image:
    """A zero, all pixels black or white."""
    y, x = np.mgrid[:28, :28] - 13.5
    radius = np.hypot(x, y)
    return np.where((radius > 6) & (radius < 11), 255, 0).astype(np.uint8)


def level(character: str, ramp: str = RAMP) -> int:
    return ramp.index(character)


def dots(lines: list[str]) -> int:
    return sum((ord(c) - 0x2800).bit_count() for line in lines for c in line if c != " ")


# Renderers


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


# Widgets


class DigitApp(App[None]):
    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_contact_sheet_selected(self, event: ContactSheet.Selected) -> None:
        self.chosen.append(event.index)


def shown(widget: DigitView | ContactSheet) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


@pytest.mark.parametrize("size", SIZES)
def test_digit_is_as_large_as_fits(size: tuple[int, int]) -> None:
    async def scenario() -> None:
        view = DigitView()
        async with DigitApp(view).run_test(size=size) as pilot:
            assert not "".join(shown(view)).strip()
            view.set_image(np.full((28, 28), 255, np.uint8))
            await pilot.pause()
            lines = shown(view)
            assert [len(line) for line in lines] == [size[0]] * size[1]
            height = min(size[1], size[0] // 2)
            inked = [line.strip() for line in lines if line.strip()]
            assert inked == ["@" * (2 * height)] * height
            left = lines[size[1] // 2].index("@")
            assert abs(size[0] - 2 * left - 2 * height) <= 1, "centred"
            await pilot.resize_terminal(30, 9)
            await pilot.pause()
            assert "@" * 18 in shown(view)[4]

    asyncio.run(scenario())


def test_modes() -> None:
    async def scenario() -> None:
        view = DigitView(Terminal(False, "none"))
        async with DigitApp(view).run_test(size=(80, 24)) as pilot:
            view.set_image(ring())
            drawn: list[tuple[DrawingMode, str]] = [
                ("half", "█▀▄"),
                ("braille", "⣿"),
                ("ascii", "@"),
            ]
            for mode, characters in drawn:
                view.mode = mode
                await pilot.pause()
                assert set(characters) <= set("".join(shown(view)))
            view.mode, view.terminal = "half", Terminal(True, "none")
            view.redraw()
            assert "".join(shown(view)).isascii()
            view.set_image(np.linspace(-1, 1, 784).reshape(28, 28), signed=True)
            assert {"#", "%"} <= set("".join(shown(view)))
            with pytest.raises(ValueError, match="mode is 'oil'"):
                view.mode = "oil"  # type: ignore[assignment]

    asyncio.run(scenario())


class RecordingView(DigitView):
    def __init__(self) -> None:
        super().__init__()
        self.painted: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)


def test_only_changed_lines_are_painted() -> None:
    async def scenario() -> None:
        view = RecordingView()
        async with DigitApp(view).run_test(size=(56, 28)) as pilot:
            image = ring()
            view.set_image(image)
            await pilot.pause()
            view.painted.clear()
            view.set_image(image.copy())
            await pilot.pause()
            assert view.painted == []
            view.set_image(np.where(np.arange(28)[:, None] == 13, 255, image))
            await pilot.pause()
            assert view.painted == [13]

    asyncio.run(scenario())


def sheet_of(count: int) -> ContactSheet:
    sheet = ContactSheet()
    captions = [f"{i % 10}, not {(i + 1) % 10}" for i in range(count)]
    sheet.set_items([ring()] * count, captions, [i % 3 == 0 for i in range(count)])
    return sheet


@pytest.mark.parametrize(
    ("size", "columns", "rows"), [(SIZES[0], 2, 1), (SIZES[1], 5, 3), (SIZES[2], 8, 5)]
)
def test_sheet_holds_as_many_as_fit(size: tuple[int, int], columns: int, rows: int) -> None:
    async def scenario() -> None:
        sheet = sheet_of(100)
        async with DigitApp(sheet).run_test(size=size):
            assert (sheet.columns, sheet.page_size) == (columns, columns * rows)
            lines = shown(sheet)
            assert [len(line) for line in lines] == [size[0]] * size[1]
            assert sum(line.count("not") for line in lines) == columns * rows

    asyncio.run(scenario())


def test_sheet_marks_mistakes_and_the_selection_without_colour() -> None:
    async def scenario() -> None:
        sheet = sheet_of(4)
        async with DigitApp(sheet).run_test(size=(80, 24)) as pilot:
            assert shown(sheet)[7].rstrip() == (
                ">!0, not 1        1, not 2        2, not 3       !3, not 4"
            )
            sheet.selected = 1
            await pilot.pause()
            assert shown(sheet)[7].startswith(" !0, not 1      > 1, not 2 ")
            caption = [s for s in sheet.render_line(7) if s.text.strip().startswith("> 1")]
            assert caption[0].style is not None
            assert caption[0].style.reverse

    asyncio.run(scenario())


def test_sheet_turns_pages_and_is_chosen_from() -> None:
    async def scenario() -> None:
        sheet = sheet_of(32)  # pages of 15: 0-14, 15-29, 30-31
        app = DigitApp(sheet)
        async with app.run_test(size=(80, 24)) as pilot:
            for by, expected in [
                ((-1, 0), 0), ((0, -1), 0), ((1, 0), 1), ((0, 1), 6), (1, 21), (1, 31),
                ((0, 1), 31), ((0, -1), 26), ((1, 0), 27), ((0, 1), 27), (-1, 12), (-1, 0),
            ]:  # fmt: skip
                sheet.move(*by) if isinstance(by, tuple) else sheet.turn(by)
                assert sheet.selected == expected, by
            await pilot.pause()
            await pilot.click(sheet, offset=(16, 2))
            assert (app.chosen, sheet.selected) == ([1], 1)
            await pilot.click(sheet, offset=(14, 2))  # the gap
            sheet.selected = 20
            await pilot.pause()
            assert shown(sheet)[7].startswith(" !5, not 6")  # item 15
            await pilot.click(sheet, offset=(0, 10))
            assert (app.chosen, sheet.selected) == ([1, 20], 20)
            sheet.selected = 31
            await pilot.pause()
            await pilot.click(sheet, offset=(40, 2))  # beyond the last
            assert (app.chosen, sheet.selected) == ([1, 20], 31)

    asyncio.run(scenario())


def test_sheet_survives_fewer_items() -> None:
    async def scenario() -> None:
        sheet = sheet_of(40)
        app = DigitApp(sheet)
        async with app.run_test(size=(80, 24)) as pilot:
            sheet.selected = 99
            assert sheet.selected == 39
            sheet.set_items([ring()], ["7"], [False])
            assert sheet.selected == 0
            assert "7" in shown(sheet)[7]
            sheet.set_items([], [], [])
            await pilot.click(sheet, offset=(1, 1))
            assert app.chosen == []
            assert not "".join(shown(sheet)).strip()

    asyncio.run(scenario())


def test_sheet_wants_equally_many_of_each() -> None:
    with pytest.raises(ValueError, match="1 images, 2 captions and 0 flags"):
        ContactSheet().set_items([ring()], ["a", "b"], [])


def test_scale_of_nan_weights_is_blank() -> None:
    assert set("".join(render_signed(np.full((28, 28), math.nan)))) == {" "}
