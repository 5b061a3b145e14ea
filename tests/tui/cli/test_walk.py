"""`mnist-tui walk` prints every probability of a few images through a few steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nn.analysis.walk import DEFAULT_FIELDS, Walk
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.commands import call_command, refused
from tui.system.exits import ExitCode

RECOGNIZED = "recognized IDX files: 28x28 pixels, 10 classes\n"


def printed(*words: str | Path) -> list[str]:
    result = call_command("walk", *words)
    narration = RECOGNIZED if "--data-dir" in words else ""
    assert (result.returncode, result.stderr) == (0, narration)
    return result.stdout.splitlines()


def test_five_steps_on_five_images_are_the_default(mnist: Dataset) -> None:
    lines = printed()
    walk = Walk.of(TrainConfig.layered(DEFAULT_FIELDS), mnist.train)
    before = walk.accuracy(mnist.test[:100])
    losses = [line for line in lines if line.startswith("step ")]
    assert losses == [f"step {i}, loss {walk.go(i).loss:.6f}" for i in range(6)]
    assert lines[0] == "784-50-10 sigmoid, cross-entropy, sgd at rate 0.1"
    assert lines[3] == f"accuracy on the first 100 test images before: {before:.2%}"
    after = walk.accuracy(mnist.test[:100])
    assert lines[-1] == f"accuracy on the first 100 test images after step 5: {after:.2%}"
    row = walk.here.probabilities[2]
    (cells,) = [line for line in lines if line.startswith("    2  4 ")][-1:]
    shown = cells.replace("*", " ").split()
    assert [float(cell) for cell in shown[2:12]] == pytest.approx(row, abs=6e-4)
    assert cells.count("*") == 1
    assert f"{row[4]:.3f}*" in cells
    assert shown[12:] == [str(row.argmax()), "right" if row.argmax() == 4 else "wrong"]
    assert max(map(len, lines)) <= 80


def test_json(tiny: Dataset, tiny_folder: Path) -> None:
    words = ("--data-dir", tiny_folder, "--images", "7,3,7", "--steps", "4", "--lr", "0.5")
    (line,) = printed(*words, "--hidden", "6", "--json")
    record = json.loads(line)
    config = TrainConfig.layered(DEFAULT_FIELDS, {"hidden": (6,), "learning_rate": 0.5})
    walk = Walk.of(config, tiny.train, np.array([7, 3, 7]))
    assert record["images"] == [7, 3, 7]
    assert record["labels"] == walk.batch.labels.tolist()
    assert record["targets"] == walk.targets.tolist()
    assert record["configuration"]["hidden"] == [6]
    assert [step["step"] for step in record["steps"]] == [0, 1, 2, 3, 4]
    for step in record["steps"]:
        here = walk.go(step["step"])
        assert step["loss"] == pytest.approx(here.loss)
        np.testing.assert_allclose(step["probabilities"], here.probabilities)
        assert step["predicted"] == here.probabilities.argmax(axis=1).tolist()
        assert step["gradient_norms"].keys() == {"W1", "b1", "W2", "b2"}
    assert record["accuracy_after"] == walk.accuracy(tiny.test[:100])


def test_any_recipe_and_any_network_can_be_walked(tiny_folder: Path) -> None:
    lines = printed("--data-dir", tiny_folder, "--recipe", "sigmoid-mse", "--steps", "0")
    assert lines[0] == "784-64-16-10 sigmoid, squared-error, sgd at rate 3.0"
    lines = printed("--data-dir", tiny_folder, "--recipe", "lincoln-dropout", "--steps", "0")
    note = "probabilities without dropout; losses with the dropout masks of the step"
    assert lines.count(note) == 1
    lines = printed("--data-dir", tiny_folder, "--hidden", "6", "--batch-norm", "--steps", "2")
    assert "probabilities with running statistics; losses with those of the batch" in lines
    lines = printed("--data-dir", tiny_folder, "--hidden", "none", "--dropout", "0.5")
    assert note not in lines
    lines = printed("--data-dir", tiny_folder, "--hidden", "none", "--optimizer", "adam")
    assert lines[0] == "784-10, cross-entropy, adam at rate 0.1"


def test_a_walk_that_diverges(tiny_folder: Path) -> None:
    words: Sequence[str | Path] = (
        *("walk", "--data-dir", tiny_folder, "--activation", "identity"),
        *("--loss", "squared-error", "--lr", "1e9", "--steps", "99"),
    )
    result = call_command(*words)
    assert (result.returncode, result.stderr) == (ExitCode.FAILURE, RECOGNIZED)
    assert "is not finite; try a lower --lr" in result.stdout
    record = json.loads(call_command(*words, "--json").stdout)
    assert record["diverged"]
    assert record["steps"][-1]["loss"] is None
    assert len(record["steps"]) < 99


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--steps", "-1"), "--steps -1: must be at least 0 and at most 100,000"),
        (("--images", "5,,6"), "--images 5,,6: an empty word is not the index of a training image"),
        (("--images", "60000"), "these are 0 to 59,999"),
        (("--images", "-1"), "-1 is not the index"),
        (("--epochs", "3"), "unknown option --epochs"),
    ],
)
def test_refusals(words: Sequence[str], reason: str) -> None:
    assert reason in refused(call_command("walk", *words))


def test_clipping_is_printed(tiny: Dataset, tiny_folder: Path) -> None:
    words = ("--data-dir", tiny_folder, "--hidden", "6", "--clip-norm", "0.3", "--steps", "2")
    config = TrainConfig.layered(DEFAULT_FIELDS, {"hidden": (6,), "clip_norm": 0.3})
    walk = Walk.of(config, tiny.train)
    losses = [line for line in printed(*words) if line.startswith("step ")]
    record = json.loads(printed(*words, "--json")[0])
    for step, line in enumerate(losses):
        values = walk.go(step).values
        norm, factor = float(values["norm"]), float(values["factor"])
        assert line.endswith(f", gradient norm {norm:.4g}, clip factor {factor:.4g}")
        assert record["steps"][step]["clip_factor"] == factor < 1
    assert len(losses) == 3
