"""Widgets that keep their lines."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from tui.app.widgets.strips import StripWidget, text_strip


class Ruler(StripWidget):
    """A line as wide as the widget, with a mark at its end; keeps each line that is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[tuple[int, str]] = []

    def _lay_out(self) -> list[Strip]:
        return [text_strip("|".rjust(self.size.width), self.size.width)]

    def render_lines(self, crop: Region) -> list[Strip]:
        strips = super().render_lines(crop)
        self.painted.append((self.size.width, self.render_line(0).text))
        return strips


class RulerApp(App[None]):
    """One ruler."""

    def compose(self) -> ComposeResult:
        yield Ruler()


@pytest.mark.usefixtures("whole_frames")
def test_no_frame_shows_the_lines_of_another_width() -> None:
    async def session() -> None:
        app = RulerApp()
        async with app.run_test(size=(30, 3)) as pilot:
            ruler = app.query_one(Ruler)
            for width in (20, 40, 25):
                await pilot.resize_terminal(width, 3)
                await pilot.pause()
            assert {20, 25, 30, 40} <= {width for width, _ in ruler.painted}
            for width, line in ruler.painted:
                assert line == "|".rjust(width)

    asyncio.run(session())
