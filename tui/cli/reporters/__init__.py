"""How a headless run is shown: as lines, as lines above a progress bar, as JSON Lines, or not at all."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from typing import Protocol, TextIO

from nn.storage.records import Recorded


class Reporter(AbstractContextManager["Reporter"], Protocol):
    """Shows a run; as a context manager, it leaves the terminal as it found it."""

    def show(self, event: Recorded) -> None:
        """Show one event; the last one is the `Outcome`."""

    def warn(self, line: str) -> None:
        """Say on standard error what is amiss with a run that goes on."""


class Silence(AbstractContextManager["Silence"]):
    """The reporter of --quiet."""

    def show(self, event: Recorded) -> None:
        """Show nothing."""

    def warn(self, line: str) -> None:
        """Write a line."""
        warn(line)

    def __exit__(self, *exception: object) -> None:
        pass


def warn(line: str) -> None:
    """Write a warning of a command to standard error."""
    sys.stderr.write(f"mnist-tui: warning: {line}\n")
    sys.stderr.flush()


def is_live(stream: TextIO) -> bool:
    """Whether a stream is a terminal on which lines can be redrawn."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
