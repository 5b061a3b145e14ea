"""Running a learner's file in a process of its own, with limits of time and memory.

The limits are there against accidents, not against malice: the file is executed with the rights of
the user. It gets a temporary folder as its working directory, no environment beyond what Python
needs, and no standard input.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nn.arrays import Array
from nn.parallel.thread_variables import THREAD_VARIABLES
from tui.system.python import python_command

MEMORY = 4 * 2**30
_PROGRAM = "from tui.checking.learner import main; main()"
# What an interpreter needs to start: the search path, and on Windows its system's folders.
_INHERITED = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


@dataclass(frozen=True)
class Observation:
    """What the learner's code computed, by name, and the facts of how it went: `stage` is how far
    it came.
    """

    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]


class TimedOutError(Exception):
    """The code did not come to its end in time; the message is how far it came."""


def observe(path: Path, request: Mapping[str, Array], *, seconds: float) -> Observation:
    """Execute a file and return what was seen; raises `TimedOutError`."""
    with tempfile.TemporaryDirectory(prefix="mnist-tui-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        np.savez(folder / "request.npz", allow_pickle=False, **request)
        environment = {key: os.environ[key] for key in _INHERITED if key in os.environ}
        environment |= dict.fromkeys(THREAD_VARIABLES, "1")
        environment |= {"HOME": name, "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}
        try:
            done = subprocess.run(
                python_command(_PROGRAM, str(path.resolve()), str(MEMORY)),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            stage = folder / "stage"
            raise TimedOutError(
                stage.read_text(encoding="utf-8") if stage.exists() else "start"
            ) from error
        result = folder / "result.json"
        if not result.exists():
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            reason = _ending(done.returncode)
            if lines:
                reason += f", after the message: {lines[-1][:300]}"
            return Observation({}, {"stage": "run", "error": "ended", "message": reason})
        with np.load(folder / "result.npz", allow_pickle=False) as arrays:
            return Observation(dict(arrays), json.loads(result.read_text(encoding="utf-8")))


def _ending(code: int) -> str:
    """How a process ended that left no result, from its exit code."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
