"""What every reporter of a headless run can do, the silent one, and warnings."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Protocol

from nn.storage.records import Recorded


class Reporter(AbstractContextManager["Reporter"], Protocol):
    """Shows a run; as a context manager, it leaves the terminal as it found it."""

    def show(self, event: Recorded) -> None:
        """Show one event; the last one is the `Outcome`."""

    def warn(self, line: str) -> None:
        """Write to standard error what is amiss with a run that goes on."""


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
