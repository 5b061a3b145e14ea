"""The numbers printed in the study notes, each where a lesson teaches it."""

from __future__ import annotations

import numpy as np
import pytest

from nn.network.model import build_model
from nn.recipes import load_recipe
from tui.lessons.catalogue import find_lesson, lessons
from tui.lessons.course.activations import value_and_slope
from tui.lessons.course.backpropagation import CLASS, NOTES, UNIT, after
from tui.lessons.course.batches import IMAGES, drawn, never_drawn
from tui.lessons.course.crossentropy import PAIRS, note_of, published
from tui.lessons.course.data import DRAWS, facts, moments
from tui.lessons.course.descent import METHODS, path, value
from tui.lessons.course.differences import FUNCTIONS, STEPS, errors
from tui.lessons.course.losses import OUTPUTS, losses, outputs, slopes
from tui.lessons.course.neuron import passes
from tui.lessons.course.simplenet import WEIGHTS, backpropagated, loss_at
from tui.lessons.course.softmax import softmax
from tui.lessons.course.training import STEPS as TESTED
from tui.lessons.course.training import the_run
from tui.lessons.course.vanishing import ratio
from tui.lessons.race import RaceLesson, named, short
from tui.lessons.training import trial


def test_data_sixteen_digits_and_three_scalings() -> None:
    assert facts().images.shape == (DRAWS, 16, 28, 28)
    assert facts().counts.sum() == 60_000 * 784
    mean, deviation = moments("none")
    assert (mean / 255, deviation / 255) == pytest.approx((0.1307, 0.3081), abs=5e-5)
    assert moments("/255") == pytest.approx((0.1307, 0.3081), abs=5e-5)
    assert moments("standardized") == pytest.approx((0, 1), abs=1e-6)
    assert 0 < moments("min-max")[0] < moments("/255")[0] + 0.01


def test_neuron_the_three_layer_net() -> None:
    found = passes(1.0, 0.5)
    np.testing.assert_allclose(found[-1][2], [0.31682708, 0.69627909], rtol=0, atol=5e-9)
    np.testing.assert_allclose(found[0][1], [0.3, 0.7, 1.1])
    assert "0.31682708 and 0.69627909" in find_lesson("neuron").explanation()


def test_activations_the_sigmoid_layer() -> None:
    x = np.array([-0.10321885, 0.4105985, 0.14404357, 1.45427351])
    values, gradients = value_and_slope("sigmoid", x)
    published = [0.47421817, 0.60123138, 0.53594876, 0.81065526]
    np.testing.assert_allclose(values, published, rtol=0, atol=5e-9)
    published = [0.2493353, 0.23975221, 0.24870769, 0.15349331]
    np.testing.assert_allclose(gradients, published, rtol=0, atol=5e-9)


def test_softmax_overflows_without_the_cure() -> None:
    state = {"temperature": 1.0, "added": 1000.0, "cure": "off"}
    assert np.isnan(softmax(state)).all()
    assert softmax({**state, "cure": "on"}).sum() == pytest.approx(1)
    plain = softmax({**state, "added": 0.0})
    np.testing.assert_allclose(plain, [0.01821127, 0.24519181, 0.73659691], atol=5e-9)


def test_losses_of_the_vector_of_the_notes() -> None:
    half, entropy = losses(OUTPUTS)
    assert half == pytest.approx(0.0975, abs=1e-15)
    assert entropy == pytest.approx(0.510825457099338, abs=1e-14)
    np.testing.assert_allclose(outputs(0.6), OUTPUTS)
    assert outputs(0.9).sum() == pytest.approx(1)
    assert "0.0975 and 0.5108" in find_lesson("losses").text()


def test_losses_the_gradient_of_squared_error_dies_through_a_sigmoid() -> None:
    a = np.array([-6.0, 0.0, 2.0])
    y, squared, crossed = slopes(a)
    np.testing.assert_allclose(squared, (y - 1) * y * (1 - y))
    np.testing.assert_allclose(crossed, y - 1)


def test_differences_of_the_notes() -> None:
    text = find_lesson("differences").text()
    assert "0.20000099999917254" in text
    code: dict[str, object] = {}
    exec(find_lesson("differences").code, code)
    forward = code["forward_difference"]
    assert callable(forward)
    assert forward(FUNCTIONS["parabola"], 10) == 0.3000009999976072


def test_differences_the_error_turns() -> None:
    forward = [errors("sigmoid", 1.0, h)[0] for h in STEPS]
    central = [errors("sigmoid", 1.0, h)[1] for h in STEPS]
    assert 0 < int(np.argmin(forward)) < int(np.argmin(central)) < len(STEPS) - 1
    assert forward[0] > 100 * min(forward)


def test_descent_on_the_bowl() -> None:
    points = path("bowl", "SGD", 0.1, 100)
    np.testing.assert_allclose(points[1], [-2.4, 3.2])
    assert np.abs(points[-1]).max() < 1e-8
    assert value("bowl", path("bowl", "SGD", 1.0, 20)[-1]) == pytest.approx(25)
    assert value("bowl", path("bowl", "SGD", 1.05, 20)[-1]) > 25


def test_descent_in_the_valley_the_velocity_pays() -> None:
    ends = {m: float(value("valley", path("valley", m, 0.1, 50)[-1])) for m in METHODS}
    assert ends["Nesterov"] < ends["momentum"] < ends["Adam"] < ends["SGD"]


