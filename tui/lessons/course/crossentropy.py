"""Lesson 12: squared error against cross-entropy."""

from __future__ import annotations

from nn.recipes import load_recipe
from tui.lessons.lesson import Answer, Knob, Solution, State, Verdict, experiment
from tui.lessons.race import RaceLesson, behind, named, short
from tui.lessons.training import trial
from tui.recording.experiment import Experiment

EPOCHS = 10
GAP = 20
PAIRS = {
    "first note": ("sigmoid-mse", "sigmoid-bce"),
    "tanh net": ("lincoln-mse", "lincoln-tanh"),
    "outputs / sum": ("lincoln-mse", "lincoln-mse-normalized"),
}


def note_of(recipe: str, **changes: object) -> Experiment:
    """A run of the first note on all images, for ten of its thirty epochs."""
    return experiment(recipe, epochs=EPOCHS, **changes)


def published(recipe: str) -> dict[int, float]:
    """The test accuracies in percent that the note printed, by epoch, as far as the run goes."""
    return {
        each.epoch: 100 * each.low
        for each in load_recipe(recipe).published
        if each.metric == "test_accuracy" and each.epoch and each.epoch <= EPOCHS
    }


class CrossEntropyRace(RaceLesson):
    number, name, title = 12, "crossentropy", "Squared error against cross-entropy"
    idea = "Two losses, one network: the same data, and a different push for each mistake."
    knobs = (
        Knob("race", tuple(PAIRS), "first note"),
        Knob("rate", (0.1, 0.5, 1.0, 3.0, 10.0), 3.0),
    )
    question = "The race of the first note: which loss has the higher test accuracy at epoch 10?"
    choices = ("squared error", "cross-entropy", "equal to 0.1 points")
    task = f"Let squared error (A) end more than {GAP} points behind cross-entropy (B)."
    hints = (
        "The rate is that of A in the race of the first note. How does a small one do?",
        "Take a rate of 0.1, or the network whose hidden layer is tanh.",
    )
    train = "The field loss chooses the loss; each of the two needs a learning_rate of its own."
    code = """\
from nn.data.dataset import load_dataset; from nn.recipes import load_recipe
from nn.training.trainer import Trainer; data = load_dataset()
for name in ("sigmoid-mse", "sigmoid-bce"):
    trainer = Trainer(load_recipe(name).config, data, step_interval=60)
    for event in trainer.events(): print(event)"""

    def text(self) -> str:
        mse, bce = (note_of(name).config for name in PAIRS["first note"])
        return f"""\
This course follows five study notes. The first of them trains one network, 784-64-16-10 with ten \
sigmoid outputs p, twice, on all 60,000 images in batches of {mse.batch_size}. With t the one-hot \
label:
  A  squared error
     sum (p - t)^2
  B  cross-entropy of each output
     -sum (t log p
           + (1-t) log(1-p))

A learns at a rate of {mse.learning_rate:g}, B at {bce.learning_rate:g}: each suits its gradient.

The chart has four lines: the accuracy of both, on the images they learn from (train) and on \
others (test). The race starts when you have predicted, and takes some seconds."""

    def explanation(self) -> str:
        lines = []
        for letter, recipe in zip("AB", PAIRS["first note"], strict=True):
            run = trial(note_of(recipe).config).finish()
            ours = {round(e.epoch): 100 * e.test.accuracy for e in run.evaluations}
            for epoch, theirs in published(recipe).items():
                lines.append(f"  {letter} {epoch:>5}  {ours[epoch]:>7.2f}  {theirs:>7.2f}")
        rows = "\n".join(lines)
        return f"""\
Test accuracy, here and as the note printed it:
    epoch     here     note
{rows}

Squared error is not bad by itself: with its high rate it keeps up. Its gradient has the slope \
p (1 - p) of the sigmoid as a factor, so it is small, and smallest where an output is quite wrong. \
The rate makes up for the first, and nothing for the second: at the rate of B, it falls behind.

The other races are from the fifth study note, on {short("lincoln-mse").config.limit:,} images. \
In the tanh net, B has softmax in place of the sigmoids. Its weights start so large that many \
outputs are quite wrong: there squared error hardly learns.

In the race named outputs / sum, B divides its ten outputs by their sum, so that they add up to 1. \
It starts more slowly still: the sum is large at first, and every gradient is divided by it too. \
In longer runs it overtakes A. The note's own B stays below its A, because its gradient leaves out \
the derivative of the division."""

    def entrants(self, state: State) -> dict[str, Experiment]:
        first, second = PAIRS[state["race"]]
        if state["race"] == "first note":
            rate = float(state["rate"])
            return {
                f"{first} at {rate:g}": note_of(first, learning_rate=rate),
                second: note_of(second),
            }
        return {named(first): short(first), named(second): short(second)}

    def answer(self) -> Answer:
        squared, entropy = (run.test for run in self.trials(self.start()))
        ahead = squared - entropy
        choice = 2 if abs(ahead) <= 0.1 else 0 if ahead > 0 else 1
        return Answer(choice, f"Squared error {squared:.2f}%, cross-entropy {entropy:.2f}%.")

    def check(self, state: State) -> Verdict:
        squared, second = self.trials(state)
        gap = second.test - squared.test
        if state["race"] == "outputs / sum":
            return Verdict(False, "both runs of this race have a squared error.")
        return Verdict(gap > GAP, f"squared error ends {behind(gap)}.")

    def solution(self) -> Solution:
        squared, entropy = self.trials({"race": "tanh net", "rate": 3.0})
        return Solution(
            f"The race named tanh net: {squared.test:.1f}% against {entropy.test:.1f}%. Its"
            " outputs start far from 1/2, where the sigmoid is flat.",
            {"race": "tanh net"},
        )
