"""From arrays with any names to the layers of a multilayer perceptron, by their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from nn.arrays import Array
from nn.errors import StorageError
from nn.spec import MNIST, DataSpec

Layers = list[tuple[Array, Array]]  # weight (fan_in, fan_out) and bias (fan_out,), inputs first
_MOST_LAYERS = 100
_MOST_SORTED = 6  # matrices that are tried in every order, of which there are 720


@dataclass(frozen=True)
class Found:
    """The layers in order, whether their weights were stored transposed, and the unused vectors."""

    layers: Layers
    transposed: bool
    unused: tuple[str, ...]


class OtherShapeError(StorageError):
    """The weights are those of a network for images of another size, or for other classes."""


def layers_of(path: object, arrays: Mapping[str, Array], spec: DataSpec = MNIST) -> Found:
    """The layers of a multilayer perceptron; raises `StorageError` where the arrays are of none.

    Weights are matrices that lead from the pixels of an image to the classes one after the other,
    all of them stored as (in, out) or all as (out, in), as PyTorch has them. A bias has as many
    elements as its layer has outputs.
    """
    numeric = {
        name: array
        for name, array in sorted(arrays.items(), key=lambda item: _natural(item[0]))
        if array.dtype.kind in "fiu" and array.size > 1
    }
    if running := [name for name in numeric if _NORMALIZATION.search(name)]:
        raise StorageError(
            f"{path}: {running[0]} belongs to a normalization layer, which cannot be opened here;"
            " fold it into the weights first"
        )
    if deep := [name for name, array in numeric.items() if array.ndim > 2]:
        shape = "x".join(map(str, numeric[deep[0]].shape))
        raise StorageError(
            f"{path}: {deep[0]} has the shape {shape}, of a convolution perhaps; only multilayer"
            " perceptrons can be opened"
        )
    weights = {name: a for name, a in numeric.items() if a.ndim == 2 and min(a.shape) > 1}
    vectors = {name: a.ravel() for name, a in numeric.items() if name not in weights}
    if not weights:
        raise StorageError(f"{path}: holds no weight matrices ({shapes(arrays) or 'nothing'})")
    for transposed in (False, True):
        for order in _orders(list(weights), weights, spec, transposed):
            oriented = [weights[name].T if transposed else weights[name] for name in order]
            biases = _biases(order, oriented, vectors)
            return Found(
                list(zip(oriented, biases, strict=True)),
                transposed,
                tuple(name for name in vectors if not name.startswith("preprocessing.")),
            )
    raise OtherShapeError(
        f"{path}: its matrices do not lead from {spec.pixels} inputs to {spec.classes} outputs"
        f" ({shapes(weights)})"
    )


_NORMALIZATION = re.compile(r"running_(mean|var)|moving_|(batch|layer)_?norm", re.IGNORECASE)


def shapes(arrays: Mapping[str, Array]) -> str:
    """The arrays' names and shapes, for a message."""
    listed = [f"{name[:60]} {'x'.join(map(str, array.shape))}" for name, array in arrays.items()]
    return ", ".join(listed[:6]) + (", ..." if len(listed) > 6 else "")


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key in which layer10 comes after layer9."""
    parts = re.split(r"([0-9]+)", name)
    return [(_number(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _number(digits: str) -> int:
    """A number in a name; Python does not convert thousands of digits."""
    return int(digits[-18:] or 0)


def _orders(
    names: list[str], weights: Mapping[str, Array], spec: DataSpec, transposed: bool
) -> Iterator[list[str]]:
    """The orders in which the matrices fit one after the other, that of their names first."""
    if len(names) > _MOST_LAYERS:
        return
    if _fits(tuple(names), weights, spec, transposed):
        yield names
    if len(names) <= _MOST_SORTED:
        for order in permutations(names):
            if _fits(order, weights, spec, transposed):
                yield list(order)


def _fits(
    order: tuple[str, ...], weights: Mapping[str, Array], spec: DataSpec, transposed: bool
) -> bool:
    width = spec.pixels
    for name in order:
        fan_in, fan_out = weights[name].shape[::-1] if transposed else weights[name].shape
        if fan_in != width:
            return False
        width = fan_out
    return bool(width == spec.classes)


def _biases(order: list[str], weights: list[Array], vectors: dict[str, Array]) -> list[Array]:
    """The bias of each layer, removed from `vectors`; zeros where there is none of its size.

    Of several vectors of that size the bias is the one whose name is nearest.
    """
    found = []
    for name, weight in zip(order, weights, strict=True):
        sizes = [each for each, vector in vectors.items() if len(vector) == weight.shape[1]]
        nearest = min(sizes, key=lambda each: _distance(name, each), default=None)
        found.append(np.zeros(weight.shape[1]) if nearest is None else vectors.pop(nearest))
    return found


def _distance(weight: str, bias: str) -> tuple[int, int]:
    """How far apart two names are: their numbers first, then their common beginning."""
    numbers = [_number("".join(re.findall(r"[0-9]+", each))) for each in (weight, bias)]
    common = next(
        (i for i, (a, b) in enumerate(zip(weight, bias, strict=False)) if a != b),
        min(len(weight), len(bias)),
    )
    return abs(numbers[0] - numbers[1]), -common
