"""The walk screen, key by key."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from nn.analysis.walk import DEFAULT_FIELDS, Walk
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import NetworkRun, app_of, play, shown
from tests.support.walking import press, walk_screen, walked, walking_app
from tui.app.app import MnistApp
from tui.app.screens.digits import DigitsScreen
from tui.app.state.walking import (
    CHANGES,
    MOST_IMAGES,
    NUDGES,
    Extent,
    Nudged,
    Pick,
    Walker,
    WalkView,
    Wanted,
)
from tui.app.widgets.heat import heat_strips
from tui.app.widgets.walk_nudge import weight_words
from tui.app.widgets.walk_stage import StageView, parts_line
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal

SIZES = [(40, 15), (80, 24), (120, 40), (200, 50)]
STAGES = "x a1 z1 a2 y loss dy dW2 db2 dz1 da1 dW1 db1 new W1 new b1 new W2 new b2"


def text(app: MnistApp) -> str:
    return "\n".join(shown(app))


def note(app: MnistApp) -> str:
    return str(app.screen.query_one("#note", Static).content)


def stage_name(app: MnistApp) -> str:
    screen = walk_screen(app)
    assert screen.view is not None
    return screen.view.taken.stages[screen.stage].name


@pytest.fixture
def app(small: Dataset) -> MnistApp:
    return walking_app(small)


def reference(small: Dataset, **fields: object) -> Walk:
    return Walk.of(TrainConfig.layered(DEFAULT_FIELDS, fields), small.train)


# Steps


def test_steps_forwards_and_backwards(app: MnistApp, small: Dataset) -> None:
    walk = reference(small)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await walked(app, pilot)
        assert (view.step, view.before) == (0, None)
        for key, step in [("s", 1), ("right", 2), ("l", 3), ("b", 2), ("left", 1), ("h", 0)]:
            view = await press(app, pilot, key)
            assert view.step == step
            assert view.taken.loss == walk.go(step).loss
            assert f"step {step}  loss {walk.here.loss:.4f}" in shown(app)[1]
        view = await press(app, pilot, "b")
        assert view.step == 0, "there is no step before the first"
        view = await press(app, pilot, "s", "s", "s", "r")
        assert view.step == 0
        view = await press(app, pilot, "s", "s", "home", "s")
        assert view.step == 1

    play(app, scenario)


def test_a_burst_of_steps_arrives_at_the_last(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(app, pilot)
        await pilot.press(*"s" * 30, "b")
        view = await walked(app, pilot)
        assert view.step == 29
        assert len(view.losses) == 30

    play(app, scenario)


def test_every_image_has_its_probabilities_and_verdict(app: MnistApp, small: Dataset) -> None:
    walk = reference(small)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "s", "s")
        walk.go(2)
        rows = [line for line in shown(app) if line[:3].strip(" *>").isdigit() and line[3:4] != " "]
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
        assert f"right {right} of 5" in text(app)
        assert text(app).count("wrong: ") == 5 - right
        for step, loss in enumerate(view.losses):
            assert f"{step}  {loss:.3f}" in text(app)
        assert f"W2 {walk.here.gradient_norms['W2']:.3g}" in text(app)

    play(app, scenario)


def test_a_large_screen_has_the_formulas_of_all_stages(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await walked(app, pilot)
        rows = [line.replace("│", " ").split() for line in shown(app)]
        at = rows.index(["forward", "backward", "update"])
        below = "\n".join(" ".join(row) for row in rows[at:])
        assert all(stage.formula in below for stage in view.taken.stages)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "forward  x a1 z1 a2 y loss" in text(app)

    play(app, scenario, (200, 50))


def test_nothing_is_computed_on_the_loop(app: MnistApp, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()
    look = Walker.look

    def watched(walker: Walker, wanted: Wanted) -> WalkView:
        threads.add(threading.current_thread().name)
        return look(walker, wanted)

    monkeypatch.setattr(Walker, "look", watched)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "s", "m", "down", "escape", "t")

    play(app, scenario)
    assert threads == {"walking"}


def test_another_walk_is_said_to_be_prepared(
    app: MnistApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before stays on the screen meanwhile, and was once taken for the new one."""
    look, go_on = Walker.look, threading.Event()

    def slow(walker: Walker, wanted: Wanted) -> WalkView:
        go_on.wait(60)
        return look(walker, wanted)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "s")
        monkeypatch.setattr(Walker, "look", slow)
        for key in ("t", "x"):
            go_on.clear()
            await pilot.press(key)
            assert "Preparing the walk ..." in shown(app)[1]
            go_on.set()
            await walked(app, pilot)
            assert "Walk  step 0" in shown(app)[1]
        go_on.clear()
        await pilot.press("s")
        assert "Walk  step 0" in shown(app)[1], "a step is of the same walk"
        go_on.set()
        await walked(app, pilot)

    play(app, scenario)


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


