"""The application's processes as the system sees them: what they use, and whether one hangs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "MNIST_TUI_MONKEY"
"""A variable of the environment that only the processes of one sitting have alike."""
AT_MOST = 900
"""Seconds after which nothing on the busiest machine explains that there is no answer."""


class Usage:
    """Memory in MB, threads and open files of the application at one moment."""

    def __init__(self, pid: int) -> None:
        status = Path(f"/proc/{pid}/status").read_text()
        self.memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
        self.threads = int(re.search(r"Threads:\s+(\d+)", status)[1])  # type: ignore[index]
        self.files = len(os.listdir(f"/proc/{pid}/fd"))
        self.at = time.monotonic()

    def __str__(self) -> str:
        return f"{self.memory:.0f} MB, {self.threads} threads, {self.files} files"


class Deadline:
    """A limit of seconds in which the application ran, or waited for anything but a processor.

    On a busy machine a thread stands most of the time in the queue for a processor. Linux counts
    that time for each thread, and it is no part of the limit: neither that of the application's
    threads, of which any may have to run before an answer, nor our own.
    """

    def __init__(self, seconds: float, *pids: int) -> None:
        self._seconds, self._pids = seconds, (*pids, os.getpid())
        self._start = time.monotonic()
        self._first: dict[Path, float] = {}
        self._last: dict[Path, float] = {}
        self._look()

    def _look(self) -> None:
        for pid in self._pids:
            for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with suppress(OSError):  # a thread that has just ended
                    queued = int(path.read_text().split()[1]) / 1e9
                    self._last[path] = queued
                    self._first.setdefault(path, queued)

    @property
    def is_over(self) -> bool:
        """Whether the seconds have passed."""
        passed = time.monotonic() - self._start
        if passed < self._seconds:
            return False
        self._look()
        queued = sum(last - self._first[path] for path, last in self._last.items())
        return passed - queued > self._seconds or passed > AT_MOST


def marked_processes(mark: str) -> Iterator[tuple[int, int, str]]:
    """Every process of a sitting: its number, that of its parent, and its command."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                words = os.fsdecode((folder / "cmdline").read_bytes().replace(b"\0", b" "))
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                yield int(folder.name), parent, words


def stacks(pid: int) -> str:
    """Where the threads of a process are, if py-spy is installed."""
    spy = Path(sys.executable).with_name("py-spy")
    if not spy.exists():
        return ""
    command = [str(spy), "dump", "--pid", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout + "\n"
