"""The stages of noise in a step: the numbers e from N(0, d^2), and q = x + e, which goes on.

Noise is added to the inputs, and in each hidden layer to the sums, or to the normalized sums. Its
gradient is 1, so that the backward pass has no stage of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nn.analysis.stage import (
    Index,
    Stage,
    Term,
    Written,
    index_text,
    number_text,
    shape_text,
    single_term,
)
from nn.analysis.stages import Stages


class NoiseStages(Stages):
    """What noise adds to the inputs, which are layer 0, or in a hidden layer."""

    part = "forward"

    def of_layer(self, number: int) -> Iterator[Stage]:
        """The noise of a layer, and the sum of it and what it is added to."""
        before = self._without_noise(number)
        noise, x, q = f"e{number}", self.v[before], f"q{number}"
        e = self.v[noise]

        def drawn(index: Index) -> Written:
            value = float(e[index])
            return single_term(f"{noise}[{index_text(index)}]", "drawn", number_text(value), value)

        def noisy(index: Index) -> Written:
            at = index_text(index)
            terms = (
                Term(f"{before}[{at}]", number_text(x[index]), float(x[index])),
                Term(f"{noise}[{at}]", number_text(e[index]), float(e[index])),
            )
            values = np.array([term.value for term in terms])
            return Written(f"{q}[{at}] = {before}[{at}] + {noise}[{at}]", values, terms.__getitem__)

        axes = ("image", self._layer(number))
        meaning = (
            "Noise: in this step a random number is added to each of them, so that the network"
            " cannot rely on small differences. Predictions have none."
        )
        formula = f"{noise} = drawn from N(0, {self.config.noise:g}^2)"
        yield self._stage(noise, formula, "", meaning, axes, drawn)
        meaning = "What goes on has the noise in it. The gradient passes as it is."
        shapes = f"{shape_text(x)} + {shape_text(e)}"
        yield self._stage(q, f"{q} = {before} + {noise}", shapes, meaning, axes, noisy)
