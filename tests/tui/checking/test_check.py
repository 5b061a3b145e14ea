"""A learner's network is compared with the reference: mistakes are named, right code passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn.data.dataset import Dataset, Split
from nn.network.layers import Linear, Sigmoid
from nn.network.losses import CrossEntropy
from tests.support.learner_mistakes import MISTAKES, PENALTIES
from tests.support.learner_networks import CORRECT, NETWORK, NO_UPDATE, Mutation, changed
from tui.checking.departure import departure
from tui.checking.learner import Learner
from tui.checking.mistakes import CATALOGUE
from tui.checking.reference import Model, Problem, evaluate
from tui.checking.report import Report, check_observation
from tui.checking.request import BATCH, make_request, reference_arrays
from tui.checking.sandbox import Observation


@pytest.fixture
def checked(tmp_path: Path, mnist: Dataset, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Check a source text in this process: the command does the same in another one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    monkeypatch.setattr("sys.argv", [])

    def check(source: str, *, steps: int = 3, data: Dataset = mnist) -> Report:
        path = tmp_path / "network.py"
        path.write_text(source, encoding="utf-8")
        request = make_request(data)
        request |= {name: request[name][: steps * BATCH] for name in ("images", "labels")}
        learner = Learner(path, request)
        learner.collect()
        return check_observation(path, Observation(learner.arrays, learner.facts), data)

    return check


@pytest.fixture
def few(mnist: Dataset, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The training images of which a thousand are looked at: what the learner's file loads."""
    images, labels = mnist.train.images[:2000], mnist.train.labels[:2000]
    few = replace(mnist, train=Split(images, labels))
    monkeypatch.setattr("nn.data.dataset.load_dataset", lambda: few)
    return few


@pytest.mark.parametrize(
    "mutation",
    [
        pytest.param(each, marks=[pytest.mark.slow] * (number % 4 > 0), id=each.mistake)
        for number, each in enumerate(MISTAKES + PENALTIES)
    ],
)
def test_a_mistake_is_named(mutation: Mutation, checked) -> None:  # type: ignore[no-untyped-def]
    report = checked(mutation.source)
    assert report.diagnosis.mistake == mutation.mistake
    assert [row.state for row in report.diagnosis.rows].count("wrong") > 0
    assert not report.right


_PASS = 'a1 = x @ p["W1"] + p["b1"]'
_OWN, _SHARED = "y = softmax(a2)\n        dy", "y = self.predict(x)\n        dy"


@pytest.mark.parametrize(
    ("place", "outputs"),
    [("predict", _OWN), ("gradient", _SHARED)],
    ids=["predict, two passes", "gradient, y from predict"],
)
@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (_PASS, f"x = x / 255; {_PASS}", "inputs scaled twice"),
        (_PASS, 'a1 = x @ p["W1"]', "bias of the hidden layer missing"),
        ("z1 = activation(a1)", "z1 = a1", "hidden activation missing"),
        ("z1 = activation(a1)", "z1 = np.maximum(a1, 0)", "another hidden activation"),
    ],
)
def test_a_mistake_in_one_of_two_passes_is_placed(  # type: ignore[no-untyped-def]
    old: str, new: str, mistake: str, place: str, outputs: str, checked
) -> None:
    before, predict, rest = NETWORK.partition("    def predict")
    rest, gradient, after = rest.partition("    def gradient")
    if place == "predict":
        rest = rest.replace(old, new, 1)
    else:
        after = after.replace(old, new, 1)
    report = checked(before + predict + rest + gradient + after.replace(_OWN, outputs))
    assert report.diagnosis.mistake == f"{mistake}, in {place} only"
    assert "wrong" in [row.state for row in report.diagnosis.rows]


@pytest.mark.parametrize("source", CORRECT.values(), ids=CORRECT)
def test_correct_code_is_not_accused(source: str, checked) -> None:  # type: ignore[no-untyped-def]
    report = checked(source)
    assert report.right, (report.diagnosis, report.findings)
    assert report.observation.facts["stage"] == "done"


def test_code_that_changes_the_working_directory_keeps_its_files(  # type: ignore[no-untyped-def]
    tmp_path: Path, checked
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "stage").write_text("precious", encoding="utf-8")
    assert checked(f"import os\nos.chdir({str(own)!r})\n{NETWORK}").right
    assert (own / "stage").read_text(encoding="utf-8") == "precious"
    assert (tmp_path / "stage").read_text(encoding="utf-8") == "done"


def test_every_mistake_of_the_catalogue_is_seeded() -> None:
    assert {m.name for m in CATALOGUE} == {m.mistake for m in MISTAKES}
    assert len(MISTAKES) >= 25


