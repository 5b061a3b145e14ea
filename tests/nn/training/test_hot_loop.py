"""What keeps a training step fast on any machine: few allocations and few calls."""

from __future__ import annotations

import gc
import itertools
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from types import FrameType
from typing import Any

import pytest

from nn.config import TrainConfig, choices
from nn.data.dataset import Dataset
from nn.events import EpochCompleted
from nn.parallel.cores import Cores
from nn.parallel.process_group import make_engine
from nn.training.trainer import Trainer
from tests.support.processes import needs_several

NETS: dict[str, dict[str, Any]] = {
    "784-50-10": {"hidden": (50,), "activation": "sigmoid", "batch_size": 100},
    "784-64-16-10": {"hidden": (64, 16), "activation": "tanh", "batch_size": 128},
    "784-128-10": {"hidden": (128,), "activation": "relu", "batch_size": 128},
    "784-800-10": {"hidden": (800,), "activation": "relu", "batch_size": 128},
}


ALONE = Cores(product_limit=1_000_000)
TOGETHER = Cores(2, threads=1, product_limit=1_000_000)


@pytest.mark.parametrize(
    ("net", "optimizer", "cores"),
    [
        *zip(itertools.cycle(NETS), choices("optimizer"), itertools.repeat(ALONE), strict=False),
        pytest.param("784-128-10", "adam", TOGETHER, marks=needs_several),
    ],
)
def test_steps_allocate_no_arrays(mnist: Dataset, net: str, optimizer: str, cores: Cores) -> None:
    """NumPy converts types by the buffer of 8,192 elements; a batch's inputs or activations would
    be more.
    """
    rates = {"optimizer": optimizer, "learning_rate": 0.01, "weight_decay": 0.001}
    config = TrainConfig.layered(NETS[net], rates)
    with closing(Trainer(config, mnist, step_interval=0, engine=make_engine(cores))) as trainer:
        # The first ten steps make the arrays that the others reuse.
        measure_allocations(itertools.islice(trainer.events(), 10, None))


def measure_allocations(training: Iterator[object]) -> None:
    gc.freeze()  # what other tests have left need not be searched each time
    tracemalloc.start()
    try:
        stretches = [stretch(training) for _ in range(4)][1:]
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    # The least of three, for other threads of the process allocate too.
    assert min(kept for kept, _ in stretches) < 1_200
    assert min(held for _, held in stretches) < 64_000


def stretch(training: Iterator[object]) -> tuple[int, int]:
    """Bytes that thirty steps keep, and that they hold at most on the way."""
    gc.collect()  # else the tuples that Python keeps for reuse would count
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    for _ in range(30):
        next(training)
    _, peak = tracemalloc.get_traced_memory()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return after - before, peak - before


@pytest.mark.parametrize(
    ("optimizer", "cores", "most"),
    [
        ("momentum", ALONE, 52),
        ("adam", ALONE, 52),
        pytest.param("adam", TOGETHER, 62, marks=needs_several),
    ],
)
def test_python_calls_of_a_step(mnist: Dataset, optimizer: str, cores: Cores, most: int) -> None:
    """Python functions that a step of 784-128-10 calls; each takes about a thousandth of it."""
    fields = {"optimizer": optimizer, "limit": 128 * 30, "epochs": 2, "eval_epochs": 2}
    config = TrainConfig.layered(NETS["784-128-10"], fields)
    with closing(Trainer(config, mnist, step_interval=0, engine=make_engine(cores))) as trainer:
        calls = calls_of_twenty_steps(trainer)
    assert calls.total() <= 20 * most, calls


def calls_of_twenty_steps(trainer: Trainer) -> Counter[str]:
    """By the function's name, after ten steps."""
    events = trainer.events()
    for _ in range(11):
        next(events)  # the start and ten steps
    trainer.step_interval = 1_000
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and not is_waiting(frame):
            calls[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        completed = next(events)  # the other twenty
    finally:
        sys.setprofile(None)
    assert isinstance(completed, EpochCompleted)
    assert completed.step == 30
    return calls


def is_waiting(frame: FrameType | None) -> bool:
    """Whether a function waits for other processes, which takes a random number of calls."""
    while frame is not None:
        if frame.f_code.co_name in ("wait", "wake"):
            return True
        frame = frame.f_back
    return False
