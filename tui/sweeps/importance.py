"""How much each varied field matters: the share of the objective's variance that it alone explains.

For a field, the trials are put into groups of near-equal values. With the group means m_g of n_g
trials and the mean m of all N, the share is sum_g n_g (m_g - m)^2 / sum_i (v_i - m)^2, less what
chance gives, (G - 1) / (N - 1), at least 0. That is the adjusted form of the correlation ratio
(Fisher 1925); interactions between fields are not seen by it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn.arrays import Array
from tui.sweeps.schedule import Trial, comparable
from tui.sweeps.space import Range
from tui.sweeps.spec import SweepSpec

_GROUPS = 4  # of a range: quarters with as many trials each


def importances(trials: Sequence[Trial], spec: SweepSpec) -> dict[str, float] | None:
    """The share of each field, from 0 to 1; None for fewer than eight trials with a result.

    A field each of whose values one trial has is left out: chance would explain as much.
    """
    found = comparable(trials, spec)
    if len(found) < 2 * _GROUPS:
        return None
    known = [trial for trial, _ in found]
    scores = np.array([value for _, value in found])
    shares = {}
    for dimension in spec.space.dimensions:
        column = [trial.setting[dimension.field] for trial in known]
        if isinstance(dimension, Range):
            ranks = np.argsort(np.argsort(np.array(column, float), kind="stable"))
            groups: Array = ranks * _GROUPS // len(known)
        else:
            groups = np.array([dimension.values.index(value) for value in column])
        if len(np.unique(groups)) < len(known):
            shares[dimension.field] = _share(scores, groups)
    return shares


def _share(scores: Array, groups: Array) -> float:
    """The adjusted correlation ratio."""
    total = float(((scores - scores.mean()) ** 2).sum())
    if total == 0:
        return 0.0
    kinds = np.unique(groups)
    between = sum(
        float((groups == g).sum() * (scores[groups == g].mean() - scores.mean()) ** 2)
        for g in kinds
    )
    chance = (len(kinds) - 1) / (len(scores) - 1)
    return float(max(0.0, (between / total - chance) / (1 - chance)))
