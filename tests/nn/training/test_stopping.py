"""Early stopping, restoring weights, and runs that diverge."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import EpochCompleted, Evaluation, Event, RunFinished, Score, StepCompleted
from nn.training.best_weights import BestWeights, has_collapsed, has_learned
from nn.training.early_stopping import EarlyStopping
from nn.training.progress import TrainerState
from nn.training.trainer import Trainer

STOPPING = TrainConfig(patience=2, stop_on="test")


def follow(config: TrainConfig, losses: list[float]) -> tuple[EarlyStopping, int]:
    """Show the losses one by one, with weights that tell their number; stop where it stops."""
    stopping = EarlyStopping(config)
    for number, loss in enumerate(losses, 1):
        other, watched = Score(-float(number), 0.0), Score(loss, 0.0)
        test, validation = (watched, other) if config.stop_on == "test" else (other, watched)
        improved = stopping.is_improvement(validation, test)
        evaluation = Evaluation(number, number, None, validation, test, improved, 0.0)
        stopping.update(evaluation, np.array([float(number)]))
        if stopping.exhausted:
            break
    return stopping, number


@pytest.mark.parametrize(
    ("patience", "losses", "stops_at"),
    [
        (1, [3, 2, 2.5, 1], 3),
        (1, [3, 2, 2, 1], 3),  # no lower is no better
        (1, [3, 2, 1], 3),
        (2, [3, 2, 2.5, 2.4, 1], 4),
        (2, [3, 2, 2.5, 1, 1.5, 1.2, 0], 6),  # an improvement starts the count anew
        (2, [3, 4, 3.5, 0], 3),  # lower than before, but not the lowest
        (3, [3, 2, 2.5, 2.4, 1], 5),
    ],
)
@pytest.mark.parametrize("stop_on", ["test", "validation"])
def test_stops_after_evaluations_without_a_new_lowest_loss(
    patience: int, losses: list[float], stops_at: int, stop_on: str
) -> None:
    config = TrainConfig(patience=patience, stop_on=stop_on, validation=0.1)
    assert follow(config, losses)[1] == stops_at


@pytest.mark.parametrize(
    ("restore", "losses", "kept"),
    [
        ("best", [3, 1, 2, 2], 2),
        ("best", [1, 2, 3], 1),
        ("best", [3, 2, 1], 3),  # the budget ends before patience does
        ("best", [2, 1, 3], 2),
        ("previous", [3, 1, 2, 2], 3),
        ("previous", [3, 2, 1], None),  # not stopped: nothing to go back to
        ("last", [3, 1, 2, 2], None),
    ],
)
def test_restores_the_weights_asked_for(
    restore: str, losses: list[float], kept: int | None
) -> None:
    stopping, _ = follow(dataclasses.replace(STOPPING, restore=restore), losses)
    if kept is None:
        assert stopping.kept is None
    else:
        assert stopping.kept is not None
        evaluation, parameters = stopping.kept
        assert evaluation.step == kept
        assert parameters.tolist() == [kept]


def test_the_weights_kept_are_a_copy() -> None:
    stopping, parameters = EarlyStopping(STOPPING), np.array([1.0])
    score = Score(1.0, 0.0)
    stopping.update(Evaluation(1, 1, None, None, score, True, 0.0), parameters)
    parameters[:] = 2.0
    assert stopping.kept is not None
    assert stopping.kept[1].tolist() == [1.0]


OVERFITTING = TrainConfig(
    hidden=(32,), learning_rate=0.03, schedule="constant", batch_size=30, epochs=60,
    patience=2, stop_on="test",
)  # fmt: skip


@pytest.mark.parametrize("restore", ["best", "previous", "last"])
def test_an_overfitting_run_ends_early(small: Dataset, restore: str) -> None:
    """The model that remains is the one the last event describes."""
    config = dataclasses.replace(OVERFITTING, restore=restore)
    trainer = Trainer(config, small)
    events = list(trainer.events())
    epochs = [event for event in events if isinstance(event, EpochCompleted)]
    evaluations = [event.evaluation for event in epochs if event.evaluation]
    losses = [evaluation.test.loss for evaluation in evaluations]
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.reason == "early-stopped"
    assert finished.step == evaluations[-1].step
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 60
    kept = {"best": best, "previous": len(losses) - 2, "last": len(losses) - 1}[restore]
    assert finished.evaluation == evaluations[kept]
    assert finished.kept_step == evaluations[kept].step
    assert trainer.predictor.score(small.test) == finished.evaluation.test
    improved = [evaluation.improved for evaluation in evaluations]
    assert improved == [loss == min(losses[: i + 1]) for i, loss in enumerate(losses)]


def test_a_run_of_the_whole_budget_is_completed_even_where_patience_ends_with_it(
    small: Dataset,
) -> None:
    """With a larger budget, given when it is resumed, it is one that stopped early."""

    def finish(trainer: Trainer) -> tuple[RunFinished, TrainerState, list[Event]]:
        events = []
        for event in trainer.events():
            events.append(event)
            if isinstance(event, EpochCompleted):
                state = trainer.state()
        assert isinstance(event, RunFinished)
        return event, state, events

    stopped, _, events = finish(Trainer(OVERFITTING, small))
    epochs = sum(isinstance(event, EpochCompleted) for event in events)
    completed, state, _ = finish(Trainer(dataclasses.replace(OVERFITTING, epochs=epochs), small))
    assert (completed.reason, completed.step) == ("completed", stopped.step)
    assert completed.kept_step == stopped.kept_step
    resumed = Trainer(OVERFITTING, small)
    resumed.restore(state)
    _, end = resumed.events()
    assert isinstance(end, RunFinished)
    assert (end.reason, end.kept_step) == ("early-stopped", stopped.kept_step)


def test_without_patience_nothing_stops_or_is_restored(small: Dataset) -> None:
    trainer = Trainer(dataclasses.replace(OVERFITTING, patience=0, epochs=20), small)
    finished = list(trainer.events())[-1]
    assert isinstance(finished, RunFinished)
    assert (finished.reason, finished.kept_step) == ("completed", finished.step)


DIVERGING = TrainConfig(
    hidden=(16,), activation="identity", loss="squared-error", optimizer="sgd",
    schedule="constant", batch_size=50, epochs=5,
)  # fmt: skip


# The loss overflows before the weights do, or in the step after them.
RATES = pytest.mark.parametrize("rate", [1e4, 1e300])


@RATES
def test_divergence_is_a_reason_and_leaves_finite_weights(small: Dataset, rate: float) -> None:
    config = dataclasses.replace(DIVERGING, learning_rate=rate)
    trainer = Trainer(config, small, step_interval=0)
    events = list(trainer.events())
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.reason == "diverged"
    assert finished.evaluation is None
    assert finished.kept_step <= finished.step < trainer.total_steps
    assert np.isfinite(trainer.model.parameters).all()
    losses = [event.loss for event in events if isinstance(event, StepCompleted)]
    assert np.isfinite(losses).all()


@RATES
def test_the_weights_left_by_divergence_are_those_of_the_kept_step(
    small: Dataset, rate: float
) -> None:
    config = dataclasses.replace(DIVERGING, learning_rate=rate)
    trainer = Trainer(config, small, step_interval=0)
    finished = list(trainer.events())[-1]
    assert isinstance(finished, RunFinished)
    again = Trainer(config, small, step_interval=0)
    expected = again.model.parameters.copy()
    for event in again.events():
        if isinstance(event, StepCompleted) and event.step == finished.kept_step:
            expected = again.model.parameters.copy()
    np.testing.assert_array_equal(trainer.model.parameters, expected)


def test_a_loss_that_is_infinite_in_evaluation_is_divergence(small: Dataset) -> None:
    """One step of the whole run, whose loss was finite, reaches weights that overflow."""
    config = dataclasses.replace(DIVERGING, learning_rate=1e30, epochs=0, steps=1)
    trainer = Trainer(config, small)
    finished = list(trainer.events())[-1]
    assert isinstance(finished, RunFinished)
    assert (finished.reason, finished.step) == ("diverged", 1)
    assert np.isfinite(trainer.model.parameters).all()


def evaluated(
    step: int,
    test: float,
    *,
    validation: float | None = None,
    train: tuple[float, float] | None = None,
    improved: bool = False,
    loss: float = 0.1,
) -> Evaluation:
    """An evaluation with these accuracies; of the training images, the loss and the accuracy."""
    held_out = None if validation is None else Score(0.1, validation)
    of_training = None if train is None else Score(*train)
    return Evaluation(step, step, of_training, held_out, Score(loss, test), improved, 0.0)


def best_step(config: TrainConfig, *evaluations: Evaluation) -> int:
    best = BestWeights(config, evaluations).best
    assert best is not None
    return best.step


def test_the_best_weights_are_not_picked_by_the_test_images() -> None:
    plain, judged = TrainConfig(), TrainConfig(patience=2, stop_on="test")
    assert best_step(plain, evaluated(1, 0.1)) == 1
    assert best_step(plain, evaluated(1, 0.9), evaluated(2, 0.8)) == 2, "the newest"
    held_out = [evaluated(1, 0.9, validation=0.6), evaluated(2, 0.8, validation=0.7)]
    assert best_step(plain, *held_out) == 2
    held_out += [evaluated(3, 0.9, validation=0.7), evaluated(4, 0.9, validation=0.6)]
    assert best_step(plain, *held_out) == 2, "the first of equals"
    assert best_step(judged, evaluated(1, 0.9), evaluated(2, 0.8, improved=True)) == 2
    assert best_step(judged, evaluated(1, 0.8), evaluated(2, 0.9)) == 1
    assert best_step(plain, evaluated(1, 0.8), evaluated(2, 0.1, loss=math.inf)) == 1


@pytest.mark.parametrize("loss", [math.inf, math.nan])
def test_weights_with_a_loss_that_is_not_finite_are_never_the_best(loss: float) -> None:
    for config in (TrainConfig(), TrainConfig(patience=2, stop_on="test")):
        weights = BestWeights(config)
        assert not weights.add(evaluated(1, 0.9, loss=loss))
        assert not weights.add(evaluated(2, 0.9, train=(loss, 0.9)))
        assert weights.best is None
        assert weights.add(evaluated(3, 0.5))


def test_weights_after_the_training_loss_rose_are_not_the_best() -> None:
    """However slowly it rises: it is compared with the lowest, and the test images never matter."""
    losses = [0.5, 0.4, 0.5, 0.6, 0.7, 2.0]
    evaluations = [
        evaluated(step, 0.1 * step, train=(loss, 0.9)) for step, loss in enumerate(losses, 1)
    ]
    weights = BestWeights(TrainConfig())
    assert [weights.add(each) for each in evaluations] == [True] * 3 + [False] * 3
    assert weights.best is evaluations[2]
    assert weights.add(evaluated(7, 0.1, train=(0.52, 0.9))), "it has learned again"
    assert not weights.add(evaluated(8, 0.9, train=(0.521, 0.9)))


def test_a_run_has_collapsed_that_lost_a_tenth_of_what_it_had_right() -> None:
    """By the validation images or the training images; who only guesses has nothing to lose."""
    best = evaluated(1, 0.9, train=(0.1, 0.9))
    assert has_collapsed(evaluated(2, 0.9, train=(2.0, 0.79)), best)
    assert not has_collapsed(evaluated(2, 0.1, train=(2.0, 0.81)), best)
    held_out = evaluated(1, 0.9, train=(0.1, 0.9), validation=0.8)
    assert not has_collapsed(evaluated(2, 0.9, train=(0.1, 0.1), validation=0.71), held_out)
    guessing = evaluated(1, 0.9, train=(2.3, 0.19))
    assert not has_learned(guessing)
    assert has_learned(guessing, classes=47)
    assert not has_collapsed(evaluated(2, 0.9, train=(2.3, 0.0)), guessing)
