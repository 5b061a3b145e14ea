"""Several processes that compute a run together: it is the run of one process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.augmentation import Augmentation
from nn.data.dataset import Dataset
from nn.events import EpochCompleted, RunFinished, StepCompleted
from nn.parallel.cores import Cores
from nn.parallel.process_group import make_engine
from nn.parallel.shared_memory import is_supported
from nn.training.trainer import Trainer
from tests.support.engines import BASE, several
from tests.support.processes import children, needs_several
from tests.support.training import follow, through_json

pytestmark = needs_several

AVAILABLE = os.sched_getaffinity(0) if is_supported() else set()
# Everything that a process does with its share, or that they have to agree on.
KINDS: dict[str, dict[str, Any]] = {
    "momentum, binary cross-entropy": {
        "optimizer": "momentum",
        "weight_decay": 0.01,
        "loss": "binary-cross-entropy",
        "activation": "sigmoid",
    },
    "nesterov, clipped, squared error, standardized": {
        "optimizer": "nesterov",
        "clip_norm": 0.1,
        "loss": "squared-error",
        "label_smoothing": 0.1,
        "preprocessing": "standardize",
    },
    "adam, normalized error": {
        "optimizer": "adam",
        "learning_rate": 0.01,
        "loss": "squared-error-normalized",
        "output_activation": "sigmoid",
    },
    "adamw, no hidden layer, deskewed": {
        "optimizer": "adamw",
        "learning_rate": 0.01,
        "weight_decay": 0.1,
        "hidden": (),
        "deskew": True,
        "preprocessing": "minmax",
    },
    "edges": {"preprocessing": "edges", "augment_shift": 1, "deskew": True},
    "normalized over the batch": {"batch_norm": True, "noise": 0.3, "optimizer": "momentum"},
    "normalized, last batch of one": {"batch_norm": True, "batch_size": 19, "limit": 20},
    "averaged": {"average_decay": 0.9, "batch_norm": True, "max_norm": 0.8, "validation": 0.2},
    "augmented, replacement": {
        "augment_shift": 2,
        "augment_rotation": 15,
        "elastic_alpha": 30,
        "sampling": "replacement",
        "eval_steps": 3,
        "eval_epochs": 0,
    },
    # so that some processes have none
    "augmented, one image": {"augment_scale": 0.2, "batch_size": 1, "limit": 20},
    "validation": {"validation": 0.2, "patience": 1, "epochs": 4},
    "last batch of one": {"batch_size": 19, "limit": 20},
}

KINDS_OF_SHARES = (
    *("validation", "augmented, one image", "averaged"),
    *("normalized over the batch", "normalized, last batch of one"),
)


@pytest.fixture
def trainer(small: Dataset) -> Iterator[Trainer]:
    """Of a long run in two processes."""
    config = replace(BASE, epochs=1000)
    with closing(Trainer(config, small, step_interval=0, engine=several(2))) as trainer:
        yield trainer


@pytest.mark.parametrize(
    ("kind", "processes"),
    [
        *((kind, 3 if kind in KINDS_OF_SHARES else 2) for kind in KINDS),
        *(pytest.param(kind, 2, marks=pytest.mark.slow) for kind in KINDS_OF_SHARES),
    ],
)
def test_it_is_the_run_of_one_process(small: Dataset, kind: str, processes: int) -> None:
    """But for the order of summation, which float64 hardly shows."""
    config = replace(BASE, **KINDS[kind])
    alone = Trainer(config, small, step_interval=0)
    expected = list(alone.events())
    with closing(Trainer(config, small, step_interval=0, engine=several(processes))) as together:
        events = list(together.events())
    assert len(events) == len(expected)
    for event, reference in zip(events, expected, strict=True):
        assert type(event) is type(reference)
        if isinstance(event, StepCompleted) and isinstance(reference, StepCompleted):
            assert event.loss == pytest.approx(reference.loss, rel=1e-9)
            assert event.gradient_norms == pytest.approx(reference.gradient_norms, rel=1e-9)
        if isinstance(event, EpochCompleted) and isinstance(reference, EpochCompleted):
            assert event.train_loss == pytest.approx(reference.train_loss, rel=1e-9)
        if isinstance(event, StepCompleted | EpochCompleted) and event.evaluation:
            assert isinstance(reference, StepCompleted | EpochCompleted)
            assert reference.evaluation
            score, other = event.evaluation.test, reference.evaluation.test
            assert score.loss == pytest.approx(other.loss, rel=1e-9)
            assert score.accuracy == other.accuracy
            raw, other_raw = event.evaluation.raw, reference.evaluation.raw
            assert (raw and raw.loss) == pytest.approx(other_raw and other_raw.loss, rel=1e-9)
    for model, reference_model in (
        (together.model, alone.model),
        (together.predictor.model, alone.predictor.model),
    ):
        np.testing.assert_allclose(
            model.parameters, reference_model.parameters, rtol=1e-7, atol=1e-10
        )


@pytest.mark.slow
def test_dropout_is_the_same_each_time(small: Dataset) -> None:
    config = replace(BASE, dropout=0.5, epochs=1)
    losses = []
    for _ in range(2):
        with closing(Trainer(config, small, step_interval=0, engine=several(3))) as trainer:
            losses.append([event.loss for event in trainer.events() if hasattr(event, "loss")])
    assert losses[0] == losses[1]


@pytest.mark.parametrize("size", [300, 70, 33, 1])
def test_every_process_warps_its_images_as_the_whole_batch_would(mnist: Dataset, size: int) -> None:
    """Bit for bit, wherever a process begins within the images that share a warp."""
    config = TrainConfig(augment_shift=3, augment_rotation=20, augment_shear=0.2, elastic_alpha=40)
    augmentation, images = Augmentation(config, (28, 28)), mnist.train.images[:size]
    whole = augmentation.warped(images, rng=np.random.default_rng(3)).copy()
    for processes in (2, 3, 7):
        for rank in range(processes):
            first, end = size * rank // processes, size * (rank + 1) // processes
            if first < end:
                rng = np.random.default_rng(3)
                part = augmentation.warped(images[first:end], rng=rng, first=first, batch_size=size)
                np.testing.assert_array_equal(part, whole[first:end])


@pytest.mark.parametrize(
    ("optimizer", "places"),
    [("nesterov", (8,)), pytest.param("adam", (1, 3), marks=pytest.mark.slow)],
)
def test_bit_for_bit_after_an_interruption(
    small: Dataset, optimizer: str, places: tuple[int, ...]
) -> None:
    config = replace(BASE, optimizer=optimizer, dropout=0.4, dtype="float32", clip_norm=1.0)
    config = replace(config, augment_shear=0.3, elastic_alpha=20)
    config = replace(config, batch_norm=True, noise=0.2, average_decay=0.95)
    with closing(Trainer(config, small, step_interval=0, engine=several(2))) as whole:
        expected = follow(whole, 4)
    for leave_after in places:
        with closing(Trainer(config, small, step_interval=0, engine=several(2))) as trainer:
            seen = follow(trainer, 4, leave_after)
            state = through_json(trainer.state())
        with closing(Trainer(config, small, step_interval=0, engine=several(2))) as trainer:
            trainer.restore(state)
            rest = follow(trainer, 4)[1:]
        assert list(map(repr, seen + rest)) == list(map(repr, expected))
        np.testing.assert_array_equal(trainer.model.parameters, whole.model.parameters)


def test_a_run_goes_on_in_another_number_of_processes(small: Dataset) -> None:
    config = replace(BASE, dropout=0.1)
    for before, after in ((2, 1), (1, 2), (2, 3)):
        with closing(Trainer(config, small, step_interval=0, engine=several(before))) as trainer:
            follow(trainer, 0, 4)
            state = through_json(trainer.state())
        with closing(Trainer(config, small, engine=several(after))) as trainer:
            trainer.restore(state)
            *_, finished = trainer.events()
        assert isinstance(finished, RunFinished)
        assert finished.reason == "completed"


@pytest.mark.skipif(len(AVAILABLE) < 2, reason="needs two processors")
def test_each_stays_on_its_processor_while_it_trains(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = sorted(AVAILABLE)
    processors = Cores(2, threads=1, processors=(first, second))
    with closing(Trainer(BASE, small, step_interval=0, engine=make_engine(processors))) as trainer:
        events = trainer.events()
        next(events)
        (worker,) = children(os.getpid(), 1)
        steps = trainer.engine.step
        seen = []

        def step(*arguments: Any) -> float:
            loss = steps(*arguments)
            seen.append((os.sched_getaffinity(0), os.sched_getaffinity(worker)))
            return loss

        monkeypatch.setattr(trainer.engine, "step", step)
        for _ in range(3):
            next(events)
            # Between two events its thread may do something else.
            assert os.sched_getaffinity(0) == {first, second}
    assert seen == [({first}, {second})] * 3
    os.sched_setaffinity(0, AVAILABLE)


def test_divergence_ends_it_in_all(small: Dataset) -> None:
    config = replace(BASE, learning_rate=1e300, epochs=3)
    with closing(Trainer(config, small, engine=several(2))) as trainer:
        *_, finished = trainer.events()
    assert isinstance(finished, RunFinished)
    assert finished.reason == "diverged"
    assert np.isfinite(trainer.model.parameters).all()


@pytest.mark.parametrize("processes", [pytest.param(2, marks=pytest.mark.slow), 3])
def test_masks_depend_on_the_step_alone(small: Dataset, processes: int) -> None:
    """Two groups with the same weights drop the same units in a step, whatever they did before."""
    config = replace(BASE, dropout=0.5)
    index, losses = np.arange(70), []
    for earlier in ([], [0, 1]):
        with closing(Trainer(config, small, engine=several(processes))) as trainer:
            for step in earlier:
                trainer.engine.step(index, step, 0.0)
            losses.append(trainer.engine.step(index, 7, 0.0))
            losses.append(trainer.engine.step(index, 8, 0.0))
            trainer.engine.settle()
    assert losses[:2] == losses[2:]
    assert losses[0] != losses[1]
