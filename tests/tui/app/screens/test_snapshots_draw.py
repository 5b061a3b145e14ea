"""Pictures of the draw screen at the sizes it is laid out for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import NetworkRun, app_of
from tests.support.sizes import SIZES
from tui.app.app import MnistApp
from tui.app.screens.draw import DrawScreen

LINEAR = TrainConfig(hidden=(), dtype="float64")
ZERO = [(-2, 0), (-2, 2), (0, 9), (2, 2), (5, 0), (2, -2), (0, -9), (-2, -2), (-3, 0)]
"""Columns and rows to go."""


def compare(
    snap_compare: Any,
    app: MnistApp,
    *keys: str,
    strokes: Sequence[tuple[int, int]] = (),
    size: tuple[int, int] = (80, 24),
) -> bool:
    async def prepare(pilot: Pilot[object]) -> None:
        assert isinstance(app.screen, DrawScreen)
        if strokes:
            app.screen.action_move(-2, -7)
            app.screen.action_pen()
        for right, below in strokes:
            app.screen.action_move(right, below)
        await pilot.press(*keys)
        await pilot.pause()

    return bool(snap_compare(app, run_before=prepare, terminal_size=size))


@pytest.mark.parametrize("size", SIZES)
def test_a_zero(snap_compare: Any, small: Dataset, size: tuple[int, int]) -> None:
    assert compare(snap_compare, app_of(NetworkRun(small, LINEAR), "draw"), strokes=ZERO, size=size)


@pytest.mark.parametrize("size", SIZES[:2])
def test_as_the_network_gets_it(snap_compare: Any, small: Dataset, size: tuple[int, int]) -> None:
    app = app_of(NetworkRun(small, LINEAR), "draw")
    assert compare(snap_compare, app, "i", strokes=ZERO, size=size)


def test_an_untrained_network(snap_compare: Any, small: Dataset) -> None:
    app = app_of(NetworkRun(small, LINEAR, steps=0), "draw")
    assert compare(snap_compare, app, "g")


def test_an_empty_board(snap_compare: Any, small: Dataset) -> None:
    assert compare(snap_compare, app_of(NetworkRun(small, LINEAR), "draw"))


def test_ascii_without_colours(snap_compare: Any, small: Dataset) -> None:
    app = app_of(NetworkRun(small, LINEAR), "draw", ascii_only=True, colors="none")
    assert compare(snap_compare, app, "i", strokes=ZERO)
