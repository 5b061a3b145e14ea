"""A stage of a training step: an array with its formula, and each element as the sum that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from nn.arrays import Array

Part = Literal["forward", "backward", "update"]
Index = tuple[int, ...]


class Term(NamedTuple):
    """A term of a sum: in symbols, in numbers, and its value."""

    symbols: str
    numbers: str
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """An element as the sum that it is: `values` (terms,) add up to it, `term(k)` is the k-th."""

    formula: str
    values: Array
    term: Callable[[int], Term]

    @property
    @np.errstate(all="ignore")
    def total(self) -> float:
        """The sum of all terms."""
        return float(self.values.sum())

    @np.errstate(all="ignore")
    def largest(self, count: int) -> tuple[list[Term], int, float]:
        """The `count` terms of the largest magnitude, in their order in the sum.

        Also returns how many of the other terms are not 0, and the sum of these.
        """
        magnitudes = np.nan_to_num(np.abs(self.values), nan=np.inf)
        order = np.argsort(-magnitudes, kind="stable")
        chosen, rest = np.sort(order[:count]), self.values[order[count:]]
        return [self.term(int(k)) for k in chosen], int(np.count_nonzero(rest)), float(rest.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One array of a step.

    `axes` names what each dimension of `array` runs along: "image", "pixel", "unit 1" for the first
    hidden layer, and so on, or "class". `parameter` is the name of the weights or biases that the
    elements of a gradient or an update belong to, and else empty. `sums` computes what `write`
    returns.
    """

    name: str
    part: Part
    formula: str
    shapes: str
    meaning: str
    array: Array
    axes: tuple[str, ...]
    parameter: str
    sums: Callable[[Index], Written]

    @np.errstate(all="ignore")  # numbers of a walk that diverged are shown as they are
    def write(self, index: Index) -> Written:
        """An element as the sum that it is; a scalar has the index ()."""
        return self.sums(index)


def single_term(element: str, symbols: str, numbers: str, value: float) -> Written:
    """An element that is one term."""
    term = Term(symbols, numbers, value)
    return Written(f"{element} = {symbols}", np.array([value]), lambda k: term)


def shape_text(array: Array) -> str:
    """`(5,784)`."""
    return "(" + ",".join(map(str, array.shape)) + ")"


def index_text(index: Index) -> str:
    """`2,17`."""
    return ",".join(map(str, index))


def number_text(value: float) -> str:
    """A number with four significant digits."""
    return f"{value:.4g}"


def product_text(left: float, right: float) -> str:
    """Two factors, the second in parentheses where it is below zero."""
    right_text = f"({right:.4g})" if right < 0 else f"{right:.4g}"
    return f"{left:.4g} * {right_text}"
