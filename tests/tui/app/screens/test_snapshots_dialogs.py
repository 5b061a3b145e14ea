"""Pictures of the dialogs of every screen: the palette, the help, and the question on leaving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from tests.support.charts import draw_at_once
from tests.support.training_script import DirectedRun, epochs
from tui.app.app import MnistApp
from tui.app.screens.train import TrainScreen
from tui.app.state import live_run, present_run
from tui.app.state.shown_run import Status
from tui.recording.experiment import Experiment
from tui.system.terminal import ColorMode, Terminal

SIZES = [(40, 15), (120, 40), pytest.param((200, 50), marks=pytest.mark.slow)]
KEYS = {"palette": "ctrl+p", "help": "question_mark", "leave": "q"}
Snapshot = Callable[..., bool]


@pytest.fixture(autouse=True)
def _directed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No data are loaded, nothing trains, and charts are drawn at once."""
    monkeypatch.setattr(present_run, "load_in_background", lambda data_dir, post: None)
    monkeypatch.setattr(live_run, "LiveRun", DirectedRun)
    draw_at_once(monkeypatch)


def opened(snap: Snapshot, dialog: str, size: tuple[int, int], colors: ColorMode = "full") -> bool:
    """Compare the dialog over a run that has come to its fourth epoch."""
    terminal = Terminal(colors == "none", colors)
    app = MnistApp(Experiment(TrainConfig(epochs=6)), terminal=terminal)

    async def open_it(pilot: Pilot[Any]) -> None:
        while not app.bench.loading:
            await pilot.pause()
        await app.screen.workers.wait_for_complete()
        app.bench.take_data("", object())  # type: ignore[arg-type]
        run: Any = app.bench.run
        run.tell(Status.RUNNING, *epochs(3))
        app.bench.collect(run)
        assert isinstance(app.screen, TrainScreen)
        app.screen.show_progress()
        await pilot.press(KEYS[dialog])
        await pilot.pause()

    return snap(app, terminal_size=size, run_before=open_it)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("dialog", KEYS)
def test_dialog(snap_compare: Snapshot, dialog: str, size: tuple[int, int]) -> None:
    assert opened(snap_compare, dialog, size)


@pytest.mark.parametrize("colors", ["16", "none"])
def test_palette_on_poor_terminals(
    snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch, colors: ColorMode
) -> None:
    if colors == "none":
        monkeypatch.setenv("NO_COLOR", "1")
    assert opened(snap_compare, "palette", (80, 24), colors)
