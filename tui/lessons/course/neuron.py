"""Lesson 2: the neuron."""

from __future__ import annotations

import numpy as np

from nn.arrays import Array
from nn.network.model import MLP
from tui.lessons.figures import Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict, nearest

LAYERS = (
    ([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3]),
    ([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], [0.1, 0.2]),
    ([[0.1, 0.3], [0.2, 0.4]], [0.1, 0.2]),
)
NEURONS = ("1.1", "1.2", "1.3", "2.1", "2.2", "3.1", "3.2")
"""Layer and place in the layer."""


def network() -> MLP:
    """The 2-3-2-2 network of the study notes: sigmoid, and identity at the output."""
    model = MLP((2, 3, 2, 2), activation="sigmoid", dtype=np.float64)
    for linear, (weight, bias) in zip(model.linears, LAYERS, strict=True):
        linear.weight[...], linear.bias[...] = weight, bias
    return model


def passes(x1: float, x2: float) -> list[tuple[Array, Array, Array]]:
    """For each layer its inputs, its weighted sums and its outputs."""
    signal, found = np.array([[x1, x2]]), []
    layers = network().layers
    for linear, activation in zip(layers[::2], layers[1::2], strict=True):
        sums = linear.forward(signal).copy()
        outputs = activation.forward(sums).copy()
        found.append((signal[0], sums[0], outputs[0]))
        signal = outputs
    return found


def _row(values: Array) -> str:
    return "  ".join(f"{value:.4f}" for value in values)


class Neuron(Lesson):
    number, name, title = 2, "neuron", "The neuron"
    idea = "A neuron multiplies each input by a weight, adds all up with a bias, and bends the sum."
    knobs = (
        Knob("neuron", NEURONS, "1.1"),
        Knob("x1", tuple(i / 2 for i in range(-4, 5)), 1.0),
        Knob("x2", tuple(i / 2 for i in range(-4, 5)), 0.5),
    )
    question = "Neuron 1.1 has weights 0.1 and 0.2 and bias 0.1. What is its sum for x = (1, 0.5)?"
    choices = ("0.2", "0.3", "0.4")
    task = "Move x1 and x2 until neuron 1.1 puts out exactly 0.5."
    hints = (
        "The sigmoid is 0.5 where the weighted sum is 0.",
        "0.1 x1 + 0.2 x2 + 0.1 = 0. Try an x2 of 0.",
    )
    revealing = True
    train = "Hidden layers of sigmoid neurons are the fields hidden and activation."
    fields = (("hidden", (3, 2)), ("activation", "sigmoid"))
    code = """\
import numpy as np; from nn.network.layers import Linear, Sigmoid
W, b = np.array([[.1, .3, .5], [.2, .4, .6]]), np.array([.1, .2, .3])
layer = Linear(W, b, np.empty_like(W), np.empty_like(b))  # and the gradients
print(Sigmoid().forward(layer.forward(np.array([[1.0, 0.5]]))))"""

    def text(self) -> str:
        return """\
A neuron has a weight for each input and one bias b:
  a = w1 x1 + w2 x2 + b
  z = s(a)

s is the activation, here the sigmoid 1 / (1 + exp(-a)), which presses any number into the range \
from 0 to 1.

Neurons side by side are a layer. The weights of each neuron are one column of a matrix W, so the \
whole layer is
  a = x W + b

The network here has 2 inputs, then 3, 2 and 2 neurons. Neuron 1.1 is the first of the first \
layer. Those of the last layer leave their sum as it is."""

    def explanation(self) -> str:
        outputs = passes(1.0, 0.5)[-1][2]
        return f"""\
For x = (1, 0.5) the network puts out {outputs[0]:.8f} and {outputs[1]:.8f}. Go through the \
neurons and follow each sum by hand: the outputs of a layer are the inputs of the next."""

    def figures(self, state: State) -> list[Figure]:
        found = passes(state["x1"], state["x2"])
        layer, place = (int(part) - 1 for part in state["neuron"].split("."))
        signal, sums, outputs = found[layer]
        linear = network().linears[layer]
        products = [
            f"  {'+' if i else ' '} {w:.1f} * {x:7.4f} = {w * x:7.4f}"
            for i, (w, x) in enumerate(zip(linear.weight[:, place], signal, strict=True))
        ]
        bend = "output = sum" if layer == len(found) - 1 else "output = s(sum)"
        lines = ["layer   outputs", f"  x     {_row(found[0][0])}"]
        lines += [f"  {i}     {_row(z)}" for i, (_, _, z) in enumerate(found, 1)]
        lines += ["", f"neuron {state['neuron']}", *products]
        lines += [f"  + bias             {linear.bias[place]:7.4f}"]
        lines += [f"  sum                {sums[place]:7.4f}"]
        lines += [f"  {bend:<18} {outputs[place]:7.4f}"]
        return [Lines(tuple(lines))]

    def answer(self) -> Answer:
        total = float(passes(1.0, 0.5)[0][1][0])
        choice = nearest(total, [float(each) for each in self.choices])
        return Answer(choice, f"0.1 * 1 + 0.2 * 0.5 + 0.1 = {total:.4g}.")

    def check(self, state: State) -> Verdict:
        _, sums, outputs = passes(state["x1"], state["x2"])[0]
        measured = f"neuron 1.1 has the sum {sums[0]:.4f} and puts out {outputs[0]:.4f}."
        return Verdict(abs(float(outputs[0]) - 0.5) < 1e-9, measured)

    def solution(self) -> Solution:
        return Solution(
            "x1 = -1 and x2 = 0: the sum is 0.1 * -1 + 0.2 * 0 + 0.1 = 0. It is 0 for x1 = 1 and"
            " x2 = -1 too, and at every other point on that line.",
            {"x1": -1.0, "x2": 0.0},
        )
