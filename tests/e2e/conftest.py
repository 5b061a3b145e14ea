"""A window to work in, where tmux is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tmux import Tmux, Window


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """Opens windows: `window(columns, rows, NAME=value, ...)`."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    opened: list[Tmux] = []

    def open_window(columns: int = 80, rows: int = 24, **environment: str) -> Tmux:
        folder = tmp_path / f"window{len(opened)}"
        folder.mkdir()
        home = {"MNIST_TUI_RUNS_DIR": str(tmp_path / "runs"), "OPENBLAS_NUM_THREADS": "1"}
        opened.append(Tmux(folder, columns, rows, **(home | environment)))
        return opened[-1]

    yield open_window
    for one in opened:
        one.close()
