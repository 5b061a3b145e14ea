"""The walk screen: the images and the networks that are walked."""

from __future__ import annotations

import asyncio
from threading import Event

import numpy as np
import pytest
from textual.pilot import Pilot

from nn.analysis.walk import DEFAULT_FIELDS
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import NetworkRun, app_of, play, shown
from tests.support.quiescence import until
from tests.support.walking import note, press, stage_name, text, walk_screen, walked, walking_app
from tui.app.app import MnistApp
from tui.app.screens.digits import DigitsScreen
from tui.app.state.walking import MOST_IMAGES, Pick, Walker, WalkView, Wanted
from tui.system.exits import ExitCode


def test_images_by_their_indices(walk_app: MnistApp, small: Dataset) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(walk_app, pilot)
        view = await press(walk_app, pilot, "s", "g", "4", "2", "enter")
        assert [pick.index for pick in view.picks] == [0, 1, 2, 3, 4, 42]
        assert view.step == 0, "another walk begins at its first step"
        assert f"{small.train.labels[42]}  #42" not in text(walk_app), "five fit beside one another"
        view = await press(walk_app, pilot, "down", "down", "down", "down", "j", "j")
        assert walk_screen(walk_app).image == 5
        assert f">{small.train.labels[42]}  #42" in text(walk_app)
        await press(walk_app, pilot, "up", "k", "tab", "pageup")
        assert walk_screen(walk_app).image == 0
        view = await press(walk_app, pilot, "x")
        assert [pick.index for pick in view.picks] == [1, 2, 3, 4, 42]
        await pilot.press("g", "9", "9", "9", "enter")
        await pilot.pause()
        assert note(walk_app) == "There is no training image 999: the last one is 299"
        await pilot.press("g", "enter")
        view = await press(walk_app, pilot, "c")
        assert [pick.index for pick in view.picks] == [0, 1, 2, 3, 4]
        view = await press(walk_app, pilot, "x", "x", "x", "x", "x")
        assert len(view.picks) == 1
        assert note(walk_app) == "One image must stay"

    play(walk_app, scenario)


def test_no_more_images_than_can_be_read(walk_app: MnistApp, small: Dataset) -> None:
    walk_app.bench.picked = [Pick.of("train", small.train, index) for index in range(MOST_IMAGES)]

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await walked(walk_app, pilot)
        view = await press(walk_app, pilot, "g", "7", "enter")
        assert len(view.picks) == MOST_IMAGES
        assert f"{MOST_IMAGES} images at most" in note(walk_app)

    play(walk_app, scenario)


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


def test_a_network_that_is_no_longer_wanted_is_not_refused(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = walking_app(small, TrainConfig())
    look, begun, left = Walker.look, Event(), Event()

    def without_memory(walker: Walker, wanted: Wanted) -> WalkView:
        if not wanted.of_train:
            return look(walker, wanted)
        begun.set()
        assert left.wait(60)
        raise MemoryError("not enough memory")

    monkeypatch.setattr(Walker, "look", without_memory)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await press(app, pilot, "s")
        await pilot.press("t")
        await until(pilot, begun.is_set)
        await pilot.press("t", "s")
        left.set()
        view = await walked(app, pilot)
        assert (view.wanted.config.hidden, view.step) == ((50,), 1)
        assert note(app) == ""

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
