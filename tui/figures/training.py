"""The figures of a run: its curves, what it gets right and wrong, and its layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.network.model import build_model
from nn.spec import DataSpec
from tui.figures.picture import FigureRun, NothingToDrawError, Picture
from tui.formatting import count
from tui.lessons.figures import Chart, Curve, Digits, Figure, Lines, Table

FEW, MANY = 16, 25  # images of the two grids of the notes
_SPLITS = ("train", "validation", "test")
_MOST_NAMES = 3  # of runs in the name of a file


def loss(runs: Sequence[FigureRun]) -> Picture:
    """The losses of every evaluation; losses of different kinds have axes of their own."""
    kinds = list(dict.fromkeys(run.config.loss for run in runs))
    panels = []
    for kind in kinds:
        alike = [run for run in runs if run.config.loss == kind]
        curves = _curves(alike, "loss", 1, several=len(alike) > 1)
        title = ", ".join(run.name for run in alike) if len(kinds) > 1 else ""
        panels.append(Chart(title, curves, "epoch", f"loss ({kind})", y_range=(0, 0)))
    return Picture(f"loss-{_joined(runs)}", f"Loss: {_listed(runs)}", tuple(panels))


def accuracy(runs: Sequence[FigureRun]) -> Picture:
    """The accuracies of every evaluation, of all runs on one pair of axes."""
    curves = _curves(runs, "accuracy", 100, several=len(runs) > 1)
    chart = Chart("", curves, "epoch", "accuracy, %")
    return Picture(f"accuracy-{_joined(runs)}", f"Accuracy: {_listed(runs)}", (chart,))


def _curves(
    runs: Sequence[FigureRun], metric: str, factor: float, *, several: bool
) -> tuple[Curve, ...]:
    curves = []
    for run in runs:
        for split in _SPLITS:
            epochs, values = run.history.curve(split, metric)
            if epochs:
                name = f"{run.name}, {split}" if several else split
                curves.append(Curve(name, epochs, factor * np.array(values), dotted=True))
    if not curves:
        raise NothingToDrawError(f"{metric}: {_listed(runs)} was never evaluated")
    return tuple(curves)


def steps(run: FigureRun) -> Picture:
    """The training loss of each step."""
    made = run.step_losses
    if not made:
        raise NothingToDrawError(f"steps: {run.name} has made no step")
    curve = Curve("batch", [step for step, _ in made], [loss for _, loss in made])
    chart = Chart("", (curve,), "step", "loss of the batch", y_range=(0, 0))
    return Picture(f"steps-{run.name}", f"Training loss of every step: {run.name}", (chart,))


def digits(name: str, split: Split, draw: int) -> Picture:
    """Random training images with their labels."""
    chosen = np.random.default_rng(draw).choice(len(split), min(FEW, len(split)), replace=False)
    captions = tuple(f"label {split.spec.named(label)}" for label in split.labels[chosen])
    grid = Digits(_images(split, chosen), captions, 4)
    return Picture("digits", f"{len(chosen)} random training images of {name}", (grid,))


def predictions(run: FigureRun, draw: int) -> Picture:
    """Random test images, each with what the network takes it for and what it is."""
    split = run.dataset.test
    chosen = np.random.default_rng(draw).choice(len(split), min(MANY, len(split)), replace=False)
    title = f"{len(chosen)} random test images (predicted, label): {run.name}"
    return Picture(f"predictions-{run.name}", title, (_predicted(run, split, chosen),))


def mistakes(run: FigureRun, draw: int) -> Picture:
    """Random test images among those that the network takes for something else."""
    split = run.dataset.test
    wrong = np.flatnonzero(run.predictor.predict(split).predicted != split.labels)
    rng = np.random.default_rng(draw)
    chosen = np.sort(rng.choice(wrong, min(MANY, len(wrong)), replace=False))
    grid: Figure = Lines(("no test image is taken for another digit",))
    if len(chosen):
        grid = _predicted(run, split, chosen)
    title = f"{len(chosen)} of {count(len(wrong), 'mistake')} (predicted, label): {run.name}"
    return Picture(f"mistakes-{run.name}", title, (grid,))


def _predicted(run: FigureRun, split: Split, chosen: Array) -> Digits:
    predicted = run.predictor.predict(split[chosen]).predicted
    pairs = zip(predicted, split.labels[chosen], strict=True)
    names = split.spec.names
    return Digits(
        _images(split, chosen),
        tuple(f"{names[guess]}, {names[label]}" for guess, label in pairs),
        5,
    )


def _images(split: Split, chosen: Array) -> Array:
    return split.images[chosen].reshape(len(chosen), *split.spec.shape)


def layers(run: FigureRun) -> Picture:
    """The layers with their output shapes and parameters, and the sum of these."""
    rows = layer_rows(run.config, run.spec)
    table = Table(("layer", "output", "parameters"), tuple(rows))
    return Picture(f"layers-{run.name}", f"Layers: {run.name}", (table,))


def layer_rows(config: TrainConfig, spec: DataSpec) -> list[tuple[str, str, str]]:
    """Name, output shape and number of parameters of every layer, and their total."""
    found = build_model(config, spec, rng=np.random.default_rng(config.seed)).summary()
    rows = [
        (layer.name, "x".join(map(str, layer.output_shape)), f"{layer.parameters:,}")
        for layer in found
    ]
    return [*rows, ("total", "", f"{sum(layer.parameters for layer in found):,}")]


def _listed(runs: Sequence[FigureRun]) -> str:
    return ", ".join(run.name for run in runs)


def _joined(runs: Sequence[FigureRun]) -> str:
    """The names of some runs for the name of a file."""
    names = [run.name for run in runs[:_MOST_NAMES]]
    more = len(runs) - len(names)
    return "+".join([*names, f"{more}-more"] if more else names)
