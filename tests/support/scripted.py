"""A run whose predictions are written down, for screens that show them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.events import Event
from nn.network.predictor import Predictions, Predictor
from nn.parallel.cores import Cores
from nn.storage.records import Outcome
from nn.training.advice import Advice
from tests.support.quiescence import until
from tui.app.app import MnistApp
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Snapshot, Status
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment
from tui.recording.source import RunSource
from tui.system.exits import ExitCode
from tui.system.terminal import ColorMode, Terminal

Array = npt.NDArray[Any]
Scenario = Callable[[MnistApp, Pilot[ExitCode]], Awaitable[None]]


def digits(count: int, seed: int = 0) -> Split:
    """Rectangles instead of digits, each another; digit i has the label i % 10."""
    rng = np.random.default_rng(seed)
    images = np.zeros((count, 28, 28), np.uint8)
    for i, (top, left, height, width) in enumerate(rng.integers(2, 12, (count, 4))):
        images[i, top : top + height, left : left + width] = 255
        images[i, 27] = np.repeat([i // 256, i % 256], 14)  # tells the images apart
    return Split(images.reshape(count, 784), (np.arange(count) % 10).astype(np.uint8))


class ScriptedPredictor:
    """Predicts `predicted[i]` for digit i, with confidence rising in i; mistakes leave 2%."""

    def __init__(self, split: Split, predicted: Array) -> None:
        self._said = {
            image.tobytes(): (int(p), 0.3 + 0.6 * i / len(split))
            for i, (image, p) in enumerate(zip(split.images, predicted, strict=True))
        }
        self.asked: list[int] = []  # sizes of the splits

    def snapshot(self) -> ScriptedPredictor:
        return self

    def predict(self, split: Split) -> Predictions:
        self.asked.append(len(split))
        said = [self._said[image.tobytes()] for image in split.images]
        probabilities = np.zeros((len(split), 10))
        for row, label, (predicted, confidence) in zip(
            probabilities, split.labels, said, strict=True
        ):
            row[:] = (0.98 - confidence) / 8
            row[label], row[predicted] = 0.02, confidence
        losses = np.array(
            [-math.log(row[label]) for row, label in zip(probabilities, split.labels, strict=True)]
        )
        return Predictions(probabilities, np.array([p for p, _ in said], np.uint8), losses)


class ScriptedRun:
    """A run for tests: what screens and the workbench use of a `LiveRun`, without a thread.

    It notes what it is told (`goals`, `wanted`); events, snapshots and status come from the test.
    """

    def __init__(self, splits: dict[str, Split], config: TrainConfig | None = None) -> None:
        self.config = config or TrainConfig()
        self.splits = splits
        self.snapshots: list[Snapshot] = []
        self.status = Status.RUNNING
        self.goal = Goal.RUN
        self.goals: list[Goal] = []
        self.wanted = 0  # requests for a newer snapshot
        self.events: list[Event] = []
        self.source = RunSource(Experiment(self.config))
        self.folder: Path | None = None
        self.failure: str | None = None
        self.trouble: str | None = None
        self.error: Exception | None = None
        self.advice: Advice | None = None
        self.outcome: Outcome | None = None
        self.cores, self.rate_factor = Cores(threads=1), 1.0
        self.pace: float | None = None
        self.discarded = False

    @property
    def active(self) -> bool:
        return self.status not in (Status.STOPPED, Status.FINISHED, Status.FAILED)

    @property
    def snapshot(self) -> Snapshot | None:
        return self.snapshots[-1] if self.snapshots else None

    def request_snapshot(self) -> None:
        self.wanted += 1

    def take_events(self) -> list[Event]:
        events, self.events = self.events, []
        return events

    def go(self, goal: Goal) -> None:
        self.goal = goal
        self.goals.append(goal)

    def discard(self) -> None:
        self.discarded = True
        self.go(Goal.STOP)

    def wait(self, seconds: float | None = None) -> bool:
        return True

    def scale_rate(self, factor: float) -> None:
        self.rate_factor *= factor

    def slow_down(self, pace: float | None) -> None:
        self.pace = pace

    def tell(self, status: Status, *events: Event) -> None:
        """Have events to take, for `Workbench.collect`."""
        self.status = status
        self.events += events

    def advance(self, predicted: Array, split: str = "test") -> ScriptedPredictor:
        """One more epoch, whose network predicts these classes."""
        predictor = ScriptedPredictor(self.splits[split], predicted)
        epoch = len(self.snapshots)
        snapshot = Snapshot(cast(Predictor, predictor), 100 * epoch, float(epoch))
        self.snapshots = [*self.snapshots, snapshot]
        return predictor


def mistaken(labels: Array, every: int) -> Array:
    """Every so many-th digit, from the first on, is taken for the next higher class."""
    wrong = np.arange(len(labels)) % every == 0
    predicted: Array = ((labels + wrong) % 10).astype(np.uint8)
    return predicted


def scripted_app(
    run: ScriptedRun | None,
    mode: str,
    *,
    ascii_only: bool = False,
    colors: ColorMode = "full",
    braille: bool = True,
) -> MnistApp:
    """The application with this run and no data to load, its first screen that of the mode."""
    with patch.object(MnistApp, "DEFAULT_MODE", mode):  # looked at once, when it is made
        app = MnistApp(Experiment(), terminal=Terminal(ascii_only, colors, braille))
    app.bench.load = lambda goal=Goal.PAUSE: None  # type: ignore[method-assign]
    app.bench.run = cast(LiveRun, run)
    app.bench.data_dir = "rectangles"  # the network of the package knows digits, and is not offered
    return app


def play(app: MnistApp, scenario: Scenario, size: tuple[int, int] = (80, 24)) -> None:
    """Run a scenario in an application without a terminal."""

    async def session() -> None:
        async with app.run_test(size=size) as pilot:
            await predicted(app, pilot)
            await scenario(app, pilot)

    asyncio.run(session())


async def predicted(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    """Wait until what is shown is predicted by the weights to show."""

    def done() -> bool:
        bench = app.bench
        known = bench.browser.of(bench.images) if bench.images else None
        snapshot = bench.browser.snapshot(bench.run)
        return snapshot is None or (known is not None and known.snapshot is snapshot)

    await until(pilot, done)
