"""A walk of a network with clipping, a bounded norm, dropout and the like is that of training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nn.analysis.walk import Walk
from nn.arrays import Array
from nn.config import TrainConfig, choices
from nn.data.dataset import Dataset, Split
from nn.data.preprocessing import Preprocessor
from nn.network.model import build_model, initialize_model
from nn.network.predictor import Predictor
from nn.training.engine import OneProcess
from nn.training.optimizers import make_optimizer
from nn.training.randomness import Stream, stream
from nn.training.step import TrainingStep
from tests.support.walks import config_of, walk_of


def trained(config: TrainConfig, train: Split, steps: int) -> Array:
    """The parameters after some steps of the trainer on the first five images, in their order."""
    model = build_model(config)
    initialize_model(model, config, rng=stream(config.seed, Stream.INITIALIZATION))
    optimizer = make_optimizer(
        config, model.parameters[model.trained], model.gradients[model.trained]
    )
    preprocessor = Preprocessor.of(config, train)
    step = TrainingStep(config, train, preprocessor, model, optimizer)
    for number in range(steps):
        step.run(np.arange(5), number, config.learning_rate)
    return model.parameters


def flat(walk: Walk, kind: str = "") -> Array:
    """The parameters of a step of a walk, with `kind` "new " those after it."""
    # The flat vector has the scales of all layers before the shifts.
    names = sorted(walk.here.gradient_norms, key=lambda name: {"g": 1, "c": 2}.get(name[0], 0))
    return np.concatenate([walk.here.values[f"{kind}{name}"].ravel() for name in names])


def assert_steps_are_exactly_those_of_training(small: Dataset, **fields: Any) -> None:
    config = config_of(**fields)
    walk = Walk.of(config, small.train)
    for step in range(3):
        walk.go(step)
        here, right = flat(walk, "new "), trained(config, small.train, step + 1)
        np.testing.assert_array_equal(here, right[: len(here)])
        running = [v for name, v in walk.here.values.items() if name.startswith("running")]
        assert len(here) + sum(map(len, running)) == len(right)
    walk.go(0)
    np.testing.assert_array_equal(flat(walk, "new "), trained(config, small.train, 1)[: len(here)])


def assert_elements_are_their_sums(walk: Walk) -> None:
    """Each stage's elements are what their written sums add up to."""
    rng = np.random.default_rng(1)
    # A float32 array has about seven digits.
    rel, least = (1e-6, 1e-12) if walk.config.dtype == "float64" else (1e-3, 1e-6)
    for stage in walk.here.stages:
        assert stage.formula.startswith(f"{stage.name} = ")
        assert len(stage.axes) == stage.array.ndim
        for _ in range(20):
            index = tuple(int(rng.integers(size)) for size in stage.array.shape)
            value = pytest.approx(float(stage.array[index]), rel=rel, abs=least)
            assert stage.write(index).total == value, stage.name


def names_of(walk: Walk) -> list[str]:
    return [stage.name for stage in walk.here.stages]


@pytest.mark.parametrize("clip_norm", [0.3, 100.0])
@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_clipping_is_shown_and_is_that_of_training(
    small: Dataset, optimizer: str, dtype: str, clip_norm: float
) -> None:
    fields = {"optimizer": optimizer, "dtype": dtype, "clip_norm": clip_norm, "weight_decay": 0.01}
    assert_steps_are_exactly_those_of_training(small, hidden=(9,), **fields)
    walk = walk_of(small, hidden=(9,), **fields)
    walk.go(1)
    assert names_of(walk)[-6:] == ["norm", "factor", "new W1", "new b1", "new W2", "new b2"]
    v = walk.here.values
    norm = math.hypot(*walk.here.gradient_norms.values())
    assert norm > 0.3
    assert float(v["norm"]) == pytest.approx(norm, rel=1e-6)
    clipped = clip_norm == 0.3
    assert float(v["factor"]) == pytest.approx(0.3 / norm if clipped else 1.0, rel=1e-5)
    assert_elements_are_their_sums(walk)
    if optimizer == "sgd":
        step = (v["W1"] - v["new W1"]) / 0.1 - 0.01 * v["W1"]
        tolerance = 1e-9 if dtype == "float64" else 1e-5
        np.testing.assert_allclose(step, v["factor"] * v["dW1"], atol=tolerance)


