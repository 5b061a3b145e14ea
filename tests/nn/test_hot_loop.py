"""What keeps a training step fast, measured in what does not depend on the machine: allocations and calls."""

from __future__ import annotations

import gc
import itertools
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from nn.config import TrainConfig, choices
from nn.data import Dataset
from nn.events import EpochCompleted
from nn.trainer import Trainer

NETS: dict[str, dict[str, Any]] = {
    "784-50-10": {"hidden": (50,), "activation": "sigmoid", "batch_size": 100},
    "784-64-16-10": {"hidden": (64, 16), "activation": "tanh", "batch_size": 128},
    "784-128-10": {"hidden": (128,), "activation": "relu", "batch_size": 128},
    "784-800-10": {"hidden": (800,), "activation": "relu", "batch_size": 128},
}


def steps(mnist: Dataset, **fields: Any) -> Iterator[object]:
    """An event for every step, from the tenth: the first ones make the arrays that the others reuse."""
    events = Trainer(TrainConfig.layered(fields), mnist, step_interval=0).events()
    return itertools.islice(events, 10, None)


@pytest.mark.parametrize("optimizer", choices("optimizer"))
@pytest.mark.parametrize("net", NETS)
def test_steps_allocate_no_arrays(mnist: Dataset, net: str, optimizer: str) -> None:
    """NumPy converts types by the buffer of 8,192 elements; a batch's inputs or activations would be more."""
    training = steps(
        mnist, **NETS[net], optimizer=optimizer, learning_rate=0.01, weight_decay=0.001
    )
    tracemalloc.start()
    try:
        before = traced(training, 5)
        tracemalloc.reset_peak()
        after = traced(training, 50)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000
    assert peak - before < 64_000


def traced(training: Iterator[object], count: int) -> int:
    """Bytes in use after so many more steps, without the tuples that Python keeps for reuse."""
    for _ in range(count):
        next(training)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_python_calls_of_a_step(mnist: Dataset, optimizer: str) -> None:
    """Functions written in Python that a step of 784-128-10 calls; each takes about a thousandth of it."""
    fields = {"optimizer": optimizer, "limit": 128 * 30, "epochs": 2, "eval_epochs": 2}
    trainer = Trainer(TrainConfig.layered(NETS["784-128-10"], fields), mnist, step_interval=0)
    events = trainer.events()
    for _ in range(11):
        next(events)  # the start and ten steps
    trainer.step_interval = 1_000
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            calls[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        completed = next(events)  # the other twenty
    finally:
        sys.setprofile(None)
    assert isinstance(completed, EpochCompleted)
    assert completed.step == 30
    assert calls.total() <= 20 * 52, calls
