"""What a sweep varies: fields of the configuration, each with its values or a range of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from nn.config import FIELDS, argument, check_value, field_types, flag
from nn.errors import ConfigError, did_you_mean
from nn.options import Value, format_value
from nn.recipes import load_recipe

Setting = dict[str, Value]

RECIPE = "recipe"  # may be varied like a field: each value is a whole named experiment

_RANGE = ".."


@dataclass(frozen=True, slots=True)
class Choice:
    """A field that takes one of these values."""

    field: str
    values: tuple[Value, ...]

    def sample(self, rng: np.random.Generator) -> Value:
        """A value, each with the same probability."""
        return self.values[int(rng.integers(len(self.values)))]

    def grid(self, points: int) -> tuple[Value, ...]:
        """All values."""
        return self.values

    def __str__(self) -> str:
        return f"{self.field}={','.join(map(format_value, self.values))}"

    def __contains__(self, value: object) -> bool:
        return value in self.values


@dataclass(frozen=True, slots=True)
class Range:
    """A field between two bounds, evenly or, with `log`, evenly in its logarithm.

    A range of whole numbers is `whole`.
    """

    field: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def sample(self, rng: np.random.Generator) -> Value:
        """A value between the bounds, which belong to the range."""
        low, high = self.low, self.high
        if self.whole:  # each number gets an interval of length one around it
            low, high = low - 0.5, high + 0.5
        drawn = (
            math.exp(rng.uniform(math.log(low), math.log(high)))
            if self.log
            else rng.uniform(low, high)
        )
        return self._value(drawn)

    def grid(self, points: int) -> tuple[Value, ...]:
        """Values from bound to bound at equal distances, without repetition."""
        spaced = np.geomspace if self.log else np.linspace
        return tuple(
            dict.fromkeys(self._value(x) for x in spaced(self.low, self.high, max(2, points)))
        )

    def _value(self, number: float) -> Value:
        clipped = min(max(number, self.low), self.high)
        return round(clipped) if self.whole else float(clipped)

    def __str__(self) -> str:
        return f"{self.field}={self.bounds}"

    @property
    def bounds(self) -> str:
        """The range as text without its field, to the last digit: `0.01..0.5:log`."""
        return f"{self.low!r}{_RANGE}{self.high!r}{':log' if self.log else ''}"

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


Dimension = Choice | Range


def parse_dimension(text: str) -> Dimension:
    """A dimension from text: `learning_rate=0.01..0.5:log`, `hidden=64,128,64-16`.

    Raises `ConfigError` for an unknown field, a value that the field does not admit, and an empty
    range.
    """
    name, equals, values = text.partition("=")
    if not equals:
        raise ConfigError(f"--vary {text}: must be FIELD=VALUE,VALUE,... or FIELD=LOW..HIGH")
    return dimension_of(name.strip(), values.strip())


def dimension_of(name: str, values: object) -> Dimension:
    """A dimension from a field's name and its values: a list of them, or text as after --vary."""
    field = _field(name)
    if isinstance(values, str):
        # A field of text may hold a path such as ../data.
        if _RANGE in values and field_types().get(field, str) is not str:
            return _range(field, values)
        values = values.split(",")
    if not isinstance(values, Sequence) or not values:
        raise ConfigError(
            f"vary {field}: must be a list of values, or text such as 0.01..0.5:log", field=field
        )
    checked = [check_setting(field, value) for value in values]
    return Choice(field, tuple(dict.fromkeys(checked)))


def check_setting(name: str, value: object) -> Value:
    """The value of a field in its own type; of `recipe`, which may be varied too, its name."""
    if name != RECIPE:
        return check_value(name, value)
    if not isinstance(value, str):
        raise ConfigError(f"vary recipe: {value!r} is no name of a recipe")
    return load_recipe(value).name


def arguments_of(setting: Setting) -> list[str]:
    """The command-line arguments that give a run these values."""
    return [
        f"--recipe={value}" if name == RECIPE else argument(name, value)
        for name, value in setting.items()
    ]


