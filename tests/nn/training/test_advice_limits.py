"""Each rule of advice on both sides of its limit, on events and networks that are made by hand."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import EpochCompleted, Evaluation, Score, StepCompleted
from nn.network.predictor import Predictor
from nn.training.advice import Advice
from nn.training.advisor import Advisor
from nn.training.trainer import Trainer

STEPS = 400  # in an epoch


def epoch(number: int, loss: float, **known: Any) -> EpochCompleted:
    """An epoch with this training loss; `accuracy` is that of an evaluation after it."""
    step = number * known.get("steps", STEPS)
    evaluation = None
    if "accuracy" in known:
        score = Score(loss, known["accuracy"])
        evaluation = Evaluation(step, number, None, None, score, False, 1.0)
    norms = known.get("norms", (1.0, 1.0))
    return EpochCompleted(number, step, loss, known.get("rate", 0.1), norms, 1e3, 1.0, evaluation)


def stuck(**known: Any) -> EpochCompleted:
    """An epoch after which the network still guesses."""
    return epoch(1, known.pop("loss", 2.3), accuracy=0.1, **known)


def first(config: TrainConfig, *events: EpochCompleted) -> list[str | None]:
    """The kind of advice after each event."""
    advisor = Advisor(config, STEPS)
    return [None if (given := advisor.observe(each)) is None else given.kind for each in events]


def network(dataset: Dataset, **fields: Any) -> Predictor:
    """A network whose weights are 0, so that its biases alone decide."""
    trainer = Trainer(TrainConfig.layered({"hidden": (10, 10)}, fields), dataset)
    trainer.start_from(np.zeros_like(trainer.model.parameters))
    return trainer.predictor


def of_network(predictor: Predictor, dataset: Dataset) -> Advice:
    given = Advisor(predictor.config, STEPS).observe(stuck(), predictor, dataset.train.images)
    assert given is not None
    return given


@pytest.mark.parametrize(
    ("activation", "bias", "kind", "text"),
    [
        ("relu", -1.0, "dead units", "% of the units of hidden layer 2 are dead"),
        ("sigmoid", 50.0, "saturated units", "% of the outputs of hidden layer 2 lie at the end"),
        ("tanh", -50.0, "saturated units", "% of the outputs of hidden layer 2 lie at the end"),
    ],
)
def test_the_layer_that_is_lost_is_named(
    small: Dataset, activation: str, bias: float, kind: str, text: str
) -> None:
    """A layer counts as lost if nine of its ten units are."""
    predictor = network(small, activation=activation)
    before, layer, _ = predictor.model.linears
    before.bias[...] = 0.5
    layer.bias[:9], layer.bias[9:] = bias, 0.5
    given = of_network(predictor, small)
    assert (given.kind, str(given)[: 2 + len(text)]) == (kind, f"90{text}")
    layer.bias[8] = 0.5
    assert of_network(predictor, small).kind != kind


@pytest.mark.parametrize(
    ("activation", "bias", "init", "remedy"),
    [
        ("relu", -1.0, "he-normal", "start again with a tenth of the --learning-rate"),
        ("relu", -1.0, "he-uniform", "start again with a tenth of the --learning-rate"),
        ("relu", -1.0, "normal", ", or with --init=he-normal"),
        ("tanh", 50.0, "he-normal", "smaller weights: --init=glorot-normal"),
        ("tanh", 50.0, "normal", "--init=glorot-normal, or a smaller --init-std"),
        ("tanh", 50.0, "glorot-uniform", "smaller weights: --init=normal with --init-std=0.01"),
    ],
)
def test_no_remedy_is_what_is_set_already(
    small: Dataset, activation: str, bias: float, init: str, remedy: str
) -> None:
    predictor = network(small, activation=activation, init=init)
    predictor.model.linears[0].bias[...] = bias
    assert of_network(predictor, small).remedy.endswith(remedy)


@pytest.mark.parametrize(
    ("init", "remedy"),
    [("glorot-normal", "or a"), ("he-normal", "or --init=glorot-normal with a")],
)
def test_the_remedy_for_vanishing_gradients(init: str, remedy: str) -> None:
    config = TrainConfig.layered({"hidden": (8, 8), "activation": "sigmoid", "init": init})
    found = Advisor(config, STEPS).observe(stuck(norms=(0.001, 0.5, 1.0)))
    assert found is not None
    assert found.remedy == f"take --activation=relu, {remedy} higher --learning-rate"


def test_outputs_count_as_saturated_from_nine_in_ten(small: Dataset) -> None:
    fields = {"loss": "squared-error", "output_activation": "sigmoid", "activation": "sigmoid"}
    predictor = network(small, **fields)
    *_, outputs = predictor.model.linears
    outputs.bias[:9] = -50
    assert str(of_network(predictor, small)).startswith("90% of the outputs are saturated")
    outputs.bias[8] = 0
    assert of_network(predictor, small).kind != "saturated outputs"


def test_a_rate_is_too_high_when_the_loss_is_well_above_its_lowest_for_two_epochs() -> None:
    config = TrainConfig(learning_rate=0.5)
    advisor = Advisor(config, STEPS)
    given = [advisor.observe(epoch(n, loss)) for n, loss in enumerate([2, 1, 1.31, 1.2, 1.31], 1)]
    assert given == [None] * 5
    found = advisor.observe(epoch(6, 1.31))
    assert found is not None
    assert (found.kind, found.factor) == ("rate too high", 0.1)
    assert str(found) == (
        "the training loss rises: 1.31 after 1; take a lower --learning-rate, 0.05 say"
    )


def test_a_loss_far_above_guessing_is_a_rate_too_high_once_it_is_not_the_first() -> None:
    explodes, high = 5.01 * math.log(10), 4.99 * math.log(10)
    assert first(TrainConfig(), epoch(1, explodes), epoch(2, explodes)) == [None, "rate too high"]
    advisor = Advisor(TrainConfig(), STEPS)
    advisor.observe(epoch(1, explodes))
    assert str(advisor.observe(epoch(2, explodes))).startswith("the training loss rises: ")
    assert first(TrainConfig(), epoch(1, explodes, accuracy=0.3)) == ["rate too high"]
    assert first(TrainConfig(), epoch(1, explodes, accuracy=0.5)) == [None]
    assert first(TrainConfig(), epoch(1, high, accuracy=0.3)) == [None]


def test_a_loss_that_falls_slowly() -> None:
    """From 800 steps and the second epoch on, with a constant rate, and above 0.8 of chance."""
    config = TrainConfig(schedule="constant", learning_rate=0.5)
    slow = [epoch(1, 2.2), epoch(2, 2.1)]
    assert first(config, *slow) == [None, "rate too low"]
    assert first(config, epoch(1, 2.2, steps=399), epoch(2, 2.1, steps=399)) == [None, None]
    assert first(config, epoch(1, 1.9), epoch(2, 1.84)) == [None, None]
    assert first(config, epoch(1, 2.1), epoch(2, 2.1)) == [None, None]
    assert first(TrainConfig(schedule="linear", final_learning_rate=0.1), *slow) == [None, None]
    advisor = Advisor(config, STEPS)
    *_, found = [advisor.observe(each) for each in slow]
    assert found is not None
    assert found.factor == 10
    assert found.remedy == "take a higher --learning-rate, 5 say"


@pytest.mark.parametrize(("optimizer", "times"), [("sgd", 1), ("momentum", 10), ("nesterov", 10)])
def test_weights_that_hardly_move(small: Dataset, optimizer: str, times: float) -> None:
    """By less than half of the norm that weights of Glorot's variance have."""
    predictor = network(small, optimizer=optimizer, momentum=0.9)
    size = math.sqrt(sum(2 * a * b / (a + b) for a, b in ((784, 10), (10, 10), (10, 10))))
    for share, kind in ((0.49, "rate too low"), (0.51, "labels")):
        gradient = share * size / (0.1 * STEPS) / times
        event = stuck(norms=(0.6 * gradient, 0.8 * gradient))
        given = Advisor(predictor.config, STEPS).observe(event, predictor)
        assert given is not None
        assert given.kind == kind


