"""The declaration of one option, and how its values are checked, read from text and written.

An option's type is a plain type, a `Literal` of its choices, or `tuple[int, ...]`. Every value,
typed or read from a file, passes `check`, so a flag, a TOML file and the form accept the same input
and refuse the same input with the same words.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin

from nn.errors import ConfigError, did_you_mean

Value = bool | int | float | str | tuple[int, ...]

MAX_WIDTHS = 100  # the most numbers in a tuple

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Option:
    """What the declaration of a field states besides its type and default.

    `minimum` and `maximum` bound the value (each element of a tuple); with `open_minimum` or
    `open_maximum` the bound itself is excluded. `flags` are further command-line names. A `machine`
    field describes the machine that a run takes place on, so it stays as it is when another recipe
    is chosen. A `resumable` field may have another value when a saved run is resumed. `zero` is
    what a value of 0 stands for, such as `all`. `needs` names the fields of which one at least must
    have one of the values given (any but 0 where none is given) for this one to have an effect.
    """

    group: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    open_minimum: bool = False
    open_maximum: bool = False
    flags: tuple[str, ...] = ()
    machine: bool = False
    resumable: bool = False
    zero: str = ""
    needs: Mapping[str, tuple[Value, ...]] | None = None

    @property
    def range(self) -> str:
        """The bounds in words, such as `at least 0 and below 1`; empty where there are none."""
        parts = []
        if self.minimum is not None:
            parts.append(f"{'above' if self.open_minimum else 'at least'} {self.minimum:,}")
        if self.maximum is not None:
            parts.append(f"{'below' if self.open_maximum else 'at most'} {self.maximum:,}")
        return " and ".join(parts)

    def admits(self, number: float) -> bool:
        """Whether a number is within the bounds."""
        low, high = self.minimum, self.maximum
        too_low = low is not None and (number <= low if self.open_minimum else number < low)
        too_high = high is not None and (number >= high if self.open_maximum else number > high)
        return not (too_low or too_high)

    def has_effect(self, values: Mapping[str, Value]) -> bool:
        """Whether the value matters beside those of the other fields."""
        return self.needs is None or any(
            values[name] in admitted if admitted else bool(values[name])
            for name, admitted in self.needs.items()
        )


def choices_of(kind: Any) -> tuple[str, ...]:
    """The values that a type of choices admits; empty for other types."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def format_value(value: Value) -> str:
    """The text that `check` reads back as this value."""
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def check(name: str, kind: Any, option: Option, value: object) -> Value:
    """The value of the option `name` in its type; raises `ConfigError` naming the rule it breaks.

    Text, as typed after a flag, into the form or between quotes in a TOML file, is read as a value
    of that type first.
    """
    if kind is str:
        if not isinstance(value, str) or not value.isprintable():
            raise refusal(name, value, "must be printable text")
        return value
    if isinstance(value, str):
        value = _from_text(kind, value.strip())
    if admitted := choices_of(kind):
        if value not in admitted:
            rule = f"must be one of {', '.join(admitted)}" + did_you_mean(str(value), admitted)
            raise refusal(name, value, rule)
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise refusal(name, value, "must be true or false")
        return value
    if kind is int or kind is float:
        return _check_number(name, kind, option, value)
    return _check_widths(name, option, value)


def refusal(name: str, value: object, rule: str) -> ConfigError:
    """The error for a value that breaks a rule."""
    plain = isinstance(value, str) and value.isprintable()
    shown = str(value) if plain else json.dumps(value, default=repr)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return ConfigError(f"{name}={shown}: {rule}", field=name)


def _from_text(kind: Any, text: str) -> object:
    """The value that text stands for, or the text itself where it is none of that type."""
    try:
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
        if kind is bool:
            return _BOOLEANS.get(text.lower(), text)
        if isinstance(kind, GenericAlias):
            widths = [] if text.lower() in ("", "none") else re.split(r"[-,\s]\s*", text)
            return tuple(map(int, widths))
    except ValueError:
        pass
    return text


def _check_number(name: str, kind: type, option: Option, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        rule = "must be a whole number" if kind is int else "must be a number"
        raise refusal(name, value, f"{rule}, {option.range}" if option.range else rule)
    if kind is int:
        number: float = value
    else:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise refusal(name, value, "must be a finite number")
    _check_range(name, option, value, number)
    return number


def _check_widths(name: str, option: Option, value: object) -> tuple[int, ...]:
    widths = [value] if type(value) is int else value  # the TOML number 64 is the flag's text 64
    if isinstance(widths, str):
        rule = "must be whole numbers joined by dashes, such as 64-16, or none"
        raise refusal(name, widths, rule)
    if not isinstance(widths, list | tuple) or not all(type(width) is int for width in widths):
        raise refusal(name, value, "must be a list of whole numbers, such as [64, 16] or []")
    if len(widths) > MAX_WIDTHS:
        raise refusal(name, value, f"must have at most {MAX_WIDTHS} layers")
    for width in widths:
        _check_range(name, option, value, width)
    return tuple(widths)


def _check_range(name: str, option: Option, value: object, number: float) -> None:
    if not option.admits(number):
        raise refusal(name, value, "must be " + option.range)
