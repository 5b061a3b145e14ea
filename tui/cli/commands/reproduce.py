"""`mnist-tui reproduce`: published results beside ours."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from nn.errors import ConfigError
from nn.events import Event
from nn.recipes import Published, Recipe, load_recipe, recipe_names
from nn.recipes.reproduce import Comparison, compare
from nn.training.trainer import Trainer
from tui.cli.flags import recipe_completions
from tui.cli.reporters.json_lines import write_json
from tui.cli.reporters.progress import Bar
from tui.images.datasets import load_once
from tui.system.cores import limit_threads
from tui.system.exits import ExitCode
from tui.system.terminal import is_live


def reproduce(
    *names: Annotated[
        str, Parameter(help="Recipes to run", metavar="NAME", completer=recipe_completions)
    ],
    everything: Annotated[
        bool, Parameter(name="--all", help="Run every recipe that has published results")
    ] = False,
    json: Annotated[bool, Parameter(help="One JSON object a number, a line each")] = False,
) -> ExitCode:
    """Run recipes and compare each published number with ours; fail where one is not reproduced."""
    recipes = _chosen(names, everything=everything)
    if not json:
        sys.stdout.write(_cells("recipe", "at", "what", "published", "obtained", "verdict"))
    numbers = reproduced = 0
    for recipe in recipes:
        with Bar(sys.stderr, recipe.name) if is_live(sys.stderr) else nullcontext() as bar:
            for comparison in compare(recipe.published, _events(recipe, bar)):
                numbers += 1
                reproduced += comparison.reproduced
                with bar.hidden() if bar else nullcontext():
                    _print(recipe.name, comparison, json=json)
    sys.stderr.write(f"{reproduced} of {numbers} published numbers reproduced\n")
    return ExitCode.SUCCESS if reproduced == numbers else ExitCode.FAILURE


def _chosen(names: Iterable[str], *, everything: bool) -> list[Recipe]:
    """The recipes to run, all of them checked before the first one runs."""
    named = [load_recipe(name) for name in names]
    if everything == bool(named):
        raise ConfigError("reproduce takes either the names of recipes or --all")
    for recipe in named:
        if not recipe.published:
            raise ConfigError(f"recipe {recipe.name} has no published results to compare with")
    return named or [recipe for recipe in map(load_recipe, recipe_names()) if recipe.published]


def _events(recipe: Recipe, bar: Bar | None) -> Iterator[Event]:
    limit_threads(recipe.config.threads)
    for event in Trainer(recipe.config, load_once(recipe.config.data_dir)).events():
        if bar:
            bar.follow(event)
        yield event


def _print(name: str, comparison: Comparison, *, json: bool) -> None:
    if json:
        verdict = {"reproduced": comparison.reproduced, "reason": comparison.reason}
        write_json({"recipe": name, **asdict(comparison), **verdict}, sys.stdout)
        return
    published, obtained = comparison.published, comparison.obtained
    band = _quantity(published, published.low)
    if published.high != published.low:
        band = f"{band.rstrip('%')}-{_quantity(published, published.high)}"
    row = _cells(
        name,
        _place(published),
        published.metric.replace("_", " ").replace("accuracy", "acc."),
        band,
        "" if obtained is None else _quantity(published, obtained),
        comparison.verdict,
    )
    sys.stdout.write(row + (f"    {comparison.reason}\n" if comparison.reason else ""))
    sys.stdout.flush()


def _place(published: Published) -> str:
    if published.epoch is not None:
        return f"epoch {published.epoch}"
    return "the end" if published.step is None else f"step {published.step}"


def _quantity(published: Published, number: float) -> str:
    return f"{number:.2%}" if published.metric.endswith("accuracy") else f"{number:.4f}"


def _cells(recipe: str, place: str, what: str, published: str, obtained: str, verdict: str) -> str:
    return f"{recipe:<26}{place:>10} {what:<10} {published:>12} {obtained:>9}  {verdict}\n"
