"""How a headless run is shown: as lines, as lines above a progress bar, as JSON Lines, or not at all."""

from __future__ import annotations

import os
import shlex
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TextIO

from nn.config import TrainConfig
from nn.events import EpochCompleted, Evaluation, RateChanged, Reason, RunStarted, StepCompleted


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a run was started: `command` repeats it, `threads` is None where BLAS does not tell."""

    recipe: str | None
    command: str
    threads: int | None

    @classmethod
    def of(
        cls, config: TrainConfig, recipe: str | None, base: TrainConfig, threads: int | None
    ) -> Invocation:
        """Of a run of `config`, made from the recipe's configuration or the defaults, `base`."""
        start = ["mnist-tui", "--headless", *(["--recipe", recipe] if recipe else [])]
        return cls(recipe, shlex.join([*start, *config.to_flags(base=base)]), threads)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the fields of `RunFinished`, and what only the front end knows.

    `best` is the evaluation with the highest test accuracy, `saved` the file the model went to; both
    are None where there is none.
    """

    reason: Reason | Literal["interrupted"]
    step: int
    epoch: float
    kept_step: int
    evaluation: Evaluation | None
    best: Evaluation | None
    samples_per_second: float
    seconds: float
    saved: str | None


Shown = RunStarted | StepCompleted | EpochCompleted | RateChanged | Outcome


class Reporter(AbstractContextManager["Reporter"], Protocol):
    """Shows a run; as a context manager, it leaves the terminal as it found it."""

    def show(self, event: Shown) -> None:
        """Show one event; the last one is the `Outcome`."""


class Silence(AbstractContextManager["Silence"]):
    """The reporter of --quiet."""

    def show(self, event: Shown) -> None:
        """Show nothing."""

    def __exit__(self, *exception: object) -> None:
        pass


def is_live(stream: TextIO) -> bool:
    """Whether a stream is a terminal on which lines can be redrawn."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
