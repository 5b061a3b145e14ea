"""The home folder of a user of the application, its variables, and what is in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.monkey.process import MARK

ROOT = Path(__file__).parents[2]


def environment(home: Path) -> dict[str, str]:
    """Variables of a user with an empty home folder and nothing set."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        "MNIST_TUI_DEBUG": "1",
        MARK: f"{os.getpid()}-{time.monotonic_ns()}",
    }


def template_run(home: Path, variables: dict[str, str]) -> Path:
    """A finished run that is copied into the folder of runs, made once.

    Beside it a working directory with a model, and with a file that is none, to be opened by name.
    """
    root, work = home / "template", home / "work"
    if not root.exists():
        flags = ["--headless", "--quiet", "--limit=300", "--epochs=3", "--hidden=8"]
        command = [sys.executable, "-m", "tui", *flags, f"--runs-dir={root}"]
        subprocess.run(command, check=True, env=variables)
    run = next(path for path in root.iterdir() if path.is_dir())
    work.mkdir(exist_ok=True)
    shutil.copy(run / "best.npz", work / "model.npz")
    (work / "text.txt").write_text("This is no model.\n")
    return run
