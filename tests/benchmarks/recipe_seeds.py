"""Recipes over several seeds: python -m tests.benchmarks.recipe_seeds [RECIPE ...] [--seeds 5]

Every seed of every recipe is run to its end, one run after the other on all cores, and its last
weights are scored on the test images; no run is left out, and nothing is chosen by the score. For a
recipe of several members, seed k is the committee of the seeds from k times the number of members.
Printed, as a table in Markdown, are the mean and the range of the test accuracy, and the mean of
the seconds of training alone, evaluations apart, but for a committee those of the whole command.
Without a name, it is the recipes of this program. `--json FILE` also writes every single result.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from nn.recipes import Recipe, load_recipe, recipe_names
from tui.system.python import module_command

OURS = ("sprint-", "record-")


def run(*arguments: str) -> list[dict[str, Any]]:
    """The JSON lines of a command that succeeds."""
    done = subprocess.run(
        module_command("tui", *arguments), stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def one_network(recipe: Recipe, seed: int, flags: list[str]) -> dict[str, Any]:
    """Train a recipe of one network."""
    events = run(
        *("--headless", f"--recipe={recipe.name}", f"--seed={seed}", "--no-save", "--json"),
        *("--step-interval=60", *flags),
    )
    started, end = events[0], events[-1]
    images = started["train_images"] * end["epoch"]
    return {
        "recipe": recipe.name,
        "seed": seed,
        "accuracy": end["evaluation"]["test"]["accuracy"],
        "seconds": images / end["samples_per_second"],
    }


def several_networks(recipe: Recipe, seed: int, runs_dir: Path) -> dict[str, Any]:
    """Train and average the members of a recipe."""
    began = time.perf_counter()
    (found,) = run(
        *("committee", f"--recipe={recipe.name}", f"--seed={seed * recipe.members}"),
        *("--json", f"--runs-dir={runs_dir}"),
    )
    return {
        "recipe": recipe.name,
        "seed": seed,
        "accuracy": found["test"]["accuracy"],
        "members": [member["test"]["accuracy"] for member in found["members"]],
        "seconds": time.perf_counter() - began,
    }


def table(results: list[dict[str, Any]]) -> str:
    """One row for each recipe, in the order in which they were run."""
    lines = ["| recipe | seeds | test accuracy, mean | range | training |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(result["recipe"] for result in results):
        own = [result for result in results if result["recipe"] == name]
        accuracies = [100 * result["accuracy"] for result in own]
        seconds = statistics.mean(result["seconds"] for result in own)
        lines.append(
            f"| {name} | {len(own)} | {statistics.mean(accuracies):.2f}% |"
            f" {min(accuracies):.2f} - {max(accuracies):.2f} | {seconds:.1f} s |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs-dir", type=Path, default=Path("committees"), help="of committees")
    parser.add_argument("--flag", action="append", default=[], help="of every run: --limit=900")
    given = parser.parse_args()
    names = given.recipes or [name for name in recipe_names() if name.startswith(OURS)]
    results: list[dict[str, Any]] = []
    for recipe in map(load_recipe, names):
        for seed in range(given.seeds):
            if recipe.members > 1:
                result = several_networks(recipe, seed, given.runs_dir)
            else:
                result = one_network(recipe, seed, given.flag)
            results.append(result)
            sys.stderr.write(f"{json.dumps(result)}\n")
            if given.json:  # after each, for a long night may end early
                given.json.write_text(json.dumps(results, indent=1) + "\n")
    sys.stdout.write(table(results))


if __name__ == "__main__":
    main()
