"""Named experiments: the configuration of each, and the numbers that its author published.

A recipe is a TOML file of this package:

    description   one line
    source        where the numbers come from
    note          what is peculiar about the experiment (optional)
    members       how many networks `mnist-tui committee` trains, with different seeds (optional)
    [train]       fields of `TrainConfig` that differ from the defaults
    [in_turn]     fields that differ between the members besides, each with the values that they
                  take in turn (optional)
    [published]   the numbers to reproduce (optional)

`published.checkpoints` is a list of tables. `epoch` or `step` is the time at which the numbers were
measured; without either it is the last evaluation of the run. `train_accuracy` and `test_accuracy`
(in percent), `train_loss` and `test_loss` are a number or, from several runs, a [lowest, highest]
pair. `accuracy_tolerance` (in points) and `loss_tolerance`, in a checkpoint or for all of them in
[published], widen the band that counts as reproduced. `loss_scale` is the factor from our loss to
the published loss. `above` and `below` explain why an accuracy above or below the band is to be
expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal, get_args

from nn.config import TrainConfig
from nn.errors import ConfigError, did_you_mean
from nn.toml import parse_toml

Metric = Literal["train_accuracy", "test_accuracy", "train_loss", "test_loss"]
METRICS: tuple[Metric, ...] = get_args(Metric)


@dataclass(frozen=True, slots=True)
class Published:
    """One published number, or the band of several printings, with `low` <= `high`.

    It was measured after `epoch` epochs or `step` updates, or at the last evaluation where both are
    None. Accuracies are fractions from 0 to 1; a loss compares with ours times `scale`. A number
    from `low - tolerance` to `high + tolerance` counts as reproduced; `above` and `below` are the
    reasons why a higher or a lower one is to be expected, or empty.
    """

    epoch: int | None
    step: int | None
    metric: Metric
    low: float
    high: float
    tolerance: float
    scale: float
    above: str
    below: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe: its TOML as `text`, its table [train] as `fields`; `config` has all fields.

    `members` is the number of networks of a committee, 1 for a recipe of one network; those of
    `in_turn` have values of their own.
    """

    name: str
    description: str
    source: str
    note: str
    text: str
    fields: Mapping[str, object]
    config: TrainConfig
    published: tuple[Published, ...]
    members: int = 1
    in_turn: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def member(self, number: int) -> TrainConfig:
        """The configuration of a member, counted from 0, but for its seed."""
        own = {name: values[number % len(values)] for name, values in self.in_turn.items()}
        return TrainConfig.layered(self.fields, own)


def recipe_names() -> list[str]:
    """The names of all recipes, in alphabetical order."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """The recipe of that name; raises `ConfigError` with the nearest name if there is none."""
    names = recipe_names()
    if name not in names:
        near = did_you_mean(name, names) or "; `mnist-tui recipes` lists them"
        raise ConfigError(f"unknown recipe {name!r}{near}")
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return parse_recipe(name, text)


def parse_recipe(name: str, text: str) -> Recipe:
    """A recipe from its TOML; raises `ConfigError` naming the recipe for anything malformed."""
    where = f"recipe {name}"
    table = parse_toml(text, where)
    known = ("description", "source", "note", "members", "train", "in_turn", "published")
    _only(table, known, where)
    fields = _table(table.get("train"), f"{where}: [train]")
    with _named(where):
        config = TrainConfig.layered(fields)
    recipe = Recipe(
        name=name,
        description=_text(table, "description", where),
        source=_text(table, "source", where),
        note=_text(table, "note", where, required=False),
        text=text,
        fields=fields,
        config=config,
        published=_published(_table(table.get("published", {}), f"{where}: [published]"), where),
        members=_count(table, "members", where) or 1,
        in_turn=_lists(_table(table.get("in_turn", {}), f"{where}: [in_turn]"), where),
    )
    with _named(f"{where}: [in_turn]"):
        for number in range(max(map(len, recipe.in_turn.values()), default=0)):
            recipe.member(number)
    return recipe


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Say of a bad configuration where it stands."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}", field=error.field) from error


_TOLERANCES = ("accuracy_tolerance", "loss_tolerance")


def _published(table: Mapping[str, Any], where: str) -> tuple[Published, ...]:
    where = f"{where}: [published]"
    _only(table, ("checkpoints", "loss_scale", "above", "below", *_TOLERANCES), where)
    checkpoints = table.get("checkpoints", [])
    if not isinstance(checkpoints, list):
        raise ConfigError(f"{where}: checkpoints must be a list of tables")
    found: list[Published] = []
    for number, entry in enumerate(checkpoints, 1):
        place = f"{where} checkpoint {number}"
        checkpoint = _table(entry, place)
        _only(checkpoint, ("epoch", "step", *METRICS, *_TOLERANCES), place)
        measured = [metric for metric in METRICS if metric in checkpoint]
        if not measured:
            raise ConfigError(f"{place}: has none of {', '.join(METRICS)}")
        found += [_value(metric, checkpoint, table, place) for metric in measured]
    return tuple(found)


def _value(
    metric: Metric, checkpoint: Mapping[str, Any], table: Mapping[str, Any], where: str
) -> Published:
    accuracy = metric.endswith("accuracy")
    tolerance = "accuracy_tolerance" if accuracy else "loss_tolerance"
    unit = 0.01 if accuracy else 1.0  # accuracies are published in percent
    value = checkpoint[metric]
    low, high = value if isinstance(value, list) and len(value) == 2 else (value, value)
    scale = 1.0 if accuracy else _number(table.get("loss_scale", 1.0), "loss_scale", where)
    above, below = (
        _text(table, name, where, required=False) if accuracy else "" for name in ("above", "below")
    )
    published = Published(
        epoch=_count(checkpoint, "epoch", where),
        step=_count(checkpoint, "step", where),
        metric=metric,
        low=unit * _number(low, metric, where),
        high=unit * _number(high, metric, where),
        tolerance=unit * _number(checkpoint.get(tolerance, table.get(tolerance)), tolerance, where),
        scale=scale,
        above=above,
        below=below,
    )
    if published.low > published.high:
        raise ConfigError(f"{where}: {metric}={value}: the lower number comes first")
    if published.epoch is not None and published.step is not None:
        raise ConfigError(f"{where}: has both epoch and step; keep one")
    return published


def _only(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in table:
        if name not in known:
            raise ConfigError(f"{where}: unknown key {name!r}{did_you_mean(name, known)}")


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table")
    return value


def _lists(table: Mapping[str, Any], where: str) -> dict[str, list[object]]:
    for name, values in table.items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{where}: [in_turn]: {name} must be a list of values")
    return dict(table)


def _text(table: Mapping[str, Any], name: str, where: str, *, required: bool = True) -> str:
    value = table.get(name, None if required else "")
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {name} must be text")
    return value.strip()


def _number(value: object, name: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise ConfigError(f"{where}: {name} must be a number from 0, not {value!r}")
    return float(value)


def _count(checkpoint: Mapping[str, Any], name: str, where: str) -> int | None:
    value = checkpoint.get(name)
    if value is not None and (type(value) is not int or value < 1):
        raise ConfigError(f"{where}: {name} must be a whole number from 1, not {value!r}")
    return value
