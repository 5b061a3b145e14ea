"""Seconds of training to 98, 99, 99.3 and 99.5%, beside PyTorch and scikit-learn.

    pip install torch==2.13.0 scikit-learn
    python -m tests.benchmarks.time_to_accuracy [RECIPE ...] [--seeds 5] [--json FILE]

Without a name, it is the recipes of `GOALS` in tui/cli/bench/accuracy.py, one for each accuracy,
chosen on held-out training images. Each contender trains each seed of a recipe to its end, in a
process of its own, and they take turns, so that a machine that slows down slows all of them.
PyTorch trains the recipe as such programs usually do (tui/cli/bench/torch_recipe.py); scikit-learn
the same network on the same deskewed images, with its own rate, and without warps, which it lacks.

Seconds are those of training, from the first step on: warping images counts, evaluating after each
epoch does not. Deskewing, once before the first step, and starting processes are told apart, as
"before". Reading the data and importing libraries count nowhere.

Two tables in Markdown are printed. The first has, for each accuracy, the seconds of the whole
recipe that is for it, where its mean over the seeds reaches it. The second has, for each recipe,
also the mean seconds to a run's first evaluation at or above each accuracy. `--json FILE` has every
evaluation of every run, and is written after each run. A peer that is not installed is left out.
Ctrl-C ends it with the tables of what is finished.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from nn.errors import ConfigError
from nn.parallel.thread_variables import THREAD_VARIABLES
from nn.recipes import load_recipe
from tests.benchmarks.results import save_results
from tui.cli.bench.accuracy import (
    GOALS,
    MARKS,
    Attempt,
    Result,
    able_to_train,
    all_attempts,
    check_recipes,
    results,
)
from tui.cli.bench.benchmark import installed_peers


def goals_table(found: Sequence[Result]) -> str:
    """For each accuracy that is a goal, the seconds of its recipe by contender."""
    contenders = list(dict.fromkeys(result.contender for result in found))
    lines = [_row("accuracy", "recipe", *contenders), _row(*["---"] * (2 + len(contenders)))]
    by_key = {(result.recipe, result.contender): result for result in found}
    for recipe in dict.fromkeys(result.recipe for result in found if result.recipe in GOALS):
        cells = [_goal(by_key.get((recipe, name))) for name in contenders]
        lines.append(_row(f"{GOALS[recipe]:g}%", recipe, *cells))
    return "\n".join(lines) + "\n"


def _goal(result: Result | None) -> str:
    if result is None:
        return ""
    mean = f"{result.accuracy:.2f}%"
    return f"{result.seconds:.2f} s ({mean})" if result.reaches_goal else f"not reached ({mean})"


def recipes_table(found: Sequence[Result]) -> str:
    """For each recipe and contender: mean, range, seconds, and those to the first evaluations."""
    marks = [f"first {mark:g}%" for mark in MARKS]
    titles = ["recipe", "by", "seeds", "before", "training", "accuracy, mean", "range", *marks]
    lines = [_row(*titles), _row(*["---"] * len(titles))]
    for result in found:
        accuracies = result.accuracies
        lines.append(
            _row(
                result.recipe,
                result.contender,
                str(len(accuracies)),
                f"{result.before:.2f} s",
                f"{result.seconds:.2f} s",
                f"{result.accuracy:.2f}%",
                f"{min(accuracies):.2f} - {max(accuracies):.2f}",
                *("-" if (t := result.first(mark)) is None else f"{t:.2f} s" for mark in MARKS),
            )
        )
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument(
        "--threads", type=int, default=0, help="of every library; 0: its own choice"
    )
    parser.add_argument("--limit", type=int, default=0, help="training images; 0: all")
    parser.add_argument("--epochs", type=int, default=0, help="in place of those of the recipes")
    given = parser.parse_args()
    try:
        recipes = [load_recipe(name) for name in given.recipes or GOALS]
        check_recipes(recipes)
    except ConfigError as error:
        parser.error(str(error))
    environment = dict(os.environ)
    if given.threads:
        environment |= dict.fromkeys(THREAD_VARIABLES, str(given.threads))
    contenders = ["ours", *([] if given.no_peers else installed_peers())]
    done: list[Attempt] = []
    try:
        for recipe in recipes:
            fields = {"limit": given.limit, "threads": given.threads}
            if given.epochs:
                fields["epochs"] = given.epochs
            changed = replace(recipe, config=replace(recipe.config, **fields))
            able = able_to_train(changed, contenders)
            with closing(all_attempts(changed, able, given.seeds, environment)) as steps:
                for attempt in filter(lambda each: each.complete, steps):
                    done.append(attempt)
                    sys.stderr.write(
                        f"{attempt.recipe}, {attempt.contender}, seed {attempt.seed}:"
                        f" {attempt.seconds:.2f} s, {attempt.accuracy:.2%}\n"
                    )
                    if given.json:
                        save_results(given.json, [one.record() for one in done])
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    finally:
        found = results(done)
        sys.stdout.write(f"{goals_table(found)}\n{recipes_table(found)}")


if __name__ == "__main__":
    main()
