"""The stages of the update: clipping, new weights and biases, max-norm, statistics, averages."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nn.analysis.averaging_stages import AveragingStages
from nn.analysis.formulas import UPDATE_FORMULAS
from nn.analysis.normalization_stages import RunningStages
from nn.analysis.stage import (
    Index,
    Stage,
    Term,
    Written,
    index_text,
    number_text,
    product_text,
    shape_text,
    single_term,
)
from nn.analysis.stages import Stages


class UpdateStages(Stages):
    """What clipping does to the gradients, and the weights and biases after the step."""

    part = "update"

    def __iter__(self) -> Iterator[Stage]:
        if self.config.clip_norm:
            yield self._norm()
            yield self._factor()
        for number in range(1, self.last + 1):
            yield self._update(f"W{number}", "updated" if self._bounds(number) else "new")
            yield self._update(f"b{number}", "new")
        for number in range(1, self.last):
            if self._normalizes(number):
                yield self._update(f"g{number}", "new")
                yield self._update(f"c{number}", "new")
        for number in range(1, self.last):
            if self._bounds(number):
                yield self._unit_norms(number)
                yield self._bounded(number)
        for number in range(1, self.last):
            if self._normalizes(number):
                parts = RunningStages(self.config, self.preprocessor, self.v, self.last)
                yield from parts.of_layer(number)
        if self.config.average_decay:
            yield from AveragingStages(self.config, self.preprocessor, self.v, self.last)

    def _bounds(self, number: int) -> bool:
        """Whether max-norm bounds the weights of a layer after the update."""
        return self.config.max_norm > 0 and number < self.last

    def _norm(self) -> Stage:
        names = [f"d{name}" for name in self.parameters]

        def write(_index: Index) -> Written:
            squares = [float(np.square(self.v[name], dtype=float).sum()) for name in names]
            symbols = " + ".join(f"|{name}|^2" for name in names)
            numbers = " + ".join(map(number_text, squares))
            total = math.sqrt(sum(squares))
            return single_term("norm", f"sqrt({symbols})", f"sqrt({numbers})", total)

        formula = f"norm = sqrt(sum of the squares of {', '.join(names)})"
        meaning = (
            "The length of the gradient, all weights and biases together: how steep the loss is."
        )
        return self._stage("norm", formula, "", meaning, (), write)

    def _factor(self) -> Stage:
        limit, norm = self.config.clip_norm, float(self.v["norm"])
        formula = f"min(1, {limit:g} / (norm + 1e-6))"

        def write(_index: Index) -> Written:
            numbers = f"min(1, {limit:g} / ({number_text(norm)} + 1e-6))"
            return single_term("factor", formula, numbers, min(1.0, limit / (norm + 1e-6)))

        meaning = (
            f"Clipping: gradients longer than {limit:g} are all multiplied by this factor, so that"
            " their direction stays and their length is the limit."
        )
        return self._stage("factor", f"factor = {formula}", "", meaning, (), write)

    def _update(self, parameter: str, kind: str) -> Stage:
        """The parameter after the update, as an array that is called `kind` and its name."""
        config = self.config
        rate, decay = config.learning_rate, config.weight_decay
        name = f"{kind} {parameter}"
        old, gradient, new = (self.v[each] for each in (parameter, f"d{parameter}", name))
        decayed = decay > 0 and config.optimizer != "adamw"
        factor = float(self.v["factor"]) if config.clip_norm else 1.0

        def write(index: Index) -> Written:
            w, g, at = float(old[index]), factor * float(gradient[index]), index_text(index)
            if config.optimizer == "sgd":
                g += decay * w if decayed else 0.0
                slope = "g" if decayed or config.clip_norm else f"d{parameter}"
                change, symbols = -rate * g, f"-r {slope}[{at}]"
                numbers = product_text(-rate, g)
            else:
                change, symbols = float(new[index]) - w, f"step of {config.optimizer}"
                numbers = number_text(change)
            terms = Term(f"{parameter}[{at}]", number_text(w), w), Term(symbols, numbers, change)
            formula = f"{name}[{at}] = {parameter}[{at}] plus its step"
            return Written(formula, np.array([w, change]), terms.__getitem__)

        text = UPDATE_FORMULAS[config.optimizer].format(w=parameter)
        g = f"g = factor d{parameter}" if config.clip_norm else f"g = d{parameter}"
        g += f" + {decay:g} {parameter}" if decayed else ""
        if config.optimizer == "adamw":
            g += f", d = {decay:g}"
        number = int(parameter[1:])
        axes = (self._layer(number - 1), self._layer(number))
        meaning = (
            "The optimizer makes a small step of the gradient. Plain SGD goes straight against it,"
            " which is where the loss falls."
        )
        return self._stage(
            name,
            f"{name} = {text}, r = {rate:g}, {g}",
            shape_text(old),
            meaning,
            axes if parameter[0] == "W" else axes[1:],
            write,
            parameter=parameter,
        )

    def _unit_norms(self, number: int) -> Stage:
        name, weights = f"norms W{number}", f"updated W{number}"
        w = self.v[weights]

        def write(index: Index) -> Written:
            (j,) = index
            square = float(np.square(w[:, j], dtype=float).sum())
            symbols = f"sqrt(sum of {weights}[i,{j}]^2 over i)"
            numbers = f"sqrt({number_text(square)})"
            return single_term(f"{name}[{j}]", symbols, numbers, math.sqrt(square))

        formula = f"{name} = sqrt(sum of ({weights})^2 over the inputs)"
        meaning = "The length of the weights into each unit, without its bias."
        axes = (self._layer(number),)
        return self._stage(name, formula, shape_text(w), meaning, axes, write)

    def _bounded(self, number: int) -> Stage:
        name, weights, norms = f"new W{number}", f"updated W{number}", f"norms W{number}"
        w, lengths, limit = self.v[weights], self.v[norms], self.config.max_norm

        def write(index: Index) -> Written:
            at, length = float(w[index]), float(lengths[index[1]])
            place = index_text(index)
            symbols = f"{weights}[{place}] min(1, {limit:g} / {norms}[{index[1]}])"
            numbers = f"{number_text(at)} * min(1, {limit:g} / {number_text(length)})"
            value = at * limit / length if length > limit else at
            return single_term(f"{name}[{place}]", symbols, numbers, value)

        meaning = (
            f"Max-norm: where the weights into a unit are longer than {limit:g}, they are scaled"
            " down to that length."
        )
        return self._stage(
            name,
            f"{name} = {weights} min(1, {limit:g} / {norms})",
            f"{shape_text(w)} {shape_text(lengths)}",
            meaning,
            (self._layer(number - 1), self._layer(number)),
            write,
            parameter=f"W{number}",
        )
