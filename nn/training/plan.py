"""What follows from a configuration and its training images: steps, batches, rates, evaluations."""

from __future__ import annotations

import math

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split, stratified_split
from nn.training.randomness import Stream, stream
from nn.training.schedules import make_schedule


def training_split(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """The training images left after `limit` and validation, and the validation images."""
    train = dataset.train[: config.limit or None]
    if config.validation == 0:
        return train, None
    kept, held_out = stratified_split(
        train.labels, config.validation, rng=stream(config.seed, Stream.SPLIT)
    )
    return train[kept], train[held_out]


def splits_of(config: TrainConfig, dataset: Dataset) -> dict[str, Split]:
    """The splits "train", "validation" if there is one, and "test", by name."""
    train, validation = training_split(config, dataset)
    splits = {"train": train, "validation": validation, "test": dataset.test}
    return {name: split for name, split in splits.items() if split is not None}


def order_of_epoch(config: TrainConfig, images: int, epoch: int) -> Array:
    """Indices of so many training images, in the order in which an epoch, from 0, takes them.

    Without replacement the last batch of an epoch may be short; with replacement it is full.
    """
    rng = stream(config.seed, Stream.ORDER, epoch)
    if config.sampling == "replacement":
        return rng.integers(images, size=math.ceil(images / config.batch_size) * config.batch_size)
    return rng.permutation(images)


class Plan:
    """The course of a run on `train_images` images, if neither the user nor the loss ends it.

    `rate(step)` is the schedule's learning rate of a step, from 0. Raises `ConfigError` where the
    warm-up outlasts the run.
    """

    def __init__(self, config: TrainConfig, train_images: int) -> None:
        self._config, self._train_images = config, train_images
        self.steps_per_epoch = math.ceil(train_images / config.batch_size)
        self.total_steps = config.steps or config.epochs * self.steps_per_epoch
        self.rate = make_schedule(config, self.steps_per_epoch, self.total_steps)

    def order(self, epoch: int) -> Array:
        """`order_of_epoch` of the training images."""
        return order_of_epoch(self._config, self._train_images, epoch)

    def evaluates_inside_epoch(self, step: int) -> bool:
        """Whether an evaluation belongs to the event of this step, from 1."""
        last = step == self.total_steps
        if self._config.eval_steps:
            return last or (step - 1) % self._config.eval_steps == 0
        return last and step % self.steps_per_epoch != 0

    def evaluates_after_epoch(self, epoch: int) -> bool:
        """Whether an evaluation belongs to the event of this epoch, from 1."""
        if self._config.eval_steps:
            return False
        last = epoch * self.steps_per_epoch == self.total_steps
        return last or epoch % self._config.eval_epochs == 0
