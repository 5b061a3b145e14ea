"""Early stopping: when to give up, and which weights to go back to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nn.arrays import Array
from nn.config import TrainConfig
from nn.events import Evaluation, Score


class EarlyStopping:
    """Follows one loss from evaluation to evaluation, and keeps the weights to go back to.

    After `config.patience` evaluations in a row without a new lowest loss, `exhausted` is true. `kept` is the
    (evaluation, parameters) that `config.restore` names, None where there is nothing to restore.
    """

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self._on_test = config.stop_on == "test" or config.validation == 0
        self._best_loss = math.inf
        self._failures = 0
        self._last: tuple[Evaluation, Array] | None = None
        self.kept: tuple[Evaluation, Array] | None = None

    @property
    def exhausted(self) -> bool:
        return 0 < self._config.patience <= self._failures

    def is_improvement(self, validation: Score | None, test: Score) -> bool:
        """Whether these scores have the lowest loss so far."""
        return (test if self._on_test or validation is None else validation).loss < self._best_loss

    def see(self, evaluation: Evaluation, parameters: Array) -> None:
        """Take note of an evaluation of these parameters."""
        watched = evaluation.test if self._on_test else evaluation.validation
        assert watched is not None
        self._failures = 0 if evaluation.improved else self._failures + 1
        if evaluation.improved:
            self._best_loss = watched.loss
        if self._config.patience == 0:
            return
        if self._config.restore == "best" and evaluation.improved:
            self.kept = evaluation, parameters.copy()
        elif self._config.restore == "previous":
            self.kept = self._last if self.exhausted else None
            self._last = evaluation, parameters.copy()

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """(arrays, JSON values) that `restore` takes."""
        arrays: dict[str, Array] = {}
        values: dict[str, Any] = {"best_loss": _number(self._best_loss), "failures": self._failures}
        for name, weights in (("kept", self.kept), ("last", self._last)):
            values[name] = None if weights is None else asdict(weights[0])
            if weights is not None:
                arrays[name] = weights[1]
        return arrays, values

    def restore(self, arrays: Mapping[str, Array], values: Mapping[str, Any]) -> None:
        """Go on from a `state`; raises KeyError or TypeError for what is none."""
        best = values["best_loss"]
        self._best_loss = math.inf if best is None else float(best)
        self._failures = int(values["failures"])
        self.kept, self._last = (
            None if values[name] is None else (Evaluation.from_dict(values[name]), arrays[name])
            for name in ("kept", "last")
        )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no infinity
