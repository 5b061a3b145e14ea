"""What the functions and classes of a learner ask for, and what they are given.

Everything here runs in the learner's process.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any


def takes_sizes(linear: type) -> bool:
    """Whether a layer is made from its sizes, not from its arrays."""
    names = list(inspect.signature(linear).parameters)
    return bool(names) and bool(re.search(r"in|size|dim|n_|fan", names[0], re.I))


def made(kind: type) -> Any:
    """An object of a class, its sizes given as 784, 50 and 10 where it asks for them."""
    return kind(*sizes(kind))


def sizes(function: Any) -> list[Any]:
    """The arguments of a function that makes a network or its parameters."""
    names = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if len(names) == 1:
        return [[784, 50, 10]]
    layers = [784, 50, 10]
    return [layers[i] if i < 3 else _further(name) for i, name in enumerate(names)]


def _further(name: str) -> Any:
    return 0.1 if re.search(r"std|scale|rate|lr|eta|alpha", name, re.I) else 0


def required(function: Callable[..., Any]) -> int:
    """How many arguments a function cannot do without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    return sum(
        1
        for p in parameters
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    )