def test_gradients_are_nudged_as_they_are_before_clipping(small: Dataset) -> None:
    walk = walk_of(small, clip_norm=0.01, hidden=(9,))
    walk.go(1)
    assert float(walk.here.values["factor"]) < 0.1
    assert 0 < max(walk.errors(10, rng=np.random.default_rng(3)).values()) < 1e-8
    nudge = walk.nudge("W2", (4, 5))
    assert nudge.numerical == pytest.approx(nudge.analytical, rel=1e-6)


@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.1), ("adam", 0.001)])
def test_max_norm_is_shown_and_is_that_of_training(
    small: Dataset, optimizer: str, rate: float, dtype: str
) -> None:
    fields: dict[str, Any] = {"optimizer": optimizer, "dtype": dtype, "learning_rate": rate}
    fields |= {"max_norm": 2.8, "hidden": (9, 7)}
    assert_steps_are_exactly_those_of_training(small, **fields)
    walk = walk_of(small, **fields)
    assert names_of(walk)[-10:] == [
        *("updated W1", "new b1", "updated W2", "new b2", "new W3", "new b3"),
        *("norms W1", "new W1", "norms W2", "new W2"),
    ]
    v = walk.here.values
    for layer in ("W1", "W2"):
        norms = np.linalg.norm(v[f"updated {layer}"], axis=0)
        np.testing.assert_allclose(v[f"norms {layer}"], norms, rtol=1e-5)
        after = np.linalg.norm(v[f"new {layer}"], axis=0)
        np.testing.assert_allclose(after, np.minimum(norms, 2.8), rtol=1e-5)
        direction = v[f"updated {layer}"] / norms
        np.testing.assert_allclose(v[f"new {layer}"] / after, direction, rtol=1e-4)
    over = v["norms W1"] > 2.8
    assert over.any()
    assert not over.all()
    assert not (v["norms W2"] > 2.8).any()
    assert_elements_are_their_sums(walk)
    walk.go(1)
    np.testing.assert_array_equal(walk.here.values["W1"], v["new W1"])


def test_a_nudge_goes_on_to_the_bounded_weights(small: Dataset) -> None:
    walk = walk_of(small, max_norm=1.0, clip_norm=0.1, hidden=(9,))
    walk.go(1)
    assert 0 < max(walk.errors(10, rng=np.random.default_rng(3)).values()) < 1e-8
    assert max(np.linalg.norm(walk.here.values["W1"], axis=0)) == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize(
    "fields", [{}, {"batch_norm": True, "optimizer": "adam", "max_norm": 1.0}], ids=["sgd", "all"]
)
def test_the_average_of_the_weights_is_shown_and_is_that_of_training(
    small: Dataset, fields: dict[str, Any], dtype: str
) -> None:
    """Also after the tenth update, from where on only every tenth is taken."""
    config = config_of(hidden=(9, 7), average_decay=0.6, dtype=dtype, **fields)
    walk = Walk.of(config, small.train)
    engine = OneProcess(config, {"train": small.train}, Preprocessor.of(config, small.train))
    initialize_model(engine.model, config, rng=stream(config.seed, Stream.INITIALIZATION))
    averaged = engine.predictor.model
    averaged.parameters[...] = engine.model.parameters
    for step in range(21):
        walk.go(step)
        engine.step(np.arange(5), step, config.learning_rate)
        right = averaged.parameters
        here = flat(walk, "avg ")
        np.testing.assert_array_equal(here, right[: len(here)])
        shares = {0: 2 / 11, 9: 11 / 20, 10: 1.0, 19: 0.6**10}
        if step in shares:
            assert float(walk.here.values["D"]) == pytest.approx(shares[step])
            assert_elements_are_their_sums(walk)
    assert names_of(walk)[-1 - len(walk.here.gradient_norms)] == "D"
    walk.go(3)
    again = flat(walk, "avg ")
    walk.go(2)
    walk.go(3)
    np.testing.assert_array_equal(flat(walk, "avg "), again)


