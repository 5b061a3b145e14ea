"""The processes that compute a run together, as the trainer sees them: one network, stepped and scored.

The trainer's own process does its share of the work and directs the others (`nn.worker`), which it starts with
the data in common memory. They end when they are told to or when it is gone.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import weakref
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

from nn.config import TrainConfig
from nn.data import Preprocessor, Split
from nn.errors import ConfigError, WorkerError
from nn.events import Score
from nn.layers import Array, aligned_zeros
from nn.peers import WORDS_APART, Layout, Peers, SharedArrays, is_supported, memory_size, parts
from nn.replica import Replica, vectors_of

_RNG_BYTES = 1024  # for the state of a random generator as JSON
# What the libraries beneath NumPy read when they are loaded.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_PACKAGES = Path(__file__).parents[1]
_LONGEST_END = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Cores:
    """How the arithmetic of a run is spread over a machine.

    `processes` share each batch, with `threads` of the matrix products in each, None as the library beneath
    NumPy has it; the caller's own process is one of them, whose threads the caller sets. Products are taken in
    blocks of at most `product_limit` multiplications (`nn.layers.row_blocks`); 0: as they are.
    """

    processes: int = 1
    threads: int | None = None
    product_limit: int = 0

    @property
    def total_threads(self) -> int | None:
        """Those of all processes."""
        return None if self.threads is None else self.processes * self.threads


ONE_PROCESS = Cores()


class Command(IntEnum):
    """What workers are told to do; the other words of the command are its arguments."""

    STEP = 0  # first and last + 1 position in the epoch's order, updates so far
    SCORE = 1  # number of the split
    SAVE_RNG = 2
    RESTORE_RNG = 3  # the rank of the process


class Team:
    """A network in training, as computed by `cores.processes` processes."""

    def __init__(
        self,
        config: TrainConfig,
        splits: dict[str, Split],
        preprocessor: Preprocessor,
        *,
        batches: int,
        cores: Cores,
    ) -> None:
        """Train on `splits["train"]`, so many batches an epoch. Raises `ConfigError`, `WorkerError`."""
        self.processes = cores.processes
        self._splits = splits
        self._workers: list[subprocess.Popen[bytes]] = []
        if self.processes == 1:
            self._arrays = {
                name: aligned_zeros(math.prod(shape), kind)
                for name, (shape, kind) in vectors_of(config, 1).items()
            }
            peers = Peers()
        else:
            if not is_supported():
                raise ConfigError(
                    f"processes={self.processes}: only on Linux and x86-64 can several compute together;"
                    " use 1",
                    field="processes",
                )
            layout = _layout(config, splits, preprocessor, batches, self.processes)
            self._arrays = shared = SharedArrays(layout)
            for name, array in _given(splits, preprocessor).items():
                shared[name][...] = array
            # As Python's own numbers, which are read and written faster than NumPy's.
            self._command = shared["command"].data
            self._rate = shared["rate"].data.cast("B").cast("d")
            self._asleep = shared["asleep"].data
            self._start(config, shared, cores)
            peers = Peers(0, self.processes, shared["peers"], self._look)
        self._peers = peers
        self.replica = Replica(
            config,
            splits["train"],
            preprocessor,
            self._arrays,
            peers,
            product_limit=cores.product_limit,
        )
        self.model, self.predictor = self.replica.model, self.replica.predictor
        self._order = np.empty(0, np.intp)

    @property
    def optimizer_state(self) -> dict[str, Array]:
        """The optimizer's vectors by name, each as long as the parameters."""
        return {
            name.removeprefix("optimizer."): array
            for name, array in self._arrays.items()
            if name.startswith("optimizer.")
        }

    @property
    def updates(self) -> int:
        """How many the optimizer has made."""
        return self.replica.optimizer.updates

    @updates.setter
    def updates(self, updates: int) -> None:
        self.replica.optimizer.updates = updates

    def begin_epoch(self, order: Array) -> None:
        """The order in which `step` takes the training images."""
        if self._workers:
            self._arrays["order"][: len(order)] = order
        self._order = order

    def step(self, start: int, stop: int, learning_rate: float) -> float:
        """One update on the images from `start` to `stop` of the order; returns the loss before it.

        A loss that is not finite updates nothing.
        """
        if not self._workers:
            return self.replica.step(self._order[start:stop], learning_rate)
        self._rate[0] = learning_rate
        self._direct(Command.STEP, start, stop, self.updates)
        loss = self.replica.step(self._order[start:stop], learning_rate)
        self._peers.barrier()
        return loss

    def score(self, name: str) -> Score:
        """Mean loss, as trained on, and accuracy over a split."""
        self._direct(Command.SCORE, list(self._splits).index(name))
        score = self.replica.score(self._splits[name])
        self._peers.barrier()
        return score

    def gradient_norms(self) -> tuple[float, ...]:
        """L2 norm of each layer's gradient in the last step, as it was before clipping."""
        gradients = self.model.gradients
        for rank, part in enumerate(parts(gradients.size, self.processes)):
            if rank:
                gradients[part] = self._arrays[f"gradients.{rank}"][part]
        return tuple(norm / self.replica.clip_factor for norm in self.model.gradient_norms())

    def rng_states(self) -> list[dict[str, Any]]:
        """The state of each process's stream of dropout masks."""
        self._direct(Command.SAVE_RNG)
        self._peers.barrier()
        others = (read_json(self._arrays[f"rng.{rank}"]) for rank in range(1, self.processes))
        return [dict(self.replica.dropout_rng.bit_generator.state), *others]

    def restore_rngs(self, states: list[dict[str, Any]]) -> None:
        """Go on from `rng_states`; processes beyond those have a stream of their own from its start.

        Raises `TypeError`, `KeyError` or `ValueError` for what are no states.
        """
        own = self.replica.dropout_rng.bit_generator
        for state in reversed(states):  # refused here, not where nobody would be told
            own.state = state
        for rank, state in enumerate(states[1 : self.processes], 1):
            write_json(state, self._arrays[f"rng.{rank}"])
            self._direct(Command.RESTORE_RNG, rank)
            self._peers.barrier()

    def close(self) -> None:
        """End the other processes; the vectors stay."""
        if self._workers:
            self._finalizer()
            self._workers = []

    def _start(self, config: TrainConfig, shared: SharedArrays, cores: Cores) -> None:
        environment = dict(os.environ)
        if cores.threads is not None:
            environment |= dict.fromkeys(_THREADS, str(cores.threads))
        # Wherever this package was found, and not what lies in the present folder by the same name.
        paths = [str(_PACKAGES), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        self._finalizer = weakref.finalize(self, _end, self._workers)
        try:
            for rank in range(1, cores.processes):
                worker = subprocess.Popen(
                    [sys.executable, "-P", "-m", "nn.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    env=environment,
                    pass_fds=[shared.descriptor],
                    start_new_session=True,  # what ends this process, the terminal tells it alone
                )
                self._workers.append(worker)
                setup = {
                    "rank": rank,
                    "size": cores.processes,
                    "config": config.to_dict(),
                    "splits": list(self._splits),
                    "product_limit": cores.product_limit,
                    "layout": shared.layout,
                    "descriptor": shared.descriptor,
                }
                assert worker.stdin is not None
                worker.stdin.write(json.dumps(setup).encode() + b"\n")
        except OSError as error:
            _end(self._workers)
            raise WorkerError(
                f"cannot start process {rank + 1} of {cores.processes}: {error.strerror};"
                " --processes 1 does without"
            ) from error
        finally:
            shared.close()

    def _direct(self, command: Command, *arguments: int) -> None:
        """Have the workers begin; those that sleep are woken."""
        if not self._workers:
            return
        for place, word in enumerate((command, *arguments)):
            self._command[place] = word
        self._peers.arrive()
        for rank, worker in enumerate(self._workers, 1):
            if self._asleep[rank * WORDS_APART] and worker.stdin is not None:
                with suppress(BrokenPipeError):  # it has ended, which waiting for it finds out
                    worker.stdin.write(b"\n")
        self._peers.wait()

    def _look(self) -> None:
        """Raise `WorkerError` where one of the processes has ended."""
        for worker in self._workers:
            if worker.poll() is not None:
                raise WorkerError(f"{_why(worker)}; --processes 1 does without it")


def _layout(
    config: TrainConfig,
    splits: dict[str, Split],
    preprocessor: Preprocessor,
    batches: int,
    processes: int,
) -> Layout:
    layout = dict(vectors_of(config, processes))
    layout["peers"] = (memory_size(processes),), "int64"
    layout["command"] = (4,), "int64"
    layout["rate"] = (1,), "float64"
    layout["asleep"] = (processes * WORDS_APART,), "int64"
    layout["order"] = (batches * config.batch_size,), "int64"
    for rank in range(1, processes):
        layout[f"rng.{rank}"] = (_RNG_BYTES,), "uint8"
    for name, array in _given(splits, preprocessor).items():
        layout[name] = array.shape, str(array.dtype)
    return layout


def _given(splits: dict[str, Split], preprocessor: Preprocessor) -> dict[str, Array]:
    """What the workers are given to read."""
    given = {"scale": preprocessor.scale}
    if preprocessor.shift is not None:
        given["shift"] = preprocessor.shift
    for name, split in splits.items():
        given |= {f"{name}.images": split.images, f"{name}.labels": split.labels}
    return given


def read_json(array: Array) -> Any:
    """What `write_json` left in an array of bytes."""
    return json.loads(array.tobytes().rstrip(b"\0"))


def write_json(value: object, array: Array) -> None:
    """Leave a value in an array of bytes that is large enough."""
    content = json.dumps(value).encode()
    array[:] = 0
    array[: len(content)] = np.frombuffer(content, np.uint8)


def _end(workers: list[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        if worker.stdin is not None:
            worker.stdin.close()
    for worker in workers:
        try:
            worker.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        if worker.stderr is not None:
            worker.stderr.close()
    workers.clear()


def _why(worker: subprocess.Popen[bytes]) -> str:
    """How a process ended, in one line."""
    code = worker.returncode
    if code < 0:
        return f"a computing process was ended by {signal.Signals(-code).name}"
    said = worker.stderr.read().decode(errors="replace").split("\n") if worker.stderr else []
    last = next((line for line in reversed(said) if line.strip()), "")
    return f"a computing process ended with code {code}" + (f": {last.strip()}" if last else "")
