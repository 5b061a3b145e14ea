"""The saved runs as a table: read from their folders, filtered and sorted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from nn.errors import ConfigError, StorageError
from nn.events import Evaluation
from nn.storage.run_record import RUN_FILE
from nn.storage.runs import SavedRun, abandoned_runs, run_names
from tui.recording.finding import Search, Values, state_of, values_of, words_of


@dataclass(frozen=True)
class Entry:
    """One run as it was when it was last looked at."""

    run: SavedRun
    status: str

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.name

    @property
    def state(self) -> str:
        """How it stands: of a network that was not trained here, where it comes from."""
        return state_of(self.run, self.status)

    @property
    def best(self) -> Evaluation | None:
        """The evaluation of the best weights."""
        return self.run.record.best

    @property
    def final(self) -> Evaluation | None:
        """The last evaluation so far."""
        return self.run.record.latest

    @cached_property
    def started(self) -> datetime | None:
        """When it was started, in local time; None where the record has no such time."""
        try:
            return datetime.fromisoformat(self.run.record.created).astimezone()
        except (ValueError, OverflowError):
            return None

    @property
    def budget_to_raise(self) -> tuple[str, int] | None:
        """The field that must be raised for the run to go on, and its value; None where it can, or
        cannot at all.
        """
        config = self.run.record.config
        name = "epochs" if config.epochs else "steps"
        budget = config.epochs or config.steps
        try:
            self.run.config_with({})
        except ConfigError:
            try:
                self.run.config_with({name: budget + 1})
            except ConfigError:
                return None
            return name, budget
        return None

    @cached_property
    def values(self) -> Values:
        """The hyperparameters that have an effect."""
        return values_of(self.run.record)

    @cached_property
    def words(self) -> str:
        """What a word of a search is looked for in."""
        return words_of(self.run, self.status)


def _highest(evaluation: Evaluation | None) -> float:
    return -evaluation.test.accuracy if evaluation else 1.0


# What each order sorts by, rising.
ORDERS: dict[str, Callable[[Entry], Any]] = {
    "newest": lambda entry: -(entry.started.timestamp() if entry.started else 0.0),
    "best": lambda entry: _highest(entry.best),
    "final": lambda entry: _highest(entry.final),
    "loss": lambda entry: entry.final.test.loss if entry.final else float("inf"),
    "time": lambda entry: -entry.run.record.seconds,
    "epochs": lambda entry: -entry.run.record.epoch,
    "status": lambda entry: entry.state,
    "recipe": lambda entry: entry.run.record.recipe or "",
    "name": lambda entry: entry.name,
}


def arranged(entries: Iterable[Entry], search: Search, order: str) -> list[Entry]:
    """The entries that are searched for, in an order; equals the newest first."""
    found = (e for e in entries if search.matches(e.values, e.words))
    matching = sorted(found, key=ORDERS["newest"])
    return sorted(matching, key=ORDERS[order])


class Catalogue:
    """All runs of a folder; from one look to the next only those are read again that changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, tuple[tuple[int, ...], SavedRun | StorageError]] = {}
        self._entries: dict[Path, Entry] = {}

    def look(self) -> tuple[list[Entry], list[str]]:
        """The runs, and what is wrong with those that cannot be read; may take a while."""
        known, self._known = self._known, {}
        for name in run_names(self.root):
            try:
                status = os.stat(self.root / name / RUN_FILE)
            except OSError:  # deleted just now
                continue
            version = (status.st_ino, status.st_mtime_ns, status.st_size)
            before = known.get(name)
            if before is not None and before[0] == version:
                self._known[name] = before
            else:
                self._known[name] = version, self._read(name)
        found = [run for _, run in self._known.values()]
        entries = [self._entry(run) for run in found if isinstance(run, SavedRun)]
        self._entries = {entry.run.path: entry for entry in entries}
        errors = [error for error in found if isinstance(error, StorageError)]
        return entries, [str(error) for error in (*errors, *abandoned_runs(self.root))]

    def _entry(self, run: SavedRun) -> Entry:
        """The entry of a run, the same one as long as nothing of it has changed.

        What a search looks at is made here, on the thread that reads.
        """
        known, entry = self._entries.get(run.path), Entry(run, run.status)
        if known is not None and known.run is run and known.status == entry.status:
            return known
        _ = entry.values, entry.words, entry.started
        return entry

    def _read(self, name: str) -> SavedRun | StorageError:
        try:
            return SavedRun.read(self.root / name)
        except StorageError as error:
            return error