def test_weights_that_hardly_move_by_steps_of_the_rate_itself(small: Dataset) -> None:
    """Those of Adam, against weights that are larger than the initial ones."""
    predictor = network(small, optimizer="adam")
    parameters = predictor.model.parameters
    parameters[...] = 3.0
    for share, kind in ((0.49, "rate too low"), (0.51, "labels")):
        event = stuck(rate=3 * share / STEPS, norms=(1e6, 1e6))
        given = Advisor(predictor.config, STEPS).observe(event, predictor)
        assert given is not None
        assert given.kind == kind


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_running_statistics_are_no_weights_that_move(small: Dataset, optimizer: str) -> None:
    """They are large here, and would hide that the weights move."""
    predictor = network(small, optimizer=optimizer, batch_norm=True)
    model = predictor.model
    model.parameters[...] = 1e6
    model.parameters[model.trained] = 3.0
    size = 3.0 * math.sqrt(model.trained_count)
    for share, kind in ((0.49, "rate too low"), (0.51, "labels")):
        moved = share * size / (0.1 * STEPS)
        event = stuck(norms=(0.6 * moved, 0.8 * moved))
        if optimizer == "adam":
            event = stuck(rate=3 * share / STEPS, norms=(1e6, 1e6))
        given = Advisor(predictor.config, STEPS).observe(event, predictor)
        assert given is not None
        assert given.kind == kind


