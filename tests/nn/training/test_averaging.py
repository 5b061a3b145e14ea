"""The moving average of the weights: its equation, and that it is what is evaluated and kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import EpochCompleted, RunFinished
from nn.storage.checkpoint import Checkpoint
from nn.storage.model_file import read_model, write_model
from nn.training.averaging import EVERY, WeightAverage
from nn.training.trainer import Trainer
from tests.support.training import follow

CONFIG = TrainConfig(
    hidden=(9, 5), average_decay=0.9, batch_norm=True, epochs=4, batch_size=64, learning_rate=0.01
)


def test_it_is_the_equation() -> None:
    rng = np.random.default_rng(0)
    weights, average = rng.normal(size=(2, 70_000))
    followed, expected = WeightAverage(0.95, weights, average), average.copy()
    for updates in range(1, 251):
        weights += rng.normal(size=70_000)
        if followed.is_due(updates):
            followed.update(updates)
        if updates <= EVERY or updates % EVERY == 0:
            decay = min(0.95, (1 + updates) / (10 + updates)) ** (1 if updates <= EVERY else EVERY)
            expected = decay * expected + (1 - decay) * weights
            # Later averages have forgotten the first ones.
            np.testing.assert_allclose(average, expected)
    np.testing.assert_allclose(average, expected)


def test_scores_and_kept_weights_are_those_of_the_average(small: Dataset) -> None:
    trainer = Trainer(CONFIG, small)
    *_, last, end = trainer.events()
    assert isinstance(last, EpochCompleted)
    assert isinstance(end, RunFinished)
    assert not np.array_equal(trainer.predictor.model.parameters, trainer.model.parameters)
    assert last.evaluation is not None
    assert last.evaluation.test == trainer.predictor.score(small.test)
    raw = trainer.predictor.of(
        CONFIG, trainer.model.parameters, trainer.predictor.preprocessor
    ).score(small.test)
    assert last.evaluation.raw == raw
    plain = Trainer(replace(CONFIG, average_decay=0.0), small)
    *_, other = plain.events()
    np.testing.assert_array_equal(plain.model.parameters, trainer.model.parameters)
    assert other.evaluation.raw is None


def test_with_validation_the_raw_weights_are_scored_there(small: Dataset) -> None:
    trainer = Trainer(replace(CONFIG, validation=0.2, epochs=1), small)
    *_, end = trainer.events()
    raw = trainer.predictor.of(CONFIG, trainer.model.parameters, trainer.predictor.preprocessor)
    assert trainer.validation is not None
    assert end.evaluation.raw == raw.score(trainer.validation)


def test_early_stopping_goes_back_to_an_average(small: Dataset) -> None:
    config = replace(CONFIG, learning_rate=0.3, patience=1, stop_on="test", epochs=40)
    trainer = Trainer(config, small)
    averages = {}
    for event in trainer.events():
        if isinstance(event, EpochCompleted):
            averages[event.step] = trainer.predictor.model.parameters.copy()
    assert event.kept_step < event.step
    np.testing.assert_array_equal(trainer.predictor.model.parameters, averages[event.kept_step])
    assert trainer.raw_parameters is None


def test_the_raw_weights_are_known_until_early_stopping_goes_back(small: Dataset) -> None:
    """A run that diverges ends with the weights as they are, whichever ones patience keeps."""
    config = replace(CONFIG, batch_norm=False, optimizer="sgd", patience=9, stop_on="test")
    trainer = Trainer(config, small)
    for event in trainer.events():
        if isinstance(event, EpochCompleted):
            assert trainer.raw_parameters is trainer.model.parameters
            trainer.rate_factor = 1e30
    assert isinstance(event, RunFinished)
    assert event.reason == "diverged"
    assert trainer.raw_parameters is trainer.model.parameters
    assert np.isfinite(trainer.model.parameters).all()


@pytest.mark.parametrize("leave_after", [3, 17])
def test_it_resumes_bit_for_bit(small: Dataset, tmp_path: Path, leave_after: int) -> None:
    whole = Trainer(CONFIG, small, step_interval=0)
    expected = follow(whole, 0)
    left = Trainer(CONFIG, small, step_interval=0)
    seen = follow(left, 0, leave_after)
    Checkpoint.take(left).save(tmp_path / "last.npz")
    resumed = Trainer(CONFIG, small, step_interval=0)
    resumed.restore(Checkpoint.load(tmp_path / "last.npz").state)
    assert list(map(repr, seen + follow(resumed, 0)[1:])) == list(map(repr, expected))
    for run in ("model", "predictor.model"):
        vectors = [
            (each.model if run == "model" else each.predictor.model).parameters
            for each in (resumed, whole)
        ]
        np.testing.assert_array_equal(*vectors)


def test_files_hold_both(small: Dataset, tmp_path: Path) -> None:
    trainer = Trainer(CONFIG, small, step_interval=0)
    follow(trainer, 0, 12)
    paths = tmp_path / "model.npz", tmp_path / "last.npz"
    write_model(paths[0], trainer.predictor, raw=trainer.raw_parameters)
    Checkpoint.take(trainer).save(paths[1])
    for path in paths:
        average, raw = read_model(path), read_model(path, raw=True)
        np.testing.assert_array_equal(average.model.parameters, trainer.predictor.model.parameters)
        np.testing.assert_array_equal(raw.model.parameters, trainer.model.parameters)
    write_model(tmp_path / "plain.npz", trainer.predictor)
    with pytest.raises(StorageError, match="holds no raw weights"):
        read_model(tmp_path / "plain.npz", raw=True)


def test_a_run_that_diverges_falls_back_to_both(small: Dataset) -> None:
    config = replace(CONFIG, batch_norm=False, optimizer="sgd", learning_rate=1e30, epochs=9)
    trainer = Trainer(config, small)
    *_, end = trainer.events()
    assert end.reason == "diverged"
    assert np.isfinite(trainer.predictor.model.parameters).all()
    assert np.isfinite(trainer.model.parameters).all()
