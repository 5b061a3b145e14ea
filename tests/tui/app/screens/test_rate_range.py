"""The learning-rate range test over the train screen."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.training import rate_range
from nn.training.rate_range import RatePoint, rate_points, summarize
from tests.support.quiescence import until
from tests.support.training_script import DirectedRun
from tui.app.app import MnistApp
from tui.app.screens.rate_range import RateRangeScreen, rounded
from tui.app.screens.train import TrainScreen
from tui.app.state import live_run, present_run
from tui.app.state.messages import DataLoaded
from tui.app.widgets.chart import Chart
from tui.app.widgets.config_form import ConfigForm
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal

CONFIG = TrainConfig(hidden=(8,), batch_size=50, optimizer="sgd", schedule="constant")
POINTS = [
    RatePoint(10.0**k, loss) for k, loss in zip(range(-5, 1), (3, 2.9, 2, 1, 1.5, 9), strict=True)
]
Scenario = Callable[[MnistApp, Pilot[ExitCode]], Awaitable[None]]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a scenario in an application over a dataset, in which nothing trains by itself."""
    monkeypatch.setattr(present_run, "load_in_background", lambda data_dir, post: None)
    monkeypatch.setattr(live_run, "LiveRun", DirectedRun)

    def run(
        scenario: Scenario, dataset: Any = None, config: TrainConfig = CONFIG, **options: Any
    ) -> None:
        async def main() -> None:
            app = MnistApp(Experiment(config, base=config), terminal=Terminal(False, "full"))
            async with app.run_test(**{"size": (80, 24), **options}) as pilot:
                await app.screen.workers.wait_for_complete()
                await pilot.pause()
                app.post_message(DataLoaded(config.data_dir, dataset or SimpleNamespace(remark="")))
                await pilot.pause()
                await scenario(app, pilot)

        asyncio.run(main())

    return run


def scripted(monkeypatch: pytest.MonkeyPatch, points: Callable[[], Iterator[RatePoint]]) -> None:
    monkeypatch.setattr(rate_range, "rate_points", lambda config, dataset: points())


def dialog(app: MnistApp) -> RateRangeScreen:
    assert isinstance(app.screen, RateRangeScreen)
    return app.screen


def words(app: MnistApp) -> str:
    return str(dialog(app).query_one(Static).render())


def test_the_rate_is_taken_into_the_form_and_the_next_run(
    play: Callable[..., None], small: Dataset
) -> None:
    expected = rounded(summarize(tuple(rate_points(CONFIG, small))).steepest)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("M")
        await until(pilot, lambda: dialog(app).found)
        assert f"enter: learning rate {expected:g} for the next run" in words(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.bench.config.learning_rate == expected)
        assert isinstance(app.screen, TrainScreen)
        assert app.screen.query_one(ConfigForm).draft.texts["learning_rate"] == f"{expected:g}"
        assert app.bench.experiment.changes == {"learning_rate": expected}
        assert app.bench.run is not None
        assert app.bench.run.config.learning_rate == expected
        assert len(app.bench.histories) == 1

    play(scenario, small)


def test_it_is_drawn_as_it_comes_and_marked_at_its_end(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.screens.rate_range.POST_INTERVAL", 0)
    go_on = threading.Event()

    def points() -> Iterator[RatePoint]:
        yield from POINTS[:3]
        go_on.wait(60)
        yield from POINTS[3:]

    scripted(monkeypatch, points)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("M")
        chart = dialog(app).query_one(Chart)
        await until(pilot, lambda: len(chart.positions) == 3)
        await pilot.press("enter")  # there is no rate yet
        assert not dialog(app).found
        assert not chart.marks
        go_on.set()
        await until(pilot, lambda: dialog(app).found)
        found = summarize(tuple(POINTS))
        assert [label for _, label in chart.marks] == ["steepest", "blow-up"]
        assert chart.marks[0][0] == math.log10(found.steepest)
        assert chart.marks[1][0] == 0.0
        lines = "\n".join(strip.text for strip in chart._strips)
        assert "steepest" in lines
        assert "learning rate" in lines

    play(scenario)


@pytest.mark.parametrize("key", ["escape", "q"])
def test_leaving_it_changes_nothing_and_ends_the_test(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    ended = threading.Event()

    def points() -> Iterator[RatePoint]:
        try:
            while True:
                yield POINTS[0]
                time.sleep(0.01)
        finally:
            ended.set()

    scripted(monkeypatch, points)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("M", key)
        await pilot.pause()
        assert isinstance(app.screen, TrainScreen)
        assert app.bench.config == CONFIG
        await until(pilot, ended.is_set)

    play(scenario)


def test_what_goes_wrong_is_a_sentence(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def absent(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        app.bench.data_dir = ""
        await pilot.press("M")
        await until(pilot, lambda: "No learning rate was found" in words(app))
        assert str(tmp_path) in words(app)
        await pilot.press("enter")
        assert isinstance(app.screen, RateRangeScreen)

    play(absent, config=TrainConfig(data_dir=str(tmp_path)))
    scripted(monkeypatch, lambda: iter([RatePoint(1.0, math.inf)]))

    async def diverging(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("M")
        await until(pilot, lambda: "not finite from the first steps on" in words(app))

    play(diverging)


def test_a_wrong_form_and_a_saved_run_have_no_range_test(play: Callable[..., None]) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        form = app.screen.query_one(ConfigForm)
        form.draft.edit("learning_rate", "fast")
        await pilot.press("M")
        assert isinstance(app.screen, TrainScreen)
        assert any("fast" in note.message for note in app._notifications)
        form.draft.edit("learning_rate", "0.1")
        app.bench.opened = object()  # type: ignore[assignment]
        assert not app.screen.check_action("find_rate", ())
        app.bench.opened = None

    play(scenario)
