"""A sweep on disk: its folder, and the journal from which any process takes up the work where it stands.

    sweep.toml      the specification
    journal.jsonl   one JSON object a line, appended under the folder's lock: trials, claims, releases, results
    owners/ID/lock  held by each process that works on the sweep; a claim of a process that has gone is void
    stop            asks the workers of all processes to stop after the epoch under way

Several processes on one machine, or on one file system with locks, may work on the same sweep.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from nn.config import did_you_mean
from nn.errors import StorageError
from nn.storage.lock import FolderLock, is_locked
from tui.recording.folder import runs_folder
from tui.sweeps.samplers import Ask, make_sampler
from tui.sweeps.schedule import Result, Schedule, Task, Trial
from tui.sweeps.spec import SweepSpec, load_spec

SPEC_FILE, JOURNAL_FILE, STOP_FILE, OWNERS = "sweep.toml", "journal.jsonl", "stop", "owners"
_LOCK_SECONDS = 30.0


def sweeps_folder(runs_dir: Path | None = None) -> Path:
    """Where sweeps are: beside the folder of the runs."""
    runs = runs_folder(runs_dir)
    return runs.with_name("sweeps" if runs.name == "runs" else f"{runs.name}-sweeps")


class Study:
    """One sweep, as this process takes part in it until `close`; every method may raise `StorageError`."""

    def __init__(self, path: Path, spec: SweepSpec, ask: Ask | None = None) -> None:
        """For `create`, `join` and `read`."""
        self.path, self.spec = path, spec
        self.schedule = Schedule(spec, ask or (lambda number, trials: None))
        self.claims: dict[Task, str] = {}
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lock: FolderLock | None = None
        self._offset = 0

    @classmethod
    def create(cls, root: Path, spec: SweepSpec, name: str | None = None) -> Study:
        """A new sweep in a folder of its own, named after the time unless it has a name."""
        path = root / (name or f"{datetime.now():%Y%m%d-%H%M%S}")
        if name and (Path(name).name != name or name.startswith(".")):
            raise StorageError(f"sweep {name!r}: a name has no slashes and begins with no dot")
        try:
            path.mkdir(parents=True)
            (path / SPEC_FILE).write_text(spec.to_toml(), encoding="utf-8")
            (path / JOURNAL_FILE).touch()
        except FileExistsError as error:
            raise StorageError(
                f"sweep {path.name} exists already; --resume {path.name} goes on with it"
            ) from error
        except OSError as error:
            raise StorageError(
                f"{path}: cannot save the sweep: {error.strerror or error}"
            ) from error
        return cls.join(path)

    @classmethod
    def join(cls, path: Path) -> Study:
        """Take part in a sweep that may be under way."""
        spec = load_spec(path / SPEC_FILE)
        study = cls(path, spec, make_sampler(spec))
        owner = path / OWNERS / study._owner
        try:
            owner.mkdir(parents=True)
            (path / STOP_FILE).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{path}: cannot save the sweep: {error.strerror or error}"
            ) from error
        study._lock = FolderLock.acquire(owner)
        with study._exclusive():
            study._catch_up()
        return study

    @classmethod
    def read(cls, path: Path) -> Study:
        """A sweep to look at; nothing is written."""
        study = cls(path, load_spec(path / SPEC_FILE))
        study.refresh()
        return study

    def refresh(self) -> None:
        """Read what was added to the journal."""
        self._catch_up()

    @property
    def active(self) -> bool:
        """Whether a process works on the sweep at the moment."""
        try:
            owners = list((self.path / OWNERS).iterdir())
        except OSError:
            return False
        return any(is_locked(owner) for owner in owners)

    @property
    def trials(self) -> list[Trial]:
        """All trials so far."""
        return self.schedule.trials

    def next(self) -> Task | None:
        """Claim the next task; None where one has to wait for others, or where all is done."""
        with self._exclusive():
            self._catch_up()
            self._release_the_dead()
            before = len(self.trials)
            task = self.schedule.next()
            lines: list[dict[str, Any]] = [
                {"kind": "trial", "number": trial.number, "setting": trial.setting}
                for trial in self.trials[before:]
            ]
            if task is not None:
                self.claims[task] = self._owner
                lines.append({"kind": "claim", "task": asdict(task), "owner": self._owner})
            self._append(lines)
            return task

    def report(self, result: Result) -> None:
        """Note a result."""
        with self._exclusive():
            self._catch_up()
            self.claims.pop(result.task, None)
            self.schedule.report(result)
            self._append([{"kind": "result", **asdict(result)}])

    def release(self, task: Task) -> None:
        """Give a task back that was not finished."""
        with self._exclusive():
            self._catch_up()
            self.claims.pop(task, None)
            self.schedule.release(task)
            self._append([{"kind": "release", "task": asdict(task)}])

    def run_of(self, trial: int, seed: int) -> str | None:
        """The name of a trial's saved run, None before it has a result."""
        for (_, each), result in reversed(self.trials[trial].results.items()):
            if each == seed and result.run:
                return result.run
        return None

    def label(self, task: Task) -> str:
        """What the names of a trial's runs end with."""
        return f"{self.path.name}-t{task.trial:04}-s{task.seed}"

    def close(self) -> None:
        """Take part no longer; claims that are left become void."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _release_the_dead(self) -> None:
        for task, owner in list(self.claims.items()):
            if owner != self._owner and not is_locked(self.path / OWNERS / owner):
                del self.claims[task]
                self.schedule.release(task)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the sweep's lock, which every process takes for an instant at a time."""
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                lock = FolderLock.acquire(self.path)
                break
            except StorageError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        try:
            yield
        finally:
            lock.release()

    def _append(self, lines: list[dict[str, Any]]) -> None:
        if not lines:
            return
        content = "".join(json.dumps(line) + "\n" for line in lines).encode()
        try:
            with (self.path / JOURNAL_FILE).open("r+b") as stream:
                stream.seek(self._offset)
                stream.truncate()  # a line that a killed process left half written
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise StorageError(
                f"{self.path / JOURNAL_FILE}: cannot write: {error.strerror or error}"
            ) from error
        self._offset += len(content)

    def _catch_up(self) -> None:
        path = self.path / JOURNAL_FILE
        try:
            with path.open("rb") as stream:
                stream.seek(self._offset)
                content = stream.read()
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror or error}") from error
        complete = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(complete.splitlines(), 1):
            try:
                self._apply(json.loads(line))
            except (ValueError, KeyError, TypeError, IndexError, AssertionError) as error:
                raise StorageError(
                    f"{path}: damaged, entry {number} after byte {self._offset}: {type(error).__name__}: {error}"
                ) from error
        self._offset += len(complete)

    def _apply(self, entry: dict[str, Any]) -> None:
        kind = entry.pop("kind")
        if kind == "trial":
            setting = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in entry["setting"].items()
            }
            self.schedule.add(entry["number"], setting)
        elif kind == "claim":
            task = Task(**entry["task"])
            self.claims[task] = entry["owner"]
            self.schedule.claim(task)
        elif kind == "release":
            task = Task(**entry["task"])
            self.claims.pop(task, None)
            self.schedule.release(task)
        elif kind == "result":
            result = Result(**{**entry, "task": Task(**entry["task"])})
            self.claims.pop(result.task, None)
            self.schedule.report(result)
        else:
            raise ValueError(f"unknown kind {kind!r}")


def sweep_names(root: Path) -> list[str]:
    """All sweeps of a folder, the newest first."""
    try:
        found = [path for path in root.iterdir() if (path / SPEC_FILE).is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{root}: {error.strerror or error}") from error
    return [
        path.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    ]


def find_sweep(root: Path, name: str) -> Path:
    """The folder of a sweep by its name, the unique beginning of one, or `last`; raises `StorageError`."""
    names = sweep_names(root)
    if not names:
        raise StorageError(f"no sweeps in {root}; `mnist-tui sweep --vary FIELD=...` begins one")
    if name == "last":
        return root / names[0]
    matches = [name] if name in names else [each for each in names if each.startswith(name)]
    if len(matches) > 1:
        raise StorageError(
            f"{name!r} may be any of {len(matches)} sweeps: {', '.join(sorted(matches)[:3])}"
        )
    if not matches:
        raise StorageError(f"no sweep {name!r} in {root}{did_you_mean(name, names)}")
    return root / matches[0]
