"""The model screen: the weights of units as pictures, and what a digit sets off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from nn.data.dataset import Dataset
from tests.support.messages import text
from tests.support.model_screen import SHALLOW, lines
from tests.support.networks import DEAD, NetworkRun, app_of, inspected, play, screen_of
from tui.app.app import MnistApp
from tui.app.widgets.activation_view import LayerActivity, activity_strips, lines_each, strongest
from tui.app.widgets.digit import DigitView
from tui.app.widgets.layer_table import visible_range
from tui.app.widgets.weights_pane import TILES, WeightSheet, WeightsPane
from tui.system.exits import ExitCode
from tui.system.terminal import FULL, ColorMode, Terminal

pytestmark = pytest.mark.usefixtures("inspected_at_once")


# Weights


def test_units_are_walked_and_paged(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        await pilot.press("tab")
        await pilot.pause()
        pane = model_app.screen.query_one(WeightsPane)
        for key, unit in [
            ("right", 1),
            ("l", 2),
            ("left", 1),
            ("h", 0),
            ("down", 3),
            ("k", 0),
            ("j", 3),
            ("up", 0),
            ("pagedown", 6),
            ("pageup", 0),
            ("end", 15),
            ("home", 0),
        ]:
            await pilot.press(key)
            assert pane.selected == unit
            assert f"unit {unit} of 16" in text(model_app, "#unit Static")
        await pilot.press("pagedown", "pagedown", "left", "left")
        assert pane.selected == DEAD[0]
        assert "dead" in text(model_app, "#unit Static")
        assert "!10" in "\n".join(lines(model_app, "WeightSheet"))

    play(model_app, scenario)


def test_pictures_change_size_and_style(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        await pilot.press("plus")
        pane = model_app.screen.query_one(WeightsPane)
        sheet = pane.query_one(WeightSheet)
        await pilot.pause()
        assert screen_of(model_app).part == "weights"
        assert (sheet.tile_width, sheet.tile_height) == TILES[2]
        await pilot.press("minus", "minus")
        assert (sheet.tile_width, sheet.tile_height) == TILES[0]
        await pilot.press("minus")
        assert (sheet.tile_width, sheet.tile_height) == TILES[0], "there is none smaller"
        await pilot.press("equals_sign", "plus", "plus", "plus", "plus")
        assert (sheet.tile_width, sheet.tile_height) == TILES[-1]
        assert pane.shaded
        assert set("".join(lines(model_app, "#unit DigitView"))) <= {" ", "▀"}
        await pilot.press("d")
        assert not pane.shaded
        assert {"#", "%"} <= set("".join(lines(model_app, "#unit DigitView")))

    play(model_app, scenario)


@pytest.mark.parametrize(("ascii_only", "colors"), [(True, "full"), (False, "16")])
def test_shades_need_a_terminal_that_has_them(
    small: Dataset, ascii_only: bool, colors: Any
) -> None:
    app = app_of(NetworkRun(small, SHALLOW), "model", ascii_only=ascii_only, colors=colors)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.press("tab", "d")
        assert not app.screen.query_one(WeightsPane).shaded

    play(app, scenario)


def test_one_unit_may_have_all_the_room(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert screen_of(model_app).part == "weights"
        large = model_app.screen.query_one("#unit DigitView", DigitView)
        assert large.size.width == 78
        assert large.size.height > 14
        await pilot.press("right")
        assert "unit 1 of 16" in text(model_app, "#unit Static")
        await pilot.press("enter")
        await pilot.pause()
        assert large.size.height == 14

    play(model_app, scenario)


def test_a_click_selects_a_unit(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        await pilot.click("WeightSheet", offset=(18, 2))
        assert model_app.screen.query_one(WeightsPane).selected == 1
        assert screen_of(model_app).part == "weights"

    play(model_app, scenario, (120, 40))


# Activations


def test_digits_are_walked(model_app: MnistApp, small: Dataset) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        await pilot.press("tab", "tab")
        await pilot.pause()
        count = len(small.test)
        for key, index in [("n", 1), ("right", 2), ("p", 1), ("h", 0), ("p", count - 1), ("l", 0)]:
            await pilot.press(key)
            assert model_app.bench.index == index
            about = text(model_app, "#digit Static")
            assert about.startswith(f"test {index}: a {small.test.labels[index]}, seen as ")
        model_app.bench.index = 10**6  # of a larger split, looked at before
        screen_of(model_app).show_snapshot()
        assert text(model_app, "#digit Static").startswith(f"test {count - 1}: ")

    play(model_app, scenario)


def test_what_a_digit_sets_off(model_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(model_app, pilot)
        await pilot.press("tab", "tab", "d")
        await pilot.pause()
        view = lines(model_app, "ActivationView")
        assert view[0].startswith(">1 relu: ")
        assert "/16 active, max " in view[0]
        units = "".join(view[1:3])  # twelve in a line, four cells each
        assert not units[4 * DEAD[0] : 4 * (DEAD[-1] + 1)].strip(), "the dead ones are blank"
        assert units.strip()
        assert view[3].startswith(" 2 output: ")
        assert view[4].startswith("0:")
        await pilot.press("down", "d")
        await pilot.pause()
        view = lines(model_app, "ActivationView")
        assert view[3].startswith(">2 output")
        assert not "".join(view[1:3]).strip(), "shades have no characters"

    play(model_app, scenario)


def test_the_strongest_of_a_group_stands_for_it() -> None:
    values = np.array([0.0, 1.0, -3.0, 2.0, 0.5])
    assert strongest(values, 5).tolist() == values.tolist()
    assert strongest(values, 3).tolist() == [1.0, -3.0, 0.5]
    assert strongest(values, 1).tolist() == [-3.0]
    assert strongest(np.array([np.nan, np.inf]), 2).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("units", [1, 10, 128, 1024])
@pytest.mark.parametrize("count", [1, 2, 9, 60])
@pytest.mark.parametrize(("width", "height"), [(40, 12), (50, 22), (1, 1), (90, 35)])
@pytest.mark.parametrize("colors", ["none", "full"])
def test_activities_fit(units: int, count: int, width: int, height: int, colors: ColorMode) -> None:
    layers = [LayerActivity(f"layer {i}", np.ones(units)) for i in range(count)]
    layers[-1] = LayerActivity("last", np.ones(10), numeric=True)
    for selected in (0, count - 1):
        terminal = Terminal(False, colors)
        strips = activity_strips(layers, selected, width, height, terminal, shaded=True)
        assert len(strips) <= height
        assert all(strip.cell_length == width for strip in strips)
        if width > 1:
            assert any(strip.text.startswith(">") for strip in strips)


def test_a_title_loses_whole_words_where_it_does_not_fit() -> None:
    layers = [LayerActivity("1 relu: 26/64 active, max 8.7", np.ones(4))]
    titles = [activity_strips(layers, 0, width, 4, FULL)[0].text.rstrip() for width in (30, 29)]
    assert titles == [">1 relu: 26/64 active, max 8.7", ">1 relu: 26/64 active"]


def test_layers_share_the_lines() -> None:
    assert lines_each([20, 1], 30) == 20
    assert lines_each([20, 1], 12) == 9
    assert lines_each([20, 20], 12) == 5
    assert lines_each([20, 20], 2) == 1


def test_the_selected_one_is_in_sight() -> None:
    for count in range(1, 8):
        for height in range(1, 8):
            for selected in range(count):
                seen = visible_range(count, height, selected)
                assert selected in seen
                assert len(seen) == min(count, height)
