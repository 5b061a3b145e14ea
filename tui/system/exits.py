"""Exit codes, and the one exception that carries one."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller; the last three are 128 plus the signal's number."""

    SUCCESS = 0
    FAILURE = 1  # the run began and failed: diverged, out of memory, input or output
    USAGE = 2  # nothing was run: command line, configuration or data refused
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class CommandError(Exception):
    """Ends a command with a code; the message, if there is one, is the one line the user reads."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code