@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize("loss", choices("loss"))
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_dropout_is_shown_and_is_that_of_training(
    small: Dataset, activation: str, loss: str, dtype: str
) -> None:
    fields = {"activation": activation, "loss": loss, "dtype": dtype, "dropout": 0.3, "seed": 4}
    fields |= {"hidden": (9, 7)}
    assert_steps_are_exactly_those_of_training(small, **fields)
    walk = walk_of(small, **fields)
    walk.go(2)
    forward = ["x", "a1", "z1", "m1", "h1", "a2", "z2", "m2", "h2", "a3"]
    assert names_of(walk)[: len(forward)] == forward
    backward = ["dh2", "dz2", "da2", "dW2", "db2", "dh1", "dz1", "da1", "dW1", "db1"]
    start = names_of(walk).index("dh2")
    assert names_of(walk)[start : start + len(backward)] == backward
    v, near = walk.here.values, {"rtol": 1e-4 if dtype == "float32" else 1e-9, "atol": 1e-7}
    rng = stream(4, Stream.DROPOUT, 2, 0)
    for number, units in enumerate((9, 7), 1):
        mask = rng.random((5, units), dtype) >= np.dtype(dtype).type(0.3)
        np.testing.assert_array_equal(v[f"m{number}"], mask)
        assert 0 < mask.mean() < 1
        kept = np.where(mask, v[f"z{number}"], 0) / 0.7
        np.testing.assert_allclose(v[f"h{number}"], kept, **near)
        w, b = v[f"W{number + 1}"], v[f"b{number + 1}"]
        np.testing.assert_allclose(v[f"a{number + 1}"], kept @ w + b, **near)
        back = v[f"da{number + 1}"] @ w.T
        np.testing.assert_allclose(v[f"dh{number}"], back, **near)
        np.testing.assert_allclose(v[f"dz{number}"], np.where(mask, back, 0) / 0.7, **near)
        np.testing.assert_allclose(v[f"dW{number + 1}"], kept.T @ v[f"da{number + 1}"], **near)
    assert_elements_are_their_sums(walk)


def test_the_probabilities_are_those_without_dropout_and_the_loss_has_it(small: Dataset) -> None:
    walk = walk_of(small, dropout=0.5)
    walk.go(3)
    config = config_of(dropout=0.5)
    preprocessor = Preprocessor.of(config, small.train)
    predicted = Predictor.of(config, trained(config, small.train, 3), preprocessor)
    whole = predicted.predict(small.train[:5]).probabilities
    np.testing.assert_allclose(walk.here.probabilities, whole, rtol=1e-12)
    labels = small.train.labels[:5]
    of_step = -np.log(walk.here.values["y"][np.arange(5), labels]).mean()
    assert walk.here.loss == walk.losses[3] == pytest.approx(of_step)
    without = -np.log(whole[np.arange(5), labels]).mean()
    assert abs(walk.here.loss - without) > 1e-3


@pytest.mark.parametrize("loss", choices("loss"))
@pytest.mark.parametrize("dtype", choices("dtype"))
def test_a_nudge_keeps_the_masks_of_the_step(small: Dataset, dtype: str, loss: str) -> None:
    walk = walk_of(small, dtype=dtype, loss=loss, dropout=0.5, hidden=(9, 7))
    losses = []
    for step in (0, 2):
        walk.go(step)
        nudge = walk.nudge("b3", (5,))
        assert nudge.loss == pytest.approx(walk.here.loss, rel=1e-6)
        losses.append(nudge.loss)
        found = walk.errors(10, rng=np.random.default_rng(3))
        assert list(found) == ["W1", "b1", "W2", "b2", "W3", "b3"]
        assert 0 < max(found.values()) < (1e-8 if dtype == "float64" else 1e-5)
    assert losses[0] != losses[1]


def test_all_parts_together_are_those_of_training(small: Dataset) -> None:
    fields = {"dropout": 0.2, "clip_norm": 0.2, "max_norm": 2.5, "optimizer": "momentum"}
    assert_steps_are_exactly_those_of_training(small, hidden=(9, 7), dtype="float32", **fields)


def test_dropout_has_nothing_to_drop_without_hidden_layers(small: Dataset) -> None:
    assert names_of(walk_of(small, hidden=(), dropout=0.5)) == names_of(walk_of(small, hidden=()))


