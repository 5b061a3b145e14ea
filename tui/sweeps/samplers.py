"""Where settings come from: a grid, chance, or a tree-structured Parzen estimator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from nn.config import check_value, format_value
from tui.sweeps.schedule import Trial
from tui.sweeps.space import Choice, Dimension, Setting
from tui.sweeps.spec import SweepSpec
from tui.system.exits import CommandError, ExitCode

Ask = Callable[[int, Sequence[Trial]], Setting | None]
"""The setting of trial number n, given the trials so far; None where there are no more."""


def make_sampler(spec: SweepSpec) -> Ask:
    """The sampler that a specification names; raises `CommandError` where its package is missing."""
    if spec.sampler == "grid":
        return lambda number, _: next(islice(spec.space.grid(spec.grid_points), number, None), None)
    if spec.sampler == "random":
        # Each number has a stream of its own, so that sweeps which cooperate or resume draw the same.
        return lambda number, _: spec.space.sample(np.random.default_rng([number]))
    return _Tpe(spec)


class _Tpe:
    """Optuna's TPE: settings near those that did well. Bergstra et al., "Algorithms for hyper-parameter
    optimization", NeurIPS 2011.

    The estimator is told of every trial before it is asked, so that nothing but the trials has to be stored. A trial
    under way counts as mediocre, which keeps workers that ask at once from trying the same.
    """

    def __init__(self, spec: SweepSpec) -> None:
        try:
            import optuna
        except ImportError as error:
            raise CommandError(
                "sampler tpe needs the package optuna: pip install 'mnist-tui[sweep]'; or take --sampler random",
                ExitCode.USAGE,
            ) from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna, self._spec = optuna, spec
        self._distributions = {
            dimension.field: _distribution(optuna, dimension) for dimension in spec.space.dimensions
        }

    def __call__(self, number: int, trials: Sequence[Trial]) -> Setting | None:
        study = study_of(self._optuna, self._spec, trials, self._distributions, seed=number)
        asked = study.ask(self._distributions)
        return {name: _from_optuna(name, value) for name, value in asked.params.items()}


def study_of(
    optuna: Any,
    spec: SweepSpec,
    trials: Sequence[Trial],
    distributions: dict[str, Any],
    *,
    seed: int,
    **storage: Any,
) -> Any:
    """An Optuna study with every trial so far; `storage` goes to `optuna.create_study`."""
    sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler, **storage)
    states = optuna.trial.TrialState
    for trial in trials:
        values = {
            epochs: value
            for rung, epochs in enumerate(trial.rungs)
            if (value := trial.value(rung, spec.seeds, spec.objective)) is not None
            and math.isfinite(value)
        }
        state = trial.state(spec.seeds)
        kind = {"finished": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}.get(
            state, states.RUNNING
        )
        if kind is states.COMPLETE and trial.rungs[-1] not in values:
            kind = states.FAIL
        study.add_trial(
            optuna.trial.create_trial(
                params={name: _to_optuna(value) for name, value in trial.setting.items()},
                distributions=distributions,
                value=values[trial.rungs[-1]] if kind is states.COMPLETE else None,
                intermediate_values=values,
                state=kind,
            )
        )
    return study


def _distribution(optuna: Any, dimension: Dimension) -> Any:
    kinds = optuna.distributions
    if isinstance(dimension, Choice):
        return kinds.CategoricalDistribution([_to_optuna(value) for value in dimension.values])
    kind = kinds.IntDistribution if dimension.whole else kinds.FloatDistribution
    low, high = (int(x) if dimension.whole else x for x in (dimension.low, dimension.high))
    return kind(low, high, log=dimension.log)


def _to_optuna(value: Any) -> Any:
    """Optuna stores numbers, text and truth values; widths of layers become text."""
    return format_value(value) if isinstance(value, tuple) else value


def _from_optuna(name: str, value: Any) -> Any:
    return check_value(name, value)
