"""Fixtures of the choice of processes and threads."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.data.dataset import Dataset, Split


@pytest.fixture
def nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No choice of processes and threads was made before."""
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))


@pytest.fixture
def dataset(tiny: Dataset) -> Dataset:
    """As many training images as MNIST has."""
    again = Split(tiny.train.images.repeat(500, axis=0), tiny.train.labels.repeat(500))
    return Dataset(again, tiny.test, "tiny", tiny.sha256)
