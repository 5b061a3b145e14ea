"""How long a training step takes on some of the cores, tried on scratch copies of the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.network.model import initialize_model
from nn.parallel.cores import Cores
from nn.parallel.process_group import ProcessGroup, make_engine
from nn.spec import DataSpec

TIMING_SECONDS = 0.2
"""How long timing takes, the start of processes included unless that is slow."""

# Shares of that time: the least that is left to steps after a slow start of processes, and the
# longest start, after which processes are left out.
_LEAST, _LONGEST_START = 0.5, 2.5
_LOOK = 0.001  # seconds between two looks at whether all processes have started
_TURN = 0.004  # seconds of steps in a row, a time slice of the system's scheduler
_MOST_STEPS = 64  # of a turn
_MOST_OVERTIME = 5  # times as long as asked for, where steps are long
_BATCHES, _MOST_IMAGES = 8, 16_384  # different batches, and images of all of them

Key = TypeVar("Key")


class Stepper(Protocol):
    """What is timed."""

    @property
    def is_ready(self) -> bool:
        """Whether all processes have started; raises `WorkerError` if one has ended."""

    def begin_turn(self) -> None:
        """Set what the next steps depend on."""

    def take(self, steps: int) -> None:
        """Make so many steps, and wait until they are done."""


class Scratch:
    """A network of random weights that makes steps on random pixels, at a learning rate of 0.

    It has random generators, data and vectors of its own, so that no run notices it.
    """

    def __init__(
        self,
        config: TrainConfig,
        spec: DataSpec,
        cores: Cores,
        set_threads: Callable[[int | None], None],
    ) -> None:
        """`set_threads` sets the threads of this process's matrix products.

        Raises `WorkerError` if processes cannot be started.
        """
        size = config.batch_size
        count = max(1, min(_BATCHES, _MOST_IMAGES // size))
        rng, images = np.random.default_rng(0), count * size
        pixels = rng.integers(256, size=(images, spec.pixels), dtype=np.uint8)
        labels = rng.integers(spec.classes, size=images, dtype=np.uint8)
        splits = {"train": Split(pixels, labels, spec)}
        preprocessor = Preprocessor.fit(config.preprocessing, pixels, config.dtype, spec.shape)
        self._threads, self._set_threads = cores.threads, set_threads
        set_threads(cores.threads)
        self._engine = make_engine(cores)(config, splits, preprocessor)
        initialize_model(self._engine.model, config, rng=rng)
        self._batches = rng.permutation(images).reshape(count, size)
        self._step = 0

    @property
    def is_ready(self) -> bool:
        """Whether all processes have started."""
        return not isinstance(self._engine, ProcessGroup) or self._engine.is_ready

    def begin_turn(self) -> None:
        """Set the threads of the matrix products."""
        self._set_threads(self._threads)

    @np.errstate(all="ignore")
    def take(self, steps: int) -> None:
        """Make so many steps, and wait until they are done."""
        self._engine.begin()
        for _ in range(steps):
            self._engine.expect(self._batch(self._step + 1), self._step + 1)
            self._engine.step(self._batch(self._step), self._step, 0.0)
            self._step += 1
        self._engine.settle()

    def _batch(self, step: int) -> Array:
        index: Array = self._batches[step % len(self._batches)]
        return index

    def close(self) -> None:
        """End its processes."""
        self._engine.close()


def time_steps(
    steppers: Mapping[Key, Stepper],
    *,
    seconds: float = TIMING_SECONDS,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[Key, float]:
    """Seconds of a step of each stepper, of those that had started in time.

    They take turns of a few steps in a row, and the fastest turn of each counts: what else the
    machine does then falls on all of them alike, and can only prolong a turn. Each has a turn,
    unless those before it took many times as long as they all should.
    """
    began = clock()
    while not all(stepper.is_ready for stepper in steppers.values()):
        if clock() - began >= _LONGEST_START * seconds:
            break
        sleep(_LOOK)
    ready = {key: stepper for key, stepper in steppers.items() if stepper.is_ready}
    end = max(began + seconds, clock() + _LEAST * seconds)
    shortest: dict[Key, float] = {}
    last = end + _MOST_OVERTIME * seconds
    while ready:
        for key, stepper in ready.items():
            if clock() >= (end if key in shortest else last):
                return shortest
            known = shortest.get(key, _TURN)
            stepper.begin_turn()
            if known < _TURN:
                stepper.take(1)  # wakes processes and threads that have been waiting
            steps = max(1, min(_MOST_STEPS, int(_TURN / known)))
            started = clock()
            stepper.take(steps)
            shortest[key] = min(shortest.get(key, np.inf), (clock() - started) / steps)
    return shortest
