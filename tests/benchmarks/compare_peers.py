"""Seconds an epoch, beside PyTorch, scikit-learn, the notes' loop and bare matrix products.

    pip install torch==2.13.0 scikit-learn
    python -m tests.benchmarks.compare_peers [--rounds 5] [--threads N] [--json FILE]

Every contender has a process of its own, and they take turns an epoch at a time, so that a machine
that slows down slows all of them. After one round that does not count, the median of the rounds is
printed; ratios are of medians. Each library chooses its own instructions: OPENBLAS_CORETYPE, which
makes NumPy alone use those of an older processor, is dropped unless --keep-coretype is given.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from nn.parallel.thread_variables import THREAD_VARIABLES
from tui.cli.bench.benchmark import Process, installed_peers
from tui.cli.bench.contenders import NETS, OPTIMIZERS, Task


def measure(
    task: Task, names: list[str], rounds: int, environment: dict[str, str]
) -> dict[str, Any]:
    """Median seconds an epoch, accuracy and peak memory of each contender."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        processes = [
            stack.enter_context(Process(name, environment, "tests.benchmarks.contenders"))
            for name in names
        ]
        for process in processes:
            process.begin(task)
        for _ in range(rounds + 1):
            for process in processes:
                seconds[process.name].append(process.epoch())
        return {
            process.name: {"seconds": statistics.median(seconds[process.name][1:]), **process.end()}
            for process in processes
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--threads", type=int, default=0, help="of every library; 0: its own choice"
    )
    parser.add_argument("--limit", type=int, default=0, help="training images; 0: all")
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS))
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--keep-coretype", action="store_true")
    options = parser.parse_args()

    environment = dict(os.environ)
    if not options.keep_coretype and environment.pop("OPENBLAS_CORETYPE", None):
        print("OPENBLAS_CORETYPE was set and is left out; --keep-coretype keeps it")
    if options.threads:
        environment |= dict.fromkeys(THREAD_VARIABLES, str(options.threads))
    names = ["ours", "floor", *installed_peers(), "by hand"]
    if "pytorch" in names:  # the fastest of its flags, and without any
        names.insert(names.index("pytorch") + 1, "pytorch plain")
    peers = names[2:]
    print(f"seconds an epoch, median of {options.rounds}; in brackets how many times ours")
    print(
        f"{'net':<17}{'optimizer':<10}{'floor':>7}{'ours':>8}{'':>8}"
        + "".join(f"{p:>18}" for p in peers)
    )
    results = []
    for net in options.nets:
        for optimizer in OPTIMIZERS:
            task = replace(
                NETS[net], optimizer=optimizer, limit=options.limit, epochs=options.rounds + 1
            )
            figures = measure(task, names, options.rounds, environment)
            ours, floor = figures["ours"]["seconds"], figures["floor"]["seconds"]
            cells = [
                f"{figures[p]['seconds']:.3f} ({figures[p]['seconds'] / ours:.2f}x)" for p in peers
            ]
            print(
                f"{net:<17}{optimizer:<10}{floor:>7.3f}{ours:>8.3f}{ours / floor:>6.2f}xf"
                + "".join(f"{cell:>18}" for cell in cells),
                flush=True,
            )
            for label, key, form in (
                ("test accuracy", "accuracy", "{:.2%}"),
                ("peak MB", "megabytes", "{:.0f}"),
            ):
                cells = [form.format(figures[name][key]) for name in ["ours", *peers]]
                print(
                    f"{'':<17}{label:<17}{cells[0]:>8}{'':>8}"
                    + "".join(f"{c:>18}" for c in cells[1:])
                )
            results.append({"net": net, "optimizer": optimizer, "contenders": figures})
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
