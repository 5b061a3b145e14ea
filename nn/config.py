"""The configuration of one training run: every hyperparameter, declared once.

`TrainConfig` is the single source of the command-line flags, of the form on screen and of the saved
record of a run. A field's default, bounds, choices and help stand together in its declaration.
Every value, typed or read from a file, passes `check_value`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, cast, get_type_hints

from nn.errors import ConfigError, did_you_mean
from nn.options import Option, Value, check, choices_of, format_value, refusal

Preprocessing = Literal["unit", "standardize", "minmax", "edges"]
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

# The output activation that a loss requires, with the reason. Losses that are absent accept any.
REQUIRED_OUTPUT: dict[LossName, tuple[ActivationName, str]] = {
    "cross-entropy": ("identity", "takes logits"),
    "binary-cross-entropy": ("identity", "takes logits"),
    "squared-error-normalized": ("sigmoid", "needs positive outputs"),
}


# The optimizers for which the fields of Adam have an effect.
ADAM: dict[str, tuple[Value, ...]] = {"optimizer": ("adam", "adamw")}


def _option(default: Any, group: str, text: str, **known: Any) -> Any:
    return field(default=default, metadata={"option": Option(group, text, **known)})


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that determines a run; constructing one checks it (raises `ConfigError`)."""

    # fmt: off
    data_dir: str = _option("", "Data", "Folder or file of images: IDX, CSV, .npz, or pictures in a folder for each class; empty: the embedded MNIST", machine=True, resumable=True)
    limit: int = _option(0, "Data", "Train on the first N training images only; 0: all", minimum=0, zero="all")
    validation: float = _option(0.0, "Data", "Fraction of the training images held out for validation, stratified by label", minimum=0, maximum=1, open_maximum=True, zero="none")
    preprocessing: Preprocessing = _option("unit", "Data", "Inputs: unit is pixels/255, standardize uses the global mean and deviation, minmax scales each pixel, edges are the strengths of edges in eight directions in place of pixels")
    deskew: bool = _option(False, "Data", "Shear each image upright and centre it, before its pixels are scaled")
    dtype: DType = _option("float32", "Data", "Floating-point type of parameters and arithmetic")

    hidden: tuple[int, ...] = _option((128,), "Network", "Widths of the hidden layers, such as 64-16; none: softmax regression", minimum=1, maximum=65_536)
    activation: ActivationName = _option("relu", "Network", "Activation of every hidden layer")
    output_activation: ActivationName = _option("identity", "Network", "Activation of the output layer; identity for the two cross-entropies, which take logits")
    dropout: float = _option(0.0, "Network", "Probability of dropping a hidden unit in training", minimum=0, maximum=1, open_maximum=True, zero="none")
    batch_norm: bool = _option(False, "Network", "Batch normalization before each hidden activation")
    noise: float = _option(0.0, "Network", "Standard deviation of Gaussian noise in training, on the inputs and before each hidden activation, such as 0.3", minimum=0, maximum=100, zero="none")
    init: Initializer = _option("he-normal", "Network", "Distribution of the initial weights")
    init_std: float = _option(1.0, "Network", "Standard deviation of init=normal, and of init_bias=normal", minimum=0, needs={"init": ("normal",), "init_bias": ("normal",)})
    init_bias: BiasInitializer = _option("zero", "Network", "Initial biases: zero, or drawn from N(0, init_std^2)")

    loss: LossName = _option("cross-entropy", "Loss", "Training loss, a mean over the batch")
    label_smoothing: float = _option(0.0, "Loss", "Share of the target spread evenly over all classes", minimum=0, maximum=1, open_maximum=True, zero="none")

    optimizer: OptimizerName = _option("adam", "Optimizer", "Update rule")
    learning_rate: float = _option(0.008, "Optimizer", "Learning rate: the initial one, or the peak of one-cycle and warm-up", minimum=0, open_minimum=True, flags=("--lr",))
    momentum: float = _option(0.9, "Optimizer", "Momentum of optimizer=momentum and nesterov", minimum=0, maximum=1, open_maximum=True, needs={"optimizer": ("momentum", "nesterov")})
    beta1: float = _option(0.9, "Optimizer", "Decay of Adam's first moment", minimum=0, maximum=1, open_maximum=True, needs=ADAM)
    beta2: float = _option(0.999, "Optimizer", "Decay of Adam's second moment", minimum=0, maximum=1, open_maximum=True, needs=ADAM)
    eps: float = _option(1e-8, "Optimizer", "Adam's epsilon", minimum=0, needs=ADAM)
    eps_placement: EpsPlacement = _option("pytorch", "Optimizer", "Adam's epsilon is added after (pytorch) or before (keras) the bias correction", needs=ADAM)
    weight_decay: float = _option(0.0, "Optimizer", "L2 penalty added to the gradient; decoupled with adamw", minimum=0, zero="none")
    clip_norm: float = _option(0.0, "Optimizer", "Scale gradients down to this global L2 norm; 0: never", minimum=0, zero="never")
    max_norm: float = _option(0.0, "Optimizer", "Scale the weights into a hidden unit down to this L2 norm after each update, such as 3; 0: never", minimum=0, zero="never")
    average_decay: float = _option(0.0, "Optimizer", "Evaluate and keep an exponential moving average of the weights, with this decay a step, such as 0.999; 0: the weights themselves", minimum=0, maximum=1, open_maximum=True, zero="none")

    schedule: Schedule = _option("one-cycle", "Schedule", "Learning rate over the run; linear, exponential and step change it once an epoch, cosine and one-cycle each step")
    final_learning_rate: float = _option(0.0, "Schedule", "Last rate of linear, exponential and cosine", minimum=0, flags=("--final-lr",), needs={"schedule": ("linear", "exponential", "cosine")})
    warmup_steps: int = _option(0, "Schedule", "Steps of linear warm-up before cosine", minimum=0, zero="none", needs={"schedule": ("cosine",)})
    decay_every: int = _option(10, "Schedule", "Epochs between the drops of schedule=step", minimum=1, needs={"schedule": ("step",)})
    decay_factor: float = _option(0.1, "Schedule", "Factor of each drop of schedule=step", minimum=0, maximum=1, open_minimum=True, needs={"schedule": ("step",)})

    epochs: int = _option(10, "Budget", "Passes over the training images; 0 where --steps is given", minimum=0, maximum=1_000_000, resumable=True, zero="by steps")
    steps: int = _option(0, "Budget", "Budget in optimizer updates in place of epochs; 0: epochs count", minimum=0, maximum=1_000_000_000, resumable=True, zero="by epochs")
    batch_size: int = _option(128, "Budget", "Images a step", minimum=1, maximum=1_000_000)
    sampling: Sampling = _option("shuffle", "Budget", "Batches: each image once an epoch (shuffle), or drawn with replacement")

    eval_epochs: int = _option(1, "Evaluation", "Evaluate every N epochs and at the end; 0 where --eval-steps is given", minimum=0, zero="by steps")
    eval_steps: int = _option(0, "Evaluation", "Evaluate after the first step and every N steps from there, and at the end; 0: by epochs", minimum=0, zero="by epochs")
    eval_train: bool = _option(True, "Evaluation", "Evaluate the whole training set too")
    patience: int = _option(0, "Evaluation", "Stop after this many evaluations in a row without a lower loss; 0: never", minimum=0, zero="never")
    stop_on: StopOn = _option("validation", "Evaluation", "Whose loss decides on stopping", needs={"patience": ()})
    restore: Restore = _option("best", "Evaluation", "Weights to end with when patience is set: of the best evaluation, of the one before the stop, or the last", needs={"patience": ()})

    augment_shift: float = _option(0.0, "Augmentation", "Move training images at random by up to this many pixels, down and across", minimum=0, maximum=1000, zero="none")
    augment_rotation: float = _option(0.0, "Augmentation", "Turn training images at random by up to this many degrees", minimum=0, maximum=180, zero="none")
    augment_scale: float = _option(0.0, "Augmentation", "Stretch training images at random by up to this share, down and across", minimum=0, maximum=1, open_maximum=True, zero="none")
    augment_shear: float = _option(0.0, "Augmentation", "Shear training images at random by up to this many columns a row", minimum=0, maximum=10, zero="none")
    elastic_alpha: float = _option(0.0, "Augmentation", "Bend training images at random: the strength of elastic distortion, such as 34; 0: none", minimum=0, maximum=10_000, zero="none")
    elastic_sigma: float = _option(4.0, "Augmentation", "Smoothness of elastic distortion: standard deviation of its Gaussian in pixels", minimum=0.1, maximum=100, needs={"elastic_alpha": ()})

    seed: int = _option(0, "Run", "Seed of initialization, split, shuffling, augmentation, noise and dropout", minimum=0, maximum=2**63 - 1)
    threads: int = _option(0, "Run", "Threads that compute, all processes together; 0: as many as are faster, at most one per core", minimum=0, maximum=1024, machine=True, resumable=True, zero="as is faster")
    processes: int = _option(0, "Run", "Processes that share each batch, and the threads; 0: as many as are faster, by measurement", minimum=0, maximum=64, machine=True, resumable=True, zero="as is faster")
    # fmt: on

    def __post_init__(self) -> None:
        for name in FIELDS:
            object.__setattr__(self, name, check_value(name, getattr(self, name)))
        _check_together(self)

    @property
    def augments(self) -> bool:
        """Whether training images are warped at random."""
        return any(getattr(self, name) for name in AUGMENTING_FIELDS)

    @property
    def computes_inputs(self) -> bool:
        """Whether the inputs of a batch take more time than scaling does."""
        return self.augments or self.preprocessing == "edges"

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
        return [argument(name, value) for name, value in changed.items()]


