"""Committees and shifted copies: the mean of probabilities, in memory and in files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.network.committee import Committee
from nn.network.predictor import Predictor
from nn.storage.model_file import read_model, write_model
from nn.training.trainer import Trainer

CONFIGS = (
    TrainConfig(hidden=(9,), epochs=2, batch_size=32, learning_rate=0.02),
    TrainConfig(
        hidden=(7, 5), epochs=2, batch_norm=True, preprocessing="standardize", dtype="float64"
    ),
    TrainConfig(
        hidden=(6,), epochs=2, loss="squared-error-normalized", output_activation="sigmoid",
        deskew=True, optimizer="sgd",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def members(mnist: Dataset) -> list[Predictor]:
    few = Dataset(mnist.train[:300], mnist.test[:200], mnist.name, mnist.sha256)
    trained = [Trainer(config, few) for config in CONFIGS]
    for trainer in trained:
        list(trainer.events())
    return [trainer.predictor for trainer in trained]


def moved(images: Array, down: int, across: int) -> Array:
    """By an independent way: pixel by pixel."""
    squares = images.reshape(-1, 28, 28)
    out = np.zeros_like(squares)
    for row in range(28):
        for column in range(28):
            if 0 <= row - down < 28 and 0 <= column - across < 28:
                out[:, row, column] = squares[:, row - down, column - across]
    return out.reshape(images.shape)


def test_it_is_the_mean_of_the_probabilities(members: list[Predictor], small: Dataset) -> None:
    committee, images = Committee(members), small.test.images
    expected = np.mean([member.probabilities(images) for member in members], axis=0)
    np.testing.assert_allclose(committee.probabilities(images), expected, rtol=1e-4, atol=1e-6)
    # The probabilities are the softmax of the outputs, which does not depend on their scale.
    np.testing.assert_allclose(np.exp(committee.outputs(images)), expected, rtol=1e-4, atol=1e-6)
    predictions = committee.predict(small.test)
    np.testing.assert_array_equal(predictions.predicted, expected.argmax(axis=1))
    losses = -np.log(expected[np.arange(len(images)), small.test.labels])
    np.testing.assert_allclose(predictions.losses, losses, rtol=1e-3, atol=1e-5)
    score = committee.score(small.test)
    assert score.accuracy == (expected.argmax(axis=1) == small.test.labels).mean()
    assert score.loss == pytest.approx(losses.mean(), rel=1e-4)
    assert committee.kind == "committee of 3"
    assert Committee(members[:2], shift=1).kind == (
        "committee of 2, mean of 9 copies shifted by up to 1 pixel"
    )


@pytest.mark.parametrize("loss", ["binary-cross-entropy", "squared-error"])
def test_each_member_counts_as_a_distribution(
    members: list[Predictor], small: Dataset, loss: str
) -> None:
    """However large the sum of its probabilities; one that has only zeros has no preference."""
    trainer = Trainer(TrainConfig.layered({"hidden": (9,), "loss": loss, "epochs": 2}), small)
    other, images = trainer.predictor, small.test.images
    for _ in trainer.events():
        pass
    committee, found = Committee([members[0], other]), other.probabilities(images)
    total = found.sum(axis=1, keepdims=True)
    assert abs(total - 1).max() > 0.05
    expected = (members[0].probabilities(images) + found / total) / 2
    np.testing.assert_allclose(committee.probabilities(images), expected, rtol=1e-4, atol=1e-6)
    losses = -np.log(expected[np.arange(len(images)), small.test.labels])
    np.testing.assert_allclose(committee.predict(small.test).losses, losses, rtol=1e-3, atol=1e-5)
    *_, last = other.model.linears
    last.weight[...], last.bias[...] = 0, -1000
    expected = members[0].probabilities(images) / 2 + 0.05
    np.testing.assert_allclose(committee.probabilities(images), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shift", [1, 2])
def test_copies_are_moved_after_deskewing(
    members: list[Predictor], small: Dataset, shift: int
) -> None:
    steps = range(-shift, shift + 1)
    for member in members:
        images = small.test.images[:20]
        fed = member.preprocessor.fed(images)
        copies = [moved(fed, down, across) for down in steps for across in steps]
        expected = np.mean([member.distribution_of_fed(copy) for copy in copies], axis=0)
        repeated = Committee([member], shift=shift)
        np.testing.assert_allclose(repeated.probabilities(images), expected, rtol=1e-4, atol=1e-6)
        outputs = np.exp(repeated.outputs(images))
        np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-6)
        assert repeated.copies == (2 * shift + 1) ** 2
        said = f"mean of {repeated.copies} copies shifted by up to {shift} "
        assert repeated.kind.startswith(said)


def test_what_is_moved_in_is_paper(members: list[Predictor], small: Dataset) -> None:
    dark = small.test.images[:5]
    member = members[0]
    bright = replace(
        member.preprocessor,
        scale=-member.preprocessor.scale,
        shift=np.float32(1),
        bright_paper=True,
    )
    other = Predictor(member.config, member.model, bright, member.spec)
    expected = Committee([member], shift=1).probabilities(dark)
    found = Committee([other], shift=1).probabilities(255 - dark)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("shift", [0, 1])
def test_files_and_copies_predict_the_same(
    members: list[Predictor], small: Dataset, tmp_path: Path, shift: int
) -> None:
    committee, images = Committee(members, shift=shift), small.test.images
    expected = committee.probabilities(images)
    write_model(tmp_path / "committee.npz", committee, step=0)
    found = read_model(tmp_path / "committee.npz")
    for other in (found, committee.snapshot(), committee.on_data("elsewhere")):
        np.testing.assert_array_equal(other.probabilities(images), expected)
        assert other.kind == committee.kind
    assert [member.config for member in found.members] == list(CONFIGS)
    assert committee.on_data("elsewhere").members[2].config.data_dir == "elsewhere"


def test_members_that_do_not_fit_are_refused(members: list[Predictor]) -> None:
    other = replace(members[1].preprocessor, centred=False)
    one = Predictor(members[1].config, members[1].model, other, members[1].spec)
    with pytest.raises(ValueError, match="takes other images"):
        Committee([members[0], one])
    with pytest.raises(ValueError, match="is a committee itself"):
        Committee([members[0], Committee(members[:2])])
    with pytest.raises(ValueError, match="0 to 3 pixels, not 4"):
        Committee(members, shift=4)


def test_damaged_files_are_refused(members: list[Predictor], tmp_path: Path) -> None:
    path = tmp_path / "committee.npz"
    write_model(path, Committee(members))
    with np.load(path) as archive:
        arrays = dict(archive)
    for changes in (
        {"shift": np.array(99)},
        {"shift": np.array("many")},
        {"format": np.array("mnist-tui committee 2")},
        {"member2.layer1.weight": np.zeros((3, 3))},
        {"member1.config": np.array("{")},
    ):
        np.savez(path, allow_pickle=False, **{**arrays, **changes})
        with pytest.raises(StorageError):
            read_model(path)
    alone = {name: array for name, array in arrays.items() if not name.startswith("member")}
    np.savez(path, allow_pickle=False, **alone)
    with pytest.raises(StorageError, match="without members"):
        read_model(path)
