"""Lesson 10: mini-batches and epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nn.arrays import Array
from nn.training.plan import Plan
from tui.lessons.figures import Chart, Curve, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict, experiment, nearest
from tui.lessons.training import Trial, trial
from tui.recording.experiment import Experiment

IMAGES, EPOCHS, RATE = 10_000, 3, 0.1


def run_of(size: int, sampling: str) -> Experiment:
    """The network of the notes on part of the images, for three epochs."""
    return experiment(
        "two-layer-net",
        limit=IMAGES,
        steps=0,
        epochs=EPOCHS,
        eval_steps=0,
        eval_epochs=1,
        eval_train=False,
        batch_size=size,
        sampling=sampling,
        learning_rate=RATE,
    )


def run(size: int, sampling: str) -> Trial:
    """That run, with the loss of every step, trained as far as it was asked for."""
    return trial(run_of(size, sampling).config, every_step=True)


def drawn(sampling: str) -> Array:
    """The images of one epoch, in their order: each once, or each drawn from all of them."""
    return Plan(run_of(100, sampling).config, IMAGES).order(0)


def never_drawn() -> float:
    """The share of images that one epoch of drawing with replacement leaves out."""
    return 1 - len(np.unique(drawn("replacement"))) / IMAGES


class Batches(Lesson):
    number, name, title = 10, "batches", "Mini-batch and epoch"
    idea = "A step looks at a few images only; an epoch is as many steps as use up all of them."
    knobs = (
        Knob("batch", (20, 50, 100, 200, 500, 1000), 200),
        Knob("show", ("steps", "epochs"), "steps"),
        Knob("sampling", ("shuffle", "replacement"), "shuffle"),
    )
    question = "Images are drawn with replacement. Which share is not drawn at all in an epoch?"
    choices = ("almost none", "one in ten", "more than a third")
    task = "Reach a test accuracy above 85% after the three epochs."
    hints = (
        "The images are the same in number, but the steps need not be.",
        "Smaller batches make more steps of the same three epochs.",
    )
    train = (
        "The fields batch_size and sampling. There the charts count epochs; key s takes one step."
    )
    code = """\
from nn.config import TrainConfig; from nn.data.dataset import load_dataset
from nn.training.trainer import Trainer
config = TrainConfig(batch_size=600, sampling="replacement", epochs=1)
for event in Trainer(config, load_dataset()).events(): print(event)"""

    def text(self) -> str:
        return f"""\
The gradient of the loss over all images would be exact, but slow. A mini-batch is a few images \
drawn at random; its gradient points about the same way and costs a fraction.

An epoch is as many steps as use up all images once:
  steps = images / batch

Shuffled, each image comes once in an epoch. Or every batch is drawn anew from all images, with \
replacement: an image that was drawn may be drawn again.

Here a network 784-50-10 (pixels, hidden neurons, classes) learns from {IMAGES:,} images for \
{EPOCHS} epochs at a rate of {RATE}, and is tested on 10,000 others."""

    def explanation(self) -> str:
        whole = run(200, "shuffle").finish()
        jitter = {
            size: float(np.abs(np.diff(run(size, "shuffle").finish().losses[-100:])).mean())
            for size in (20, 200)
        }
        return f"""\
There are two pictures of the same run. The loss of every step jitters, since every batch has \
other images: in the last 100 steps it jumps by {jitter[20]:.2f} on average from one batch of 20 \
to the next, and by {jitter[200]:.2f} with 200. The accuracy of every epoch is measured on the \
same images, and is smoother.

With batches of 200 there are {len(whole.losses)} steps, and the accuracy is {whole.test:.1f}%."""

    def frames(self, state: State) -> Iterator[Sequence[Figure]]:
        trained = run(int(state["batch"]), state["sampling"])
        while trained.advance():
            yield self._picture(trained, state)
        yield self._picture(trained, state)

    def figures(self, state: State) -> Sequence[Figure]:
        return self._picture(run(int(state["batch"]), state["sampling"]).finish(), state)

    def _picture(self, trained: Trial, state: State) -> list[Figure]:
        if state["show"] == "steps":
            curve = Curve("", *trained.losses_by_step())
            chart = Chart("loss of each batch", (curve,), "step", y_range=(0, 2.5))
        else:
            curve = Curve("", *trained.curve("test"))
            span = (1.0, float(EPOCHS))
            chart = Chart("test accuracy, %", (curve,), "epoch", x_range=span, y_range=(0, 100))
        return [chart, Lines((f"{len(trained.losses)} steps, test accuracy {trained.test:.2f}%",))]

    def experiments(self, state: State) -> tuple[Experiment, ...]:
        return (run_of(int(state["batch"]), state["sampling"]),)

    def answer(self) -> Answer:
        share = never_drawn()
        choice = nearest(share, (0.0, 0.1, 0.37))
        return Answer(
            choice, f"{share:.1%} here; with many images it nears 1/e = {np.exp(-1):.1%}."
        )

    def check(self, state: State) -> Verdict:
        trained = run(int(state["batch"]), state["sampling"]).finish()
        measured = f"{trained.test:.2f}% after {len(trained.losses)} steps."
        return Verdict(trained.test > 85, measured)

    def solution(self) -> Solution:
        trained = run(20, "shuffle").finish()
        return Solution(
            f"A batch of 20 makes {len(trained.losses)} steps and reaches {trained.test:.1f}%."
            " Smaller batches are noisier, and slower to compute per image.",
            {"batch": 20},
        )
