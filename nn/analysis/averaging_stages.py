"""The stages of the average of the weights, which is evaluated and kept in their place.

With the weights w after t updates and their average a so far:

    D = min(decay, (1 + t) / (10 + t))^s    a <- D a + (1 - D) w

where s = 1 up to the tenth update; from there only every tenth update is taken, with s = 10
(`nn.training.averaging`). The running statistics of batch normalization are averaged likewise.
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
    product_text,
    shape_text,
    single_term,
)
from nn.analysis.stages import Stages
from nn.training.averaging import EVERY, WeightAverage


class AveragingStages(Stages):
    """What a step does to the average of the weights."""

    part = "update"

    def __iter__(self) -> Iterator[Stage]:
        yield self._decay()
        for name in self.parameters:
            yield self._average(name)

    def _decay(self) -> Stage:
        t, decay = int(self.v["t updates"]), self.config.average_decay
        due, first = WeightAverage.is_due(t), t <= EVERY
        formula = f"min({decay:g}, (1 + t) / (10 + t))" + ("" if first else f"^{EVERY}")
        if not due:
            formula = "1"
        value = float(self.v["D"])

        def write(_index: Index) -> Written:
            base = f"min({decay:g}, {1 + t} / {10 + t})"
            numbers = base if first else f"{base}^{EVERY}"
            return single_term("D", formula, numbers if due else "1", value)

        meaning = (
            "The average of the weights is what is evaluated and kept: it is steadier than the"
            " weights, which each batch pulls another way. D is the share that stays of it; it is"
            " small at first, so that the initial weights are forgotten."
        )
        if not due:
            meaning = (
                f"After {EVERY} updates, the average takes in the weights at every {EVERY}th update"
                f" only, with the factors of {EVERY} steps. This is not one of them."
            )
        return self._stage("D", f"D = {formula}, t = {t} updates", "", meaning, (), write)

    def _average(self, parameter: str) -> Stage:
        name, weights, before = f"avg {parameter}", f"new {parameter}", f"old avg {parameter}"
        new, old, factor = self.v[weights], self.v[before], float(self.v["D"])

        def write(index: Index) -> Written:
            at, a, w = index_text(index), float(old[index]), float(new[index])
            terms = (
                Term(f"D {before}[{at}]", product_text(factor, a), factor * a),
                Term(f"(1 - D) {weights}[{at}]", product_text(1 - factor, w), (1 - factor) * w),
            )
            values = np.array([term.value for term in terms])
            formula = f"{name}[{at}] = D {before}[{at}] + (1 - D) {weights}[{at}]"
            return Written(formula, values, terms.__getitem__)

        number = int(parameter[1:])
        axes = (self._layer(number - 1), self._layer(number))
        return self._stage(
            name,
            f"{name} = D {before} + (1 - D) {weights}",
            f"{shape_text(old)} + {shape_text(new)}",
            "The average moves towards the new weights by the share 1 - D; where D is 1, it stays.",
            axes if parameter[0] == "W" else axes[1:],
            write,
        )
