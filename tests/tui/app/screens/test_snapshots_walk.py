"""Pictures of the walk screen at the sizes it is laid out for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from nn.analysis.walk import Walk
from nn.data.dataset import Dataset
from tests.support.sizes import SIZES
from tests.support.walking import press, walked, walking_app
from tui.app.app import MnistApp
from tui.app.state.walking import NUDGES
from tui.system.exits import ExitCode

SnapCompare = Callable[..., bool]
GRADIENT = ("s", "s", "enter", *["tab"] * 11)
"""To the gradient of the first weights, a picture."""


def pressing(app: MnistApp, *keys: str) -> Callable[[Pilot[ExitCode]], object]:
    async def go(pilot: Pilot[ExitCode]) -> None:
        await walked(app, pilot)
        await press(app, pilot, *keys)
        await pilot.pause()

    return go


@pytest.mark.parametrize("size", SIZES)
def test_images(snap_compare: SnapCompare, small: Dataset, size: tuple[int, int]) -> None:
    app = walking_app(small)
    assert snap_compare(app, run_before=pressing(app, *"ssss"), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_sums(snap_compare: SnapCompare, small: Dataset, size: tuple[int, int]) -> None:
    app = walking_app(small)
    keys = pressing(app, "s", "enter", "right", "enter", "down")
    assert snap_compare(app, run_before=keys, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_gradient(snap_compare: SnapCompare, small: Dataset, size: tuple[int, int]) -> None:
    app = walking_app(small)
    assert snap_compare(app, run_before=pressing(app, *GRADIENT), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_weight(
    snap_compare: SnapCompare,
    small: Dataset,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Small nudges and checks show rounding errors, which differ between machines.
    monkeypatch.setattr("tui.app.state.walking.NUDGES", [h for h in NUDGES if h > 1e-5])
    monkeypatch.setattr(Walk, "errors", lambda walk, count, rng: {"W1": 1e-12, "b1": 1e-11})
    app = walking_app(small)
    assert snap_compare(app, run_before=pressing(app, "s", "m"), terminal_size=size)


@pytest.mark.parametrize("keys", ["ssss", GRADIENT], ids=["images", "gradient"])
def test_in_light(snap_compare: SnapCompare, small: Dataset, keys: tuple[str, ...]) -> None:
    app = walking_app(small)
    app.theme = "mnist-light"
    assert snap_compare(app, run_before=pressing(app, *keys), terminal_size=(80, 24))


def test_ascii_images(snap_compare: SnapCompare, small: Dataset) -> None:
    app = walking_app(small, ascii_only=True, colors="none")
    assert snap_compare(app, run_before=pressing(app, *"ssss"), terminal_size=(80, 24))


def test_ascii_gradient(snap_compare: SnapCompare, small: Dataset) -> None:
    app = walking_app(small, ascii_only=True, colors="none")
    assert snap_compare(app, run_before=pressing(app, *GRADIENT), terminal_size=(80, 24))


def test_gradient_in_sixteen_colours(snap_compare: SnapCompare, small: Dataset) -> None:
    app = walking_app(small, colors="16")
    assert snap_compare(app, run_before=pressing(app, *GRADIENT), terminal_size=(80, 24))
