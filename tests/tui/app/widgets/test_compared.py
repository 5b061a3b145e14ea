"""What two runs have beside each other: values, and the probabilities of an image."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult

from nn.spec import MNIST
from tui.app.widgets.compared_probabilities import ComparedProbabilities
from tui.app.widgets.compared_rows import ComparedRows
from tui.app.widgets.strips import StripWidget
from tui.system.terminal import Terminal

pytestmark = pytest.mark.usefixtures("whole_frames")

FOUR = [0.0, 0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 0.0, 0.0, 0.25]
NINE = [*FOUR[:4], 0.4, *FOUR[5:9], 0.6]


def lines_of(widget: StripWidget, size: tuple[int, int]) -> list[str]:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield widget

    async def session() -> list[str]:
        app = Shown()
        widget.display = True
        async with app.run_test(size=size) as pilot:
            if isinstance(widget, ComparedRows):
                widget.show([("optimizer", "sgd", "momentum"), ("lr", "0.1", "0.25")], words=True)
            else:
                assert isinstance(widget, ComparedProbabilities)
                widget.show([FOUR, NINE], 4, MNIST)
            await pilot.pause()
            return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]

    return asyncio.run(session())


def test_probabilities_of_both_side_by_side() -> None:
    lines = lines_of(ComparedProbabilities(Terminal(ascii_only=True, colors="none")), (38, 12))
    assert lines[0].split() == ["A", "4", "75.0%", "B", "9", "60.0%"]
    assert len(lines) == 11
    assert "75" in lines[5][:19]
    assert "40" in lines[5][19:]
    assert ">9" in lines[10][19:]


def test_what_both_say_where_there_is_no_room() -> None:
    lines = lines_of(ComparedProbabilities(), (16, 12))
    assert lines[0].split() == ["A", "4", "B", "9"]
    assert not any(lines[1:])


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (40, ["          A        B", "optimizer sgd      momentum", "lr        0.1      0.25"]),
        (20, ["         A    B", "opti~zer sgd  mo~um", "lr       0.1  0.25"]),
    ],
)
def test_values_keep_their_columns(width: int, expected: list[str]) -> None:
    lines = lines_of(ComparedRows(), (width, 5))
    assert [line.split() for line in lines] == [line.split() for line in expected]
    assert all(len(line) <= width for line in lines)
