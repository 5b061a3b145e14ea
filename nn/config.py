"""The configuration of one training run: every hyperparameter, declared once.

`TrainConfig` is the single source of the command-line flags, of the form on screen and of the saved
record of a run. A field's default, bounds, choices and help stand together in its declaration.
Every value, typed or read from a file, passes `check_value`, so a flag, a TOML file and the form
accept the same input and refuse the same input with the same words.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import GenericAlias
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from nn.errors import ConfigError

Preprocessing = Literal["unit", "standardize", "minmax"]
DType = Literal["float32", "float64"]
ActivationName = Literal["sigmoid", "tanh", "relu", "identity"]
Initializer = Literal["normal", "glorot-normal", "glorot-uniform", "he-normal", "he-uniform"]
BiasInitializer = Literal["zero", "normal"]
LossName = Literal[
    "cross-entropy", "binary-cross-entropy", "squared-error", "squared-error-normalized"
]
OptimizerName = Literal["sgd", "momentum", "nesterov", "adam", "adamw"]
EpsPlacement = Literal["pytorch", "keras"]
Schedule = Literal["constant", "linear", "exponential", "step", "cosine", "one-cycle"]
Sampling = Literal["shuffle", "replacement"]
StopOn = Literal["validation", "test"]
Restore = Literal["best", "previous", "last"]

Value = bool | int | float | str | tuple[int, ...]

# The output activation that a loss requires, with the reason. Losses that are absent accept any.
REQUIRED_OUTPUT: dict[LossName, tuple[ActivationName, str]] = {
    "cross-entropy": ("identity", "takes logits"),
    "binary-cross-entropy": ("identity", "takes logits"),
    "squared-error-normalized": ("sigmoid", "needs positive outputs"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """What the declaration of a field states besides its type and default.

    `minimum` and `maximum` bound the value (each element of a tuple); with `open_minimum` or
    `open_maximum` the bound itself is excluded. `flags` are further command-line names. A `machine`
    field describes the machine that a run takes place on, so it stays as it is when another recipe
    is chosen. A `resumable` field may have another value when a saved run is resumed.
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


