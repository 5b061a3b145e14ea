"""Early stopping: when to end a run before its budget, and which weights to go back to."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nn.arrays import Array
from nn.config import TrainConfig
from nn.events import Evaluation, Score
from nn.training.progress import StoppingState


class EarlyStopping:
    """Watches one loss from evaluation to evaluation, and keeps the weights to go back to.

    After `config.patience` evaluations in a row without a new lowest loss, `exhausted` is true.
    `config.restore` names which weights are kept.
    """

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self._on_test = config.stop_on == "test" or config.validation == 0
        self.state = StoppingState()
        self.weights: dict[str, Array] = {}  # copies for the evaluations `kept` and `last`

    @property
    def exhausted(self) -> bool:
        """Whether the run is to end."""
        return 0 < self._config.patience <= self.state.failures

    @property
    def kept(self) -> tuple[Evaluation, Array] | None:
        """The weights to end the run with, and their evaluation; None: the weights as they are."""
        evaluation = self.state.kept
        return None if evaluation is None else (evaluation, self.weights["kept"])

    def is_improvement(self, validation: Score | None, test: Score) -> bool:
        """Whether these scores have the lowest loss so far."""
        watched = test if self._on_test or validation is None else validation
        best = self.state.best_loss
        return watched.loss < (math.inf if best is None else best)

    def update(self, evaluation: Evaluation, parameters: Array) -> None:
        """Take in an evaluation of these parameters, which are copied where they may be needed."""
        state, watched = self.state, evaluation.test if self._on_test else evaluation.validation
        assert watched is not None
        state.failures = 0 if evaluation.improved else state.failures + 1
        if evaluation.improved:
            state.best_loss = watched.loss
        if self._config.patience == 0:
            return
        if self._config.restore == "best" and evaluation.improved:
            state.kept, self.weights["kept"] = evaluation, parameters.copy()
        elif self._config.restore == "previous":
            if self.exhausted and state.last is not None:
                state.kept, self.weights["kept"] = state.last, self.weights["last"]
            state.last, self.weights["last"] = evaluation, parameters.copy()

    def restore(self, state: StoppingState, weights: Mapping[str, Array]) -> None:
        """Go on from an earlier `state` and its `weights`; raises KeyError for missing ones."""
        needed = [name for name in ("kept", "last") if getattr(state, name) is not None]
        self.state, self.weights = state, {name: weights[name] for name in needed}
