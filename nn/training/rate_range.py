"""The learning-rate range test: the loss while the rate grows at every step.

Source: L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3,
with the geometric growth of the rate and the smoothed loss that later implementations use.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.network.model import initialize_model
from nn.training.engine import Fed, OneProcess
from nn.training.plan import order_of_epoch, splits_of
from nn.training.randomness import Stream, stream

LOWEST, HIGHEST, STEPS = 1e-6, 100.0, 400
_SMOOTHING = 0.9  # share of the running mean that a step keeps
_SPAN = 10  # steps to each side over which a slope is taken: as many as the mean is of
_BLOWN_UP = 2.0  # smoothed loss against its lowest, from which the test ends


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One step of the test: its rate, and the running mean of the loss before each update."""

    rate: float
    loss: float


@dataclass(frozen=True, slots=True)
class RateRange:
    """What the test shows.

    `steepest` is the rate at which the loss falls fastest against the logarithm of the rate, the
    one to take; `lowest` the rate of the lowest loss; `blow_up` the rate at which the loss has
    doubled from its lowest, None where it never does.
    """

    points: tuple[RatePoint, ...]
    steepest: float
    lowest: float
    blow_up: float | None


def rate_points(
    config: TrainConfig,
    dataset: Dataset,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
) -> Iterator[RatePoint]:
    """Train a network of its own with a rate that grows, until the loss blows up.

    Step k of `steps` has the rate lowest (highest / lowest)^(k / (steps - 1)). The network, its
    loss, optimizer and batches are those of `config`; its schedule and budget are not used.
    """
    fed = Fed.of(config, dataset, splits_of(config, dataset))
    train = fed.splits["train"]
    engine = OneProcess(config, fed.splits, fed.scaling)
    initialize_model(engine.model, config, rng=stream(config.seed, Stream.INITIALIZATION))
    batches = _batches(config, len(train))
    mean, best = 0.0, math.inf
    with np.errstate(all="ignore"):
        for step in range(steps):
            rate = lowest * (highest / lowest) ** (step / max(1, steps - 1))
            loss = engine.step(next(batches), step, rate)
            if not math.isfinite(loss):
                yield RatePoint(rate, math.inf)
                return
            mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
            smoothed = mean / (1 - _SMOOTHING ** (step + 1))
            best = min(best, smoothed)
            yield RatePoint(rate, smoothed)
            if smoothed > _BLOWN_UP * best and step > 10:
                return


def summarize(points: tuple[RatePoint, ...]) -> RateRange:
    """Find the steepest descent and the blow-up.

    Raises `ValueError` for fewer than two points with a finite loss.
    """
    finite = [point for point in points if math.isfinite(point.loss)]
    if len(finite) < 2:
        raise ValueError("the loss was not finite from the first steps on")
    rates = np.array([point.rate for point in finite])
    losses = np.array([point.loss for point in finite])
    bottom = int(np.argmin(losses))
    steepest = _steepest(np.log(rates), losses, bottom)
    blown = [
        point.rate
        for number, point in enumerate(points)
        if number > bottom and point.loss > _BLOWN_UP * losses[bottom]
    ]
    return RateRange(
        points, float(rates[steepest]), float(rates[bottom]), blown[0] if blown else None
    )


def _steepest(logarithms: Array, losses: Array, bottom: int) -> int:
    """The step at which the loss falls fastest, on the way to its lowest.

    Slopes are taken over `_SPAN` steps to each side, since those between neighbours are mostly the
    noise of single batches. The first steps are left out: their mean is of few batches only.
    """
    middle = np.arange(2 * _SPAN, bottom + 1)
    middle = middle[middle + _SPAN < len(losses)]
    if len(middle) == 0:
        slopes = np.gradient(losses, logarithms)[: bottom + 1]
        return int(np.argmin(slopes))
    ahead, behind = middle + _SPAN, middle - _SPAN
    slopes = (losses[ahead] - losses[behind]) / (logarithms[ahead] - logarithms[behind])
    return int(middle[np.argmin(slopes)])


def _batches(config: TrainConfig, images: int) -> Iterator[Array]:
    """Batches as a run of this configuration has them, epoch after epoch without end."""
    for epoch in count():
        order = order_of_epoch(config, images, epoch)
        for start in range(0, len(order), config.batch_size):
            yield order[start : start + config.batch_size]
