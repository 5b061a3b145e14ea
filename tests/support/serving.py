"""`mnist-tui serve` as its user starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE = 90  # seconds: for a busy machine, not a requirement


class Serving:
    """A server as its user starts it."""

    def __init__(self, folder: Path, *flags: str, **variables: str) -> None:
        self.runs = folder / "runs"
        self.port = _free_port()
        environment = os.environ | {"MNIST_TUI_RUNS_DIR": str(self.runs), "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", "serve", "--port", str(self.port), *flags],
            env=environment | {"OPENBLAS_NUM_THREADS": "1"} | variables,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.greeting = "".join(self.process.stderr.readline() for _ in range(4))
        limit = time.monotonic() + PATIENCE
        while not _answers(self.port):  # the greeting is told before the server listens
            assert time.monotonic() < limit, "the server does not listen"
            time.sleep(0.02)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def records(self) -> list[dict[str, Any]]:
        """The records of all runs that were saved."""
        return [json.loads(file.read_text()) for file in self.runs.glob("*/run.json")]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
