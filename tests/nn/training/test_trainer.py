"""The trainer: its events, when it evaluates, reproducibility, and that it learns."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.errors import ConfigError
from nn.events import (
    EpochCompleted,
    Event,
    RateChanged,
    RunFinished,
    RunStarted,
    StepCompleted,
)
from nn.network.losses import CrossEntropy
from nn.network.model import MLP
from nn.training.optimizers import SGD
from nn.training.plan import Plan
from nn.training.trainer import Trainer

Kind = TypeVar("Kind")

QUICK = TrainConfig(hidden=(16,), learning_rate=1e-3, schedule="constant", epochs=3, batch_size=50)


def of_type(events: Sequence[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def run(dataset: Dataset, config: TrainConfig = QUICK, **changes: object) -> list[Event]:
    """All events of a run, one for every step."""
    trainer = Trainer(dataclasses.replace(config, **changes), dataset, step_interval=0)
    return list(trainer.events())


def test_rates_and_seconds_are_of_the_same_clock(small: Dataset) -> None:
    """The time that the rate of a step implies is part of its epoch's, that part of the run's."""
    events = run(small)
    (end,) = of_type(events, RunFinished)
    steps, epochs = of_type(events, StepCompleted), of_type(events, EpochCompleted)
    in_steps = sum(QUICK.batch_size / event.samples_per_second for event in steps)
    in_epochs = sum(len(small.train) / event.samples_per_second for event in epochs)
    in_run = QUICK.epochs * len(small.train) / end.samples_per_second
    assert 0 < in_steps <= in_epochs  # where the last step is followed by the end of the epoch
    assert in_epochs == pytest.approx(in_run, rel=1e-6)
    assert in_run < end.seconds  # which has the evaluations, too


def test_every_batch_drawn_with_replacement_is_full(small: Dataset) -> None:
    """300 images in batches of 70: the fifth of an epoch has 20 where each image comes once."""
    for sampling, images in (("replacement", 350), ("shuffle", 300)):
        trainer = Trainer(
            dataclasses.replace(QUICK, sampling=sampling, batch_size=70, epochs=1), small
        )
        list(trainer.events())
        assert trainer.state().values["images_trained"] == images


def test_weights_that_overflow_are_replaced_by_those_of_the_last_epoch(small: Dataset) -> None:
    trainer = Trainer(dataclasses.replace(QUICK, epochs=9), small, step_interval=0)
    kept = np.empty(0)
    for event in trainer.events():
        if isinstance(event, EpochCompleted) and event.epoch == 2:
            kept = trainer.model.parameters.copy()
            trainer.rate_factor = math.inf
    assert isinstance(event, RunFinished)
    assert (event.reason, event.kept_step) == ("diverged", 12)
    np.testing.assert_array_equal(trainer.model.parameters, kept)


def evaluated_steps(events: Sequence[Event]) -> list[int]:
    progress = [event for event in events if isinstance(event, StepCompleted | EpochCompleted)]
    return [event.evaluation.step for event in progress if event.evaluation]


def test_events_of_a_run(small: Dataset) -> None:
    events = run(small)
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
    events = run(small, **fields)
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
    events = run(small, batch_size=128, epochs=1)
    losses = [event.loss for event in of_type(events, StepCompleted)]
    assert len(losses) == 3
    mean = np.average(losses, weights=[128, 128, 44])
    assert of_type(events, EpochCompleted)[0].train_loss == pytest.approx(mean)


def test_gradients_too_large_for_a_norm_are_clipped_to_nothing(small: Dataset) -> None:
    """The sum of squares overflows, none of them does."""
    options: dict[str, Any] = {"loss": "squared-error", "init": "normal", "init_std": 1e7}
    events = run(small, clip_norm=1.0, dtype="float32", **options)
    assert math.inf in of_type(events, StepCompleted)[0].gradient_norms


def test_gradient_norms_are_those_before_clipping(small: Dataset) -> None:
    free = of_type(run(small), StepCompleted)[0]
    clipped = of_type(run(small, clip_norm=1e-3), StepCompleted)[0]
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
    events = run(small, **fields)
    assert evaluated_steps(events) == expected
    finished = of_type(events, RunFinished)[0]
    assert finished.evaluation is not None
    assert finished.evaluation.step == finished.step == expected[-1]


def test_evaluation_covers_the_splits_asked_for(small: Dataset) -> None:
    first = of_type(run(small, validation=0.2), EpochCompleted)[0].evaluation
    assert first is not None
    assert first.train is not None
    assert first.validation is not None
    second = of_type(run(small, eval_train=False), EpochCompleted)[0].evaluation
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


def timeless(events: Sequence[Event]) -> list[Event]:
    """The events without what the clock put into them."""
    clean: list[Event] = []
    for event in events:
        changes: dict[str, object] = {}
        for name in ("seconds", "samples_per_second"):
            if hasattr(event, name):
                changes[name] = 0.0
        evaluation = getattr(event, "evaluation", None)
        if evaluation is not None:
            changes["evaluation"] = dataclasses.replace(evaluation, seconds=0.0)
        clean.append(dataclasses.replace(event, **changes))
    return clean


EVERYTHING_RANDOM = TrainConfig(
    hidden=(16, 8),
    dropout=0.3,
    validation=0.2,
    init_bias="normal",
    epochs=2,
    batch_size=32,
    sampling="replacement",
)


@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_one_seed_is_one_run_bit_for_bit(small: Dataset, sampling: str) -> None:
    config = dataclasses.replace(EVERYTHING_RANDOM, sampling=sampling)
    assert timeless(run(small, config)) == timeless(run(small, config))
    assert timeless(run(small, config)) != timeless(run(small, config, seed=1))


def test_global_random_state_plays_no_part(small: Dataset) -> None:
    """It neither changes a run nor is changed by it."""
    first = run(small, EVERYTHING_RANDOM)
    random.seed(12345)  # for nobody to listen
    np.random.seed(12345)  # noqa: NPY002
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    second = run(small, EVERYTHING_RANDOM)
    assert timeless(first) == timeless(second)
    assert random.getstate() == python_state
    assert str(np.random.get_state()) == str(numpy_state)  # noqa: NPY002


def test_reporting_does_not_change_a_run(small: Dataset) -> None:
    """Nor does evaluating on the training set, nor predicting in between."""
    quiet, watched = (Trainer(QUICK, small, step_interval=s) for s in (3600, 0))
    list(quiet.events())
    for _ in watched.events():
        watched.predictor.snapshot().probabilities(small.test.images[:20])
    np.testing.assert_array_equal(quiet.model.parameters, watched.model.parameters)


def test_shuffling_takes_every_image_once_an_epoch(small: Dataset) -> None:
    plan = Plan(QUICK, len(small.train))
    seen = np.array([np.sort(plan.order(epoch)) for epoch in range(3)])
    np.testing.assert_array_equal(seen, [np.arange(300)] * 3)
    assert plan.order(0).tolist() != plan.order(1).tolist()


def test_drawing_with_replacement_repeats_images(small: Dataset) -> None:
    order = Plan(dataclasses.replace(QUICK, sampling="replacement"), len(small.train)).order(0)
    assert len(order) == 300
    # Of n draws from n, 1 - 1/e of the images are expected to appear: 190 of 300.
    assert 160 < len(np.unique(order)) < 220


def test_limit_takes_the_first_images(small: Dataset) -> None:
    trainer = Trainer(dataclasses.replace(QUICK, limit=120), small)
    np.testing.assert_array_equal(trainer.train.labels, small.train.labels[:120])
    more = Trainer(dataclasses.replace(QUICK, limit=10**9), small)
    assert len(more.train) == 300


def test_preprocessing_is_fitted_on_training_images_only(small: Dataset) -> None:
    """Validation and test images of another brightness leave it as it was."""
    config = dataclasses.replace(QUICK, preprocessing="minmax", validation=0.2)
    trainer = Trainer(config, small)
    assert trainer.validation is not None
    held_out = (small.train.images[:, None] == trainer.validation.images[:1]).all(axis=-1).any(1)
    images = small.train.images.copy()
    images[held_out] = 255
    test = Split(255 - small.test.images, small.test.labels)
    changed = Trainer(config, Dataset(Split(images, small.train.labels), test, "", ""))
    assert held_out.sum() == 1
    before, after = trainer.predictor.preprocessor, changed.predictor.preprocessor
    np.testing.assert_array_equal(before.scale, after.scale)
    np.testing.assert_array_equal(before.shift, after.shift)


def test_live_change_of_the_learning_rate(small: Dataset) -> None:
    trainer = Trainer(QUICK, small, step_interval=0)
    events = []
    for event in trainer.events():
        events.append(event)
        if isinstance(event, StepCompleted) and event.step in (4, 9):
            trainer.rate_factor = 0.5 if event.step == 4 else 1.0
    assert of_type(events, RateChanged) == [RateChanged(4, 0.5), RateChanged(9, 1.0)]
    rates = [event.learning_rate for event in of_type(events, StepCompleted)]
    np.testing.assert_allclose(rates, [1e-3] * 4 + [5e-4] * 5 + [1e-3] * 9)


def test_stopping_is_not_asking_further(small: Dataset) -> None:
    trainer = Trainer(QUICK, small, step_interval=0)
    events = trainer.events()
    next(events)
    next(events)
    parameters = trainer.model.parameters.copy()
    events.close()
    np.testing.assert_array_equal(trainer.model.parameters, parameters)
    assert trainer.step == 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"validation": 0.001}, "validation"),
        ({"validation": 0.9999}, "validation"),
        ({"schedule": "cosine", "warmup_steps": 18}, "warmup_steps"),
    ],
)
def test_what_contradicts_the_data_is_refused_at_once(
    small: Dataset, fields: dict[str, float], name: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Trainer(dataclasses.replace(QUICK, **fields), small)
    assert caught.value.field == name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arithmetic_is_in_the_type_asked_for(small: Dataset, dtype: str) -> None:
    trainer = Trainer(dataclasses.replace(QUICK, dtype=dtype, dropout=0.1), small)
    list(trainer.events())
    assert trainer.model.parameters.dtype == trainer.model.gradients.dtype == dtype
    assert trainer.predictor.probabilities(small.test.images).dtype == dtype


def test_learns_xor() -> None:
    x, classes = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    model, loss = MLP((2, 4, 2), activation="tanh", dtype=np.float64), CrossEntropy()
    model.parameters[...] = np.random.default_rng(0).normal(size=model.parameters.size)
    optimizer = SGD(model.parameters, model.gradients)
    for _ in range(500):
        value = loss.forward(model.forward(x), np.eye(2)[classes])
        model.backward(loss.backward())
        optimizer.step(0.5)
    assert value < 0.02
    assert model.forward(x).argmax(axis=1).tolist() == classes.tolist()


LEARNERS: dict[str, dict[str, object]] = {
    "sgd": {"optimizer": "sgd", "learning_rate": 0.5},
    "momentum": {"optimizer": "momentum", "learning_rate": 0.05},
    "nesterov": {"optimizer": "nesterov", "learning_rate": 0.05},
    "adam": {"learning_rate": 0.01},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.01},
    "one-cycle": {"schedule": "one-cycle", "learning_rate": 0.01},
    "sigmoid cross-entropy": {"loss": "binary-cross-entropy", "learning_rate": 0.01},
    "squared error": {
        "loss": "squared-error",
        "activation": "tanh",
        "output_activation": "sigmoid",
        "learning_rate": 0.01,
    },
    "normalized": {
        "loss": "squared-error-normalized",
        "output_activation": "sigmoid",
        "learning_rate": 0.02,
    },
    "clipped": {"clip_norm": 0.1, "learning_rate": 0.01},
}


@pytest.mark.parametrize("name", LEARNERS)
def test_learns_300_digits_by_heart(small: Dataset, name: str) -> None:
    base = {"hidden": (32,), "schedule": "constant", "epochs": 30, "batch_size": 30}
    config = TrainConfig.layered(base, {"eval_epochs": 30}, LEARNERS[name])
    finished = of_type(run(small, config), RunFinished)[0]
    assert finished.evaluation is not None
    assert finished.evaluation.train is not None
    assert finished.evaluation.train.accuracy >= 0.99
    assert finished.evaluation.test.accuracy >= 0.7
