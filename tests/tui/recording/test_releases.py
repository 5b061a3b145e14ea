"""Runs and models that earlier releases saved are read, shown, used and resumed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from nn.data.dataset import Dataset, load_dataset
from nn.storage.checkpoint import load_model
from nn.storage.model_file import read_model
from nn.storage.run_lookup import find_run
from nn.storage.runs import SavedRun, list_runs
from nn.training.trainer import Trainer
from tests.support.commands import call_command
from tests.support.npz import read_npz
from tests.support.recorded import go_on, weights
from tui.recording.source import RunSource
from tui.system.cores import blas

RELEASE = Path(__file__).parents[2] / "fixtures" / "releases" / "0.1.0"
FINISHED = "20261125-133859-relu-cross-entropy"
INTERRUPTED = "interrupted-with-dropout"
GRID = ("0 " * 13 + "255 " * 2 + "0 " * 13 + "\n") * 28


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset("")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with copies of both runs."""
    root = tmp_path / "runs"
    for name in (FINISHED, INTERRUPTED):
        shutil.copytree(RELEASE / name, root / name)
    return root


def test_they_are_listed(runs: Path) -> None:
    found, errors = list_runs(runs)
    assert errors == []
    assert {run.name: (run.status, run.record.epoch) for run in found} == {
        FINISHED: ("finished", 4.0),
        INTERRUPTED: ("interrupted", 3.01),
    }
    for run in found:  # nothing about them is in doubt
        text = (run.path / "run.json").read_text()
        assert run.record.save_error is None
        assert run.record.step == json.loads(text)["step"]


def test_they_are_shown_and_used(runs: Path, tmp_path: Path) -> None:
    at = f"--runs-dir={runs}"
    shown = call_command("runs", "show", FINISHED, at)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "finished (completed) after 4/4 epochs, " in shown.stdout
    for which in ("best", "last"):
        file = tmp_path / f"{which}.npz"
        result = call_command("export", FINISHED, "--which", which, "-o", file, at)
        assert result.returncode == 0, result.stderr
        assert read_model(file).config.hidden == (12, 8)
    for model in (RELEASE / "model.npz", FINISHED):
        result = call_command("predict", "--model", model, "--json", at, stdin=GRID)
        assert json.loads(result.stdout)["digit"] in range(10), result.stderr


def test_the_models_score_what_was_recorded(runs: Path, mnist: Dataset) -> None:
    for name in (FINISHED, INTERRUPTED):
        run = find_run(runs, name)
        assert run.record.best is not None
        score = load_model(run, "best").score(mnist.test)
        assert score.accuracy == pytest.approx(run.record.best.test.accuracy, abs=2e-4)
        assert score.loss == pytest.approx(run.record.best.test.loss, rel=1e-4)


def test_a_resumed_run_is_as_that_release_resumed_it(runs: Path, mnist: Dataset) -> None:
    """Bit for bit where the matrix products are computed by the same kernels."""
    folder = runs / FINISHED
    same_kernels = SavedRun.read(folder).record.versions["blas"] == blas()
    go_on(folder, mnist, changes={"epochs": 6})
    expected = read_npz(RELEASE / "resumed-to-6-epochs.npz")
    found = read_npz(folder / "final.npz")
    for name in expected:
        if name.startswith("layer") and same_kernels:
            np.testing.assert_array_equal(found[name], expected[name])
        elif name.startswith("layer"):
            np.testing.assert_allclose(found[name], expected[name], atol=1e-4)
    told = (RELEASE / "resumed-to-6-epochs.jsonl").read_text().splitlines()
    losses = [event["train_loss"] for event in map(json.loads, told) if event["event"] == "epoch"]
    again = [e.train_loss for e in SavedRun.read(folder).events() if hasattr(e, "train_loss")]
    assert again == (losses if same_kernels else pytest.approx(losses, abs=1e-4))


def test_a_run_with_dropout_goes_on_with_a_warning(runs: Path, mnist: Dataset) -> None:
    """The masks were drawn in another way by that release."""
    with RunSource.resumed(SavedRun.read(runs / INTERRUPTED)) as source:
        trainer = Trainer(source.experiment.config, mnist)
        source.restore(trainer)
        recorder, warnings = source.recorder(trainer)
        recorder.close()
    assert any("other units are dropped from here on" in warning for warning in warnings)
    assert trainer.step == 301
    before = weights(runs / INTERRUPTED)
    trainer, outcome = go_on(runs / INTERRUPTED, mnist, events=3)
    assert outcome.save_error is None
    assert trainer.step > 301
    assert weights(runs / INTERRUPTED) != before
