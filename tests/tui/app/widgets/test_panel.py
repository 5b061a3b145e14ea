"""A panel whose titles change paints the lines of its border only."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from tui.app.widgets.panel import Panel

pytestmark = pytest.mark.usefixtures("whole_frames")


class RecordingPanel(Panel):
    painted: list[int]

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)


class PanelApp(App[None]):
    CSS = ".panel { border: round white; }"

    def compose(self) -> ComposeResult:
        self.panel = RecordingPanel()
        self.panel.painted = []
        yield self.panel


def test_titles_are_shown_as_they_are_and_cheaply() -> None:
    async def scenario() -> None:
        app = PanelApp()
        async with app.run_test(size=(40, 12)) as pilot:
            panel = app.panel
            panel.show_titles("label 1 ([x])", "epoch 3")
            await pilot.pause()
            assert "label 1 ([x])" in app.export_screenshot(simplify=True).replace("&#160;", " ")
            panel.painted.clear()
            panel.show_titles("label 1 ([x])", "epoch 3")
            await pilot.pause()
            assert panel.painted == []
            panel.show_titles("label 1 ([x])", "epoch 4")
            await pilot.pause()
            assert len({*panel.painted}) < panel.size.height
            assert "epoch 4" in app.export_screenshot(simplify=True).replace("&#160;", " ")

    asyncio.run(scenario())


@pytest.mark.parametrize("border", ["border: round white", "border-top: round white"])
def test_a_title_stands_between_blanks_with_and_without_a_frame(border: str) -> None:
    class Bordered(PanelApp):
        CSS = f".panel {{ {border}; }}"

    async def scenario() -> None:
        app = Bordered()
        async with app.run_test(size=(16, 4)) as pilot:
            for title, shown in (("Loss", "─ Loss ─"), ("Accuracy of a test", "─ Acc")):
                app.panel.show_titles(title)
                await pilot.pause()
                line = app.panel.render_lines(Region(0, 0, 16, 1))[0].text
                assert shown in line
                assert len(line) == 16

    asyncio.run(scenario())
