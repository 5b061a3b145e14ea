"""Pictures of the screens in light, and in sixteen colours."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import NetworkRun, app_of
from tests.support.scenarios import until
from tui.app.screens.inspecting import InspectingScreen
from tui.app.screens.predicting import PredictingScreen
from tui.app.screens.train import TrainScreen
from tui.app.widgets.chart import Chart
from tui.system.exits import ExitCode

CONFIG = TrainConfig(hidden=(16,), limit=300)
PALETTES: dict[str, tuple[str, Literal["16", "full"]]] = {
    "light": ("mnist-light", "full"),
    "sixteen": ("ansi-dark", "16"),
}

FURTHER = ("digits", "confusion", "draw", "lessons")


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(
    "mode",
    ["train", *(pytest.param(mode, marks=pytest.mark.slow) for mode in FURTHER), "model"],
)
def test_screens(snap_compare: Any, small: Dataset, mode: str, palette: str) -> None:
    theme, colors = PALETTES[palette]
    app = app_of(NetworkRun(small, CONFIG), mode, colors=colors)

    async def shown(pilot: Pilot[ExitCode]) -> None:
        app.theme = theme
        screen = app.screen
        if isinstance(screen, TrainScreen):  # which mounts its charts after the first frame
            await until(pilot, lambda: screen.query(Chart))
        if isinstance(screen, PredictingScreen):
            await until(pilot, lambda: app.bench.browser.predictions is not None)
        if isinstance(screen, InspectingScreen):
            await until(pilot, lambda: screen.shown is not None)
            await pilot.press("tab")
        await pilot.pause()

    assert snap_compare(app, run_before=shown, terminal_size=(80, 24))
