"""The journal of a sweep: JSON objects, a line each, that several processes append to in turn."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nn.errors import StorageError, reason_of
from tui.sweeps.folder import cannot_save

Entry = dict[str, Any]


class Journal:
    """A file of entries, of which this process has read all up to some byte."""

    def __init__(self, path: Path) -> None:
        self.path, self._offset = path, 0

    def read(self, apply: Callable[[Entry], None]) -> None:
        """Hand over each entry that is new; raises `StorageError` where one is damaged.

        `apply` may raise the errors of an entry that is none of ours. A last line that is not
        complete is left: its process is writing it, or was killed while it did.
        """
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._offset)
                content = stream.read()
        except OSError as error:
            raise StorageError(f"{self.path}: {reason_of(error)}") from error
        complete = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(complete.splitlines(), 1):
            try:
                apply(json.loads(line))
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
                raise StorageError(
                    f"{self.path}: damaged, entry {number} after byte {self._offset}:"
                    f" {type(error).__name__}: {error}"
                ) from error
        self._offset += len(complete)

    def append(self, entries: Sequence[Entry], *, durable: bool) -> None:
        """Append entries, in one write, after all others were read; raises `StorageError`.

        The lock of the sweep has to be held. What is `durable` is on the disk on return.
        """
        if not entries:
            return
        content = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
        try:
            with self.path.open("r+b") as stream:
                stream.seek(self._offset)
                stream.truncate()  # a line that a killed process left half written
                stream.write(content)
                stream.flush()
                if durable:
                    os.fsync(stream.fileno())
        except OSError as error:
            raise cannot_save(self.path, error) from error
        self._offset += len(content)
