"""What a trainer tells of its run: its events, and when and what it evaluates."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nn.data.dataset import Dataset
from nn.events import (
    EpochCompleted,
    Event,
    RunFinished,
    RunStarted,
    StepCompleted,
)
from nn.network.losses import CrossEntropy
from nn.training.trainer import Trainer
from tests.support.training import QUICK, events_of, of_type


def test_rates_and_seconds_are_of_the_same_clock(small: Dataset) -> None:
    """The time that the rate of a step implies is part of its epoch's, that part of the run's."""
    events = events_of(small)
    (end,) = of_type(events, RunFinished)
    steps, epochs = of_type(events, StepCompleted), of_type(events, EpochCompleted)
    in_steps = sum(QUICK.batch_size / event.samples_per_second for event in steps)
    in_epochs = sum(len(small.train) / event.samples_per_second for event in epochs)
    in_run = QUICK.epochs * len(small.train) / end.samples_per_second
    assert 0 < in_steps <= in_epochs  # where the last step is followed by the end of the epoch
    assert in_epochs == pytest.approx(in_run, rel=1e-6)
    assert in_run < end.seconds  # which has the evaluations, too


def evaluated_steps(events: Sequence[Event]) -> list[int]:
    progress = [event for event in events if isinstance(event, StepCompleted | EpochCompleted)]
    return [event.evaluation.step for event in progress if event.evaluation]


def test_events_of_a_run(small: Dataset) -> None:
    events = events_of(small)
    started, finished = events[0], events[-1]
    assert isinstance(started, RunStarted)
    assert isinstance(finished, RunFinished)
    assert started.config == QUICK
    assert (started.train_images, started.validation_images, started.test_images) == (300, 0, 200)
    assert (started.steps_per_epoch, started.total_steps, started.start_step) == (6, 18, 0)
    assert started.parameters == sum(layer.parameters for layer in started.layers) == 12_730
    assert started.data_sha256 == small.sha256
    assert [event.step for event in of_type(events, StepCompleted)] == list(range(1, 19))
    assert [event.epoch for event in of_type(events, StepCompleted)] == [1] * 6 + [2] * 6 + [3] * 6
    assert [event.epoch for event in of_type(events, EpochCompleted)] == [1, 2, 3]
    assert (finished.reason, finished.step, finished.epoch) == ("completed", 18, 3)
    assert finished.kept_step == 18
    assert finished.evaluation == of_type(events, EpochCompleted)[-1].evaluation


def test_an_event_describes_its_step(small: Dataset) -> None:
    """Learning rate by the schedule, a norm for each layer, times that only grow."""
    fields = {"schedule": "linear", "final_learning_rate": 1e-4, "hidden": (16, 8)}
    events = events_of(small, **fields)
    steps = of_type(events, StepCompleted)
    expected = [1e-3] * 6 + [5.5e-4] * 6 + [1e-4] * 6
    np.testing.assert_allclose([event.learning_rate for event in steps], expected)
    assert all(len(event.gradient_norms) == 3 for event in steps)
    assert all(norm > 0 for event in steps for norm in event.gradient_norms)
    seconds = [event.seconds for event in steps]
    assert seconds == sorted(seconds)
    assert all(event.samples_per_second > 0 for event in steps)
    epoch = of_type(events, EpochCompleted)[0]
    assert epoch.train_loss == pytest.approx(np.mean([event.loss for event in steps[:6]]))
    assert epoch.gradient_norms == steps[5].gradient_norms


def test_the_last_batch_may_be_short(small: Dataset) -> None:
    """300 images in batches of 128 are 128, 128 and 44, and the epoch's loss weighs them so."""
    events = events_of(small, batch_size=128, epochs=1)
    losses = [event.loss for event in of_type(events, StepCompleted)]
    assert len(losses) == 3
    mean = np.average(losses, weights=[128, 128, 44])
    assert of_type(events, EpochCompleted)[0].train_loss == pytest.approx(mean)


def test_gradients_too_large_for_a_norm_are_clipped_to_nothing(small: Dataset) -> None:
    """The sum of squares overflows, none of them does."""
    options: dict[str, Any] = {"loss": "squared-error", "init": "normal", "init_std": 1e7}
    events = events_of(small, clip_norm=1.0, dtype="float32", **options)
    assert math.inf in of_type(events, StepCompleted)[0].gradient_norms


def test_gradient_norms_are_those_before_clipping(small: Dataset) -> None:
    free = of_type(events_of(small), StepCompleted)[0]
    clipped = of_type(events_of(small, clip_norm=1e-3), StepCompleted)[0]
    np.testing.assert_allclose(clipped.gradient_norms, free.gradient_norms, rtol=1e-5)


def test_steps_are_reported_at_a_limited_rate(small: Dataset) -> None:
    events = list(Trainer(QUICK, small, step_interval=3600).events())
    assert of_type(events, StepCompleted) == []
    assert len(of_type(events, EpochCompleted)) == 3


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [6, 12, 18]),
        ({"eval_epochs": 2}, [12, 18]),
        ({"eval_epochs": 10}, [18]),
        ({"eval_epochs": 0, "eval_steps": 5}, [1, 6, 11, 16, 18]),
        ({"eval_epochs": 0, "eval_steps": 17}, [1, 18]),
        ({"eval_epochs": 0, "eval_steps": 1000}, [1, 18]),
        ({"epochs": 0, "steps": 8}, [6, 8]),
        ({"epochs": 0, "steps": 12}, [6, 12]),
        ({"epochs": 0, "steps": 8, "eval_epochs": 0, "eval_steps": 3}, [1, 4, 7, 8]),
        ({"epochs": 0, "steps": 1, "eval_epochs": 0, "eval_steps": 3}, [1]),
    ],
)
def test_evaluation_points(small: Dataset, fields: dict[str, int], expected: list[int]) -> None:
    """Every k epochs or steps, and once at the end; how often it reports changes nothing."""
    events = events_of(small, **fields)
    assert evaluated_steps(events) == expected
    finished = of_type(events, RunFinished)[0]
    assert finished.evaluation is not None
    assert finished.evaluation.step == finished.step == expected[-1]


def test_evaluation_covers_the_splits_asked_for(small: Dataset) -> None:
    first = of_type(events_of(small, validation=0.2), EpochCompleted)[0].evaluation
    assert first is not None
    assert first.train is not None
    assert first.validation is not None
    second = of_type(events_of(small, eval_train=False), EpochCompleted)[0].evaluation
    assert second is not None
    assert second.train is second.validation is None


def test_scores_are_means_over_the_whole_split(mnist: Dataset) -> None:
    """Over more images than are predicted at once; against the definitions."""
    config = dataclasses.replace(QUICK, hidden=(), steps=3, epochs=0, dtype="float64")
    dataset = Dataset(mnist.train[:300], mnist.test[:2345], "part", mnist.sha256)
    trainer = Trainer(config, dataset)
    finished = of_type(list(trainer.events()), RunFinished)[0]
    logits = dataset.test.images / 255 @ trainer.model.linears[0].weight
    logits += trainer.model.linears[0].bias
    expected = CrossEntropy().forward(logits, np.eye(10)[dataset.test.labels])
    assert finished.evaluation is not None
    assert finished.evaluation.test.loss == pytest.approx(expected, rel=1e-9)
    correct = np.mean(logits.argmax(axis=1) == dataset.test.labels)
    assert finished.evaluation.test.accuracy == pytest.approx(correct, rel=1e-12)
