"""Whether the best setting is better than another one, or was only luckier with its seeds.

Seed s of every setting starts from the same random streams and holds out the same images, so that
runs are compared in pairs (`nn.analysis.paired`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nn.analysis.paired import PairedDifference, paired_difference
from tui.sweeps.schedule import Trial, ranking
from tui.sweeps.space import describe
from tui.sweeps.spec import SweepSpec

_MOST = 5  # settings that the best one is compared with


@dataclass(frozen=True, slots=True)
class Comparison:
    """The objective of one trial less that of another, over the seeds that both have."""

    better: Trial
    other: Trial
    difference: PairedDifference


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
    found = paired_difference(differences)
    return None if found is None else Comparison(better, other, found)


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
    best, pairs = found[0].better, found[0].difference.pairs
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
    difference = each.difference
    ends = difference.interval
    low, high = ends if spec.objective == "accuracy" else ends[::-1]
    return (
        f"  trial {each.other.number:<4} {_signed(difference.mean, spec)}"
        f"  [{_signed(low, spec)}, {_signed(high, spec)}]"
        f"  {'better' if difference.decided else 'undecided'}  {describe(each.other.setting)}"
    )


def _signed(value: float, spec: SweepSpec) -> str:
    return f"{100 * value:+.2f}" if spec.objective == "accuracy" else f"{-value:+.4f}"
