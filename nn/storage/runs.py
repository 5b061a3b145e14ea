"""Saved runs, as they are read: each one a folder of plain files.

    run.json         what the run is and how far it came: the fields of `RunRecord`, as JSON
    metrics.jsonl    its events, one JSON object a line (`nn.storage.records`); a last line without its end is torn
    last.npz         the model as it is now, and the state to go on from (`nn.storage.checkpoint`)
    best.npz         the same of when test accuracy was highest
    final.npz        the model the run ended with, once it has (`nn.network.predictor`)
    lock             the process that writes the folder holds an flock on it; it contains its id

The folder's name is the run's name. Whatever is read here may be damaged or hostile: sizes are
bounded, types are checked, nothing is executed, and no path comes out of a file.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from nn.config import RESUMABLE_FIELDS, TrainConfig, did_you_mean, flag
from nn.errors import ConfigError, StorageError
from nn.events import Evaluation
from nn.storage.files import open_regular
from nn.storage.records import Recorded, event_from_record, read_as

SCHEMA = 1
RUN_FILE, METRICS_FILE, LOCK_FILE = "run.json", "metrics.jsonl", "lock"
LAST_FILE, BEST_FILE, FINAL_FILE = "last.npz", "best.npz", "final.npz"
RUN_FILES = (RUN_FILE, METRICS_FILE, LAST_FILE, BEST_FILE, FINAL_FILE, LOCK_FILE)

MAX_RUN_BYTES = 2**20
MAX_LINE_BYTES = 2**20

Status = Literal["running", "finished", "interrupted", "failed"]
Which = Literal["best", "last"]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The content of run.json.

    `reason` tells of the end: that of `RunFinished`, "interrupted", or an error; None while the run goes
    on. `threads`, `processes` and `versions` are those of the process that wrote it last; `created` and `updated` are UTC in
    ISO 8601. `best` is the evaluation with the highest test accuracy, that of best.npz; `save_error` why
    the folder does not hold the whole run, or None.
    """

    schema: int
    id: str
    status: Status
    reason: str | None
    recipe: str | None
    command: str
    config: TrainConfig
    data_name: str
    data_sha256: str
    threads: int | None
    versions: dict[str, str]
    created: str
    updated: str
    parameters: int
    steps_per_epoch: int
    total_steps: int
    step: int
    epoch: float
    seconds: float
    samples_per_second: float
    latest: Evaluation | None
    best: Evaluation | None
    save_error: str | None
    processes: int = 1  # of runs from before there could be more


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run's folder with the record that was read from it."""

    path: Path
    record: RunRecord

    @classmethod
    def read(cls, path: Path) -> SavedRun:
        """Raises `StorageError` for a folder without a record that makes sense."""
        return cls(path, read_record(path))

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def status(self) -> Status:
        """As recorded, but "interrupted" where the process that was to write the end has gone."""
        if self.record.status == "running" and not is_locked(self.path):
            return "interrupted"
        return self.record.status

    def config_with(self, changes: Mapping[str, object]) -> TrainConfig:
        """The configuration to resume with; raises `ConfigError` where it cannot be, with these changes."""
        record = self.record
        config = TrainConfig.layered(record.config.to_dict(), changes)
        for name in config_differences([record.config, config]):
            if name not in RESUMABLE_FIELDS:
                raise ConfigError(
                    f"{flag(name)}: a run is resumed as it was configured; what may change is"
                    f" {', '.join(map(flag, RESUMABLE_FIELDS))}",
                    field=name,
                )
        complete = record.save_error is None  # else what is missing can be done again
        if complete and record.reason in ("early-stopped", "diverged"):
            raise ConfigError(f"run {self.name} has ended, {record.reason}; it cannot be resumed")
        total = config.steps or config.epochs * record.steps_per_epoch
        if total < record.total_steps:
            raise ConfigError(
                f"run {self.name} has a budget of {record.total_steps:,} steps, which can be raised only;"
                f" {total:,} is less"
            )
        if complete and self.status == "finished" and total == record.total_steps:
            budget = "epochs" if config.epochs else "steps"
            raise ConfigError(
                f"run {self.name} is complete: {getattr(config, budget):,} {budget};"
                f" to go on, raise {flag(budget)}"
            )
        return config

    def model_file(self, which: Which) -> Path | None:
        """The model file of the best or the last weights; None where those are in last.npz only."""
        path = self.path / (BEST_FILE if which == "best" else FINAL_FILE)
        return path if path.is_file() else None

    def events(self) -> Iterator[Recorded]:
        """The events on disk; raises `StorageError` at one that is damaged."""
        yield from MetricsReader(self.path).poll()


