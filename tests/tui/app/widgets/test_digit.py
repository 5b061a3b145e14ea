"""The widgets that show a digit or a sheet of digits."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from tests.support.tiny_data import ring
from tui.app.widgets.digit import ContactSheet, DigitView
from tui.system.terminal import DrawingMode, Terminal

pytestmark = pytest.mark.usefixtures("whole_frames")
SIZES = [(40, 15), (80, 24), (120, 40)]


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


def test_what_was_chosen_is_told_by_its_index() -> None:
    async def scenario() -> None:
        sheet = ContactSheet()
        sheet.set_items([ring()] * 3, ["a", "b", "c"], [False] * 3, [17, 27, 37])
        app = DigitApp(sheet)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.click(sheet, offset=(16, 2))
            assert (app.chosen, sheet.selected) == ([27], 1)

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
