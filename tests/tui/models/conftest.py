"""The digits by which a network is guessed."""

from __future__ import annotations

import pytest

from nn.data.dataset import Dataset


@pytest.fixture(scope="module")
def digits(mnist: Dataset) -> Dataset:
    """Enough digits to learn from and to guess by."""
    return Dataset(mnist.train[:4000], mnist.test[:1000], mnist.name, mnist.sha256)
