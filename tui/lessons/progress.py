"""How far the reader came: one small JSON file beside the saved runs.

    {"last": "softmax", "lessons": {"softmax": {"prediction": 0, "passed": true, "skipped": false,
                                                "help": 1, "settings": {"temperature": 2.0},
                                                "stop": 0}}}

A file that cannot be read, or an entry that makes no sense, counts as no progress.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nn.errors import StorageError
from nn.storage.files import write_atomically
from tui.lessons.lesson import Setting
from tui.recording.folder import runs_folder

NAME = "lessons.json"


@dataclass
class Record:
    """What is remembered of one lesson.

    `prediction` is the index of the choice, None before one was made; `help` counts the hints that
    were shown, the solution included; `settings` is where the knobs stand; `stop` is the place
    of a guided walk, from 0.
    """

    prediction: int | None = None
    passed: bool = False
    skipped: bool = False
    help: int = 0
    settings: dict[str, Setting] = field(default_factory=dict)
    stop: int = 0

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Record:
        """The record of an entry of the file; what is of another type is left out."""
        record, prediction = cls(), entry.get("prediction")
        if isinstance(prediction, int) and not isinstance(prediction, bool) and prediction >= 0:
            record.prediction = prediction
        record.passed = entry.get("passed") is True
        record.skipped = entry.get("skipped") is True
        shown, settings, stop = (entry.get(name) for name in ("help", "settings", "stop"))
        if isinstance(stop, int) and stop >= 0:
            record.stop = int(stop)
        if isinstance(shown, int) and 0 <= shown <= 3:
            record.help = int(shown)
        if isinstance(settings, dict):
            record.settings = {
                name: value
                for name, value in settings.items()
                if isinstance(value, int | float | str)
            }
        return record

    @property
    def status(self) -> str:
        """One word for a list."""
        if self.passed:
            return "passed"
        if self.skipped:
            return "skipped"
        return "begun" if self.prediction is not None else ""


class Progress:
    """The records of all lessons, by name, and the lesson that was open last.

    `trouble` is the reason why nothing can be remembered, or None.
    """

    def __init__(self, path: Path | None) -> None:
        """Read the file; a `path` of None remembers nothing beyond this process."""
        self.path = path
        self.last: str | None = None
        self.records: dict[str, Record] = {}
        self.trouble: str | None = None
        self._read()

    @classmethod
    def of_user(cls) -> Progress:
        """The progress of the user, beside the folder of the saved runs."""
        try:
            return cls(runs_folder().parent / NAME)
        except StorageError as error:
            progress = cls(None)
            progress.trouble = str(error)
            return progress

    def of(self, name: str) -> Record:
        """The record of a lesson, which may be changed before `save`."""
        return self.records.setdefault(name, Record())

    def save(self) -> None:
        """Write the file; a failure is kept in `trouble` and harms nothing else."""
        if self.path is None:
            return
        entries = {name: asdict(record) for name, record in self.records.items()}
        text = json.dumps({"last": self.last, "lessons": entries}, indent=1) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, lambda stream: stream.write(text.encode()))
            self.trouble = None
        except (OSError, StorageError) as error:
            self.trouble = f"The progress cannot be remembered: {error}"

    def _read(self) -> None:
        try:
            content = json.loads(self.path.read_bytes()) if self.path is not None else {}
        except (OSError, ValueError, RecursionError):
            return
        if not isinstance(content, dict):
            return
        entries, last = content.get("lessons"), content.get("last")
        self.last = last if isinstance(last, str) else None
        if isinstance(entries, dict):
            self.records = {n: Record.read(e) for n, e in entries.items() if isinstance(e, dict)}
