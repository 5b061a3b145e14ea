"""What a run needs besides its steps: to start, to import, memory, to evaluate, to predict.

    python -m tests.benchmarks.rest_of_path [--rounds 9] [--limit N]

Each figure stands beside its target and a reference that is measured in turns with it. Printed is
the lower quartile of the rounds, which other programs on the machine disturb least.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data.dataset import Dataset, load_dataset
from nn.events import EpochCompleted
from nn.training.trainer import Trainer
from tui.system.sharing import make_trainer, share_cores

HEADLESS = [sys.executable, "-m", "tui", "--headless", "--no-save"]
IMPORTS = """
import time
began = time.perf_counter()
import numpy
between = time.perf_counter()
import nn.training.trainer
print(between - began, time.perf_counter() - between)
"""


def take_turns(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """The lower quartile of each, after one round that fills caches."""
    taken = [[measure() for measure in measures] for _ in range(rounds + 1)][1:]
    return [float(np.quantile(column, 0.25)) for column in zip(*taken, strict=True)]


def seconds(function: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def to_first_step() -> float:
    """Seconds from the command to the line about the first step."""
    began = time.perf_counter()
    with subprocess.Popen(
        [*HEADLESS, "--json", "--step-interval", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if '"step"' in line)
        taken = time.perf_counter() - began
        process.kill()
    return taken


def import_numpy() -> float:
    """Seconds of a process that imports NumPy."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True))


def imports(rounds: int) -> list[float]:
    """Seconds that the import of NumPy takes, and then that of `nn` with its trainer."""
    taken = [
        subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True)
        for _ in range(rounds)
    ]
    numbers = np.array([done.stdout.split() for done in taken], float)
    return [float(number) for number in np.quantile(numbers, 0.25, axis=0)]


def peak_megabytes(command: list[str]) -> float:
    """Of a process and those it starts, at most; what they share counts once."""
    peak = 0.0
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(megabytes, tree(process.pid))))
            time.sleep(0.01)
    assert process.returncode == 0, command
    return peak


def tree(process: int) -> Iterator[int]:
    """A process and those it has started."""
    yield process
    with suppress(FileNotFoundError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def megabytes(process: int) -> float:
    """Memory of a process, of what it shares its part; 0 once it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1e3
    return 0.0


def evaluation(data: Dataset, limit: int, rounds: int) -> tuple[float, float]:
    """Median seconds to evaluate all images, and of an epoch, by the trainer's own clocks."""
    config = TrainConfig(hidden=(128,), batch_size=128, epochs=rounds + 1, limit=limit)
    trainer = make_trainer(config, data)
    images = len(trainer.train) + len(data.test)
    evaluating, training, before = [], [], 0.0
    for event in trainer.events():
        if isinstance(event, EpochCompleted):
            training.append(len(trainer.train) / event.samples_per_second)
            evaluating.append(event.seconds - before - training[-1])
            before = event.seconds
    trainer.close()
    return (
        statistics.median(evaluating[1:]) / images * 70_000,
        statistics.median(training[1:]) / len(trainer.train) * 60_000,
    )


def prediction(data: Dataset, rounds: int) -> list[float]:
    """Seconds for 10,000 digits: probabilities, the browser's figures, the products alone.

    With the threads that the application's process has while it trains.
    """
    share_cores(TrainConfig(), data)
    predictor = Trainer(TrainConfig(hidden=(128,)), data).predictor.snapshot()
    rng = np.random.default_rng(0)
    x, w, v = (
        rng.random(shape, np.float32) for shape in ((len(data.test), 784), (784, 128), (128, 10))
    )
    h, y = np.empty((len(x), 128), np.float32), np.empty((len(x), 10), np.float32)

    def products() -> None:
        np.matmul(x, w, h)
        np.matmul(h, v, y)

    return take_turns(
        rounds,
        lambda: seconds(lambda: predictor.probabilities(data.test.images)),
        lambda: seconds(lambda: predictor.predict(data.test)),
        lambda: seconds(products),
    )


def show(what: str, figure: str, reference: str, target: str, *, met: bool) -> None:
    """A line of the report."""
    print(f"{what:<36}{figure:>9}   {reference:<38}{target:>10}{'' if met else '  MISSED'}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--limit", type=int, default=0, help="training images; 0: all")
    options = parser.parse_args()
    rounds, data = options.rounds, load_dataset()
    start, numpy_start = take_turns(rounds, to_first_step, import_numpy)
    show(
        "command to first step",
        f"{start:.2f} s",
        f"python -c 'import numpy': {numpy_start:.2f} s",
        "1.0 s",
        met=start <= 1,
    )
    numpy_import, ours = imports(rounds)
    show(
        "import of nn after NumPy",
        f"{1000 * ours:.0f} ms",
        f"NumPy's own: {1000 * numpy_import:.0f} ms",
        "less",
        met=ours < numpy_import,
    )
    run = peak_megabytes(
        [*HEADLESS, "--quiet", *([f"--limit={options.limit}"] * bool(options.limit))]
    )
    loaded = peak_megabytes([sys.executable, "-c", "from nn.data.dataset import *; load_dataset()"])
    show(
        "peak memory of a headless run",
        f"{run:.0f} MB",
        f"data loaded, no more: {loaded:.0f} MB",
        "300 MB",
        met=run <= 300,
    )
    evaluating, epoch = evaluation(data, options.limit, rounds)
    show(
        "evaluation of 70,000, 784-128-10",
        f"{evaluating:.3f} s",
        f"an epoch: {epoch:.3f} s ({evaluating / epoch:.2f})",
        "half of it",
        met=evaluating <= epoch / 2,
    )
    *ours_of, floor = (1000 * s for s in prediction(data, rounds))
    for what, taken in zip(("probabilities", "judgement"), ours_of, strict=True):
        show(
            f"{what} of 10,000",
            f"{taken:.1f} ms",
            f"matrix products alone: {floor:.1f} ms",
            "20 ms",
            met=taken <= 20,
        )


if __name__ == "__main__":
    main()
