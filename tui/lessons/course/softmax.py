"""Lesson 4: softmax."""

from __future__ import annotations

import math

import numpy as np

from nn.arrays import Array
from nn.network.losses import CrossEntropy
from tui.lessons.figures import Bars, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict

LOGITS = np.array([0.3, 2.9, 4.0])


def logits(state: State) -> Array:
    """What the exponentials are taken of: (o + added) / temperature."""
    scaled: Array = (LOGITS + float(state["added"])) / float(state["temperature"])
    return scaled


def softmax(state: State) -> Array:
    """The probabilities, with the cure as `nn` computes them, else by the formula as it stands."""
    values = logits(state)
    if state["cure"] == "on":
        cured: Array = CrossEntropy().probabilities(values[None])[0]
        return cured
    with np.errstate(over="ignore", invalid="ignore"):
        exponentials = np.exp(values)
        plain: Array = exponentials / exponentials.sum()
    return plain


class Softmax(Lesson):
    number, name, title = 4, "softmax", "Softmax"
    idea = "Softmax turns any numbers into probabilities that add up to 1."
    knobs = (
        Knob("temperature", (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0), 1.0),
        Knob("added", (0.0, 100.0, 1000.0, 10000.0), 0.0),
        Knob("cure", ("off", "on"), "off"),
    )
    question = "1000 is added to all three numbers. What happens to the true probabilities?"
    choices = ("nothing", "the largest becomes 1", "all become equal")
    task = "With 10000 added, get probabilities that are numbers, the largest of them below 0.5."
    hints = (
        "exp(10000) is too large for a computer's numbers. Turn the cure on first.",
        "A higher temperature brings the probabilities closer together.",
    )
    train = "Softmax with this cure belongs to the loss cross-entropy, the default."
    fields = (("loss", "cross-entropy"),)
    code = """\
import numpy as np
from nn.network.losses import CrossEntropy
print(CrossEntropy().probabilities(np.array([[0.3, 2.9, 4.0]])))
print(CrossEntropy().probabilities(np.array([[1000.3, 1002.9, 1004.0]])))"""

    def text(self) -> str:
        p = softmax(self.start())
        return f"""\
A network for ten classes puts out ten numbers, the logits o. Softmax makes probabilities of them:
  p_k = exp(o_k) / sum_j exp(o_j)

All are above 0 and add up to 1. Of the three logits {LOGITS[0]}, {LOGITS[1]} and {LOGITS[2]} it \
makes {p[0]:.3f}, {p[1]:.3f} and {p[2]:.3f}.

Dividing the logits by a temperature first makes the choice sharper (below 1) or softer (above \
1)."""

    def explanation(self) -> str:
        largest = np.finfo(np.float64).max
        return f"""\
exp grows fast: the largest number that fits into 64 bits is about {largest:.1e}, and exp(o) \
passes it at o = {math.log(largest):.0f}. Infinity divided by infinity is not a number (nan).

The cure: subtract the largest logit from all of them first. It cancels out of the fraction, and \
no exponential is above 1. Only the differences between the logits count."""

    def figures(self, state: State) -> list[Figure]:
        values, p = logits(state), softmax(state)
        shifted = values - values.max() if state["cure"] == "on" else values
        with np.errstate(over="ignore"):
            exponentials = np.exp(shifted)
        names = tuple(f"p{k}" for k in range(3))
        texts = tuple(f"{each:.4f}" for each in p)
        return [
            Lines(("exp of             is", *_table(shifted, exponentials), "", "probabilities")),
            Bars(names, tuple(map(float, p)), texts),
        ]

    def answer(self) -> Answer:
        shifted = softmax({"temperature": 1.0, "added": 1000.0, "cure": "on"})
        change = float(np.abs(shifted - softmax(self.start())).max())
        choice = 0 if change < 1e-9 else 1 if shifted.max() > 0.999 else 2
        reason = f"No probability changes by more than {max(change, 1e-15):.0e}, which is rounding:"
        return Answer(choice, f"{reason} exp(1000) is a factor of every exponential, and cancels.")

    def check(self, state: State) -> Verdict:
        p = softmax(state)
        smallest = float(LOGITS.min() + state["added"])
        measured = f"{state['added']:g} added, the largest probability is {float(p.max()):.4f}."
        return Verdict(bool(smallest > 10000 and np.isfinite(p).all() and p.max() < 0.5), measured)

    def solution(self) -> Solution:
        return Solution(
            "added 10000, cure on, temperature 5: dividing by 5 shrinks the differences of the"
            " logits to a fifth.",
            {"added": 10000.0, "cure": "on", "temperature": 5.0},
        )


def _table(values: Array, exponentials: Array) -> list[str]:
    return [f"  {o:>12.4f}   {e:>12.6g}" for o, e in zip(values, exponentials, strict=True)]
