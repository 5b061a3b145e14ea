"""A program in a pseudo-terminal, its output read as it comes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time


class Terminal:
    """Runs a command in a terminal of its own; `output` is all it has written."""

    def __init__(self, command: list[str], columns: int, rows: int, **environment: str) -> None:
        self.started = time.perf_counter()
        self.output = bytearray()
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
            self.output += chunk
            if time.perf_counter() >= end:
                return True

    def wait_for(self, text: str, start: int = 0, seconds: float = 60) -> float:
        """Seconds until a text stands in the output from a position on; raises TimeoutError."""
        began = time.perf_counter()
        wanted = text.encode()
        while wanted not in self.output[start:]:
            if time.perf_counter() - began > seconds:
                raise TimeoutError(
                    f"{text!r} did not appear in {bytes(self.output[start:])[-2000:]!r}"
                )
            ready, _, _ = select.select([self._master], [], [], 0.5)
            if ready:
                try:
                    self.output += os.read(self._master, 65536)
                except OSError:
                    if wanted in self.output[start:]:
                        break
                    raise TimeoutError(f"ended without {text!r}") from None
        return time.perf_counter() - began

    def close(self) -> int:
        """Read to the end and return the exit code."""
        while self.read(0.5):
            if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.read(0.1)
                break
        os.close(self._master)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
