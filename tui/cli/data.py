"""Reading the data of a command, and stating what was recognized."""

from __future__ import annotations

import sys

from nn.data.dataset import Dataset
from tui.images.datasets import load_dataset


def load_and_tell(data_dir: str) -> Dataset:
    """The dataset, with a line on standard error where it is not the embedded one."""
    dataset = load_dataset(data_dir)
    tell(dataset)
    return dataset


def tell(dataset: Dataset) -> None:
    """State on standard error what was recognized, of the embedded dataset nothing."""
    if dataset.remark:
        sys.stderr.write(f"{dataset.remark}\n")
        sys.stderr.flush()
