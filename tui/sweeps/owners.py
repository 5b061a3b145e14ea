"""The processes that work on a sweep: each holds the lock of a folder of its own.

owners/ID/lock  held as long as the process works on the sweep
owners/ID/stop  asks that process and its workers to stop after the epoch under way
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from nn.storage.lock import FolderLock, is_locked
from tui.sweeps.folder import cannot_save

OWNERS, STOP_FILE = "owners", "stop"
_SECONDS = 0.5  # between looks at whether other owners are there


class Owner:
    """This process as one that works on a sweep."""

    def __init__(self, sweep: Path) -> None:
        self._root = sweep / OWNERS
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lock: FolderLock | None = None
        self._looked = -_SECONDS

    @property
    def stop_file(self) -> Path:
        """The file that asks this process and its workers to stop; any process may make it."""
        return self._root / self.name / STOP_FILE

    def join(self) -> None:
        """Take part from now on; raises `StorageError`."""
        folder = self._root / self.name
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise cannot_save(folder, error) from error
        self._lock = FolderLock.acquire(folder)

    def leave(self) -> None:
        """Take part no longer."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            shutil.rmtree(self._root / self.name, ignore_errors=True)

    def gone(self, owners: Iterable[str]) -> set[str]:
        """Which of these owners have ended; looked up twice a second at most, else none."""
        others = set(owners) - {self.name}
        now = time.monotonic()
        if not others or now - self._looked < _SECONDS:
            return set()
        self._looked = now
        found = {owner for owner in others if not is_locked(self._root / owner)}
        for owner in found:
            shutil.rmtree(self._root / owner, ignore_errors=True)
        return found


def active_owners(sweep: Path) -> list[Path]:
    """The folders of the processes that work on a sweep at the moment; raises `OSError`."""
    try:
        return [owner for owner in (sweep / OWNERS).iterdir() if is_locked(owner)]
    except FileNotFoundError:
        return []


def is_active(sweep: Path) -> bool:
    """Whether a process works on a sweep at the moment, as far as that can be seen."""
    try:
        return bool(active_owners(sweep))
    except OSError:
        return False


def ask_to_stop(sweep: Path) -> None:
    """Ask every process that works on a sweep to stop and save; raises `OSError`."""
    for owner in active_owners(sweep):
        (owner / STOP_FILE).touch()
