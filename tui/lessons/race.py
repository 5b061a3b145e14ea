"""Lessons that race two training runs: same axes, same pace, one difference."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from nn.recipes import load_recipe
from tui.lessons.figures import Chart, Curve, Figure, Lines
from tui.lessons.lesson import Lesson, State, experiment
from tui.lessons.training import Trial, race, trial
from tui.recording.experiment import Experiment

SHORT = {
    "limit": 10_000,
    "epochs": 10,
    "eval_epochs": 1,
    "patience": 0,
}
"""What makes of a recipe a run of some seconds: 10,000 images, ten epochs, no early stopping."""

LETTERS, SPLITS = "AB", ("test", "validation", "train")


def short(recipe: str, **changes: object) -> Experiment:
    """A recipe as a run of some seconds."""
    return experiment(recipe, **{**SHORT, **changes})


def named(recipe: str) -> str:
    """The name of a recipe without that of its library, so that it fits."""
    return recipe.removeprefix("lincoln-")


class RaceLesson(Lesson):
    """Trains the runs of `entrants` side by side when the prediction is made."""

    revealing = True

    @abstractmethod
    def entrants(self, state: State) -> dict[str, Experiment]:
        """The runs by what they are called; the one that Train opens is the last."""

    def trials(self, state: State) -> list[Trial]:
        """The runs, trained to the end."""
        return [self.trial_of(state, each).finish() for each in self.entrants(state).values()]

    def trial_of(self, state: State, entrant: Experiment) -> Trial:
        """The run of an entrant."""
        return trial(entrant.config)

    def frames(self, state: State) -> Iterator[Sequence[Figure]]:
        """The picture after every evaluation."""
        trials = [self.trial_of(state, each) for each in self.entrants(state).values()]
        for _ in race(trials):
            yield self.picture(state, trials)
        yield self.picture(state, trials)

    def figures(self, state: State) -> Sequence[Figure]:
        """The picture at the end of the race."""
        return self.picture(state, self.trials(state))

    def picture(self, state: State, trials: Sequence[Trial]) -> Sequence[Figure]:
        """The accuracies of these runs, as far as they were trained."""
        return [chart_of(trials), self.table(state, trials)]

    def table(self, state: State, trials: Sequence[Trial]) -> Lines:
        """The last accuracies, and below them those that the notes printed of the full runs."""
        entrants = self.entrants(state)
        lines = [f"{'%':<21}epoch  train   test"]
        for letter, name, run in zip(LETTERS, entrants, trials, strict=False):
            lines.append(f"{letter} {name:<19}{_scores(run)}")
        notes = [
            f"{letter} {band}"
            for letter, each in zip(LETTERS, entrants.values(), strict=False)
            if (band := published_test(each.recipe))
        ]
        return Lines((*lines, f"note, in full: {'  '.join(notes)}") if notes else tuple(lines))

    def experiments(self, state: State) -> tuple[Experiment, ...]:
        """The runs of the race, the last one first."""
        return tuple(reversed(self.entrants(state).values()))


def behind(gap: float) -> str:
    """By how many points a run is behind, or ahead where the gap is negative."""
    return f"{abs(gap):.1f} points {'behind' if gap > 0 else 'ahead'}"


def chart_of(trials: Sequence[Trial], measure: str = "accuracy") -> Chart:
    """The accuracy in percent, or the loss, of each run on each part of the data, by epoch.

    Where several runs are shown, the letter of each stands before its curves.
    """
    letters = [f"{letter} " for letter in LETTERS] if len(trials) > 1 else [""]
    curves = [
        Curve(f"{letter}{split}", *points)
        for letter, run in zip(letters, trials, strict=False)
        for split in SPLITS
        if len((points := run.curve(split, measure))[0])
    ]
    label = f"{measure}{', %' if measure == 'accuracy' else ''}, by epoch"
    return Chart("", tuple(curves), label, x_range=(1.0, float(trials[0].config.epochs)))


def published_test(recipe: str | None) -> str:
    """The test accuracy that the notes printed at the end, or its band, in percent; else empty."""
    found = load_recipe(recipe).published if recipe else ()
    last = [each for each in found if each.metric == "test_accuracy"][-1:]
    return "-".join(f"{100 * each:.1f}" for one in last for each in sorted({one.low, one.high}))


def _scores(run: Trial) -> str:
    if run.last is None or run.diverged:
        return f"{run.epochs:>5.0f}{'  diverged' * run.diverged}"
    train = "" if run.last.train is None else f"{100 * run.last.train.accuracy:.1f}"
    return f"{run.last.epoch:>5.0f} {train:>6} {100 * run.last.test.accuracy:>6.1f}"
