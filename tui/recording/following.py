"""Following a saved run by its files, whichever process trains it."""

from __future__ import annotations

from nn.storage.lock import is_locked
from nn.storage.metrics import MetricsReader
from nn.storage.records import Recorded
from nn.storage.runs import SavedRun


class RunFollower:
    """Reads what is added to a run's folder, from the first event on; nothing is ever written.

    `live` is whether a process was training the run when it was last looked at. Once `live` is
    False, all events have been read.
    """

    def __init__(self, saved: SavedRun) -> None:
        self.saved = saved
        self.live = True
        self._reader = MetricsReader(saved.path)

    def poll(self) -> list[Recorded]:
        """The events since the last call; `saved` and `live` are then up to date.

        Raises `StorageError` where the run can no longer be read.
        """
        # The lock comes before the files: what is read after the lock was free is the end.
        self.live = is_locked(self.saved.path)
        events = self._reader.poll()
        self.saved = SavedRun.read(self.saved.path, thorough=True)
        return events
