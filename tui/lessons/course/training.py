"""Lesson 11: the whole run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from nn.arrays import Array
from nn.recipes import load_recipe
from tui.images.datasets import load_dataset
from tui.lessons.figures import Chart, Curve, Digits, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict, nearest
from tui.lessons.training import Trial, trial

RECIPE = "two-layer-net"
CONFIG = load_recipe(RECIPE).config
STEPS = (*range(1, CONFIG.steps, CONFIG.eval_steps), CONFIG.steps)
"""The steps at which the network is tested."""
GRID, DRAWS, MANY = 25, 12, 600


def the_run() -> Trial:
    """The run of the notes, with every loss and every prediction."""
    return trial(CONFIG, every_step=True, predict=True)


def drawn(draw: int) -> Array:
    """Indices of 25 random test digits."""
    return np.random.default_rng(draw).integers(len(load_dataset().test), size=GRID)


def right(run: Trial, at: int) -> Array:
    """Whether each test digit is recognized at the evaluation `at`."""
    recognized: Array = run.predictions[at] == load_dataset().test.labels
    return recognized


def mistakes(run: Trial, at: int, draw: int) -> Array:
    """Indices of 25 random test digits that are not recognized at the evaluation `at`."""
    wrong = np.flatnonzero(~right(run, at))
    return np.random.default_rng(draw).choice(wrong, min(GRID, len(wrong)), replace=False)


class Training(Lesson):
    number, name, title = 11, "training", "The whole run"
    idea = "All of it together: draw images, go forwards and back, step; and test now and then."
    knobs = (
        Knob("step", STEPS, STEPS[-1]),
        Knob("show", ("predictions", "mistakes", "loss", "accuracy"), "predictions"),
        Knob("draw", tuple(range(1, DRAWS + 1)), 1),
    )
    question = "After 10,000 steps of 100 images, how many of 10,000 test digits are still wrong?"
    choices = ("about 50", "about 500", "about 2,000")
    task = (
        f"Find {GRID} predictions that are all right, by a network that gets more than {MANY} of"
        " the 10,000 wrong."
    )
    hints = (
        f"{GRID} digits are few: another draw shows others. An earlier network errs more.",
        "Go back to step 4801 and try one draw after the other.",
    )
    revealing = True
    train = "It is the recipe two-layer-net; the screens Digits and Confusion show its mistakes."
    recipe = RECIPE
    code = """\
from nn.config import TrainConfig; from nn.data.dataset import load_dataset
from nn.recipes import load_recipe; from nn.training.trainer import Trainer
recipe = load_recipe("two-layer-net")
config = TrainConfig.layered(recipe.fields, {"steps": 1201})  # 10,000 in all
for event in Trainer(config, load_dataset()).events(): print(event)"""

    def text(self) -> str:
        return f"""\
A network 784-{CONFIG.hidden[0]}-10 with sigmoid neurons learns from all 60,000 training images. \
Each of {CONFIG.steps:,} steps
  draws {CONFIG.batch_size} images at random
  goes forwards to the loss
  goes back to the gradient
  w <- w - {CONFIG.learning_rate} * gradient

At step 1 and every {CONFIG.eval_steps} steps from there it is tested on the 10,000 test images, \
from which it never learns.

Each digit is titled with what was predicted, then with its label. The run starts when you have \
predicted, and takes some seconds."""

    def explanation(self) -> str:
        run, wrong = the_run().finish(), self._wrong(STEPS[-1])
        first, last = (run.evaluations[i].test.accuracy for i in (0, -1))
        early = float(np.mean(run.losses[:50]))
        late = float(np.mean(run.losses[-600:]))
        return f"""\
The accuracy went from {first:.1%} after one step to {last:.2%}; the loss of a batch from \
{early:.2f} to {late:.2f} on average.

Of {GRID} random digits, {GRID * wrong / 10_000:.1f} are wrong on average. That all {GRID} are \
right happens, by luck: a few examples measure badly, 10,000 measure well.

Move the step to see the network at an earlier time, and show the mistakes: many are badly \
written, some are not."""

    def frames(self, state: State) -> Iterator[Sequence[Figure]]:
        run = the_run()
        while run.advance():
            yield self._picture(run, len(run.evaluations) - 1, state)
        yield self.figures(state)

    def figures(self, state: State) -> Sequence[Figure]:
        return self._picture(the_run().finish(), STEPS.index(state["step"]), state)

    def _picture(self, run: Trial, at: int, state: State) -> list[Figure]:
        """The run at the evaluation `at`."""
        step = run.evaluations[at].step
        accuracy = f"step {step:,}: {run.evaluations[at].test.accuracy:.2%} of the test images"
        if state["show"] == "loss":
            curve = Curve("", *run.losses_by_step())
            span = (1.0, float(CONFIG.steps))
            chart = Chart("loss of each batch", (curve,), "step", x_range=span, cursor=step)
            return [chart, Lines((accuracy,))]
        if state["show"] == "accuracy":
            points = [each.step for each in run.evaluations]
            curves = tuple(Curve(name, points, run.curve(name)[1]) for name in ("train", "test"))
            span = (1.0, float(CONFIG.steps))
            return [
                Chart("accuracy, %", curves, "step", x_range=span, y_range=(0, 100), cursor=step),
                Lines((accuracy,)),
            ]
        wanted = state["show"] == "mistakes"
        index = mistakes(run, at, state["draw"]) if wanted else drawn(state["draw"])
        test = load_dataset().test
        pairs = zip(run.predictions[at][index], test.labels[index], strict=True)
        captions = tuple(f"{predicted}, {label}" for predicted, label in pairs)
        count = f"predicted, label: {int(right(run, at)[index].sum())} of {len(index)} right"
        images = test.images[index].reshape(-1, 28, 28)
        return [Digits(images, captions, 5), Lines((count, accuracy))]

    def _wrong(self, step: int) -> int:
        return int((~right(the_run().finish(), STEPS.index(step))).sum())

    def answer(self) -> Answer:
        wrong = self._wrong(STEPS[-1])
        choice = nearest(math.log(max(wrong, 1)), [math.log(guess) for guess in (50, 500, 2000)])
        return Answer(choice, f"{wrong} are wrong, {wrong / 10_000:.2%}.")

    def check(self, state: State) -> Verdict:
        step, draw = int(state["step"]), int(state["draw"])
        wrong = self._wrong(step)
        hits = int(right(the_run().finish(), STEPS.index(step))[drawn(draw)].sum())
        measured = f"{hits} of draw {draw} right; {wrong} of 10,000 wrong."
        return Verdict(hits == GRID and wrong > MANY, measured)

    def solution(self) -> Solution:
        tried = ({"step": s, "draw": d} for s in reversed(STEPS) for d in range(1, DRAWS + 1))
        state = next(each for each in tried if self.check(each).passed)
        return Solution(
            f"Step {state['step']}, draw {state['draw']}: all {GRID} are right, though"
            f" {self._wrong(state['step'])} of 10,000 are wrong. One draw of {GRID} says little.",
            state,
        )