def read_record(folder: Path) -> RunRecord:
    """The record of a run's folder; raises `StorageError`."""
    path = folder / RUN_FILE
    try:
        with open_regular(path) as stream:
            content = stream.read(MAX_RUN_BYTES + 1)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    if len(content) > MAX_RUN_BYTES:
        raise StorageError(f"{path}: more than {MAX_RUN_BYTES:,} bytes")
    try:
        values = _parse(content)
        if not isinstance(values, dict):
            raise StorageError("not a JSON object")
        if values.get("schema") != SCHEMA:
            raise StorageError(f"written with schema {values.get('schema')!r}, not {SCHEMA}")
        return read_as(RunRecord, values)
    except StorageError as error:
        raise StorageError(f"{path}: not the record of a run: {error}") from error


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:  # bad UTF-8 and numbers of 5,000 digits included
        raise StorageError(f"not JSON: {error}") from error


class MetricsReader:
    """Reads the events of a run's folder as they are appended, by this process or another.

    Where a resumed run has cut off what came after its checkpoint, all events come again from the
    first `RunStarted`; so one with start_step 0 always means to begin anew, and a later one that
    what came after its step is void.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS_FILE
        self._offset = 0
        self._last = b""
        self._lines = 0

    def poll(self, *, end: int | None = None) -> list[Recorded]:
        """The events since the last call; raises `StorageError` where they cannot be read.

        With `end`, those of the first `end` bytes, which must end with an event.
        """
        try:
            with open_regular(self._path) as stream:
                stream.seek(self._offset - len(self._last))
                if stream.read(len(self._last)) != self._last:
                    self._offset, self._last, self._lines = 0, b"", 0
                    stream.seek(0)
                events = [self._event(line) for line in self._complete_lines(stream, end)]
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror or error}") from error
        if end is not None and self._offset != end:
            raise StorageError(
                f"{self._path}: no event ends at byte {end:,}, after which the checkpoint was written"
            )
        return events

    def _complete_lines(self, stream: Any, end: int | None) -> Iterator[bytes]:
        while end is None or self._offset < end:
            line = stream.readline(MAX_LINE_BYTES)
            if not line.endswith(b"\n"):
                if len(line) == MAX_LINE_BYTES:
                    raise StorageError(f"{self._path}: line {self._lines + 1} is endless")
                return
            self._offset, self._last = self._offset + len(line), line
            yield line

    def _event(self, line: bytes) -> Recorded:
        self._lines += 1
        try:
            return event_from_record(_parse(line))
        except StorageError as error:
            raise StorageError(f"{self._path}: line {self._lines}: {error}") from error


def list_runs(root: Path) -> tuple[list[SavedRun], list[StorageError]]:
    """All runs of a folder, the newest first, and what is wrong with those that cannot be read."""
    runs, errors = [], []
    for name in run_names(root):
        try:
            runs.append(SavedRun.read(root / name))
        except StorageError as error:
            errors.append(error)
    runs.sort(key=lambda run: (run.record.created, run.name), reverse=True)
    return runs, errors


def run_names(root: Path) -> list[str]:
    """The folders that may be runs; none where there is no `root`."""
    try:
        with os.scandir(root) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and os.path.exists(os.path.join(entry.path, RUN_FILE))
            )
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{root}: {error.strerror or error}") from error


def find_run(root: Path, name: str) -> SavedRun:
    """The run of a name, the unique beginning of one, a path, or `last`, the one started last.

    Raises `StorageError` where there is none or more than one.
    """
    if name == "last":
        names = run_names(root)
        if not names:
            raise StorageError(f"no saved runs in {root}")
        try:
            SavedRun.read(
                root / names[-1]
            )  # names begin with the time: never silently the run before
        except StorageError as error:
            raise StorageError(f"{error}; name the run to take in place of `last`") from error
        return list_runs(root)[0][0]
    if os.sep in name or name in (".", ".."):
        return SavedRun.read(Path(name))
    names = run_names(root)
    matches = [name] if name in names else [each for each in names if each.startswith(name)]
    if not name or len(matches) > 1:
        shown = ", ".join(matches[:3]) + (", ..." if len(matches) > 3 else "")
        raise StorageError(f"{name!r} may be any of {len(matches)} runs: {shown}")
    if not matches:
        raise StorageError(f"no run {name!r} in {root}{did_you_mean(name, names)}")
    return SavedRun.read(root / matches[0])


def is_locked(folder: Path) -> bool:
    """Whether a process writes this run at the moment."""
    try:
        descriptor = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)


def config_differences(configs: Iterable[TrainConfig]) -> list[str]:
    """The names of the fields that are not the same in all of these configurations."""
    first, *others = (config.to_dict() for config in configs)
    return [name for name in first if any(other[name] != first[name] for other in others)]


def utc_now() -> str:
    """The present moment as `RunRecord` has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
