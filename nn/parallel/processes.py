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
from dataclasses import dataclass
from typing import IO, Any

from nn.errors import WorkerError

# What the libraries beneath NumPy read when they are loaded.
THREAD_VARIABLES = tuple(f"{library}_NUM_THREADS" for library in ("OPENBLAS", "OMP", "MKL", "BLIS"))
_LONGEST_END = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    input: IO[bytes]
    complaint: IO[bytes]  # a file: whoever fills a pipe waits for it to be read


class Processes:
    """So many processes of `nn.parallel.worker`; they end with `close`, with this object, or with this process."""

    def __init__(self, count: int, *, threads: int | None, descriptor: int) -> None:
        """`threads` is for each one's matrix products, `descriptor` what they inherit.

        Raises `WorkerError` where they cannot be started.
        """
        self._workers: list[_Worker] = []
        self._end = weakref.finalize(self, _end, self._workers)
        environment = dict(os.environ)
        if threads is not None:
            environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
        # Every module from where this process has it.
        program = (
            f"import sys; sys.path[:] = {sys.path!a}; from nn.parallel.worker import work; work()"
        )
        try:
            for _ in range(count):
                self._workers.append(_start(program, environment, descriptor))
        except OSError as error:
            self.close()
            raise WorkerError(
                f"cannot start a computing process: {error.strerror}; --processes 1 does without it"
            ) from error

    def begin(self, setup: Mapping[str, Any]) -> None:
        """Tell each what to compute, and its rank, from 1."""
        for rank, worker in enumerate(self._workers, 1):
            with suppress(BrokenPipeError):  # it has ended, as whoever waits for it will find out
                worker.input.write(json.dumps({**setup, "rank": rank}).encode() + b"\n")
            # One that wakes by itself leaves a line unread. A pipe full of those needs no more.
            os.set_blocking(worker.input.fileno(), False)

    def wake(self, rank: int) -> None:
        """Have one go on that waits for a line."""
        if self._end.alive:
            with suppress(BrokenPipeError):
                self._workers[rank - 1].input.write(b"\n")

    def look(self) -> None:
        """Raise `WorkerError` where one has ended."""
        if not self._end.alive:
            raise WorkerError("the computing processes have been ended; go on with another trainer")
        for worker in self._workers:
            if worker.process.poll() is not None:
                raise WorkerError(f"{_why(worker)}; --processes 1 does without it")

    def close(self) -> None:
        """End them; once is enough."""
        self._end()


def _start(program: str, environment: Mapping[str, str], descriptor: int) -> _Worker:
    complaint = os.fdopen(os.memfd_create("complaint"), "w+b")
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaint,
            bufsize=0,
            env=environment,
            pass_fds=[descriptor],
            start_new_session=True,  # what a terminal tells, it tells this process alone
        )
    except OSError:
        complaint.close()
        raise
    assert process.stdin is not None
    return _Worker(process, process.stdin, complaint)


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.input.close()  # which tells it
    for worker in workers:
        try:
            worker.process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        worker.complaint.close()


def _why(worker: _Worker) -> str:
    """How a process ended, in one line."""
    code = worker.process.returncode
    if code < 0:
        with suppress(ValueError):  # a real-time signal has no name
            return f"a computing process was ended by {signal.Signals(-code).name}"
        return f"a computing process was ended by signal {-code}"
    worker.complaint.seek(0)
    lines = worker.complaint.read().decode(errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")
    return f"a computing process ended with code {code}: {last}"