# Pairs of fields of which exactly one is above 0.
ALTERNATIVES = (("epochs", "steps"), ("eval_epochs", "eval_steps"))

# Fields of which each above 0 warps training images in a way of its own.
AUGMENTING_FIELDS = (
    "augment_shift",
    "augment_rotation",
    "augment_scale",
    "augment_shear",
    "elastic_alpha",
)

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
    return choices_of(field_types()[name])


def flag(name: str) -> str:
    """The long command-line flag of a field."""
    return "--" + name.replace("_", "-")


def argument(name: str, value: Value) -> str:
    """The command-line argument that gives a field a value."""
    if isinstance(value, bool):
        return flag(name) if value else "--no-" + flag(name)[2:]
    # One argument, so that a value with a leading dash is not taken for a flag.
    return f"{flag(name)}={format_value(value)}"


def require_field(name: str) -> None:
    """Raise `ConfigError` with the nearest known name unless `name` is a field."""
    if name not in FIELDS:
        named = [each for each, option in FIELDS.items() if flag(name) in option.flags]
        near = f"; did you mean {named[0]!r}?" if named else did_you_mean(name, FIELDS)
        raise ConfigError(f"unknown field {name!r}{near}", field=name)


def check_value(name: str, value: object) -> Value:
    """The value of a field in the field's own type; raises `ConfigError` naming the rule it breaks.

    Text is read as a value of that type first.
    """
    require_field(name)
    return check(name, field_types()[name], FIELDS[name], value)


def _check_together(config: TrainConfig) -> None:
    """Raise `ConfigError` where two fields contradict each other; the message names both."""

    def refuse(name: str, rule: str) -> ConfigError:
        return refusal(name, getattr(config, name), rule)

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
    if config.batch_norm and config.batch_size == 1:
        raise refuse("batch_size", "contradicts batch_norm=true, which needs 2 images at least")
    if config.patience and config.stop_on == "validation" and config.validation == 0:
        rule = "needs validation images; set validation=0.1, or stop_on=test"
        raise refuse("patience", rule)


def _toml_value(value: Value) -> str:
    # These types are spelled alike in JSON and TOML. Only the escapes of characters beyond 16 bits
    # differ, so no character is escaped that need not be.
    return json.dumps(value, ensure_ascii=False)
