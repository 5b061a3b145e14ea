"""A configuration while it is edited: texts, which may be wrong for a while."""

from __future__ import annotations

from nn.config import (
    ALTERNATIVES,
    FIELDS,
    MACHINE_FIELDS,
    TrainConfig,
    check_value,
    choices,
    field_types,
)
from nn.errors import ConfigError
from nn.options import Value, format_value
from tui.recording.experiment import Experiment


class Draft:
    """The text of every field, checked as a whole after every edit by the rules of the flags.

    `base` is the configuration that changes are shown against: that of `recipe`, or the defaults.
    `errors` holds the message for each field that is wrong; `config` is None while there are any.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.load(experiment)

    def load(self, experiment: Experiment) -> None:
        """Begin again from a configuration."""
        self.recipe, self.base = experiment.recipe, experiment.base
        self._init_from = experiment.init_from
        self.config: TrainConfig | None = experiment.config
        self.errors: dict[str, str] = {}
        self._values = experiment.config.to_dict()
        self.texts = {name: format_value(value) for name, value in self._values.items()}

    def choose(self, recipe: str) -> None:
        """Load the fields of a recipe; those of the machine stay."""
        from nn.recipes import load_recipe

        loaded = load_recipe(recipe)
        kept = {
            name: self.texts[name]
            for name in MACHINE_FIELDS
            if name in self._values and name not in loaded.fields
        }
        self.load(Experiment(loaded.config, recipe, loaded.config))
        self.texts |= kept
        self._check()  # what stays may contradict one another, or the recipe

    def edit(self, name: str, text: str) -> None:
        """Take over the text of a field.

        A budget in steps puts the one in epochs to 0 and the other way round, as the flags do.
        """
        self.texts[name] = text
        self._check()
        for pair in ALTERNATIVES:
            for chosen, other in (pair, pair[::-1]):
                if name == chosen and self._values.get(name) and self._values.get(other) != 0:
                    self.texts[other] = "0"
                    self._check()

    def refuse(self, name: str, reason: str) -> None:
        """Take a field for wrong until something is edited."""
        self.errors[name], self.config = reason, None

    def restore(self, name: str) -> None:
        """Give a field the value of the base."""
        self.edit(name, format_value(getattr(self.base, name)))

    @property
    def experiment(self) -> Experiment | None:
        """What the form describes; None while there are errors."""
        if self.config is None:
            return None
        return Experiment(self.config, self.recipe, self.base, self._init_from)

    @property
    def problem(self) -> str | None:
        """The first thing that is wrong, if any."""
        return next(iter(self.errors.values()), None)

    def is_changed(self, name: str) -> bool:
        """Whether a field differs from the base."""
        return name not in self._values or self._values[name] != getattr(self.base, name)

    def is_zero(self, name: str) -> bool:
        """Whether the value of a field is the number 0."""
        value = self._values.get(name)
        return value == 0 and not isinstance(value, bool)

    def has_effect(self, name: str) -> bool:
        """Whether a field matters beside the others; one beside a field that is wrong may."""
        return bool(self.errors) or FIELDS[name].has_effect(self._values)

    def _check(self) -> None:
        self.errors, self._values, self.config = {}, {}, None
        for name in FIELDS:
            try:
                self._values[name] = check_value(name, self.texts[name])
            except ConfigError as error:
                self.errors[name] = str(error)
        if self.errors:
            return
        values: dict[str, Value] = self._values
        try:
            self.config = TrainConfig(**values)  # type: ignore[arg-type]
        except ConfigError as error:
            self.errors[str(error.field)] = str(error)


def options(name: str) -> tuple[str, ...]:
    """The texts to choose from for a field that has only a few."""
    return ("true", "false") if field_types()[name] is bool else choices(name)
