"""The application on the train screen, over a run that a test directs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

from textual.pilot import Pilot

from nn.config import TrainConfig
from tests.support.training_script import DirectedRun
from tui.app.app import MnistApp
from tui.app.screens.train import TrainScreen
from tui.app.state.messages import DataLoaded
from tui.app.state.shown_run import Status
from tui.app.widgets.chart import Chart
from tui.app.widgets.curves import Curves
from tui.app.widgets.strips import StripWidget
from tui.system.exits import ExitCode

CONFIG = TrainConfig(epochs=4)
Scenario = Callable[["Sitting"], Coroutine[Any, Any, None]]


class Sitting:
    """An application under test, with short ways to what the tests look at."""

    def __init__(self, app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        self.app, self.pilot, self.bench = app, pilot, app.bench

    @property
    def screen(self) -> TrainScreen:
        screen = next(s for s in self.app.screen_stack if isinstance(s, TrainScreen))
        assert isinstance(screen, TrainScreen)
        return screen

    @property
    def run(self) -> DirectedRun:
        run: Any = self.bench.run
        assert isinstance(run, DirectedRun)
        return run

    @property
    def curves(self) -> Curves:
        return self.screen.query_one(Curves)

    @property
    def status(self) -> str:
        return str(self.screen.query_one("#status").render())

    async def load(self) -> None:
        """Let the data arrive."""
        nothing_told = SimpleNamespace(remark="")
        self.app.post_message(DataLoaded(self.bench.config.data_dir, nothing_told))  # type: ignore[arg-type]
        await self.pilot.pause()
        await self.tell(Status.READY)

    async def tell(self, status: Status, *events: Any) -> None:
        """Let the run tell something, as the application collects it, and draw it."""
        self.run.tell(status, *events)
        assert self.bench.collect(self.run)  # type: ignore[arg-type]
        self.screen.show_progress()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def lines(self, kind: type[StripWidget]) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen.query_one(kind)._strips]

    def names(self, chart: str) -> list[str]:
        return [one.prefix + one.name for one in self.screen.query_one(f"#{chart}", Chart)._series]
