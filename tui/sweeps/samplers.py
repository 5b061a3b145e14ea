"""Where settings come from: a grid, chance, or a tree-structured Parzen estimator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tui.sweeps.optuna_trials import (
    add_ended,
    distributions_of,
    from_optuna,
    import_optuna,
    intermediate,
    to_optuna,
)
from tui.sweeps.schedule import Trial
from tui.sweeps.space import Setting
from tui.sweeps.spec import SweepSpec

Ask = Callable[[int, Sequence[Trial]], Setting]
"""The setting of trial number n, given the trials so far."""


def make_sampler(spec: SweepSpec) -> Ask:
    """The sampler that a specification names; raises `CommandError` if its package is missing."""
    if spec.sampler == "grid":
        return lambda number, _: spec.space.of_grid(spec.grid_points, number)
    if spec.sampler == "random":
        # Each number has a stream of its own: sweeps which cooperate or resume draw the same.
        return lambda number, _: spec.space.sample(np.random.default_rng([number]))
    return _Tpe(spec)


class _Tpe:
    """Optuna's TPE: settings near those that did well.

    Source: Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.

    The estimator lives in memory and has every trial before it proposes one, so that nothing but
    the trials has to be stored, and settings depend on nothing else. A trial under way counts as
    mediocre, which keeps workers that ask at once from trying the same.
    """

    def __init__(self, spec: SweepSpec) -> None:
        self._optuna = import_optuna("--sampler tpe")
        self._spec = spec
        self._study = self._optuna.create_study(direction="maximize")
        self._distributions = distributions_of(self._optuna, spec)
        self._under_way: dict[int, Any] = {}  # Optuna's trial by our number
        self._known = 0

    def __call__(self, number: int, trials: Sequence[Trial]) -> Setting:
        self._learn(trials)
        study = self._study
        study.sampler = self._optuna.samplers.TPESampler(seed=number, constant_liar=True)
        asked = study.ask(self._distributions)
        # The study keeps the trial as running until the schedule has it and it has ended.
        self._under_way[number] = asked
        self._known = max(self._known, number + 1)
        return {name: from_optuna(name, value) for name, value in asked.params.items()}

    def _learn(self, trials: Sequence[Trial]) -> None:
        """Add the trials that others have asked for, and the results of all that have ended.

        A trial that diverged counts as pruned, as a bad one: of failed ones TPE learns nothing,
        and would propose their like for ever.
        """
        states = self._optuna.trial.TrialState
        for trial in trials[self._known :]:
            if trial.has_ended(self._spec.seeds):
                add_ended(self._optuna, self._study, self._spec, trial, failed=states.PRUNED)
                continue
            self._study.enqueue_trial(
                {name: to_optuna(value) for name, value in trial.setting.items()}
            )
            self._under_way[trial.number] = self._study.ask(self._distributions)
        self._known = max(self._known, len(trials))
        for number, asked in list(self._under_way.items()):
            trial = trials[number]
            if not trial.has_ended(self._spec.seeds):
                continue
            del self._under_way[number]
            values = intermediate(trial, self._spec)
            for epochs, value in values.items():
                asked.report(value, epochs)
            if trial.state(self._spec.seeds) == "finished":
                self._study.tell(asked, values[trial.rungs[-1]])
            else:
                self._study.tell(asked, state=states.PRUNED)
