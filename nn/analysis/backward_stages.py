"""The stages of the backward pass, which are gradients."""

from __future__ import annotations

from collections.abc import Iterator

from nn.analysis.formulas import ACTIVATION_FORMULAS
from nn.analysis.normalization_stages import NormalizingGradients
from nn.analysis.stage import (
    Factor,
    Index,
    Stage,
    Term,
    Written,
    index_text,
    number_text,
    product_element,
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
        place = f"the last sums, {self.outputs}" if self.logits else "the outputs of the network"
        meaning = (
            f"The gradient at {place}. Below 0: raising this number lowers the loss;"
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
