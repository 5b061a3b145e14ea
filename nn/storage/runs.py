"""Saved runs, as they are read: each one a folder of plain files.

    run.json         what the run is and how far it came (`nn.storage.run_record`)
    metrics.jsonl    its events, one JSON object a line (`nn.storage.records`); a last line without
                     its end is what is left of a write that was cut off
    last.npz         the model as it is now, and the state to go on from (`nn.storage.checkpoint`)
    best.npz         the same of when validation accuracy was highest; without validation images,
                     of the last evaluation before the run collapsed (`nn.training.best_weights`)
    final.npz        the model that the run ended with, once it has (`nn.storage.model_file`)
    lock             locked by the process that writes the folder (`nn.storage.lock`)

The folder's name is the run's name. Whatever is read here may be damaged or hostile: sizes are
bounded, types are checked, nothing is executed, and no path comes out of a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nn.config import RESUMABLE_FIELDS, TrainConfig, flag
from nn.errors import ConfigError, StorageError, reason_of
from nn.events import Evaluation
from nn.storage.files import temporary_prefix
from nn.storage.lock import LOCK_FILE, is_locked
from nn.storage.metrics import METRICS_FILE, MetricsReader
from nn.storage.positions import (
    BEST_FILE,
    FINAL_FILE,
    LAST_FILE,
    as_saved,
    has_final,
    is_doubtful,
    put_in_order,
)
from nn.storage.records import Outcome, Recorded
from nn.storage.run_record import RUN_FILE, RunRecord, Status, read_record

RUN_FILES = (RUN_FILE, METRICS_FILE, LAST_FILE, BEST_FILE, FINAL_FILE, LOCK_FILE)

Which = Literal["best", "last"]


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run's folder with its record, which describes the weights that the folder really holds."""

    path: Path
    record: RunRecord

    @classmethod
    def read(cls, path: Path, *, thorough: bool = False) -> SavedRun:
        """Read a run; raises `StorageError` for a folder without a record that makes sense.

        Where there is reason to doubt, or always if `thorough`, the record is compared with the
        files of weights and corrected (`nn.storage.positions`); that takes about a millisecond.
        """
        record = read_record(path)
        put_in_order(path, record)
        if thorough or is_doubtful(path, record):
            record = as_saved(path, record)
        return cls(path, record)

    @property
    def name(self) -> str:
        """The name of the folder, which is the name of the run."""
        return self.path.name

    @property
    def status(self) -> Status:
        """The recorded status, but "interrupted" where the process that trained it has gone."""
        if self.record.status == "running" and not is_locked(self.path):
            return "interrupted"
        return self.record.status

    def config_with(self, changes: Mapping[str, object]) -> TrainConfig:
        """The configuration to resume with; raises `ConfigError` for changes that are refused."""
        record = self.record
        if record.imported_from is not None:
            if record.members:
                kept_here = record.reason == record.imported_from
                remedy = "name one of its members" if kept_here else "name a run of one network"
                raise ConfigError(
                    f"run {self.name} is a {record.reason}, which is not trained further; {remedy}"
                )
            raise ConfigError(
                f"run {self.name} was imported from {record.imported_from}, without the state that"
                f" training would go on from; --init-from {self.name} starts a new run from its"
                " weights"
            )
        config = TrainConfig.layered(record.config.to_dict(), changes)
        for name in config_differences([record.config, config]):
            if name not in RESUMABLE_FIELDS:
                raise ConfigError(
                    f"{flag(name)}: a run is resumed as it was configured; what may change is"
                    f" {', '.join(map(flag, RESUMABLE_FIELDS))}; --init-from {self.name} starts a"
                    " new run from its weights",
                    field=name,
                )
        complete = record.save_error is None  # else what is missing can be done again
        if complete and record.reason in ("early-stopped", "diverged"):
            raise ConfigError(f"run {self.name} has ended, {record.reason}; it cannot be resumed")
        total = config.steps or config.epochs * record.steps_per_epoch
        if total < record.total_steps:
            raise ConfigError(
                f"run {self.name} has a budget of {_budget(record.config)}, which can only be"
                f" raised; {_budget(config)} is less"
            )
        if complete and self.status == "finished" and total == record.total_steps:
            budget = "epochs" if config.epochs else "steps"
            raise ConfigError(
                f"run {self.name} is complete: {getattr(config, budget):,} {budget};"
                f" to go on, raise {flag(budget)}"
            )
        return config

    def model_file(self, which: Which) -> Path | None:
        """The file of the best or of the last weights; None where those are in last.npz only."""
        if which == "best":
            path = self.path / BEST_FILE
            return path if path.is_file() else None
        return self.path / FINAL_FILE if has_final(self.path, self.record) else None

    def events(self) -> Iterator[Recorded]:
        """The events on disk; raises `StorageError` at one that is damaged."""
        yield from MetricsReader(self.path).poll()

    def final_evaluation(self) -> Evaluation | None:
        """The evaluation of the weights that the run ended with; the last one before its end.

        With patience these weights may be those of an earlier evaluation. Raises `StorageError`.
        """
        latest, kept_step = self.record.latest, self.record.kept_step
        if latest is None or kept_step in (None, latest.step):
            return latest
        ends = [event for event in self.events() if isinstance(event, Outcome)]
        return (ends[-1].evaluation if ends else None) or latest


