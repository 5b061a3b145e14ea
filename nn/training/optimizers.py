"""Update rules, as a few vector operations over the network's one flat parameter vector.

w: parameters, g: gradient of the loss, lr: learning rate, t: number of this update, from 1. With
`weight_decay` d, every rule but AdamW replaces g by g + d w (L2 penalty); like PyTorch's, the penalty
covers biases too. The formulas are those of PyTorch's `torch.optim`.

Long vectors are processed in blocks that stay in the cache from one operation to the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from nn.arrays import Array, aligned_zeros
from nn.config import EpsPlacement, TrainConfig

BLOCK = 65_536  # elements, 256 kB of float32: half or twice as many were both slower

Block = tuple[Array, ...]  # (parameters, gradients, work, *state): parts of the vectors


class Optimizer:
    """Changes `parameters` in place by what `gradients`, as long, holds at each step.

    `state` is what it remembers from step to step, by name: the vectors given, or zeros.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    decoupled: ClassVar[bool] = False  # weight decay acts on the weights, not through the gradient

    def __init__(
        self,
        parameters: Array,
        gradients: Array,
        *,
        state: Mapping[str, Array] | None = None,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters, self.gradients, self.weight_decay = parameters, gradients, weight_decay
        self.updates = 0
        zeros = (aligned_zeros(parameters.size, parameters.dtype) for _ in self.slots)
        self.state = dict(state or zip(self.slots, zeros, strict=True))
        longest = min(BLOCK, parameters.size)
        work = aligned_zeros(longest, parameters.dtype)
        self._penalized = aligned_zeros(longest, parameters.dtype)
        self._blocks: list[Block] = []
        for start in range(0, parameters.size, BLOCK):
            w, g, *states = (
                vector[start : start + BLOCK]
                for vector in (parameters, gradients, *self.state.values())
            )
            self._blocks.append((w, g, work[: w.size], *states))

    def step(self, learning_rate: float) -> None:
        """One update; the gradients stay as they are."""
        raise NotImplementedError

    def _penalized_blocks(self) -> Iterable[Block]:
        """The blocks, one after the other, in the gradients' place that with the penalty."""
        penalizes = self.weight_decay and not self.decoupled
        return map(self._penalize, self._blocks) if penalizes else self._blocks

    def _penalize(self, block: Block) -> Block:
        w, g, *others = block
        penalized = self._penalized[: w.size]
        np.multiply(w, self.weight_decay, penalized)
        penalized += g
        return (w, penalized, *others)


class SGD(Optimizer):
    """w <- w - lr g."""

    def step(self, learning_rate: float) -> None:
        self.updates += 1
        for w, g, work in self._penalized_blocks():
            np.multiply(g, learning_rate, work)
            w -= work


class Momentum(Optimizer):
    """v <- momentum v + g; w <- w - lr v, with v = 0 at first.

    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    """

    slots = ("velocity",)

    def __init__(
        self,
        parameters: Array,
        gradients: Array,
        *,
        momentum: float,
        state: Mapping[str, Array] | None = None,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, gradients, state=state, weight_decay=weight_decay)
        self.momentum = momentum

    def step(self, learning_rate: float) -> None:
        self.updates += 1
        for w, g, work, v in self._penalized_blocks():
            v *= self.momentum
            v += g
            np.multiply(v, learning_rate, work)
            w -= work


class Nesterov(Momentum):
    """v <- momentum v + g; w <- w - lr (g + momentum v).

    Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in the
    form of PyTorch, where w stands for the look-ahead point.
    """

    def step(self, learning_rate: float) -> None:
        self.updates += 1
        for w, g, work, v in self._penalized_blocks():
            v *= self.momentum
            v += g
            np.multiply(v, self.momentum, work)
            work += g
            work *= learning_rate
            w -= work


class Adam(Optimizer):
    """m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2; w <- w - lr m^ / (sqrt(v^) + eps).

    m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t). Kingma & Ba, "Adam: a method for stochastic
    optimization", ICLR 2015, algorithm 1, with `eps_placement` "pytorch". With "keras" eps is added
    before the correction, to sqrt(v) (the paper's "epsilon hat", end of its section 2).
    """

    slots = ("first_moment", "second_moment")

    def __init__(
        self,
        parameters: Array,
        gradients: Array,
        *,
        beta1: float,
        beta2: float,
        eps: float,
        eps_placement: EpsPlacement = "pytorch",
        state: Mapping[str, Array] | None = None,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, gradients, state=state, weight_decay=weight_decay)
        self.beta1, self.beta2, self.eps, self.eps_placement = beta1, beta2, eps, eps_placement

    def step(self, learning_rate: float) -> None:
        self.updates += 1
        # The state holds m / (1 - beta1) and v / (1 - beta2), which saves two passes over the vectors;
        # these two scalars make up for it, and for the bias of the moments.
        deviation = math.sqrt(1 - self.beta2)  # sqrt(v) = deviation * sqrt(state)
        correction = math.sqrt(1 - self.beta2**self.updates)
        rate = (
            learning_rate
            * (1 - self.beta1)
            / (1 - self.beta1**self.updates)
            * correction
            / deviation
        )
        eps = self.eps * (correction if self.eps_placement == "pytorch" else 1) / deviation
        for w, g, work, m, v in self._penalized_blocks():
            m *= self.beta1
            m += g
            np.multiply(g, g, work)
            v *= self.beta2
            v += work
            np.sqrt(v, work)
            work += eps
            np.divide(m, work, work)
            work *= rate
            w -= work


class AdamW(Adam):
    """Adam whose decay acts on the weights themselves: first w <- w - lr d w, then Adam's update with g alone.

    Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    decoupled = True

    def step(self, learning_rate: float) -> None:
        if self.weight_decay:
            self.parameters *= 1 - learning_rate * self.weight_decay
        super().step(learning_rate)


RULES: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
    "adamw": AdamW,
}


def make_optimizer(
    config: TrainConfig,
    parameters: Array,
    gradients: Array,
    state: Mapping[str, Array] | None = None,
) -> Optimizer:
    """The optimizer a configuration names."""
    known: dict[str, Any] = {}
    rule = RULES[config.optimizer]
    if issubclass(rule, Momentum):
        known = {"momentum": config.momentum}
    elif issubclass(rule, Adam):
        known = {name: getattr(config, name) for name in ("beta1", "beta2", "eps", "eps_placement")}
    return rule(parameters, gradients, state=state, weight_decay=config.weight_decay, **known)


def clip_factor(norm: float, limit: float) -> float:
    """What gradients of this L2 norm are multiplied by, so that it becomes at most `limit`.

    Pascanu et al., "On the difficulty of training recurrent neural networks", ICML 2013, with PyTorch's
    1e-6 in the denominator.
    """
    return min(1.0, limit / (norm + 1e-6))
