"""Lesson 14: momentum and falling learning rates."""

from __future__ import annotations

from collections.abc import Sequence

from nn.training.plan import Plan
from tui.lessons.figures import Chart, Curve, Figure
from tui.lessons.lesson import Answer, Knob, Solution, State, Verdict, nearest
from tui.lessons.race import LETTERS, RaceLesson, named, published_test, short
from tui.lessons.training import Trial
from tui.recording.experiment import Experiment

CLOSE = 2
PAIRS = {
    "tanh": ("lincoln-tanh", "lincoln-momentum"),
    "sigmoid": ("lincoln-sigmoid", "lincoln-momentum-sigmoid"),
    "linear": ("lincoln-momentum", "lincoln-linear-decay"),
    "exponential": ("lincoln-linear-decay", "lincoln-exponential-decay"),
}
PLAIN, FALLING = ("tanh", "sigmoid"), ("linear", "exponential")
"""The races between plain SGD and momentum, and those of falling rates."""


class MomentumRace(RaceLesson):
    number, name, title = 14, "momentum", "Momentum and falling rates"
    idea = "A velocity adds up steps that agree; a rate that falls lets the last steps settle."
    knobs = (
        Knob("race", tuple(PAIRS), "tanh"),
        Knob("rate x", (1, 2, 5, 10, 20, 100), 1),
        Knob("show", ("accuracy", "rates"), "accuracy"),
    )
    question = "B has momentum 0.9, A none; the rest is equal. After ten epochs, B is"
    choices = ("no better", "about 3 points better", "about 10 points better")
    task = f"Bring plain SGD (A), without momentum, to within {CLOSE} points of B."
    hints = (
        "With momentum 0.9, steps that agree add up to ten times their length.",
        "Give A a rate that is 10 or 20 times as high.",
    )
    train = (
        "The fields optimizer, momentum, learning_rate, schedule and final_learning_rate; the keys"
        " + and - change the rate of a run that trains."
    )
    code = """\
from nn.config import TrainConfig; from nn.data.dataset import load_dataset
from nn.training.trainer import Trainer; data = load_dataset()
same = {"limit": 10_000, "learning_rate": 0.1, "schedule": "constant"}
for rule in ("sgd", "momentum"):
    print(*Trainer(TrainConfig(optimizer=rule, **same), data).events())"""

    def text(self) -> str:
        config = short("lincoln-momentum").config
        return f"""\
Plain gradient descent (SGD) forgets each step. Momentum keeps a velocity v, which remembers:
  v <- {config.momentum:g} v + gradient
  w <- w - rate * v

Where gradients agree from step to step, v grows; where they point to and fro, they cancel out.

A rate that is right at first makes steps that are too long at the end, where they only jump about \
the goal. So it may fall each epoch, by equal differences (linear) or by equal ratios (exponential).

The races are runs of the fifth study note, each against its neighbour: {config.hidden[0]} hidden \
neurons, weights from N(0, 1), {config.limit:,} images in place of 60,000, {config.epochs} epochs \
in place of 50."""

    def explanation(self) -> str:
        limit = 1 / (1 - short("lincoln-momentum").config.momentum)
        falling = "\n".join(
            f"  {named(name):<18} {published_test(name):>9}"
            for name in ("lincoln-momentum", *(PAIRS[race][1] for race in FALLING))
        )
        return f"""\
If all gradients were equal, v would grow to 1 + 0.9 + 0.81 + ... = {limit:.0f} of them: momentum \
0.9 is about ten times the rate.

Falling rates change little within ten epochs; show the rates to see them. The study note, with 50 \
epochs on all images, printed these test accuracies with a constant rate and with two that fall; \
a band is that of three printings:
{falling}

So even there the gain is smaller than the difference between two equal runs. A rate that is far \
too high spoils all of it: try A at 100 times its rate."""

    def entrants(self, state: State) -> dict[str, Experiment]:
        first, second = PAIRS[state["race"]]
        times = int(state["rate x"])
        plain = short(first)
        rates = {"learning_rate": times * plain.config.learning_rate}
        if plain.config.final_learning_rate:
            rates["final_learning_rate"] = times * plain.config.final_learning_rate
        changed = named(first) + (f", x {times}" if times > 1 else "")
        return {changed: short(first, **rates), named(second): short(second)}

    def picture(self, state: State, trials: Sequence[Trial]) -> Sequence[Figure]:
        if state["show"] == "accuracy":
            return super().picture(state, trials)
        curves = []
        for letter, run in zip(LETTERS, trials, strict=True):
            plan, epochs = Plan(run.config, run.config.limit), range(1, run.config.epochs + 1)
            rates = [plan.rate((epoch - 1) * plan.steps_per_epoch) for epoch in epochs]
            curves.append(Curve(letter, list(epochs), rates))
        chart = Chart("learning rate", tuple(curves), "epoch", y_range=(0, 0.2))
        return [chart, self.table(state, trials)]

    def answer(self) -> Answer:
        plain, fast = (run.test for run in self.trials(self.start()))
        gain = fast - plain
        choice = nearest(gain, (0, 3, 10))
        return Answer(choice, f"It has {fast:.1f}%, and A {plain:.1f}%.")

    def check(self, state: State) -> Verdict:
        first, second = self.trials(state)
        if state["race"] not in PLAIN:
            return Verdict(False, "both runs of this race have momentum.")
        gap = second.test - first.test
        return Verdict(gap < CLOSE, f"A has {first.test:.1f}%, B {second.test:.1f}%.")

    def solution(self) -> Solution:
        state = {**self.start(), "rate x": 20}
        slow, fast = (run.test for run in self.trials(state))
        return Solution(
            f"20 times the rate, without momentum: {slow:.1f}% against {fast:.1f}%. Much of what"
            " momentum gains here is a longer step.",
            {"rate x": 20},
        )