# Stages


def test_the_stages_one_by_one(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "s", "enter")
        names = []
        for stage in view.taken.stages:
            assert stage_name(app) == stage.name
            assert f"[{stage.name}]" in shown(app)[2]
            assert stage.formula.split(",")[0] in text(app)
            assert " ".join(stage.meaning.split()[:6]) in " ".join(text(app).split())
            names.append(stage.name)
            await press(app, pilot, "right")
        assert " ".join(names) == STAGES
        assert stage_name(app) == "new b2", "there is none after the last"
        for key, name in [("left", "new W2"), ("home", "x"), ("left", "x"), ("end", "new b2"),
                          ("tab", "x"), ("shift+tab", "new b2")]:  # fmt: skip
            await press(app, pilot, key)
            assert stage_name(app) == name
        before = text(app)
        await press(app, pilot, "s")
        assert stage_name(app) == "new b2", "a step keeps the stage"
        assert text(app) != before
        await press(app, pilot, "escape")
        assert walk_screen(app).level == "images"

    play(app, scenario)


def test_the_cursor_reads_values_and_sums(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "enter", "right", "enter")
        screen = walk_screen(app)
        screen.cursors |= {"image": 0, "unit 1": 3}
        a1 = view.taken.values["a1"]
        for key, place in [
            ("right", (0, 4)),
            ("down", (1, 4)),
            ("l", (1, 5)),
            ("j", (2, 5)),
            ("left", (2, 4)),
            ("h", (2, 3)),
            ("up", (1, 3)),
            ("k", (0, 3)),
            ("k", (0, 3)),
            ("pagedown", (1, 3)),
            ("pageup", (0, 3)),
            ("end", (0, 49)),
            ("home", (0, 0)),
        ]:
            await press(app, pilot, key)
            assert f"a1[{place[0]},{place[1]}] = {a1[place]:.6g}" in text(app)
            assert f"sum {a1[place]:.6g}" in text(app)
        assert screen.level == "numbers"
        await press(app, pilot, "escape")
        assert screen.level == "stages"

    play(app, scenario)


def test_weights_by_pixel_are_pictures(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "enter")
        screen = walk_screen(app)
        screen.stage = STAGES.split().index("dW1")
        await press(app, pilot, "enter")
        screen.cursors |= {"pixel": 400, "unit 1": 7}
        gradient = view.taken.values["dW1"]
        for key, place in [
            ("right", (401, 7)),
            ("down", (429, 7)),
            ("left", (428, 7)),
            ("up", (400, 7)),
            ("pagedown", (400, 8)),
            ("pageup", (400, 7)),
        ]:
            await press(app, pilot, key)
            assert f"dW1[{place[0]},{place[1]}] = {gradient[place]:.6g}" in text(app)
        screen.cursors["pixel"] = 3
        await press(app, pilot, "up")
        assert screen.cursors["pixel"] == 3, "there is no row above the first"
        before = text(app)
        await press(app, pilot, "d")
        assert not app.screen.query_one(StageView).shaded
        assert text(app) != before
        assert "'-=% below" in " ".join(text(app).split())
        await press(app, pilot, "d")
        assert text(app) == before

    play(app, scenario)


def test_inputs_that_are_edges_are_named_as_such(small: Dataset) -> None:
    app = walking_app(small, TrainConfig(hidden=(12,), preprocessing="edges"))

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "t", "enter")
        assert "eight pictures of where" in text(app)
        assert "image 0 of 5, edges in 8 directions" in " ".join(text(app).split())
        x = view.taken.values["x"]
        screen = walk_screen(app)
        screen.cursors["edge"] = 300
        for key, place in [("enter", 300), ("right", 301), ("down", 329), ("left", 328)]:
            await press(app, pilot, key)
            assert f"x[0,{place}] = {x[0, place]:.6g}" in text(app)
        screen.stage = [stage.name for stage in view.taken.stages].index("dW1")
        await press(app, pilot, "right")
        assert "of 12, edges in 8 directions" in " ".join(text(app).split())
        await press(app, pilot, "m")
        assert "the weight from edge 329 to unit" in text(app)
        assert "by pixel" not in text(app)

    play(app, scenario)


# Nudging


def nudged_of(view: WalkView) -> Nudged:
    assert view.nudged is not None
    return view.nudged


