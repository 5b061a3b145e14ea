"""Sentences on why a run failed or learned nothing."""

from __future__ import annotations

import numpy as np
import pytest

from nn.arrays import Array
from nn.config import FIELDS, TrainConfig
from nn.events import EpochCompleted, Evaluation, Score
from nn.spec import DataSpec
from nn.training.advisor import Advisor
from nn.training.failure import divergence_advice, ending_advice, stuck_advice
from nn.training.hindrances import hindrance


@pytest.mark.parametrize(
    ("fields", "step", "said"),
    [
        ({}, 5, "after step 5; try a lower --learning-rate"),
        ({"init": "normal", "init_std": 1e30}, 0, "try a lower --init-std than 1e+30"),
        ({"init": "normal", "init_std": 50.0}, 2, "try a lower --init-std than 50, or a lower"),
        ({"init": "normal", "init_std": 0.01}, 2, "try a lower --learning-rate"),
        ({"init_bias": "normal", "init_std": 1e6}, 2, "try a lower --init-std than 1e+06, or a"),
        ({"init_bias": "normal", "init_std": 0.01}, 2, "try a lower --learning-rate"),
        ({}, 0, "before any update; the initial weights are too large: try another --init"),
        ({"eps": 0.0}, 1, "try a higher --eps than 0"),
        ({"eps": 0.0, "optimizer": "sgd"}, 1, "try a lower --learning-rate"),
        (
            {"optimizer": "sgd", "learning_rate": 1.0, "weight_decay": 9.0},
            3,
            "--weight-decay than 9",
        ),
        (
            {"optimizer": "sgd", "learning_rate": 0.5, "weight_decay": 2.0},
            3,
            "--weight-decay than 2",
        ),
        (
            {"optimizer": "sgd", "learning_rate": 0.5, "weight_decay": 1.9},
            3,
            "try a lower --learning-rate",
        ),
    ],
)
def test_divergence(fields: dict[str, object], step: int, said: str) -> None:
    advice = ending_advice(TrainConfig.layered(fields), "diverged", step, 1.0, None, np.empty(0))
    assert advice is not None
    assert said in str(advice)
    assert advice.field in FIELDS


def test_the_size_of_the_images_decides_on_the_growth() -> None:
    """Fewer inputs make smaller outputs: sqrt(64 / 2) sqrt(128 / 2) = 45, from 784 inputs 158."""
    config = TrainConfig(init="normal", init_std=1.0, hidden=(128,))
    small = DataSpec(8, 8)
    assert divergence_advice(config, 3).field == "init_std"
    assert divergence_advice(config, 3, spec=small).field == "learning_rate"


def test_a_rate_that_was_raised_by_hand() -> None:
    assert "raised by hand, x35" in str(divergence_advice(TrainConfig(), 9, rate_factor=35))
    assert "raised by hand, x1.25" in str(divergence_advice(TrainConfig(), 9, rate_factor=1.25))
    assert "by hand" not in str(divergence_advice(TrainConfig(), 9, rate_factor=0.8))


def best(accuracy: float) -> Evaluation:
    return Evaluation(100, 2.0, None, None, Score(2.3, accuracy), True, 1.0)


def told(config: TrainConfig, best: Evaluation, labels: Array) -> str:
    advice = stuck_advice(config, 100, 2.0, best, labels)
    assert advice is not None
    return str(advice)


def test_one_answer_for_all_images() -> None:
    labels = np.array([1] * 12 + list(range(10)) * 8, np.uint8)  # 20 of 92 are ones
    said = told(TrainConfig(), best(20 / 92), labels)
    assert "21.74%, is about that of one answer for all images (21.74%)" in said
    assert "ReLU" in said
    sigmoid = told(TrainConfig(activation="sigmoid"), best(0.1), labels)
    assert "sigmoid units that are saturated" in sigmoid


