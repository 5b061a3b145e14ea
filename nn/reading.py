"""Dataclasses read from parsed JSON: their annotations say what each field may hold.

A field with a default may be missing, and names that are no field are ignored, so that files of
earlier and of later versions are read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from nn.config import TrainConfig
from nn.errors import ConfigError

T = TypeVar("T")


def read_as(kind: type[T], value: object) -> T:
    """A dataclass from parsed JSON, null being NaN where a number is due.

    Raises `ValueError` that names the place of the field at fault, such as `Evaluation.test.loss`.
    """
    result: T = _read(kind, value, kind.__name__)
    return result


def _read(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if type(None) in arguments and value is None:
            return None
        for each in arguments:
            if each is not type(None) and _fits(each, value):
                return _read(each, value, where)
    elif origin is tuple and isinstance(value, list | tuple):
        return tuple(_read(arguments[0], item, where) for item in value)
    elif origin is dict and isinstance(value, dict):
        return {key: _read(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    elif kind is TrainConfig and isinstance(value, dict):
        try:
            return TrainConfig.layered(value)
        except ConfigError as error:
            raise ValueError(f"{where}: {error}") from error
    elif is_dataclass(kind) and isinstance(value, dict):
        return _read_fields(kind, value, where)
    elif kind is float and value is None:
        return math.nan
    elif _fits(kind, value):
        return float(value) if kind is float else value
    raise ValueError(f"{where}: {_shown(value)} is not valid")


def _fits(kind: Any, value: Any) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if is_dataclass(kind):
        return isinstance(value, dict)
    if kind is str:  # it is shown in terminals, so no character may control one
        return isinstance(value, str) and value.isprintable()
    if kind is float:
        return type(value) is float or (type(value) is int and abs(value) < 2**63)
    return type(value) is kind


def _read_fields(kind: Any, value: Mapping[str, Any], where: str) -> Any:
    read = {}
    for name, hint, optional in _hints(kind):
        if name in value:
            read[name] = _read(hint, value[name], f"{where}.{name}")
        elif not optional:
            raise ValueError(f"{where}: {name} is missing")
    try:
        return kind(**read)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


@cache
def _hints(kind: Any) -> list[tuple[str, Any, bool]]:
    """Name, type, and whether it may be missing, of every field."""
    hints = get_type_hints(kind)
    return [(each.name, hints[each.name], each.default is not MISSING) for each in fields(kind)]


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."
