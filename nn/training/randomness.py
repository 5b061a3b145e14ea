"""Random streams: one for each use of randomness, so that none depends on what another drew."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a random stream is for; the comment names the further keys of the stream."""

    INITIALIZATION = 0
    SPLIT = 1
    ORDER = 2  # number of the epoch, from 0
    DROPOUT = 3  # number of updates made, and rank of the process
    AUGMENTATION = 4  # number of updates made
    NOISE = 5  # nothing for the table of numbers; number of updates made, for the places in it


def stream(seed: int, *key: int) -> np.random.Generator:
    """The stream of a run's seed and a key: a `Stream`, and what its comment there names.

    Two different keys give independent streams, the same key always the same stream.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
