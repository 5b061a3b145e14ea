"""Pictures of the model screen at the sizes it is laid out for."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import NetworkRun, app_of, inspected
from tests.support.sizes import SIZES
from tui.app.app import MnistApp

DEEP = TrainConfig(hidden=(32,) * 9, activation="tanh", dtype="float64")
SHALLOW = TrainConfig(hidden=(16,), dtype="float64")
LINEAR = TrainConfig(hidden=(), dtype="float64")


def compare(snap_compare: Any, app: MnistApp, keys: str, size: tuple[int, int] = (80, 24)) -> bool:
    async def prepare(pilot: Pilot[object]) -> None:
        await inspected(app, pilot)  # type: ignore[arg-type]
        await pilot.press(*keys.split())
        await pilot.pause()

    return bool(snap_compare(app, run_before=prepare, terminal_size=size))


@pytest.mark.parametrize("size", SIZES)
def test_layers(snap_compare: Any, small: Dataset, size: tuple[int, int]) -> None:
    app = app_of(NetworkRun(small, DEEP), "model")
    assert compare(snap_compare, app, "down down", size)


@pytest.mark.parametrize("size", SIZES)
def test_weights(snap_compare: Any, small: Dataset, size: tuple[int, int]) -> None:
    app = app_of(NetworkRun(small, SHALLOW), "model")
    assert compare(snap_compare, app, "tab right right right", size)


def test_weights_in_shades(snap_compare: Any, small: Dataset) -> None:
    app = app_of(NetworkRun(small, LINEAR), "model")
    assert compare(snap_compare, app, "tab d right right")


@pytest.mark.parametrize("size", SIZES[:2])
def test_activations(snap_compare: Any, small: Dataset, size: tuple[int, int]) -> None:
    app = app_of(NetworkRun(small, DEEP), "model")
    assert compare(snap_compare, app, "tab tab n n", size)


@pytest.mark.parametrize("size", SIZES[:2])
def test_histogram(snap_compare: Any, small: Dataset, size: tuple[int, int]) -> None:
    app = app_of(NetworkRun(small, SHALLOW), "model")
    assert compare(snap_compare, app, "shift+tab", size)


def test_ascii_without_colours(snap_compare: Any, small: Dataset) -> None:
    app = app_of(NetworkRun(small, SHALLOW), "model", ascii_only=True, colors="none")
    assert compare(snap_compare, app, "tab tab", (120, 40))
