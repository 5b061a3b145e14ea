"""The specification of a sweep: what it starts from, what it varies, how long it may take."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from nn.config import TrainConfig, did_you_mean, load_toml
from nn.errors import ConfigError
from nn.recipes import load_recipe
from tui.recording.experiment import Experiment
from tui.sweeps.space import Setting, Space

SamplerName = Literal["grid", "random", "tpe"]
Objective = Literal["accuracy", "loss"]

HELD_OUT = 0.1  # of the training images, where the configuration has no validation split
MOST_GRID = 100_000
_FACTOR = 3  # the share that a rung keeps is one third


@dataclass(frozen=True)
class SweepSpec:
    """A sweep as it was asked for; constructing one checks it (raises `ConfigError`).

    `fields` are those of the configuration that every trial has, over the recipe's. `trials` settings are tried (a
    grid: all of it), each with `seeds` seeds, for at most `minutes`. With `halving` every trial trains for a few
    epochs, the best third goes on to three times as many, and so on to the whole budget.
    """

    space: Space
    recipe: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    sampler: SamplerName = "random"
    trials: int = 20
    grid_points: int = 5
    seeds: int = 1
    minutes: float = 0.0
    objective: Objective = "accuracy"
    halving: bool = True

    def __post_init__(self) -> None:
        if not self.space.dimensions:
            raise ConfigError(
                "a sweep varies at least one field: --vary learning_rate=0.01..0.5:log"
            )
        for name, known in (("sampler", SamplerName), ("objective", Objective)):
            value, admitted = getattr(self, name), get_args(known)
            if value not in admitted:
                raise ConfigError(
                    f"{name} = {value!r}: must be one of {', '.join(admitted)}{did_you_mean(str(value), admitted)}"
                )
        for name, least in (("trials", 1), ("grid_points", 2), ("seeds", 1), ("minutes", 0)):
            value = getattr(self, name)
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not least <= value < 1e9
            ):
                raise ConfigError(f"{name} = {value!r}: must be a number of at least {least}")
        if self.sampler == "grid" and (size := self.space.grid_size(self.grid_points)) > MOST_GRID:
            raise ConfigError(
                f"a grid of {size:,} settings, more than {MOST_GRID:,}; vary fewer fields, or take --sampler random"
            )
        taken = set(self.space.fields) & set(self.fields)
        if taken:
            raise ConfigError(f"{', '.join(sorted(taken))}: both fixed and varied")
        self.config_of(next(self.space.grid(2)), 0)  # refuses what no trial could be

    @property
    def size(self) -> int:
        """The number of settings that are tried at most."""
        return self.space.grid_size(self.grid_points) if self.sampler == "grid" else self.trials

    def config_of(self, setting: Setting, seed: int) -> TrainConfig:
        """The configuration of one run: a setting with one seed, on one core, validated on held-out images."""
        recipe = load_recipe(self.recipe).fields if self.recipe else {}
        base = TrainConfig.layered(recipe, self.fields, setting)
        return replace(
            base,
            validation=base.validation or HELD_OUT,
            stop_on="validation",
            eval_epochs=1,
            eval_steps=0,
            eval_train=False,
            seed=base.seed + seed,
            threads=1,
            processes=1,
        )

    def experiment_of(self, setting: Setting, seed: int) -> Experiment:
        """The run as it is recorded, with the command that repeats it."""
        config = self.config_of(setting, seed)
        if self.recipe:
            return Experiment(config, self.recipe, load_recipe(self.recipe).config)
        return Experiment(config)

    def rungs(self, epochs: int) -> tuple[int, ...]:
        """Epochs after which a trial is compared, rising by factors of three; the last is the whole budget."""
        if not self.halving or self.size < _FACTOR or epochs < _FACTOR:
            return (epochs,)
        levels = min(
            int(math.log(epochs, _FACTOR) + 1e-9), int(math.log(self.size, _FACTOR) + 1e-9)
        )
        return tuple(max(1, round(epochs / _FACTOR**level)) for level in range(levels, -1, -1))

    @staticmethod
    def kept(count: int) -> int:
        """How many of so many trials a rung keeps: a third, at least one."""
        return max(1, count // _FACTOR)

    def to_toml(self) -> str:
        """A file that `load_spec` reads back."""
        lines = [
            f"{name} = {json.dumps(getattr(self, name))}"
            for name in _SETTINGS
            if getattr(self, name) is not None
        ]
        for title, table in (("base", dict(self.fields)), ("vary", self.space.to_dict())):
            lines += ["", f"[{title}]"]
            lines += [f"{name} = {json.dumps(value)}" for name, value in table.items()]
        return "\n".join(lines) + "\n"


_SETTINGS = (
    "recipe",
    "sampler",
    "trials",
    "grid_points",
    "seeds",
    "minutes",
    "objective",
    "halving",
)


def load_spec(path: Path) -> SweepSpec:
    """Read a TOML file; raises `ConfigError` naming the file, the entry and the remedy."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"sweep {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"sweep {path}: not TOML: {error}") from error
    known = (*_SETTINGS, "base", "vary")
    for name in table:
        if name not in known:
            raise ConfigError(f"sweep {path}: unknown entry {name!r}{did_you_mean(name, known)}")
    try:
        for name in ("base", "vary"):
            if not isinstance(table.get(name, {}), dict):
                raise ConfigError(f"{name}: must be a table, [{name}]")
        settings = {name: table[name] for name in _SETTINGS if name in table}
        return SweepSpec(
            space=Space.of(table.get("vary", {})), fields=table.get("base", {}), **settings
        )
    except ConfigError as error:
        raise ConfigError(f"sweep {path}: {error}", field=error.field) from error


def with_config_file(fields: Mapping[str, Any], path: Path | None) -> dict[str, Any]:
    """The fields of a configuration file, overridden by those typed."""
    return {**(load_toml(path) if path else {}), **fields}
