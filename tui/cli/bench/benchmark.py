"""Training speed, measured by letting the contenders take turns, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

from nn.analysis.matrix_products import MatrixProducts
from tui.cli.bench.contenders import NETS, OPTIMIZERS, PEERS, Task

_EPOCH = 60_000  # images
# Seconds before each turn: the threads of whoever was before keep a core busy waiting for more work, OpenBLAS's
# for 2^26 cycles.
_SETTLE = 0.1
# Images of one turn: a tenth of a second or so on the machines this was written for.
_TURN = {
    "784-50-10": 20_000,
    "784-64-16-10": 20_480,
    "784-128-10": 20_480,
    "784-800-10": 5_120,
    "784-1024-1024-10": 1_280,
}


class ContenderError(Exception):
    """A contender's process ended instead of answering; why, it has said on standard error."""


class Process:
    """A contender at work; `module` is the program that knows it by name."""

    def __init__(
        self, name: str, environment: Mapping[str, str], module: str = "tui.cli.bench.contenders"
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=dict(environment),
        )

    def begin(self, task: Task) -> None:
        """Start with a new network."""
        self._ask(asdict(task))

    def epoch(self) -> float:
        """Seconds of one more epoch."""
        time.sleep(_SETTLE)
        return float(self._ask("epoch"))

    def end(self) -> dict[str, float]:
        """Accuracy on the test images, and the most megabytes that the process had in memory."""
        figures: dict[str, float] = self._ask("end")
        return figures

    def _ask(self, question: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            raise ContenderError(f"{self.name} ended with code {self._process.wait()}") from error

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()


def installed_peers() -> list[str]:
    """The other libraries that this environment has."""
    return [name for name, module in PEERS.items() if importlib.util.find_spec(module)]


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one network and optimizer: seconds an epoch of 60,000 images by contender, medians of so many turns."""

    net: str
    optimizer: str
    batch_size: int
    turns: int
    seconds: dict[str, float]
    gflops: float  # those of the matrix products, in the seconds that our epoch takes
    samples_per_second: float


def measure(names: list[str], seconds: float, environment: Mapping[str, str]) -> Iterator[Speed]:
    """Every network with both optimizers, in about this time, or longer where one turn each takes longer."""
    end = time.perf_counter() + seconds
    rows = [(net, optimizer) for net in NETS for optimizer in OPTIMIZERS]
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(name, environment)) for name in names]
        for number, (net, optimizer) in enumerate(rows):
            task = replace(NETS[net], optimizer=optimizer, limit=_TURN[net])
            now = time.perf_counter()
            yield _speed(net, task, processes, now + (end - now) / (len(rows) - number))


def _speed(net: str, task: Task, processes: list[Process], end: float) -> Speed:
    turns: dict[str, list[float]] = {process.name: [] for process in processes}
    for process in processes:
        process.begin(task)
        process.epoch()  # the first one fills caches
    while True:
        began = time.perf_counter()
        for process in processes:
            turns[process.name].append(process.epoch())
        now = time.perf_counter()
        if now + (now - began) > end:
            break
    seconds = {name: statistics.median(each) / task.limit * _EPOCH for name, each in turns.items()}
    operations = MatrixProducts(task.config).operations * _EPOCH / task.batch_size
    return Speed(
        net=net,
        optimizer=task.optimizer,
        batch_size=task.batch_size,
        turns=len(turns["ours"]),
        seconds=seconds,
        gflops=operations / seconds["ours"] / 1e9,
        samples_per_second=_EPOCH / seconds["ours"],
    )
