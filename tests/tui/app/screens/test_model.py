"""The model screen, key by key, over networks made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import (
    DEAD,
    NetworkRun,
    app_of,
    gradients,
    inspected,
    play,
    screen_of,
    shown,
)
from tests.support.quiescence import until
from tui.app.app import MnistApp
from tui.app.screens import inspecting, model
from tui.app.screens.model import PARTS, ModelScreen
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Status
from tui.app.widgets.activation_view import LayerActivity, activity_strips, lines_each, strongest
from tui.app.widgets.digit import DigitView
from tui.app.widgets.layer_table import LayerTable, visible_range
from tui.app.widgets.strips import StripWidget
from tui.app.widgets.weights_pane import TILES, WeightsPane
from tui.system.exits import ExitCode
from tui.system.terminal import FULL, ColorMode, Terminal

SHALLOW, DEEP = TrainConfig(hidden=(16,)), TrainConfig(hidden=(12,) * 9, activation="sigmoid")
SIZES = [(40, 15), (80, 24), (120, 40), (200, 50)]


@pytest.fixture(autouse=True)
def no_pacing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "PACE", 0.0)


@pytest.fixture
def app(small: Dataset) -> MnistApp:
    return app_of(NetworkRun(small, SHALLOW), "model")


def lines(app: MnistApp, part: str) -> list[str]:
    """What a widget or the first one of a part shows."""
    view = app.screen.query_one(part, StripWidget)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def about(app: MnistApp) -> str:
    """Which weights are shown."""
    return str(app.screen.query_one("#table").border_subtitle)


def text(app: MnistApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).content)


# Parts


def test_keys_choose_the_part(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        screen = screen_of(app)
        await inspected(app, pilot)
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
            assert model.TITLES[screen.part].join("[]") in shown(app)[1]

    play(app, scenario)


def test_a_click_chooses_the_part(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        column = shown(app)[1].index("Weights")
        await pilot.click(offset=(column + 1, 1))
        assert screen_of(app).part == "weights"

    play(app, scenario)


def test_wide_screens_show_all_parts(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        for size, parts in zip(SIZES, (1, 2, 4, 4), strict=True):
            await pilot.resize_terminal(*size)
            visible = [name for name in PARTS if app.screen.query_one(f"#{name}").display]
            assert len(visible) == parts
            region = app.screen.region
            assert all(region.contains_region(w.region) for w in app.screen.query(".part"))

    play(app, scenario, SIZES[0])


def test_resizing_draws_what_comes_into_sight(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        await pilot.pause()
        assert "1 relu" in "\n".join(lines(app, "ActivationView"))
        assert "1: 784-16" in lines(app, "Histograms")[0]
        await pilot.resize_terminal(40, 15)
        await pilot.pause()
        assert "784-16 relu" in "\n".join(lines(app, "LayerTable"))

    play(app, scenario)


# Layers


def test_the_table_tells_of_every_layer(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        header, first, last, *_ = lines(app, "LayerTable")
        assert header.split() == [
            "layer", "parameters", "mean", "std", "min", "max", "gradient", "dead",
        ]  # fmt: skip
        assert first.startswith("> 1 784-16 relu")
        assert first.split()[-2:] == ["1.0e-01", "!2/16"]
        assert "12,560" in first
        assert last.split()[:4] == ["2", "16-10", "output", "170"]
        assert last.split()[-2:] == ["1.0e+00", "-"]
        assert "epoch 2.5, step 25" in about(app)
        await pilot.press("down")
        assert lines(app, "LayerTable")[2].startswith("> 2")
        await pilot.press("j")
        assert screen_of(app).chosen_layer == 1, "there is no third"
        await pilot.press("k", "up")
        assert screen_of(app).chosen_layer == 0

    play(app, scenario)


def test_gradients_follow_the_events(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        history = app.bench.history
        assert history is not None
        history.add(gradients(DEEP, 30))  # of another network: not of this one
        screen_of(app).show_progress()
        assert lines(app, "LayerTable")[1].split()[-2] == "-"

    play(app, scenario)


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


# Weights


def test_units_are_walked_and_paged(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.press("tab")
        await pilot.pause()
        pane = app.screen.query_one(WeightsPane)
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
            assert f"unit {unit} of 16" in text(app, "#unit Static")
        await pilot.press("pagedown", "pagedown", "left", "left")
        assert pane.selected == DEAD[0]
        assert "dead" in text(app, "#unit Static")
        assert "!10" in "\n".join(lines(app, "WeightSheet"))

    play(app, scenario)


def test_pictures_change_size_and_style(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.press("plus")
        pane = app.screen.query_one(WeightsPane)
        await pilot.pause()
        assert screen_of(app).part == "weights"
        assert pane.tile == TILES[2]
        await pilot.press("minus", "minus")
        assert pane.tile == TILES[0]
        await pilot.press("minus")
        assert pane.tile == TILES[0], "there is none smaller"
        await pilot.press("equals_sign", "plus", "plus", "plus", "plus")
        assert pane.tile == TILES[-1]
        assert pane.shaded
        assert set("".join(lines(app, "#unit DigitView"))) <= {" ", "▀"}
        await pilot.press("d")
        assert not pane.shaded
        assert {"#", "%"} <= set("".join(lines(app, "#unit DigitView")))

    play(app, scenario)


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


def test_one_unit_may_have_all_the_room(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert screen_of(app).part == "weights"
        large = app.screen.query_one("#unit DigitView", DigitView)
        assert large.size.width == 78
        assert large.size.height > 14
        await pilot.press("right")
        assert "unit 1 of 16" in text(app, "#unit Static")
        await pilot.press("enter")
        await pilot.pause()
        assert large.size.height == 14

    play(app, scenario)


def test_a_click_selects_a_unit(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.click("WeightSheet", offset=(18, 2))
        assert app.screen.query_one(WeightsPane).selected == 1
        assert screen_of(app).part == "weights"

    play(app, scenario, (120, 40))


# Activations


def test_digits_are_walked(app: MnistApp, small: Dataset) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.press("tab", "tab")
        await pilot.pause()
        count = len(small.test)
        for key, index in [("n", 1), ("right", 2), ("p", 1), ("h", 0), ("p", count - 1), ("l", 0)]:
            await pilot.press(key)
            assert app.bench.index == index
            about = text(app, "#digit Static")
            assert about.startswith(f"test {index}: a {small.test.labels[index]}, seen as ")
        app.bench.index = 10**6  # of a larger split, looked at before
        screen_of(app).show_snapshot()
        assert text(app, "#digit Static").startswith(f"test {count - 1}: ")

    play(app, scenario)


def test_what_a_digit_sets_off(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await inspected(app, pilot)
        await pilot.press("tab", "tab", "d")
        await pilot.pause()
        view = lines(app, "ActivationView")
        assert view[0].startswith(">1 relu: ")
        assert "/16 active, max " in view[0]
        units = "".join(view[1:3])  # twelve in a line, four cells each
        assert not units[4 * DEAD[0] : 4 * (DEAD[-1] + 1)].strip(), "the dead ones are blank"
        assert units.strip()
        assert view[3].startswith(" 2 output: ")
        assert view[4].startswith("0:")
        await pilot.press("down", "d")
        await pilot.pause()
        view = lines(app, "ActivationView")
        assert view[3].startswith(">2 output")
        assert not "".join(view[1:3]).strip(), "shades have no characters"

    play(app, scenario)


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
        for key in ("tab", "d", "d", "tab", "tab", "tab"):
            await pilot.press(key)
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
        await until(pilot, lambda: app.bench.error is not None)
        assert isinstance(app.bench.error, MemoryError)
        assert app.screen.query_one(LayerTable)
        screen_of(app).show_snapshot()
        await pilot.pause(0.05)
        assert len(failures) == 1
        monkeypatch.setattr(inspecting, "layer_statistics", original)
        run.move_on(10)
        screen_of(app).show_snapshot()
        await inspected(app, pilot)

    play(app, scenario)
