"""A Dask scheduler and workers as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.support.commands import ROOT

_SECONDS = 60.0


class DaskCluster:
    """A scheduler with workers of one thread each; a `prefix` is words before their commands.

    Use it as a context manager, whose end kills all of the processes.
    """

    def __init__(self, folder: Path, *, host: str = "127.0.0.1") -> None:
        self._folder, self._host = folder, host
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def __enter__(self) -> DaskCluster:
        return self

    def start_scheduler(self, prefix: Sequence[str] = ()) -> str:
        """Start the scheduler; returns its address."""
        file = self._folder / "scheduler.json"
        words = ("scheduler", "--host", self._host, "--port", "0", "--no-dashboard")
        self.scheduler = self._start(prefix, *words, "--no-jupyter", "--scheduler-file", str(file))
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            try:
                self.address = str(json.loads(file.read_text())["address"])
            except (OSError, ValueError):
                time.sleep(0.1)
            else:
                return self.address
        raise AssertionError("the scheduler does not start")

    def start_worker(
        self, prefix: Sequence[str] = (), *, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a worker without a nanny: a killed one does not come back."""
        local = self._folder / f"worker{len(self.workers)}"
        local.mkdir()
        words = ("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        worker = self._start(prefix, *words, "--local-directory", str(local), env=env, cwd=local)
        self.workers.append(worker)
        return worker

    def wait_for(self, count: int) -> None:
        """Wait until so many workers are there."""
        # In a process of its own, whose connections are closed when this returns.
        wait = (
            "import sys; from distributed import Client\n"
            "with Client(sys.argv[1], timeout=60) as client:\n"
            "    client.wait_for_workers(int(sys.argv[2]), timeout=60)"
        )
        command = [sys.executable, "-c", wait, self.address, str(count)]
        subprocess.run(command, check=True, timeout=2 * _SECONDS)

    def _start(
        self,
        prefix: Sequence[str],
        *words: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", "dask", *words],
                env=variables,
                cwd=cwd,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in (*self.workers, self.scheduler):
            if process is not None:
                process.kill()
                process.wait()