def _option(default: Any, group: str, text: str, **known: Any) -> Any:
    return field(default=default, metadata={"option": Option(group, text, **known)})


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that determines a run; constructing one checks it (raises `ConfigError`)."""

    # fmt: off
    data_dir: str = _option("", "Data", "Folder with the four IDX files, plain or .gz; empty: the embedded MNIST", machine=True, resumable=True)
    limit: int = _option(0, "Data", "Train on the first N training images only; 0: all", minimum=0)
    validation: float = _option(0.0, "Data", "Fraction of the training images held out for validation, stratified by label", minimum=0, maximum=1, open_maximum=True)
    preprocessing: Preprocessing = _option("unit", "Data", "Pixels: unit is /255, standardize uses the global mean and deviation, minmax scales each pixel")
    dtype: DType = _option("float32", "Data", "Floating-point type of parameters and arithmetic")

    hidden: tuple[int, ...] = _option((128,), "Network", "Widths of the hidden layers, such as 64-16; none: softmax regression", minimum=1, maximum=65_536)
    activation: ActivationName = _option("relu", "Network", "Activation of every hidden layer")
    output_activation: ActivationName = _option("identity", "Network", "Activation of the output layer; identity for the two cross-entropies, which take logits")
    dropout: float = _option(0.0, "Network", "Probability of dropping a hidden unit in training", minimum=0, maximum=1, open_maximum=True)
    init: Initializer = _option("he-normal", "Network", "Distribution of the initial weights")
    init_std: float = _option(1.0, "Network", "Standard deviation of init=normal, and of init_bias=normal", minimum=0)
    init_bias: BiasInitializer = _option("zero", "Network", "Initial biases: zero, or drawn from N(0, init_std^2)")

    loss: LossName = _option("cross-entropy", "Loss", "Training loss, a mean over the batch")
    label_smoothing: float = _option(0.0, "Loss", "Share of the target spread evenly over all classes", minimum=0, maximum=1, open_maximum=True)

    optimizer: OptimizerName = _option("adam", "Optimizer", "Update rule")
    learning_rate: float = _option(0.008, "Optimizer", "Learning rate: the initial one, or the peak of one-cycle and warm-up", minimum=0, open_minimum=True, flags=("--lr",))
    momentum: float = _option(0.9, "Optimizer", "Momentum of optimizer=momentum and nesterov", minimum=0, maximum=1, open_maximum=True)
    beta1: float = _option(0.9, "Optimizer", "Decay of Adam's first moment", minimum=0, maximum=1, open_maximum=True)
    beta2: float = _option(0.999, "Optimizer", "Decay of Adam's second moment", minimum=0, maximum=1, open_maximum=True)
    eps: float = _option(1e-8, "Optimizer", "Adam's epsilon", minimum=0)
    eps_placement: EpsPlacement = _option("pytorch", "Optimizer", "Adam's epsilon is added after (pytorch) or before (keras) the bias correction")
    weight_decay: float = _option(0.0, "Optimizer", "L2 penalty added to the gradient; decoupled with adamw", minimum=0)
    clip_norm: float = _option(0.0, "Optimizer", "Scale gradients down to this global L2 norm; 0: never", minimum=0)

    schedule: Schedule = _option("one-cycle", "Schedule", "Learning rate over the run; linear, exponential and step change it once an epoch, cosine and one-cycle each step")
    final_learning_rate: float = _option(0.0, "Schedule", "Last rate of linear, exponential and cosine", minimum=0, flags=("--final-lr",))
    warmup_steps: int = _option(0, "Schedule", "Steps of linear warm-up before cosine", minimum=0)
    decay_every: int = _option(10, "Schedule", "Epochs between the drops of schedule=step", minimum=1)
    decay_factor: float = _option(0.1, "Schedule", "Factor of each drop of schedule=step", minimum=0, maximum=1, open_minimum=True)

    epochs: int = _option(10, "Budget", "Passes over the training images; 0 where --steps is given", minimum=0, maximum=1_000_000, resumable=True)
    steps: int = _option(0, "Budget", "Budget in optimizer updates in place of epochs; 0: epochs count", minimum=0, maximum=1_000_000_000, resumable=True)
    batch_size: int = _option(128, "Budget", "Images a step", minimum=1, maximum=1_000_000)
    sampling: Sampling = _option("shuffle", "Budget", "Batches: each image once an epoch (shuffle), or drawn with replacement")

    eval_epochs: int = _option(1, "Evaluation", "Evaluate every N epochs and at the end; 0 where --eval-steps is given", minimum=0)
    eval_steps: int = _option(0, "Evaluation", "Evaluate after the first step and every N steps from there, and at the end; 0: by epochs", minimum=0)
    eval_train: bool = _option(True, "Evaluation", "Evaluate the whole training set too")
    patience: int = _option(0, "Evaluation", "Stop after this many evaluations in a row without a lower loss; 0: never", minimum=0)
    stop_on: StopOn = _option("validation", "Evaluation", "Whose loss decides on stopping")
    restore: Restore = _option("best", "Evaluation", "Weights to end with when patience is set: of the best evaluation, of the one before the stop, or the last")

    seed: int = _option(0, "Run", "Seed of initialization, split, shuffling and dropout", minimum=0, maximum=2**63 - 1)
    threads: int = _option(0, "Run", "Threads that compute, all processes together; 0: one per core", minimum=0, maximum=1024, machine=True, resumable=True)
    processes: int = _option(0, "Run", "Processes that share each batch, and the threads; 0: two where that is faster", minimum=0, maximum=64, machine=True, resumable=True)
    # fmt: on

    def __post_init__(self) -> None:
        for name in FIELDS:
            object.__setattr__(self, name, check_value(name, getattr(self, name)))
        _check_together(self)

    @classmethod
    def layered(cls, *layers: Mapping[str, object]) -> TrainConfig:
        """The defaults overlaid by each mapping in turn; the last mapping that names a field wins.

        A mapping that sets one budget (`epochs` or `steps`) puts the other budget of the mappings
        before it to 0, and likewise `eval_epochs` and `eval_steps`. Raises `ConfigError` for an
        unknown field and for a bad value.
        """
        merged: dict[str, Any] = {}
        for layer in layers:
            for name in layer:
                require_field(name)
            merged |= layer
            for pair in ALTERNATIVES:
                for chosen, other in (pair, pair[::-1]):
                    if layer.get(chosen) and other not in layer:
                        merged[other] = 0
        return cls(**merged)

    def to_dict(self, *, base: TrainConfig | None = None) -> dict[str, Value]:
        """Values by field name; with `base`, only the values that differ from those of `base`."""
        return {
            name: getattr(self, name)
            for name in FIELDS
            if base is None or getattr(self, name) != getattr(base, name)
        }

    def to_toml(self) -> str:
        """A TOML document that `load_toml` reads back to the same values."""
        return "".join(f"{name} = {_toml_value(value)}\n" for name, value in self.to_dict().items())

    def to_flags(self, *, base: TrainConfig) -> list[str]:
        """The command-line arguments that turn `base` into this configuration."""
        changed = self.to_dict(base=base)
        for pair in ALTERNATIVES:  # a flag for one alternative puts the other to 0 by itself
            for chosen, other in (pair, pair[::-1]):
                if changed.get(chosen) and changed.get(other) == 0:
                    del changed[other]
        arguments: list[str] = []
        for name, value in changed.items():
            if isinstance(value, bool):
                arguments.append(flag(name) if value else "--no-" + flag(name)[2:])
            else:
                # One argument, so that a value with a leading dash is not taken for a flag.
                arguments.append(f"{flag(name)}={format_value(value)}")
        return arguments


# Pairs of fields of which exactly one is above 0.
ALTERNATIVES = (("epochs", "steps"), ("eval_epochs", "eval_steps"))

FIELDS: dict[str, Option] = {f.name: f.metadata["option"] for f in fields(TrainConfig)}
DEFAULTS: dict[str, Value] = {f.name: cast(Value, f.default) for f in fields(TrainConfig)}
MACHINE_FIELDS = tuple(name for name, option in FIELDS.items() if option.machine)
RESUMABLE_FIELDS = tuple(name for name, option in FIELDS.items() if option.resumable)


@cache
def field_types() -> dict[str, Any]:
    """The resolved type of every field: a plain type, a Literal of choices, or tuple[int, ...]."""
    return get_type_hints(TrainConfig)


def choices(name: str) -> tuple[str, ...]:
    """The values that a field of choices admits; empty for other fields."""
    kind = field_types()[name]
    return get_args(kind) if get_origin(kind) is Literal else ()


def flag(name: str) -> str:
    """The long command-line flag of a field."""
    return "--" + name.replace("_", "-")


def require_field(name: str) -> None:
    """Raise `ConfigError` with the nearest known name unless `name` is a field."""
    if name not in FIELDS:
        raise ConfigError(f"unknown field {name!r}{did_you_mean(name, FIELDS)}", field=name)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the nearest of the known names, or an empty string."""
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def format_value(value: Value) -> str:
    """The text that `check_value` reads back as this value."""
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def check_value(name: str, value: object) -> Value:
    """The value of a field in the field's own type; raises `ConfigError` naming the rule it breaks.

    Text, as typed after a flag, into the form or between quotes in a TOML file, is read as a value
    of that type first.
    """
    require_field(name)
    kind, option = field_types()[name], FIELDS[name]
    if kind is str:
        if not isinstance(value, str) or not value.isprintable():
            raise _refusal(name, value, "must be printable text")
        return value
    if isinstance(value, str):
        value = _from_text(kind, value.strip())
    if admitted := choices(name):
        if value not in admitted:
            rule = f"must be one of {', '.join(admitted)}" + did_you_mean(str(value), admitted)
            raise _refusal(name, value, rule)
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise _refusal(name, value, "must be true or false")
        return value
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refusal(name, value, "must be a whole number" + _range(option, ", "))
        _check_range(name, value, value, option)
        return value
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _refusal(name, value, "must be a number" + _range(option, ", "))
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _refusal(name, value, "must be a finite number")
        _check_range(name, value, number, option)
        return number
    return _check_widths(name, value, option)


