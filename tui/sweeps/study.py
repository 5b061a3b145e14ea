"""A sweep on disk: its folder, and the journal from which any process takes up the work.

    sweep.toml      the specification
    journal.jsonl   one JSON object a line, appended under the folder's lock: trials, claims,
                    releases, results
    owners/ID/lock  held by each process that works on the sweep; a claim of a process that has
                    gone is void
    owners/ID/stop  asks that process and its workers to stop after the epoch under way
    mirror/lock     held by the process that copies trials into a storage of Optuna's

Several processes of one host may work on the same sweep. The locks are those of the host, so that
the journal is safe on one host only; workers on other hosts are what a cluster is for.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from nn.errors import StorageError, did_you_mean
from nn.storage.lock import FolderLock, is_locked
from tui.recording.folder import runs_folder
from tui.sweeps.samplers import Ask, make_sampler
from tui.sweeps.schedule import Result, Schedule, Task, Trial
from tui.sweeps.space import Setting
from tui.sweeps.spec import SweepSpec, load_spec

SPEC_FILE, JOURNAL_FILE, OWNERS = "sweep.toml", "journal.jsonl", "owners"
_MIRROR = "mirror"
STOP_FILE = "stop"
_LOCK_SECONDS = 30.0
_OWNERS_SECONDS = 0.5  # between looks at whether the owners of claims are there


def sweeps_folder(runs_dir: Path | None = None) -> Path:
    """Where sweeps are: beside the folder of the runs."""
    runs = runs_folder(runs_dir)
    return runs.with_name("sweeps" if runs.name == "runs" else f"{runs.name}-sweeps")


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
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lock: FolderLock | None = None
        self._offset = 0
        self._owners_seen = 0.0

    @classmethod
    def create(cls, root: Path, spec: SweepSpec, name: str | None = None) -> Study:
        """A new sweep in a folder of its own, named after the time unless it has a name."""
        if name is not None and (Path(name).name != name or name.startswith(".")):
            raise StorageError(f"sweep {name!r}: a name has no slashes and begins with no dot")
        try:
            root.mkdir(parents=True, exist_ok=True)
            path = _new_folder(root, name)
        except FileExistsError as error:
            if name is None or not (root / name).exists():
                raise _cannot_save(root, error) from error
            raise StorageError(
                f"sweep {name} exists already; --resume {name} goes on with it"
            ) from error
        except (OSError, ValueError) as error:
            raise _cannot_save(root / (name or ""), error) from error
        try:
            (path / SPEC_FILE).write_text(spec.to_toml(), encoding="utf-8")
            (path / JOURNAL_FILE).touch()
        except (OSError, ValueError) as error:
            shutil.rmtree(path, ignore_errors=True)
            raise _cannot_save(path, error) from error
        return cls.join(path)

    @classmethod
    def join(cls, path: Path) -> Study:
        """Take part in a sweep that may be under way."""
        spec = load_spec(path / SPEC_FILE)
        study = cls(path, spec, make_sampler(spec))
        study.refresh()
        folder = path / OWNERS / study._owner
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise _cannot_save(path, error) from error
        study._lock = FolderLock.acquire(folder)
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

    @property
    def owner(self) -> str:
        """The name of this process among those that work on the sweep."""
        return self._owner

    @property
    def stop_file(self) -> Path:
        """The file that asks this process and its workers to stop; any process may make it."""
        return self.path / OWNERS / self._owner / STOP_FILE

    def exchange(
        self, results: Iterable[Result] = (), released: Iterable[Task] = (), wanted: int = 0
    ) -> list[Task]:
        """Note results, give tasks back that were not finished, and claim up to `wanted` others.

        All of it takes one lock and one write, which is what keeps thousands of trials cheap.
        Fewer tasks than wanted are returned where one has to wait for others, or where all is done.
        """
        with self._exclusive():
            self._catch_up()
            lines: list[dict[str, Any]] = []
            for result in results:
                self.claims.pop(result.task, None)
                self.schedule.report(result)
                lines.append({"kind": "result", **asdict(result)})
            for task in released:
                self.claims.pop(task, None)
                self.schedule.release(task)
                lines.append({"kind": "release", "task": asdict(task)})
            if wanted:
                self._release_the_dead()
            claimed: list[Task] = []
            while len(claimed) < wanted:
                before = len(self.trials)
                task_or_none = self.schedule.next()
                lines += [
                    {"kind": "trial", "number": trial.number, "setting": trial.setting}
                    for trial in self.trials[before:]
                ]
                if task_or_none is None:
                    break
                self.claims[task_or_none] = self._owner
                claimed.append(task_or_none)
                lines.append({"kind": "claim", "task": asdict(task_or_none), "owner": self._owner})
            self._append(lines)
            return claimed

    def next(self) -> Task | None:
        """Claim the next task; None where one has to wait for others, or where all is done."""
        claimed = self.exchange(wanted=1)
        return claimed[0] if claimed else None

    def report(self, result: Result) -> None:
        """Note a result."""
        self.exchange(results=[result])

    def release(self, task: Task) -> None:
        """Give a task back that was not finished."""
        self.exchange(released=[task])

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
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            shutil.rmtree(self.path / OWNERS / self._owner, ignore_errors=True)

    def discard(self) -> None:
        """Remove a sweep that has no trials yet, as if it had never been."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def _release_the_dead(self) -> None:
        """Make the claims void of processes that have gone."""
        others = set(self.claims.values()) - {self._owner}
        now = time.monotonic()
        if not others or now - self._owners_seen < _OWNERS_SECONDS:
            return
        self._owners_seen = now
        gone = {owner for owner in others if not is_locked(self.path / OWNERS / owner)}
        for task, owner in list(self.claims.items()):
            if owner in gone:
                del self.claims[task]
                self.schedule.release(task)
        for owner in gone:
            shutil.rmtree(self.path / OWNERS / owner, ignore_errors=True)

    @contextmanager
    def mirroring(self) -> Iterator[None]:
        """Hold the lock for copying trials elsewhere, which may take longer than the sweep's."""
        folder = self.path / _MIRROR
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise _cannot_save(folder, error) from error
        with self._exclusive(folder):
            yield

    @contextmanager
    def _exclusive(self, folder: Path | None = None) -> Iterator[None]:
        """Hold the sweep's lock, which every process takes for an instant at a time."""
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                lock = FolderLock.acquire(folder or self.path)
                break
            except StorageError as error:
                if isinstance(error.__cause__, OSError):  # no lock can be taken, now or later
                    raise
                if time.monotonic() > deadline:
                    raise StorageError(
                        f"sweep {self.path.name}: another process has held its lock for"
                        f" {_LOCK_SECONDS:.0f} s; end that process, then --resume {self.path.name}"
                    ) from error
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
                if any(line["kind"] == "result" for line in lines):
                    os.fsync(stream.fileno())  # what else is lost with the power is done again
        except OSError as error:
            raise _cannot_save(self.path / JOURNAL_FILE, error) from error
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
            except (
                ValueError,
                KeyError,
                TypeError,
                IndexError,
                AttributeError,
                RecursionError,
            ) as error:
                raise StorageError(
                    f"{path}: damaged, entry {number} after byte {self._offset}:"
                    f" {type(error).__name__}: {error}"
                ) from error
        self._offset += len(complete)

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
            task = Task(**entry["task"])
            self.claims[task] = entry["owner"]
            self._begun.add((task.trial, task.seed))
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


def _new_folder(root: Path, name: str | None) -> Path:
    """Make the folder of a sweep; raises `FileExistsError` where one of that name exists."""
    if name is not None:
        path = root / name
        path.mkdir()
        return path
    stamp = f"{datetime.now():%Y%m%d-%H%M%S}"
    for attempt in range(100):
        path = root / (f"{stamp}-{attempt + 1}" if attempt else stamp)
        with suppress(FileExistsError):
            path.mkdir()
            return path
    raise FileExistsError(stamp)


def _cannot_save(path: Path, error: Exception) -> StorageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StorageError(f"{path}: cannot save the sweep: {reason}")


def sweep_names(root: Path) -> list[str]:
    """All sweeps of a folder, the newest first."""
    try:
        found = [path for path in root.iterdir() if (path / SPEC_FILE).is_file()]
        times = {path: (path / SPEC_FILE).stat().st_mtime for path in found}
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{root}: {error.strerror or error}") from error
    return [path.name for path in sorted(found, key=lambda path: times[path], reverse=True)]


def find_sweep(root: Path, name: str) -> Path:
    """The folder of a sweep by its name, the unique beginning of one, or `last`.

    Raises `StorageError`.
    """
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
