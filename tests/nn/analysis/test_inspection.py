"""What is told about the inside of a network, against the plain definition of it."""

from __future__ import annotations

import numpy as np
import pytest

from nn.analysis.inspection import BINS, SAMPLE, activations, layer_statistics
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.data.preprocessing import Preprocessor
from nn.network.layers import SATURATION
from nn.network.losses import CrossEntropy
from nn.network.model import build_model, initialize_model
from nn.network.predictor import Predictor


def network(seed: int = 0, **fields: object) -> Predictor:
    config = TrainConfig.layered({"dtype": "float64", "init_bias": "normal", **fields})
    model = build_model(config)
    initialize_model(model, config, rng=np.random.default_rng(seed))
    fields_of_pixels = np.zeros((1, 784), np.uint8)
    return Predictor(config, model, Preprocessor.fit("unit", fields_of_pixels, "float64"))


def images(count: int) -> Array:
    return np.random.default_rng(5).integers(0, 256, (count, 784), np.uint8)


def test_statistics_are_those_of_the_weights() -> None:
    predictor = network(hidden=(7, 3), activation="tanh")
    layers = layer_statistics(predictor, images(20))
    assert [(s.in_features, s.out_features) for s in layers] == [(784, 7), (7, 3), (3, 10)]
    assert [s.activation for s in layers] == ["tanh", "tanh", "identity"]
    assert [s.parameters for s in layers] == [785 * 7, 8 * 3, 4 * 10]
    for statistics, linear in zip(layers, predictor.model.linears, strict=True):
        weight = linear.weight
        assert statistics.mean == pytest.approx(weight.mean())
        assert statistics.std == pytest.approx(weight.std())
        assert (statistics.minimum, statistics.maximum) == (weight.min(), weight.max())
        assert statistics.counts.sum() == weight.size
        assert len(statistics.edges) == BINS + 1 == len(statistics.counts) + 1
        assert (statistics.edges[0], statistics.edges[-1]) == (weight.min(), weight.max())


def test_without_hidden_layers_there_is_one_row_and_no_dead_unit() -> None:
    (only,) = layer_statistics(network(hidden=()), images(5))
    assert (only.in_features, only.out_features, only.dead) == (784, 10, None)


def test_a_relu_unit_is_dead_if_no_image_gets_it_above_zero() -> None:
    predictor = network(hidden=(4, 2))
    first = predictor.model.linears[0]
    first.weight[...], first.bias[...] = 0, (-1, 0, 1, -1)
    sample = np.zeros((300, 784), np.uint8)
    sample[299, 7] = 255
    first.weight[7, 3] = 1.5  # alive for the last image only
    hidden, _, output = layer_statistics(predictor, sample)
    assert hidden.dead is not None
    assert hidden.dead.tolist() == [True, True, False, False]
    assert output.dead is None


@pytest.mark.parametrize(("activation", "low"), [("sigmoid", 0.0), ("tanh", -1.0)])
def test_a_squashing_unit_is_dead_if_it_is_saturated_for_every_image(
    activation: str, low: float
) -> None:
    predictor = network(hidden=(4,), activation=activation)
    first = predictor.model.linears[0]
    first.weight[...], first.bias[...] = 0, (-9, 9, 0.5, -9)
    first.weight[:, 3] = 1  # one end for a dark image, the other for a bright one
    sample = np.repeat(np.array([[0], [255]], np.uint8), 784, axis=1)
    hidden, _ = layer_statistics(predictor, sample)
    assert hidden.dead is not None
    assert hidden.dead.tolist() == [True, True, False, True]
    outputs = np.array([activations(predictor, image)[0] for image in sample])
    ends = np.minimum(outputs - low, 1 - outputs)
    assert ((ends <= SATURATION).all(axis=0) == hidden.dead).all()


def test_units_without_an_activation_never_die() -> None:
    hidden, _ = layer_statistics(network(hidden=(3,), activation="identity"), images(4))
    assert hidden.dead is not None
    assert not hidden.dead.any()


def test_without_images_no_unit_is_called_dead() -> None:
    hidden, _ = layer_statistics(network(hidden=(3,)), images(0))
    assert hidden.dead is not None
    assert not hidden.dead.any()


def test_the_sample_is_spread_over_all_images() -> None:
    """A unit that only one late image wakes is seen, where that image is in the sample."""
    predictor = network(hidden=(1,))
    first = predictor.model.linears[0]
    first.weight[...], first.bias[...] = 1, -1
    sample = np.zeros((3 * SAMPLE, 784), np.uint8)
    sample[-3] = 255
    hidden, _ = layer_statistics(predictor, sample)
    assert hidden.dead is not None
    assert not hidden.dead[0]


def test_weights_that_diverged_raise_and_warn_nothing() -> None:
    predictor = network(hidden=(5,), dtype="float32")
    predictor.model.linears[0].weight[0] = (np.nan, np.inf, -np.inf, 3e38, -3e38)
    predictor.model.linears[1].weight[...] = np.nan
    first, last = layer_statistics(predictor, images(3))
    assert not np.isfinite(first.mean)
    assert first.counts.sum() == 784 * 5 - 3
    assert last.counts.sum() == 0
    assert np.isfinite(last.edges).all()


@pytest.mark.parametrize(
    "weights", [(0, 0), (3, 3), (1, 1 + 1e-15), (-1.7e308, 1.7e308), (5e-324, 1e-323)]
)
def test_histogram_of_any_weights(weights: tuple[float, float]) -> None:
    predictor = network(hidden=())
    weight = predictor.model.linears[0].weight
    weight[:392], weight[392:] = weights
    (only,) = layer_statistics(predictor, images(0))
    assert only.counts.sum() == (weight.size if max(weights) < 1e300 else 0)
    assert (np.diff(only.edges) > 0).all()


@pytest.mark.parametrize("hidden", [(), (6,), (5,) * 9])
def test_activations_are_those_of_the_formula(hidden: tuple[int, ...]) -> None:
    predictor = network(hidden=hidden, activation="tanh", dropout=0.5)
    image = images(1)[0]
    x = image / 255
    expected = []
    for linear in predictor.model.linears:
        z = x @ linear.weight + linear.bias
        x = z if linear is predictor.model.linears[-1] else np.tanh(z)
        expected.append(x)
    found = activations(predictor, image)
    assert len(found) == len(hidden) + 1
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
    probabilities = CrossEntropy().probabilities(found[-1][None])
    np.testing.assert_allclose(probabilities, predictor.probabilities(image[None]))


def test_saturated_units_warn_of_nothing(small: Dataset) -> None:
    """Whatever looks at a network: exponentials overflow where a sigmoid is 0."""
    predictor = network(
        hidden=(6,), activation="sigmoid", loss="binary-cross-entropy", dtype="float32"
    )
    predictor.model.parameters *= 10_000
    layer_statistics(predictor, small.test.images)
    assert np.isin(activations(predictor, small.test.images[0])[0], (0, 1)).any()
    assert np.isin(predictor.probabilities(small.test.images), (0, 1)).any()
    assert np.isfinite(predictor.predict(small.test).losses).all()
    predictor.score(small.test)


def test_activations_outlive_the_next_prediction(small: Dataset) -> None:
    predictor = network(hidden=(6,))
    first = activations(predictor, small.test.images[0])
    kept = [values.copy() for values in first]
    activations(predictor, small.test.images[1])
    assert all((a == b).all() for a, b in zip(first, kept, strict=True))
