"""The loss as a function of one weight or bias, and its derivative by definition.

All other parameters, the batch, the masks of dropout and the noise stay as they are, and everything
is computed in float64, whatever the type of the network: a difference of two losses has few digits
left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn.analysis.numerical import STEP
from nn.analysis.stage import Index
from nn.arrays import Array
from nn.config import TrainConfig
from nn.network.layers import Dropout, Layer
from nn.network.losses import LOSSES
from nn.network.model import MLP


@dataclass(frozen=True, slots=True)
class Nudge:
    """The loss where one parameter is `h` higher or lower, and the derivative by it, twice.

    `numerical` is the central difference (above - below) / 2h, `analytical` the derivative by
    backpropagation.
    """

    parameter: str
    index: Index
    value: float
    h: float
    loss: float
    above: float
    below: float
    analytical: float

    @property
    def numerical(self) -> float:
        """(above - below) / 2h."""
        return (self.above - self.below) / (2 * self.h)


class _Given(Layer):
    """Noise that is given."""

    def __init__(self, noise: Array) -> None:
        super().__init__()
        self._noise = noise

    def forward(self, x: Array, *, training: bool = False) -> Array:
        return x + self._noise


class LossAlong:
    """The loss of a batch where one parameter, such as "W2" or "b1", has another value.

    `parameters` is the flat vector of the network, of which this has a copy; `value` is what the
    parameter is there. With dropout, `masks` are those of the hidden layers, of 0 and 1; `noise` is
    what is added to the inputs and in each hidden layer.
    """

    def __init__(
        self,
        config: TrainConfig,
        parameters: Array,
        x: Array,
        targets: Array,
        parameter: str,
        index: Index,
        masks: Sequence[Array] = (),
        noise: Sequence[Array] = (),
    ) -> None:
        self.parameter, self.index = parameter, index
        self._x, self._targets = x.astype(np.float64), targets.astype(np.float64)
        self._loss = LOSSES[config.loss]()
        self._model = MLP(
            (x.shape[1], *config.hidden, targets.shape[1]),
            activation=config.activation,
            output_activation=config.output_activation,
            dropout=config.dropout,
            batch_norm=config.batch_norm,
            dtype=np.float64,
        )
        self._model.parameters[...] = parameters
        scales = (mask / (1 - config.dropout) for mask in masks)
        self._scales = dict(zip(self._model.dropouts, scales, strict=True))
        self._noise: dict[Layer, Array] = {}
        if noise:
            self._x += noise[0]
            if self._model.norms:
                for norm, added in zip(self._model.norms, noise[1:], strict=True):
                    norm.noise = _Given(added)
            else:
                self._noise = dict(zip(self._model.linears[:-1], noise[1:], strict=True))
        kind, layer = parameter[0], int(parameter[1:]) - 1
        if kind in "gc":
            norm = self._model.norms[layer]
            self._element = norm.scale if kind == "g" else norm.shift
        else:
            linear = self._model.linears[layer]
            self._element = linear.weight if kind == "W" else linear.bias
        self.value = float(self._element[index])

    @np.errstate(all="ignore")
    def at(self, value: float) -> float:
        """The loss where the parameter has this value."""
        self._element[self.index] = value
        out = self._x
        for layer in self._model.layers:
            # The masks are given, and batch normalization takes the statistics of the batch.
            out = layer.forward(out, training=not isinstance(layer, Dropout))
            if layer in self._noise:
                out = out + self._noise[layer]
            if layer in self._scales:
                out = out * self._scales[layer]
        return self._loss.forward(out, self._targets)

    def nudge(self, analytical: float, h: float = STEP) -> Nudge:
        """The loss a little above and below, beside a derivative that was found otherwise."""
        value = self.value
        losses = self.at(value), self.at(value + h), self.at(value - h)
        return Nudge(self.parameter, self.index, value, h, *losses, analytical)
