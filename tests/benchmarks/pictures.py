"""How many digits a model recognizes in pictures of every condition.

Run with `python -m tests.benchmarks.pictures [MODEL]`; the default is the network of the package.

A table of all conditions, the plain and the hard ones of `tests/support/`, each with the share of
the first `--count` test digits that are read as one digit and recognized, and the mean time of
reading one picture.
"""

from __future__ import annotations

import argparse
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from nn.data.dataset import Split, load_dataset
from nn.errors import DataError
from nn.network.predictor import Predictor
from nn.storage.model_file import read_model
from tests.support.hard_conditions import CONDITIONS, HARD
from tests.support.pictures import coverage
from tui.images.reading import read_content
from tui.models.shipped import FILE


def measure(name: str, predictor: Predictor, split: Split) -> tuple[float, float]:
    """The share recognized, and the milliseconds of reading one picture."""
    right, seconds = 0, 0.0
    for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
        content = CONDITIONS[name](coverage(image), np.random.default_rng([number, len(name)]))
        started = time.perf_counter()
        try:
            (reading,) = read_content(content)
        except DataError:
            continue
        finally:
            seconds += time.perf_counter() - started
        if len(reading.digits) == 1:
            found = predictor.probabilities(reading.digits[0].field[None]).argmax()
            right += int(found == label)
    return right / len(split), 1000 * seconds / len(split)


def _measure(task: tuple[str, Path, int]) -> tuple[float, float]:
    name, model, count = task
    return measure(name, read_model(model), load_dataset().test[:count])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=FILE)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", default="", help="conditions whose names hold this")
    options = parser.parse_args()
    names = [name for name in CONDITIONS if options.only in name]
    tasks = [(name, options.model, options.count) for name in names]
    shares = []
    with Pool(options.processes) as pool:
        measured = pool.imap(_measure, tasks)
        for name, (share, milliseconds) in zip(names, measured, strict=True):
            goal = 0.95 if name in HARD else 0.97
            mark = "" if share >= goal else f"  below {goal:.0%}"
            print(f"{name:26}{share:7.1%}{milliseconds:7.0f} ms{mark}", flush=True)
            shares.append(share)
    print(f"{'mean':26}{np.mean(shares):7.1%}")


if __name__ == "__main__":
    main()
