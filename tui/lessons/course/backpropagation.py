"""Lesson 9: backpropagation."""

from __future__ import annotations

from functools import cache

import numpy as np

from nn.analysis.numerical import central_difference
from nn.arrays import Array
from nn.network.losses import CrossEntropy, target_rows
from nn.network.model import MLP
from nn.training.optimizers import SGD
from tui.lessons.figures import Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict
from tui.lessons.training import mnist

IMAGES, RATE = 5, 0.1
FORMULAS = {
    "x": "x, the pixels / 255",
    "a1": "a1 = x W1 + b1",
    "z1": "z1 = s(a1)",
    "a2": "a2 = z1 W2 + b2",
    "p": "p = softmax(a2)",
    "dy": "dy = (p - t) / 5",
    "dW2": "dW2 = z1^T dy",
    "db2": "db2 = sum of dy over images",
    "dz1": "dz1 = dy W2^T",
    "da1": "da1 = dz1 z1 (1 - z1)",
    "dW1": "dW1 = x^T da1",
    "db1": "db1 = sum of da1 over images",
}
UNIT, CLASS = 17, 5
"""The weight whose derivative is also found by nudging it."""


@cache
def batch() -> tuple[Array, Array]:
    """The first five training images / 255, (5, 784), and their labels."""
    train = mnist().train
    return train.images[:IMAGES] / 255, train.labels[:IMAGES].copy()


def new_model() -> MLP:
    """784-50-10, sigmoid, weights from N(0, 0.1^2), biases 0."""
    model = MLP((784, 50, 10), activation="sigmoid", dtype=np.float64)
    model.initialize("normal", std=0.1, rng=np.random.default_rng(0))
    return model


def one_pass(model: MLP) -> tuple[float, dict[str, Array]]:
    """The loss of the five images, and all that is computed on the way forwards and back."""
    x, labels = batch()
    first, sigmoid, second = model.layers[0], model.layers[1], model.layers[2]
    found, loss = {"x": x}, CrossEntropy()
    found["a1"] = first.forward(x).copy()
    found["z1"] = sigmoid.forward(found["a1"]).copy()
    found["a2"] = second.forward(found["z1"]).copy()
    found["p"] = loss.probabilities(found["a2"])
    value = loss.forward(found["a2"], target_rows(10, dtype="float64")[labels])
    found["dy"] = loss.backward().copy()
    found["dz1"] = second.backward(found["dy"]).copy()
    found["da1"] = sigmoid.backward(found["dz1"]).copy()
    model.linears[0].backward_parameters(found["da1"])
    for i, linear in enumerate(model.linears, 1):
        found[f"dW{i}"], found[f"db{i}"] = linear.grad_weight.copy(), linear.grad_bias.copy()
    return value, found


@cache
def after(steps: int) -> tuple[float, dict[str, Array], float]:
    """The pass after so many steps, and the derivative of one weight by nudging it."""
    model = new_model()
    optimizer = SGD(model.parameters, model.gradients)
    for _ in range(steps):
        one_pass(model)
        optimizer.step(RATE)
    value, found = one_pass(model)
    weight = model.linears[1].weight
    here = float(weight[UNIT, CLASS])

    def moved(to: float) -> float:
        weight[UNIT, CLASS] = to
        return one_pass(model)[0]

    return value, found, central_difference(moved, here)


