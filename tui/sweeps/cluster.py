"""Sweeps on a Dask cluster: its workers train, and what they save travels back.

Dask distributed is used through the `concurrent.futures` interface that it offers, so that the sweep does not differ
from one on this machine. The data are sent to each worker once. Runs travel packed, since no common disk is needed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.data.dataset import Dataset
from tui.system.exits import CommandError, ExitCode
from tui.system.versions import version

TOPIC = "mnist-tui-epochs"
_CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Cluster:
    """A connection: `workers` tasks may be under way at once; `data` is the dataset as the workers have it."""

    client: Any
    address: str
    workers: int
    data: Any

    def executor(self) -> Executor:
        """The cluster as an executor. Equal calls are not merged, since a task may be tried again."""
        executor: Executor = self.client.get_executor(pure=False, retries=2)
        return executor

    @property
    def lost(self) -> bool:
        """Whether the scheduler has gone."""
        return bool(self.client.status != "running")


@contextmanager
def connect(address: str, dataset: Dataset) -> Iterator[tuple[Cluster, list[str]]]:
    """A cluster by its scheduler's address, or `local:N` for one of this machine; with warnings to show.

    Raises `CommandError` where Dask is not installed, the scheduler does not answer, or there are no workers.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise CommandError(
            "--cluster needs the package distributed: pip install 'mnist-tui[cluster]'",
            ExitCode.USAGE,
        ) from error
    local = None
    try:
        if address.startswith("local:"):
            local = distributed.LocalCluster(
                n_workers=_count(address), threads_per_worker=1, processes=True, dashboard_address=None,
                silence_logs="CRITICAL",
            )  # fmt: skip
        _quiet()
        client = distributed.Client(local or address, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CommandError(
            f"--cluster {address}: no scheduler answers ({reason[:120]}); start one with `dask scheduler`, or take"
            " --cluster local:2",
            ExitCode.USAGE,
        ) from error
    try:
        threads = client.nthreads()
        if not threads:
            raise CommandError(
                f"--cluster {address}: the scheduler has no workers; start some with `dask worker {address}`",
                ExitCode.USAGE,
            )
        data = client.scatter(dataset, broadcast=True)
        yield Cluster(client, address, sum(threads.values()), data), _differences(client)
    finally:
        client.close(timeout=5)
        if local is not None:
            local.close(timeout=10)


def _count(address: str) -> int:
    text = address.partition(":")[2]
    if not text.isdecimal() or int(text) < 1:
        raise CommandError(
            f"--cluster {address}: must be local:N with a number of workers", ExitCode.USAGE
        )
    return int(text)


def _differences(client: Any) -> list[str]:
    """What the workers have in other versions than this process: the last bits of results depend on it."""
    here = _versions()
    found = []
    for worker, there in client.run(_versions).items():
        other = [
            f"{name} {there.get(name)} (here {here[name]})"
            for name in here
            if there.get(name) != here[name]
        ]
        if other:
            found.append(
                f"worker {worker} has {', '.join(other)}: its results may differ in the last bits"
            )
    return found


def _versions() -> dict[str, str]:
    return {"mnist-tui": version(), "python": sys.version.split()[0], "numpy": np.__version__}


def _quiet() -> None:
    """Dask narrates lost connections at length; what matters of them is told by the sweep."""
    import logging

    for name in (
        "distributed",
        "distributed.client",
        "distributed.core",
        "distributed.nanny",
        "distributed.scheduler",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def log_epoch(message: dict[str, Any]) -> None:
    """Send a line from a worker to whoever listens; called in a worker of a cluster."""
    distributed: Any = importlib.import_module("distributed")
    distributed.get_worker().log_event(TOPIC, message)
