"""One training step, recorded: every array that it computes, from the inputs to the new weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn.analysis.backward_stages import BackwardStages
from nn.analysis.forward_stages import ForwardStages
from nn.analysis.stage import Stage
from nn.analysis.stages import parameter_names
from nn.analysis.update_stages import UpdateStages
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.preprocessing import Preprocessor
from nn.network.layers import Activation
from nn.network.losses import Loss
from nn.network.model import MLP
from nn.network.noise import NoiseTable
from nn.network.normalization import EPS
from nn.training.averaging import WeightAverage
from nn.training.max_norm import limit_norms
from nn.training.optimizers import Optimizer, clip_factor
from nn.training.randomness import Stream, stream


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One step, from the inputs to the updated parameters.

    `values` holds every array by its name, the parameters before the update ("W1", "b1", ...) and
    the targets ("t") among them. `gradient_norms` are L2 norms before clipping, by the names of the
    parameters. With dropout, the loss and `values` are those with the masks of the step, and
    `probabilities` those of the whole network.
    """

    loss: float
    probabilities: Array
    stages: tuple[Stage, ...]
    values: Mapping[str, Array]
    gradient_norms: Mapping[str, float]


def take_apart(
    config: TrainConfig,
    preprocessor: Preprocessor,
    model: MLP,
    loss: Loss,
    optimizer: Optimizer,
    images: Array,
    targets: Array,
    noise: NoiseTable | None = None,
    average: MLP | None = None,
) -> Pass:
    """Make one step of a model on images, uint8 (n, pixels), and record everything it computes.

    A loss that is not finite updates nothing, as in training. The masks of dropout are those that
    training draws after `optimizer.updates` updates, and so is the noise, of the table `noise`.
    With `config.average_decay`, the weights of the network `average` are the average of the
    model's, and take in the new ones.
    """
    step = optimizer.updates
    fed = preprocessor.fed(images)
    v: dict[str, Array] = {"images": fed, "x": preprocessor.scaled(fed), "t": targets}
    layers = list(zip(model.linears, _activations(model), strict=True))
    last = len(layers)
    for number, (linear, _) in enumerate(layers, 1):
        v[f"W{number}"], v[f"b{number}"] = linear.weight.copy(), linear.bias.copy()
    for number, norm in enumerate(model.norms, 1):
        v[f"g{number}"], v[f"c{number}"] = norm.scale.copy(), norm.shift.copy()
        v[f"old mu{number}"], v[f"old var{number}"] = norm.mean.copy(), norm.variance.copy()
    out, probabilities = v["x"], None
    if model.dropouts or model.norms or model.noises:
        probabilities = loss.probabilities(model.forward(out))
        key = config.seed, Stream.DROPOUT, optimizer.updates, 0  # the rank of the first process
        rng, uniform = stream(*key), stream(*key)  # the same numbers twice: one to show them
        for layer in model.dropouts:
            layer.rng = rng
    if noise:
        rng = stream(config.seed, Stream.NOISE, optimizer.updates)
        for number, added in enumerate(model.noises):
            added.draw(noise, len(images), rng=rng)
            shape = len(images), model.sizes[number]
            v[f"e{number}"] = added.forward(np.zeros(shape, out.dtype), training=True).copy()
        out = model.noises[0].forward(out, training=True)
        v["q0"] = out.copy()
    for number, (linear, activation) in enumerate(layers, 1):
        out = linear.forward(out)
        v[f"a{number}"] = a = out.copy()
        if model.norms and number < last:
            v[f"mu{number}"], v[f"var{number}"] = a.mean(axis=0), a.var(axis=0)
            v[f"n{number}"] = (a - v[f"mu{number}"]) / np.sqrt(v[f"var{number}"] + EPS)
            if noise:
                v[f"q{number}"] = v[f"n{number}"] + v[f"e{number}"]
            out = model.norms[number - 1].forward(out, training=True)
            v[f"s{number}"] = out.copy()
        elif noise and number < last:
            out = model.noises[number].forward(out, training=True)
            v[f"q{number}"] = out.copy()
        out = activation.forward(out)
        v[f"z{number}"] = out.copy()
        if model.dropouts and number < last:
            drawn = uniform.random(out.shape, out.dtype.type)
            v[f"u{number}"] = drawn
            v[f"m{number}"] = (drawn >= config.dropout).astype(out.dtype)
            out = model.dropouts[number - 1].forward(out, training=True)
            v[f"h{number}"] = out.copy()
    value, y = loss.forward(out, targets), loss.probabilities(out)
    v["loss"] = np.array(value)
    v["y"] = v[f"z{last}"] if config.loss == "squared-error" else y
    grad = loss.backward()
    v["do"] = grad.copy()
    for number in range(last, 0, -1):
        linear, activation = layers[number - 1]
        if model.dropouts and number < last:
            v[f"dh{number}"] = grad.copy()
            grad = model.dropouts[number - 1].backward(grad)
        v[f"dz{number}"] = grad.copy()
        grad = activation.backward(grad)
        if model.norms and number < last:
            norm = model.norms[number - 1]
            v[f"ds{number}"] = grad.copy()
            grad = norm.backward(grad)
            v[f"dg{number}"], v[f"dc{number}"] = norm.grad_scale.copy(), norm.grad_shift.copy()
        v[f"da{number}"] = grad.copy()
        if number > 1:
            grad = linear.backward(grad)
        else:
            linear.backward_parameters(grad)
        v[f"dW{number}"], v[f"db{number}"] = linear.grad_weight.copy(), linear.grad_bias.copy()
    if config.clip_norm:
        length = math.sqrt(np.vdot(optimizer.gradients, optimizer.gradients))
        factor = clip_factor(length, config.clip_norm)
        v["norm"], v["factor"] = np.array(length), np.array(factor)
        if math.isfinite(value) and factor < 1:
            optimizer.gradients *= factor
    if math.isfinite(value):
        optimizer.step(config.learning_rate)
    if config.max_norm:
        for number, linear in enumerate(model.linears[:-1], 1):
            weight = linear.weight
            v[f"updated W{number}"] = weight.copy()
            v[f"norms W{number}"] = np.sqrt(np.einsum("ij,ij->j", weight, weight))
            if math.isfinite(value):
                limit_norms(weight, config.max_norm)
    for number, (linear, _) in enumerate(layers, 1):
        v[f"new W{number}"], v[f"new b{number}"] = linear.weight.copy(), linear.bias.copy()
    for number, norm in enumerate(model.norms, 1):
        if math.isfinite(value):
            norm.update_statistics()
        v[f"new g{number}"], v[f"new c{number}"] = norm.scale.copy(), norm.shift.copy()
        v[f"running mu{number}"] = norm.mean.copy()
        v[f"running var{number}"] = norm.variance.copy()
    if average:
        rule = WeightAverage(config.average_decay, model.parameters, average.parameters)
        v |= {f"old avg {name}": array.copy() for name, array in _parameters(average).items()}
        due = math.isfinite(value) and rule.is_due(step + 1)
        v["t updates"] = np.array(step + 1)
        v["D"] = np.array(rule.factor(step + 1) if due else 1.0)
        if due:
            rule.update(step + 1)
        v |= {f"avg {name}": array.copy() for name, array in _parameters(average).items()}
    names = parameter_names(last, batch_norm=config.batch_norm)
    norms = {name: float(np.linalg.norm(v[f"d{name}"])) for name in names}
    parts = (ForwardStages, BackwardStages, UpdateStages)
    stages = tuple(stage for part in parts for stage in part(config, preprocessor, v, last))
    return Pass(value, y if probabilities is None else probabilities, stages, v, norms)


def _parameters(model: MLP) -> dict[str, Array]:
    """Weights and biases, scales and shifts, by the names that they have in a walk."""
    found: dict[str, Array] = {}
    for number, linear in enumerate(model.linears, 1):
        found |= {f"W{number}": linear.weight, f"b{number}": linear.bias}
    for number, norm in enumerate(model.norms, 1):
        found |= {f"g{number}": norm.scale, f"c{number}": norm.shift}
    return found


def _activations(model: MLP) -> list[Activation]:
    return [layer for layer in model.layers if isinstance(layer, Activation)]
