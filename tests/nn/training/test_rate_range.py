"""The learning-rate range test finds the steepest descent and the blow-up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nn.config import TrainConfig, choices
from nn.data.dataset import Dataset
from nn.events import StepCompleted
from nn.training.rate_range import RatePoint, rate_points, summarize
from nn.training.trainer import Trainer

SGD = TrainConfig(hidden=(20,), optimizer="sgd", batch_size=50)


def points(function, low: float = -6, high: float = 1, count: int = 141) -> tuple[RatePoint, ...]:  # type: ignore[no-untyped-def]
    return tuple(RatePoint(10.0**e, function(e)) for e in np.linspace(low, high, count))


def test_a_loss_whose_shape_is_known() -> None:
    """A step down of 2 around 10^-3, steepest there, and a wall from 10^0 on."""
    found = summarize(points(lambda e: 1 - math.tanh(2 * (e + 3)) + (10 * e if e > 0 else 0) + 0.1))
    assert found.steepest == pytest.approx(1e-3, rel=0.2)
    assert found.blow_up == pytest.approx(1.0, rel=0.3)
    assert found.steepest < found.lowest < found.blow_up


@pytest.mark.parametrize("seed", range(5))
def test_the_noise_of_single_batches_is_not_the_steepest(seed: int) -> None:
    """Neighbours differ by more than a step of the descent does, most of all at the beginning."""
    rng = np.random.default_rng(seed)
    noise = iter(rng.normal(0, 0.05, 400) / np.minimum(1, np.arange(1, 401) / 20))

    def loss(exponent: float) -> float:
        return 3 - math.tanh(2 * (exponent + 3)) + float(next(noise))

    found = summarize(points(loss, count=400))
    assert 10**-3.5 < found.steepest < 10**-2.5


def test_a_loss_that_never_blows_up() -> None:
    assert summarize(points(lambda e: 2 - e / 10)).blow_up is None


def test_a_network_blows_up_at_some_rate_and_its_steepest_is_below(small: Dataset) -> None:
    found = summarize(tuple(rate_points(SGD, small)))
    assert found.blow_up is not None
    assert 1e-3 < found.steepest <= found.lowest < found.blow_up


def test_the_steepest_rate_trains(small: Dataset) -> None:
    """Ten times the steepest is worse, a thousandth learns next to nothing."""
    steepest = summarize(tuple(rate_points(SGD, small))).steepest

    def loss(rate: float) -> float:
        config = TrainConfig(
            hidden=(20,),
            optimizer="sgd",
            batch_size=50,
            learning_rate=rate,
            schedule="constant",
            epochs=8,
        )
        trainer = Trainer(config, small)
        *_, finished = trainer.events()
        return float(finished.evaluation.train.loss)

    assert loss(steepest) < 0.8 * loss(steepest / 1000)


def test_the_rates_grow_geometrically_and_the_run_repeats(small: Dataset) -> None:
    first = list(rate_points(SGD, small, lowest=1e-4, highest=1e-2, steps=5))
    assert [point.rate for point in first] == pytest.approx([1e-4, 10**-3.5, 1e-3, 10**-2.5, 1e-2])
    assert first == list(rate_points(SGD, small, lowest=1e-4, highest=1e-2, steps=5))
    assert first[0].loss == pytest.approx(math.log(10), rel=0.5)


@pytest.mark.parametrize("sampling", choices("sampling"))
def test_the_batches_are_those_of_a_run(small: Dataset, sampling: str) -> None:
    """At a rate that stays the same, over several epochs whose last batch may be short."""
    fields = {"sampling": sampling, "batch_size": 70, "learning_rate": 0.1, "schedule": "constant"}
    config = TrainConfig.layered({"hidden": (20,), "optimizer": "sgd", "steps": 12}, fields)
    events = Trainer(config, small, step_interval=0).events()
    losses = [event.loss for event in events if isinstance(event, StepCompleted)]
    found = list(rate_points(config, small, lowest=0.1, highest=0.1, steps=12))
    mean = 0.0
    for step, (point, loss) in enumerate(zip(found, losses, strict=True), 1):
        mean = 0.9 * mean + 0.1 * loss
        assert point.loss == pytest.approx(mean / (1 - 0.9**step), rel=1e-9)


def test_a_loss_that_overflows_at_once_is_refused(small: Dataset) -> None:
    config = TrainConfig(hidden=(20,), init="normal", init_std=1e37, optimizer="sgd", batch_size=50)
    with pytest.raises(ValueError, match="not finite"):
        summarize(tuple(rate_points(config, small)))


def test_the_rates_reach_from_the_lowest_to_the_highest(small: Dataset) -> None:
    assert [point.rate for point in rate_points(SGD, small, steps=2)] == pytest.approx([1e-6, 100])
    assert [point.rate for point in rate_points(SGD, small, steps=1)] == pytest.approx([1e-6])


def test_the_first_steps_do_not_end_it(small: Dataset) -> None:
    """The loss doubles in the second step, and the mean is of few batches until the eleventh."""
    found = list(rate_points(SGD, small, lowest=20, highest=200, steps=100))
    assert found[1].loss > 2 * found[0].loss
    assert len(found) == 12


def test_two_points_are_enough() -> None:
    found = summarize((RatePoint(0.1, 2.0), RatePoint(0.2, 1.0), RatePoint(0.3, math.inf)))
    assert (found.lowest, found.blow_up) == (0.2, 0.3)
    with pytest.raises(ValueError, match="not finite from the first steps on"):
        summarize((RatePoint(0.1, 2.0), RatePoint(0.2, math.inf)))


@pytest.mark.parametrize(("last", "blow_up"), [(1.99, None), (2.01, 0.3)])
def test_it_blows_up_at_twice_the_lowest_loss(last: float, blow_up: float | None) -> None:
    points = (RatePoint(0.1, 9.0), RatePoint(0.2, 1.0), RatePoint(0.3, last))
    assert summarize(points).blow_up == blow_up
