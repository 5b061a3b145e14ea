"""A mistake that networks written by hand have: a wrong formula in the place of a right one.

A mistake is recognized by its numbers: the reference is evaluated with the wrong formula, and the
mistake is named where that gives what the learner's code gave. Nothing is read out of the learner's
source text.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui.checking.reference import Model, Steps


@dataclass(frozen=True)
class Mistake:
    """A named mistake: what is wrong in one sentence, the right formula, and the steps as they are
    computed instead.
    """

    name: str
    sentence: str
    formula: str
    replaced: Steps
    activations: tuple[str, ...] = ("sigmoid", "relu", "tanh")

    def applies_to(self, model: Model) -> bool:
        """Whether a network of this kind can have the mistake."""
        return model.activation in self.activations

    @property
    def step(self) -> str:
        """The first step that is wrong."""
        return next(iter(self.replaced))
