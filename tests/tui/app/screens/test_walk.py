"""The walk screen: its steps, key by key, and how it looks."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from textual.pilot import Pilot

from nn.data.dataset import Dataset
from tests.support.networks import app_of, play, shown
from tests.support.walking import press, reference, text, walk_screen, walked, walking_app
from tui.app.app import MnistApp
from tui.app.state.walking import Extent, Walker, WalkView, Wanted
from tui.app.widgets.heat import heat_strips
from tui.app.widgets.walk_stage import parts_line
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal

SIZES = [(40, 15), (80, 24), (120, 40), (200, 50)]


# Steps


def test_steps_forwards_and_backwards(walk_app: MnistApp, small: Dataset) -> None:
    walk = reference(small)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await walked(walk_app, pilot)
        assert (view.step, view.before) == (0, None)
        for key, step in [("s", 1), ("right", 2), ("l", 3), ("b", 2), ("left", 1), ("h", 0)]:
            view = await press(walk_app, pilot, key)
            assert view.step == step
            assert view.taken.loss == walk.go(step).loss
            assert f"step {step}  loss {walk.here.loss:.4f}" in shown(walk_app)[1]
        view = await press(walk_app, pilot, "b")
        assert view.step == 0, "there is no step before the first"
        view = await press(walk_app, pilot, "s", "s", "s", "r")
        assert view.step == 0
        view = await press(walk_app, pilot, "s", "s", "home", "s")
        assert view.step == 1

    play(walk_app, scenario)


def test_a_burst_of_steps_arrives_at_the_last(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(walk_app, pilot)
        await pilot.press(*"s" * 30, "b")
        view = await walked(walk_app, pilot)
        assert view.step == 29
        assert len(view.losses) == 30

    play(walk_app, scenario)


def test_every_image_has_its_probabilities_and_verdict(walk_app: MnistApp, small: Dataset) -> None:
    walk = reference(small)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(walk_app, pilot, "s", "s")
        walk.go(2)
        rows = [
            line for line in shown(walk_app) if line[:3].strip(" *>").isdigit() and line[3:4] != " "
        ]
        bars = rows[-10:]
        for digit, line in enumerate(bars):
            assert [float(line[13 * i + 6 : 13 * i + 11]) for i in range(5)] == [
                pytest.approx(100 * value, abs=0.051) for value in walk.here.probabilities[:, digit]
            ]
            marks = [line[13 * i : 13 * i + 2] for i in range(5)]
            for i, mark in enumerate(marks):
                assert ("*" in mark) == (small.train.labels[i] == digit)
                assert (">" in mark) == (view.predicted[i] == digit)
            signs = [line[13 * i + 11] for i in range(5)]
            changes = walk.probabilities[2][:, digit] - walk.probabilities[1][:, digit]
            for sign, change in zip(signs, changes, strict=True):
                assert sign == (" " if abs(change) < 0.0005 else "+" if change > 0 else "-")
        right = int((view.predicted == small.train.labels[:5]).sum())
        assert f"right {right} of 5" in text(walk_app)
        assert text(walk_app).count("wrong: ") == 5 - right
        for step, loss in enumerate(view.losses):
            assert f"{step}  {loss:.3f}" in text(walk_app)
        assert f"W2 {walk.here.gradient_norms['W2']:.3g}" in text(walk_app)

    play(walk_app, scenario)


def test_a_large_screen_has_the_formulas_of_all_stages(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await walked(walk_app, pilot)
        rows = [line.replace("│", " ").split() for line in shown(walk_app)]
        at = rows.index(["forward", "backward", "update"])
        below = "\n".join(" ".join(row) for row in rows[at:])
        assert all(stage.formula in below for stage in view.taken.stages)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "forward  x a1 z1 a2 y loss" in text(walk_app)

    play(walk_app, scenario, (200, 50))


def test_nothing_is_computed_on_the_loop(
    walk_app: MnistApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()
    look = Walker.look

    def watched(walker: Walker, wanted: Wanted) -> WalkView:
        threads.add(threading.current_thread().name)
        return look(walker, wanted)

    monkeypatch.setattr(Walker, "look", watched)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(walk_app, pilot, "s", "m", "down", "escape", "t")

    play(walk_app, scenario)
    assert threads == {"walking"}


def test_another_walk_is_said_to_be_prepared(
    walk_app: MnistApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before stays on the screen meanwhile, and was once taken for the new one."""
    look, go_on = Walker.look, threading.Event()

    def slow(walker: Walker, wanted: Wanted) -> WalkView:
        go_on.wait(60)
        return look(walker, wanted)

    monkeypatch.setattr(Walker, "look", slow)
    go_on.set()

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(walk_app, pilot, "s")
        for key in ("t", "x"):
            go_on.clear()
            await pilot.press(key)
            assert "Preparing the walk ..." in shown(walk_app)[1]
            go_on.set()
            await walked(walk_app, pilot)
            assert "Walk  step 0" in shown(walk_app)[1]
        go_on.clear()
        await pilot.press("s")
        assert "Walk  step 0" in shown(walk_app)[1], "a step is of the same walk"
        go_on.set()
        await walked(walk_app, pilot)

    play(walk_app, scenario)


