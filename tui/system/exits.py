"""Exit codes, and the one exception that carries one."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How the process ended; the last three are 128 plus the signal's number on POSIX."""

    SUCCESS = 0
    FAILURE = 1
    USAGE = 2
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


# What each code means, for the help, the command reference and the README.
MEANINGS = {
    ExitCode.SUCCESS: "success",
    ExitCode.FAILURE: "the command began and failed: a run diverged, memory, input or output",
    ExitCode.USAGE: "nothing was run: command line, configuration or data refused",
    ExitCode.HANGUP: "ended because the terminal was lost (SIGHUP), after saving",
    ExitCode.INTERRUPTED: "ended by Ctrl-C (SIGINT), after saving; a second one ends at once",
    ExitCode.TERMINATED: "ended by SIGTERM, on Windows by Ctrl-Break, after saving",
}


class CommandError(Exception):
    """Ends a command with a code; the message, if there is one, is printed as one line."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code
