"""The trainer: its plan, reproducibility, what may change on the way, and that it learns."""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.errors import ConfigError
from nn.events import (
    EpochCompleted,
    RateChanged,
    RunFinished,
    StepCompleted,
)
from nn.network.losses import CrossEntropy
from nn.network.model import MLP
from nn.training.optimizers import SGD
from nn.training.plan import Plan
from nn.training.trainer import Trainer
from tests.support.training import QUICK, events_of, of_type, timeless


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
    first, second, other = (
        [timeless(event) for event in events_of(small, config, seed=seed)] for seed in (0, 0, 1)
    )
    assert first == second
    assert first != other


def test_global_random_state_plays_no_part(small: Dataset) -> None:
    """It neither changes a run nor is changed by it."""
    first = events_of(small, EVERYTHING_RANDOM)
    random.seed(12345)  # for nobody to listen
    np.random.seed(12345)  # noqa: NPY002
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    second = events_of(small, EVERYTHING_RANDOM)
    assert [timeless(event) for event in first] == [timeless(event) for event in second]
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
    finished = of_type(events_of(small, config), RunFinished)[0]
    assert finished.evaluation is not None
    assert finished.evaluation.train is not None
    assert finished.evaluation.train.accuracy >= 0.99
    assert finished.evaluation.test.accuracy >= 0.7