@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_batch_normalization_is_shown_and_is_that_of_training(
    small: Dataset, activation: str, optimizer: str, dtype: str
) -> None:
    fields: dict[str, Any] = {"activation": activation, "dtype": dtype, "hidden": (9, 7)}
    fields |= {"optimizer": optimizer, "learning_rate": 0.01, "batch_norm": True}
    assert_steps_are_exactly_those_of_training(small, **fields)
    walk = walk_of(small, **fields)
    walk.go(1)
    names = names_of(walk)
    assert names[:8] == ["x", "a1", "mu1", "var1", "n1", "s1", "z1", "a2"]
    start = names.index("dz1")
    assert names[start : start + 7] == ["dz1", "ds1", "dg1", "dc1", "da1", "dW1", "db1"]
    assert names[-8:-4] == ["new g1", "new c1", "new g2", "new c2"]
    assert names[-4:] == ["running mu1", "running var1", "running mu2", "running var2"]
    v, near = walk.here.values, {"rtol": 1e-3 if dtype == "float32" else 1e-9, "atol": 1e-6}
    np.testing.assert_allclose(v["n1"].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(v["n1"].var(axis=0), v["var1"] / (v["var1"] + 1e-5), rtol=1e-4)
    np.testing.assert_allclose(v["s1"], v["g1"] * v["n1"] + v["c1"], **near)
    np.testing.assert_allclose(v["running mu1"], 0.9 * v["old mu1"] + 0.1 * v["mu1"], **near)
    unbiased = v["a1"].var(axis=0, ddof=1)
    np.testing.assert_allclose(v["running var1"], 0.9 * v["old var1"] + 0.1 * unbiased, **near)
    assert_elements_are_their_sums(walk)


@pytest.mark.parametrize("fields", [{}, {"dropout": 0.3}, {"noise": 0.3}])
def test_every_array_of_a_normalized_net_is_checked_against_the_definition(
    small: Dataset, fields: dict[str, Any]
) -> None:
    walk = walk_of(small, hidden=(6, 5), batch_norm=True, clip_norm=0.1, **fields)
    walk.go(1)
    found = walk.errors(10, rng=np.random.default_rng(3))
    assert list(found) == ["W1", "b1", "W2", "b2", "W3", "b3", "g1", "c1", "g2", "c2"]
    assert 0 < max(found.values()) < 1e-6
    nudge = walk.nudge("g2", (3,))
    assert nudge.loss == pytest.approx(walk.here.loss, rel=1e-9)
    assert nudge.numerical == pytest.approx(nudge.analytical, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [(), (9, 7)])
def test_noise_is_shown_and_is_that_of_training(
    small: Dataset, hidden: tuple[int, ...], batch_norm: bool, dtype: str
) -> None:
    fields: dict[str, Any] = {"hidden": hidden, "batch_norm": batch_norm, "dtype": dtype}
    fields |= {"noise": 0.3, "activation": "relu", "optimizer": "momentum"}
    assert_steps_are_exactly_those_of_training(small, **fields)
    walk = walk_of(small, **fields)
    walk.go(1)
    names, v = names_of(walk), walk.here.values
    assert names[:3] == ["x", "e0", "q0"]
    if hidden:
        between = ["mu1", "var1", "n1", "e1", "q1", "s1"] if batch_norm else ["e1", "q1"]
        assert names[3 : 5 + len(between)] == ["a1", *between, "z1"]
        before = v["n1"] if batch_norm else v["a1"]
        np.testing.assert_allclose(v["q1"], before + v["e1"], rtol=1e-5, atol=1e-6)
    assert v["e0"].std() == pytest.approx(0.3, rel=0.05)
    first = v["e0"].copy()
    assert not np.array_equal(walk.go(2).values["e0"], first)
    assert_elements_are_their_sums(walk)
    tolerance = 1e-6 if dtype == "float64" else 1e-2
    assert max(walk.errors(10, rng=np.random.default_rng(3)).values()) < tolerance


def test_a_normalized_net_is_walked_back_and_predicts_with_its_running_statistics(
    small: Dataset,
) -> None:
    walk = walk_of(small, hidden=(6,), batch_norm=True)
    seen = [walk.go(step).probabilities for step in range(4)]
    config = walk.config
    parameters, preprocessor = trained(config, small.train, 3), Preprocessor.of(config, small.train)
    rows = Predictor.of(config, parameters, preprocessor).predict(small.train[:5]).probabilities
    np.testing.assert_allclose(seen[3], rows, rtol=1e-9)
    for step in (2, 0, 3, 1):
        np.testing.assert_array_equal(walk.go(step).probabilities, seen[step])
