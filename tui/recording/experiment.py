"""What is to be trained: a configuration, and what it was made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nn.config import TrainConfig
from nn.options import Value, format_value

if TYPE_CHECKING:
    from nn.storage.run_record import RunRecord


@dataclass(frozen=True, slots=True)
class Experiment:
    """A configuration, the recipe that it started from, and the changes between the two.

    `recipe` is None where the configuration started from the defaults. `base` is the configuration
    of the recipe, or the defaults: what `config` is compared with. `init_from` names the model file
    or the saved run whose weights training starts from; None where they are drawn at random.
    """

    config: TrainConfig = field(default_factory=TrainConfig)
    recipe: str | None = None
    base: TrainConfig = field(default_factory=TrainConfig)
    init_from: str | None = None

    @classmethod
    def of_saved(cls, record: RunRecord, config: TrainConfig | None = None) -> Experiment:
        """The experiment of a saved run, with its own configuration unless another is given.

        A recipe that no longer exists counts as none.
        """
        from nn.recipes import load_recipe, recipe_names

        config = config or record.config
        if record.recipe not in recipe_names():
            return cls(config, init_from=record.init_from)
        base = load_recipe(record.recipe).config
        return cls(config, record.recipe, base, record.init_from)

    @property
    def label(self) -> str:
        """A short name: the recipe, and every field that differs from it."""
        changed = (f"{name}={format_value(value)}" for name, value in self.changes.items())
        return " ".join((self.recipe or "default", *changed))

    @property
    def changes(self) -> dict[str, Value]:
        """The fields of the configuration that differ from `base`, with their values."""
        return self.config.to_dict(base=self.base)
