"""What a network says of one digit, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nn.data.dataset import Split
from nn.spec import MNIST, DataSpec
from tui.app.state.shown_run import Snapshot

DIVERGED = "the network has diverged"
"""Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One snapshot's prediction of a digit; `rank` is that of the true class, 1 the highest."""

    label: int
    predicted: int
    probabilities: tuple[float, ...]
    loss: float
    rank: int
    spec: DataSpec = MNIST

    @property
    def wrong(self) -> bool:
        """Whether it is a mistake."""
        return self.predicted != self.label

    @property
    def answered(self) -> bool:
        """Whether the network says anything: the outputs of one that diverged are no numbers."""
        return math.isfinite(self.probabilities[self.predicted])

    @property
    def seen(self) -> str:
        """The digit and the prediction in a few words: `a 3, seen as 8, 97.2%`."""
        names = self.spec.names
        shown = names[self.label] if self.spec.has_names else f"a {names[self.label]}"
        if not self.answered:
            return f"{shown}, no answer"
        return f"{shown}, seen as {names[self.predicted]}, {self.probabilities[self.predicted]:.1%}"

    def words(self, *, short: bool) -> str:
        """Two lines on it."""
        if not self.answered:
            name = f"label {self.spec.names[self.label]}"
            return f"{name}\nno answer" if short else f"no answer, {name}\n{DIVERGED}"
        rank = ordinal(self.rank)
        predicted, label = self.predicted, self.label
        if not short and self.spec.has_names:
            said = f"{self.spec.names[predicted]}: "
            said += f"mistake for {self.spec.names[label]}" if self.wrong else "correct"
            return f"predicted {said}\nloss {self.loss:.4g}, the label ranks {rank}"
        said = f"{predicted}, label {label}"
        if short:
            return f"{said}{'  !' if self.wrong else ''}\nloss {self.loss:.3g} {rank}"
        right = "mistake" if self.wrong else "correct"
        return f"predicted {said}: {right}\nloss {self.loss:.4g}, the label ranks {rank}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, ... 11th, ... 21st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number // 10 % 10 == 1 else ending}"


def verdict(snapshot: Snapshot, split: Split, index: int) -> Verdict:
    """The prediction of one digit by a snapshot."""
    judged = snapshot.predictor.predict(split[index : index + 1])
    label, predicted = int(split.labels[index]), int(judged.predicted[0])
    probabilities = judged.probabilities[0]
    rank = 1 + int(np.count_nonzero(probabilities > probabilities[label]))
    if predicted != label:
        rank = max(rank, 2)  # equal probabilities of unequal outputs
    shares, loss = tuple(probabilities.tolist()), float(judged.losses[0])
    return Verdict(label, predicted, shares, loss, rank, split.spec)
