"""What a trainer requires of its engine, with an engine that notes its calls."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import EpochCompleted, RunFinished, Score, StepCompleted
from nn.network.losses import CrossEntropy, target_rows
from nn.training.engine import OneProcess
from nn.training.randomness import Stream, stream
from nn.training.trainer import Trainer

CONFIG = TrainConfig(hidden=(4,), epochs=2, batch_size=128)  # batches of 128, 128 and 44 images


class Noted(OneProcess):
    """The engine of one process, ready from `begin` to `settle`, which completes its updates."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ready = self.pending = self.closed = False
        self.steps: list[tuple[int, int, float]] = []
        self.scored: list[str] = []
        take = self.step

        def step(index: Array, step: int, learning_rate: float) -> float:
            assert self.ready
            self.pending = True
            self.steps.append((len(index), step, learning_rate))
            return take(index, step, learning_rate)

        self.step = step

    def begin(self) -> None:
        self.ready = True

    def settle(self) -> None:
        self.ready = self.pending = False

    def score(self, name: str) -> Score:
        assert not self.pending
        self.scored.append(name)
        return super().score(name)

    def close(self) -> None:
        self.closed = True


def noted(dataset: Dataset, interval: float) -> tuple[Trainer, Noted]:
    trainer = Trainer(CONFIG, dataset, step_interval=interval, engine=Noted)
    engine = trainer.engine
    assert isinstance(engine, Noted)
    return trainer, engine


def test_updates_are_complete_at_every_event_and_in_every_state(small: Dataset) -> None:
    for interval in (0.0, 1e9):  # an event for each step, or none
        trainer, engine = noted(small, interval)
        for event in trainer.events():
            assert not engine.ready
            assert not engine.pending
            if isinstance(event, StepCompleted) and event.step == 2:
                trainer.rate_factor = 0.5  # another event between two steps
        assert not engine.closed
        trainer.close()
        assert engine.closed
    engine.pending = True
    trainer.state()
    assert not engine.pending


def test_steps_have_their_batches_numbers_and_rates(small: Dataset) -> None:
    trainer, engine = noted(small, 1e9)
    events = list(trainer.events())
    sizes, numbers, rates = zip(*engine.steps, strict=True)
    assert sizes == (128, 128, 44) * 2
    assert numbers == tuple(range(6))
    assert len(set(rates)) == 6
    epochs = [event for event in events if isinstance(event, EpochCompleted)]
    assert [event.learning_rate for event in epochs] == [rates[2], rates[5]]
    assert engine.scored == ["train", "test"] * 2


def test_dropout_masks_are_of_the_seed_and_the_step_alone(small: Dataset) -> None:
    """In whichever order steps are taken."""
    config = replace(CONFIG, hidden=(50, 20), dropout=0.4, seed=5)
    engine, other = (Trainer(config, small).engine for _ in range(2))
    index = np.arange(9)
    images, labels = small.train.images[index], small.train.labels[index]
    other.step(np.arange(30), 1, 0.0)
    for step in (7, 2):
        loss, model = CrossEntropy(), other.model
        rng = stream(5, Stream.DROPOUT, step, 0)
        for layer in model.dropouts:
            layer.rng = rng
        outputs = model.forward((images / 255).astype(np.float32), training=True)
        expected = loss.forward(outputs, target_rows(10)[labels])
        assert engine.step(index, step, 0.0) == pytest.approx(expected, rel=1e-6)


def test_seconds_are_those_that_training_and_evaluating_took(small: Dataset) -> None:
    """They are part of the time between the first request and the last event."""
    trainer = Trainer(CONFIG, small, step_interval=0)
    assert trainer.seconds == trainer.samples_per_second == 0
    began = time.perf_counter()
    seconds = []
    for event in trainer.events():
        if isinstance(event, StepCompleted | EpochCompleted | RunFinished):
            seconds.append(event.seconds)
            if event.evaluation is not None:
                assert event.evaluation.seconds <= event.seconds
            assert 0 < event.seconds <= time.perf_counter() - began
    assert seconds == sorted(seconds)
    paused = Trainer(CONFIG, small, step_interval=0)
    events = paused.events()
    for _ in range(3):
        next(events)
    before = paused.seconds
    time.sleep(0.05)
    pause = time.perf_counter()
    next(events)
    assert paused.seconds - before <= time.perf_counter() - pause
    values = paused.state().values
    assert values["training_seconds"] + values["evaluating_seconds"] == paused.seconds


def test_the_rate_of_an_event_is_of_its_images_and_their_seconds(small: Dataset) -> None:
    trainer = Trainer(CONFIG, small, step_interval=0)
    images = 0
    for event in trainer.events():
        if isinstance(event, StepCompleted):
            images += (44, 128, 128)[event.step % 3]
            trained = trainer.state().values["training_seconds"]
            assert np.isclose(trainer.samples_per_second * trained, images)
    assert images == 600
