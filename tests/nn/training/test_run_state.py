"""What a saved state holds and what it is refused for, and the weights that a run falls back to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import Event, RunFinished, StepCompleted
from nn.training.progress import TrainerState
from nn.training.trainer import Trainer
from tests.support.training import follow, through_json

CONFIG = TrainConfig(hidden=(4,), epochs=3)  # epochs of three steps
STEPS = 3


def state_after(trainer: Trainer, events: int) -> TrainerState:
    follow(trainer, -1, events)
    return through_json(trainer.state())


def finish(trainer: Trainer, *, looked_at: bool = False) -> RunFinished:
    """Train with a rate that ends in divergence after the second epoch's first step."""
    last: Event | None = None
    for last in trainer.events():
        if isinstance(last, StepCompleted) and last.step == STEPS + 1:
            trainer.rate_factor = 1e45
        if looked_at and not isinstance(last, RunFinished):
            trainer.state()
    assert isinstance(last, RunFinished)
    return last


def test_the_state_of_a_run_that_has_not_begun(small: Dataset) -> None:
    trainer = Trainer(CONFIG, small)
    state = trainer.state()
    assert not trainer.masks_changed
    assert state.values == {
        "step": 0,
        "epoch": 0,
        "epoch_loss": 0.0,
        "epoch_images": 0,
        "epoch_seconds": 0.0,
        "images_trained": 0,
        "training_seconds": 0.0,
        "evaluating_seconds": 0.0,
        "warping_seconds": 0.0,
        "rate_factor": 1.0,
        "applied_factor": 1.0,
        "learning_rate": 0.0,
        "gradient_norms": (),
        "finite_step": 0,
        "evaluation": None,
        "reason": None,
        "stopping": {"best_loss": None, "failures": 0, "kept": None, "last": None},
    }
    assert state.arrays.keys() == {
        "parameters",
        "optimizer.first_moment",
        "optimizer.second_moment",
    }


@pytest.mark.parametrize(("events", "second"), [(5, False), (6, True), (8, True), (9, False)])
def test_two_vectors_of_weights_are_saved_inside_an_epoch_only(
    small: Dataset, events: int, second: bool
) -> None:
    """Between two epochs the weights are those to fall back to."""
    state = state_after(Trainer(CONFIG, small, step_interval=0), events)
    assert ("finite" in state.arrays) == second
    assert state.values["finite_step"] == (STEPS if events < 9 else 2 * STEPS)


def test_a_state_does_not_change_while_training_goes_on(small: Dataset) -> None:
    trainer = Trainer(replace(CONFIG, patience=2, stop_on="test"), small, step_interval=0)
    events = trainer.events()
    for _ in range(6):
        next(events)
    state = trainer.state()
    before = {name: array.copy() for name, array in state.arrays.items()}
    for _ in events:
        pass
    assert before.keys() == state.arrays.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(state.arrays[name], array)


def test_training_starts_from_given_weights(small: Dataset) -> None:
    trainer = Trainer(CONFIG, small, step_interval=0)
    given = np.linspace(-0.1, 0.1, trainer.model.parameters.size, dtype=np.float32)
    trainer.start_from(given)
    np.testing.assert_array_equal(trainer.model.parameters, given)
    np.testing.assert_array_equal(trainer.state().arrays["parameters"], given)
    for _ in trainer.events():
        pass
    assert not np.array_equal(trainer.model.parameters, given)
    assert given[-1] == np.float32(0.1)


def test_a_run_that_diverges_falls_back_to_the_weights_it_was_given(small: Dataset) -> None:
    """It overflows in its only step of an epoch, after which nothing is evaluated."""
    config = replace(CONFIG, batch_size=300, eval_epochs=3, optimizer="sgd", learning_rate=1e39)
    trainer = Trainer(replace(config, schedule="constant"), small, step_interval=0)
    given = np.linspace(-0.1, 0.1, trainer.model.parameters.size, dtype=np.float32)
    trainer.start_from(given)
    *_, last = trainer.events()
    assert isinstance(last, RunFinished)
    assert (last.reason, last.step, last.kept_step) == ("diverged", 1, 0)
    np.testing.assert_array_equal(trainer.model.parameters, given)


@pytest.mark.parametrize("how", ["undisturbed", "saved at every event", "resumed inside the epoch"])
def test_a_run_that_diverges_falls_back_to_its_last_epoch(small: Dataset, how: str) -> None:
    config = replace(CONFIG, optimizer="sgd", learning_rate=0.1)
    trainer = Trainer(config, small, step_interval=0)
    expected = state_after(Trainer(config, small, step_interval=0), STEPS + 2).arrays["parameters"]
    if how == "resumed inside the epoch":
        trainer.restore(state_after(Trainer(config, small, step_interval=0), STEPS + 2 + 1))
        trainer.rate_factor = 1e45
    last = finish(trainer, looked_at=how == "saved at every event")
    assert (last.reason, last.kept_step) == ("diverged", STEPS)
    np.testing.assert_array_equal(trainer.model.parameters, expected)


@pytest.mark.parametrize(
    ("events", "damage"),
    [
        (6, {"step": STEPS - 1}),
        (6, {"step": 2 * STEPS + 1}),
        (6, {"epoch_images": -1}),
        (6, {"epoch_seconds": 0}),
        (6, {"epoch_seconds": -1.0}),
        (6, {"step": STEPS + 1.0}),
        (6, {"epoch_loss": True}),
        (6, {"gradient_norms": [1.0, "2"]}),
        (6, {"stopping": {"best_loss": "1", "failures": 0, "kept": None, "last": None}}),
    ],
)
def test_what_a_state_is_refused_for(small: Dataset, events: int, damage: dict[str, Any]) -> None:
    state = state_after(Trainer(CONFIG, small, step_interval=0), events)
    state.values.update(damage)
    with pytest.raises(StorageError, match="does not fit"):
        Trainer(CONFIG, small).restore(state)


@pytest.mark.parametrize(
    ("events", "known"),
    [
        (6, {"epoch_loss": 3}),  # a whole number in place of a float
        (6, {"epoch_seconds": 1e-9, "epoch_images": 1}),
        (8, {}),  # the last step of an epoch whose end was not reported
        (5, {"epoch_seconds": 0.0, "epoch_images": 0}),  # nothing of an epoch that has not begun
    ],
)
def test_what_a_state_may_hold(small: Dataset, events: int, known: dict[str, Any]) -> None:
    state = state_after(Trainer(CONFIG, small, step_interval=0), events)
    state.values.update(known)
    trainer = Trainer(CONFIG, small, step_interval=0)
    trainer.restore(state)
    assert trainer.state().values.items() >= known.items()
    *_, last = trainer.events()
    assert isinstance(last, RunFinished)
    assert last.step == 3 * STEPS
