"""How long the steps of a run take, beside the shortest of them."""

from __future__ import annotations

import math

MUCH_SLOWER = 4.0
"""The mean step, in units of the shortest, from which on another engine is worth a try."""
_WARM_UP = 10  # steps in which memory is touched for the first time, and processes start
_LEAST = 100  # steps to judge by
_LONGEST = 50
"""What one step counts at most, in units of the shortest: a suspension is no slow machine."""


class Pace:
    """The time of steps of equal batches, judged over the epochs since the last judgement."""

    def __init__(self) -> None:
        self._shortest, self._warm_up = math.inf, _WARM_UP
        self._steps, self._seconds = 0, 0.0

    def add(self, seconds: float) -> None:
        """Take in how long a step took."""
        if seconds < self._shortest:
            self._shortest = seconds
        if self._warm_up:
            self._warm_up -= 1
            return
        longest = _LONGEST * self._shortest
        self._steps += 1
        self._seconds += seconds if seconds < longest else longest

    def slowdown(self) -> float:
        """The mean step in units of the shortest; 0 while the steps are too few to tell.

        The next call judges the steps after this one, against the shortest of all.
        """
        steps, seconds = self._steps, self._seconds
        if steps < _LEAST or not self._shortest:
            return 0.0
        self._steps, self._seconds = 0, 0.0
        return seconds / steps / self._shortest
