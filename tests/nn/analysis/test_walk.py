"""A walk: its arrays are those of training, its formulas give its elements, and it goes back."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

from nn.analysis import walk as walk_module
from nn.analysis.formulas import ACTIVATION_FORMULAS, INPUT_MEANINGS, LOSS_FORMULAS, UPDATE_FORMULAS
from nn.analysis.walk import DEFAULT_FIELDS, Walk
from nn.config import TrainConfig, choices
from nn.data.dataset import Dataset, Split
from nn.data.edges import DIRECTIONS
from nn.data.preprocessing import Preprocessor
from nn.training.trainer import Trainer
from tests.support.walks import config_of, walk_of
from tui.checking.reference import Model, Problem, evaluate

CONFIGS = [
    {"loss": loss, "activation": activation, "hidden": hidden}
    for (loss, activation), hidden in zip(
        itertools.product(choices("loss"), choices("activation")),
        itertools.cycle([(9,), (7, 6), ()]),
        strict=False,
    )
]


def test_the_tables_of_formulas_are_complete() -> None:
    assert tuple(ACTIVATION_FORMULAS) == choices("activation")
    assert tuple(LOSS_FORMULAS) == choices("loss")
    assert tuple(UPDATE_FORMULAS) == choices("optimizer")
    assert tuple(INPUT_MEANINGS) == choices("preprocessing")


def test_the_default_is_the_net_of_the_textbook(small: Dataset) -> None:
    walk = Walk.of(TrainConfig.layered(DEFAULT_FIELDS), small.train)
    names = [stage.name for stage in walk.here.stages]
    assert names == [
        *("x", "a1", "z1", "a2", "y", "loss"),
        *("dy", "dW2", "db2", "dz1", "da1", "dW1", "db1"),
        *("new W1", "new b1", "new W2", "new b2"),
    ]
    weights = walk.here.values["W1"]
    assert weights.std() == pytest.approx(0.1, rel=0.02)
    assert walk.batch.labels.tolist() == small.train.labels[:5].tolist()


@pytest.mark.parametrize(
    ("head", "loss"),
    [
        ("softmax and cross-entropy", "cross-entropy"),
        ("sigmoid and binary cross-entropy", "binary-cross-entropy"),
    ],
)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_the_stages_agree_with_the_formulas_of_the_notes(
    small: Dataset, head: str, loss: str, activation: str
) -> None:
    walk = walk_of(small, loss=loss, activation=activation)
    values = walk.here.values
    parameters = {name: values[name] for name in ("W1", "b1", "W2", "b2")}
    arrays = evaluate(Problem(values["x"], values["t"], parameters, 0.1), Model(activation, head))
    stages = {stage.name: stage.array for stage in walk.here.stages}
    assert stages.keys() == {"x", *arrays}
    for name, array in arrays.items():
        np.testing.assert_allclose(stages[name], array, rtol=1e-6, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("fields", CONFIGS, ids=lambda fields: "-".join(map(str, fields.values())))
def test_the_terms_of_every_element_add_up_to_it(small: Dataset, fields: dict[str, Any]) -> None:
    walk = walk_of(small, **fields, label_smoothing=0.1)
    walk.go(2)
    rng = np.random.default_rng(0)
    for stage in walk.here.stages:
        assert stage.meaning
        assert stage.formula.startswith(f"{stage.name} = ")
        assert len(stage.axes) == stage.array.ndim
        for _ in range(5):
            index = tuple(int(rng.integers(size)) for size in stage.array.shape)
            written = stage.write(index)
            total = written.total
            assert total == pytest.approx(float(stage.array[index]), rel=1e-6, abs=1e-12), (
                stage.name
            )
            terms, others, rest = written.largest(3)
            assert sum(term.value for term in terms) + rest == pytest.approx(total)
            assert len(terms) + others <= len(written.values)


@pytest.mark.parametrize("kind", choices("preprocessing"))
@pytest.mark.parametrize("dtype", choices("dtype"))
def test_inputs_are_written_from_their_bytes(small: Dataset, kind: str, dtype: str) -> None:
    walk = walk_of(small, preprocessing=kind, dtype=dtype)
    stage = walk.here.stages[0]
    for pixel in (0, 300, 406):
        value = stage.write((2, pixel)).total
        assert value == pytest.approx(float(stage.array[2, pixel]), rel=1e-5, abs=1e-6)


def test_an_edge_is_written_with_its_place_and_direction_and_can_be_computed() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[8:12, 22:24] = [[9, 8], [7, 200], [0, 3], [90, 1]]
    split = Split(image.reshape(1, -1), np.zeros(1, np.uint8))
    stage = Walk.of(config_of(preprocessing="edges"), split).here.stages[0]
    formulas = set()
    for picture, name in enumerate(DIRECTIONS):
        place = (picture // 2 * 7 + 2) * 28 + picture % 2 * 14 + 11
        written = stage.write((0, place))
        assert written.formula.endswith(f"sum over 8 pixels (rows 8-11, columns 22-23): {name}")
        for k, value in enumerate(written.values):
            term = written.term(k)
            assert "--" not in term.numbers
            python = re.sub(r"\|([^|]*)\|", r"abs(\1)", term.numbers)
            assert eval(python) == pytest.approx(value)
            formulas.add(term.symbols)
        assert written.total == pytest.approx(float(stage.array[0, place]))
    assert formulas == {f"{formula} / 2040" for formula in DIRECTIONS.values()}


@pytest.mark.parametrize("optimizer", choices("optimizer"))
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_steps_are_those_of_training(small: Dataset, optimizer: str, weight_decay: float) -> None:
    config = config_of(optimizer=optimizer, weight_decay=weight_decay)
    five = Dataset(small.train[:5], small.test, small.name, small.sha256)
    run = TrainConfig.layered(
        config.to_dict(), {"batch_size": 5, "steps": 6, "threads": 1, "eval_steps": 6}
    )
    trainer = Trainer(run, five)
    for _ in trainer.events():
        pass
    walk = Walk.of(config, five.train)
    walk.go(6)
    parameters = [walk.here.values[name] for name in ("W1", "b1", "W2", "b2")]
    flat = np.concatenate([array.ravel() for array in parameters])
    # Training shuffles the five images, so its sums are rounded in another order.
    np.testing.assert_allclose(flat, trainer.model.parameters, rtol=1e-7, atol=1e-9)
    for stage in walk.here.stages:
        if stage.part == "update":
            index = (3,) * stage.array.ndim
            assert stage.write(index).total == pytest.approx(stage.array[index])
            assert stage.parameter == stage.name.removeprefix("new ")


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("kept", [64_000_000, 0])
def test_back_and_forth(
    small: Dataset, optimizer: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where hardly any state is kept, so that most are computed again."""
    monkeypatch.setattr(walk_module, "_KEPT_BYTES", kept)
    walk = walk_of(small, optimizer=optimizer, learning_rate=0.01)
    seen = [walk.go(step).values["new W1"] for step in range(9)]
    assert len(walk.losses) == len(walk.probabilities) == 9
    assert walk.losses == sorted(walk.losses, reverse=True)
    for step in (8, 7, 3, 4, 0, 6, 1, -1, 8):
        taken = walk.go(step)
        assert walk.step == max(step, 0)
        np.testing.assert_array_equal(taken.values["new W1"], seen[walk.step])
        assert taken.loss == walk.losses[walk.step]
        np.testing.assert_array_equal(taken.probabilities, walk.probabilities[walk.step])
    assert len(walk.losses) == 9


