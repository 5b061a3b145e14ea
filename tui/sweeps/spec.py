"""The specification of a sweep: what it starts from, what it varies, how long it may take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import chain, islice
from typing import Any, Literal, get_args

import numpy as np

from nn.config import TrainConfig, check_value
from nn.errors import ConfigError, did_you_mean
from nn.recipes import Recipe, load_recipe
from tui.recording.experiment import Experiment
from tui.sweeps.rungs import bracket_sizes, kept, rungs_of
from tui.sweeps.space import RECIPE, Setting, Space

SamplerName = Literal["grid", "random", "tpe"]
Objective = Literal["accuracy", "loss"]

HELD_OUT = 0.1  # of the training images, where the configuration has no validation split
MOST_GRID = 100_000
_LOOKED_AT = 64  # corners of the space, and settings at random, of which one must be valid

# Least and greatest values of the numbers; Python's bool is no number here.
_WHOLE = {"trials": (1, 10**6), "grid_points": (2, 10**5), "seeds": (1, 10**4)}

# What is the same in all trials, since they would not be comparable otherwise.
_NOT_VARIED = frozenset(
    {
        "validation",
        "stop_on",
        "eval_epochs",
        "eval_steps",
        "eval_train",
        "threads",
        "processes",
    }
)

# Fields that define the loss. Where they differ, the values of two losses cannot be compared.
_OF_THE_LOSS = ("loss", "label_smoothing")


@dataclass(frozen=True)
class SweepSpec:
    """A sweep as it was asked for; constructing one checks it (raises `ConfigError`).

    `fields` are those of the configuration that every trial has, over the recipe's. `trials`
    settings are tried (a grid: all of it), each with `seeds` seeds, for at most `minutes`. Where no
    `sampler` is named, it is a grid if all values are listed and make no more than `trials`
    settings, and else random. With
    `halving` every trial trains for a few epochs, the best third goes on to three times as many,
    and so on to the whole budget. With `brackets` the trials are shared out among Hyperband's
    brackets: halvings that begin with more epochs and fewer trials, down to none at all.
    """

    space: Space
    recipe: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    sampler: SamplerName | None = None
    trials: int = 20
    grid_points: int = 5
    seeds: int = 1
    minutes: float = 0.0
    objective: Objective = "accuracy"
    halving: bool = True
    brackets: bool = False

    def __post_init__(self) -> None:
        self._check_values()
        if self.sampler is None:
            object.__setattr__(self, "sampler", self._usual_sampler)
        if not self.space.dimensions and self.seeds < 2:
            raise ConfigError(
                "a sweep varies at least one field, --vary learning_rate=0.01..0.5:log, or has"
                " several --seeds"
            )
        if self.sampler == "grid" and self.size > MOST_GRID:
            raise ConfigError(
                f"a grid of {self.size:,} settings, more than {MOST_GRID:,}; vary fewer fields,"
                " or take --sampler random"
            )
        if self.brackets and not self.halving:
            raise ConfigError("brackets are made of halvings: leave out brackets or no-halving")
        if self.brackets and self.sampler == "grid":
            raise ConfigError(
                "brackets treat settings unequally, a grid is to compare all of them alike: take"
                " --sampler random or tpe"
            )
        for name in self.space.fields:
            if name in _NOT_VARIED:
                raise ConfigError(
                    f"vary {name}: it is the same in all trials of a sweep, which could not be"
                    " compared otherwise",
                    field=name,
                )
        fixed = {*self.fields, *((RECIPE,) if self.recipe else ())}
        taken = set(self.space.fields) & fixed
        if taken:
            raise ConfigError(f"{', '.join(sorted(taken))}: both fixed and varied")
        self._check_objective()
        _ = self.example

    def _check_values(self) -> None:
        for name, known in (("sampler", SamplerName), ("objective", Objective)):
            value, admitted = getattr(self, name), get_args(known)
            if value not in admitted and not (name == "sampler" and value is None):
                raise ConfigError(
                    f"{name} = {value!r}: must be one of"
                    f" {', '.join(admitted)}{did_you_mean(str(value), admitted)}"
                )
        for name, (least, most) in _WHOLE.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise ConfigError(
                    f"{name} = {value!r}: must be a whole number from {least:,} to {most:,}"
                )
        minutes = self.minutes
        if isinstance(minutes, bool) or not isinstance(minutes, int | float):
            raise ConfigError(f"minutes = {minutes!r}: must be a number")
        if not 0 <= minutes < math.inf:
            raise ConfigError(f"minutes = {minutes!r}: must be at least 0, which is no limit")
        for name in ("halving", "brackets"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} = {getattr(self, name)!r}: must be true or false")
        if not isinstance(self.recipe, str | None):
            raise ConfigError(f"recipe = {self.recipe!r}: must be the name of a recipe")

    def _check_objective(self) -> None:
        """Refuse to compare values of different losses with one another."""
        if self.objective != "loss":
            return
        for name in _OF_THE_LOSS:
            values: set[Any] = set()
            for dimension in self.space.dimensions:
                if dimension.field == name:
                    values.update(dimension.grid(2))
                elif dimension.field == RECIPE and name not in self.fields:
                    recipes = (self._recipe_of({RECIPE: each}) for each in dimension.grid(2))
                    values.update(getattr(each.config, name) for each in recipes if each)
            if len(values) > 1:
                raise ConfigError(
                    f"objective = 'loss': {name} differs among the trials, whose losses cannot be"
                    " compared then; take accuracy",
                    field=name,
                )

    @property
    def _usual_sampler(self) -> SamplerName:
        """A grid tries settings once each that random trials would repeat or leave out."""
        space = self.space
        if not space.dimensions or not space.is_finite or self.brackets:
            return "random"
        return "grid" if space.grid_size(1) <= self.trials else "random"

    @cached_property
    def size(self) -> int:
        """The number of settings that are tried at most; one where only seeds differ."""
        if self.sampler == "grid" or not self.space.dimensions:
            return self.space.grid_size(self.grid_points)
        return self.trials

    @cached_property
    def _recipes(self) -> dict[str, Recipe]:
        return {}

    def _recipe_of(self, setting: Setting) -> Recipe | None:
        """The recipe of a setting, which is read once."""
        name = setting.get(RECIPE, self.recipe)
        if not isinstance(name, str) or not name:
            return None
        if name not in self._recipes:
            self._recipes[name] = load_recipe(name)
        return self._recipes[name]

    @cached_property
    def example(self) -> TrainConfig:
        """The configuration of some trial, for what is the same in all of them.

        Raises `ConfigError` where no trial could be trained; single settings may contradict.
        """
        first = None
        corners = islice(self.space.grid(2), _LOOKED_AT)
        # The first corners of a large space have the same values of its first fields.
        drawn = (self.space.sample(np.random.default_rng([n])) for n in range(_LOOKED_AT))
        for setting in chain(corners, drawn):
            try:
                return self.config_of(setting, 0)
            except ConfigError as error:
                first = first or error
        assert first is not None
        raise first

    def config_of(self, setting: Setting, seed: int) -> TrainConfig:
        """The configuration of one run: a setting and a seed, on one core, with held-out images."""
        named = self._recipe_of(setting)
        recipe = named.fields if named else {}
        varied = {name: value for name, value in setting.items() if name != RECIPE}
        given = {**recipe, **self.fields, **varied}
        first = check_value("seed", given.get("seed", 0))
        assert isinstance(first, int)
        every = check_value("eval_epochs", given.get("eval_epochs", 1))
        patience = check_value("patience", given.get("patience", 0))
        assert isinstance(every, int)
        assert isinstance(patience, int)
        # All at once: a configuration may be in order only with images that are held out.
        ours = {
            "validation": check_value("validation", given.get("validation", 0.0)) or HELD_OUT,
            "stop_on": "validation",
            "eval_epochs": 1,
            "eval_train": False,
            # Patience counts evaluations, which now come once an epoch; its epochs stay the same.
            "patience": patience * max(1, every),
            "seed": first + seed,
            "threads": 1,
            "processes": 1,
        }
        return TrainConfig.layered(recipe, self.fields, varied, ours)

    def epochs_of(self, setting: Setting) -> int:
        """The epochs that a setting is trained for; 0 where its budget is in steps."""
        try:
            return self.config_of(setting, 0).epochs
        except ConfigError:  # the trial will fail with this reason
            return 0

    def experiment_of(self, setting: Setting, seed: int) -> Experiment:
        """The run as it is recorded, with the command that repeats it."""
        config = self.config_of(setting, seed)
        recipe = self._recipe_of(setting)
        return Experiment(config, recipe.name, recipe.config) if recipe else Experiment(config)

    def rungs(self, epochs: int) -> tuple[int, ...]:
        """Epochs after which trials are compared; the last is the budget."""
        return rungs_of(epochs, self.size) if self.halving else (epochs,)

    def brackets_of_trials(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """(number of the first trial, trials, rungs) of each bracket; one without `brackets`.

        The rungs are empty where trials cannot be compared on the way: where they differ in their
        epochs, or where their budget is in steps.
        """
        epochs = self._common_epochs
        rungs = self.rungs(epochs) if epochs > 0 else ()
        found, first = [], 0
        for level, size in enumerate(bracket_sizes(self.size, len(rungs) if self.brackets else 1)):
            found.append((first, size, rungs[level:]))
            first += size
        return found

    @cached_property
    def _common_epochs(self) -> int:
        """The epochs that all trials have alike; 0 where they differ or where there are none."""
        if "epochs" in self.space.fields:
            return 0
        found = {self.example.epochs}
        for dimension in self.space.dimensions:
            if dimension.field == RECIPE:
                found = {self.epochs_of({RECIPE: name}) for name in dimension.grid(2)}
        return found.pop() if len(found) == 1 else 0

    @cached_property
    def results_at_most(self) -> int:
        """The number of results of the whole sweep, if no trial fails."""
        total = 0
        for _, trials, rungs in self.brackets_of_trials():
            for _ in rungs or (0,):
                total += trials * self.seeds
                trials = kept(trials)
        return total

    def differences(self, other: SweepSpec) -> list[str]:
        """The names of the entries in which two specifications differ."""
        return [
            each.name
            for each in fields(self)
            if getattr(self, each.name) != getattr(other, each.name)
        ]
