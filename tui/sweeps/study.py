"""A sweep on disk, from whose folder and journal any process takes up the work.

Several processes of one host may work on the same sweep: each claims a task before it trains it,
and a claim of a process that has gone is void.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from nn.errors import StorageError
from nn.reading import read_as
from tui.formatting import on_one_line
from tui.sweeps.folder import JOURNAL_FILE, SPEC_FILE, cannot_save, locked, new_sweep
from tui.sweeps.journal import Entry, Journal
from tui.sweeps.owners import Owner, is_active
from tui.sweeps.samplers import Ask, make_sampler
from tui.sweeps.schedule import Result, Schedule, Task, Trial
from tui.sweeps.space import Setting
from tui.sweeps.spec import SweepSpec
from tui.sweeps.spec_file import load_spec
from tui.system.exits import CommandError

_MIRROR = "mirror"
State = Literal["running", "finished", "left"]


def _not_asked(number: int, trials: Sequence[Trial]) -> Setting:
    raise AssertionError("a sweep that is only read begins no trials")


class Study:
    """One sweep, as this process takes part in it until `close`.

    Every method may raise `StorageError`.
    """

    def __init__(self, path: Path, spec: SweepSpec, ask: Ask = _not_asked) -> None:
        """For `create`, `join` and `read`."""
        self.path, self.spec = path, spec
        self.schedule = Schedule(spec, ask)
        self.claims: dict[Task, str] = {}
        self._begun: set[tuple[int, int]] = set()  # (trial, seed) that were ever claimed
        self.owner = Owner(path)
        self._journal = Journal(path / JOURNAL_FILE)

    @classmethod
    def create(cls, root: Path, spec: SweepSpec, name: str | None = None) -> Study:
        """A new sweep in a folder of its own, named after the time unless it has a name."""
        path = new_sweep(root, spec, name)
        try:
            return cls.join(path)
        except (StorageError, CommandError):  # a full disk, or a sampler whose package is missing
            shutil.rmtree(path, ignore_errors=True)
            raise

    @classmethod
    def join(cls, path: Path) -> Study:
        """Take part in a sweep that may be under way."""
        spec = load_spec(path / SPEC_FILE)
        study = cls(path, spec, make_sampler(spec))
        study.refresh()
        study.owner.join()
        return study

    @classmethod
    def read(cls, path: Path) -> Study:
        """A sweep to look at; nothing is written."""
        study = cls(path, load_spec(path / SPEC_FILE))
        study.refresh()
        return study

    def refresh(self) -> None:
        """Read what was added to the journal."""
        self._journal.read(self._apply)

    @property
    def active(self) -> bool:
        """Whether a process works on the sweep at the moment."""
        return is_active(self.path)

    @property
    def state(self) -> State:
        """Running while a process works on it, else finished or left before its end."""
        if self.active:
            return "running"
        return "finished" if self.schedule.done else "left"

    @property
    def trials(self) -> list[Trial]:
        """All trials so far."""
        return self.schedule.trials

    def states(self) -> list[str]:
        """The state of each trial: that of the schedule, or running where a process trains it."""
        claimed = {task.trial for task in self.claims} if self.active else set[int]()
        states = [trial.state(self.spec.seeds) for trial in self.trials]
        return [
            "running" if state == "waiting" and number in claimed else state
            for number, state in enumerate(states)
        ]

    def exchange(
        self, results: Sequence[Result] = (), released: Iterable[Task] = (), wanted: int = 0
    ) -> list[Task]:
        """Note results, give tasks back that were not finished, and claim up to `wanted` others.

        All of it takes one lock and one write, which is what keeps thousands of trials cheap.
        Fewer tasks than wanted are returned where one has to wait for others, or where all is done.
        """
        with locked(self.path, self.path.name):
            self.refresh()
            lines: list[Entry] = []
            for result in results:
                self.claims.pop(result.task, None)
                self.schedule.report(result)
                error = None if result.error is None else on_one_line(result.error)
                lines.append({"kind": "result", **asdict(result), "error": error})
            for each in released:
                self.claims.pop(each, None)
                self.schedule.release(each)
                lines.append({"kind": "release", "task": asdict(each)})
            if wanted:
                self._release_the_dead()
            claimed: list[Task] = []
            while len(claimed) < wanted:
                before = len(self.trials)
                task = self.schedule.next()
                lines += [
                    {"kind": "trial", "number": trial.number, "setting": trial.setting}
                    for trial in self.trials[before:]
                ]
                if task is None:
                    break
                self.claims[task] = self.owner.name
                claimed.append(task)
                lines.append({"kind": "claim", "task": asdict(task), "owner": self.owner.name})
            # Results are on the disk on return; what else is lost with the power is done again.
            self._journal.append(lines, durable=bool(results))
            return claimed

    def run_of(self, trial: int, seed: int) -> str | None:
        """The name of a trial's saved run, None before it has a result."""
        for (_, each), result in reversed(self.trials[trial].results.items()):
            if each == seed and result.run:
                return result.run
        return None

    def may_have_begun(self, task: Task) -> bool:
        """Whether a run of this trial and seed may be on disk; call it before `began`."""
        return (task.trial, task.seed) in self._begun

    def began(self, task: Task) -> None:
        """A worker has been given the task."""
        self._begun.add((task.trial, task.seed))

    def label(self, task: Task) -> str:
        """What the names of a trial's runs end with."""
        return f"{self.path.name}-t{task.trial:04}-s{task.seed}"

    def close(self) -> None:
        """Take part no longer; claims that are left become void."""
        self.owner.leave()

    def discard(self) -> None:
        """Remove a sweep that has no trials yet, as if it had never been."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def _release_the_dead(self) -> None:
        """Make the claims of processes that have ended void."""
        gone = self.owner.gone(self.claims.values())
        for task in [task for task, owner in self.claims.items() if owner in gone]:
            del self.claims[task]
            self.schedule.release(task)

    @contextmanager
    def mirroring(self) -> Iterator[None]:
        """Hold the lock for copying trials elsewhere, which may take longer than the sweep's."""
        folder = self.path / _MIRROR
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_save(folder, error) from error
        with locked(folder, self.path.name):
            yield

    def _apply(self, entry: dict[str, Any]) -> None:
        kind = entry.pop("kind")
        if kind == "trial":
            setting = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in entry["setting"].items()
            }
            if setting not in self.spec.space:
                raise StorageError(
                    f"sweep {self.path.name}: trial {entry['number']} is of another space than"
                    f" {SPEC_FILE}: restore that file, or begin a sweep of another name"
                )
            self.schedule.add(entry["number"], setting)
        elif kind == "claim":
            task = read_as(Task, entry["task"])
            self.claims[task] = entry["owner"]
            self._begun.add((task.trial, task.seed))
            self.schedule.claim(task)
        elif kind == "release":
            task = read_as(Task, entry["task"])
            self.claims.pop(task, None)
            self.schedule.release(task)
        elif kind == "result":
            result = read_as(Result, entry)
            self.claims.pop(result.task, None)
            self.schedule.report(result)
        else:
            raise ValueError(f"unknown kind {kind!r}")
