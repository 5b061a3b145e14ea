"""The stages of the backward pass, which are gradients, and those of the update."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nn.analysis.formulas import ACTIVATION_FORMULAS, UPDATE_FORMULAS
from nn.analysis.normalization_stages import NormalizingGradients, RunningStages
from nn.analysis.stage import (
    Factor,
    Index,
    Stage,
    Term,
    Written,
    index_text,
    number_text,
    product_element,
    product_text,
    shape_text,
    single_term,
)
from nn.analysis.stages import Stages


class BackwardStages(Stages):
    """The gradients, from the outputs back to the first layer's weights."""

    part = "backward"

    def __iter__(self) -> Iterator[Stage]:
        for number in range(self.last, 0, -1):
            if number == self.last:
                yield self._output_gradient()
            else:
                yield self._units_gradient(number)
                if self.config.dropout:
                    yield self._dropout_gradient(number)
            if number < self.last or not self.logits:
                yield self._sums_gradient(number)
            if self._normalizes(number):
                parts = NormalizingGradients(self.config, self.preprocessor, self.v, self.last)
                yield from parts.of_layer(number)
            yield self._weight_gradient(number)
            yield self._bias_gradient(number)

    def _output_gradient(self) -> Stage:
        name, o = self._output_delta, self.v[self.outputs].astype(float)
        y, t = self.v["y"].astype(float), self.v["t"].astype(float)

        def write(index: Index) -> Written:
            i, j = index
            numbers, value = self.loss.gradient_worked(o[i], y[i], t[i], j, self.n)
            symbols = self._gradient_text(f"{self.outputs}[{i}]", f"[{i},{j}]")
            return single_term(f"{name}[{i},{j}]", symbols, numbers, value)

        formula = f"{name} = {self._gradient_text(self.outputs)}"
        meaning = (
            "The gradient at the outputs. Below 0: raising this output lowers the loss;"
            " above 0: lowering it does."
        )
        shapes, axes = f"{shape_text(y)} {shape_text(t)}", ("image", "class")
        return self._stage(name, formula, shapes, meaning, axes, write, key="do")

    def _gradient_text(self, outputs: str, at: str = "") -> str:
        return self.loss.gradient.format(o=outputs, y=f"y{at}", t=f"t{at}")

    def _weight_gradient(self, number: int) -> Stage:
        inputs, name = self._input(number), f"dW{number}"
        x = Factor(inputs, self.v[inputs].T, transposed=True)
        delta = Factor(self._delta(number), self.v[f"da{number}"])
        meaning = (
            "How fast the loss grows with each weight: its input times the gradient at its output,"
            " added up over the images."
        )
        axes = (self._layer(number - 1), self._layer(number))
        return self._product(
            name, x, delta, meaning, axes, letter="i", over="the images ", parameter=f"W{number}"
        )

    def _bias_gradient(self, number: int) -> Stage:
        delta, name = self._delta(number), f"db{number}"
        d = self.v[f"da{number}"]

        def write(index: Index) -> Written:
            (j,) = index
            values = d[:, j].astype(float)

            def term(i: int) -> Term:
                return Term(f"{delta}[{i},{j}]", number_text(d[i, j]), float(values[i]))

            return Written(f"{name}[{j}] = sum of {delta}[i,{j}] over the images i", values, term)

        meaning = "A bias is a weight whose input is always 1: its gradients are just added up."
        formula, axes = f"{name} = sum of {delta} over the images", (self._layer(number),)
        return self._stage(
            name, formula, shape_text(d), meaning, axes, write, parameter=f"b{number}"
        )

    def _units_gradient(self, number: int) -> Stage:
        w = f"W{number + 1}"
        delta = Factor(self._delta(number + 1), self.v[f"da{number + 1}"])
        weight = Factor(w, self.v[w].T, transposed=True)
        meaning = (
            "The gradient goes back through the same weights: how fast the loss grows with the"
            " output of each unit."
        )
        axes = ("image", self._layer(number))
        return self._product(f"d{self._outputs}{number}", delta, weight, meaning, axes)

    def _dropout_gradient(self, number: int) -> Stage:
        meaning = "The gradient takes the same mask: a unit that was left out has no effect."
        return self._masked(f"dz{number}", f"dh{number}", number, meaning)

    def _product(
        self,
        name: str,
        left: Factor,
        right: Factor,
        meaning: str,
        axes: tuple[str, ...],
        *,
        letter: str = "k",
        over: str = "",
        parameter: str = "",
    ) -> Stage:
        """A gradient that is the product of two matrices."""

        def write(index: Index) -> Written:
            return product_element(name, index, left, right, letter, over)

        shapes = f"{shape_text(left.array)} {shape_text(right.array)}"
        formula = f"{name} = {left} {right}"
        return self._stage(name, formula, shapes, meaning, axes, write, parameter=parameter)

    def _sums_gradient(self, number: int) -> Stage:
        last = number == self.last
        function = self.config.output_activation if last else self.config.activation
        formula = ACTIVATION_FORMULAS[function]
        name = f"ds{number}" if self._normalizes(number) else f"da{number}"
        before = self._output_delta if last else f"dz{number}"
        units = "y" if last and self.config.loss == "squared-error" else f"z{number}"
        dz, z = self.v[f"dz{number}"], self.v[f"z{number}"]

        def write(index: Index) -> Written:
            at, slope = number_text(z[index]), formula.slope_value(float(z[index]))
            numbers = f"{number_text(dz[index])} * {formula.slope_worked.format(at)}"
            symbols = f"{before}[{index_text(index)}] * slope"
            return single_term(
                f"{name}[{index_text(index)}]", symbols, numbers, float(dz[index]) * slope
            )

        text = f"{name} = {before} * {formula.slope.replace('z', units)}"
        axes = ("image", self._layer(number))
        return self._stage(name, text, shape_text(dz), formula.slope_meaning, axes, write)


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
            "Every weight takes a small step against its gradient, which is where the loss falls."
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
