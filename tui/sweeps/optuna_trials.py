"""Trials in Optuna's terms: for its sampler, and for any storage that Optuna takes.

A storage given by --storage is a copy for Optuna's own tools and for other hosts to look at: the
journal in the sweep's folder stays what a sweep goes on from.
"""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

from nn.errors import StorageError
from nn.options import format_value
from tui.sweeps.schedule import Trial
from tui.sweeps.space import Choice, Dimension, check_setting
from tui.sweeps.spec import SweepSpec
from tui.system.exits import CommandError, ExitCode

_NUMBER, _SPACE = "mnist-tui trial", "mnist-tui space"  # attributes in a storage


def import_optuna(wanted_by: str) -> Any:
    """Optuna, without log and warnings; raises `CommandError` naming the option that needs it."""
    try:
        optuna: Any = importlib.import_module("optuna")
    except ImportError as error:
        raise CommandError(
            f"{wanted_by} needs the package optuna: pip install 'mnist-tui[sweep]'",
            ExitCode.USAGE,
        ) from error
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    # Optuna 4 warns of `constant_liar`, which works alike in all versions that are admitted.
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    return optuna


def distributions_of(optuna: Any, spec: SweepSpec) -> dict[str, Any]:
    """The space of a sweep."""
    return {each.field: _distribution(optuna, each) for each in spec.space.dimensions}


def _distribution(optuna: Any, dimension: Dimension) -> Any:
    kinds = optuna.distributions
    if isinstance(dimension, Choice):
        return kinds.CategoricalDistribution([to_optuna(value) for value in dimension.values])
    kind = kinds.IntDistribution if dimension.whole else kinds.FloatDistribution
    low, high = (int(x) if dimension.whole else x for x in (dimension.low, dimension.high))
    return kind(low, high, log=dimension.log)


def to_optuna(value: Any) -> Any:
    """Optuna stores numbers, text and truth values; widths of layers become text."""
    return format_value(value) if isinstance(value, tuple) else value


def from_optuna(name: str, value: Any) -> Any:
    """The value of a field from what Optuna stores."""
    return check_setting(name, value)


def intermediate(trial: Trial, spec: SweepSpec) -> dict[int, float]:
    """The finite means of the objective by epochs, larger is better."""
    return {
        epochs: value
        for rung, epochs in enumerate(trial.rungs)
        if (value := trial.value(rung, spec.seeds, spec.objective)) is not None
        and math.isfinite(value)
    }


def add_ended(optuna: Any, study: Any, spec: SweepSpec, trial: Trial, failed: Any = None) -> None:
    """Add a trial that has ended to a study of Optuna.

    `failed` is Optuna's state for one that failed, FAIL if it is None.
    """
    values, states = intermediate(trial, spec), optuna.trial.TrialState
    state = trial.state(spec.seeds)
    kind = {"finished": states.COMPLETE, "pruned": states.PRUNED}.get(state, failed or states.FAIL)
    study.add_trial(
        optuna.trial.create_trial(
            params={name: to_optuna(value) for name, value in trial.setting.items()},
            distributions=distributions_of(optuna, spec),
            value=values[trial.rungs[-1]] if kind is states.COMPLETE else None,
            intermediate_values=values,
            user_attrs={_NUMBER: trial.number},
            state=kind,
        )
    )


def open_storage(optuna: Any, url: str) -> Any:
    """A storage by its URL; a database is connected to only while it is read or written."""
    if url.startswith("redis"):
        return url
    pools: Any = importlib.import_module("sqlalchemy.pool")
    return optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": pools.NullPool})


class OptunaMirror:
    """A study of Optuna's, in a storage by its URL, that gets every trial of a sweep as it ends.

    Values are larger for better trials: accuracies, or losses below zero.
    """

    def __init__(self, url: str, name: str, spec: SweepSpec) -> None:
        """Open or make the study; raises `CommandError` for a storage that cannot be used.

        A study of that name which is of another space is refused.
        """
        self._optuna, self._url, self._spec = import_optuna("--storage"), url, spec
        try:
            self._study = self._optuna.create_study(
                storage=open_storage(self._optuna, url),
                study_name=name,
                direction="maximize",
                load_if_exists=True,
            )
            known = self._study.user_attrs.get(_SPACE)
            if known is None and not self._study.get_trials(deepcopy=False):
                self._study.set_user_attr(_SPACE, str(spec.space))
                known = str(spec.space)
        except Exception as error:  # of any database driver
            raise CommandError(
                f"--storage {url}: cannot be used: {_reason(error)}; give a URL that Optuna takes,"
                " such as sqlite:///sweeps.db",
                ExitCode.USAGE,
            ) from error
        if known != str(spec.space):
            raise CommandError(
                f"--storage {url}: its study {name} is of another space ({known or 'unknown'});"
                " give the sweep another --name",
                ExitCode.USAGE,
            )

    def add(self, trials: list[Trial]) -> None:
        """Add the trials that have ended and are not there yet; raises `StorageError`."""
        try:
            there = {
                each.user_attrs.get(_NUMBER) for each in self._study.get_trials(deepcopy=False)
            }
            for trial in trials:
                if trial.number not in there and trial.has_ended(self._spec.seeds):
                    add_ended(self._optuna, self._study, self._spec, trial)
        except Exception as error:  # of any database driver
            raise StorageError(f"--storage {self._url}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:160]
