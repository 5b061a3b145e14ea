"""The walk that is looked at: which network, images and step are wanted, and what was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nn.analysis.nudge import Nudge
from nn.analysis.stage import Index
from nn.analysis.step_arrays import Pass
from nn.analysis.walk import DEFAULT_FIELDS, DEFAULT_IMAGES, FIELDS, Walk
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.data.preprocessing import Preprocessor

MOST_IMAGES = 20
NUDGES = (1e-4, 1e-1, 1e-2, 1e-6, 1e-8, 1e-12)
"""The sizes of a nudge: the textbook's first, then too large ones and too small ones."""
CHANGES = np.linspace(-1.0, 1.0, 33)
"""How far a weight is moved for the curve of the loss."""
CHECKED = 20
"""Elements of each array whose derivatives are checked when a weight is nudged."""
MOST_CHECKED = 100_000
"""Parameters of a network up to which they are: a forward pass for each takes long in others."""


@dataclass(frozen=True, eq=False)
class Pick:
    """An image of a walk: the split and the index that it is from, its bytes, and its label."""

    split: str
    index: int
    image: Array
    label: int

    @property
    def name(self) -> str:
        """`train 42`."""
        return f"{self.split} {self.index}"

    def same(self, other: Pick) -> bool:
        """Whether the other is the same image from the same place."""
        return self.name == other.name and np.array_equal(self.image, other.image)

    @classmethod
    def of(cls, split: str, images: Split, index: int) -> Pick:
        """An image of a split."""
        return cls(split, index, images.images[index], int(images.labels[index]))


def first_images(dataset: Dataset) -> tuple[Pick, ...]:
    """The images of a walk for which none were picked."""
    count = min(DEFAULT_IMAGES, len(dataset.train))
    return tuple(Pick.of("train", dataset.train, index) for index in range(count))


def walk_config(train: TrainConfig | None) -> TrainConfig:
    """The default network of a walk, or that of a configuration, whose rate stays the same."""
    if train is None:
        return TrainConfig.layered(DEFAULT_FIELDS)
    chosen = {name: getattr(train, name) for name in FIELDS}
    return TrainConfig.layered(chosen, {"schedule": "constant"})


@dataclass(frozen=True)
class Weight:
    """A weight or bias: the name of its array, and its place there."""

    parameter: str
    index: Index


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be shown: a step of a walk, and perhaps a weight that is nudged there.

    `of_train` is whether the network is that of the configuration of the next run.
    """

    config: TrainConfig
    dataset: Dataset
    picks: tuple[Pick, ...]
    step: int = 0
    weight: Weight | None = None
    of_train: bool = False

    def same_walk(self, other: Wanted) -> bool:
        """Whether the other is a step of the same walk."""
        return (
            self.config == other.config
            and self.dataset is other.dataset
            and len(self.picks) == len(other.picks)
            and all(a.same(b) for a, b in zip(self.picks, other.picks, strict=True))
        )


@dataclass(frozen=True)
class Extent:
    """The largest magnitude of an array's finite numbers, and whether any is below zero."""

    largest: float
    signed: bool

    @classmethod
    def of(cls, array: Array) -> Extent:
        """The extent of an array, for which all its numbers are looked at."""
        finite = array[np.isfinite(array)]
        low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
        return cls(max(-low, high), low < 0)


@dataclass(frozen=True, eq=False)
class Nudged:
    """What one weight does to the loss, all others being as they are.

    `nudges` are of the sizes `NUDGES`. `losses` are those where the weight is changed by each of
    `CHANGES`; `updated` is the weight after this step, and `loss_updated` the loss with it.
    """

    nudges: Sequence[Nudge]
    losses: Array
    updated: float
    loss_updated: float

    @classmethod
    def of(cls, walk: Walk, weight: Weight) -> Nudged:
        """Compute the losses along a weight of the present step of a walk."""
        values, along = walk.here.values, walk.along(weight.parameter, weight.index)
        analytical = float(values[f"d{weight.parameter}"][weight.index])
        updated = float(values[f"new {weight.parameter}"][weight.index])
        return cls(
            tuple(along.nudge(analytical, h) for h in NUDGES),
            np.array([along.at(along.value + change) for change in CHANGES.tolist()]),
            updated,
            along.at(updated),
        )


@dataclass(frozen=True, eq=False)
class WalkView:
    """A step of a walk as it was computed.

    `step` is lower than the wanted one where the loss of that step is not finite. `losses` are
    those of all steps up to this one, `before` the probabilities of the step before, and `extents`
    those of the stages. `errors` are those of backpropagation, by the names of the parameters;
    there are none where no weight is nudged, and for a network that is too large.
    """

    wanted: Wanted
    step: int
    taken: Pass
    losses: Sequence[float]
    before: Array | None
    diverged: bool
    extents: Sequence[Extent]
    nudged: Nudged | None = None
    errors: Mapping[str, float] = field(default_factory=dict)

    @property
    def picks(self) -> tuple[Pick, ...]:
        """The images, in the order of the rows."""
        return self.wanted.picks

    @property
    def predicted(self) -> Array:
        """The likeliest class of each image."""
        predicted: Array = self.taken.probabilities.argmax(axis=1)
        return predicted


@dataclass
class Walker:
    """Computes views, on one thread at a time."""

    _walk: Walk | None = None
    _walked: Wanted | None = field(default=None, repr=False)
    _checked: dict[int, Mapping[str, float]] = field(default_factory=dict, repr=False)

    def look(self, wanted: Wanted) -> WalkView:
        """Compute what is wanted; raises `ConfigError` for a network that cannot be walked."""
        walk = self._walk
        if walk is None or self._walked is None or not wanted.same_walk(self._walked):
            config, train = wanted.config, wanted.dataset.train
            batch = Split(
                np.stack([pick.image for pick in wanted.picks]),
                np.array([pick.label for pick in wanted.picks], np.uint8),
                wanted.dataset.spec,
            )
            walk = Walk(config, batch, Preprocessor.of(config, train))
            self._checked = {}
        taken = walk.go(wanted.step)
        self._walk, self._walked = walk, wanted
        return WalkView(
            wanted,
            walk.step,
            taken,
            tuple(walk.losses[: walk.step + 1]),
            walk.probabilities[walk.step - 1] if walk.step else None,
            walk.diverged,
            tuple(Extent.of(stage.array) for stage in taken.stages),
            Nudged.of(walk, wanted.weight) if wanted.weight else None,
            self._errors(walk) if wanted.weight else {},
        )

    def _errors(self, walk: Walk) -> Mapping[str, float]:
        """The errors of backpropagation at the present step, which are kept for other weights."""
        parameters = sum(walk.here.values[name].size for name in walk.here.gradient_norms)
        if parameters > MOST_CHECKED:
            return {}
        if walk.step not in self._checked:
            self._checked[walk.step] = walk.errors(CHECKED, rng=np.random.default_rng(0))
        return self._checked[walk.step]
