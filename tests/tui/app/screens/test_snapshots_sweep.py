"""Pictures of the screen of sweeps, and of the learning-rate range test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from nn.training import rate_range
from nn.training.rate_range import RatePoint
from tests.support.saved_runs import Sitting, simulated
from tests.support.sizes import SIZES
from tests.support.sweeps import finished_sweep, sweep_app, sweep_screen
from tui.app.app import MnistApp
from tui.app.screens.rate_range import RateRangeScreen
from tui.app.state.messages import DataLoaded
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal

SnapCompare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No time zone, and nothing that trains."""
    with simulated(), monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def pressing(app: MnistApp, *keys: str) -> Callable[[Pilot[ExitCode]], object]:
    async def play(pilot: Pilot[ExitCode]) -> None:
        at = Sitting(app, pilot)
        await at.until(lambda: app.bench.loading and sweep_screen(app).looked)
        await pilot.press(*keys)
        await pilot.pause()

    return play


def name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_sweep(snap_compare: SnapCompare, tmp_path: Path, size: tuple[int, int]) -> None:
    finished_sweep(tmp_path / "runs")
    app = sweep_app(tmp_path / "runs")
    assert snap_compare(app, terminal_size=size, run_before=pressing(app, "j", "j"))


def test_sweep_in_light(snap_compare: SnapCompare, tmp_path: Path) -> None:
    finished_sweep(tmp_path / "runs")
    app = sweep_app(tmp_path / "runs")
    app.theme = "mnist-light"
    assert snap_compare(app, terminal_size=(120, 40), run_before=pressing(app, "j", "v"))


def test_sweep_in_sixteen_colours(snap_compare: SnapCompare, tmp_path: Path) -> None:
    finished_sweep(tmp_path / "runs")
    app = sweep_app(tmp_path / "runs", colors="16")
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressing(app, "j", "j"))


def test_ascii_sweep(snap_compare: SnapCompare, tmp_path: Path) -> None:
    finished_sweep(tmp_path / "runs")
    app = sweep_app(tmp_path / "runs", ascii_only=True, colors="none")
    keys = pressing(app, "v", "v", "slash", *"sgd", "enter")
    assert snap_compare(app, terminal_size=(120, 40), run_before=keys)


def test_a_new_sweep(snap_compare: SnapCompare, tmp_path: Path) -> None:
    app = sweep_app(tmp_path / "runs")
    keys = pressing(app, "f", *"hidden=8..4", "enter")
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys)


@pytest.mark.parametrize("size", SIZES[:2], ids=name)
def test_range_test(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    losses = [*(2.3 - 0.02 * k for k in range(10)), *(2.1 - 0.2 * k for k in range(8)), 0.9, 1.6]
    points = [RatePoint(1e-5 * 2.0**k, loss) for k, loss in enumerate(losses)]
    monkeypatch.setattr(rate_range, "rate_points", lambda config, dataset: iter(points))
    app = MnistApp(Experiment(), terminal=Terminal(False, "full"))

    async def play(pilot: Pilot[ExitCode]) -> None:
        at = Sitting(app, pilot)
        await at.until(lambda: app.bench.loading)
        await app.screen.workers.wait_for_complete()
        dataset: Any = SimpleNamespace(remark="")
        app.post_message(DataLoaded("", dataset))
        await pilot.press("M")
        await at.until(lambda: isinstance(app.screen, RateRangeScreen) and app.screen.found)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=play)
