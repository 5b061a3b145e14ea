"""The timing of steps, with a clock and steps that the tests make up, and with real ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.errors import WorkerError
from nn.parallel.cores import Cores
from nn.parallel.timing import TIMING_SECONDS, Scratch, time_steps
from nn.spec import MNIST, DataSpec
from tests.support.processes import eventually, needs_several


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Scripted:
    """Each step takes what `seconds` returns; `starts` is when its processes have started."""

    def __init__(self, clock: Clock, seconds: Callable[[], float], starts: float = 0.0) -> None:
        self._clock, self._seconds, self._starts = clock, seconds, clock.now + starts
        self.begun = self.steps = 0

    @property
    def is_ready(self) -> bool:
        return self._clock.now >= self._starts

    def begin_turn(self) -> None:
        self.begun += 1

    def take(self, steps: int) -> None:
        assert self.is_ready
        self.steps += steps
        for _ in range(steps):
            self._clock.now += self._seconds()


def timed(clock: Clock, **steppers: Scripted) -> dict[str, float]:
    return time_steps(steppers, clock=clock.read, sleep=clock.sleep)


def test_steps_of_a_quiet_machine() -> None:
    clock = Clock()
    one, two = Scripted(clock, lambda: 0.0008), Scripted(clock, lambda: 0.0005, starts=0.09)
    found = timed(clock, one=one, two=two)
    assert found == {"one": pytest.approx(0.0008), "two": pytest.approx(0.0005)}
    assert one.begun > 5
    assert two.begun > 5
    assert clock.now - 5.0 == pytest.approx(TIMING_SECONDS, abs=0.01)


def test_the_fastest_turn_of_each_counts() -> None:
    """Whatever else the machine did meanwhile prolonged the others, by chance."""
    clock, rng = Clock(), np.random.default_rng(3)

    def busy(seconds: float) -> Callable[[], float]:
        return lambda: seconds + (0.004 if rng.random() < 0.1 else 0.0)

    found = timed(clock, slow=Scripted(clock, busy(0.0008)), fast=Scripted(clock, busy(0.0005)))
    assert found["fast"] < 0.00079 < found["slow"]


def test_processes_that_do_not_start_are_left_out() -> None:
    clock = Clock()
    late = Scripted(clock, lambda: 0.0001, starts=100)
    found = timed(clock, one=Scripted(clock, lambda: 0.001), late=late)
    assert list(found) == ["one"]
    assert clock.now - 5.0 < 1
    assert timed(clock, late=late) == {}


def test_long_steps_are_all_tried_once_unless_that_takes_much_too_long() -> None:
    clock = Clock()
    steppers = {f"{n}": Scripted(clock, lambda n=n: 0.1 * n) for n in (3, 2, 1)}
    assert timed(clock, **steppers) == {
        "3": pytest.approx(0.3),
        "2": pytest.approx(0.2),
        "1": pytest.approx(0.1),
    }
    assert [stepper.steps for stepper in steppers.values()] == [1, 1, 1]
    assert list(timed(clock, a=Scripted(clock, lambda: 9), b=Scripted(clock, lambda: 9))) == ["a"]


def test_a_process_that_has_ended_is_an_error() -> None:
    class Lost(Scripted):
        @property
        def is_ready(self) -> bool:
            raise WorkerError("it ended")

    clock = Clock()
    with pytest.raises(WorkerError, match="it ended"):
        timed(clock, lost=Lost(clock, lambda: 1))


FIELDS: list[dict[str, Any]] = [
    {},
    {"hidden": (), "batch_size": 1},
    {"hidden": (9, 5), "batch_size": 20_000, "limit": 7},
    {"batch_norm": True, "dropout": 0.5, "noise": 0.3, "average_decay": 0.9, "max_norm": 1.0},
    {"preprocessing": "standardize", "augment_rotation": 10.0, "deskew": True},
    {"loss": "binary-cross-entropy", "optimizer": "adamw", "clip_norm": 0.1},
]


@pytest.mark.parametrize(
    ("fields", "cores"),
    [
        *((fields, Cores(1, 1)) for fields in FIELDS),
        pytest.param(FIELDS[3], Cores(2, 1), marks=needs_several),
        *(
            pytest.param(FIELDS[number], Cores(2, 1), marks=[needs_several, pytest.mark.slow])
            for number in (1, 4)
        ),
    ],
)
def test_any_run_can_be_timed(fields: dict[str, Any], cores: Cores) -> None:
    config = TrainConfig.layered({"hidden": (9,)}, fields)
    threads: list[int | None] = []
    for spec in (MNIST, DataSpec(5, 3, ("a", "b"))):
        if spec is not MNIST and config.augments:
            continue
        with closing(Scratch(config, spec, cores, threads.append)) as scratch:
            eventually(lambda scratch=scratch: scratch.is_ready)
            ((_, seconds),) = time_steps({1: scratch}, seconds=0.01).items()
        assert seconds > 0
    assert set(threads) == {1}
