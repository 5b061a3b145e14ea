"""A run as JSON Lines on standard output, as `nn.storage.records` documents them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TextIO

from nn.storage.records import Invocation, Recorded, json_line, record_of
from tui.cli.reporters.base import warn


class JsonLines(AbstractContextManager["JsonLines"]):
    """The reporter of --json."""

    def __init__(self, invocation: Invocation, stream: TextIO) -> None:
        self._invocation = invocation
        self._stream = stream

    def show(self, event: Recorded) -> None:
        """Write one line."""
        write_json(record_of(event, self._invocation), self._stream)

    def warn(self, line: str) -> None:
        """Write a line to standard error."""
        warn(line)

    def __exit__(self, *exception: object) -> None:
        pass


def write_json(record: object, stream: TextIO) -> None:
    """Write one strict JSON value as a line and flush it."""
    stream.write(json_line(record))
    stream.flush()
