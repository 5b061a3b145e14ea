"""The arrays of one training step as stages: what the forward and the backward pass share.

With inputs x (n, in), targets t (n, classes), layers l = 1 to L, an activation s, and z0 = x:

    a_l = z_(l-1) W_l + b_l    z_l = s(a_l)    y from the last a or z    loss of y and t
    dW_l = z_(l-1)^T da_l    db_l = sum_n da_l    dz_(l-1) = da_l W_l^T    da_l = dz_l s'(a_l)

where d stands for the derivative of the loss. With a loss that takes logits, dy = (y - t) / n is
the gradient at the last a, as in K. Saitoh, "Deep Learning from Scratch", 2016, chapter 5. With
clipping, the update takes factor dW and factor db, where factor = min(1, c / norm) and norm is that
of all gradients together. With dropout of rate p, the next layer takes h_l = z_l m_l / (1 - p), the
mask m_l being 0 or 1, and dz_l = dh_l m_l / (1 - p). With max-norm, the updated weights w into each
hidden unit become w min(1, c / |w|). The equations of batch normalization are in
`nn.analysis.normalization_stages`, those of noise in `nn.analysis.noise_stages`, those of an
average of the weights in `nn.analysis.averaging_stages`. Here the arrays are only described: the
layers, the loss and the optimizer of the network compute them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from nn.analysis.formulas import LOSS_FORMULAS
from nn.analysis.stage import (
    Index,
    Part,
    Stage,
    Written,
    index_text,
    product_text,
    shape_text,
    single_term,
)
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.preprocessing import Preprocessor
from nn.network.losses import LOSSES


def parameter_names(last: int, *, batch_norm: bool) -> list[str]:
    """The names of all parameters of a network with `last` layers, such as "W1"."""
    names = [f"{kind}{number}" for number in range(1, last + 1) for kind in "Wb"]
    if batch_norm:
        names += [f"{kind}{number}" for number in range(1, last) for kind in "gc"]
    return names


class Stages:
    """The stages of one part of a step, in the order in which they are computed.

    The network has `last` layers. `v` holds the arrays of the step by name: those of the equations
    above; "images", the bytes that are scaled; "u1" and the like, from which the masks of dropout
    are drawn; "t", the targets; "new W1" and the like, the parameters after the step; and "do", the
    gradient at the outputs of the network.
    """

    part: ClassVar[Part]

    def __init__(
        self,
        config: TrainConfig,
        preprocessor: Preprocessor,
        v: Mapping[str, Array],
        last: int,
    ) -> None:
        self.config, self.preprocessor = config, preprocessor
        self.v, self.last, self.logits = v, last, LOSSES[config.loss].takes_logits
        self.n = len(v["x"])
        self.loss = LOSS_FORMULAS[config.loss]
        # What y is made of: the last sums, or those after their activation.
        self.outputs = f"a{last}" if self.logits else f"z{last}"
        # What the next layer takes of a hidden one: its activations, or those that dropout leaves.
        self._outputs = "h" if config.dropout else "z"
        self.parameters = parameter_names(last, batch_norm=config.batch_norm)

    def _normalizes(self, number: int) -> bool:
        """Whether the sums of a layer are normalized."""
        return self.config.batch_norm and number < self.last

    def _noisy(self, number: int) -> bool:
        """Whether noise is added in a layer, or for 0 to the inputs."""
        return self.config.noise > 0 and number < self.last

    def _activated(self, number: int) -> str:
        """The name of what a layer's activation takes."""
        if self._normalizes(number):
            return f"s{number}"
        return f"q{number}" if self._noisy(number) else f"a{number}"

    def _without_noise(self, number: int) -> str:
        """The name of what noise is added to in a layer, or for 0 to the inputs."""
        return "x" if number == 0 else f"{'n' if self._normalizes(number) else 'a'}{number}"

    def _layer(self, number: int) -> str:
        """What the outputs of a layer are called, as an axis; layer 0 is the inputs."""
        if number == 0:
            return "edge" if self.preprocessor.finds_edges else "pixel"
        return "class" if number == self.last else f"unit {number}"

    def _input(self, number: int) -> str:
        """The name of the inputs of a layer."""
        if number > 1:
            return f"{self._outputs}{number - 1}"
        return "q0" if self._noisy(0) else "x"

    def _delta(self, number: int) -> str:
        """The name of the gradient at the sums of a layer."""
        return "dy" if number == self.last and self.logits else f"da{number}"

    @property
    def _output_delta(self) -> str:
        """The name of the gradient at the outputs of the network."""
        return f"dz{self.last}" if self.config.loss == "squared-error-normalized" else "dy"

    def _masked(self, name: str, before: str, number: int, meaning: str) -> Stage:
        """The array `before` of a hidden layer times its mask, scaled."""
        array, mask, rate = self.v[before], self.v[f"m{number}"], self.config.dropout

        def write(index: Index) -> Written:
            at, value, kept = index_text(index), float(array[index]), float(mask[index])
            symbols = f"{before}[{at}] m{number}[{at}] / (1 - {rate:g})"
            numbers = f"{product_text(value, kept)} / (1 - {rate:g})"
            return single_term(f"{name}[{at}]", symbols, numbers, value * kept / (1 - rate))

        formula = f"{name} = {before} m{number} / (1 - {rate:g})"
        shapes = f"{shape_text(array)} {shape_text(mask)}"
        return self._stage(name, formula, shapes, meaning, ("image", self._layer(number)), write)

    def _stage(
        self,
        name: str,
        formula: str,
        shapes: str,
        meaning: str,
        axes: tuple[str, ...],
        write: Callable[[Index], Written],
        *,
        key: str = "",
        parameter: str = "",
    ) -> Stage:
        array = self.v[key or name]
        shapes = f"{shapes} -> {shape_text(array)}" if shapes else shape_text(array)
        return Stage(name, self.part, formula, shapes, meaning, array, axes, parameter, write)