def test_simplenet_logits_loss_and_gradient() -> None:
    """The note adds 1e-7 inside the logarithm, and prints eight digits of its weights."""
    logits, p, loss, gradient = backpropagated(WEIGHTS)
    published = [-0.10003145, -0.90182893, 1.23384788]
    np.testing.assert_allclose(logits, published, rtol=0, atol=2e-8)
    assert loss == loss_at(WEIGHTS) == pytest.approx(0.3232550250958044, abs=2e-7)
    assert -np.log(p[2] + 1e-7) == pytest.approx(0.3232550250958044, abs=1e-9)
    moved = WEIGHTS.copy()
    moved[1, 2] += 1e-6
    assert (loss_at(moved) - loss) / 1e-6 == pytest.approx(gradient[1, 2], rel=1e-4)
    assert "loss 0.323255" in find_lesson("simplenet").text().replace("\n", " ")


def test_backpropagation_every_part_follows_from_its_formula() -> None:
    taken, nudge = after(3)
    found = {stage.name: stage.array for stage in taken.stages}
    assert nudge.index == (UNIT, CLASS)
    assert nudge.numerical == pytest.approx(found["dW2"][UNIT, CLASS], rel=1e-6)
    targets = np.eye(10)[[5, 0, 4, 1, 9]]  # the first five labels of the training set
    np.testing.assert_allclose(found["dy"], (found["y"] - targets) / 5, atol=1e-12)
    np.testing.assert_allclose(found["dW2"], found["z1"].T @ found["dy"])
    np.testing.assert_allclose(found["da1"], found["dz1"] * found["z1"] * (1 - found["z1"]))
    np.testing.assert_allclose(found["dW1"], found["x"].T @ found["da1"])
    np.testing.assert_allclose(found["db1"], found["da1"].sum(axis=0))
    assert after(4)[0].loss < taken.loss


def test_batches_with_replacement_leave_out_a_third() -> None:
    assert len(np.unique(drawn("shuffle"))) == IMAGES
    assert never_drawn() == pytest.approx(np.exp(-1), abs=0.01)


def test_vanishing_gradients() -> None:
    assert ratio("sigmoid", "Glorot") > 100
    assert ratio("sigmoid", "std 0.01") > 1e6
    assert 1 / 4 < ratio("relu", "He") < 4


def test_backpropagation_the_layers_of_the_table() -> None:
    sizes = [layer.parameters for layer in build_model(NOTES).summary() if layer.parameters]
    assert sizes == [39_250, 510]
    assert "39,760 weights" in find_lesson("backpropagation").question


def test_training_is_the_run_of_the_notes() -> None:
    assert find_lesson("training").experiments({})[0].config == load_recipe("two-layer-net").config
    assert TESTED[:3] == (1, 601, 1201)
    assert TESTED[-2:] == (9601, 10_000)


@pytest.mark.slow
def test_training_reaches_what_the_notes_printed() -> None:
    run = the_run().finish()
    accuracies = dict(zip(TESTED, run.curve("test")[1], strict=True))
    assert accuracies[9601] == pytest.approx(94.65, abs=0.5)
    assert len(run.losses) == 10_000


def test_crossentropy_prints_the_accuracies_of_the_first_note() -> None:
    assert published("sigmoid-mse") == pytest.approx({1: 84.25, 5: 91.95, 10: 93.61})
    assert published("sigmoid-bce") == pytest.approx({1: 79.07, 5: 90.49, 10: 92.66})


@pytest.mark.slow
def test_crossentropy_reaches_them() -> None:
    for recipe in PAIRS["first note"]:
        run = trial(note_of(recipe).config).finish()
        for each in load_recipe(recipe).published:
            if each.metric == "test_accuracy" and each.epoch in (1, 5, 10):
                got = run.evaluations[each.epoch - 1].test.accuracy
                assert each.low - each.tolerance <= got <= each.high + each.tolerance


BANDS = {
    "mse": "57.2-72.8",
    "mse-normalized": "41.7-62.5",
    "sigmoid": "91.0-92.6",
    "relu": "71.8-76.4",
    "tanh": "90.9-91.0",
    "momentum-sigmoid": "92.0-94.1",
    "momentum": "95.4",
    "linear-decay": "94.8-96.0",
    "exponential-decay": "94.8-96.1",
    "glorot-linear": "96.7",
    "glorot-exponential": "96.5-97.5",
    "dropout": "96.8-97.0",
    "deep-dropout": "97.2-97.3",
    "deep": "94.5-96.1",
}


def test_all_fourteen_runs_of_the_fifth_note_are_raced_beside_what_it_printed() -> None:
    raced = set()
    for lesson in lessons():
        if isinstance(lesson, RaceLesson):
            for setting in lesson.knobs[0].settings:
                state = {**lesson.start(), lesson.knobs[0].name: setting}
                runs = lesson.entrants(state).values()
                trials = [lesson.trial_of(state, each) for each in runs]  # not trained
                table = "\n".join(lesson.table(state, trials).lines)
                for recipe in filter(None, (each.recipe for each in runs)):
                    raced.add(recipe)
                    assert BANDS.get(named(recipe), "note, in full: A 94.7  B 94.4") in table
    assert raced == {f"lincoln-{name}" for name in BANDS} | {"sigmoid-mse", "sigmoid-bce"}


def test_numbers_that_are_typed_in_questions_and_hints() -> None:
    whole = find_lesson("training").experiments({})[0].config
    assert (whole.steps, whole.batch_size) == (10_000, 100)
    assert short("lincoln-momentum").config.momentum == 0.9
    assert short("lincoln-momentum").config.epochs == 10
    assert (2 / (784 + short("lincoln-glorot-linear").config.hidden[0])) ** 0.5 == pytest.approx(
        0.05, abs=0.003
    )
    assert load_recipe("lincoln-momentum").config.epochs == 50
    assert load_recipe("sigmoid-mse").config.epochs == 30
