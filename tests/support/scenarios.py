"""Scenarios played in the application without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from nn.config import TrainConfig
from tests.support.quiescence import until
from tui.app.app import MnistApp
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment
from tui.recording.source import Saving
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal

LONG = TrainConfig(limit=300, epochs=100_000, hidden=(8,))
CONFIG = TrainConfig(limit=300, epochs=2, hidden=(8,))
Scenario = Callable[[MnistApp, Pilot[ExitCode]], Awaitable[None]]


def run(scenario: Scenario, config: TrainConfig = CONFIG, **options: Any) -> MnistApp:
    """Play a scenario in an application without a terminal; returns the application after it."""
    terminal = options.pop("terminal", Terminal(ascii_only=False, colors="full"))
    app = MnistApp(Experiment(config), terminal=terminal, **options)

    async def play() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await scenario(app, pilot)

    asyncio.run(play())
    return app


def play(scenario: Scenario, root: Path, config: TrainConfig = LONG, **options: Any) -> MnistApp:
    """Play a scenario in an application that saves its runs in `root`, once the data are read."""
    app = MnistApp(
        Experiment(config),
        terminal=Terminal(False, "full"),
        saving=Saving(runs_dir=root),
        **options,
    )

    async def session() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.bench.status is Status.READY)
            await scenario(app, pilot)

    asyncio.run(session())
    app.bench.stop()
    app.bench.endings.wait()
    return app


async def an_epoch(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    """Train so far, then pause: the pilot waits a second after each key while anything is busy."""

    def epochs() -> int:
        return len(app.bench.history.epochs) if app.bench.history else 0

    before = epochs()
    app.bench.go(Goal.EPOCH)
    await until(
        pilot, lambda: epochs() > before and app.bench.status in (Status.PAUSED, Status.FINISHED)
    )


async def trained(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    await until(pilot, lambda: app.bench.status is Status.READY)
    await pilot.press("space")
    await until(pilot, lambda: app.bench.history and app.bench.history.finished)


async def begin_long_run(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    await until(pilot, lambda: app.bench.status is Status.READY)
    await pilot.press("space")
    await until(pilot, lambda: app.bench.status is Status.RUNNING)
