"""Where runs are saved: --runs-dir, else MNIST_TUI_RUNS_DIR, else the user's data folder."""

from __future__ import annotations

import re
from pathlib import Path

from nn.errors import StorageError
from tui.system.data_folder import VARIABLE, default_runs_folder
from tui.system.shell import command_line


def runs_folder(typed: Path | None = None) -> Path:
    """The folder of all runs, which may not exist; raises `StorageError` where there is no home."""
    if typed is not None:
        return typed.absolute()
    folder = default_runs_folder()
    if folder is None:
        raise StorageError(f"no home folder to save runs in; set {VARIABLE} or type --runs-dir")
    return folder


def reference(run: Path) -> str:
    """The word for a run on the command line: its name in the default folder, else its path."""
    try:
        return run.name if run.parent == runs_folder() else str(run)
    except StorageError:
        return str(run)


def resume_command(run: Path) -> str:
    """The command that goes on with a run."""
    return command_line(["mnist-tui", "--headless", "--resume", reference(run)])


def display_name(name: str) -> str:
    """A run's name with its label in front of its date: `two-layer-net 20261121-194501`."""
    dated = re.fullmatch(r"(\d{8}-\d{6})-(.+)", name)
    return f"{dated[2]} {dated[1]}" if dated else name
