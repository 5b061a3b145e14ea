"""The model screen: its parts, key by key, and its table of layers."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from nn.data.dataset import Dataset
from tests.support.model_screen import DEEP, about, lines
from tests.support.networks import NetworkRun, app_of, gradients, inspected, play, screen_of, shown
from tui.app.app import MnistApp
from tui.app.screens import model
from tui.app.screens.model import PARTS
from tui.system.exits import ExitCode

SIZES = [(40, 15), (80, 24), (120, 40), (200, 50)]


pytestmark = pytest.mark.usefixtures("inspected_at_once")


# Parts


def test_keys_choose_the_part(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        screen = screen_of(model_app)
        await inspected(model_app, pilot)
        for key, part in [
            ("tab", "weights"),
            ("tab", "activations"),
            ("tab", "histogram"),
            ("tab", "table"),
            ("tab", "weights"),
            ("tab", "activations"),
            ("shift+tab", "weights"),
            ("shift+tab", "table"),
            ("shift+tab", "histogram"),
        ]:
            await pilot.press(key)
            await pilot.pause()
            assert screen.part == part
            visible = {name for name in PARTS if screen.query_one(f"#{name}").display}
            assert part in visible
            assert visible in ({"weights"}, {"activations"}, {"table", "histogram"})
            assert model.TITLES[screen.part].join("[]") in shown(model_app)[1]

    play(model_app, scenario)


def test_a_click_chooses_the_part(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        column = shown(model_app)[1].index("Weights")
        await pilot.click(offset=(column + 1, 1))
        assert screen_of(model_app).part == "weights"

    play(model_app, scenario)


def test_wide_screens_show_all_parts(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        for size, parts in zip(SIZES, (1, 2, 4, 4), strict=True):
            await pilot.resize_terminal(*size)
            visible = [name for name in PARTS if model_app.screen.query_one(f"#{name}").display]
            assert len(visible) == parts
            region = model_app.screen.region
            assert all(region.contains_region(w.region) for w in model_app.screen.query(".part"))

    play(model_app, scenario, SIZES[0])


def test_resizing_draws_what_comes_into_sight(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        await pilot.pause()
        assert "1 relu" in "\n".join(lines(model_app, "ActivationView"))
        assert "1: 784-16" in lines(model_app, "Histograms")[0]
        await pilot.resize_terminal(40, 15)
        await pilot.pause()
        assert "784-16 relu" in "\n".join(lines(model_app, "LayerTable"))

    play(model_app, scenario)


# Layers


def test_the_table_tells_of_every_layer(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        header, first, last, *_ = lines(model_app, "LayerTable")
        assert header.split() == [
            "layer", "parameters", "mean", "std", "min", "max", "gradient", "dead",
        ]  # fmt: skip
        assert first.startswith("> 1 784-16 relu")
        assert first.split()[-2:] == ["1.0e-01", "!2/16"]
        assert "12,560" in first
        assert last.split()[:4] == ["2", "16-10", "output", "170"]
        assert last.split()[-2:] == ["1.0e+00", "-"]
        assert "epoch 2.5, step 25" in about(model_app)
        await pilot.press("down")
        assert lines(model_app, "LayerTable")[2].startswith("> 2")
        await pilot.press("j")
        assert screen_of(model_app).chosen_layer == 1, "there is no third"
        await pilot.press("k", "up")
        assert screen_of(model_app).chosen_layer == 0

    play(model_app, scenario)


def test_gradients_follow_the_events(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        history = model_app.bench.history
        assert history is not None
        history.add(gradients(DEEP, 30))  # of another network: not of this one
        screen_of(model_app).show_progress()
        assert lines(model_app, "LayerTable")[1].split()[-2] == "-"

    play(model_app, scenario)


def test_a_deep_network_scrolls(small: Dataset) -> None:
    app = app_of(NetworkRun(small, DEEP), "model")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        for part in ((), ("tab", "tab"), ("tab",)):
            await pilot.press(*part, "end")
            assert screen_of(app).chosen_layer == 9
            await pilot.press("home")
            assert screen_of(app).chosen_layer == 0
            await pilot.press("pagedown")
            assert screen_of(app).chosen_layer == 9
            await pilot.press("pageup")
        await pilot.resize_terminal(40, 9)
        await pilot.press("tab", "end")
        await pilot.pause()
        assert lines(app, "LayerTable")[-1].startswith(">10 12-10 output")
        await pilot.press("tab", "tab")
        await pilot.pause()
        assert any(line.startswith(">10 output") for line in lines(app, "ActivationView"))
        await pilot.press("tab", "left")
        await pilot.pause()
        assert lines(app, "Histograms")[0].startswith("> 9: 12-12")

    play(app, scenario)