@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize("loss", choices("loss"))
def test_a_nudge_shows_the_derivative(small: Dataset, dtype: str, loss: str) -> None:
    walk = walk_of(small, dtype=dtype, loss=loss)
    walk.go(2)
    index: tuple[int, ...]
    for parameter, index in (("W1", (406, 17)), ("b1", (3,)), ("W2", (17, 5)), ("b2", (5,))):
        nudge = walk.nudge(parameter, index)
        assert nudge.h == 1e-4
        assert nudge.value == walk.here.values[parameter][index]
        assert nudge.loss == pytest.approx(walk.here.loss, rel=1e-6)
        assert nudge.above != nudge.loss
        tolerance = 1e-6 if dtype == "float64" else 1e-3
        assert nudge.numerical == pytest.approx(nudge.analytical, rel=tolerance, abs=1e-9)
    assert walk.go(2).loss == walk.losses[2], "a nudge changes nothing"


def test_every_array_is_checked_against_the_definition(
    small: Dataset,
) -> None:
    walk = walk_of(small, hidden=(6, 5))
    walk.go(1)
    found = walk.errors(10, rng=np.random.default_rng(3))
    assert list(found) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert 0 < max(found.values()) < 1e-8
    walk.here.values["dW2"][...] += 0.01
    assert walk.errors(10, rng=np.random.default_rng(3))["W2"] == pytest.approx(0.01, rel=1e-4)


def test_a_walk_that_diverges_stands_still(small: Dataset) -> None:
    walk = walk_of(small, activation="identity", loss="squared-error", output_activation="identity",
                   learning_rate=1e9)  # fmt: skip
    walk.go(500)
    assert walk.diverged
    end = walk.step
    assert end < 500
    np.testing.assert_array_equal(walk.here.values["W1"], walk.here.values["new W1"])
    walk.go(end + 1)
    assert walk.step == end
    walk.go(1)
    assert not walk.diverged


def test_the_accuracy_is_that_of_the_weights_of_the_step(mnist: Dataset) -> None:
    walk = Walk.of(config_of(), mnist.train, np.arange(20))
    twenty = mnist.train[:20]
    before = walk.accuracy(twenty)
    walk.go(400)
    assert walk.accuracy(twenty) == 1.0
    walk.go(0)
    assert walk.accuracy(twenty) == before < 0.5


def test_the_preprocessing_is_fitted_on_all_training_images(small: Dataset) -> None:
    walk = walk_of(small, preprocessing="standardize")
    fitted = Preprocessor.fit("standardize", small.train.images, "float64")
    np.testing.assert_array_equal(walk.here.values["x"], fitted.transform(small.train.images[:5]))
