"""A chart on the screen: it fills its space, paints what changed, and its cursor reads values."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from tests.support.charts import falling
from tui.app.state import background
from tui.app.widgets.chart import DATA_INTERVAL, Chart
from tui.app.widgets.series import Series

pytestmark = pytest.mark.usefixtures("whole_frames")


@pytest.fixture(autouse=True)
def _drawing_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else charts would be drawn less often where that takes long."""
    monkeypatch.setattr(background, "thread_time", lambda: 0.0)


SIZES = [(40, 15), (80, 24), (120, 40)]


class Recorder(Chart):
    """A chart that counts its drawings and notes which of its lines are asked for."""

    drawings = 0

    def __init__(self) -> None:
        super().__init__("Loss", x_label="epoch")
        self.painted: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)

    def redraw(self) -> None:
        self.drawings += 1
        super().redraw()

    @property
    def lines(self) -> list[str]:
        return [self.render_line(y).text for y in range(self.size.height)]


class ChartApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Recorder()

    @property
    def chart(self) -> Recorder:
        return self.query_one(Recorder)


@pytest.mark.parametrize("size", SIZES)
def test_chart_fills_its_space(size: tuple[int, int]) -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=size) as pilot:
            assert any("no data yet" in line for line in app.chart.lines)
            app.chart.set_series([falling(), falling(name="validation", style=1)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            lines = app.chart.lines
            assert [len(line) for line in lines] == [size[0]] * size[1]
            assert sum("validation" in line for line in lines) == 1
            assert lines[-1].rstrip().endswith("epoch")
            await pilot.resize_terminal(size[0] - 7, size[1] - 3)
            await pilot.pause()
            assert [len(line) for line in app.chart.lines] == [size[0] - 7] * (size[1] - 3)
            assert set("⠤⠒⠉⣀") & set("".join(app.chart.lines))

    asyncio.run(scenario())


def test_only_changed_lines_are_painted() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            ys = np.exp(-np.arange(30) / 8)
            chart.set_series([Series("train", range(30), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            before = chart.lines
            chart.painted.clear()
            chart.set_series([Series("train", range(30), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            assert chart.painted == [], "the same picture costs nothing"

            ys[15] += 0.1
            chart.set_series([Series("train", range(30), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            painted = set(chart.painted)
            changed = {y for y, line in enumerate(chart.lines) if line != before[y]}
            assert painted == changed
            assert 1 <= len(painted) <= 8

    asyncio.run(scenario())


def test_data_redraw_at_most_once_a_second_and_the_latest_is_drawn() -> None:

    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            await pilot.pause(DATA_INTERVAL + 0.1)
            chart.drawings = 0
            for i in range(1, 31):
                chart.set_series([Series(f"state {i}", range(i + 1), range(i + 1))])
                await pilot.pause(0.01)
            assert chart.drawings <= 2
            assert "state 30" not in "".join(chart.lines)
            await pilot.pause(DATA_INTERVAL + 0.1)
            assert "state 30" in "".join(chart.lines)
            assert chart.drawings <= 3

    asyncio.run(scenario())


def test_cursor_reads_values() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            await pilot.press("left", "escape")  # without any data
            assert chart.cursor is None
            chart.focus()
            chart.elsewhere = 3.0  # the cursor of another chart, which has data already
            await pilot.press("left", "right")
            assert chart.cursor_x == 3.0
            chart.elsewhere = None
            chart.set_series([Series("train", range(1, 6), [5, 4, 3, 2, 1])])
            chart.focus()
            for keys, place, value in [
                (["left"], "epoch 5", "1"),
                (["left", "left"], "epoch 3", "3"),
                (["right"], "epoch 4", "2"),
                (["right", "right", "right"], "epoch 5", "1"),
                (["left"] * 9, "epoch 1", "5"),
                (["escape"], "epoch", "1"),
            ]:
                await pilot.press(*keys)
                await pilot.pause(0.1)
                assert chart.lines[-1].rstrip().endswith(f"5 {place}")
                label = next(line for line in chart.lines if "train" in line)
                assert label.split()[-2:] == ["train", value]

    asyncio.run(scenario())


def test_cursor_moves_by_columns_through_many_points() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            chart.set_series([Series("train", range(8001), np.zeros(8001))])
            chart.focus()
            await pilot.press("left", "left")
            assert chart.cursor_x == 7900
            await pilot.press("left", "right", "right")
            assert chart.cursor_x == 8000

    asyncio.run(scenario())


def test_reactives_change_the_picture() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            ys = np.exp(-np.arange(100) / 8) * np.where(np.arange(100) % 2, 1, 0.1)
            chart.set_series([Series("train", range(100), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            pictures = [chart.lines]
            for name, value in [
                ("thin_lines", False),
                ("smoothing", 0.9),
                ("y_log", True),
                ("zoom", 0.25),
                ("marks", ((90, "lr"),)),
            ]:
                setattr(chart, name, value)
                await pilot.pause(0.1)
                assert chart.lines not in pictures, name
                pictures.append(chart.lines)
            assert chart.lines[-1].split()[0] == "75"
            assert "lr" in chart.lines[1]
            chart.smoothing, chart.zoom = 5, -1
            assert (chart.smoothing, chart.zoom) == (0.99, 0.01)
            await pilot.pause(0.1)

    asyncio.run(scenario())
