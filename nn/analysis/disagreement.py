"""Two networks compared image by image, and whether the difference may be chance.

McNemar's test looks only at the images on which exactly one of two networks is right: b of them go
to the first, c to the second. Were both equally good, each of these n = b + c images would go to
either one like the toss of a coin, so b would be binomial with n and 1/2. The p value is the
probability of a split that is at least as uneven:

    p = min(1, 2 sum_{k=0}^{min(b,c)} C(n, k) / 2^n)

It is exact for every n, where the chi-square form (b - c)^2 / (b + c) is an approximation. It
speaks of the images that happened to be drawn, not of the seed that a network was trained with;
for that, networks of several seeds are compared (`nn.analysis.paired`).

Sources: McNemar, "Note on the sampling error of the difference between correlated proportions or
percentages", Psychometrika 12 (1947); Dietterich, "Approximate statistical tests for comparing
supervised classification learning algorithms", Neural Computation 10 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.arrays import Array


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Which images two networks classify rightly: both, only the first or second one, or neither.

    Each field holds the indices of the images, rising.
    """

    both: tuple[int, ...]
    first_only: tuple[int, ...]
    second_only: tuple[int, ...]
    neither: tuple[int, ...]

    @property
    def total(self) -> int:
        """The number of images."""
        return len(self.both) + len(self.first_only) + len(self.second_only) + len(self.neither)

    @property
    def accuracy_difference(self) -> float:
        """The accuracy of the second network less that of the first; NaN without images."""
        gained = len(self.second_only) - len(self.first_only)
        return gained / self.total if self.total else float("nan")

    @property
    def p_value(self) -> float:
        """The p value of McNemar's exact test."""
        return mcnemar(len(self.first_only), len(self.second_only))


def disagreement(first: Array, second: Array, labels: Array) -> Disagreement:
    """Compare the classes that two networks predict for the same images, each of shape (n,)."""
    a, b = first == labels, second == labels
    both, first_only, second_only, neither = (
        tuple(np.flatnonzero(chosen).tolist()) for chosen in (a & b, a & ~b, b & ~a, ~a & ~b)
    )
    return Disagreement(both, first_only, second_only, neither)


def mcnemar(first_only: int, second_only: int) -> float:
    """The two-sided p value of McNemar's exact test, 0 to 1; 1 where the networks never differ.

    The counts are those of the images that only the first and only the second network gets right.
    The sum is one of integers, so nothing is rounded before the last division.
    """
    n = first_only + second_only
    term = total = 1
    for k in range(min(first_only, second_only)):
        term = term * (n - k) // (k + 1)
        total += term
    share: float = 2 * total / 2**n
    return min(1.0, share)
