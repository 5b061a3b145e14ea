"""Recipes over several seeds: python -m tests.benchmarks.recipe_seeds [RECIPE ...] [--seeds 5]

Every seed of every recipe is run to its end, one run after the other on all cores, and the weights
that it ends with are scored on the test images; no run is left out, and nothing is chosen by the
score. For a recipe of several members, seed k is the committee of the seeds from k times the number
of members. Printed, as a table in Markdown, are the mean, the standard deviation and the range of
the test accuracy; the mean of the seconds of training alone, evaluations apart, but for a committee
those of the whole command; and the mean of the processor's seconds of the whole command with all
its processes, which hardly depend on what else the machine does. Without a name, it is the recipes
of this program. `--json FILE` has every single result, and is written after each. Ctrl-C ends it
with the table of what is finished.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nn.errors import ConfigError
from nn.recipes import Recipe, load_recipe, recipe_names
from tests.benchmarks.results import save_results
from tui.system.python import module_command

OURS = ("sprint-", "record-")


def run(*arguments: str) -> tuple[list[dict[str, Any]], float | None]:
    """The JSON lines of a command that succeeds, and the processor's seconds it took."""
    before = processor_seconds()
    done = subprocess.run(
        module_command("tui", *arguments), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"mnist-tui {' '.join(arguments)}: ended with code {done.returncode}")
    after = processor_seconds()
    seconds = after - before if before is not None and after is not None else None
    return [json.loads(line) for line in done.stdout.splitlines()], seconds


def processor_seconds() -> float | None:
    """Those of all processes that have ended and were waited for; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def one_network(recipe: Recipe, seed: int, flags: Sequence[str]) -> dict[str, Any]:
    """Train a recipe of one network."""
    events, processor = run(
        *("--headless", f"--recipe={recipe.name}", f"--seed={seed}", "--no-save", "--json"),
        *("--step-interval=60", *flags),
    )
    started, end = events[0], events[-1]
    images = started["train_images"] * end["epoch"]
    return {
        "recipe": recipe.name,
        "seed": seed,
        "accuracy": end["evaluation"]["test"]["accuracy"],
        "epochs": end["epoch"],
        "seconds": images / end["samples_per_second"],
        "processor_seconds": processor,
    }


def several_networks(recipe: Recipe, seed: int, runs_dir: Path) -> dict[str, Any]:
    """Train and average the members of a recipe."""
    began = time.perf_counter()
    (found,), processor = run(
        *("committee", f"--recipe={recipe.name}", f"--seed={seed * recipe.members}"),
        *("--json", f"--runs-dir={runs_dir}"),
    )
    return {
        "recipe": recipe.name,
        "seed": seed,
        "accuracy": found["test"]["accuracy"],
        "members": [member["test"]["accuracy"] for member in found["members"]],
        "seconds": time.perf_counter() - began,
        "processor_seconds": processor,
    }


def table(results: Sequence[dict[str, Any]]) -> str:
    """One row for each recipe, in the order in which they were run."""
    lines = [
        "| recipe | seeds | test accuracy, mean | sd | range | training | processor |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(result["recipe"] for result in results):
        own = [result for result in results if result["recipe"] == name]
        accuracies = [100 * result["accuracy"] for result in own]
        deviation = f"{statistics.stdev(accuracies):.3f}" if len(own) > 1 else "-"
        seconds = statistics.mean(result["seconds"] for result in own)
        used = [result["processor_seconds"] for result in own]
        processor = "-" if None in used else f"{statistics.mean(used):.1f} s"
        lines.append(
            f"| {name} | {len(own)} | {statistics.mean(accuracies):.3f}% | {deviation} |"
            f" {min(accuracies):.2f} - {max(accuracies):.2f} | {seconds:.1f} s | {processor} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs-dir", type=Path, default=Path("committees"), help="of committees")
    parser.add_argument(
        "--flag", action="append", default=[], help="of every run of one network: --limit=900"
    )
    given = parser.parse_args()
    names = given.recipes or [name for name in recipe_names() if name.startswith(OURS)]
    try:
        recipes = [load_recipe(name) for name in names]
    except ConfigError as error:
        parser.error(str(error))
    results: list[dict[str, Any]] = []
    try:
        for recipe in recipes:
            for seed in range(given.seeds):
                if recipe.members > 1:
                    result = several_networks(recipe, seed, given.runs_dir)
                else:
                    result = one_network(recipe, seed, given.flag)
                results.append(result)
                sys.stderr.write(f"{json.dumps(result)}\n")
                if given.json:
                    save_results(given.json, results)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    finally:  # also where a run fails: the others are finished
        sys.stdout.write(table(results))


if __name__ == "__main__":
    main()
