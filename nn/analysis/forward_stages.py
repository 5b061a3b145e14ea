"""The stages of the forward pass: inputs, sums, activations, predictions and loss."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import numpy as np

from nn.analysis.formulas import ACTIVATION_FORMULAS, INPUT_MEANINGS
from nn.analysis.noise_stages import NoiseStages
from nn.analysis.normalization_stages import NormalizingStages
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
from nn.data.edges import COLUMNS, DIRECTIONS, ROWS, corner, differences, direction, parts
from nn.spec import MNIST

TOKENS = re.compile(r"(-?)\b([xy])\b")
"""The two components of a gradient in a formula, each with a minus that may stand before it."""


class ForwardStages(Stages):
    """The arrays from the inputs to the loss."""

    part = "forward"

    def __iter__(self) -> Iterator[Stage]:
        last = self.last
        yield self._inputs()
        noise = NoiseStages(self.config, self.preprocessor, self.v, last)
        if self._noisy(0):
            yield from noise.of_layer(0)
        for number in range(1, last + 1):
            yield self._sums(number)
            if self._normalizes(number):
                parts = NormalizingStages(self.config, self.preprocessor, self.v, last)
                yield from parts.of_layer(number)
            elif self._noisy(number):
                yield from noise.of_layer(number)
            if number < last or self.config.loss == "squared-error-normalized":
                yield self._activation(number, f"z{number}")
            if number < last and self.config.dropout:
                yield self._mask(number)
                yield self._dropped(number)
        if self.config.loss == "squared-error":
            yield self._activation(last, "y")
        else:
            yield self._predictions()
        yield self._loss()

    def _inputs(self) -> Stage:
        kind, axes = self.config.preprocessing, ("image", self._layer(0))
        meaning = INPUT_MEANINGS[kind].format(self.v["x"].shape[1])
        if self.preprocessor.deskews:
            meaning += " The image was sheared upright and centred before."
        if kind == "edges":
            formula = "x = mean over a rectangle of the gradient in one direction"
            return self._stage("x", formula, "", meaning, axes, self._write_edge)
        formula = "x = bytes / 255" if kind == "unit" else f"x = bytes * scale + shift ({kind})"
        return self._stage("x", formula, "", meaning, axes, self._write_pixel)

    def _write_pixel(self, index: Index) -> Written:
        """An input that is one pixel, scaled."""
        byte, pixel = int(self.v["images"][index]), index[1]
        scale, shift = self.preprocessor.scale, self.preprocessor.shift
        factor = float(scale[pixel] if scale.ndim else scale)
        added = 0.0 if shift is None else float(shift[pixel] if shift.ndim else shift)
        unit = self.config.preprocessing == "unit"
        numbers = f"{byte} / 255" if unit else f"{byte} * {factor:.4g} + {added:.4g}"
        symbols = f"pixel {pixel} of image {index[0]}"
        return single_term(f"x[{index_text(index)}]", symbols, numbers, byte * factor + added)

    def _write_edge(self, index: Index) -> Written:
        """An input that is the mean over a rectangle of pixels of an edge's strength."""
        place, shape = index[1], self.preprocessor.finds_edges or MNIST.shape
        image = self.v["images"][index[0]].astype(int)
        pairs = np.array(differences(place, shape))
        across, down = (image[pairs[..., 0]] - image[pairs[..., 1]]).T
        number, (top, left) = direction(place, shape), corner(place, shape)
        lengths = next(islice(parts(across, down), number, None))
        name, formula = list(DIRECTIONS.items())[number]
        count = 255 * len(pairs)

        def term(k: int) -> Term:
            numbers = {"x": int(across[k]), "y": int(down[k])}

            def number_of(found: re.Match[str]) -> str:
                minus, component = numbers[found[2]] < 0, str(numbers[found[2]])
                return f"-({component})" if found[1] and minus else f"{found[1]}{component}"

            written = TOKENS.sub(number_of, formula)
            return Term(f"{formula} / {count}", f"{written} / {count}", lengths[k] / count)

        where = f"rows {top}-{top + ROWS - 1}, columns {left}-{left + COLUMNS - 1}"
        element = f"x[{index_text(index)}] = sum over {len(pairs)} pixels ({where}): {name}"
        return Written(element, lengths / count, term)

    def _sums(self, number: int) -> Stage:
        inputs, a, w, b = self._input(number), f"a{number}", f"W{number}", f"b{number}"
        x, weight, bias = Factor(inputs, self.v[inputs]), Factor(w, self.v[w]), self.v[b]

        def write(index: Index) -> Written:
            product, j = product_element(a, index, x, weight, "k"), index[1]
            added = Term(f"{b}[{j}]", number_text(bias[j]), float(bias[j]))
            return product.plus(added)

        what = "class" if number == self.last else "unit"
        meaning = (
            f"Every {what} multiplies each of its inputs by a weight of its own, adds the products"
            " up, and adds its bias."
        )
        shapes = f"{shape_text(x.array)} {shape_text(weight.array)} + {shape_text(bias)}"
        axes = ("image", self._layer(number))
        return self._stage(a, f"{a} = {x} {weight} + {b}", shapes, meaning, axes, write)

    def _activation(self, number: int, name: str) -> Stage:
        last = number == self.last
        function = self.config.output_activation if last else self.config.activation
        formula, a = ACTIVATION_FORMULAS[function], self._activated(number)
        sums = self.v[a]

        def write(index: Index) -> Written:
            at = float(sums[index])
            symbols = f"{function}({a}[{index_text(index)}])"
            numbers = formula.worked.format(number_text(at))
            return single_term(f"{name}[{index_text(index)}]", symbols, numbers, formula.value(at))

        text = f"{name} = {function}({a}), {function}(a) = {formula.formula}"
        axes = ("image", self._layer(number))
        return self._stage(
            name, text, shape_text(sums), formula.meaning, axes, write, key=f"z{number}"
        )

    def _mask(self, number: int) -> Stage:
        name, u, rate = f"m{number}", self.v[f"u{number}"], self.config.dropout

        def write(index: Index) -> Written:
            at = f"[{index_text(index)}]"
            drawn = float(u[index])
            numbers = f"1 if {number_text(drawn)} >= {rate:g} else 0"
            symbols = f"1 if u{at} >= {rate:g} else 0"
            return single_term(f"{name}{at}", symbols, numbers, float(u[index] >= rate))

        formula = f"{name} = 1 if u >= {rate:g} else 0, u drawn from 0 to 1"
        meaning = (
            f"Dropout: in this step each unit is left out of each image with probability {rate:g},"
            " and the mask is 0 there. Predictions take all units."
        )
        return self._stage(name, formula, "", meaning, ("image", self._layer(number)), write)

    def _dropped(self, number: int) -> Stage:
        meaning = (
            "Units that are left out give 0. The others are scaled up, so that on average the next"
            " layer gets as much as from all units."
        )
        return self._masked(f"h{number}", f"z{number}", number, meaning)

    def _predictions(self) -> Stage:
        o = self.v[self.outputs]

        def write(index: Index) -> Written:
            i, j = index
            numbers, value = self.loss.y_worked(o[i].astype(float), j)
            formula = self.loss.y.format(o=f"{self.outputs}[{i}]")
            return single_term(f"y[{i},{j}]", formula, numbers, value)

        formula = "y = " + self.loss.y.format(o=self.outputs)
        axes = ("image", "class")
        return self._stage("y", formula, shape_text(o), self.loss.y_meaning, axes, write)

    def _loss(self) -> Stage:
        y, t = self.v["y"].astype(float), self.v["t"].astype(float)

        def write(index: Index) -> Written:
            texts, losses = zip(*map(self.loss.image_loss, y, t), strict=True)
            values = np.array(losses) / self.n

            def term(k: int) -> Term:
                return Term(f"image {k}", f"({texts[k]}) / {self.n}", float(values[k]))

            return Written(f"loss = {self.loss.loss}", values, term)

        shapes, meaning = f"{shape_text(y)} {shape_text(t)}", self.loss.loss_meaning
        return self._stage("loss", f"loss = {self.loss.loss}", shapes, meaning, (), write)
