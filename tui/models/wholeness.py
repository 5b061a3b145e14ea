"""The network that tells one whole digit from a part of one, and from several that touch.

`tui.images.splitting` asks it where digits may touch. `make_wholeness.py` trained it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from nn.network.predictor import Predictor
from nn.storage.model_file import read_model

FILE = Path(__file__).with_name("wholeness.npz")


@cache
def wholeness_model() -> Predictor:
    """The network; raises `StorageError` where its file is missing or damaged."""
    return read_model(FILE)
