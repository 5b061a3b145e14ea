"""How a headless run is shown: as lines, as lines above a progress bar, as JSON Lines, or not at all."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from nn.config import TrainConfig
from nn.records import Invocation, Recorded
from tui.versions import versions

if TYPE_CHECKING:
    from nn.team import Cores


def invocation_of(
    config: TrainConfig,
    recipe: str | None,
    base: TrainConfig,
    cores: Cores | None,
    *,
    run: Path | None = None,
) -> Invocation:
    """Of a run of `config`, made from the recipe's configuration or the defaults, `base`."""
    start = ["mnist-tui", "--headless", *(["--recipe", recipe] if recipe else [])]
    command = shlex.join([*start, *config.to_flags(base=base)])
    return Invocation(
        recipe=recipe,
        command=command,
        threads=cores.total_threads if cores else None,
        processes=cores.processes if cores else 1,
        versions=versions(),
        run=None if run is None else str(run),
    )


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
