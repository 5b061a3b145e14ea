"""The network that is part of the package, so that pictures are read without training one first.

`make_shipped.py` trained it; README.md has its figures and the hash of its file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from nn.network.predictor import Predictor
from nn.storage.model_file import read_model

NAME = "shipped"
"""What `--model` and `--init-from` call it."""
FILE = Path(__file__).with_name("shipped.npz")


@cache
def shipped_model() -> Predictor:
    """The network of the package; raises `StorageError` where its file is missing or damaged."""
    return read_model(FILE)
