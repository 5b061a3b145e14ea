"""A program in a pseudo-terminal, its output read as it comes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time

from tests.support.emulator import Emulator


class Terminal:
    """Runs a command in a terminal of its own.

    Attributes:
        output: All it has written.
        screen: What is shown of it.
    """

    def __init__(self, command: list[str], columns: int, rows: int, **environment: str) -> None:
        self.started = time.perf_counter()
        self.output = bytearray()
        self.screen = Emulator(columns, rows)
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], command, {**os.environ, **environment})
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> bool:
        """Read for that many seconds, at least once; False when the program has ended."""
        end = time.perf_counter() + seconds
        while True:
            ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.perf_counter()))
            if not ready:
                return True
            try:
                chunk = os.read(self._master, 65536)
            except OSError:  # Linux reports a closed terminal as EIO
                return False
            if not chunk:
                return False
            self._take(chunk)
            if time.perf_counter() >= end:
                return True

    def wait_for(self, text: str, seconds: float = 60) -> float:
        """Seconds until a text is shown; raises TimeoutError."""
        began = time.perf_counter()
        while text not in self.screen.text:
            if time.perf_counter() - began > seconds:
                raise TimeoutError(f"{text!r} did not appear in\n{self.screen.text}")
            ready, _, _ = select.select([self._master], [], [], 0.5)
            if ready:
                try:
                    self._take(os.read(self._master, 65536))
                except OSError:
                    raise TimeoutError(f"ended without {text!r}\n{self.screen.text}") from None
        return time.perf_counter() - began

    def _take(self, chunk: bytes) -> None:
        self.output += chunk
        self.screen.feed(chunk)

    def close(self) -> int:
        """Read to the end and return the exit code."""
        while self.read(0.5):
            if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.read(0.1)
                break
        os.close(self._master)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
