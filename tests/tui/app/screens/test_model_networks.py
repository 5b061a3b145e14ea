"""The model screen: networks of every kind, and newer weights of one that trains."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.messages import notes, text
from tests.support.model_screen import DEEP, SHALLOW, about, lines
from tests.support.networks import NetworkRun, app_of, inspected, play, screen_of, shown
from tests.support.quiescence import until
from tui.app.screens import inspecting, model
from tui.app.screens.model import PARTS, ModelScreen
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Status
from tui.app.widgets.layer_table import LayerTable
from tui.system.exits import ExitCode

pytestmark = pytest.mark.usefixtures("inspected_at_once")


# Networks


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param((), marks=pytest.mark.slow),
        pytest.param((1024,), marks=pytest.mark.slow),
        (12,) * 9,
    ],
)
def test_any_network_is_shown_in_ascii_where_asked(small: Dataset, hidden: tuple[int, ...]) -> None:
    run = NetworkRun(small, TrainConfig(hidden=hidden), steps=0)
    app = app_of(run, "model", ascii_only=True, colors="none")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        for size in ((40, 15), (120, 40)):
            await pilot.resize_terminal(*size)
            for _ in PARTS:
                await pilot.press("tab")
                page = shown(app)
                assert "".join(page[:-1]).isascii()
                assert len({line for line in page if line.strip()}) > 3
            if not hidden:
                assert text(app, "#unit Static").startswith("digit 0\n")
        assert "untrained" in about(app)

    play(app, scenario, (40, 15))


def test_weights_that_diverged_are_shown_as_such(small: Dataset) -> None:
    run = NetworkRun(small, SHALLOW)
    run.snapshot.predictor.model.parameters[::2] = np.nan
    app = app_of(run, "model")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        for key in ("tab", "d", "d", "tab"):
            await pilot.press(key)
            await pilot.pause()
        assert "no numbers, for it has diverged" in "\n".join(lines(app, "ActivationView"))
        await pilot.press("tab", "tab")
        await pilot.pause()
        assert "nan" in lines(app, "LayerTable")[1]

    play(app, scenario)


def test_weights_of_edges_are_named_as_such(small: Dataset) -> None:
    app = app_of(NetworkRun(small, replace(SHALLOW, preprocessing="edges")), "model")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        assert text(app, "#unit Static").endswith("of edges in 8 directions")

    play(app, scenario, (120, 40))


# Training


def test_newer_weights_are_inspected_and_asked_for(small: Dataset) -> None:
    run = NetworkRun(small, SHALLOW, steps=0)
    app = app_of(run, "model")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        assert not lines(app, "LayerTable")[1].endswith("!2/16")
        screen_of(app).show_progress()
        assert run.wanted == 0, "nothing moves"
        run.status = Status.RUNNING
        screen_of(app).show_progress()
        assert run.wanted == 1
        run.move_on(10)
        screen_of(app).show_snapshot()
        await inspected(app, pilot)
        assert lines(app, "LayerTable")[1].endswith("!2/16")
        assert "epoch 1, step 10" in about(app)

    play(app, scenario)


def test_moving_weights_are_looked_at_now_and_then(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "PACE", 0.3)
    run = NetworkRun(small, SHALLOW, steps=0)
    app = app_of(run, "model")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        first = screen_of(app).shown
        screen_of(app)._inspect.restart()
        for _ in range(3):
            run.move_on(10)
            screen_of(app).show_snapshot()
        await pilot.pause()
        assert screen_of(app).shown is first
        await inspected(app, pilot)
        assert screen_of(app).shown is not first

    play(app, scenario)


def test_another_network_takes_the_place(small: Dataset) -> None:
    app = app_of(NetworkRun(small, DEEP), "model")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.press("end")
        app.bench.run = cast(LiveRun, NetworkRun(small, TrainConfig(hidden=())))
        screen_of(app).show_snapshot()
        await inspected(app, pilot)
        assert screen_of(app).chosen_layer == 0
        assert lines(app, "LayerTable")[1].startswith("> 1 784-10 output")

    play(app, scenario)


def test_before_the_data_are_there_every_key_is_harmless() -> None:
    app = app_of(None, "model")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        for binding in ModelScreen.BINDINGS:
            await pilot.press(str(getattr(binding, "key", "")).split(",")[0])
        assert screen_of(app).shown is None

    play(app, scenario)


def test_after_a_failure_in_the_background_other_weights_are_looked_at(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = NetworkRun(small, DEEP)
    app, failures = app_of(run, "model"), []

    def fail(*_: object) -> None:
        failures.append(MemoryError("too large"))
        raise failures[-1]

    original = inspecting.layer_statistics
    monkeypatch.setattr(inspecting, "layer_statistics", fail)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: notes(app))
        assert notes(app) == "The layers cannot be inspected (epoch 2.5): too large"
        assert app.bench.error is None
        assert app.screen.query_one(LayerTable)
        screen_of(app).show_snapshot()
        await pilot.pause(0.05)
        assert len(failures) == 1
        monkeypatch.setattr(inspecting, "layer_statistics", original)
        run.move_on(10)
        screen_of(app).show_snapshot()
        await inspected(app, pilot)

    play(app, scenario)
