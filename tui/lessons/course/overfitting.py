"""Lesson 16: overfitting."""

from __future__ import annotations

from collections.abc import Sequence

from tui.lessons.figures import Figure
from tui.lessons.lesson import Answer, Knob, Solution, State, Verdict, experiment, nearest
from tui.lessons.race import RaceLesson, chart_of, named, published_test, short
from tui.lessons.training import Trial, trial
from tui.recording.experiment import Experiment

FEW = 300
GAP, LEAST = 8, 85
OWN, SHUFFLED = "few images", "shuffled labels"
PAIRS = {
    "dropout": ("lincoln-glorot-exponential", "lincoln-dropout"),
    "deeper": ("lincoln-glorot-exponential", "lincoln-deep"),
    "deep dropout": ("lincoln-deep", "lincoln-deep-dropout"),
}
VALIDATION = {
    "none": {},
    "watch": {"validation": 0.2},
    "stop": {"validation": 0.2, "patience": 3},
}


def own(
    images: int = FEW, decay: float = 0.0, dropout: float = 0.0, **changes: object
) -> Experiment:
    """784-100-10 on a few images, by plain SGD."""
    few = {
        "limit": images,
        "hidden": (100,),
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "schedule": "constant",
        "batch_size": 50,
        "epochs": 60,
        "eval_epochs": 2,
        "weight_decay": decay,
        "dropout": dropout,
    }
    return experiment(None, **{**few, **changes})


class Overfitting(RaceLesson):
    number, name, title = 16, "overfitting", "Overfitting"
    idea = "A network may know its training images by heart and yet not know other digits."
    knobs = (
        Knob("run", (OWN, SHUFFLED, *PAIRS), OWN),
        Knob("images", (FEW, 1000, 3000), FEW),
        Knob("decay", (0.0, 0.001, 0.01, 0.1), 0.0),
        Knob("dropout", (0.0, 0.2, 0.5), 0.0),
        Knob("validation", tuple(VALIDATION), "none"),
        Knob("show", ("accuracy", "loss"), "accuracy"),
    )
    question = f"A network knows {FEW} images by heart. How many other digits does it recognize?"
    choices = ("nearly all", "about 80%", "about 50%")
    task = (
        f"In the run named {OWN}, bring the gap between training and test accuracy below {GAP}"
        f" points, with a test above {LEAST}%."
    )
    hints = (
        "Weight decay and dropout narrow the gap. Something else does more than both.",
        "Take 3000 images, and a decay of 0.01 or a dropout of 0.5.",
    )
    train = "The fields limit, weight_decay, dropout, validation and patience do the same there."
    code = """\
from nn.config import TrainConfig; from nn.data.dataset import load_dataset
from nn.training.trainer import Trainer
remedies = {"weight_decay": 0.01, "dropout": 0.5, "patience": 3}
config = TrainConfig(limit=300, validation=0.2, **remedies)
for event in Trainer(config, load_dataset()).events(): print(event)"""

    def text(self) -> str:
        config = own().config
        return f"""\
A network 784-100-10 learns from {FEW} images for {config.epochs} epochs, and is tested on 10,000 \
others. Where it is right on what it learned from and wrong on the rest, it overfits: it learned \
these images, not the digits.

Against it:
  more images   the best, if any
  weight decay  g <- g + decay * w
  dropout       each neuron is left
                out at random
  early stop    before it gets worse

Weight decay keeps the weights small. With dropout no neuron can rely on a single other one. To \
stop early, a fifth of the images is held out: the validation images. The knob named validation \
shows their curve (watch), or lets their loss end the run (stop), so that the test images stay \
unseen until the end."""

    def explanation(self) -> str:
        run = trial(own().config, shuffled=True).finish()
        bands = "\n".join(
            f"  {named(name):<18} {published_test(name):>9}"
            for name in dict.fromkeys(name for pair in PAIRS.values() for name in pair)
        )
        return f"""\
Shuffled labels: each image gets the label of another one, and there is nothing to understand. The \
network has {run.curve("train")[1][-1]:.0f}% of them right, by heart, and {run.test:.1f}% of the \
test images, which is guessing. So a high accuracy on training images proves nothing by itself. \
(Train has no shuffled labels; key t opens the run with the true ones.)

Show the loss: where that of the test rises while that of training falls, the network overfits.

Why three parts of the data: training, validation and test images? Whatever is chosen by a part - \
when to stop, which dropout - looks too good on that part. So choose by validation, and report the \
test once. The fifth study note \
stops by the test images; its numbers, of full runs, are therefore a little too high:
{bands}

The races are these runs on 10,000 images for ten epochs. Dropout has not paid by then: it makes \
learning slower. In the full runs of the note it pays for the deep network, and hardly for the \
other."""

    def entrants(self, state: State) -> dict[str, Experiment]:
        if state["run"] in PAIRS:
            return {named(name): short(name) for name in PAIRS[state["run"]]}
        found = own(
            int(state["images"]),
            float(state["decay"]),
            float(state["dropout"]),
            **VALIDATION[state["validation"]],
        )
        return {f"{state['images']} images": found}

    def trial_of(self, state: State, entrant: Experiment) -> Trial:
        return trial(entrant.config, shuffled=state["run"] == SHUFFLED)

    def picture(self, state: State, trials: Sequence[Trial]) -> Sequence[Figure]:
        return [chart_of(trials, state["show"]), self.table(state, trials)]

    def answer(self) -> Answer:
        (run,) = self.trials(self.start())
        choice = nearest(run.test, (98, 80, 50))
        return Answer(choice, f"{run.test:.1f}% of the test images.")

    def check(self, state: State) -> Verdict:
        if state["run"] != OWN:
            return Verdict(False, f"this is not the run named {OWN}.")
        (run,) = self.trials(state)
        train = run.curve("train")[1][-1]
        gap = float(train - run.test)
        measured = f"test {run.test:.1f}%, gap {gap:.1f} points."
        return Verdict(gap < GAP and run.test > LEAST, measured)

    def solution(self) -> Solution:
        state = {**self.start(), "images": 3000, "decay": 0.01}
        (run,) = self.trials(state)
        return Solution(
            f"3000 images and a decay of 0.01: {run.test:.1f}% of the test images. More data is the"
            " best remedy, where it can be had.",
            {"images": 3000, "decay": 0.01},
        )
