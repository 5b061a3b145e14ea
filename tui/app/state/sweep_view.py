"""A sweep as screens show it, frozen when it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nn.options import format_value
from tui.sweeps.space import Dimension, Setting, describe
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import State


@dataclass(frozen=True)
class TrialRow:
    """One trial as it was when the sweep was last read.

    Attributes:
        number: Its number, from 0.
        rank: Its place, 1 being the best.
        state: waiting, running, pruned, failed or finished.
        epoch: Epochs trained; those of the run under way are counted as they are saved.
        epochs: Epochs of the last rung.
        rung: Rungs that all seeds have come to.
        rungs: Rungs there are.
        accuracy: Mean and spread over the seeds after the last of these, on the validation images.
        loss: The same of the loss.
        compared: The objective by which all trials are compared, in percent or the loss; None
            before it is known, and where the trial diverged.
        setting: The values of the varied fields.
        run: Name of its best saved run, empty before there is one.
    """

    number: int
    rank: int
    state: str
    epoch: float
    epochs: int
    rung: int
    rungs: int
    accuracy: tuple[float | None, float | None]
    loss: tuple[float | None, float | None]
    compared: float | None
    setting: Setting
    run: str

    @cached_property
    def _words(self) -> str:
        return f"trial {self.number} {self.state} {describe(self.setting)}".lower()

    def matches(self, text: str) -> bool:
        """Whether number, state or setting contain every word."""
        return all(word in self._words for word in text.lower().split())


@dataclass(frozen=True)
class SweepView:
    """A sweep as it was when it was last read.

    Attributes:
        path: Its folder.
        spec: What was asked for.
        state: Whether a process works on it, it has come to its end, or it was left before.
        rows: Its trials, in the order of their numbers.
        best: The number of the best trial; None before there is one.
        test: Mean test accuracy of the best trial of a finished sweep.
        compared_at: Epochs after which the trials are compared; 0 where they differ in them.
        shares: Importance of each field; None where there are too few trials.
    """

    path: Path
    spec: SweepSpec
    state: State
    rows: tuple[TrialRow, ...] = ()
    best: int | None = None
    test: float | None = None
    compared_at: int = 0
    shares: dict[str, float] | None = field(default=None)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def ended(self) -> int:
        """The number of trials that do not go on."""
        return sum(row.state in ("finished", "pruned", "failed") for row in self.rows)


def orders(spec: SweepSpec) -> dict[str, Callable[[TrialRow], Any]]:
    """What each order of the trials sorts by, rising: the varied fields have one each."""

    def by(dimension: Dimension) -> Callable[[TrialRow], Any]:
        name, values = dimension.field, dimension.grid(2)
        numeric = all(isinstance(value, int | float) for value in values)
        return lambda row: row.setting[name] if numeric else format_value(row.setting[name])

    return {
        "best": lambda row: row.rank,
        "newest": lambda row: -row.number,
        "trial": lambda row: row.number,
        "epochs": lambda row: -row.epoch,
        "state": lambda row: row.state,
        **{dimension.field: by(dimension) for dimension in spec.space.dimensions},
    }


def arranged(view: SweepView, text: str, order: str) -> list[TrialRow]:
    """The trials that match, in an order; equals the best first."""
    key = orders(view.spec)[order]
    matching = (row for row in view.rows if row.matches(text))
    return sorted(matching, key=lambda row: (key(row), row.rank))


def best_words(view: SweepView, shown: Callable[[TrialRow], str]) -> str:
    """The best trial so far in a line; empty before there is one."""
    if view.best is None:
        return ""
    best = view.rows[view.best]
    test = "" if view.test is None else f", test {view.test:.2%}"
    return f"best: trial {best.number}, {shown(best)}{test}   {describe(best.setting)}"
