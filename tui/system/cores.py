"""How runs are spread over the machine's cores: processes, and the threads of the BLAS library beneath NumPy."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np  # noqa: F401 - loads the library that threadpoolctl looks for
import threadpoolctl

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import WorkerError
from nn.network.model import layer_sizes, parameter_count
from nn.parallel.cores import Cores
from nn.parallel.process_group import ProcessGroup, make_engine
from nn.parallel.shared_memory import is_supported
from nn.training.trainer import Trainer

# Where a second process gained: it takes a tenth of a second to start, and to exchange the gradients of a network
# of two million parameters takes as long as it saves.
_LEAST_STEPS = 2_000
_MOST_PARAMETERS = 1_000_000

# The kernels of OpenBLAS that take products up to so many multiplications without copying the operands, in
# float32 and on one thread.
_SMALL_PRODUCTS = {"SkylakeX": 1_000_000}


def share_cores(config: TrainConfig, dataset: Dataset) -> Cores:
    """How to train this configuration; sets the threads of this process accordingly."""
    threads, processes = limit_threads(config.threads), config.processes
    if not processes:
        several = (threads or 1) > 1 and is_supported() and _gains(config, dataset)
        processes = 2 if several else 1
    if processes > 1 and threads is not None:
        threads = limit_threads(max(1, threads // processes))
    small = min((_SMALL_PRODUCTS.get(str(pool["architecture"]), 0) for pool in _pools()), default=0)
    return Cores(
        processes,
        threads,
        processors=_processors(processes) if threads == 1 else (),
        product_limit=small if threads == 1 and config.dtype == "float32" else 0,
    )


def make_trainer(config: TrainConfig, dataset: Dataset, *, step_interval: float = 0.1) -> Trainer:
    """A trainer that uses the cores as `share_cores` says, or one process where others do not start and none were asked for."""
    engine = make_engine(share_cores(config, dataset))
    try:
        return Trainer(config, dataset, step_interval=step_interval, engine=engine)
    except WorkerError:
        if config.processes:
            raise
    engine = make_engine(share_cores(replace(config, processes=1), dataset))
    return Trainer(config, dataset, step_interval=step_interval, engine=engine)


def cores_of(trainer: Trainer) -> Cores:
    """The processes and threads that a trainer computes with."""
    engine = trainer.engine
    return engine.cores if isinstance(engine, ProcessGroup) else Cores(threads=_threads())


def _processors(processes: int) -> tuple[int, ...]:
    """One for each process where they need all that there are; elsewhere the system finds a free one."""
    if processes == 1 or not is_supported():
        return ()
    available = sorted(os.sched_getaffinity(0))
    return tuple(available) if len(available) == processes else ()


def _gains(config: TrainConfig, dataset: Dataset) -> bool:
    images = len(dataset.train[: config.limit or None]) * (1 - config.validation)
    steps = config.steps or config.epochs * images / config.batch_size
    parameters = parameter_count(layer_sizes(config))
    return steps >= _LEAST_STEPS and parameters <= _MOST_PARAMETERS


def limit_threads(threads: int) -> int | None:
    """Let matrix products use this many threads; 0: the library's own choice, one per core.

    Returns the number in force, which the library may have capped, or None where it does not tell.
    """
    own = _own_choice()
    threadpoolctl.threadpool_limits(limits=threads or own, user_api="blas")
    return _threads()


@cache
def _own_choice() -> int | None:
    """What was in force at the first call."""
    return _threads()


def blas() -> str:
    """Library, version and processor kind of the matrix products, or "unknown"."""
    names = (
        " ".join(str(pool.get(part) or "") for part in ("internal_api", "version", "architecture"))
        for pool in _pools()
    )
    return ", ".join(sorted(set(names))).strip() or "unknown"


def _threads() -> int | None:
    return max((int(pool["num_threads"]) for pool in _pools()), default=None)


def _pools() -> list[dict[str, Any]]:
    return [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