def test_a_network_that_is_hardly_better_than_one_answer() -> None:
    """An untrained network, say one with a rate of 1e-7, is right on 5 to 15% of the digits."""
    labels = np.arange(100, dtype=np.uint8) % 10
    said = told(TrainConfig(learning_rate=1e-7), best(0.1284), labels)
    assert "learned next to nothing: its test accuracy, 12.84%" in said
    assert "(it is 1e-07)" in said
    assert "weight-decay" not in said
    by_hand = stuck_advice(TrainConfig(), 100, 2.0, best(0.1), labels, rate_factor=35.5)
    assert "(it is 0.008, x35.5 by hand)" in str(by_hand)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"weight_decay": 1e30}, "--weight-decay=1e+30 holds the weights near 0; take"),
        ({"weight_decay": 2.0, "optimizer": "adamw"}, "--weight-decay=2 holds"),
        ({"max_norm": 1e-9}, "--max-norm=1e-09 holds the weights near 0"),
        ({"clip_norm": 1e-12, "optimizer": "sgd"}, "--clip-norm=1e-12 leaves next to nothing"),
        ({"eps": 1e30}, "--eps=1e+30 makes every step smaller"),
        ({"dropout": 0.999}, "--dropout=0.999 drops nearly all units"),
        ({"noise": 50.0}, "--noise=50 drowns the images"),
        ({"label_smoothing": 0.9999}, "--label-smoothing=0.9999 makes all targets alike"),
    ],
)
def test_a_setting_that_alone_keeps_from_learning_is_the_one_that_is_named(
    fields: dict[str, object], said: str
) -> None:
    config = TrainConfig.layered(fields)
    labels = np.arange(100, dtype=np.uint8) % 10
    stuck = Evaluation(500, 1.0, None, None, Score(2.3, 0.1), False, 1.0)
    end = stuck_advice(config, 500, 1.0, stuck, labels)
    event = EpochCompleted(1, 500, 2.3, 0.1, (1.0, 1.0), 1e3, 1.0, stuck)
    during = Advisor(config, 500).observe(event)
    for advice in (end, during):
        assert advice is not None
        assert said in str(advice)
        assert "--learning-rate" not in str(advice)
        assert getattr(TrainConfig.layered(fields), advice.field) in fields.values()


def test_a_setting_without_effect_is_not_to_blame() -> None:
    for fields in (
        {"weight_decay": 0.1, "optimizer": "adamw"},
        {"clip_norm": 1e-12, "optimizer": "adam"},
        {"eps": 1e30, "optimizer": "sgd"},
    ):
        assert hindrance(TrainConfig.layered(fields)) is None


def test_a_network_that_learns_or_has_hardly_begun() -> None:
    labels = np.arange(100, dtype=np.uint8) % 10
    config = TrainConfig()
    assert stuck_advice(config, 100, 2.0, best(0.17), labels) is None
    assert stuck_advice(config, 100, 0.5, best(0.1), labels) is None
    assert stuck_advice(config, 9, 2.0, best(0.1), labels) is None
    assert stuck_advice(config, 10, 1.0, best(0.1), labels) is not None
    assert ending_advice(config, "completed", 100, 2.0, best(0.1), labels) is not None
    assert ending_advice(config, "completed", 100, 2.0, None, labels) is None


def test_a_network_that_lost_what_it_had_learned_is_led_back() -> None:
    labels = np.arange(10, dtype=np.uint8)
    before, after = (
        Evaluation(100 * n, n, Score(0.3, a), None, Score(0.3, a), False, 1.0)
        for n, a in ((1, 0.9), (2, 0.4))
    )
    config = TrainConfig()
    advice = ending_advice(config, "completed", 200, 2.0, before, labels, final=after)
    assert advice is not None
    assert advice.back
    assert str(advice) == (
        "the network has lost what it had learned: its test accuracy is 40.00%, and was 90.00%"
        " after epoch 1; go back to its best epoch, at a tenth of the --learning-rate"
    )
    assert ending_advice(config, "completed", 200, 2.0, before, labels, final=before) is None
