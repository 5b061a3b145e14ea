"""The figures that there are, each with what it needs and the recipes that the notes draw it of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tui.figures import functions, training
from tui.figures.picture import FigureRun, Picture
from tui.images.datasets import load_dataset

Draw = Callable[[Sequence[FigureRun], int], Iterator[Picture]]
"""The pictures of some runs; the number chooses which images are drawn at random."""


@dataclass(frozen=True)
class Description:
    """A figure: its name, what it shows, and how it is drawn.

    `needs_run` is whether it is of runs. Where none is named, it is drawn of `recipes`, as in the
    notes. `only_of` names the recipes among whose figures it is, where it is not of all runs.
    """

    name: str
    about: str
    draw: Draw
    needs_run: bool = False
    recipes: tuple[str, ...] = ()
    only_of: tuple[str, ...] | None = None

    def belongs_to(self, recipe: str | None) -> bool:
        """Whether it is drawn of a run of this recipe even if it is not named."""
        return self.needs_run and (self.only_of is None or recipe in self.only_of)


def _once(draw: Callable[[], Picture]) -> Draw:
    return lambda runs, number: iter([draw()])


def _together(draw: Callable[[Sequence[FigureRun]], Picture]) -> Draw:
    return lambda runs, number: iter([draw(runs)])


def _each(draw: Callable[[FigureRun], Picture]) -> Draw:
    return lambda runs, number: map(draw, runs)


def _each_random(draw: Callable[[FigureRun, int], Picture]) -> Draw:
    return lambda runs, number: (draw(run, number) for run in runs)


def _digits(runs: Sequence[FigureRun], number: int) -> Iterator[Picture]:
    """Those of each dataset once; without a run, those of MNIST."""
    datasets = {run.dataset.sha256: run.dataset for run in runs} or {"": load_dataset()}
    several = len(datasets) > 1
    for data in datasets.values():
        picture = training.digits(data.name, data.train, number)
        yield Picture(f"digits-{data.name}", picture.title, picture.panels) if several else picture


_BOOK = ("two-layer-net", "two-layer-net-minmax")
_ALL = (
    Description("digits", "sixteen random training digits", _digits),
    Description(
        "activations", "sigmoid, tanh and ReLU with their derivatives", _once(functions.activations)
    ),
    Description(
        "tangent", "f(x) = 0.01 x^2 + 0.1 x with tangents at 5 and 10", _once(functions.tangents)
    ),
    Description("surface", "x0^2 + x1^2 over the plane", _once(functions.surface)),
    Description(
        "contour", "its contours, and arrows against its gradient", _once(functions.contour)
    ),
    Description("path", "gradient descent on it from (-3, 4)", _once(functions.descent)),
    Description("layers", "the table of layers", _each(training.layers), True, ("keras-adam",)),
    Description(
        "loss", "the loss by epoch", _together(training.loss), True, ("sigmoid-mse", "sigmoid-bce")
    ),
    Description(
        "accuracy",
        "training and test accuracy by epoch, four lines for two runs",
        _together(training.accuracy),
        True,
        ("sigmoid-mse", "sigmoid-bce"),
    ),
    # The losses of single steps are not saved, so a saved run is trained again for it.
    Description(
        "steps", "the training loss of every step", _each(training.steps), True, _BOOK[:1], _BOOK
    ),
    Description(
        "predictions",
        "25 random test digits, predicted and label",
        _each_random(training.predictions),
        True,
        ("sigmoid-bce",),
    ),
    Description(
        "mistakes",
        "25 mistakes, predicted and label",
        _each_random(training.mistakes),
        True,
        ("sigmoid-bce",),
    ),
)
FIGURES = {figure.name: figure for figure in _ALL}
"""All figures, in the order in which they are drawn."""
