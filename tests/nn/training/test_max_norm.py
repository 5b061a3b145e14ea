"""Max-norm: no hidden unit's weights exceed the bound after any step, and others stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import StepCompleted
from nn.training.max_norm import limit_norms
from nn.training.trainer import Trainer


@given(
    arrays(np.float64, (3, 5), elements=st.floats(-1e6, 1e6)),
    st.floats(1e-3, 1e3),
)
def test_columns_keep_their_direction_and_lose_what_exceeds(weight: Array, limit: float) -> None:
    bounded = weight.copy()
    limit_norms(bounded, limit)
    for before, after in zip(weight.T, bounded.T, strict=True):
        norm = sum(float(w) ** 2 for w in before) ** 0.5
        if norm < limit * (1 - 1e-9):
            np.testing.assert_array_equal(after, before)
        elif norm > limit:
            np.testing.assert_allclose(after, before * (limit / norm), rtol=1e-9)


def test_hidden_units_are_bounded_at_every_step(small: Dataset) -> None:
    config = TrainConfig(
        hidden=(12, 9), max_norm=0.5, batch_size=50, epochs=3, dtype="float64", learning_rate=0.05
    )
    trainer = Trainer(config, small, step_interval=0)
    steps = 0
    for event in trainer.events():
        if isinstance(event, StepCompleted):
            steps += 1
            *hidden, output = trainer.model.linears
            for linear in hidden:
                norms = np.linalg.norm(linear.weight, axis=0)
                assert norms.max() <= 0.5 + 1e-12
            assert np.linalg.norm(output.weight, axis=0).max() > 0.6
    assert steps == 18


def test_a_bound_that_nothing_reaches_changes_nothing(small: Dataset) -> None:
    config = TrainConfig(hidden=(12,), epochs=1, batch_size=50)
    free, bounded = Trainer(config, small), Trainer(replace(config, max_norm=1e6), small)
    for trainer in (free, bounded):
        list(trainer.events())
    np.testing.assert_array_equal(free.model.parameters, bounded.model.parameters)


def test_it_still_learns(small: Dataset) -> None:
    config = TrainConfig(hidden=(40,), max_norm=2.0, dropout=0.2, batch_size=30, epochs=10)
    *_, end = Trainer(config, small).events()
    assert end.evaluation.train.accuracy == pytest.approx(1, abs=0.05)
