"""The rungs of successive halving and the sizes of Hyperband's brackets, as numbers alone.

Sources: Jamieson & Talwalkar, "Non-stochastic best arm identification and hyperparameter
optimization", AISTATS 2016; Li et al., "Hyperband", JMLR 18 (2018).
"""

from __future__ import annotations

import math

_FACTOR = 3  # a rung keeps one third of its trials, for three times as many epochs


def kept(trials: int) -> int:
    """How many of so many trials a rung keeps: a third, at least one."""
    return max(1, trials // _FACTOR)


def rungs_of(epochs: int, trials: int) -> tuple[int, ...]:
    """Epochs after which so many trials are compared, by factors of three; the last is `epochs`."""
    if trials < _FACTOR or epochs < _FACTOR:
        return (epochs,)
    levels = min(_whole_log(epochs), _whole_log(trials))
    return tuple(max(1, round(epochs / _FACTOR**level)) for level in range(levels, -1, -1))


def bracket_sizes(trials: int, brackets: int) -> list[int]:
    """How many of the trials each bracket has, of which the first begins with the fewest epochs.

    Hyperband with largest level L gives bracket s = L, ..., 0 trials in the proportion of
    3^s (L + 1) / (s + 1), so that each bracket costs about the same; it begins with R / 3^s of R
    epochs. Each bracket has at least one trial.
    """
    weights = [_FACTOR**s / (s + 1) for s in range(max(1, brackets) - 1, -1, -1)]
    left, sizes = trials, []
    for place, weight in enumerate(weights):
        after = len(weights) - place - 1
        size = round(left * weight / sum(weights[place:]))
        sizes.append(min(max(1, size), left - after))
        left -= sizes[-1]
    return sizes


def _whole_log(number: int) -> int:
    return int(math.log(number, _FACTOR) + 1e-9)
