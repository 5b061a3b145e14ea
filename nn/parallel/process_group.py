"""The engine of several processes, as the trainer's own process sees it.

The trainer's process computes its share of the work as the replica of rank 0, and directs the
others (`nn.parallel.worker`). Data, vectors and commands are in shared memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.errors import ConfigError
from nn.events import Score
from nn.parallel.barrier import Barrier, memory_size
from nn.parallel.cores import Cores, pin_to
from nn.parallel.processes import Processes
from nn.parallel.replica import Replica, vector_layout
from nn.parallel.shared_memory import Layout, SharedArrays, even_slices, is_supported
from nn.parallel.subnormals import flush_subnormals, keep_subnormals
from nn.parallel.worker import Command
from nn.spec import DataSpec
from nn.training.engine import EngineFactory, OneProcess


def make_engine(cores: Cores) -> EngineFactory:
    """The engine that `Trainer` is to use in order to compute on `cores`."""
    if cores.processes == 1:
        return partial(SingleProcess, cores=cores)
    return partial(ProcessGroup, cores=cores)


class SingleProcess(OneProcess):
    """The engine of one process with what suits the processor."""

    def __init__(
        self,
        config: TrainConfig,
        splits: Mapping[str, Split],
        preprocessor: Preprocessor,
        *,
        cores: Cores,
    ) -> None:
        super().__init__(
            config, splits, preprocessor, matmul=cores.matmul, inputs_ahead=cores.spare > 0
        )

    def begin(self) -> None:
        """Let this thread compute without subnormal numbers."""
        flush_subnormals()

    def settle(self) -> None:
        """Let this thread compute as usual; nothing is left to wait for."""
        keep_subnormals()


class ProcessGroup:
    """A network in training, computed by `cores.processes` processes, at least two."""

    def __init__(
        self,
        config: TrainConfig,
        splits: Mapping[str, Split],
        preprocessor: Preprocessor,
        *,
        cores: Cores,
    ) -> None:
        """Raises `ConfigError` where the machine cannot do it, `WorkerError` if it fails."""
        if not is_supported():
            raise ConfigError(
                f"processes={cores.processes}: only on Linux and x86-64 can several compute"
                " together; use 1",
                field="processes",
            )
        self.cores = cores
        # Called with a line for the user when a step waits for a process that has been stopped, and
        # with None when training goes on.
        self.on_wait: Callable[[str | None], None] = _log
        self._waiting = False
        self._split_numbers = {name: number for number, name in enumerate(splits)}
        given = _given(splits, preprocessor)
        self._arrays = shared = SharedArrays(
            _layout(config, splits["train"].spec, given, cores.processes)
        )
        # Python reads and writes a memoryview faster than an array of NumPy.
        self._command = shared["command"].data
        self._rate = shared["rate"].data.cast("B").cast("d")
        self._index = shared["index"]
        self._computing = False
        try:
            self._workers = Processes(
                cores.processes - 1, threads=cores.threads, descriptor=shared.descriptor
            )
        finally:
            shared.close()
        for name, array in given.items():  # while the workers start
            shared[name][...] = array
        self._workers.begin(
            {
                "size": cores.processes,
                "processors": cores.processors,
                "config": config.to_dict(),
                "splits": list(splits),
                "spec": asdict(splits["train"].spec),
                "bright_paper": preprocessor.bright_paper,
                "product_limit": cores.product_limit,
                "layout": shared.layout,
                "descriptor": shared.descriptor,
            }
        )
        self._barrier = Barrier(
            0,
            cores.processes,
            shared["barrier"],
            check_alive=self._workers.check_alive,
            on_long_wait=self._report_stopped,
        )
        self._replica = Replica(
            config,
            splits,
            preprocessor,
            shared,
            self._barrier,
            rank=0,
            size=cores.processes,
            matmul=cores.matmul,
        )
        self.model, self.predictor = self._replica.model, self._replica.predictor

    @property
    def optimizer_state(self) -> Mapping[str, Array]:
        """The optimizer's vectors by name."""
        return {slot: self._arrays[f"optimizer.{slot}"] for slot in self._replica.optimizer.slots}

    @property
    def is_ready(self) -> bool:
        """Whether the other processes wait for a command; raises `WorkerError` if one has ended."""
        self._workers.check_alive()
        return self._barrier.others_have_arrived

    def begin(self) -> None:
        """Let this thread compute on its own processor, without subnormal numbers."""
        self._computing = True
        flush_subnormals()
        if self.cores.processors:
            pin_to(self.cores.processors[:1])

    def step(self, index: Array, step: int, learning_rate: float) -> float:
        """Update on the training images `index`, after `step` updates; returns their loss before.

        A loss that is not finite updates nothing. The vectors may still be changing until `settle`.
        """
        try:
            # The workers may still be at the last update, but have read their command: the sum of
            # the losses was a barrier.
            self._index[: len(index)] = index
            self._rate[0] = learning_rate
            self._direct(Command.STEP, len(index), step)
            loss = self._replica.run(index, step, learning_rate)
            self._barrier.arrive()  # without `wait`: the next step can be prepared meanwhile
        except BaseException:
            # Such as Ctrl-C. The processes are at different places, and cannot go on together.
            self.close()
            raise
        return loss

    def expect(self, index: Array, step: int) -> None:
        """Nothing is computed meanwhile: each process warps its share of the images in its step."""

    def settle(self) -> None:
        """Wait until all processes have made the last update, and let this one run anywhere."""
        self._workers.check_open()
        self._barrier.wait()
        self._rest()
        if self._waiting:
            self._waiting = False
            self.on_wait(None)

    def score(self, name: str, *, raw: bool = False) -> Score:
        """Mean loss, as trained on, and accuracy over the split of this name."""
        with self._directed(Command.SCORE, self._split_numbers[name], raw):
            return self._replica.score(name, raw=raw)

    def take_warping_seconds(self) -> float:
        """The time since the last call that this process has spent on the warps of its share."""
        return self._replica.take_warping_seconds()

    def gradient_norms(self) -> tuple[float, ...]:
        """L2 norm of each layer's gradient in the last step, as it was before clipping."""
        gradients = self.model.gradients
        trained = self.model.trained.stop
        for rank, part in enumerate(even_slices(trained, self.cores.processes)):
            if rank:  # each process has the whole batch's gradient of its own slice only
                gradients[part] = self._arrays[f"gradients.{rank}"][part]
        return self._replica.gradient_norms()

    def close(self) -> None:
        """End the other processes; the vectors stay as they are."""
        self._rest()
        self._workers.close()

    def _report_stopped(self) -> None:
        stopped = self._workers.stopped()
        if stopped and not self._waiting:
            self._waiting = True
            self.on_wait(
                "a computing process is stopped; training goes on when it is continued:"
                f" kill -CONT {' '.join(map(str, stopped))}"
            )

    def _rest(self) -> None:
        """Let this thread run anywhere, and compute as usual."""
        if self._computing:
            self._computing = False
            keep_subnormals()
            if self.cores.processors:
                pin_to(self.cores.processors)

    @contextmanager
    def _directed(self, command: Command, *arguments: int) -> Iterator[None]:
        """Have the workers carry out a command, while this process does its part in the block."""
        try:
            self._direct(command, *arguments)
            yield
            self._barrier.sync()
        except BaseException:
            self.close()
            raise

    def _direct(self, command: Command, *arguments: int) -> None:
        """Have the workers begin with a command; raises `WorkerError` if one has ended."""
        self._workers.check_open()
        for place, word in enumerate((command, *arguments)):
            self._command[place] = word
        self._barrier.sync()


def _log(line: str | None) -> None:
    if line is not None:
        logging.getLogger(__name__).warning(line)


def _layout(
    config: TrainConfig, spec: DataSpec, given: Mapping[str, Array], processes: int
) -> Layout:
    layout = dict(vector_layout(config, spec, processes))
    layout["barrier"] = (memory_size(processes),), "int64"
    layout["command"] = (3,), "int64"
    layout["rate"] = (1,), "float64"
    layout["index"] = (config.batch_size,), "int64"
    for name, array in given.items():
        layout[name] = array.shape, str(array.dtype)
    return layout


def _given(splits: Mapping[str, Split], preprocessor: Preprocessor) -> dict[str, Array]:
    """The arrays that the workers read."""
    given = {"scale": preprocessor.scale}
    if preprocessor.shift is not None:
        given["shift"] = preprocessor.shift
    for name, split in splits.items():
        given |= {f"{name}.images": split.images, f"{name}.labels": split.labels}
    return given