_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


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


def _check_widths(name: str, value: object, option: Option) -> tuple[int, ...]:
    widths = [value] if type(value) is int else value  # the TOML number 64 is the flag's text 64
    if isinstance(widths, str):
        raise _refusal(
            name, widths, "must be whole numbers joined by dashes, such as 64-16, or none"
        )
    if not isinstance(widths, list | tuple) or not all(type(width) is int for width in widths):
        raise _refusal(name, value, "must be a list of whole numbers, such as [64, 16] or []")
    if len(widths) > MAX_HIDDEN_LAYERS:
        raise _refusal(name, value, f"must have at most {MAX_HIDDEN_LAYERS} layers")
    for width in widths:
        _check_range(name, value, width, option)
    return tuple(widths)


MAX_HIDDEN_LAYERS = 100


def _check_range(name: str, value: object, number: float, option: Option) -> None:
    low, high = option.minimum, option.maximum
    too_low = low is not None and (number <= low if option.open_minimum else number < low)
    too_high = high is not None and (number >= high if option.open_maximum else number > high)
    if too_low or too_high:
        raise _refusal(name, value, "must be " + _range(option))


def _range(option: Option, prefix: str = "") -> str:
    parts = []
    if option.minimum is not None:
        parts.append(f"{'above' if option.open_minimum else 'at least'} {option.minimum:,}")
    if option.maximum is not None:
        parts.append(f"{'below' if option.open_maximum else 'at most'} {option.maximum:,}")
    return prefix + " and ".join(parts) if parts else ""


