"""Advice names the cause where a network does not learn, once, and leaves those alone that do."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.events import EpochCompleted, Evaluation, Score, StepCompleted
from nn.network.model import layer_sizes, parameter_count
from nn.recipes import load_recipe, recipe_names
from nn.training.advice import Advice
from nn.training.advisor import Advisor
from nn.training.health import health
from nn.training.trainer import Trainer

# 400 steps an epoch on few images: a run of a second in which every rule can speak.
SHORT: dict[str, Any] = {
    "limit": 4000,
    "batch_size": 10,
    "optimizer": "sgd",
    "schedule": "constant",
}
DEEP = (32,) * 5


def advice(config: TrainConfig, dataset: Dataset) -> list[Advice]:
    """All advice of a run."""
    trainer = Trainer(config, dataset)
    advisor = Advisor(config, trainer.steps_per_epoch)
    given = [
        advisor.observe(event, trainer.predictor, trainer.train.images)
        for event in trainer.events()
        if isinstance(event, EpochCompleted | StepCompleted)
    ]
    return [each for each in given if each is not None]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("rate too high", {"activation": "sigmoid", "learning_rate": 80.0, "epochs": 2}),
        ("dead units", {"hidden": (30,), "learning_rate": 3.0, "epochs": 2}),
        ("rate too low", {"activation": "sigmoid", "learning_rate": 1e-4, "epochs": 2}),
        ("rate too low", {"optimizer": "adam", "learning_rate": 1e-7, "epochs": 2}),
        (
            "rate too low",
            {
                "activation": "sigmoid",
                "init": "normal",
                "init_std": 0.01,
                "learning_rate": 0.008,
                "epochs": 4,
            },
        ),
        (
            "vanishing gradients",
            {
                "hidden": DEEP,
                "activation": "sigmoid",
                "init": "glorot-normal",
                "learning_rate": 0.3,
                "epochs": 1,
            },
        ),
        (
            "weights all the same",
            {"init": "normal", "init_std": 0.0, "learning_rate": 0.1, "epochs": 1},
        ),
        (
            "saturated outputs",
            {
                "loss": "squared-error",
                "output_activation": "sigmoid",
                "learning_rate": 1.0,
                "epochs": 1,
            },
        ),
        (
            "weights too large",
            {
                "activation": "sigmoid",
                "init": "normal",
                "init_std": 30.0,
                "learning_rate": 0.01,
                "epochs": 1,
            },
        ),
    ],
)
def test_a_run_that_does_not_learn_is_told_why(
    kind: str, fields: dict[str, Any], mnist: Dataset
) -> None:
    found = advice(TrainConfig.layered(SHORT | {"hidden": (20,)} | fields), mnist)
    assert [each.kind for each in found] == [kind]
    assert found[0].field in {field.name for field in dataclasses.fields(TrainConfig)}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("dead units", {"learning_rate": 20.0}),
        ("rate too high", {"learning_rate": 20.0, "activation": "tanh"}),
    ],
)
def test_a_rate_far_too_high_is_told_inside_the_first_epoch(
    kind: str, fields: dict[str, Any], mnist: Dataset
) -> None:
    config = TrainConfig.layered(SHORT | {"hidden": (20,), "epochs": 2} | fields)
    trainer = Trainer(config, mnist, step_interval=0.0)
    advisor, given = Advisor(config, trainer.steps_per_epoch), {}
    for event in trainer.events():
        if isinstance(event, EpochCompleted | StepCompleted):
            advice = advisor.observe(event, trainer.predictor, trainer.train.images)
            given |= {advice.kind: event} if advice is not None else {}
    assert list(given) == [kind]
    assert given[kind].step < 300


def test_labels_that_do_not_belong_to_the_images(mnist: Dataset) -> None:
    labels = np.random.default_rng(0).permutation(mnist.train.labels)
    shuffled = Dataset(Split(mnist.train.images, labels), mnist.test, "shuffled", mnist.sha256)
    config = TrainConfig.layered(SHORT | {"hidden": (20,), "learning_rate": 0.1, "epochs": 2})
    assert [each.kind for each in advice(config, shuffled)] == ["labels"]


@pytest.mark.parametrize(
    "fields",
    [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "hidden": (20, 20)},
        {"activation": "sigmoid", "learning_rate": 0.5},
        {"activation": "tanh", "init": "normal", "learning_rate": 0.05},
        {"optimizer": "adam", "learning_rate": 0.003},
        {"loss": "squared-error", "output_activation": "sigmoid", "learning_rate": 0.1},
    ],
)
def test_a_run_that_learns_is_left_alone(fields: dict[str, Any], mnist: Dataset) -> None:
    config = TrainConfig.layered(SHORT | {"hidden": (20,), "epochs": 2} | fields)
    assert advice(config, mnist) == []


def epoch(number: int, train: float, validation: float, *, scored: bool = True) -> EpochCompleted:
    """An epoch with these losses; `scored` says whether that of training is evaluated, too."""
    evaluation = Evaluation(
        step=number * 500,
        epoch=number,
        train=Score(train, 0.9) if scored else None,
        validation=Score(validation, 0.8),
        test=Score(validation, 0.8),
        improved=False,
        seconds=1.0,
    )
    return EpochCompleted(number, number * 500, train, 0.1, (1.0, 1.0), 1000.0, 1.0, evaluation)


def follow(losses: list[tuple[float, float]], *, scored: bool = True) -> list[int]:
    """In which epochs, from 1, overfitting is told for losses of (training, validation)."""
    advisor = Advisor(TrainConfig(validation=0.2, eval_train=scored), 500)
    given = [advisor.observe(epoch(n, *each, scored=scored)) for n, each in enumerate(losses, 1)]
    return [n for n, each in enumerate(given, 1) if each is not None and each.kind == "overfitting"]


@pytest.mark.parametrize("scored", [True, False])
def test_overfitting_is_told_once_after_three_evaluations(scored: bool) -> None:
    rising = [
        (0.5, 0.5),
        (0.4, 0.4),
        (0.3, 0.45),
        (0.2, 0.46),
        (0.1, 0.47),
        (0.05, 0.6),
        (0.04, 0.7),
    ]
    assert follow(rising, scored=scored) == [5]


@pytest.mark.parametrize("scored", [True, False])
def test_no_overfitting_where_both_losses_rise_or_the_validation_loss_comes_back(
    scored: bool,
) -> None:
    both = [(0.5, 0.4), (0.6, 0.6), (0.7, 0.7), (0.8, 0.8)]
    back = [(0.5, 0.4), (0.3, 0.5), (0.2, 0.5), (0.1, 0.4), (0.1, 0.5), (0.1, 0.5)]
    assert follow(both, scored=scored) == follow(back, scored=scored) == []


def test_other_advice_is_given_while_overfitting_goes_on() -> None:
    advisor = Advisor(TrainConfig(validation=0.2), 500)
    losses = [(0.5, 0.5), (0.1, 0.6), (0.1, 0.6), (0.1, 0.6), (0.2, 0.7), (0.2, 0.7)]
    given = [advisor.observe(epoch(n, *each)) for n, each in enumerate(losses, 1)]
    kinds = [each and each.kind for each in given]
    assert kinds == [None, None, None, "overfitting", None, "rate too high"]


def unevaluated(number: int, loss: float) -> EpochCompleted:
    return EpochCompleted(number, number * 500, loss, 0.1, (1.0, 1.0), 1000.0, 1.0, None)


def test_the_mean_of_a_first_epoch_proves_nothing() -> None:
    """Large initial weights make it high, however well the network has learned by its end."""
    falling = Advisor(TrainConfig(), 500)
    assert [falling.observe(unevaluated(*each)) for each in ((1, 40.0), (2, 0.9))] == [None] * 2
    flat = Advisor(TrainConfig(), 500)
    assert flat.observe(unevaluated(1, 2.31)) is None
    assert flat.observe(unevaluated(2, 2.31)) is not None


@pytest.mark.parametrize(("lowest", "told"), [(0.4, True), (0.004, False)])
def test_a_loss_that_doubles_means_nothing_where_all_is_learned(lowest: float, told: bool) -> None:
    advisor = Advisor(TrainConfig(), 500)
    losses = (0.5, lowest, 2.3 * lowest, 2.3 * lowest)
    given = [advisor.observe(unevaluated(n, loss)) for n, loss in enumerate(losses, 1)]
    assert ("the training loss rises" in str(given[-1])) is told


def test_a_rate_that_was_changed_by_hand_is_to_be_changed_by_hand() -> None:
    rising = Advisor(TrainConfig(), 500, rate_factor=35.5)
    given = [rising.observe(unevaluated(n, loss)) for n, loss in enumerate((1.0, 2.0, 3.0), 1)]
    assert "the rate was raised by hand, x35.5: lower it again" in str(given[-1])
    slow = Advisor(TrainConfig(schedule="constant"), 500, rate_factor=0.01)
    given = [slow.observe(unevaluated(n, loss)) for n, loss in enumerate((2.2, 2.1), 1)]
    assert "the rate was lowered by hand, x0.01: raise it again" in str(given[-1])


def test_a_first_layer_that_gets_no_gradient_at_all() -> None:
    flat = Advisor(TrainConfig(hidden=(8, 8)), 500)
    score = Score(2.3, 0.1)
    still = Evaluation(500, 1, None, None, score, False, 1.0)
    given = flat.observe(EpochCompleted(1, 500, 2.3, 0.1, (0.0, 0.1, 1.0), 1e3, 1.0, still))
    assert given is not None
    assert given.kind == "vanishing gradients"
    assert str(given).startswith("the first layer gets 0 of the last layer's gradient: ")


def test_the_health_of_hidden_units(mnist: Dataset) -> None:
    trainer = Trainer(TrainConfig(hidden=(4, 3)), mnist)
    first, second, _ = trainer.model.linears
    first.weight[...], first.bias[...] = 0.0, (1.0, 1.0, -1.0, 1.0)
    second.weight[...], second.bias[...] = 0.0, 1.0
    assert health(trainer.predictor, mnist.train.images).dead == (0.25, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", recipe_names())
def test_no_false_alarm_on_a_recipe(name: str, mnist: Dataset) -> None:
    """All of them learn, some of them poorly; the largest for as many epochs as take a minute."""
    config = TrainConfig.layered(load_recipe(name).fields)
    work = parameter_count(layer_sizes(config, mnist.spec)) * len(mnist.train)  # of an epoch
    epochs = min(config.epochs, int(9e11 / work))
    assert advice(dataclasses.replace(config, epochs=epochs), mnist) == []
