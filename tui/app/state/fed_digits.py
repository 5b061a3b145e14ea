"""Digits as a network is fed them: deskewed, and in training warped at random."""

from __future__ import annotations

import itertools

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.augmentation import Augmentation
from nn.data.dataset import Split
from nn.network.predictor import Predictor


def fed_words(config: TrainConfig, *, training: bool) -> str:
    """What is done to an image before its pixels are scaled."""
    done = ["deskewed"] if config.deskew else []
    if config.augments:
        done.append("warped at random" if training else "and warped only in training")
    if config.preprocessing == "edges":
        done.append("its edges in eight directions")
    return ", ".join(done) or "with the pixels that it has"


WARPS = 3  # that are shown of a training image, one after the other


class FedDigits:
    """Makes the pictures; a training image is warped anew each time that another one was asked for.

    The warps are of the kind that training draws, not those that a step of this run has drawn.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._seed, self._index = 0, -1
        self.warp = 1  # of `WARPS`

    def turn(self) -> None:
        """Warp the present image in another way."""
        self.warp += 1
        self._index = -1

    def picture(self, split: Split, index: int, predictor: Predictor, *, training: bool) -> Array:
        """The image as it is scaled to inputs, (rows, columns), uint8."""
        preprocessor, config = predictor.preprocessor, predictor.config
        image = preprocessor.fed(split.images[index : index + 1])
        if training and config.augments:
            paper = 255 if preprocessor.bright_paper else 0
            augmentation = Augmentation(config, split.spec.shape, paper=paper)
            if self._index != index:
                self._seed, self._index = next(self._numbers), index
            rng = np.random.default_rng(self._seed)
            image = np.rint(augmentation.warped(image, rng=rng)).astype(np.uint8)
        return preprocessor.pictured(image).reshape(split.spec.shape)
