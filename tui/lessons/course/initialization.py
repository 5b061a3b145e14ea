"""Lesson 15: initialization."""

from __future__ import annotations

from functools import cache

import numpy as np

from nn.data.preprocessing import Preprocessor
from nn.network.layers import Tanh
from nn.network.model import build_model, initialize_model
from tui.images.datasets import load_dataset
from tui.lessons.lesson import Answer, Knob, Solution, State, Verdict, nearest
from tui.lessons.race import RaceLesson, behind, named, short
from tui.recording.experiment import Experiment

CLOSE, IMAGES = 1, 1000
PAIRS = {
    "linear": ("lincoln-linear-decay", "lincoln-glorot-linear"),
    "exponential": ("lincoln-exponential-decay", "lincoln-glorot-exponential"),
    "sigmoid": ("lincoln-sigmoid", "lincoln-tanh"),
    "relu": ("lincoln-tanh", "lincoln-relu"),
}
GLOROT = ("linear", "exponential")
"""The races against Glorot weights."""


@cache
def first_layer(std: float) -> tuple[float, float]:
    """The spread of the hidden layer's sums before training, and the share of saturated neurons.

    Saturated is an output of tanh beyond 0.99 or below -0.99.
    """
    config = short("lincoln-tanh", init_std=std).config
    images = load_dataset().train.images[:IMAGES]
    model = build_model(config)
    initialize_model(model, config, rng=np.random.default_rng(0))
    inputs = Preprocessor.fit(config.preprocessing, images).transform(images)
    sums = model.linears[0].forward(inputs)
    outputs = Tanh().forward(sums.copy())
    return float(sums.std()), float((np.abs(outputs) > 0.99).mean())


class InitializationRace(RaceLesson):
    number, name, title = 15, "initialization", "Where the weights start"
    idea = "Training starts from random weights, and their size decides how well it goes."
    knobs = (
        Knob("race", tuple(PAIRS), "linear"),
        Knob("std", (0.0, 0.01, 0.05, 0.1, 0.3, 1.0), 1.0),
    )
    question = "A starts from N(0, 1) weights, B from Glorot's; all else is equal. In the end, B is"
    choices = ("no better", "about 1 point better", "about 5 points better")
    task = f"Keep the normal weights of A, but bring it to within {CLOSE} point of B with Glorot's."
    hints = (
        "The knob named std is the standard deviation of the weights of A.",
        "Glorot's weights for this layer have one of about 0.05.",
    )
    train = "The fields init and init_std choose the weights, init_bias the biases."
    code = """\
import numpy as np; from nn.network.initializers import initialize
weight, x = np.empty((784, 89)), np.ones((1, 784))
for name in ("normal", "glorot-normal"):
    initialize(name, weight, std=1.0, rng=np.random.default_rng(0))
    print(name, weight.std(), np.tanh(x @ weight)[0, :5])"""

    def text(self) -> str:
        config = short("lincoln-glorot-linear").config
        hidden = config.hidden[0]
        glorot = (2 / (784 + hidden)) ** 0.5
        return f"""\
The weights have to start somewhere. If all were equal, all neurons of a layer would stay equal \
for ever; so they are drawn at random. How large?

A neuron adds up 784 inputs, each times a weight. The more inputs, the larger the sum: its spread \
grows with the square root of their number. Glorot's rule takes that back:
  std = sqrt(2 / (in + out))

For 784 inputs and {hidden} neurons that is {glorot:.3f}. The fifth of the study notes that this \
course follows first draws all weights from N(0, 1), then by this rule.

The races are its runs, each against its neighbour: {config.limit:,} images in place of 60,000, \
{config.epochs} epochs in place of 50."""

    def explanation(self) -> str:
        (spread, saturated), (small, few) = first_layer(1.0), first_layer(0.05)
        return f"""\
With N(0, 1) the sums of the hidden neurons spread by {spread:.0f} before training, and \
{saturated:.0%} of all outputs of tanh lie beyond 0.99, where its slope is about 0. With a std of \
0.05 they spread by {small:.1f}, and {few:.0%} do.

Such a neuron learns little: it has to be pulled back before it can learn anything. The race \
named sigmoid shows that sigmoid (A) and tanh (B) both suffer from N(0, 1); the race named relu, \
that ReLU (B) suffers less: it has no upper end where it could saturate. (The note printed a low \
accuracy for ReLU, because its ReLU passes the gradient on everywhere, which is a mistake.)

A dead net: with a std of 0 all weights and biases are 0. The hidden neurons then put out 0, so \
the weights behind them have no gradient; nothing comes back through those weights, so the first \
ones have none either. Only the last biases move, and the answer is the same for every image."""

    def entrants(self, state: State) -> dict[str, Experiment]:
        first, second = PAIRS[state["race"]]
        std = float(state["std"])
        changed = named(first) if std == 1 else f"N(0, {std:g}^2)"
        return {changed: short(first, init_std=std), named(second): short(second)}

    def answer(self) -> Answer:
        normal, glorot = (run.test for run in self.trials(self.start()))
        gain = glorot - normal
        choice = nearest(gain, (0, 1, 5))
        return Answer(choice, f"Glorot {glorot:.1f}%, N(0, 1) {normal:.1f}%.")

    def check(self, state: State) -> Verdict:
        first, second = self.trials(state)
        if state["race"] not in GLOROT:
            return Verdict(False, "no run of this race has Glorot's weights.")
        gap = second.test - first.test
        return Verdict(gap < CLOSE, f"std {state['std']:g}: A is {behind(gap)}.")

    def solution(self) -> Solution:
        normal, glorot = (run.test for run in self.trials({**self.start(), "std": 0.05}))
        return Solution(
            f"std 0.05 is about Glorot's own: {normal:.1f}% against {glorot:.1f}%. Smaller ones do"
            " as well here, with one hidden layer; in a deep net the outputs would vanish.",
            {"std": 0.05},
        )
