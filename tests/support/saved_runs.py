"""Folders of saved runs whose numbers are written down, and the application that shows them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import Event, RunFinished, StepCompleted
from nn.network.predictor import Predictor
from nn.storage.metrics import METRICS_FILE
from nn.storage.model_file import write_model
from nn.storage.positions import BEST_FILE
from nn.storage.records import Invocation, Outcome, Recorded, json_line, record_of
from nn.storage.run_record import RUN_FILE, SCHEMA, RunRecord, Status
from nn.storage.runs import SavedRun
from tests.support.quiescence import until
from tests.support.training_script import STEPS, DirectedRun, epochs, finished, started
from tui.app.app import MnistApp
from tui.app.screens.base import ModeScreen
from tui.app.state import live_run, present_run
from tui.app.state.messages import DataLoaded
from tui.recording.experiment import Experiment
from tui.recording.source import Saving
from tui.system.exits import ExitCode
from tui.system.terminal import ColorMode, Terminal

SHA256 = "5" * 64
Scenario = Callable[["Sitting"], Awaitable[None]]


def save_run(
    root: Path,
    name: str,
    *,
    done: int = 4,
    of: int = 4,
    accuracy: float = 0.9,
    status: Status = "finished",
    reason: str | None = None,
    recipe: str | None = None,
    network: Predictor | None = None,
    sha256: str = SHA256,
) -> SavedRun:
    """A run of `done` epochs, of a budget of `of`; the last has this test accuracy, the best."""
    config = TrainConfig(epochs=of)
    events = [started(config), *epochs(done, accuracy=accuracy)]
    ends = [finished(done)] if status == "finished" else []
    folder = root / name
    folder.mkdir(parents=True)
    append(folder, recorded([*events, *ends]))
    last = epochs(done, accuracy=accuracy)[-1] if done else None
    evaluation = getattr(last, "evaluation", None)
    record = RunRecord(
        schema=SCHEMA,
        id=name,
        status=status,
        reason=reason or ("completed" if status == "finished" else None),
        recipe=recipe,
        command=f"mnist-tui --headless --epochs={of}",
        config=config,
        data_name="scripted",
        data_sha256=sha256,
        threads=1,
        versions={},
        created=f"{name[:4]}-{name[4:6]}-{name[6:8]}"
        f"T{name[9:11]}:{name[11:13]}:{name[13:15]}.000+00:00",
        updated="2026-11-21T00:00:00.000+00:00",
        parameters=100,
        steps_per_epoch=STEPS,
        total_steps=STEPS * of,
        step=STEPS * done,
        epoch=float(done),
        seconds=done * 5.0,
        samples_per_second=12_000.0,
        latest=evaluation,
        best=evaluation,
        save_error=None,
    )
    write_record(folder, record)
    if network is not None:
        write_model(folder / BEST_FILE, network)
    return SavedRun(folder, record)


def recorded(events: Sequence[Event]) -> list[Recorded]:
    """What of a run's events is saved."""
    kept: list[Recorded] = []
    for event in events:
        if isinstance(event, RunFinished):
            values = {name: getattr(event, name) for name in event.__slots__}
            kept.append(Outcome(best=event.evaluation, saved=None, **values))
        elif isinstance(event, get_args(Recorded)) and (
            not isinstance(event, StepCompleted) or event.evaluation
        ):
            kept.append(event)
    return kept


def append(folder: Path, events: Sequence[Recorded]) -> None:
    """Append to the metrics."""
    invocation = Invocation(None, "mnist-tui", 1)
    with (folder / METRICS_FILE).open("a") as stream:
        stream.writelines(json_line(record_of(event, invocation)) for event in events)


def write_record(folder: Path, record: RunRecord, **changes: Any) -> None:
    """Replace run.json, as atomically as the real one is."""
    new = folder / "new"
    new.write_text(json.dumps(asdict(replace(record, **changes))))
    new.replace(folder / RUN_FILE)


class Sitting:
    """An application under test."""

    def __init__(self, app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        self.app, self.pilot, self.bench = app, pilot, app.bench

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Let threads and messages go on until something holds; fails rather than hangs."""
        await until(self.pilot, condition, lambda: self.text)

    @property
    def lines(self) -> list[str]:
        """What is on the screen of the mode."""
        screen = next(s for s in self.app.screen_stack if isinstance(s, ModeScreen))
        strips = screen._compositor.render_strips(screen.size)
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def shows(self, *texts: str) -> Callable[[], bool]:
        return lambda: all(text in self.text for text in texts)


def runs_app(
    root: Path,
    *,
    ascii_only: bool = False,
    colors: ColorMode = "full",
) -> MnistApp:
    """The application, on the screen of the saved runs; `simulated` has to be in force."""
    with patch.object(MnistApp, "DEFAULT_MODE", "runs"):
        return MnistApp(
            Experiment(),
            terminal=Terminal(ascii_only, colors),
            saving=Saving(runs_dir=root),
        )


@contextmanager
def simulated() -> Iterator[None]:
    """No data are loaded, and no run trains."""
    with (
        patch.object(present_run, "load_in_background", lambda data_dir, post: None),
        patch.object(live_run, "LiveRun", DirectedRun),
    ):
        yield


def play(
    app: MnistApp,
    scenario: Scenario,
    size: tuple[int, int] = (80, 24),
    *,
    dataset: Dataset | None = None,
) -> None:
    """Run a scenario once the folder has been read, and the dataset, if there is one."""

    async def session() -> None:
        async with app.run_test(size=size) as pilot:
            at = Sitting(app, pilot)
            await at.until(lambda: app.bench.loading)
            if dataset is not None:
                app.post_message(DataLoaded("", dataset))
            if app.current_mode == "runs":
                await at.until(lambda: getattr(app.screen, "entries", None) is not None)
                await pilot.pause()
            await scenario(at)

    with simulated():
        asyncio.run(session())
