"""The mean difference of two settings that were trained with the same seeds, with its interval.

Seed s of both settings starts from the same random streams, so their results are compared in pairs.
With the differences d_s of n seeds, their mean m and their sample standard deviation S, the
interval is m ± t S / sqrt(n), where t is the 97.5% quantile of Student's distribution with n - 1
degrees of freedom: it holds the true mean difference in 95 of 100 cases.

Sources: Dietterich, "Approximate statistical tests for comparing supervised classification learning
algorithms", Neural Computation 10 (1998); "Student", "The probable error of a mean", 1908.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# The 97.5% quantile for 1 to 30 degrees of freedom.
_QUANTILES = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The mean of the differences of `pairs` pairs, and half the width of its 95% interval."""

    pairs: int
    mean: float
    half_width: float

    @property
    def interval(self) -> tuple[float, float]:
        """The lower and the upper end."""
        return self.mean - self.half_width, self.mean + self.half_width

    @property
    def decided(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return abs(self.mean) > self.half_width


def paired_difference(differences: Sequence[float]) -> PairedDifference | None:
    """The difference of two settings from those of each seed; None of fewer than two, or of NaN."""
    n = len(differences)
    if n < 2 or not all(map(math.isfinite, differences)):
        return None
    mean = math.fsum(differences) / n
    variance = math.fsum((each - mean) ** 2 for each in differences) / (n - 1)
    return PairedDifference(n, mean, student_quantile(n - 1) * math.sqrt(variance / n))


def student_quantile(freedom: int) -> float:
    """Student's 97.5% quantile; above 30 degrees of freedom to within 0.001."""
    if freedom <= len(_QUANTILES):
        return _QUANTILES[freedom - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
