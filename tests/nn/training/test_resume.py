"""A run that is interrupted anywhere and goes on from its saved state is the run that was not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.config import TrainConfig, choices
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import EpochCompleted, Event, RunFinished, StepCompleted
from nn.training.progress import TrainerState
from nn.training.trainer import Trainer


def through_json(state: TrainerState) -> TrainerState:
    """As it comes back from a checkpoint, which holds losses that are not finite too."""
    return TrainerState(
        {name: array.copy() for name, array in state.arrays.items()},
        json.loads(json.dumps(state.values)),
    )


def timeless(event: Event) -> Any:
    """An event without the times, which no two runs share."""
    clocks = {"seconds": 0.0, "samples_per_second": 0.0}
    if isinstance(event, StepCompleted | EpochCompleted | RunFinished):
        if event.evaluation is not None:
            clocks |= {"evaluation": replace(event.evaluation, seconds=0.0)}  # type: ignore[dict-item]
        return replace(event, **clocks)  # type: ignore[arg-type]
    return event


@st.composite
def configurations(draw: st.DrawFn) -> TrainConfig:
    """Every optimizer, schedule, sampling mode, dropout, budget, evaluation and stopping rule."""
    by_steps, eval_by_steps = draw(st.booleans()), draw(st.booleans())
    schedule = draw(st.sampled_from(choices("schedule")))
    validation = draw(st.sampled_from([0.0, 0.2]))
    layer: dict[str, object] = {
        "hidden": draw(st.sampled_from([(), (5,), (6, 4)])),
        "activation": draw(st.sampled_from(choices("activation"))),
        "loss": draw(st.sampled_from(["cross-entropy", "binary-cross-entropy", "squared-error"])),
        "dropout": draw(st.sampled_from([0.0, 0.4])),
        "dtype": draw(st.sampled_from(choices("dtype"))),
        "optimizer": draw(st.sampled_from(choices("optimizer"))),
        "learning_rate": draw(st.sampled_from([0.001, 0.05, 30.0])),
        "eps_placement": draw(st.sampled_from(choices("eps_placement"))),
        "weight_decay": draw(st.sampled_from([0.0, 0.01])),
        "clip_norm": draw(st.sampled_from([0.0, 0.1])),
        "schedule": schedule,
        "final_learning_rate": 0.0005,
        "warmup_steps": 1 if schedule == "cosine" else 0,
        "decay_every": 1,
        "sampling": draw(st.sampled_from(choices("sampling"))),
        "batch_size": draw(st.sampled_from([32, 70, 90])),
        "validation": validation,
        "patience": draw(st.sampled_from([0, 1, 2])),
        "stop_on": "validation" if validation else "test",
        "restore": draw(st.sampled_from(choices("restore"))),
        "eval_train": draw(st.booleans()),
        "seed": draw(st.integers(0, 3)),
        **(
            {"steps": draw(st.integers(3, 20))} if by_steps else {"epochs": draw(st.integers(1, 4))}
        ),
        **({"eval_steps": 3} if eval_by_steps else {"eval_epochs": draw(st.integers(1, 2))}),
    }
    return TrainConfig.layered(layer)


def follow(trainer: Trainer, changed_at: int, count: int | None = None) -> list[Any]:
    """The first `count` events without their times; after a certain step the rate is changed by hand."""
    seen = []
    for event in trainer.events():
        seen.append(timeless(event))
        if isinstance(event, StepCompleted) and event.step == changed_at:
            trainer.rate_factor *= 0.5
        if len(seen) == count:
            break
    return seen


@settings(max_examples=80, deadline=None)
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