def _budget(config: TrainConfig) -> str:
    """The budget in the unit that it was given in."""
    number, unit = (config.epochs, "epoch") if config.epochs else (config.steps, "step")
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def list_runs(root: Path) -> tuple[list[SavedRun], list[StorageError]]:
    """All runs of a folder, the newest first, and an error for each folder that cannot be read."""
    runs, errors = [], []
    for name in run_names(root):
        try:
            runs.append(SavedRun.read(root / name))
        except StorageError as error:
            errors.append(error)
    runs.sort(key=lambda run: (run.record.created, run.name), reverse=True)
    return runs, errors + abandoned_runs(root)


def run_names(root: Path) -> list[str]:
    """The names of the folders with a record, in their order; none where there is no `root`."""
    return [name for name in _folders(root) if os.path.lexists(root / name / RUN_FILE)]


def newest_name(root: Path) -> str | None:
    """The last of `run_names`, for which the other folders are not looked into."""
    folders = reversed(_folders(root))
    return next((name for name in folders if os.path.lexists(root / name / RUN_FILE)), None)


def abandoned_runs(root: Path) -> list[StorageError]:
    """An error for each folder of a run whose process was killed before it wrote a record."""
    return [no_record(root / name) for name in abandoned_names(root)]


def abandoned_names(root: Path) -> list[str]:
    """The folders of runs whose process was killed before it wrote a record, by name."""
    return [name for name in _folders(root) if is_abandoned(root / name)]


def is_abandoned(folder: Path) -> bool:
    """Whether a folder holds nothing but the beginnings of a run that nobody is writing."""
    if not _DATED.match(folder.name) or os.path.lexists(folder / RUN_FILE):
        return False
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return all(name in RUN_FILES or is_temporary(name) for name in names) and not is_locked(folder)


_DATED = re.compile(r"\d{8}-\d{6}-")


def is_temporary(name: str) -> bool:
    """Whether a killed process may have left this file, half written, in the folder of a run."""
    return name.startswith(tuple(map(temporary_prefix, RUN_FILES)))


def no_record(folder: Path) -> StorageError:
    """The error of a folder without a record: why it has none, and how it is removed."""
    why = "killed before its first checkpoint"
    for name in (BEST_FILE, LAST_FILE):
        if os.path.lexists(folder / name):
            why = f"{RUN_FILE} is missing, weights are in {name}"
            break
    return StorageError(f"{folder.name}: no record: {why}; remove it with `runs rm {folder.name}`")


def _folders(root: Path) -> list[str]:
    """The names of the folders in `root`, links to folders not included."""
    try:
        with os.scandir(root) as entries:
            return sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{root}: {reason_of(error)}") from error


def config_differences(configs: Iterable[TrainConfig]) -> list[str]:
    """The names of the fields that are not the same in all of these configurations."""
    first, *others = (config.to_dict() for config in configs)
    return [name for name in first if any(other[name] != first[name] for other in others)]
