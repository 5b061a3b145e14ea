"""Screens that show what a network does offer the network of the package for an untrained one."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import NetworkRun, app_of, play
from tests.support.scenarios import until
from tui.app.app import MnistApp
from tui.app.screens.base import ModeScreen
from tui.app.widgets.headline import HeadlineView
from tui.system.exits import ExitCode

CONFIG = TrainConfig(hidden=())


def banner(app: MnistApp) -> str:
    """The line at the top of the screen, empty where there is none."""
    assert isinstance(app.screen, ModeScreen)
    line = app.screen._opened
    return str(line.content) if line is not None and line.display else ""


@pytest.mark.parametrize(
    "mode",
    [
        "digits",
        pytest.param("confusion", marks=pytest.mark.slow),
        pytest.param("model", marks=pytest.mark.slow),
        "draw",
    ],
)
def test_a_key_shows_the_network_of_the_package(mode: str, small: Dataset) -> None:
    app = app_of(NetworkRun(small, CONFIG, steps=0), mode)
    app.bench.dataset = small

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: "0: the shipped network" in banner(app))
        await pilot.press("0")
        await until(pilot, lambda: app.bench.snapshot and app.bench.snapshot.step == 0)
        await until(pilot, lambda: not app.bench.snapshot.untrained)  # type: ignore[union-attr]
        assert "The shipped network, trained on digits of many hands, read only" in banner(app)
        assert app.bench.snapshot is not None
        assert app.bench.snapshot.name == "shipped network"
        assert app.bench.snapshot.predictor.score(small.test).accuracy > 0.97
        if mode == "digits":
            await pilot.press("1", "2", "3", "4", "5")
        await pilot.press("0")
        assert app.bench.opened is None
        assert "This one is untrained" in banner(app)

    play(app, scenario)


def test_it_reads_what_is_drawn(small: Dataset) -> None:
    app = app_of(NetworkRun(small, CONFIG, steps=0), "draw")
    app.bench.dataset = small

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("0")
        await until(pilot, lambda: app.bench.images is not None)
        await until(pilot, lambda: app.bench.snapshot and not app.bench.snapshot.untrained)
        await pilot.press("g")
        label = int(small.test.labels[0])
        guess = app.screen.query_one(HeadlineView)
        await until(pilot, lambda: f"It is a {label}" in guess.render_line(0).text)
        state = app.screen.query_one("#state")
        assert "shipped network" in str(state.content)  # type: ignore[attr-defined]

    play(app, scenario)


def test_nothing_is_offered_for_a_trained_network_or_other_data(small: Dataset) -> None:
    app = app_of(NetworkRun(small, CONFIG, steps=20), "draw")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.pause()
        assert banner(app) == ""
        await pilot.press("0")
        assert app.bench.opened is None

    play(app, scenario)
    other = app_of(NetworkRun(small, CONFIG, steps=0), "draw")
    other.bench.data_dir = "fashion"

    async def elsewhere(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("0")
        assert other.bench.opened is None
        assert banner(other) == ""

    play(other, elsewhere)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_narrow_screen_names_the_key(ascii_only: bool, small: Dataset) -> None:
    app = app_of(NetworkRun(small, CONFIG, steps=0), "draw", ascii_only=ascii_only)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: banner(app) == "0: trained network")

    play(app, scenario, (60, 24))
