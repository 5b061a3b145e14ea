"""A stage of a training step: an array with its formula, and each element as the sum that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from nn.arrays import Array

Part = Literal["forward", "backward", "update"]
Index = tuple[int, ...]

INPUT_AXES = ("pixel", "edge")
"""What an axis along the inputs of the network is called."""


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

    def plus(self, added: Term) -> Written:
        """The same sum with one more term at its end."""
        count, term = len(self.values), self.term
        return Written(
            f"{self.formula}, plus {added.symbols}",
            np.append(self.values, added.value),
            lambda k: added if k == count else term(k),
        )

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

    `axes` names what each dimension of `array` runs along: "image", "pixel" (or "edge", where
    edges are the inputs), "unit 1" for the first hidden layer, and so on, or "class". `parameter`
    is the name of the weights or biases that the elements of a gradient or an update belong to, and
    else empty. `sums` computes what `write` returns.
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

    @property
    def input_axis(self) -> int | None:
        """The number of the axis that runs along the inputs, if there is one."""
        return next((i for i, axis in enumerate(self.axes) if axis in INPUT_AXES), None)

    @np.errstate(all="ignore")  # numbers of a walk that diverged are shown as they are
    def write(self, index: Index) -> Written:
        """An element as the sum that it is; a scalar has the index ()."""
        return self.sums(index)


def single_term(element: str, symbols: str, numbers: str, value: float) -> Written:
    """An element that is one term."""
    term = Term(symbols, numbers, value)
    return Written(f"{element} = {symbols}", np.array([value]), lambda k: term)


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A matrix in a product, (rows, columns); where `transposed`, `name` is that of its transpose.

    `str(factor)` is `x` or `x^T`.
    """

    name: str
    array: Array
    transposed: bool = False

    def __str__(self) -> str:
        return f"{self.name}^T" if self.transposed else self.name

    def at(self, row: int | str, column: int | str) -> str:
        """An element in symbols, as an element of the array called `name`."""
        first, second = (column, row) if self.transposed else (row, column)
        return f"{self.name}[{first},{second}]"


def product_element(
    product: str, index: Index, left: Factor, right: Factor, letter: str, over: str = ""
) -> Written:
    """An element of `left @ right`: sum_k left[i,k] right[k,j], with `letter` in place of k.

    `over` names what the letter counts.
    """
    i, j = index
    a, b = left.array[i].astype(float), right.array[:, j]
    values = a * b

    def term(k: int) -> Term:
        symbols = f"{left.at(i, k)} {right.at(k, j)}"
        return Term(symbols, product_text(a[k], b[k]), float(values[k]))

    factors = f"{left.at(i, letter)} {right.at(letter, j)}"
    formula = f"{product}[{i},{j}] = sum of {factors} over {over}{letter}"
    return Written(formula, values, term)


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
