"""Runs whose networks are made by hand, for screens that look into the weights."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast
from unittest.mock import patch

import numpy as np
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.data.preprocessing import Preprocessor
from nn.events import StepCompleted
from nn.network.model import build_model, initialize_model
from nn.network.predictor import Predictor
from tests.support.quiescence import until
from tests.support.scripted import ScriptedRun
from tests.support.training_script import step
from tui.app.app import MnistApp
from tui.app.screens.base import ModeScreen
from tui.app.screens.model import ModelScreen
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Snapshot, Status
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment
from tui.recording.history import RunHistory
from tui.system.exits import ExitCode
from tui.system.terminal import ColorMode, Terminal

DEAD = (10, 11)
"""Units of the first hidden layer that never answer."""


class NetworkRun(ScriptedRun):
    """A run over real digits, paused after `steps` steps of which ten make an epoch."""

    def __init__(self, dataset: Dataset, config: TrainConfig, *, steps: int = 25) -> None:
        super().__init__({"train": dataset.train, "test": dataset.test}, config)
        self.status, self.goal = Status.PAUSED, Goal.PAUSE
        self.move_on(steps)

    def move_on(self, steps: int) -> Snapshot:
        """A new snapshot, so many steps later."""
        step = steps + (self.snapshots[-1].step if self.snapshots else 0)
        predictor = recognizer(self.config, self.splits["train"], trained=step > 0)
        self.snapshots = [*self.snapshots, Snapshot(predictor, step, step / 10)]
        return self.snapshots[-1]


def recognizer(config: TrainConfig, split: Split, *, trained: bool) -> Predictor:
    """The network drawn from the seed; if `trained`, it knows each class by its mean image."""
    rng = np.random.default_rng(config.seed)
    model = build_model(config)
    initialize_model(model, config, rng=rng)
    if trained:
        first, last = model.linears[0], model.linears[-1]
        pixels = split.images / 255
        means = np.array([pixels[split.labels == c].mean(axis=0) for c in range(10)])
        middle = means.mean(axis=0)  # of x m - m m / 2, the nearest mean has the largest
        first.weight[:, :10] = (means - middle).T / 3
        first.bias[:10] = ((middle**2).sum() - (means**2).sum(axis=1)) / 6
        if config.hidden:
            first.weight[:, DEAD], first.bias[list(DEAD)] = 0, -1
            last.weight[:10] = np.eye(10) * 2
    preprocessor = Preprocessor.of(config, split)
    return Predictor(config, model, preprocessor)


def app_of(
    run: NetworkRun | None, mode: str, *, ascii_only: bool = False, colors: ColorMode = "full"
) -> MnistApp:
    """The application over this run, which has told of its last step, on the screen of the mode."""
    terminal = Terminal(ascii_only, colors)
    with patch.object(MnistApp, "DEFAULT_MODE", mode):  # else the train screen comes first
        app = MnistApp(Experiment(), terminal=terminal)
    app.bench.load = lambda goal=Goal.PAUSE: None  # type: ignore[method-assign]
    app.bench.run = cast(LiveRun, run)
    if run is not None:
        history = RunHistory("run", Experiment(run.config))
        if run.snapshots[-1].step:
            history.add(gradients(run.config, run.snapshots[-1].step))
        app.bench.histories = [history]
    return app


def gradients(config: TrainConfig, number: int) -> StepCompleted:
    """A step whose gradients shrink tenfold with each layer towards the input."""
    layers = len(config.hidden) + 1
    return step(number, norms=tuple(10.0**-i for i in reversed(range(layers))))


def play(
    app: MnistApp,
    scenario: Callable[[Pilot[ExitCode]], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
) -> None:
    """Run a scenario in an application without a terminal."""

    async def session() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scenario(pilot)

    asyncio.run(session())


def shown(app: MnistApp) -> list[str]:
    """The lines on the screen."""
    screen = app.screen
    assert isinstance(screen, ModeScreen)
    return [
        "".join(segment.text for segment in strip)
        for strip in screen._compositor.render_strips(screen.size)
    ]


def screen_of(app: MnistApp) -> ModelScreen:
    assert isinstance(app.screen, ModelScreen)
    return app.screen


async def inspected(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    """Wait until the newest weights are shown."""

    def done() -> bool:
        known = screen_of(app).shown
        return known is not None and known.snapshot is app.bench.snapshot

    await until(pilot, done)