class Backpropagation(Lesson):
    number, name, title = 9, "backpropagation", "Backpropagation"
    idea = "One pass back through the network gives the gradient of every weight at once."
    knobs = (
        Knob("part", tuple(FORMULAS), "x"),
        Knob("steps", tuple(range(16)), 0),
    )
    question = (
        f"This network has {new_model().parameters.size:,} weights and biases. How often would"
        " central differences compute the loss for one gradient?"
    )
    choices = ("39,760 times", "79,520 times", "5 times")
    task = "Let it take steps until all five images are recognized."
    hints = (
        "Move the knob named steps, and watch the last line of the picture.",
        "The five images are learned by heart within fifteen steps.",
    )
    train = "There, s takes one step; the screen Walk, key 9, goes through it part by part."
    recipe = "two-layer-net"
    fields = (("limit", IMAGES), ("batch_size", IMAGES), ("sampling", "shuffle"), ("init_std", 0.1))
    code = """\
from nn.network.model import MLP; import numpy as np
from nn.network.losses import CrossEntropy
model, loss = MLP((784, 50, 10), activation="sigmoid"), CrossEntropy()
loss.forward(model.forward(np.ones((5, 784), "float32")), np.eye(10, dtype="float32")[:5])
model.backward(loss.backward()); print(model.gradient_norms())"""

    def text(self) -> str:
        _, labels = batch()
        return f"""\
Five training images (labels {", ".join(map(str, labels))}) go through a network at once: 784 \
pixels, 50 sigmoid neurons, 10 classes. Forwards:
  a1 = x W1 + b1
  z1 = s(a1)
  a2 = z1 W2 + b2
  p = softmax(a2)

and the loss is the mean of -log p of the right class. A step then changes every weight against \
its gradient, with a rate of {RATE}:
  W <- W - {RATE} dW"""

    def explanation(self) -> str:
        _, found, nudged = after(0)
        derivative = found["dW2"][UNIT, CLASS]
        return f"""\
The chain rule goes through the same parts backwards. dy is how the loss moves with each a2:
  dy = (p - t) / 5

The 5 is there because the loss is a mean over five images. Every other part follows from the one \
after it: dW2 from dy and z1, dz1 from dy and W2, da1 from dz1 and the slope of the sigmoid, dW1 \
from da1 and x. All of it takes about twice as long as the way forwards.

For one weight, from neuron {UNIT} to class {CLASS}, this gives {derivative:.8f}; nudging it by \
1e-4 up and down gives {nudged:.8f}. Go through the parts from x to db1."""

    def figures(self, state: State) -> list[Figure]:
        value, found, nudged = after(int(state["steps"]))
        part = found[state["part"]]
        table = part if part.ndim == 2 else part[None]
        # The middle of an image, since its margin is black.
        at = 290 if table.shape[1] == 784 else 0
        down = 290 if table.shape[0] == 784 else 0
        rows = [" ".join(f"{v:7.4f}" for v in row[at : at + 5]) for row in table[down : down + 5]]
        shape = " x ".join(map(str, part.shape))
        note = f"{shape}; here from {f'row {down}' if down else f'column {at}'} on"
        p, labels = found["p"], batch()[1]
        guesses = p.argmax(axis=1)
        derivative = found["dW2"][UNIT, CLASS]
        return [
            Lines(
                (
                    FORMULAS[state["part"]],
                    note if at or down else shape,
                    *rows,
                    *[""] * (6 - len(rows)),
                    "label       " + "".join(f"{y:>5}" for y in labels),
                    "p of label  " + "".join(f"{p[i, y]:>5.2f}" for i, y in enumerate(labels)),
                    "recognized  " + "".join(f"{y:>5}" for y in guesses),
                    f"loss {value:.4f}",
                    f"dW2[{UNIT},{CLASS}] {derivative:.8f}",
                    f"  by nudging {nudged:.8f}",
                    f"step {state['steps']}: {int((guesses == labels).sum())} of {IMAGES} right",
                )
            )
        ]

    def answer(self) -> Answer:
        needed = 2 * new_model().parameters.size
        choice = next(i for i, each in enumerate(self.choices) if each.startswith(f"{needed:,} "))
        return Answer(choice, "Up and down for each of them. Backpropagation goes back once.")

    def check(self, state: State) -> Verdict:
        value, found, _ = after(int(state["steps"]))
        right = int((found["p"].argmax(axis=1) == batch()[1]).sum())
        return Verdict(right == IMAGES, f"{right} of {IMAGES} right, loss {value:.4f}.")

    def solution(self) -> Solution:
        steps = next(n for n in range(16) if self.check({"steps": n}).passed)
        return Solution(
            f"{steps} steps are enough: the gradient of five images points where all five get"
            " better. It says little about other images.",
            {"steps": steps},
        )
