"""How an array that a learner's code computed differs from the reference."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nn.arrays import Array
from tui.checking.reference import Problem

TOLERANCE = 2e-4
"""Relative to the largest element: an epsilon in the logarithm and float32 stay below it."""


def close(got: Array, want: Array) -> bool:
    """Whether two arrays have one shape and agree but for rounding."""
    if got.shape != want.shape or not np.issubdtype(got.dtype, np.number):
        return False
    finite = np.isfinite(want)
    if not np.array_equal(finite, np.isfinite(got)):
        return False
    scale = float(np.max(np.abs(want[finite]), initial=0.0)) + 1e-12
    return bool(np.all(np.abs(got[finite] - want[finite]) <= TOLERANCE * scale))


def outcome_matches(name: str, got: Array, arrays: Mapping[str, Array], problem: Problem) -> bool:
    """Whether an outcome is right.

    A forward pass may return logits or probabilities. Of an update the change is compared, which is
    small beside the parameters.
    """
    if name == "y" and "a2" in arrays and close(got, arrays["a2"]):
        return True
    if name not in arrays:
        return False
    got, want = np.asarray(got, float), np.asarray(arrays[name], float)
    if name.startswith("new ") and got.shape == want.shape:
        before = problem.parameters[name.removeprefix("new ")]
        got, want = got - before, want - before
    return close(got, want)


def departure(name: str, got: Array, want: Array, *, images: int = 0) -> str:
    """How an array departs from the reference: shape, transposition, factor, sign, axis, values.

    A factor that is the number of `images` in the batch is one of an average.
    """
    got, want = np.asarray(got, float), np.asarray(want, float)
    if not np.isfinite(got).all():
        return f"{name} contains numbers that are not finite (NaN or infinity)."
    if got.shape != want.shape:
        if got.ndim == 2 and got.T.shape == want.shape:
            same = (
                "and is the transpose" if close(got.T, want) else "and its numbers differ as well"
            )
            return f"{name} has the shape {got.shape}, expected {want.shape}, {same}."
        return f"{name} has the shape {got.shape}, expected {want.shape}."
    if not got.any():
        return f"{name} is zero everywhere."
    scale = np.abs(want) > 1e-9 * np.max(np.abs(want), initial=1e-300)
    ratios = got[scale] / want[scale]
    if ratios.size and np.ptp(ratios) <= 1e-3 * abs(float(np.median(ratios))) + 1e-12:
        factor = float(np.median(ratios))
        if abs(factor + 1) < 1e-3:
            return f"{name} has the wrong sign."
        kind = "large" if abs(factor) > 1 else "small"
        size = abs(factor) if abs(factor) > 1 else 1 / max(abs(factor), 1e-300)
        sign = " and of the wrong sign" if factor < 0 else ""
        times = f"{name} is {size:.6g} times too {kind}{sign} in every element"
        if images > 1 and abs(size / images - 1) < 1e-3:
            what = "not averaged" if kind == "large" else "averaged twice"
            return f"{times}, the number of images in the batch: it is {what}."
        return f"{times}."
    difference = got - want
    if difference.ndim == 2 and close(difference, np.broadcast_to(difference[0], difference.shape)):
        return (
            f"{name} differs from the reference by the same row in every image: a term is missing"
            " or too much."
        )
    if got.shape == want.shape and close(np.sort(got, axis=0), np.sort(want, axis=0)):
        return f"{name} has the right numbers in another order of its rows."
    worst = np.unravel_index(int(np.argmax(np.abs(difference))), difference.shape)
    at = ", ".join(map(str, worst))
    return (
        f"{name} departs from the reference by up to {float(np.max(np.abs(difference))):.3g}"
        f" (at [{at}]: {got[worst]:.6g}, expected {want[worst]:.6g})."
    )