def test_it_waits_for_the_data(small: Dataset) -> None:
    app = app_of(None, "walk")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("s", "enter", "m", "t", "x", "tab", "down", "end", "pagedown", "g")
        assert "Preparing" in shown(app)[1] or "Loading" in shown(app)[1]
        app.bench.dataset = small
        walk_screen(app).show_configuration()
        view = await walked(app, pilot)
        assert view.step == 0

    play(app, scenario)


# Looks


@pytest.mark.parametrize(
    ("size", "ascii_only"),
    [
        pytest.param(
            size, ascii_only, marks=[pytest.mark.slow] * (number > 1 or ascii_only == number % 2)
        )
        for number, size in enumerate(SIZES)
        for ascii_only in (True, False)
    ],
)
def test_every_level_fits_every_size(
    small: Dataset, size: tuple[int, int], ascii_only: bool
) -> None:
    app = walking_app(small, ascii_only=ascii_only, colors="none" if ascii_only else "full")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "s")
        for keys in [("b",), ("s",), ("enter",), *[("right",)] * 16, ("enter",), ("m",)]:
            await press(app, pilot, *keys)
            lines = shown(app)
            assert "Walk  step" in lines[1]
            assert "Help" in lines[-1]
            assert all(len(line) == size[0] for line in lines)
            if ascii_only:
                assert text(app).isascii()

    play(app, scenario, size)


@pytest.mark.parametrize("size", [(7, 6), (1, 1)])
def test_it_survives_a_terminal_without_room(small: Dataset, size: tuple[int, int]) -> None:
    app = walking_app(small)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "s")
        await pilot.resize_terminal(*size)
        await press(app, pilot, "enter", "right", "enter", "escape", "escape")
        await pilot.resize_terminal(80, 24)
        await press(app, pilot, "s")
        assert "Walk  step" in shown(app)[1]

    play(app, scenario)


def test_help_and_palette_name_every_key(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(walk_app, pilot)
        descriptions = {command.title for command in walk_app.commands()}
        assert {"Step", "Back", "Inside", "Nudge", "Start again"} <= descriptions
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Image by its index" in "\n".join(
            "".join(segment.text for segment in strip)
            for strip in walk_app.screen._compositor.render_strips(walk_app.screen.size)
        )

    play(walk_app, scenario)


@pytest.mark.parametrize("width", [20, 40, 78, 200])
@pytest.mark.parametrize("chosen", [0, 7, 16])
def test_the_chosen_stage_is_always_named(small: Dataset, width: int, chosen: int) -> None:
    stages = reference(small).here.stages
    strip = parts_line(stages, chosen, width)
    assert f"[{stages[chosen].name}]" in strip.text
    assert strip.cell_length == width


def test_the_extent_of_numbers_of_which_some_are_not_finite() -> None:
    assert Extent.of(np.array([1.0, -3.0, np.inf, np.nan])) == Extent(3.0, signed=True)
    assert Extent.of(np.array([[0.0, 2.0]])) == Extent(2.0, signed=False)
    assert Extent.of(np.array([np.nan])) == Extent(0.0, signed=False)


@pytest.mark.parametrize("shaded", [False, True])
@pytest.mark.parametrize("place", [(0, 0), (27, 27), (13, 5)])
def test_the_cursor_is_always_seen(place: tuple[int, int], shaded: bool) -> None:
    matrix = np.linspace(-1, 1, 784).reshape(28, 28)
    terminal = Terminal(ascii_only=not shaded, colors="full" if shaded else "none")
    for width, height in ((56, 28), (28, 14), (10, 4)):
        strips = heat_strips(
            matrix, place, width, height, largest=1, signed=True, shaded=shaded, terminal=terminal
        )
        drawn = "".join(strip.text for strip in strips)
        assert sum(drawn.count(mark) for mark in ("[]", "X", "^", "v")) == 1
        assert len(strips) <= height
        assert all(strip.cell_length <= width for strip in strips)
