"""Each figure shows what its title claims, of saved runs and of recipes that are trained for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nn.analysis.numerical import central_difference
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.events import EpochCompleted
from nn.recipes import Recipe, load_recipe, parse_recipe
from nn.storage.runs import list_runs
from nn.training.trainer import Trainer
from tui.cli.figure_runs import DrawnRun
from tui.figures import functions, training
from tui.figures.catalogue import FIGURES
from tui.figures.picture import NothingToDrawError, Picture
from tui.lessons.course.differences import parabola
from tui.lessons.figures import Chart, Curve, Digits, Lines, Surface, Table


def chart_of(picture: Picture, panel: int = 0) -> Chart:
    found = picture.panels[panel]
    assert isinstance(found, Chart)
    return found


def curves_of(chart: Chart) -> dict[str, Curve]:
    return {curve.name: curve for curve in chart.curves if curve.name}


# Without a run


def test_activations_with_their_derivatives() -> None:
    picture = functions.activations()
    assert [chart_of(picture, i).title for i in range(3)] == ["sigmoid", "tanh", "ReLU"]
    for i, steepest in enumerate((0.25, 1.0, 1.0)):
        curves = curves_of(chart_of(picture, i))
        x, value = (np.asarray(part) for part in (curves["value"].x, curves["value"].y))
        slope = np.asarray(curves["derivative"].y)
        assert slope.max() == pytest.approx(steepest)
        kink = np.abs(x) < 0.05
        np.testing.assert_allclose(np.gradient(value, x)[~kink], slope[~kink], atol=2e-3)


def test_tangents_touch_the_parabola_with_the_slopes_of_the_notes() -> None:
    chart = chart_of(functions.tangents())
    assert [curve.name for curve in chart.curves] == ["f(x)", "tangent at 5", "tangent at 10"]
    published = (0.20000099999917254, 0.3000009999976072)
    for slope, at in zip(published, (5, 10), strict=True):
        assert f"{slope:.6f} at {at}" in functions.tangents().title
    for at, slope, curve in zip((5, 10), (0.2, 0.3), chart.curves[1:], strict=True):
        x, line = np.asarray(curve.x), np.asarray(curve.y)
        assert np.interp(at, x, line) == pytest.approx(parabola(at))
        assert np.diff(line) / np.diff(x) == pytest.approx(slope, abs=2e-6)
        assert central_difference(parabola, at) == pytest.approx(slope)


def test_surface_contours_and_path_are_of_the_same_function() -> None:
    (surface,) = functions.surface().panels
    assert isinstance(surface, Surface)
    x, y = np.meshgrid(surface.x, surface.y)
    np.testing.assert_allclose(surface.z, x**2 + y**2)
    chart = chart_of(functions.contour())
    heights = [np.asarray(c.x) ** 2 + np.asarray(c.y) ** 2 for c in chart.curves if not c.name]
    found = [float(np.nanmean(height)) for height in heights]
    assert [f"{height:g}" for height in found] == ["1", "5", "12.5", "22.5"]
    assert "1, 5, 12.5, 22.5" in chart.title
    assert all(np.nanstd(height) < 1e-9 for height in heights)
    assert chart.arrows is not None
    against = np.stack([chart.arrows.x, chart.arrows.y]) * -2
    np.testing.assert_allclose(np.stack([chart.arrows.dx, chart.arrows.dy]), against)
    steps = chart_of(functions.descent()).curves[-1]
    points = np.stack([steps.x, steps.y], axis=1)
    np.testing.assert_allclose(points[:2], [[-3, 4], [-2.4, 3.2]])
    assert len(points) == 101
    assert np.abs(points[-1]).max() < 1e-8


# Of runs


def tiny_recipe(name: str, folder: Path, **fields: object) -> Recipe:
    lines = [f"{field} = {value!r}" for field, value in fields.items()]
    text = f'description = "-"\nsource = "-"\n[train]\ndata_dir = "{folder}"\n' + "\n".join(lines)
    return parse_recipe(name, text)


@pytest.fixture
def practice(tiny_folder: Path, tmp_path: Path) -> list[DrawnRun]:
    """Two recipes as those of the first note, on data that are learned in no time."""
    fields = {"hidden": "8", "batch_size": 40, "epochs": 3, "threads": 1, "processes": 1}
    losses = ("squared-error", "binary-cross-entropy")
    recipes = [
        tiny_recipe(name, tiny_folder, loss=loss, **fields)
        for name, loss in zip(("mse", "bce"), losses, strict=True)
    ]
    return [DrawnRun.of_recipe(recipe, tmp_path / "runs", tmp_path / "runs") for recipe in recipes]


def test_two_runs_have_four_lines_of_accuracy_and_a_loss_each(practice: list[DrawnRun]) -> None:
    chart = chart_of(training.accuracy(practice))
    names = ["mse, train", "mse, test", "bce, train", "bce, test"]
    assert list(curves_of(chart)) == names
    trainer = Trainer(practice[1].config, practice[1].dataset)
    ends = [event for event in trainer.events() if isinstance(event, EpochCompleted)]
    expected = [100 * end.evaluation.test.accuracy for end in ends if end.evaluation]
    assert list(curves_of(chart)["bce, test"].y) == pytest.approx(expected)
    assert (chart.x_label, chart.y_label) == ("epoch", "accuracy, %")
    losses = training.loss(practice)
    assert [chart_of(losses, i).y_label for i in range(2)] == [
        "loss (squared-error)",
        "loss (binary-cross-entropy)",
    ]
    assert [chart_of(losses, i).title for i in range(2)] == ["mse", "bce"]
    assert list(curves_of(chart_of(losses))) == ["train", "test"]
    assert losses.name == "loss-mse+bce"
    alike = training.loss([practice[0], practice[0]])
    assert len(alike.panels) == 1, "losses of one kind share their axes"


def test_a_run_that_was_trained_for_a_figure_is_used_by_the_next(
    practice: list[DrawnRun], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = practice[0]
    assert first.saved is None
    curve = chart_of(training.accuracy([first])).curves[1]
    assert capsys.readouterr().err == "training mse: no run of it is saved\n"
    losses = first.step_losses
    assert [step for step, _ in losses] == list(range(1, len(losses) + 1))
    assert capsys.readouterr().err == "", "one training is enough for both"
    (saved,) = list_runs(tmp_path / "runs")[0]
    again = DrawnRun(first.name, saved, first.experiment, None)
    assert list(chart_of(training.accuracy([again])).curves[1].y) == list(curve.y)
    ours, theirs = (run.predictor.model.parameters for run in (first, again))
    np.testing.assert_array_equal(ours, theirs)
    assert capsys.readouterr().err == ""
    assert again.step_losses == losses, "the same run, trained once more"
    assert "training mse once more" in capsys.readouterr().err
    assert len(list_runs(tmp_path / "runs")[0]) == 1, "which is not saved a second time"


def test_only_a_complete_and_unchanged_run_stands_for_its_recipe(
    practice: list[DrawnRun], tiny_folder: Path, tmp_path: Path
) -> None:
    assert practice[0].history.finished is not None
    fields = {"hidden": "8", "batch_size": 40, "epochs": 3, "loss": "squared-error"}
    same = tiny_recipe("mse", tiny_folder, **fields, threads=2)
    assert DrawnRun.of_recipe(same, tmp_path / "runs", None).saved is not None
    for other in ({"epochs": 4}, {"seed": 1}, {"hidden": "9"}):
        changed = tiny_recipe("mse", tiny_folder, **{**fields, **other})
        assert DrawnRun.of_recipe(changed, tmp_path / "runs", None).saved is None
    another = tiny_recipe("another", tiny_folder, **fields)
    assert DrawnRun.of_recipe(another, tmp_path / "runs", None).saved is None


def test_predictions_and_mistakes(practice: list[DrawnRun]) -> None:
    run = practice[1]
    test, found = run.dataset.test, run.predictor.predict(run.dataset.test).predicted
    (grid,) = training.predictions(run, 1).panels
    assert isinstance(grid, Digits)
    assert (len(grid.images), grid.columns) == (25, 5)
    known = {image.tobytes(): i for i, image in enumerate(test.images)}
    chosen = [known[image.reshape(-1).tobytes()] for image in grid.images]
    assert len(set(chosen)) == 25
    assert list(grid.captions) == [f"{found[i]}, {test.labels[i]}" for i in chosen]
    (other,) = training.predictions(run, 2).panels
    assert isinstance(other, Digits)
    assert (other.images != grid.images).any()
    wrong = int((found != test.labels).sum())
    picture = training.mistakes(run, 1)
    assert picture.title.startswith(f"{min(25, wrong)} of {wrong} mistake")
    (mistaken,) = picture.panels
    if wrong:
        assert isinstance(mistaken, Digits)
        assert all(len(set(caption.split(", "))) == 2 for caption in mistaken.captions)
    else:
        assert isinstance(mistaken, Lines)


def test_sixteen_training_digits(mnist: Dataset) -> None:
    (grid,) = training.digits("MNIST", mnist.train, 3).panels
    assert isinstance(grid, Digits)
    assert (len(grid.images), grid.columns) == (16, 4)
    for image, caption in zip(grid.images, grid.captions, strict=True):
        rows = (mnist.train.images == image.reshape(-1)).all(axis=1)
        assert f"label {mnist.train.labels[rows][0]}" == caption


def test_the_table_of_layers_of_the_notes(tmp_path: Path) -> None:
    run = DrawnRun.of_recipe(load_recipe("keras-adam"), tmp_path, tmp_path)
    (table,) = training.layers(run).panels
    assert isinstance(table, Table)
    assert [row[2] for row in table.rows] == ["39,250", "0", "510", "39,760"]
    assert list_runs(tmp_path)[0] == [], "nothing is trained for it"


def test_a_run_without_evaluations_has_no_curve(practice: list[DrawnRun]) -> None:
    run = practice[0]
    run.history.evaluations.clear()
    with pytest.raises(NothingToDrawError, match="accuracy: mse was never evaluated"):
        training.accuracy([run])


def test_steps_of_a_run_whose_rate_was_changed_by_hand_cannot_be_repeated(
    practice: list[DrawnRun], tmp_path: Path
) -> None:
    assert practice[0].history.rate_changes == []
    (saved,) = list_runs(tmp_path / "runs")[0]
    run = DrawnRun("mse", saved, practice[0].experiment, None)
    run.history.rate_changes.append(object())  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="changed by hand"):
        assert run.step_losses


def test_every_figure_of_the_notes_names_recipes_that_exist() -> None:
    for figure in FIGURES.values():
        assert figure.needs_run == bool(figure.recipes)
        for name in (*figure.recipes, *(figure.only_of or ())):
            assert load_recipe(name).name == name
