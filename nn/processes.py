"""Processes that do a share of this one's computation: started, woken, watched, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nn.errors import WorkerError

_PACKAGES = Path(__file__).parents[1]
# What the libraries beneath NumPy read when they are loaded.
THREAD_VARIABLES = tuple(f"{library}_NUM_THREADS" for library in ("OPENBLAS", "OMP", "MKL", "BLIS"))
_LONGEST_END = 5.0  # seconds


class Processes:
    """So many processes of `nn.worker`; they end with `close`, with this object, or with this process."""

    def __init__(self, count: int, *, threads: int | None, descriptor: int) -> None:
        """`threads` is for each one's matrix products, `descriptor` what they inherit.

        Raises `WorkerError` where they cannot be started.
        """
        self._processes: list[subprocess.Popen[bytes]] = []
        self._end = weakref.finalize(self, _end, self._processes)
        environment = dict(os.environ)
        if threads is not None:
            environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
        # Wherever this package was found, and not what lies in the present folder by the same name.
        paths = [str(_PACKAGES), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        try:
            for _ in range(count):
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "nn.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    env=environment,
                    pass_fds=[descriptor],
                    start_new_session=True,  # what a terminal tells, it tells this process alone
                )
                self._processes.append(process)
        except OSError as error:
            self.close()
            raise WorkerError(
                f"cannot start a computing process: {error.strerror}; --processes 1 does without it"
            ) from error

    def begin(self, setup: Mapping[str, Any]) -> None:
        """Tell each what to compute, and its rank, from 1."""
        for rank, process in enumerate(self._processes, 1):
            _write(process, json.dumps({**setup, "rank": rank}))

    def wake(self, rank: int) -> None:
        """Have one go on that waits for a line."""
        _write(self._processes[rank - 1], "")

    def look(self) -> None:
        """Raise `WorkerError` where one has ended."""
        for process in self._processes:
            if process.poll() is not None:
                raise WorkerError(f"{_why(process)}; --processes 1 does without it")

    def close(self) -> None:
        """End them; once is enough."""
        self._end()


def _write(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended, as whoever waits for it will find out
        process.stdin.write(line.encode() + b"\n")


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()  # which tells it
    for process in processes:
        try:
            process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _why(process: subprocess.Popen[bytes]) -> str:
    """How a process ended, in one line."""
    assert process.stderr is not None
    code = process.returncode
    if code < 0:
        return f"a computing process was ended by {signal.Signals(-code).name}"
    lines = process.stderr.read().decode(errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")
    return f"a computing process ended with code {code}: {last}"