def test_the_reference_is_what_the_package_computes(mnist: Dataset) -> None:
    """The list of formulas against the layers that train."""
    request = make_request(mnist)
    arrays = reference_arrays(mnist, Model())
    p = {name: arrays[name] for name in ("W1", "b1", "W2", "b2")}
    one = Linear(p["W1"], p["b1"], np.zeros_like(p["W1"]), np.zeros_like(p["b1"]))
    two = Linear(p["W2"], p["b2"], np.zeros_like(p["W2"]), np.zeros_like(p["b2"]))
    activation, loss = Sigmoid(), CrossEntropy()
    outputs = two.forward(activation.forward(one.forward(request["x"])))
    assert loss.forward(outputs, request["t"]) == pytest.approx(float(arrays["loss"]))
    one.backward(activation.backward(two.backward(loss.backward())))
    for name, got in (
        ("dW1", one.grad_weight),
        ("db1", one.grad_bias),
        ("dW2", two.grad_weight),
        ("db2", two.grad_bias),
    ):  # fmt: skip
        np.testing.assert_allclose(got, arrays[name], rtol=1e-9, atol=1e-12)


DATA = """
from nn.data.dataset import load_dataset
import numpy as np


def load_data():
    train = load_dataset().train
    x, t = train.images / 255.0, train.labels.astype(int)
    return x, t
"""


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("train.images / 255.0", "train.images * 1.0", "pixels not scaled"),
        ("train.images / 255.0", "train.images / 255.0 / 255.0", "pixels scaled twice"),
        ("train.labels.astype(int)", "train.labels.astype(int) + 1", "labels off by one"),
        (
            "train.labels.astype(int)",
            "np.random.default_rng(0).permutation(train.labels)",
            "labels shuffled apart from the images",
        ),
        (
            "train.images / 255.0",
            "train.images.reshape(-1, 28, 28).transpose(0, 2, 1).reshape(-1, 784) / 255.0",
            "images transposed",
        ),
        ("train.images / 255.0", "train.images[:, ::4] / 255.0", "images of another shape"),
    ],
)
def test_what_is_wrong_with_the_data(  # type: ignore[no-untyped-def]
    old: str, new: str, mistake: str, few: Dataset, checked
) -> None:
    report = checked(NETWORK + DATA.replace(old, new), data=few)
    assert [finding.mistake for finding in report.findings] == [mistake]
    assert report.diagnosis.right


@pytest.mark.parametrize(
    "load",
    [
        "x, t = (train.images / 255.0 - 0.1307) / 0.3081, np.eye(10)[train.labels]",
        (
            "p = np.random.default_rng(0).permutation(len(train.labels));"
            " x, t = train.images[p] / 255, train.labels[p]"
        ),
    ],
    ids=["standardized, one-hot", "shuffled together"],
)
def test_correct_data_are_not_accused(load: str, few: Dataset, checked) -> None:  # type: ignore[no-untyped-def]
    line = "x, t = train.images / 255.0, train.labels.astype(int)"
    assert checked(NETWORK + DATA.replace(line, load), data=few).findings == []


def test_a_loader_of_another_kind_is_let_be(few: Dataset, checked) -> None:  # type: ignore[no-untyped-def]
    report = checked(NETWORK + "\nfrom nn.data.dataset import load_dataset\n", data=few)
    assert report.findings == []
    assert report.diagnosis.right


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ({"weight_init_std=0.01": "weight_init_std=0.0"}, "weights all the same"),
        ({"weight_init_std=0.01": "weight_init_std=1.0"}, "weights too large"),
        (
            {'a1 = x @ p["W1"] + p["b1"]': 'x /= 2\n        a1 = 2 * x @ p["W1"] + p["b1"]'},
            "arguments changed in place",
        ),
    ],
)
def test_what_surrounds_the_passes(lines: dict[str, str], mistake: str, checked) -> None:  # type: ignore[no-untyped-def]
    report = checked(changed(lines))
    assert mistake in [finding.mistake for finding in report.findings]


def test_a_rate_that_is_too_high(checked) -> None:  # type: ignore[no-untyped-def]
    report = checked(NETWORK + "\nlearning_rate = 200.0\n", steps=100)
    assert [finding.mistake for finding in report.findings] == ["learning rate too high"]
    assert checked(NETWORK + "\nlearning_rate = 0.3\n", steps=100).right


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("an L2 penalty", "L2 penalty, lambda = 0.01 of W1 and W2"),
        ("weight decay in the update", "weight decay of lambda = 0.01 of W1 and W2"),
    ],
)
def test_a_penalty_that_loss_and_gradient_share_is_told(name: str, words: str, checked) -> None:  # type: ignore[no-untyped-def]
    assert words in " ".join(checked(CORRECT[name]).record()["remarks"])


