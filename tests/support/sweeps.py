"""Sweeps whose results are written down, and the application that shows them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nn.storage.lock import FolderLock
from tests.support.saved_runs import Scenario, Sitting, save_run, simulated
from tui.app.app import MnistApp
from tui.app.screens import watching
from tui.app.screens.sweep import SweepScreen
from tui.app.widgets.trials_table import TrialsTable
from tui.recording.experiment import Experiment
from tui.recording.source import Saving
from tui.sweeps.folder import JOURNAL_FILE, SPEC_FILE
from tui.sweeps.owners import OWNERS
from tui.sweeps.schedule import Result, Task
from tui.sweeps.space import Setting, Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.spec_file import to_toml
from tui.system.terminal import ColorMode, Terminal

VARY = ("learning_rate=0.001..0.1:log", "hidden=16,32-16", "optimizer=sgd,adam")
RATES, HIDDEN, RULES = (0.001, 0.003, 0.01, 0.03, 0.1), ((16,), (32, 16)), ("sgd", "adam")


def spec_of(**fields: Any) -> SweepSpec:
    """Nine settings in rungs of one and three epochs, unless `fields` are others."""
    dimensions = tuple(map(parse_dimension, fields.pop("vary", VARY)))
    base: dict[str, Any] = {"epochs": 3, "limit": 400}
    return SweepSpec(Space(dimensions), fields=base, **{"trials": 9, **fields})


def setting(number: int) -> Setting:
    """The setting of a trial over `VARY`."""
    values: Sequence[Any] = (RATES[number % 5], HIDDEN[number % 2], RULES[number // 2 % 2])
    return dict(zip(("learning_rate", "hidden", "optimizer"), values, strict=True))


def run_name(sweep: str, trial: int, seed: int = 0) -> str:
    return f"20261101-1000{trial:02}-{sweep}-t{trial:04}-s{seed}"


class WrittenSweep:
    """The folder of a sweep, written line by line as a process writes it."""

    def __init__(self, runs_dir: Path, name: str, spec: SweepSpec | None = None) -> None:
        self.spec, self.runs_dir = spec or spec_of(), runs_dir
        self.path = runs_dir.with_name("sweeps") / name
        self.path.mkdir(parents=True)
        (self.path / SPEC_FILE).write_text(to_toml(self.spec))
        (self.path / JOURNAL_FILE).touch()

    def write(self, *entries: dict[str, Any]) -> None:
        with (self.path / JOURNAL_FILE).open("a") as stream:
            stream.writelines(json.dumps(entry) + "\n" for entry in entries)

    def begin(self, number: int, values: Setting | None = None) -> None:
        """A trial that nothing has been trained of."""
        self.write({"kind": "trial", "number": number, "setting": values or setting(number)})

    def claim(self, number: int, seed: int = 0, rung: int = 0, epochs: int = 1) -> None:
        task = Task(number, seed, rung, epochs)
        self.write({"kind": "claim", "task": asdict(task), "owner": "test"})

    def result(
        self, number: int, accuracy: float | None, seed: int = 0, rung: int = 0, epochs: int = 1
    ) -> None:
        """A result with its saved run; None for one that diverged."""
        name = run_name(self.path.name, number, seed)
        loss = None if accuracy is None else round(2 * (1 - accuracy), 4)
        task = Task(number, seed, rung, epochs)
        result = Result(task, name, float(epochs), 1.5, loss, accuracy)
        self.write({"kind": "result", **asdict(result)})
        if not (self.runs_dir / name).exists():
            save_run(self.runs_dir, name, done=epochs, of=3, accuracy=(accuracy or 0.1) - 0.01)


def finished_sweep(runs_dir: Path, name: str = "written") -> WrittenSweep:
    """Nine trials, the last of which diverged; three of them went on, and trial 3 is the best."""
    sweep = WrittenSweep(runs_dir, name)
    for number in range(9):
        sweep.begin(number)
    for number in range(9):
        sweep.result(number, None if number == 8 else 0.6 + 0.1 * (number % 4) + number / 100)
    for number in (3, 6, 7):
        sweep.result(number, 0.97 - 0.01 * (number % 3), rung=1, epochs=3)
    return sweep


def sweep_app(
    runs_dir: Path,
    *,
    ascii_only: bool = False,
    colors: ColorMode = "full",
    experiment: Experiment | None = None,
) -> MnistApp:
    """The application on the screen of sweeps; `simulated` has to be in force."""
    with patch.object(MnistApp, "DEFAULT_MODE", "sweep"):
        return MnistApp(
            experiment or Experiment(),
            terminal=Terminal(ascii_only, colors),
            saving=Saving(runs_dir=runs_dir),
        )


def sweep_screen(app: MnistApp) -> SweepScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, SweepScreen))


def play(app: MnistApp, scenario: Scenario, size: tuple[int, int] = (80, 24)) -> None:
    """Run a scenario once the sweeps have been read."""

    async def session() -> None:
        async with app.run_test(size=size) as pilot:
            at = Sitting(app, pilot)
            await at.until(lambda: app.bench.loading and sweep_screen(app).looked)
            await pilot.pause()
            await scenario(at)

    with simulated():
        asyncio.run(session())


def own(written: WrittenSweep, locks: list[FolderLock]) -> None:
    owner = written.path / OWNERS / "test"
    owner.mkdir(parents=True)
    locks.append(FolderLock.acquire(owner))


def rows(at: Sitting) -> list[str]:
    return [strip.text for strip in at.app.screen.query_one(TrialsTable)._strips[1:]]


def current(at: Sitting) -> int:
    row = sweep_screen(at.app).query_one(TrialsTable).current
    assert row is not None
    return row.number


def numbers(at: Sitting) -> list[int]:
    return [row.number for row in at.app.screen.query_one(TrialsTable)._rows]


@contextmanager
def started_sweeps(
    runs_dir: Path, wait: Callable[[], str] = lambda: ""
) -> Iterator[list[list[str]]]:
    """The words of each sweep that is started meanwhile, in place of a process that does it.

    `wait` waits until that has ended, and returns its error.
    """
    started: list[list[str]] = []

    class Process:
        def __init__(self, words: list[str], folder: Path) -> None:
            started.append(words)
            assert folder == runs_dir

        def wait(self) -> str:
            return wait()

    with patch.object(watching, "SweepProcess", Process):
        yield started
