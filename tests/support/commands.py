"""The command `mnist-tui` as a process, and what it printed."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest.mock import patch

from tui.__main__ import main

ROOT = Path(__file__).parents[2]
CHANGING_OUTPUT = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "MNIST_TUI_CONFIG",
    "MNIST_TUI_DEBUG",
    "PYTHONWARNINGS",
    "PYTHONUNBUFFERED",
)
"""Variables of whoever runs the tests that no test may depend on."""


def run_command(
    *arguments: str | Path, env: Mapping[str, str | None] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """`mnist-tui` with these arguments as a process of its own, warnings being errors."""
    options = {"capture_output": True, "text": True, "timeout": 60} | options
    return subprocess.run(
        command(*arguments), env=environment(**(env or {})), check=False, **options
    )


def call_command(
    *arguments: str | Path, env: Mapping[str, str | None] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """`mnist-tui` with these arguments in this process, which starting another would slow down.

    It proves what a command computes, saves and prints. How it starts, is interrupted and
    ends needs `run_command`.
    """
    words = [str(argument) for argument in arguments]
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    thresholds = gc.get_threshold()
    with (
        patch.dict(os.environ, environment(**(env or {})), clear=True),
        tempfile.TemporaryFile("w+", encoding="utf-8") as given,
        tempfile.TemporaryFile("w+", encoding="utf-8") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8") as err,
        patch.multiple(sys, stdin=given, stdout=out, stderr=err, argv=["mnist-tui", *words]),
    ):
        given.write(stdin)
        given.seek(0)
        try:
            code = main(words)
        finally:
            gc.set_threshold(*thresholds)
            for number, handler in handlers.items():
                if signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
        for stream in (out, err):
            stream.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


def command(*arguments: str | Path) -> list[str]:
    """The words of a process that runs `mnist-tui`."""
    return [sys.executable, "-W", "error", "-m", "tui", *map(str, arguments)]


def environment(**changes: str | None) -> dict[str, str]:
    """Variables for a command: ours, less those that change its output, and these changes.

    BLAS gets one thread. A variable whose value is None is not set.
    """
    variables = {
        **os.environ,
        **dict.fromkeys(CHANGING_OUTPUT),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {name: value for name, value in (variables | changes).items() if value is not None}


def refused(result: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one line a refused command wrote, and nothing else, with this exit code."""
    assert (result.returncode, result.stdout) == (code, ""), result
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("mnist-tui: error: "), lines
    return lines[0].removeprefix("mnist-tui: error: ")


class Process(subprocess.Popen[str]):
    """A command with pipes, which can be interrupted and is killed when the test ends."""

    def __init__(self, *arguments: str | Path, **options: Any) -> None:
        options = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "stdin": subprocess.PIPE,
        } | options
        super().__init__(
            command(*arguments),
            env=environment(),
            text=True,
            # A test run in the background inherits SIGINT ignored, which the command would respect.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **options,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        super().__exit__(kind, error, traceback)

    def read_until(self, event: str) -> list[str]:
        """The lines of standard output up to the first event of that name."""
        assert self.stdout is not None
        lines = []
        for line in self.stdout:
            lines.append(line)
            if json.loads(line)["event"] == event:
                return lines
        raise AssertionError(f"ended without {event}: {lines}")
