"""Update rules, as a few vector operations over the network's one flat parameter vector.

w: parameters, g: gradient of the loss, lr: learning rate, t: number of this update, from 1. With
`weight_decay` d, every rule but AdamW replaces g by g + d w (L2 penalty); like PyTorch's, the
penalty covers biases too. The formulas are those of PyTorch's `torch.optim`.

Long vectors are processed in blocks, so that a block stays in the cache from one operation to the
next.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from nn.arrays import Array, aligned_zeros
from nn.config import EpsPlacement, TrainConfig

BLOCK = 65_536  # elements, 256 kB of float32; blocks of half and of twice the size were slower

Block = tuple[Array, ...]  # (parameters, gradients, work, *state): the same slice of each vector


class Optimizer:
    """An update rule over two flat vectors of the same length, `parameters` and `gradients`.

    `state` holds the vectors that the rule carries from step to step, by name; they start at zero.
    `updates` counts the updates made.
    """

    # Names of the vectors in `state`.
    slots: ClassVar[tuple[str, ...]] = ()
    # Fields of `TrainConfig` that the rule needs.
    hyperparameters: ClassVar[tuple[str, ...]] = ()
    # Whether the size of a step is independent of the gradient's.
    normalizes: ClassVar[bool] = False
    # Whether weight decay changes the weights, and not the gradient.
    decoupled: ClassVar[bool] = False

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
        """Update `parameters` in place from `gradients`, which stay as they are."""
        raise NotImplementedError

    def _penalized_blocks(self) -> Iterable[Block]:
        """Yield each block; with weight decay its gradient is g + weight_decay * w."""
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
    hyperparameters = ("momentum",)

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

    Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML
    2013, in the form of PyTorch, where w stands for the look-ahead point.
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
    """w <- w - lr m^ / (sqrt(v^) + eps), with the moments m and v corrected for their bias.

    m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2, m^ = m / (1 - beta1^t) and
    v^ = v / (1 - beta2^t). Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015,
    algorithm 1, with `eps_placement` "pytorch". With "keras" eps is added before the correction, to
    sqrt(v) (the paper's "epsilon hat", end of its section 2).
    """

    slots = ("first_moment", "second_moment")
    hyperparameters = ("beta1", "beta2", "eps", "eps_placement")
    normalizes = True

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
        # The state holds m / (1 - beta1) and v / (1 - beta2), which saves two passes over the
        # vectors. The scalars `rate` and `eps` contain these factors and the bias correction.
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
    """Adam with decoupled weight decay: first w <- w - lr d w, then Adam's update with g alone.

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
    """The optimizer that a configuration names; `state` holds vectors to use in place of zeros."""
    rule = RULES[config.optimizer]
    hyperparameters: dict[str, Any] = {name: getattr(config, name) for name in rule.hyperparameters}
    return rule(
        parameters, gradients, state=state, weight_decay=config.weight_decay, **hyperparameters
    )


def clip_factor(norm: float, limit: float) -> float:
    """min(1, limit / (norm + 1e-6)): the factor that scales gradients of L2 norm `norm` to `limit`.

    Pascanu et al., "On the difficulty of training recurrent neural networks", ICML 2013; the 1e-6
    is PyTorch's.
    """
    return min(1.0, limit / (norm + 1e-6))
