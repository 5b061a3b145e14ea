"""Whether the best setting is better than another one, or was only luckier with its seeds.

Seed s of every setting starts from the same random streams and holds out the same images, so that
runs are compared in pairs. With the differences d_s of n seeds, their mean m and their sample
standard deviation S, the interval is m ± t S / sqrt(n), where t is the 97.5% quantile of Student's
distribution with n - 1 degrees of freedom: it holds the true mean difference in 95 of 100 cases.

Source: Dietterich, "Approximate statistical tests for comparing supervised classification learning
algorithms", Neural Computation 10 (1998); "Student", "The probable error of a mean", 1908.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tui.sweeps.schedule import Trial, ranking
from tui.sweeps.space import describe
from tui.sweeps.spec import SweepSpec

# The 97.5% quantile for 1 to 30 degrees of freedom.
_QUANTILES = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_MOST = 5  # settings that the best one is compared with


@dataclass(frozen=True, slots=True)
class Comparison:
    """The objective of one trial less that of another, over `pairs` seeds: mean and half width."""

    better: Trial
    other: Trial
    pairs: int
    mean: float
    half_width: float

    @property
    def decided(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return abs(self.mean) > self.half_width


def quantile(freedom: int) -> float:
    """Student's 97.5% quantile; above 30 degrees of freedom to within 0.001."""
    if freedom <= len(_QUANTILES):
        return _QUANTILES[freedom - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def compare(better: Trial, other: Trial, spec: SweepSpec) -> Comparison | None:
    """Two trials after as many epochs; None where they have no two seeds in common there."""
    epochs = max(set(_epochs_of(better, spec)) & set(_epochs_of(other, spec)), default=None)
    if spec.seeds < 2 or epochs is None:
        return None
    differences = []
    for seed in range(spec.seeds):
        first = better.results[better.rungs.index(epochs), seed].value(spec.objective)
        second = other.results[other.rungs.index(epochs), seed].value(spec.objective)
        differences.append(first - second)
    mean = sum(differences) / len(differences)
    if not math.isfinite(mean):
        return None
    variance = sum((each - mean) ** 2 for each in differences) / (len(differences) - 1)
    half_width = quantile(len(differences) - 1) * math.sqrt(variance / len(differences))
    return Comparison(better, other, len(differences), mean, half_width)


def _epochs_of(trial: Trial, spec: SweepSpec) -> list[int]:
    """The rungs, in epochs, that all seeds of a trial have come to."""
    return [
        epochs
        for rung, epochs in enumerate(trial.rungs)
        if trial.value(rung, spec.seeds, spec.objective) is not None
    ]


def comparisons(trials: Sequence[Trial], spec: SweepSpec) -> list[Comparison]:
    """The best trial against those that come next."""
    ranked = ranking(trials, spec)
    if len(ranked) < 2:
        return []
    found = (compare(ranked[0], other, spec) for other in ranked[1 : _MOST + 1])
    return [each for each in found if each is not None]


def comparison_text(trials: Sequence[Trial], spec: SweepSpec) -> str:
    """The comparisons as lines; empty where settings have one seed only."""
    found = comparisons(trials, spec)
    if not found:
        return ""
    best, pairs = found[0].better, found[0].pairs
    what = "percentage points of accuracy" if spec.objective == "accuracy" else "loss"
    head = (
        f"trial {best.number} less each of the next, over {pairs} seeds in pairs:\n"
        f"mean difference in {what}, 95% interval"
    )
    foot = (
        "  Each interval is of one comparison, and the best of many settings was partly\n"
        "  lucky: confirm a close one with other seeds."
    )
    return "\n".join((head, *(_line(each, spec) for each in found), foot)) + "\n"


def _line(each: Comparison, spec: SweepSpec) -> str:
    ends = (each.mean - each.half_width, each.mean + each.half_width)
    low, high = ends if spec.objective == "accuracy" else ends[::-1]
    return (
        f"  trial {each.other.number:<4} {_signed(each.mean, spec)}"
        f"  [{_signed(low, spec)}, {_signed(high, spec)}]"
        f"  {'better' if each.decided else 'undecided'}  {describe(each.other.setting)}"
    )


def _signed(value: float, spec: SweepSpec) -> str:
    return f"{100 * value:+.2f}" if spec.objective == "accuracy" else f"{-value:+.4f}"
