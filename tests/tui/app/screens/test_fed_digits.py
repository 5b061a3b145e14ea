"""Digits as the network is fed them, in place of the digits as they are in the data."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.data.deskew import deskew
from nn.data.edges import edges
from tests.support.messages import text
from tests.support.networks import NetworkRun, app_of, play, shown
from tui.app.state.fed_digits import FedDigits, fed_words
from tui.app.widgets.digit import DigitView
from tui.system.exits import ExitCode

CONFIG = TrainConfig(hidden=(), deskew=True, augment_rotation=90.0)


def test_a_digit_is_deskewed_and_in_training_warped(small: Dataset) -> None:
    app = app_of(NetworkRun(small, CONFIG), "digits")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        async def image() -> Array:
            for _ in range(300):
                await pilot.pause()
                if (pixels := app.screen.query_one(DigitView)._shown) is not None:
                    return np.asarray(pixels).ravel()
                await asyncio.sleep(0.01)
            raise AssertionError("nothing is shown")

        test, train = small.test.images[0], small.train.images[0]
        np.testing.assert_array_equal(await image(), test)
        await pilot.press("i")
        np.testing.assert_array_equal(await image(), deskew(test[None], (28, 28))[0])
        note = "As the network is fed it: deskewed, and warped only in training"
        assert text(app, "#note") == note
        await pilot.press("tab")
        straight = deskew(train[None], (28, 28))[0]
        first = await image()
        assert abs(first.astype(int) - straight).max() > 50
        await pilot.press("right", "left")
        assert abs(first.astype(int) - await image()).max() > 5
        first = await image()
        for number in (2, 3):
            await pilot.press("i")
            assert f"warped at random ({number} of 3, i: the next)" in text(app, "#note")
            assert abs(first.astype(int) - await image()).max() > 5
        await pilot.press("i")
        np.testing.assert_array_equal(await image(), train)

    play(app, scenario)


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"deskew": True}, "As MNIST, deskewed "),
        ({"preprocessing": "edges"}, "As MNIST, edges "),
        ({}, "As MNIST "),
    ],
)
def test_the_drawing_board_says_what_is_made_of_a_drawing(
    small: Dataset, fields: dict[str, Any], title: str
) -> None:
    app = app_of(NetworkRun(small, TrainConfig(hidden=(), **fields)), "draw")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("space", "down", "down")
        await pilot.pause()
        assert title in "\n".join(shown(app))

    play(app, scenario)


def test_the_edges_of_a_digit_are_shown_as_small_pictures(small: Dataset) -> None:
    config = TrainConfig(hidden=(), preprocessing="edges")
    predictor = NetworkRun(small, config).snapshots[-1].predictor
    found = FedDigits().picture(small.test, 0, predictor, training=False)
    expected = edges(small.test.images[:1].astype(float), (28, 28)).reshape(28, 28)
    np.testing.assert_allclose(found, expected, atol=0.51)
    assert fed_words(config, training=False) == "its edges in eight directions"


def test_a_digit_that_stays_is_warped_in_one_way(small: Dataset) -> None:
    """It is drawn again at each new snapshot of the run, and would dance otherwise."""
    predictor = NetworkRun(small, CONFIG).snapshots[-1].predictor
    fed = FedDigits()
    first, again, other, back = (
        fed.picture(small.train, index, predictor, training=True) for index in (3, 3, 4, 3)
    )
    np.testing.assert_array_equal(first, again)
    assert abs(first.astype(int) - back).max() > 5
    assert first.shape == other.shape == (28, 28)


def test_what_is_done_is_named() -> None:
    assert fed_words(TrainConfig(), training=True) == "with the pixels that it has"
    assert fed_words(CONFIG, training=True) == "deskewed, warped at random"
