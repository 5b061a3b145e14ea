"""Lesson 13: vanishing gradients."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from nn.arrays import Array
from nn.config import Initializer
from nn.network.layers import Activation
from nn.network.losses import CrossEntropy, target_rows
from nn.network.model import MLP
from tui.images.datasets import load_dataset
from tui.lessons.figures import Bars, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict, experiment, nearest
from tui.recording.experiment import Experiment

INITS: dict[str, tuple[Initializer, float]] = {
    "std 1": ("normal", 1.0),
    "std 0.01": ("normal", 0.01),
    "Glorot": ("glorot-normal", 1.0),
    "He": ("he-normal", 1.0),
}
IMAGES, HIDDEN, BINS = 200, 5, 20
RAMP = " .:-=+*#%@"


@cache
def batch() -> tuple[Array, Array]:
    """Training images / 255 and one-hot labels."""
    train = load_dataset().train[:IMAGES]
    return train.images / 255, target_rows(10, dtype="float64")[train.labels]


@cache
def look(activation: str, init: str) -> tuple[tuple[Array, ...], tuple[float, ...]]:
    """The outputs of every hidden layer before training, and the gradient norm of every layer."""
    x, targets = batch()
    model = MLP((784, *[100] * HIDDEN, 10), activation=activation, dtype=np.float64)
    kind, std = INITS[init]
    model.initialize(kind, std=std, rng=np.random.default_rng(0))
    outputs, signal = [], x
    with np.errstate(over="ignore"):  # where a sigmoid is 0, its exponential overflows
        for layer in model.layers:
            signal = layer.forward(signal)
            if isinstance(layer, Activation):
                outputs.append(signal.copy())
        loss = CrossEntropy()
        loss.forward(model.forward(x, training=True), targets)
    model.backward(loss.backward())
    return tuple(outputs[:-1]), model.gradient_norms()


def ratio(activation: str, init: str) -> float:
    """The gradient norm of the last layer by that of the first."""
    _, norms = look(activation, init)
    return norms[-1] / norms[0]


class Vanishing(Lesson):
    number, name, title = 13, "vanishing", "Vanishing gradients"
    idea = "In a deep network each layer scales the gradient, and the scales multiply."
    knobs = (
        Knob("activation", ("sigmoid", "tanh", "relu"), "sigmoid"),
        Knob("init", tuple(INITS), "Glorot"),
    )
    question = "Sigmoid, Glorot: how many times smaller is the first gradient than the last?"
    choices = ("3 times", "20 times", "over 100 times")
    task = "Find a network whose first and last gradient differ by less than a factor of 4."
    hints = (
        "Change the activation: which one has a slope of 1 over a long stretch?",
        "Glorot weights are made for tanh; He weights for ReLU, where half of the outputs are 0.",
    )
    revealing = True
    train = "Train shows the gradient norm of every layer; tab moves to the next pane."
    code = """\
import numpy as np; from nn.network.model import MLP
model = MLP((784, 100, 100, 100, 100, 100, 10), activation="sigmoid")
model.initialize("glorot-normal", rng=np.random.default_rng(0))
model.forward(np.ones((1, 784), "f4")); model.backward(np.ones((1, 10), "f4"))
print(model.gradient_norms())"""

    def text(self) -> str:
        return f"""\
{HIDDEN} hidden layers of 100 neurons, before any training. {IMAGES} images go forwards, their \
gradient goes back.

On its way back the gradient is multiplied in each layer by the weights and by the slope of the \
activation. Where both are small, little is left after five layers.

What weights to start from (N(0, 1) is the normal distribution with a mean of 0 and a standard \
deviation, std, of 1; Glorot and He are the authors of their rules):
  std 1     N(0, 1)
  std 0.01  N(0, 0.01^2)
  Glorot    variance 2 / (in + out)
  He        variance 2 / in

in and out are the neurons before and after the weights. The bars show the gradient norm of each \
layer: the square root of the sum of the squares of its gradients."""

    def explanation(self) -> str:
        few, many = ratio("relu", "He"), ratio("sigmoid", "std 0.01")
        return f"""\
The slope of a sigmoid is 1/4 at most, so every layer of them takes at least three quarters of \
the gradient away, unless large weights make up for it. With weights of std 0.01 the last gradient \
is {many / 1e6:.0f} million times the first. With ReLU and He weights it is {few:.1f} times: \
nothing vanishes.

With std 1 the sums are large, and many outputs of sigmoid and tanh lie at both ends of the \
range, where the slope is about 0. The large weights make up for that, and for more: with tanh the \
first gradient is {1 / ratio("tanh", "std 1"):.0f} times the last. It explodes in place of \
vanishing. With std 0.01 all neurons of a layer put out nearly the same. \
The histograms show both: the denser the character, the more outputs."""

    def figures(self, state: State) -> list[Figure]:
        outputs, norms = look(state["activation"], state["init"])
        low, high = _range(state["activation"], outputs)
        lines = [f"outputs from {low:g} to {high:.3g}"]
        for i, output in enumerate(outputs, 1):
            counts, _ = np.histogram(output, BINS, (low, high))
            level = np.ceil(counts / max(1, counts.max()) * (len(RAMP) - 1)).astype(int)
            lines.append(f"layer {i} |{''.join(RAMP[k] for k in level)}|")
        largest = max(norms) or 1.0
        return [
            Lines((*lines, "", "gradient norm of each layer")),
            Bars(
                tuple(str(i) for i in range(1, len(norms) + 1)),
                tuple(norm / largest for norm in norms),
                tuple(f"{norm:.1e}" for norm in norms),
            ),
        ]

    def experiments(self, state: State) -> tuple[Experiment, ...]:
        init, std = INITS[state["init"]]
        chosen = {"activation": state["activation"], "init": init, "init_std": std}
        return (experiment(None, hidden=(100,) * HIDDEN, **chosen),)

    def answer(self) -> Answer:
        found = ratio("sigmoid", "Glorot")
        choice = nearest(math.log(found), [math.log(guess) for guess in (3, 20, 400)])
        return Answer(choice, f"{found:.0f} times, before a single step.")

    def check(self, state: State) -> Verdict:
        found = ratio(state["activation"], state["init"])
        return Verdict(1 / 4 < found < 4, f"the last gradient is {found:.3g} times the first.")

    def solution(self) -> Solution:
        found = ratio("tanh", "Glorot")
        return Solution(
            f"tanh with Glorot weights: the last gradient is {found:.2f} times the first. ReLU with"
            f" He weights does as well, {ratio('relu', 'He'):.2f}.",
            {"activation": "tanh", "init": "Glorot"},
        )


def _range(activation: str, outputs: tuple[Array, ...]) -> tuple[float, float]:
    if activation == "relu":
        return 0.0, max(float(max(each.max() for each in outputs)), 1e-9)
    return (-1.0, 1.0) if activation == "tanh" else (0.0, 1.0)
