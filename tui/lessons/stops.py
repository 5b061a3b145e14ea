"""The stops of the guided walk of lesson 9, with their questions and tasks."""

from __future__ import annotations

import numpy as np

from nn.analysis.stage import Stage
from nn.analysis.step_arrays import Pass
from tui.lessons.lesson import Verdict, nearest
from tui.lessons.tour import Ask, Do, Place, Question

HIDDEN, RATE = 6, 0.5


def stage_of(taken: Pass, name: str) -> Stage:
    return next(stage for stage in taken.stages if stage.name == name)


def labels_of(taken: Pass) -> list[int]:
    return [int(label) for label in taken.values["t"].argmax(axis=1)]


def _inside(place: Place) -> Verdict:
    inside = place.level in ("stages", "numbers")
    return Verdict(
        inside and place.stage == "y", f"you are at {place.stage if inside else 'the images'}."
    )


def _probability(place: Place) -> Question:
    label = labels_of(place.taken)[0]
    value = float(place.array("y")[0, label])
    guesses = (0.1, 0.5, 0.9)
    return Question(
        f"The weights are still random. How probable is the right class of the first image, a"
        f" {label}?",
        tuple(f"about {guess:.0%}" for guess in guesses),
        nearest(value, guesses),
        f"y[0,{label}] is {value:.1%}: there are ten classes, and nothing is learned.",
    )


def _output_gradient(place: Place) -> Question:
    label, n = labels_of(place.taken)[0], len(labels_of(place.taken))
    y = float(place.array("y")[0, label])
    found = float(place.array("dy")[0, label])
    values = (y - 1, (1 - y) / n, (y - 1) / n)
    return Question(
        f"The way back begins: dy = (y - t) / n. For the right class of the first image y is"
        f" {y:.4f}, t is 1, and n is {n}. What is dy[0,{label}]?",
        tuple(f"{value:.4f}" for value in values),
        nearest(found, values),
        "Below 0: raising this output would lower the loss.",
    )


def _terms(place: Place) -> Question:
    stage = stage_of(place.taken, "dW2")
    sizes = {
        "images": len(labels_of(place.taken)),
        "units": HIDDEN,
        "classes": stage.array.shape[1],
    }
    return Question(
        "dW2 = z1^T dy has a number for each weight of W2, and each is a sum. Over what?",
        tuple(f"the {size} {what}" for what, size in sizes.items()),
        list(sizes.values()).index(len(stage.write(place.index).values)),
        "What went into the weight times what comes back to it, for each image, added up.",
    )


def _largest(place: Place) -> Verdict:
    if place.stage != "dW2":
        return Verdict(False, f"you are at {place.stage}; tab goes back to dW2.")
    sizes = np.abs(place.array("dW2"))
    here, at = float(sizes[place.index]), ",".join(map(str, place.index))
    return Verdict(
        here == sizes.max(), f"|dW2[{at}]| is {here:.4f}, the largest {sizes.max():.4f}."
    )


def _nudged(place: Place) -> Verdict:
    nudge = place.nudge
    if nudge is None:
        return Verdict(False, "no weight is nudged.")
    error = abs(nudge.numerical - nudge.analytical)
    return Verdict(
        error < 1e-6,
        f"nudged {nudge.numerical:.8f}, backpropagated {nudge.analytical:.8f}.",
    )


def _slope(place: Place) -> Question:
    dz, da = place.array("dz1"), place.array("da1")
    shares = da[dz != 0] / dz[dz != 0]
    guesses = (1 / 4, 1 / 2, 1.0)
    return Question(
        "dy went back through W2 and is dz1. Now da1 = dz1 * z1 (1 - z1). How much of dz1 can a"
        " sigmoid let through?",
        ("a quarter at most", "half at most", "all of it"),
        nearest(float(shares.max()), guesses),
        f"Here {shares.min():.3f} to {shares.max():.3f} of it get through, and so in every layer.",
    )


def _update(place: Place) -> Question:
    index = place.index
    at, gradient = ",".join(map(str, index)), float(place.array("dW2")[index])
    change = float((place.array("new W2") - place.taken.values["W2"])[index])
    return Question(
        f"The step: new W2 = W2 - {RATE} dW2. dW2[{at}] is {gradient:.4f}. What becomes of this"
        " weight?",
        ("it grows", "it shrinks", "it stays"),
        0 if change > 0 else 1 if change < 0 else 2,
        f"It changes by {change:+.4f}: against its gradient, which is where the loss falls.",
    )


def _recognized(place: Place) -> Verdict:
    count = len(labels_of(place.taken))
    measured = f"{place.right} of {count} after step {place.step}, loss {place.taken.loss:.4f}."
    return Verdict(place.right == count, measured)


STOPS: tuple[Ask | Do, ...] = (
    Do(
        "images",
        "x",
        "Five images, and what the network makes of them. The key enter goes inside the step, and"
        " the right arrow from part to part: go on to y.",
        _inside,
    ),
    Ask("y", _probability),
    Ask("dy", _output_gradient),
    Ask("dW2", _terms),
    Do(
        "numbers",
        "dW2",
        "On which weight of W2 does the loss depend most? Move the cursor there by the arrow keys:"
        " the stronger it is drawn, the more.",
        _largest,
    ),
    Do("numbers", "dW2", "Is it true? m nudges this weight: see how the loss moves.", _nudged),
    Ask("da1", _slope),
    Ask("new W2", _update),
    Do(
        "images",
        "y",
        "That was one step. s takes it, and the next: go on until all five are recognized.",
        _recognized,
    ),
)
END = "That is backpropagation: one way back, and every weight has its derivative."
