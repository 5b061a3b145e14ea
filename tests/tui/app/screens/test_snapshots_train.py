"""Pictures of the train screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.events import RateChanged
from nn.recipes import load_recipe
from tests.support.charts import draw_at_once
from tests.support.sizes import SIZES
from tests.support.training_script import DirectedRun, epochs, finished, step
from tui.app.app import MnistApp
from tui.app.screens.train import TrainScreen
from tui.app.state import live_run, present_run
from tui.app.state.shown_run import Status
from tui.recording.experiment import Experiment
from tui.system.terminal import Terminal

Snapshot = Callable[..., bool]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> MnistApp:
    monkeypatch.setattr(present_run, "load_in_background", lambda data_dir, post: None)
    monkeypatch.setattr(live_run, "LiveRun", DirectedRun)
    draw_at_once(monkeypatch)
    recipe = load_recipe("sigmoid-bce")
    config = TrainConfig.layered(recipe.fields, {"validation": 0.1, "epochs": 8})
    return MnistApp(
        Experiment(config, recipe.name, recipe.config), terminal=Terminal(False, "full")
    )


def tell(app: MnistApp, status: Status, *events: Any) -> None:
    run: Any = app.bench.run
    run.tell(status, *events)
    app.bench.collect(run)


async def train(pilot: Pilot[Any]) -> None:
    """A first run to its end, and a second one that stands in its sixth epoch."""
    app = pilot.app
    assert isinstance(app, MnistApp)
    bench = app.bench
    while not bench.loading:
        await pilot.pause()
    await app.screen.workers.wait_for_complete()
    bench.take_data("", object())  # type: ignore[arg-type]
    tell(app, Status.FINISHED, *epochs(8, accuracy=0.9), finished(8))
    bench.reset()
    norms = (2e-5, 3e-3, 0.2)
    tell(app, Status.PAUSED, *epochs(3, validation=True), RateChanged(30, 1.25))
    tell(app, Status.PAUSED, *epochs(5, validation=True)[18:], step(54, norms=norms))
    bench.run.rate_factor = 1.25  # type: ignore[misc, union-attr]
    assert isinstance(app.screen, TrainScreen)
    app.screen.show_progress()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_training(snap_compare: Snapshot, app: MnistApp, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=train)


@pytest.mark.parametrize("size", SIZES)
def test_form(snap_compare: Snapshot, app: MnistApp, size: tuple[int, int]) -> None:
    async def edit(pilot: Pilot[Any]) -> None:
        await train(pilot)
        await pilot.press("f", "pagedown", "pagedown", *"64-x", "down", "right")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=edit)


@pytest.mark.parametrize("size", SIZES)
def test_recipes(snap_compare: Snapshot, app: MnistApp, size: tuple[int, int]) -> None:
    async def choose(pilot: Pilot[Any]) -> None:
        await train(pilot)
        await pilot.press("slash", "down")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=choose)


def test_log_scale_and_cursor(snap_compare: Snapshot, app: MnistApp) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await train(pilot)
        await pilot.press("y", "S", "left", "left", "left")
        await pilot.pause()

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_table_in_a_small_terminal(snap_compare: Snapshot, app: MnistApp) -> None:
    async def go(pilot: Pilot[Any]) -> None:
        await train(pilot)
        await pilot.press("shift+tab")
        await pilot.pause()

    assert snap_compare(app, terminal_size=(40, 15), run_before=go)
