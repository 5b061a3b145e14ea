"""The events of a saved run, read from metrics.jsonl while they are appended to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from nn.errors import StorageError
from nn.storage.files import cannot_read, open_regular
from nn.storage.records import Recorded, event_from_record
from nn.storage.run_record import parse_json

METRICS_FILE = "metrics.jsonl"
MAX_LINE_BYTES = 2**20


class MetricsReader:
    """Reads the events of a run's folder as they are appended, by this process or another.

    A resumed run cuts off what came after its checkpoint. Then all events come again, from the
    first `RunStarted` on. So a `RunStarted` with start_step 0 always means to begin anew, and one
    with a later step means that the events after that step are void.
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
            raise cannot_read(self._path, error) from error
        if end is not None and self._offset != end:
            raise StorageError(
                f"{self._path}: no event ends at byte {end:,}, after which the checkpoint was"
                " written"
            )
        return events

    def _complete_lines(self, stream: BinaryIO, end: int | None) -> Iterator[bytes]:
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
            return event_from_record(parse_json(line))
        except StorageError as error:
            raise StorageError(f"{self._path}: line {self._lines}: {error}") from error
