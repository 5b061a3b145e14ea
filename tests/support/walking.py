"""The application on the walk screen, over data that need not be read."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Static

from nn.analysis.walk import DEFAULT_FIELDS, Walk
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.networks import app_of, shown
from tests.support.quiescence import until
from tui.app.app import MnistApp
from tui.app.screens.walk import WalkScreen
from tui.app.state.walking import WalkView
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import ColorMode


def walking_app(
    dataset: Dataset,
    config: TrainConfig | None = None,
    *,
    ascii_only: bool = False,
    colors: ColorMode = "full",
) -> MnistApp:
    """The application on the walk screen; `config` is what Train is set to."""
    app = app_of(None, "walk", ascii_only=ascii_only, colors=colors)
    app.bench.dataset = dataset
    if config is not None:
        app.bench.experiment = Experiment(config)
    return app


def walk_screen(app: MnistApp) -> WalkScreen:
    assert isinstance(app.screen, WalkScreen)
    return app.screen


async def walked(app: MnistApp, pilot: Pilot[ExitCode]) -> WalkView:
    """Wait until what is wanted is shown."""
    screen = walk_screen(app)

    def done() -> bool:
        view, wanted = screen.view, screen.wanted
        if view is None or screen.computing.busy or wanted is None:
            return False
        return wanted is view.wanted or (view.diverged and wanted.step == view.step)

    await until(pilot, done)
    assert screen.view is not None
    return screen.view


async def press(app: MnistApp, pilot: Pilot[ExitCode], *keys: str) -> WalkView:
    """Press keys, each when what the one before wanted is shown."""
    for key in keys:
        await pilot.press(key)
        view = await walked(app, pilot)
    return view


def text(app: MnistApp) -> str:
    return "\n".join(shown(app))


def note(app: MnistApp) -> str:
    return str(app.screen.query_one("#note", Static).content)


def stage_name(app: MnistApp) -> str:
    screen = walk_screen(app)
    assert screen.view is not None
    return screen.view.taken.stages[screen.stage].name


def reference(small: Dataset, **fields: object) -> Walk:
    return Walk.of(TrainConfig.layered(DEFAULT_FIELDS, fields), small.train)