def test_a_weight_seen_three_ways(app: MnistApp, small: Dataset) -> None:
    walk = reference(small)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "s", "m")
        walk.go(1)
        screen = walk_screen(app)
        place = screen.cursors["unit 1"], screen.cursors["class"]
        nudged = nudged_of(view)
        assert [nudge.h for nudge in nudged.nudges] == list(NUDGES)
        expected = walk.nudge("W2", place)
        assert nudged.nudges[0] == expected
        name = f"W2[{place[0]},{place[1]}]"
        assert f"{name}, the weight from unit {place[0]}" in text(app)
        # By its definition.
        for number in (expected.loss, expected.above, expected.below):
            assert f"{number:.12f}" in text(app)
        assert f"{expected.numerical:.10f}" in text(app)
        # As the sum that backpropagation computes.
        assert f"d{name} = {expected.analytical:.6g}" in text(app)
        assert f"sum {expected.analytical:.6g}" in text(app)
        # As the slope of the loss along this weight, of which the update makes use.
        along = walk.along("W2", place)
        losses = [along.at(expected.value + change) for change in CHANGES]
        np.testing.assert_allclose(nudged.losses, losses)
        assert nudged.updated == expected.value - 0.1 * expected.analytical
        assert nudged.loss_updated == along.at(nudged.updated) < expected.loss
        assert f"w    {expected.value:.6f} -> {nudged.updated:.6f}" in text(app)
        assert "tangent" in text(app)
        screen.cursors |= {"unit 1": 10, "class": 5}
        for key, at in [("down", (11, 5)), ("right", (11, 6)), ("up", (10, 6)), ("left", (10, 5)),
                        ("end", (10, 9)), ("home", (10, 0)), ("pagedown", (11, 0))]:  # fmt: skip
            view = await press(app, pilot, key)
            assert nudged_of(view).nudges[0].index == at
            assert f"W2[{at[0]},{at[1]}]" in text(app)
        for key, name in [("tab", "b2"), ("tab", "W1"), ("tab", "b1"), ("shift+tab", "W1")]:
            view = await press(app, pilot, key)
            assert nudged_of(view).nudges[0].parameter == name
        view = await press(app, pilot, "s")
        assert view.step == 2
        assert nudged_of(view).nudges[0].loss == pytest.approx(walk.go(2).loss)
        view = await press(app, pilot, "escape")
        assert (screen.level, view.nudged) == ("images", None)

    play(app, scenario)


def test_where_it_is_narrow_a_key_turns_to_the_next_way(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "m")
        assert "v More" in shown(app)[-1]
        for key, part in [("v", "tangent"), ("v", "sum of"), ("v", "backpropagated")]:
            assert part not in text(app)
            await press(app, pilot, key)
            assert part in text(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "v More" not in shown(app)[-1]

    play(app, scenario, (40, 15))


def test_the_weight_under_the_cursor_is_nudged(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "enter")
        screen = walk_screen(app)
        screen.stage = STAGES.split().index("db1")
        view = await press(app, pilot, "enter", "right", "m")
        first = nudged_of(view).nudges[0]
        assert (first.parameter, first.index) == ("b1", (screen.cursors["unit 1"],))
        assert "bias of unit" in text(app)
        await press(app, pilot, "m")
        assert screen.level == "numbers", "back to where it was called"

    play(app, scenario)


def test_another_weight_may_be_wanted_than_the_one_that_is_shown(app: MnistApp) -> None:
    """A weight of two indices was once looked up in the gradient of the biases."""

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "m")
        screen = walk_screen(app)
        screen._nudge("b2")
        screen.draw()
        assert "W2[" in text(app)
        await walked(app, pilot)
        assert "b2[" in text(app)

    play(app, scenario)


def test_another_walk_leaves_the_nudge_and_begins_with_its_own_places(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "tab", "tab", "enter", "m", "c")
        screen = walk_screen(app)
        assert screen.level == "nudge", "these are the same images"
        app.bench.picked = [view.picks[3]]
        screen.show_configuration()
        view = await walked(app, pilot)
        assert (screen.level, view.nudged) == ("images", None)
        assert screen.cursors["class"] == view.picks[0].label
        assert screen.cursors["image"] == screen.image == 0

    play(app, scenario)


