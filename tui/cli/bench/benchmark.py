"""Training speed, measured by letting the contenders take turns, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

from nn.analysis.matrix_products import MatrixProducts
from tui.cli.bench.contenders import NETS, OPTIMIZERS, PEERS, Task
from tui.system.python import module_command

_EPOCH = 60_000  # images
# Seconds before each turn. The threads of the contender before wait for more work without sleeping,
# and keep a core busy meanwhile, those of OpenBLAS for 2^26 cycles.
_SETTLE = 0.05
# Images of one turn: a tenth of a second or so on the machines this was written for.
_TURN = {
    "784-50-10": 20_000,
    "784-64-16-10": 20_480,
    "784-128-10": 20_480,
    "784-800-10": 5_120,
    "784-1024-1024-10": 1_280,
}
_WHOLE_TURNS = 2.0  # seconds a row from which on turns are as long as that
_FEWEST_TURNS = 3  # a median of fewer is no measurement
_MOST_SPREAD = 1.25  # of the median over the quickest turn, on a machine that is otherwise idle


class ContenderError(Exception):
    """A contender's process ended instead of answering; it has written why to standard error."""


class Process:
    """A contender at work; `module` is the program that runs it by name."""

    def __init__(
        self, name: str, environment: Mapping[str, str], module: str = "tui.cli.bench.contenders"
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(
            module_command(module, name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=dict(environment),
        )

    def begin(self, task: Task) -> None:
        """Start with a new network."""
        self._request(asdict(task))

    def epoch(self, settle: float = _SETTLE) -> float:
        """Seconds of one more epoch, begun after `settle` seconds."""
        time.sleep(settle)
        return float(self._request("epoch"))

    def end(self) -> dict[str, float | None]:
        """Accuracy on the test images, and the most memory in megabytes where it is known."""
        figures: dict[str, float | None] = self._request("end")
        return figures

    def _request(self, question: object) -> Any:
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
    """How fast one network trains with one optimizer.

    `seconds` are those of an epoch of 60,000 images by contender, medians over `turns`. `gflops`
    are those of the matrix products, in the time of our epoch. `doubt` is why the figures are
    worthless, None where they are not.
    """

    net: str
    optimizer: str
    batch_size: int
    turns: int
    seconds: dict[str, float]
    gflops: float
    samples_per_second: float
    doubt: str | None


def measure(names: list[str], seconds: float, environment: Mapping[str, str]) -> Iterator[Speed]:
    """Measure every network with both optimizers, the start of the contenders included.

    It takes about the given time. Where that is short, turns are short, but each contender has one.
    """
    end = time.perf_counter() + seconds
    rows = [(net, optimizer) for net in NETS for optimizer in OPTIMIZERS]
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(name, environment)) for name in names]
        for number, (net, optimizer) in enumerate(rows):
            now = time.perf_counter()
            share = max(0.0, end - now) / (len(rows) - number)
            part = min(1.0, max(0.1, share / _WHOLE_TURNS))
            batch_size = NETS[net].batch_size
            limit = round(part * _TURN[net] / batch_size) * batch_size
            task = replace(NETS[net], optimizer=optimizer, limit=max(batch_size, limit))
            yield _speed(net, task, processes, now + share)


def _speed(net: str, task: Task, processes: list[Process], end: float) -> Speed:
    turns: dict[str, list[float]] = {process.name: [] for process in processes}
    for process in processes:
        process.begin(task)
        process.epoch(settle=0)  # the first one fills caches
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
        doubt=doubt_of(turns),
    )


def doubt_of(turns: Mapping[str, list[float]]) -> str | None:
    """Why the medians of these turns, in seconds, do not show the machine's speed."""
    medians = {name: statistics.median(each) for name, each in turns.items()}
    if medians["floor"] > medians["ours"]:
        return "matrix products alone took longer than the training"
    if len(turns["ours"]) < _FEWEST_TURNS:
        return f"fewer than {_FEWEST_TURNS} turns"
    if any(medians[name] > _MOST_SPREAD * min(each) for name, each in turns.items()):
        return "turns differ widely: other programs use the processors"
    return None