def test_gradients_vanish_below_a_fiftieth_in_a_network_of_three_layers() -> None:
    advisor = Advisor(TrainConfig(hidden=(8, 8)), STEPS)
    found = advisor.observe(stuck(norms=(0.0199, 0.5, 1.0)))
    assert found is not None
    assert found.kind == "vanishing gradients"
    assert str(found).startswith("the first layer gets 0.02 of the last layer's gradient")
    assert first(TrainConfig(hidden=(8, 8)), stuck(norms=(0.0201, 0.5, 1.0))) == ["labels"]
    assert first(TrainConfig(hidden=(8,)), stuck(norms=(0.0199, 1.0))) == ["labels"]


def test_weights_are_too_large_from_a_spread_of_twenty() -> None:
    found = Advisor(TrainConfig(init="normal", init_std=20 / 9), STEPS).observe(stuck())
    assert found is not None
    assert str(found).startswith("the initial weights are so large (--init-std=2.22222) that the ")
    assert first(TrainConfig(init="normal", init_std=19.9 / 9), stuck()) == ["labels"]
    assert first(TrainConfig(init="he-normal", init_std=20 / 9), stuck()) == ["labels"]


def test_weights_that_are_too_large_are_the_one_cause_until_the_loss_rises() -> None:
    """It may be as high as that of a rate too high, and fall."""
    config, chance = TrainConfig(init="normal", init_std=3.0), math.log(10)
    events = [epoch(n, times * chance, accuracy=0.1) for n, times in enumerate((9, 8, 7), 1)]
    assert first(config, *events) == ["weights too large", None, None]
    events = [epoch(n, times * chance, accuracy=0.1) for n, times in enumerate((1, 2, 2), 1)]
    assert first(config, *events) == ["weights too large", None, "rate too high"]


def batches(losses: list[float], start: int = 0) -> list[StepCompleted]:
    """Events of 25 steps each, with these losses as multiples of that of chance."""
    return [
        StepCompleted(
            start + 25 * n, 1, each * math.log(10), 0.1, (1.0, 1.0), 1e3, 1.0, evaluation=None
        )
        for n, each in enumerate(losses, 1)
    ]


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([11.0] * 5, True),  # from the first event to the last there are 100 steps
        ([11.0] * 4, False),
        ([9.9] * 9, False),
        ([19.0, 17.0, 15.0, 13.0, 11.0], False),  # it falls
        ([11.0] * 4 + [0.9] + [11.0] * 4, False),
    ],
)
def test_batches_far_above_guessing_that_do_not_fall(losses: list[float], told: bool) -> None:
    """They are told of inside an epoch, unless the initial weights are the reason."""
    advisor = Advisor(TrainConfig(), STEPS)
    given = [each.kind for event in batches(losses) if (each := advisor.observe(event))]
    assert given == ["rate too high"] * told
    large = Advisor(TrainConfig(init="normal", init_std=3.0), STEPS)
    assert not any(large.observe(event) for event in batches(losses))
    unused = Advisor(TrainConfig(init="he-normal", init_std=3.0), STEPS)
    assert any(unused.observe(event) for event in batches(losses)) == told


def test_a_run_that_has_learned_is_led_back_to_its_best_epoch() -> None:
    for accuracy, back in ((0.9, True), (0.1, False)):
        advisor = Advisor(TrainConfig(), STEPS)
        assert advisor.observe(epoch(1, 0.3, accuracy=accuracy, steps=100)) is None
        *_, found = [advisor.observe(event) for event in batches([50.0] * 5, 100)]
        assert found is not None
        assert found.back == back
        assert found.remedy.startswith("go back to its best epoch") == back


def test_a_run_that_collapses_is_led_back_at_once_however_much_it_still_knows() -> None:
    """By its validation images; a loss that only rises for an epoch is no reason."""

    def scored(number: int, loss: float, accuracy: float) -> EpochCompleted:
        score = Score(loss, accuracy)
        evaluation = Evaluation(number * STEPS, number, score, None, score, False, 1.0)
        return dataclasses.replace(epoch(number, loss), evaluation=evaluation)

    for accuracy, told in ((0.4, True), (0.85, False)):
        advisor = Advisor(TrainConfig(), STEPS)
        assert advisor.observe(scored(1, 0.3, 0.9)) is None
        found = advisor.observe(scored(2, 1.7, accuracy))
        assert (found is not None) == told
        if found is not None:
            assert (found.kind, found.back) == ("rate too high", True)


def test_one_cause_is_named_and_no_other_after_it() -> None:
    """A loss well above guessing is a rate too high, until a cause was given."""
    guessing, above = 1.49 * math.log(10), 1.51 * math.log(10)
    config = TrainConfig(hidden=(8, 8))
    assert first(config, stuck(loss=guessing)) == ["labels"]
    assert first(config, stuck(loss=above)) == ["rate too high"]
    advisor = Advisor(config, STEPS)
    assert not advisor.explained
    assert advisor.observe(stuck()) is not None
    assert advisor.explained
    assert advisor.observe(epoch(2, 2.3, accuracy=0.1, norms=(0.001, 0.5, 1.0))) is None