def _refusal(name: str, value: object, rule: str) -> ConfigError:
    plain = isinstance(value, str) and value.isprintable()
    shown = str(value) if plain else json.dumps(value, default=repr)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return ConfigError(f"{name}={shown}: {rule}", field=name)


def _check_together(config: TrainConfig) -> None:
    """Raise `ConfigError` where two fields contradict each other; the message names both."""

    def refuse(name: str, rule: str) -> ConfigError:
        return _refusal(name, getattr(config, name), rule)

    for first, second in ALTERNATIVES:
        if bool(getattr(config, first)) == bool(getattr(config, second)):
            other = f"{second}={getattr(config, second)}"
            raise refuse(first, f"contradicts {other}; set one of the two and leave the other 0")
    required, reason = REQUIRED_OUTPUT.get(config.loss, (config.output_activation, ""))
    if config.output_activation != required:
        rule = f"contradicts loss={config.loss}, which {reason}; use {required}"
        raise refuse("output_activation", rule)
    if config.schedule in ("linear", "exponential") and config.final_learning_rate == 0:
        raise refuse("final_learning_rate", f"must be above 0 with schedule={config.schedule}")
    if config.warmup_steps and config.schedule != "cosine":
        raise refuse("warmup_steps", f"has no effect with schedule={config.schedule}; use cosine")
    if 0 < config.threads < config.processes:
        raise refuse(
            "processes", f"contradicts threads={config.threads}; give as many threads at least"
        )
    if config.patience and config.stop_on == "validation" and config.validation == 0:
        rule = "needs validation images; set validation=0.1, or stop_on=test"
        raise refuse("patience", rule)


def _toml_value(value: Value) -> str:
    # These types are spelled alike in JSON and TOML. Only the escapes of characters beyond 16 bits
    # differ, so no character is escaped that need not be.
    return json.dumps(value, ensure_ascii=False)


def load_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file, for `TrainConfig.layered`; raises `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"config file {path}: {_reason(error)}") from error
    return parse_toml(text, f"config file {path}")


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Parse TOML text; `source` names it in the `ConfigError` raised for malformed text."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{source}: not valid TOML: {error}") from error


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not UTF-8 text"
