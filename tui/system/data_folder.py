"""Where this program keeps what it saves, unless a command line names another folder."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

VARIABLE = "MNIST_TUI_RUNS_DIR"


def default_runs_folder() -> Path | None:
    """The folder that MNIST_TUI_RUNS_DIR names, else that in the user's data folder.

    It may not exist. None stands for a user without a home.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    try:
        folder = user_data_path("mnist-tui") / "runs"
    except RuntimeError:
        return None
    # What platformdirs returns without a home depends on its version.
    return folder if folder.is_absolute() else None
