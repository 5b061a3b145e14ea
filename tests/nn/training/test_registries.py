"""Every choice of the configuration has its implementation, and every implementation its choice."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from nn.config import FIELDS, TrainConfig, choices
from nn.training.optimizers import BLOCK, RULES, Optimizer, make_optimizer
from nn.training.schedules import SCHEDULES, make_schedule


def test_optimizers() -> None:
    assert tuple(RULES) == choices("optimizer")


@pytest.mark.parametrize("rule", RULES.values())
def test_an_optimizer_names_the_fields_that_it_takes(rule: type[Optimizer]) -> None:
    common = {"parameters", "gradients", "state", "weight_decay"}
    taken = set(inspect.signature(rule).parameters) - common
    assert set(rule.hyperparameters) == taken
    assert taken <= FIELDS.keys()


@pytest.mark.parametrize("name", RULES)
def test_an_optimizer_counts_its_updates(name: str) -> None:
    """Of vectors that are longer than a block, and are all changed."""
    parameters, gradients = np.zeros(2 * BLOCK + 1), np.ones(2 * BLOCK + 1)
    optimizer = make_optimizer(TrainConfig(optimizer=name), parameters, gradients)
    for number in range(1, 4):
        before = parameters.copy()
        optimizer.step(0.1)
        assert optimizer.updates == number
        assert (parameters < before).all()
        assert np.ptp(parameters) == 0
    assert (gradients == 1).all()


def test_schedules() -> None:
    assert tuple(SCHEDULES) == choices("schedule")


@pytest.mark.parametrize("name", choices("schedule"))
def test_a_schedule_begins_with_a_rate(name: str) -> None:
    config = TrainConfig.layered({"schedule": name, "final_learning_rate": 1e-4})
    assert 0 < make_schedule(config, 5, 50)(0) <= config.learning_rate


@pytest.mark.parametrize("total", range(1, 8))
def test_one_cycle_of_a_few_steps(total: int) -> None:
    """From a 25th of the peak, up to it, and down to 4e-6 of it; never beyond these."""
    config = TrainConfig(schedule="one-cycle", learning_rate=1.0)
    rates = [make_schedule(config, 1, total)(step) for step in range(total)]
    assert rates[0] == pytest.approx(1 / 25)
    assert all(4e-6 <= rate <= 1 for rate in rates)
    if total > 1:
        assert rates[-1] == pytest.approx(4e-6)
    if total == 3:  # the rise would end before the first step
        assert rates[1] == pytest.approx((1 + 4e-6) / 2)