def test_an_overflowing_softmax_is_noted_but_not_accused(checked) -> None:  # type: ignore[no-untyped-def]
    report = checked(changed({"    a = a - a.max(axis=1, keepdims=True)\n": ""}))
    assert report.right
    assert "overflows" in " ".join(report.record()["remarks"])


@pytest.mark.parametrize(
    ("lines", "source", "words"),
    [
        ({'grads["b2"] = dy.sum(axis=0)': "pass"}, NO_UPDATE, "The gradient of b2 is missing"),
        ({'grads["W1"] = x.T @ da1': "pass"}, NETWORK, "The gradient of W1 is missing"),
        (
            {'grads["b1"] = da1': 'grads["x"] = da1', 'grads["b2"]': 'grads["y"]',
             "for name in self.params:": 'for name in ("W1", "W2"):'},
            NETWORK, "The gradients of b1 and b2 are missing",
        ),
    ],
)  # fmt: skip
def test_a_missing_gradient_is_named(  # type: ignore[no-untyped-def]
    lines: dict[str, str], source: str, words: str, checked
) -> None:
    report = checked(changed(lines, source))
    assert words in report.findings[0].sentence
    assert len(report.findings) == 1
    assert report.diagnosis.right
    assert not report.right


def test_an_imported_network_is_told_from_none(tmp_path: Path, checked) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "imported_network.py").write_text(NETWORK, encoding="utf-8")
    report = checked("from imported_network import TwoLayerNet\n")
    assert report.observation.facts["message"] == (
        "TwoLayerNet is imported from imported_network: check the file imported_network.py, which"
        " defines it"
    )


def test_gradients_that_add_up_from_call_to_call(checked) -> None:  # type: ignore[no-untyped-def]
    old = 'grads["b2"] = dy.sum(axis=0)'
    new = 'self.total = grads["b2"] = getattr(self, "total", 0) + dy.sum(axis=0)'
    report = checked(changed({old: new}))
    assert "gradients accumulate" in [finding.mistake for finding in report.findings]


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (np.array([[2.0, 4.0], [6.0, 8.0]]), "2 times too large"),
        (np.array([[0.5, 1.0], [1.5, 2.0]]), "2 times too small"),
        (np.array([[-1.0, -2.0], [-3.0, -4.0]]), "wrong sign"),
        (np.array([[1.0, 2.0]]), "shape (1, 2), expected (2, 2)"),
        (np.array([[2.0, 4.0], [4.0, 6.0]]), "same row in every image"),
        (np.array([[3.0, 4.0], [1.0, 2.0]]), "another order"),
        (np.array([[np.nan, 4.0], [1.0, 2.0]]), "not finite"),
        (np.zeros((2, 2)), "zero"),
        (np.array([[1.0, 2.0], [3.0, 7.0]]), "up to 3 (at [1, 1]: 7, expected 4)"),
    ],
)
def test_by_what_an_array_departs(got: np.ndarray, words: str) -> None:  # type: ignore[type-arg]
    assert words in departure("dW2", got, np.array([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize(("factor", "words"), [(3.0, "not averaged"), (1 / 3, "averaged twice")])
def test_a_factor_that_is_the_size_of_the_batch(factor: float, words: str) -> None:
    want = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert words in departure("dW1", factor * want, want, images=3)
    assert words not in departure("dW1", factor * want, want, images=4)


def test_no_update_is_right_where_a_gradient_is_wrong(checked) -> None:  # type: ignore[no-untyped-def]
    report = checked(changed({"dy = (y - t) / n": "dy = y - t"}, NO_UPDATE))
    states = {row.name: row.state for row in report.diagnosis.rows}
    assert states["one update"] == states["five updates"] == "wrong"


def test_a_sum_that_lost_its_axis_is_explained(checked) -> None:  # type: ignore[no-untyped-def]
    lines = {"np.exp(a).sum(axis=1, keepdims=True)": "np.exp(a).sum(axis=1)"}
    (finding,) = checked(changed(lines)).findings
    assert "keepdims=True" in finding.remedy


def test_a_wrong_softmax_is_not_said_to_overflow(checked) -> None:  # type: ignore[no-untyped-def]
    axis = "np.exp(a).sum(axis={}, keepdims=True)"
    report = checked(changed({axis.format(1): axis.format(0)}))
    assert "overflows" not in " ".join(report.record()["remarks"])


def test_a_mistake_that_makes_the_rest_impossible_ends_the_list() -> None:
    problem = Problem(np.ones((3, 4)), np.eye(2)[[0, 1, 0]], {
        "W1": np.ones((4, 5)), "b1": np.ones(5), "W2": np.ones((5, 2)), "b2": np.ones(2)
    })  # fmt: skip
    arrays = evaluate(problem, Model(), {"dz1": lambda v: v.dy @ v.W2})
    assert "db2" in arrays
    assert "dz1" not in arrays
