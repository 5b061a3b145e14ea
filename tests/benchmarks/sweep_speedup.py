"""How much faster a sweep is than one run after another: python -m tests.benchmarks.sweep_speedup

    --trials N      runs in each sweep (8)
    --epochs N      of each run (3)
    --rounds N      both ways in turn (2)
    --limit N       training images; 0: all

Each run is the default network with a learning rate of its own. The same runs are trained by one
worker process and by one a core; starting the processes and saving the runs is part of the time.
The ratio is between the shortest times of both.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tui.sweeps.processes import ThisMachine
from tui.sweeps.running import SweepRunner
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study


def seconds(spec: SweepSpec, workers: int) -> float:
    """The time of a whole sweep."""
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        study = Study.create(Path(name) / "sweeps", spec, "speed")
        SweepRunner(study, Path(name) / "runs", ThisMachine(workers, "")).run()
        study.close()
        took = time.perf_counter() - began
    errors = [r.error for trial in study.trials for r in trial.results.values() if r.error]
    if errors:
        raise SystemExit(errors[0])
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    fields = {"epochs": options.epochs, "limit": options.limit}
    space = Space((parse_dimension("lr=0.0003..0.003:log"),))
    spec = SweepSpec(space, trials=options.trials, halving=False, fields=fields)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = cores or 1
    times: dict[int, list[float]] = {1: [], cores: []}
    for _ in range(options.rounds):
        for workers, taken in times.items():
            taken.append(seconds(spec, workers))
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
            sys.stdout.write(f"{workers} workers: {taken[-1]:.1f} s (load {load:.1f})\n")
            sys.stdout.flush()
    sys.stdout.write(f"speed-up on {cores} cores: {min(times[1]) / min(times[cores]):.2f}\n")


if __name__ == "__main__":
    main()