def _field(name: str) -> str:
    """A field by its name or by any of its flags."""
    wanted = name.lstrip("-").replace("-", "_")
    if wanted == RECIPE:
        return wanted
    for field, option in FIELDS.items():
        flags = [each.lstrip("-").replace("-", "_") for each in (flag(field), *option.flags)]
        if wanted in (field, *flags):
            if field == "seed":
                raise ConfigError(
                    "vary seed: the seeds of each setting are set by --seeds N", field=field
                )
            return field
    remedy = did_you_mean(wanted, FIELDS) or "; `mnist-tui sweep --help` lists the fields"
    raise ConfigError(f"vary {name}: unknown field{remedy}", field=name)


def _range(field: str, text: str) -> Range:
    bounds, _, scale = text.partition(":")
    low_text, high_text = bounds.split(_RANGE, 1)
    kind = field_types()[field]
    if kind not in (int, float):
        raise ConfigError(
            f"vary {field}={text}: only numbers have ranges; give values, a,b,c", field=field
        )
    if scale not in ("", "log", "linear"):
        raise ConfigError(
            f"vary {field}={text}: the scale must be log or linear, not {scale!r}", field=field
        )
    low, high = check_value(field, low_text), check_value(field, high_text)
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if not low < high:
        raise ConfigError(
            f"vary {field}={text}: an empty range; the lower bound comes first", field=field
        )
    if scale == "log" and low <= 0:
        raise ConfigError(
            f"vary {field}={text}: a range on a logarithmic scale begins above 0", field=field
        )
    return Range(field, low, high, scale == "log", kind is int)


@dataclass(frozen=True)
class Space:
    """The dimensions of a sweep, each field once."""

    dimensions: tuple[Dimension, ...]

    def __post_init__(self) -> None:
        fields = [dimension.field for dimension in self.dimensions]
        for field in fields:
            if fields.count(field) > 1:
                raise ConfigError(f"vary {field}: given more than once", field=field)

    def __str__(self) -> str:
        return " ".join(map(str, self.dimensions))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the varied fields, in order."""
        return tuple(dimension.field for dimension in self.dimensions)

    @property
    def is_finite(self) -> bool:
        """Whether all values are listed, so that no more settings exist than the grid has."""
        return all(isinstance(dimension, Choice) for dimension in self.dimensions)

    def sample(self, rng: np.random.Generator) -> Setting:
        """A setting at random."""
        return {dimension.field: dimension.sample(rng) for dimension in self.dimensions}

    def grid_size(self, points: int) -> int:
        """The number of settings of the grid, counted without making them."""
        return math.prod(len(dimension.grid(points)) for dimension in self.dimensions)

    def of_grid(self, points: int, number: int) -> Setting:
        """The setting of that number in the order of `grid`, without making those before it."""
        setting: Setting = {}
        for dimension in reversed(self.dimensions):
            values = dimension.grid(points)
            number, place = divmod(number, len(values))
            setting[dimension.field] = values[place]
        return {field: setting[field] for field in self.fields}

    def grid(self, points: int) -> Iterator[Setting]:
        """Every combination, the last dimension varying fastest; a range gives `points` values."""
        axes = [dimension.grid(points) for dimension in self.dimensions]
        for values in product(*axes):
            yield dict(zip(self.fields, values, strict=True))

    def __contains__(self, setting: Setting) -> bool:
        """Whether a setting has a value of each dimension and no other field."""
        return setting.keys() == set(self.fields) and all(
            setting[dimension.field] in dimension for dimension in self.dimensions
        )

    def to_dict(self) -> dict[str, str | list[str]]:
        """The dimensions by field, as `dimension_of` reads them back."""
        return {
            each.field: each.bounds
            if isinstance(each, Range)
            else list(map(format_value, each.values))
            for each in self.dimensions
        }

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Space:
        """The space of a TOML table, field by field."""
        return cls(tuple(dimension_of(name, values) for name, values in table.items()))


def describe(setting: Setting) -> str:
    """A setting in a line: `learning_rate=0.1 hidden=64-16`."""
    return " ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={format_value(value)}"
        for name, value in setting.items()
    )