def test_no_weight_is_nudged_while_another_network_is_on_its_way(app: MnistApp) -> None:
    """The weight of one network was once looked up in another one, which has no such layer."""

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "t")
        screen = walk_screen(app)
        app.bench.configure(Experiment(replace(app.bench.config, hidden=())))
        screen.show_configuration()
        screen.action_nudge()
        assert screen.level == "images"
        view = await walked(app, pilot)
        assert list(view.taken.gradient_norms) == ["W1", "b1"]
        view = await press(app, pilot, "m", "tab", "tab")
        assert "W1[" in text(app)

    play(app, scenario)


def test_words_of_weights() -> None:
    words = weight_words("W1", (406, 17), ("pixel", "unit 1"))
    assert words == "weight from pixel 406 to unit 17 of layer 1"
    words = weight_words("W3", (2, 5), ("unit 2", "class"))
    assert words == "weight from unit 2 of layer 2 to class 5"
    assert weight_words("b3", (5,), ("class",)) == "bias of class 5"
    assert weight_words("g1", (4,), ("unit 1",)) == "scale of unit 4 of layer 1"


# Images and networks


def test_images_by_their_indices(app: MnistApp, small: Dataset) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(app, pilot)
        view = await press(app, pilot, "s", "g", "4", "2", "enter")
        assert [pick.index for pick in view.picks] == [0, 1, 2, 3, 4, 42]
        assert view.step == 0, "another walk begins at its first step"
        assert f"{small.train.labels[42]}  #42" not in text(app), "five fit beside one another"
        view = await press(app, pilot, "down", "down", "down", "down", "j", "j")
        assert walk_screen(app).image == 5
        assert f">{small.train.labels[42]}  #42" in text(app)
        await press(app, pilot, "up", "k", "tab", "pageup")
        assert walk_screen(app).image == 0
        view = await press(app, pilot, "x")
        assert [pick.index for pick in view.picks] == [1, 2, 3, 4, 42]
        await pilot.press("g", "9", "9", "9", "enter")
        await pilot.pause()
        assert note(app) == "There is no training image 999: the last one is 299"
        await pilot.press("g", "enter")
        view = await press(app, pilot, "c")
        assert [pick.index for pick in view.picks] == [0, 1, 2, 3, 4]
        view = await press(app, pilot, "x", "x", "x", "x", "x")
        assert len(view.picks) == 1
        assert note(app) == "One image must stay"

    play(app, scenario)


def test_no_more_images_than_can_be_read(app: MnistApp, small: Dataset) -> None:
    app.bench.picked = [Pick.of("train", small.train, index) for index in range(MOST_IMAGES)]

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(app, pilot)
        view = await press(app, pilot, "g", "7", "enter")
        assert len(view.picks) == MOST_IMAGES
        assert f"{MOST_IMAGES} images at most" in note(app)

    play(app, scenario)


def test_digits_join_the_walk(small: Dataset) -> None:
    app = app_of(NetworkRun(small, TrainConfig(hidden=(16,))), "digits")
    app.bench.dataset = small

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("w", "right", "right", "w")
        await pilot.pause()
        assert isinstance(app.screen, DigitsScreen)
        assert note(app) == "Into the walk (9), now of 2 images"
        await pilot.press("9")
        await pilot.pause()
        view = await press(app, pilot, "s")
        assert [pick.name for pick in view.picks] == ["test 0", "test 2"]
        np.testing.assert_array_equal(view.picks[1].image, small.test.images[2])
        assert "test 2" in text(app)
        await pilot.press("2", "w")
        await pilot.pause()
        assert note(app) == "Out of the walk, now of 1 image"
        await pilot.press("left", "left", "w")
        await pilot.pause()
        assert note(app) == "Out of the walk, now of the first images"
        await pilot.press("9")
        await asyncio.sleep(0)
        view = await walked(app, pilot)
        assert [pick.name for pick in view.picks] == [f"train {index}" for index in range(5)]

    play(app, scenario)


def test_the_network_of_train(small: Dataset) -> None:
    config = TrainConfig(hidden=(12, 7), activation="tanh", dropout=0.0, learning_rate=0.01)
    app = walking_app(small, config)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "s", "t")
        assert view.wanted.config.hidden == (12, 7)
        assert view.wanted.config.schedule == "constant"
        assert "784-12-7-10 tanh, adam 0.01" in shown(app)[1]
        view = await press(app, pilot, "s", "enter", "end")
        assert stage_name(app) == "new b3"
        app.bench.experiment = type(app.bench.experiment)(TrainConfig(hidden=(5,)))
        walk_screen(app).show_configuration()
        view = await walked(app, pilot)
        assert view.wanted.config.hidden == (5,)
        view = await press(app, pilot, "t")
        assert view.wanted.config.hidden == (50,)

    play(app, scenario)


