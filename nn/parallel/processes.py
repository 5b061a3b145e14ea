"""Starting, watching and ending the processes that compute shares of a run."""

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
from pathlib import Path
from typing import IO, Any

from nn.errors import WorkerError
from nn.parallel.thread_variables import THREAD_VARIABLES

_LONGEST_END = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    input: IO[bytes]
    stderr: IO[bytes]  # a file: a process that fills a pipe stops until the pipe is read


class Processes:
    """Processes that run `nn.parallel.worker`.

    They end with `close`, and at the latest with this object, or with this process.
    """

    def __init__(self, count: int, *, threads: int | None, descriptor: int) -> None:
        """`threads` is for the matrix products of each; they inherit `descriptor`.

        Raises `WorkerError` if they cannot be started.
        """
        self._workers: list[_Worker] = []
        self._end = weakref.finalize(self, _end, self._workers)
        environment = dict(os.environ)
        if threads is not None:
            environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
        # Workers import every module from the same place as this process.
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
        """Send each process its setup, and its rank, from 1."""
        for rank, worker in enumerate(self._workers, 1):
            with suppress(BrokenPipeError):  # it has ended already, which `check_alive` reports
                worker.input.write(json.dumps({**setup, "rank": rank}).encode() + b"\n")

    def check_open(self) -> None:
        """Raise `WorkerError` after `close`."""
        if not self._end.alive:
            raise WorkerError("the computing processes have been ended; go on with another trainer")

    def check_alive(self) -> None:
        """Raise `WorkerError` if a process has ended."""
        self.check_open()
        for worker in self._workers:
            if worker.process.poll() is not None:
                raise WorkerError(f"{_why(worker)}; --processes 1 does without it")

    def stopped(self) -> list[int]:
        """The ids of the processes that have been stopped, as by SIGSTOP, and can be continued."""
        ids = [worker.process.pid for worker in self._workers]
        return [process for process in ids if _is_stopped(process)]

    def close(self) -> None:
        """End the processes; a second call does nothing."""
        self._end()


def _start(program: str, environment: Mapping[str, str], descriptor: int) -> _Worker:
    stderr = os.fdopen(os.memfd_create("stderr"), "w+b")
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            bufsize=0,
            env=environment,
            pass_fds=[descriptor],
            # A session of its own, so that Ctrl-C and hang-up reach the main process only.
            start_new_session=True,
        )
    except OSError:
        stderr.close()
        raise
    assert process.stdin is not None
    return _Worker(process, process.stdin, stderr)


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.input.close()  # A worker ends when its input does.
        worker.process.send_signal(signal.SIGCONT)  # A stopped worker would not notice it.
    for worker in workers:
        try:
            worker.process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        worker.stderr.close()


def _is_stopped(process: int) -> bool:
    """Whether a process was stopped, by SIGSTOP or by a debugger."""
    with suppress(OSError):
        # The state is the first field after the program's name, which stands in parentheses.
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return status.rpartition(")")[2].split()[0] in ("T", "t")
    return False


def _why(worker: _Worker) -> str:
    """How a process ended, in one line."""
    code = worker.process.returncode
    if code < 0:
        with suppress(ValueError):  # a real-time signal has no name
            return f"a computing process was ended by {signal.Signals(-code).name}"
        return f"a computing process was ended by signal {-code}"
    worker.stderr.seek(0)
    lines = worker.stderr.read().decode(errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")
    return f"a computing process ended with code {code}: {last}"
