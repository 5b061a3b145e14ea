"""Seconds of training to an accuracy, by recipes that contenders train in processes of their own.

Two times are told. One is that of a whole recipe whose mean accuracy, over the seeds that were
trained, reaches a goal; which recipe is for which goal is laid down here and was chosen on held-out
training images. The other is the time to the first of a run's evaluations, one after each epoch, at
or above the goal: it is shorter, and flattered by choosing among evaluations.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any

from nn.config import TrainConfig
from nn.errors import ConfigError
from nn.recipes import Recipe
from tui.cli.bench.benchmark import ContenderError
from tui.cli.bench.recipe_contenders import Point, obstacle
from tui.system.python import module_command

# The accuracy in percent that each of these recipes is for.
GOALS = {
    "sprint-98": 98.0,
    "sprint-99": 99.0,
    "sprint-99-3": 99.3,
    "sprint-99-5": 99.5,
}
MARKS = (98.0, 99.0, 99.3, 99.5)  # percent, of which the times to the first evaluation are told


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of a recipe by a contender, as far as it came; it is over when it is `complete`.

    `before` are the seconds before the first step, in which images are deskewed and processes
    start; they are not among those of the points.
    """

    recipe: str
    contender: str
    seed: int
    epochs: int
    before: float
    points: tuple[Point, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all epochs were trained."""
        return len(self.points) == self.epochs

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self.points[-1].seconds if self.points else 0.0

    @property
    def accuracy(self) -> float:
        """That of the last evaluation; 0 before the first."""
        return self.points[-1].accuracy if self.points else 0.0

    def first(self, percent: float) -> float | None:
        """Seconds of training to the first evaluation at or above this accuracy, None for never."""
        return next((p.seconds for p in self.points if 100 * p.accuracy >= percent - 1e-6), None)

    def record(self) -> dict[str, Any]:
        """The attempt as JSON, with what its points amount to."""
        first = {f"{mark:g}": self.first(mark) for mark in MARKS}
        derived = {"accuracy": self.accuracy, "seconds": self.seconds, "first": first}
        return asdict(self) | {"complete": self.complete} | derived


@dataclass(frozen=True, slots=True)
class Result:
    """The attempts of one contender at one recipe, one a seed; there is one at least."""

    attempts: tuple[Attempt, ...]

    @property
    def recipe(self) -> str:
        """The recipe's name."""
        return self.attempts[0].recipe

    @property
    def contender(self) -> str:
        """The contender's name."""
        return self.attempts[0].contender

    @property
    def before(self) -> float:
        """Seconds before the first step, the mean."""
        return statistics.mean(attempt.before for attempt in self.attempts)

    @property
    def seconds(self) -> float:
        """Seconds of training, the mean."""
        return statistics.mean(attempt.seconds for attempt in self.attempts)

    @property
    def accuracies(self) -> list[float]:
        """Test accuracies after the last epoch, in percent."""
        return [100 * attempt.accuracy for attempt in self.attempts]

    @property
    def accuracy(self) -> float:
        """Their mean."""
        return statistics.mean(self.accuracies)

    @property
    def complete(self) -> bool:
        """Whether every run was trained to its end."""
        return all(attempt.complete for attempt in self.attempts)

    def first(self, percent: float) -> float | None:
        """Mean seconds to the first evaluation at or above it, None where a run had none."""
        times = [attempt.first(percent) for attempt in self.attempts]
        return statistics.mean(t for t in times if t is not None) if None not in times else None

    @property
    def reaches_goal(self) -> bool:
        """Whether the mean accuracy reaches the goal of the recipe; False without a goal."""
        return self.complete and self.accuracy >= GOALS.get(self.recipe, 101.0) - 1e-6


def check_recipes(recipes: Sequence[Recipe]) -> None:
    """Raise `ConfigError` for a recipe whose accuracy cannot be told after each epoch."""
    for recipe in recipes:
        if not recipe.config.epochs:
            raise ConfigError(f"recipe {recipe.name} has a budget of steps; name one with epochs")
        if recipe.members > 1:
            raise ConfigError(f"recipe {recipe.name} is a committee; name a recipe of one network")


def attempts(
    recipe: Recipe, contender: str, seed: int, environment: Mapping[str, str]
) -> Generator[Attempt, None, None]:
    """Train; yields the attempt when its first step is near, and after each epoch.

    Raises `ContenderError` where the contender ends early; its process ends with the iterator.
    """
    config = replace(recipe.config, seed=seed)
    with _started(contender, config, environment) as process:
        assert process.stdout is not None
        try:
            attempt: Attempt | None = None
            for line in process.stdout:
                fields = json.loads(line)
                if attempt is None:
                    attempt = Attempt(recipe.name, contender, seed, config.epochs, fields["before"])
                else:
                    attempt = replace(attempt, points=(*attempt.points, Point(**fields)))
                yield attempt
            code = process.wait()
            if attempt is None or not attempt.complete:
                raise ContenderError(f"{contender}, {recipe.name}: ended with code {code}")
        finally:
            process.kill()


def able_to_train(recipe: Recipe, contenders: Sequence[str]) -> list[str]:
    """The contenders that can train a recipe; tells on stderr why the others cannot."""
    able = []
    for name in contenders:
        why = obstacle(name, recipe.config)
        if why is None:
            able.append(name)
        else:
            sys.stderr.write(f"{recipe.name}: {name} is left out, {why}\n")
    return able


def all_attempts(
    recipe: Recipe, contenders: Sequence[str], seeds: int, environment: Mapping[str, str]
) -> Generator[Attempt, None, None]:
    """Every contender's attempts at a recipe as they come along, taking turns seed by seed."""
    for seed in range(seeds):
        for name in contenders:
            with closing(attempts(recipe, name, seed, environment)) as steps:
                yield from steps


def results(found: Sequence[Attempt]) -> list[Result]:
    """Attempts by recipe and contender, each in the order in which it first came."""
    groups: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in found:
        groups.setdefault((attempt.recipe, attempt.contender), []).append(attempt)
    return [Result(tuple(group)) for group in groups.values()]


def _started(
    contender: str, config: TrainConfig, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        module_command("tui.cli.bench.recipe_contenders", contender, json.dumps(config.to_dict())),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=dict(environment),
    )
