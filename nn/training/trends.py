"""What losses do over time: batches far above guessing, and a validation loss that turns."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from nn.events import StepCompleted

# How long a loss has to be high: large initial weights have it fall for some tens of steps.
_STEPS, _EVENTS = 100, 4
_AT_CHANCE = 0.97  # a loss against that of chance, from which nothing is learned
_EXPLODED = 10.0  # the same, far above it
_OVERFIT, _OVERFITS = 1.1, 3  # validation loss against its lowest, and evaluations in a row


@dataclass
class BatchLosses:
    """The latest losses of batches, of events in a row that are not below the loss of chance."""

    chance: float
    _latest: deque[tuple[int, float]] = field(default_factory=deque)

    def add(self, event: StepCompleted) -> None:
        """Take in the next loss; one below that of chance makes the earlier ones forgotten."""
        latest = self._latest
        if not event.loss > _AT_CHANCE * self.chance:
            latest.clear()
            return
        latest.append((event.step, event.loss))
        while len(latest) > _EVENTS and event.step - latest[1][0] >= _STEPS:
            latest.popleft()

    @property
    def guessing(self) -> bool:
        """Whether the network has guessed, or worse, for many steps."""
        latest = self._latest
        return len(latest) >= _EVENTS and latest[-1][0] - latest[0][0] >= _STEPS

    @property
    def exploded(self) -> bool:
        """Whether all losses of many steps are far above that of chance, and do not fall."""
        if not self.guessing:
            return False
        losses, half = [loss for _, loss in self._latest], len(self._latest) // 2
        return min(losses) > _EXPLODED * self.chance and (
            math.fsum(losses[-half:]) >= math.fsum(losses[:half])
        )


@dataclass
class ValidationLosses:
    """Follows the validation loss, to see when it turns.

    Attributes:
        lowest: The lowest so far.
    """

    lowest: float = math.inf
    _rising: int = 0

    def turns(self, loss: float, train_loss: float) -> bool:
        """Take in the next losses; whether this one rises while that of training goes on falling.

        That of training counts as falling as long as it is below the lowest validation loss.
        """
        lowest = self.lowest
        self._rising = self._rising + 1 if loss > _OVERFIT * lowest else 0
        self.lowest = min(lowest, loss)
        return self._rising >= _OVERFITS and train_loss < lowest
