"""Data for the tests of `nn`: the embedded MNIST, and a small part of it that trains in no time."""

from __future__ import annotations

import pytest

from nn.data.dataset import Dataset, load_dataset


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    """300 training and 200 test images."""
    return Dataset(mnist.train[:300], mnist.test[:200], "small", mnist.sha256)
