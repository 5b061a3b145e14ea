"""The processes that compute a run together, as the trainer sees them: one network, stepped and scored.

The trainer's own process does its share of the work and directs the others (`nn.parallel.worker`), with the data, the
network's vectors and what they are to do in common memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.arrays import Array, aligned_zeros
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.errors import ConfigError
from nn.events import Score
from nn.parallel.barrier import (
    WORDS_APART,
    Barrier,
    Layout,
    SharedArrays,
    even_slices,
    is_supported,
    memory_size,
    pin_to,
)
from nn.parallel.processes import Processes
from nn.parallel.replica import Replica, vector_layout
from nn.parallel.worker import Command, read_json, write_json

_RNG_BYTES = 1024  # for the state of a random generator as JSON


@dataclass(frozen=True, slots=True)
class Cores:
    """How the arithmetic of a run is spread over a machine.

    `processes` share each batch, with `threads` of the matrix products in each, None as the library beneath
    NumPy has it; the caller's own process is one of them, whose threads the caller sets. With as many
    `processors` each process stays on one while it trains, in that order: two on one would wait for each other.
    Products are taken in blocks of at most `product_limit` multiplications (`nn.network.layers.row_blocks`); 0: as they are.
    """

    processes: int = 1
    threads: int | None = None
    processors: tuple[int, ...] = ()
    product_limit: int = 0

    @property
    def total_threads(self) -> int | None:
        """Those of all processes."""
        return None if self.threads is None else self.processes * self.threads


ONE_PROCESS = Cores()


class ProcessGroup:
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
        self.processes, self._processors = cores.processes, cores.processors
        self._stays = False  # on the first of the processors
        self._splits = splits
        self._workers: Processes | None = None
        if self.processes == 1:
            self._arrays = {
                name: aligned_zeros(math.prod(shape), kind)
                for name, (shape, kind) in vector_layout(config, 1).items()
            }
            peers = Barrier()
        else:
            if not is_supported():
                raise ConfigError(
                    f"processes={self.processes}: only on Linux and x86-64 can several compute together;"
                    " use 1",
                    field="processes",
                )
            layout = _layout(config, splits, preprocessor, batches, self.processes)
            self._arrays = shared = SharedArrays(layout)
            # As Python's own numbers, which are read and written faster than NumPy's.
            self._command = shared["command"].data
            self._rate = shared["rate"].data.cast("B").cast("d")
            self._asleep = shared["asleep"].data
            self._workers = _start(config, splits, preprocessor, shared, cores)
            peers = Barrier(0, self.processes, shared["peers"], self._workers.look)
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
        """The optimizer's vectors, named as in `vector_layout`."""
        return {
            name: array for name, array in self._arrays.items() if name.startswith("optimizer.")
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
        if self._workers is not None:
            self._arrays["order"][: len(order)] = order
        self._order = order

    def step(self, start: int, stop: int, learning_rate: float) -> float:
        """One update on the images from `start` to `stop` of the order; returns the loss before it.

        A loss that is not finite updates nothing. Until `settle`, the vectors may still be changing.
        """
        if self._workers is None:
            return self.replica.step(self._order[start:stop], learning_rate)
        if self._processors and not self._stays:
            pin_to(self._processors[:1])
            self._stays = True
        self._rate[0] = learning_rate
        try:
            self._direct(Command.STEP, start, stop, self.updates)
            loss = self.replica.step(self._order[start:stop], learning_rate)
            self._peers.arrive()  # and not wait, as `_directed` does: there is the next step to prepare
        except BaseException:  # Ctrl-C, say: the others are at another place of the step
            self.close()
            raise
        return loss

    def settle(self) -> None:
        """Wait until all processes have made the last update; this thread is then free to run anywhere."""
        self._peers.wait()
        self._stay_no_more()

    def score(self, name: str) -> Score:
        """Mean loss, as trained on, and accuracy over a split."""
        with self._directed(Command.SCORE, list(self._splits).index(name)):
            return self.replica.score(self._splits[name])

    def gradient_norms(self) -> tuple[float, ...]:
        """L2 norm of each layer's gradient in the last step, as it was before clipping."""
        gradients, factor = self.model.gradients, self.replica.clip_factor
        for rank, part in enumerate(even_slices(gradients.size, self.processes)):
            if rank:
                gradients[part] = self._arrays[f"gradients.{rank}"][part]
        # 0 where the norm of all was too large for a number: then nothing is left of them.
        return tuple(norm / factor if factor else math.inf for norm in self.model.gradient_norms())

    def rng_states(self) -> list[dict[str, Any]]:
        """The state of each process's stream of dropout masks."""
        with self._directed(Command.SAVE_RNG):
            pass
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
            with self._directed(Command.RESTORE_RNG, rank):
                pass

    def close(self) -> None:
        """End the other processes; the vectors stay, and nothing more can be computed with several."""
        self._stay_no_more()
        if self._workers is not None:
            self._workers.close()

    def _stay_no_more(self) -> None:
        if self._stays:
            pin_to(self._processors)
            self._stays = False

    @contextmanager
    def _directed(self, command: Command, *arguments: int) -> Iterator[None]:
        """All processes do something, this one too; where it cannot, it is out of step with the others for good."""
        try:
            self._direct(command, *arguments)
            yield
            self._peers.barrier()
        except BaseException:
            self.close()
            raise

    def _direct(self, command: Command, *arguments: int) -> None:
        """Have the workers begin; those that sleep are woken. Raises `WorkerError` after `close`."""
        if self._workers is None:
            return
        for place, word in enumerate((command, *arguments)):
            self._command[place] = word
        self._peers.arrive()
        for rank in range(1, self.processes):
            if self._asleep[rank * WORDS_APART]:
                self._workers.wake(rank)
        self._peers.wait()


def _start(
    config: TrainConfig,
    splits: dict[str, Split],
    preprocessor: Preprocessor,
    shared: SharedArrays,
    cores: Cores,
) -> Processes:
    """The other processes, which read what they are given while the caller goes on."""
    try:
        workers = Processes(
            cores.processes - 1, threads=cores.threads, descriptor=shared.descriptor
        )
    finally:
        shared.close()
    # While they start.
    for name, array in _given(splits, preprocessor).items():
        shared[name][...] = array
    workers.begin(
        {
            "size": cores.processes,
            "processors": cores.processors,
            "config": config.to_dict(),
            "splits": list(splits),
            "product_limit": cores.product_limit,
            "layout": shared.layout,
            "descriptor": shared.descriptor,
        }
    )
    return workers


def _layout(
    config: TrainConfig,
    splits: dict[str, Split],
    preprocessor: Preprocessor,
    batches: int,
    processes: int,
) -> Layout:
    layout = dict(vector_layout(config, processes))
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
