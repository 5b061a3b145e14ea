"""The arrays of one training step as stages, in the order in which the step computes them.

With inputs x (n, in), targets t (n, classes), layers l = 1 to L, an activation s, and z0 = x:

    a_l = z_(l-1) W_l + b_l    z_l = s(a_l)    y from the last a or z    loss of y and t
    dW_l = z_(l-1)^T da_l    db_l = sum_n da_l    dz_(l-1) = da_l W_l^T    da_l = dz_l s'(a_l)

where d stands for the derivative of the loss. With a loss that takes logits, dy = (y - t) / n is
the gradient at the last a, as in K. Saitoh, "Deep Learning from Scratch", 2016, chapter 5. Here the
arrays are only described: the layers, the loss and the optimizer of the network compute them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from nn.analysis.formulas import ACTIVATION_FORMULAS, INPUT_MEANINGS, LOSS_FORMULAS, UPDATE_FORMULAS
from nn.analysis.stage import (
    Index,
    Part,
    Stage,
    Term,
    Written,
    index_text,
    number_text,
    product_text,
    shape_text,
    single_term,
)
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.preprocessing import Preprocessor
from nn.network.losses import LOSSES


class Describer:
    """Describes the arrays of one step of a network with `last` layers; `v` holds them by name.

    Further names are "images", the bytes; "t", the targets; "new W1" and the like, the parameters
    after the update; and "do", the gradient at the outputs of the network.
    """

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

    def stages(self) -> Iterator[Stage]:
        """Every stage, in the order in which the step computes them."""
        last = self.last
        yield self._inputs()
        for number in range(1, last + 1):
            yield self._sums(number)
            if number < last or self.config.loss == "squared-error-normalized":
                yield self._activation(number, f"z{number}")
        if self.config.loss == "squared-error":
            yield self._activation(last, "y")
        else:
            yield self._predictions()
        yield self._loss()
        for number in range(last, 0, -1):
            if number == last:
                yield self._output_gradient()
            else:
                yield self._units_gradient(number)
            if number < last or not self.logits:
                yield self._sums_gradient(number)
            yield self._weight_gradient(number)
            yield self._bias_gradient(number)
        for number in range(1, last + 1):
            yield self._update(f"W{number}")
            yield self._update(f"b{number}")

    # Names

    def _layer(self, number: int) -> str:
        """What the outputs of a layer are called, as an axis; layer 0 is the inputs."""
        return "pixel" if number == 0 else "class" if number == self.last else f"unit {number}"

    def _input(self, number: int) -> str:
        """The name of the inputs of a layer."""
        return "x" if number == 1 else f"z{number - 1}"

    def _delta(self, number: int) -> str:
        """The name of the gradient at the sums of a layer."""
        return "dy" if number == self.last and self.logits else f"da{number}"

    @property
    def _output_delta(self) -> str:
        """The name of the gradient at the outputs of the network."""
        return f"dz{self.last}" if self.config.loss == "squared-error-normalized" else "dy"

    def _stage(
        self,
        name: str,
        part: Part,
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
        return Stage(name, part, formula, shapes, meaning, array, axes, parameter, write)

    # Forward

    def _inputs(self) -> Stage:
        kind, images, x = self.config.preprocessing, self.v["images"], self.v["x"]
        scale, shift = self.preprocessor.scale, self.preprocessor.shift

        def write(index: Index) -> Written:
            byte, pixel = int(images[index]), index[1]
            factor = float(scale[pixel] if scale.ndim else scale)
            added = 0.0 if shift is None else float(shift[pixel] if shift.ndim else shift)
            numbers = f"{byte} / 255" if kind == "unit" else f"{byte} * {factor:.4g} + {added:.4g}"
            symbols = f"pixel {pixel} of image {index[0]}"
            return single_term(f"x[{index_text(index)}]", symbols, numbers, byte * factor + added)

        formula = "x = bytes / 255" if kind == "unit" else f"x = bytes * scale + shift ({kind})"
        meaning = INPUT_MEANINGS[kind].format(x.shape[1])
        return self._stage("x", "forward", formula, "", meaning, ("image", "pixel"), write)

    def _sums(self, number: int) -> Stage:
        inputs, a, w, b = self._input(number), f"a{number}", f"W{number}", f"b{number}"
        x, weight, bias = self.v[inputs], self.v[w], self.v[b]

        def write(index: Index) -> Written:
            i, j = index
            values = np.append(x[i].astype(float) * weight[:, j], bias[j])

            def term(k: int) -> Term:
                if k == len(weight):
                    return Term(f"{b}[{j}]", number_text(bias[j]), float(bias[j]))
                symbols = f"{inputs}[{i},{k}] {w}[{k},{j}]"
                return Term(symbols, product_text(x[i, k], weight[k, j]), float(values[k]))

            formula = f"{a}[{i},{j}] = sum of {inputs}[{i},k] {w}[k,{j}] over k, plus {b}[{j}]"
            return Written(formula, values, term)

        what = "class" if number == self.last else "unit"
        meaning = (
            f"Every {what} multiplies each of its inputs by a weight of its own, adds the products"
            " up, and adds its bias."
        )
        shapes = f"{shape_text(x)} {shape_text(weight)} + {shape_text(bias)}"
        axes = ("image", self._layer(number))
        return self._stage(a, "forward", f"{a} = {inputs} {w} + {b}", shapes, meaning, axes, write)

    def _activation(self, number: int, name: str) -> Stage:
        last = number == self.last
        function = self.config.output_activation if last else self.config.activation
        formula, a = ACTIVATION_FORMULAS[function], f"a{number}"
        sums = self.v[a]

        def write(index: Index) -> Written:
            at = float(sums[index])
            symbols = f"{function}({a}[{index_text(index)}])"
            numbers = formula.worked.format(number_text(at))
            return single_term(f"{name}[{index_text(index)}]", symbols, numbers, formula.value(at))

        text = f"{name} = {function}({a}), {function}(a) = {formula.formula}"
        axes = ("image", self._layer(number))
        return self._stage(
            name, "forward", text, shape_text(sums), formula.meaning, axes, write, key=f"z{number}"
        )

    def _predictions(self) -> Stage:
        o = self.v[self.outputs]

        def write(index: Index) -> Written:
            i, j = index
            numbers, value = self.loss.y_worked(o[i].astype(float), j)
            formula = self.loss.y.format(o=f"{self.outputs}[{i}]")
            return single_term(f"y[{i},{j}]", formula, numbers, value)

        formula = "y = " + self.loss.y.format(o=self.outputs)
        axes = ("image", "class")
        return self._stage("y", "forward", formula, shape_text(o), self.loss.y_meaning, axes, write)

    def _loss(self) -> Stage:
        y, t = self.v["y"].astype(float), self.v["t"].astype(float)

        def write(index: Index) -> Written:
            texts, losses = zip(*map(self.loss.image_loss, y, t), strict=True)
            values = np.array(losses) / self.n

            def term(k: int) -> Term:
                return Term(f"image {k}", f"({texts[k]}) / {self.n}", float(values[k]))

            return Written(f"loss = {self.loss.loss}", values, term)

        shapes, meaning = f"{shape_text(y)} {shape_text(t)}", self.loss.loss_meaning
        return self._stage(
            "loss", "forward", f"loss = {self.loss.loss}", shapes, meaning, (), write
        )

    # Backward

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
        return self._stage(name, "backward", formula, shapes, meaning, axes, write, key="do")

    def _gradient_text(self, outputs: str, at: str = "") -> str:
        return self.loss.gradient.format(o=outputs, y=f"y{at}", t=f"t{at}")

    def _weight_gradient(self, number: int) -> Stage:
        inputs, delta, name = self._input(number), self._delta(number), f"dW{number}"
        x, d = self.v[inputs], self.v[f"da{number}"]

        def write(index: Index) -> Written:
            j, k = index
            values = x[:, j].astype(float) * d[:, k]

            def term(i: int) -> Term:
                symbols = f"{inputs}[{i},{j}] {delta}[{i},{k}]"
                return Term(symbols, product_text(x[i, j], d[i, k]), float(values[i]))

            formula = f"{name}[{j},{k}] = sum of {inputs}[i,{j}] {delta}[i,{k}] over the images i"
            return Written(formula, values, term)

        meaning = (
            "How fast the loss grows with each weight: its input times the gradient at its output,"
            " added up over the images."
        )
        shapes = f"{shape_text(x.T)} {shape_text(d)}"
        axes = (self._layer(number - 1), self._layer(number))
        formula = f"{name} = {inputs}^T {delta}"
        return self._stage(
            name, "backward", formula, shapes, meaning, axes, write, parameter=f"W{number}"
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
            name, "backward", formula, shape_text(d), meaning, axes, write, parameter=f"b{number}"
        )

    def _units_gradient(self, number: int) -> Stage:
        delta, w, name = self._delta(number + 1), f"W{number + 1}", f"dz{number}"
        d, weight = self.v[f"da{number + 1}"], self.v[w]

        def write(index: Index) -> Written:
            i, j = index
            values = d[i].astype(float) * weight[j]

            def term(k: int) -> Term:
                symbols = f"{delta}[{i},{k}] {w}[{j},{k}]"
                return Term(symbols, product_text(d[i, k], weight[j, k]), float(values[k]))

            formula = f"{name}[{i},{j}] = sum of {delta}[{i},k] {w}[{j},k] over k"
            return Written(formula, values, term)

        meaning = (
            "The gradient goes back through the same weights: how fast the loss grows with the"
            " output of each unit."
        )
        shapes, axes = f"{shape_text(d)} {shape_text(weight.T)}", ("image", self._layer(number))
        formula = f"{name} = {delta} {w}^T"
        return self._stage(name, "backward", formula, shapes, meaning, axes, write)

    def _sums_gradient(self, number: int) -> Stage:
        last = number == self.last
        function = self.config.output_activation if last else self.config.activation
        formula, name = ACTIVATION_FORMULAS[function], f"da{number}"
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
        return self._stage(
            name, "backward", text, shape_text(dz), formula.slope_meaning, axes, write
        )

    # Update

    def _update(self, parameter: str) -> Stage:
        config = self.config
        rate, decay = config.learning_rate, config.weight_decay
        old, gradient, new = (self.v[f"{kind}{parameter}"] for kind in ("", "d", "new "))
        decayed = decay > 0 and config.optimizer != "adamw"

        def write(index: Index) -> Written:
            w, g, at = float(old[index]), float(gradient[index]), index_text(index)
            if config.optimizer == "sgd":
                g += decay * w if decayed else 0.0
                change, symbols = -rate * g, f"-r g[{at}]" if decayed else f"-r d{parameter}[{at}]"
                numbers = product_text(-rate, g)
            else:
                change, symbols = float(new[index]) - w, f"step of {config.optimizer}"
                numbers = number_text(change)
            terms = Term(f"{parameter}[{at}]", number_text(w), w), Term(symbols, numbers, change)
            formula = f"new {parameter}[{at}] = {parameter}[{at}] plus its step"
            return Written(formula, np.array([w, change]), terms.__getitem__)

        text = UPDATE_FORMULAS[config.optimizer].format(w=parameter)
        g = f"g = d{parameter}" + (f" + {decay:g} {parameter}" if decayed else "")
        if config.optimizer == "adamw":
            g += f", d = {decay:g}"
        number = int(parameter[1:])
        axes = (self._layer(number - 1), self._layer(number))
        meaning = (
            "Every weight takes a small step against its gradient, which is where the loss falls."
        )
        return self._stage(
            f"new {parameter}",
            "update",
            f"new {parameter} = {text}, r = {rate:g}, {g}",
            shape_text(old),
            meaning,
            axes if parameter[0] == "W" else axes[1:],
            write,
            parameter=parameter,
        )
