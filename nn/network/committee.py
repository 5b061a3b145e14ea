"""Several networks that answer together, perhaps on shifted copies of each image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from nn.arrays import Array
from nn.network.predictor import Predictor

MAX_SHIFT = 3  # pixels; 49 copies of an image
_LEAST = 1e-30  # a probability whose logarithm is finite in float32


class Committee(Predictor):
    """Predicts the mean p of what m members answer for c copies of an image.

    With q_ij the `probabilities` of member i for copy j, one number for each class,

        p = 1/(m c) sum_ij q_ij / |q_ij|, |q| = sum_k q_k.

    |q| is 1 for softmax. Sigmoids and squared errors have any sum, by which a member would else
    count for more than another, and p would be no distribution over the classes.

    The copies are moved by every whole number of pixels up to `shift` down and across, so that c =
    (2 shift + 1)^2; they are moved after deskewing, which would move them back. Ciresan, Meier,
    Gambardella and Schmidhuber, "Convolutional neural network committees for handwritten character
    classification", ICDAR 2011 (committees of MLPs: arXiv 1103.4487) average members likewise;
    averages over copies are those of Krizhevsky, Sutskever and Hinton, NIPS 2012, section 4.1.

    `outputs` are log p, so that everything else is that of a network with cross-entropy, which
    `config` names: `probabilities` is p, and a loss is -log p of the target. Else `config`, `model`
    and `preprocessor` are those of the first member.
    """

    def __init__(self, members: Sequence[Predictor], *, shift: int = 0) -> None:
        """Raises `ValueError` for members that take other images or know other classes."""
        first = members[0]
        for member in members:
            if len(member.members) > 1:
                raise ValueError("is a committee itself; name its members")
            if member.spec != first.spec or _form(member) != _form(first):
                raise ValueError("takes other images, or knows other classes, than the first")
        if not 0 <= shift <= MAX_SHIFT:
            raise ValueError(f"copies are shifted by 0 to {MAX_SHIFT} pixels, not {shift}")
        config = replace(
            first.config,
            loss="cross-entropy",
            output_activation="identity",
            label_smoothing=0.0,
        )
        super().__init__(config, first.model, first.preprocessor, first.spec)
        self._members, self.shift = tuple(members), shift

    @property
    def members(self) -> tuple[Predictor, ...]:
        return self._members

    @property
    def copies(self) -> int:
        """The number of copies of an image."""
        return (2 * self.shift + 1) ** 2

    @property
    def kind(self) -> str:
        parts = []
        if len(self.members) > 1:
            parts.append(f"committee of {len(self.members)}")
        if self.shift:
            pixels = "pixel" if self.shift == 1 else "pixels"
            parts.append(f"mean of {self.copies} copies shifted by up to {self.shift} {pixels}")
        return ", ".join(parts)

    def snapshot(self) -> Predictor:
        return Committee([member.snapshot() for member in self.members], shift=self.shift)

    def on_data(self, data_dir: str) -> Predictor:
        return Committee([member.on_data(data_dir) for member in self.members], shift=self.shift)

    def outputs(self, images: Array) -> Array:
        total = np.zeros((len(images), self.spec.classes))
        for member in self.members:
            fed = member.preprocessor.fed(images)
            for copy in self._copies(fed):
                total += member.distribution_of_fed(copy)
        total /= len(self.members) * self.copies
        outputs: Array = np.log(np.maximum(total, _LEAST)).astype(self.config.dtype)
        return outputs

    def _copies(self, images: Array) -> Iterator[Array]:
        """The images moved in every way; what is moved in from beyond the edge is paper."""
        if not self.shift:
            yield images
            return
        rows, columns = self.spec.shape
        paper, margin = 255 if self.preprocessor.bright_paper else 0, self.shift
        squares = images.reshape(-1, rows, columns)
        edges = ((0, 0), (margin, margin), (margin, margin))
        padded = np.pad(squares, edges, constant_values=paper)
        for down in range(2 * margin + 1):
            for across in range(2 * margin + 1):
                moved = padded[:, down : down + rows, across : across + columns]
                yield moved.reshape(images.shape)


def _form(predictor: Predictor) -> tuple[bool, bool]:
    return predictor.preprocessor.centred, predictor.preprocessor.bright_paper
