"""A run that is interrupted anywhere and goes on from its saved state is the run that was not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.training.progress import TrainerState
from nn.training.trainer import Trainer
from tests.support.training import configurations, follow, through_json


@given(config=configurations(), data=st.data())
def test_bit_for_bit_wherever_it_is_interrupted(
    small: Dataset, config: TrainConfig, data: st.DataObject
) -> None:
    """Interrupted up to three times, at any event, the learning rate changed by hand on the way."""
    changed_at = data.draw(st.integers(0, 10))
    whole = Trainer(config, small, step_interval=0)
    expected = follow(whole, changed_at)
    seen = expected[:1]
    trainer = Trainer(config, small, step_interval=0)
    for _ in range(data.draw(st.integers(1, 3))):
        left = len(expected) - len(seen)
        if left < 2:
            break
        seen += follow(trainer, changed_at, data.draw(st.integers(1, left)))[1:]
        state, trainer = through_json(trainer.state()), Trainer(config, small, step_interval=0)
        trainer.restore(state)
    started, *rest = follow(trainer, changed_at)
    assert started.start_step == trainer_step(seen)
    # As text, in which NaN is equal to itself.
    assert list(map(repr, seen + rest)) == list(map(repr, expected))
    np.testing.assert_array_equal(trainer.model.parameters, whole.model.parameters)


def trainer_step(events: list[Any]) -> int:
    return max(getattr(event, "step", 0) for event in events)


def a_state(small: Dataset) -> tuple[TrainConfig, TrainerState]:
    config = TrainConfig(hidden=(4,), epochs=2, patience=1, stop_on="test")
    trainer = Trainer(config, small, step_interval=0)
    follow(trainer, 0, 6)
    return config, through_json(trainer.state())


def test_taking_a_state_changes_nothing(small: Dataset) -> None:
    config, _ = a_state(small)
    looked_at = Trainer(config, small, step_interval=0)
    for _ in looked_at.events():
        looked_at.state()
        break
    undisturbed = Trainer(config, small, step_interval=0)
    assert follow(looked_at, 0)[1:] == follow(undisturbed, 0)[1:]


@pytest.mark.parametrize("missing", ["step", "epoch", "stopping", "finite_step"])
def test_a_state_with_something_missing_is_refused(small: Dataset, missing: str) -> None:
    config, state = a_state(small)
    del state.values[missing]
    with pytest.raises(StorageError, match=missing):
        Trainer(config, small).restore(state)


def test_weights_to_go_back_to_that_are_missing_are_refused(small: Dataset) -> None:
    """The weights of an earlier step cannot be told from the present ones, had these been taken."""
    config, state = a_state(small)
    assert state.values["finite_step"] != state.values["step"]
    del state.arrays["finite"]
    with pytest.raises(StorageError, match="finite"):
        Trainer(config, small).restore(state)


@pytest.mark.parametrize(
    "damage",
    [
        {"step": "x"},
        {"step": 10_000},
        {"reason": "bored"},
        {"images_trained": True},
        {"learning_rate": "0.1"},
        {"epoch_images": 0},
        {"stopping": []},
        {"evaluation": {"step": 1}},
        {"gradient_norms": 3},
    ],
)
def test_a_damaged_state_is_refused(small: Dataset, damage: dict[str, Any]) -> None:
    config, state = a_state(small)
    state.values.update(damage)
    with pytest.raises(StorageError, match="does not fit"):
        Trainer(config, small).restore(state)


def test_a_state_of_another_network_is_refused(small: Dataset) -> None:
    config, state = a_state(small)
    with pytest.raises(StorageError, match="does not fit"):
        Trainer(replace(config, hidden=(5,)), small).restore(state)
    with pytest.raises(StorageError, match="does not fit"):
        Trainer(replace(config, dtype="float64"), small).restore(state)
    with pytest.raises(StorageError, match="does not fit"):
        Trainer(replace(config, optimizer="sgd", hidden=(7,)), small).restore(state)


def test_a_state_with_the_random_generators_of_version_0_1_0(small: Dataset) -> None:
    """It goes on, and whoever resumes it can learn that other units are dropped."""
    config, state = a_state(small)
    trainer = Trainer(config, small)
    trainer.restore(state)
    assert not trainer.masks_changed
    state.values.update(updates=5, dropout_rng={"bit_generator": "PCG64"}, worker_rngs=[])
    trainer = Trainer(config, small)
    trainer.restore(state)
    assert trainer.masks_changed
    *_, finished = trainer.events()
    assert getattr(finished, "reason", None) == "completed"
