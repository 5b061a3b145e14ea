"""Random streams: every use of randomness has one of its own, so that none depends on how much another drew."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a random stream is for."""

    INITIALIZATION = 0
    SPLIT = 1
    ORDER = 2  # and the epoch's number, from 0
    DROPOUT = 3  # and the process's rank, but for the first


def stream(seed: int, *key: int) -> np.random.Generator:
    """The stream of a run's seed, a `Stream`, and what tells it apart from others of the kind."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