def test_dropout_clipping_and_max_norm_are_stages(small: Dataset) -> None:
    config = TrainConfig(hidden=(12,), dropout=0.5, clip_norm=0.1, max_norm=1.0, optimizer="sgd")
    app = walking_app(small, config)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        assert "bars without dropout" not in text(app)
        await press(app, pilot, "t")
        assert "bars without dropout, loss with it" in text(app)
        await press(app, pilot, "enter", "right", "right", "right")
        assert stage_name(app) == "m1"
        assert "m1 = 1 if u >= 0.5 else 0" in text(app)
        await press(app, pilot, "right")
        assert "h1 = z1 m1 / (1 - 0.5)" in text(app)
        await press(app, pilot, "end")
        assert "new W1 = updated W1 min(1, 1 / norms W1)" in text(app)
        await press(app, pilot, "left")
        assert "norms W1 = sqrt(sum of (updated W1)^2" in text(app)
        await press(app, pilot, *["left"] * 5)
        assert "factor = min(1, 0.1 / (norm + 1e-6))" in text(app)
        view = await press(app, pilot, "m")
        assert view.nudged is not None
        nudge = view.nudged.nudges[0]
        assert nudge.loss == pytest.approx(view.taken.loss, rel=1e-5)
        assert nudge.numerical == pytest.approx(nudge.analytical, rel=1e-3, abs=1e-6)

    play(app, scenario)


def test_a_normalized_network_is_walked_and_its_scale_nudged(small: Dataset) -> None:
    app = walking_app(small, TrainConfig(hidden=(12, 7), batch_norm=True))

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "t", "s")
        assert "bars as predicted, loss as trained" in text(app)
        await press(app, pilot, "enter", *["right"] * 4)
        assert stage_name(app) == "n1"
        assert "n1 = (a1 - mu1) / sqrt(var1 + e), e = 1e-05" in text(app)
        while stage_name(app) != "dg2":
            await press(app, pilot, "right")
        view = await press(app, pilot, "m")
        assert "the scale of unit" in text(app)
        assert view.nudged is not None
        nudge = view.nudged.nudges[0]
        assert nudge.parameter == "g2"
        assert nudge.numerical == pytest.approx(nudge.analytical, rel=1e-3, abs=1e-6)

    play(app, scenario)


def test_a_noisy_network_is_walked_and_a_weight_nudged(small: Dataset) -> None:
    app = walking_app(small, TrainConfig(hidden=(12,), noise=0.3))

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "t", "s")
        assert "bars without noise, loss with it" in text(app)
        await press(app, pilot, "enter", *["right"] * 2)
        assert stage_name(app) == "q0"
        assert "q0 = x + e0" in text(app)
        while stage_name(app) != "dW1":
            await press(app, pilot, "right")
        view = await press(app, pilot, "m")
        assert view.nudged is not None
        nudge = view.nudged.nudges[0]
        assert nudge.numerical == pytest.approx(nudge.analytical, rel=1e-3, abs=1e-6)

    play(app, scenario)


def test_a_network_that_cannot_be_walked_is_named(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = walking_app(small, TrainConfig())
    look = Walker.look

    def without_memory(walker: Walker, wanted: Wanted) -> WalkView:
        if wanted.of_train:
            raise MemoryError("not enough memory")
        return look(walker, wanted)

    monkeypatch.setattr(Walker, "look", without_memory)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(app, pilot, "s", "t")
        assert view.wanted.config.hidden == (50,)
        assert note(app) == "not enough memory"

    play(app, scenario)


def test_a_walk_that_diverges_goes_back(small: Dataset) -> None:
    fields = {"loss": "squared-error", "activation": "identity", "learning_rate": 1e9}
    app = walking_app(small, TrainConfig.layered(DEFAULT_FIELDS, fields))

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "t")
        for _ in range(9):
            view = await press(app, pilot, "s")
        assert view.diverged
        assert view.step < 9
        assert "diverged" in shown(app)[1]
        for _ in view.taken.stages:
            await press(app, pilot, *(["enter"] if walk_screen(app).level == "images" else ["tab"]))
        await press(app, pilot, "escape", "m")
        view = await press(app, pilot, "b")
        assert not view.diverged

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


def test_help_and_palette_name_every_key(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(app, pilot)
        descriptions = {command.title for command in app.commands()}
        assert {"Step", "Back", "Inside", "Nudge", "Start again"} <= descriptions
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Image by its index" in "\n".join(
            "".join(segment.text for segment in strip)
            for strip in app.screen._compositor.render_strips(app.screen.size)
        )

    play(app, scenario)


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
