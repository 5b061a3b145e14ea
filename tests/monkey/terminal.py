"""The application in a pseudo-terminal: what is on its screen, and what is typed into it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import pyte

from tests.monkey.process import Deadline, stacks

PATIENCE = 60
"""Seconds after which an application that could have run counts as hung; see `Deadline`."""
# Sequences that pyte does not know and would print: other modes of the keyboard, queries, strings.
_UNKNOWN = re.compile(
    rb"\x1b\[[<>=][^A-Za-z]*[A-Za-z]|\x1b\[\?[\d;]*\$p|\x1b[P\]_^][^\x07\x1b]*(?:\x07|\x1b\\)"
)
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")


class FaultError(AssertionError):
    """Something that must not happen; `symptom` is the same for two occurrences of one fault."""

    def __init__(self, symptom: str, details: str = "") -> None:
        super().__init__(f"{symptom}\n{details}" if details else symptom)
        self.symptom = symptom


class PseudoTerminal:
    """A command in a terminal of 80x24; `shell.py` starts it and reports what becomes of it."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.exit_code: int | None = None
        self.output = bytearray()
        self.modes: dict[int, bool] = {}
        self.unrestored = ""
        self.pid = 0
        self._reports = b""
        self._tail = b""
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self._report, report_to = os.pipe()
        os.set_inheritable(report_to, True)
        shell = [sys.executable, str(Path(__file__).with_name("shell.py")), str(report_to)]
        self._shell, self._master = pty.fork()
        if self._shell == 0:
            os.chdir(folder)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.execvpe(shell[0], [*shell, *command], environment)
        os.close(report_to)
        os.set_blocking(self._master, False)

    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(self._screen.display)

    def pump(self, seconds: float) -> None:
        """Take in output for some seconds, at least what is there."""
        end = time.monotonic() + seconds
        while True:
            left = max(0.0, end - time.monotonic())
            ready, _, _ = select.select([self._master, self._report], [], [], left)
            if not ready:
                return
            if self._report in ready:
                self._take_reports()
            if self._master in ready:
                try:
                    chunk = os.read(self._master, 1 << 16)
                except BlockingIOError:
                    continue
                except OSError:  # Linux reports a terminal that nobody has open any more as EIO
                    chunk = b""
                if not chunk:
                    self._take_reports()
                    return
                self._take(chunk)
            elif self.exit_code is not None:
                return

    def _take(self, chunk: bytes) -> None:
        self.output += chunk
        del self.output[:-200_000]
        chunk = self._tail + chunk
        # A sequence that the read cut in two is kept for the next read.
        cut = chunk.rfind(b"\x1b", max(0, len(chunk) - 64))
        if cut >= 0 and not re.match(rb"\x1b(\[[^@-~]*[@-~]|[^\[P\]_^])", chunk[cut:]):
            chunk, self._tail = chunk[:cut], chunk[cut:]
        else:
            self._tail = b""
        for match in _MODE.finditer(chunk):
            for mode in match[1].split(b";"):
                self.modes[int(mode)] = match[2] == b"h"
        self._stream.feed(_UNKNOWN.sub(b"", chunk))

    def _take_reports(self) -> None:
        with suppress(OSError):
            while select.select([self._report], [], [], 0)[0]:
                chunk = os.read(self._report, 4096)
                if not chunk:
                    break
                self._reports += chunk
        *lines, self._reports = self._reports.split(b"\n")
        for line in lines:
            report = json.loads(line)
            self.pid = report.get("pid", self.pid)
            self.exit_code = report.get("exit", self.exit_code)
            if not report.get("restored", True):
                self.unrestored = "when it was suspended" if "stopped" in report else "at the end"

    @property
    def size(self) -> tuple[int, int]:
        """The columns and rows of the terminal."""
        return self._screen.columns, self._screen.lines

    def deadline(self, seconds: float) -> Deadline:
        """A limit for the application, which begins now."""
        return Deadline(seconds, self.pid, self._shell)

    def write(self, text: str) -> None:
        """Type, however long the application takes to read it."""
        data = text.encode()
        deadline = self.deadline(PATIENCE)
        while data and self.exit_code is None:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                self.pump(0.05)
                if deadline.is_over:
                    raise FaultError("does not read its input", stacks(self.pid)) from None
            except OSError:  # it has just ended
                self.pump(1)
                return

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal, which signals SIGWINCH."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
        self._screen.resize(rows, columns)

    def close(self) -> None:
        """End whatever is left of the application and its shell."""
        for pid in (self.pid, self._shell):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.waitpid(self._shell, 0)
        os.close(self._master)
        os.close(self._report)
