"""The walk screen: the stages of a step, their numbers, and nudged weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import play, shown
from tests.support.walking import (
    press,
    reference,
    stage_name,
    text,
    walk_screen,
    walked,
    walking_app,
)
from tui.app.app import MnistApp
from tui.app.state.walking import CHANGES, NUDGES, Nudged, WalkView
from tui.app.widgets.walk_nudge import weight_words
from tui.app.widgets.walk_stage import StageView
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode

STAGES = "x a1 z1 a2 y loss dy dW2 db2 dz1 da1 dW1 db1 new W1 new b1 new W2 new b2"


# Stages


def test_the_stages_one_by_one(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(walk_app, pilot, "s", "enter")
        names = []
        for stage in view.taken.stages:
            assert stage_name(walk_app) == stage.name
            assert f"[{stage.name}]" in shown(walk_app)[2]
            assert stage.formula.split(",")[0] in text(walk_app)
            assert " ".join(stage.meaning.split()[:6]) in " ".join(text(walk_app).split())
            names.append(stage.name)
            await press(walk_app, pilot, "right")
        assert " ".join(names) == STAGES
        assert stage_name(walk_app) == "new b2", "there is none after the last"
        for key, name in [("left", "new W2"), ("home", "x"), ("left", "x"), ("end", "new b2"),
                          ("tab", "x"), ("shift+tab", "new b2")]:  # fmt: skip
            await press(walk_app, pilot, key)
            assert stage_name(walk_app) == name
        before = text(walk_app)
        await press(walk_app, pilot, "s")
        assert stage_name(walk_app) == "new b2", "a step keeps the stage"
        assert text(walk_app) != before
        await press(walk_app, pilot, "escape")
        assert walk_screen(walk_app).level == "images"

    play(walk_app, scenario)


def test_the_cursor_reads_values_and_sums(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(walk_app, pilot, "enter", "right", "enter")
        screen = walk_screen(walk_app)
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
            await press(walk_app, pilot, key)
            assert f"a1[{place[0]},{place[1]}] = {a1[place]:.6g}" in text(walk_app)
            assert f"sum {a1[place]:.6g}" in text(walk_app)
        assert screen.level == "numbers"
        await press(walk_app, pilot, "escape")
        assert screen.level == "stages"

    play(walk_app, scenario)


def test_weights_by_pixel_are_pictures(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(walk_app, pilot, "enter")
        screen = walk_screen(walk_app)
        screen.stage = STAGES.split().index("dW1")
        await press(walk_app, pilot, "enter")
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
            await press(walk_app, pilot, key)
            assert f"dW1[{place[0]},{place[1]}] = {gradient[place]:.6g}" in text(walk_app)
        screen.cursors["pixel"] = 3
        await press(walk_app, pilot, "up")
        assert screen.cursors["pixel"] == 3, "there is no row above the first"
        before = text(walk_app)
        await press(walk_app, pilot, "d")
        assert not walk_app.screen.query_one(StageView).shaded
        assert text(walk_app) != before
        assert "'-=% below" in " ".join(text(walk_app).split())
        await press(walk_app, pilot, "d")
        assert text(walk_app) == before

    play(walk_app, scenario)


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


def test_a_weight_seen_three_ways(walk_app: MnistApp, small: Dataset) -> None:
    walk = reference(small)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(walk_app, pilot, "s", "m")
        walk.go(1)
        screen = walk_screen(walk_app)
        place = screen.cursors["unit 1"], screen.cursors["class"]
        nudged = nudged_of(view)
        assert [nudge.h for nudge in nudged.nudges] == list(NUDGES)
        expected = walk.nudge("W2", place)
        assert nudged.nudges[0] == expected
        name = f"W2[{place[0]},{place[1]}]"
        assert f"{name}, the weight from unit {place[0]}" in text(walk_app)
        # By its definition.
        for number in (expected.loss, expected.above, expected.below):
            assert f"{number:.12f}" in text(walk_app)
        assert f"{expected.numerical:.10f}" in text(walk_app)
        # As the sum that backpropagation computes.
        assert f"d{name} = {expected.analytical:.6g}" in text(walk_app)
        assert f"sum {expected.analytical:.6g}" in text(walk_app)
        # As the slope of the loss along this weight, of which the update makes use.
        along = walk.along("W2", place)
        losses = [along.at(expected.value + change) for change in CHANGES]
        np.testing.assert_allclose(nudged.losses, losses)
        assert nudged.updated == expected.value - 0.1 * expected.analytical
        assert nudged.loss_updated == along.at(nudged.updated) < expected.loss
        assert f"w    {expected.value:.6f} -> {nudged.updated:.6f}" in text(walk_app)
        assert "tangent" in text(walk_app)
        screen.cursors |= {"unit 1": 10, "class": 5}
        for key, at in [("down", (11, 5)), ("right", (11, 6)), ("up", (10, 6)), ("left", (10, 5)),
                        ("end", (10, 9)), ("home", (10, 0)), ("pagedown", (11, 0))]:  # fmt: skip
            view = await press(walk_app, pilot, key)
            assert nudged_of(view).nudges[0].index == at
            assert f"W2[{at[0]},{at[1]}]" in text(walk_app)
        for key, name in [("tab", "b2"), ("tab", "W1"), ("tab", "b1"), ("shift+tab", "W1")]:
            view = await press(walk_app, pilot, key)
            assert nudged_of(view).nudges[0].parameter == name
        view = await press(walk_app, pilot, "s")
        assert view.step == 2
        assert nudged_of(view).nudges[0].loss == pytest.approx(walk.go(2).loss)
        view = await press(walk_app, pilot, "escape")
        assert (screen.level, view.nudged) == ("images", None)

    play(walk_app, scenario)


def test_where_it_is_narrow_a_key_turns_to_the_next_way(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(walk_app, pilot, "m")
        assert "v More" in shown(walk_app)[-1]
        for key, part in [("v", "tangent"), ("v", "sum of"), ("v", "backpropagated")]:
            assert part not in text(walk_app)
            await press(walk_app, pilot, key)
            assert part in text(walk_app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "v More" not in shown(walk_app)[-1]

    play(walk_app, scenario, (40, 15))


def test_the_weight_under_the_cursor_is_nudged(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(walk_app, pilot, "enter")
        screen = walk_screen(walk_app)
        screen.stage = STAGES.split().index("db1")
        view = await press(walk_app, pilot, "enter", "right", "m")
        first = nudged_of(view).nudges[0]
        assert (first.parameter, first.index) == ("b1", (screen.cursors["unit 1"],))
        assert "bias of unit" in text(walk_app)
        await press(walk_app, pilot, "m")
        assert screen.level == "numbers", "back to where it was called"

    play(walk_app, scenario)


def test_another_weight_may_be_wanted_than_the_one_that_is_shown(walk_app: MnistApp) -> None:
    """A weight of two indices was once looked up in the gradient of the biases."""

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(walk_app, pilot, "m")
        screen = walk_screen(walk_app)
        screen._nudge("b2")
        screen.draw()
        assert "W2[" in text(walk_app)
        await walked(walk_app, pilot)
        assert "b2[" in text(walk_app)

    play(walk_app, scenario)


def test_another_walk_leaves_the_nudge_and_begins_with_its_own_places(walk_app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view = await press(walk_app, pilot, "tab", "tab", "enter", "m", "c")
        screen = walk_screen(walk_app)
        assert screen.level == "nudge", "these are the same images"
        walk_app.bench.picked = [view.picks[3]]
        screen.show_configuration()
        view = await walked(walk_app, pilot)
        assert (screen.level, view.nudged) == ("images", None)
        assert screen.cursors["class"] == view.picks[0].label
        assert screen.cursors["image"] == screen.image == 0

    play(walk_app, scenario)


def test_no_weight_is_nudged_while_another_network_is_on_its_way(walk_app: MnistApp) -> None:
    """The weight of one network was once looked up in another one, which has no such layer."""

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(walk_app, pilot, "t")
        screen = walk_screen(walk_app)
        walk_app.bench.configure(Experiment(replace(walk_app.bench.config, hidden=())))
        screen.show_configuration()
        screen.action_nudge()
        assert screen.level == "images"
        view = await walked(walk_app, pilot)
        assert list(view.taken.gradient_norms) == ["W1", "b1"]
        view = await press(walk_app, pilot, "m", "tab", "tab")
        assert "W1[" in text(walk_app)

    play(walk_app, scenario)


def test_words_of_weights() -> None:
    words = weight_words("W1", (406, 17), ("pixel", "unit 1"))
    assert words == "weight from pixel 406 to unit 17 of layer 1"
    words = weight_words("W3", (2, 5), ("unit 2", "class"))
    assert words == "weight from unit 2 of layer 2 to class 5"
    assert weight_words("b3", (5,), ("class",)) == "bias of class 5"
    assert weight_words("g1", (4,), ("unit 1",)) == "scale of unit 4 of layer 1"
