"""Models of other programs become saved runs, with which everything works but resuming."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.storage.checkpoint import load_model
from nn.storage.model_file import read_model, write_model
from nn.storage.runs import SavedRun, list_runs
from nn.training.trainer import Trainer
from tests.support.commands import call_command, refused
from tests.support.tiny_data import tiny_arrays

GRID = "\n".join(
    " ".join(map(str, row)) for row in tiny_arrays()["t10k-images-idx3-ubyte"][0].tolist()
)


@pytest.fixture(scope="module")
def model_file(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own file of a network that recognizes digits."""
    trainer = Trainer(TrainConfig(hidden=(16,), limit=4000, epochs=3), mnist)
    list(trainer.events())
    path = tmp_path_factory.mktemp("trained") / "model.npz"
    write_model(path, trainer.predictor)
    return path


@pytest.fixture
def foreign(model_file: Path, tmp_path: Path) -> Path:
    """The weights of `model_file` as PyTorch would have them, in a file of a hostile name."""
    state = {}
    for number, layer in enumerate(read_model(model_file).model.linears):
        state |= {f"fc{number}.weight": layer.weight.T, f"fc{number}.bias": layer.bias}
    path = tmp_path / "my model (1).npz"
    np.savez(path, allow_pickle=False, **state)
    return path


@pytest.fixture
def imported(foreign: Path, root: Path) -> SavedRun:
    """That file, imported."""
    done = call_command("import", foreign, f"--runs-dir={root}")
    assert done.returncode == 0, done.stderr
    assert "guessed" in done.stderr
    assert "transposed" in done.stderr
    (run,) = list_runs(root)[0]
    assert done.stdout == f"{run.name}\n"
    return run


def test_the_run_holds_the_weights(imported: SavedRun, foreign: Path, model_file: Path) -> None:
    record = imported.record
    assert imported.name.endswith("-my-model-1")
    assert (imported.status, record.reason) == ("finished", f"imported from {foreign}")
    assert (record.step, record.kept_step, record.imported_from) == (0, 0, str(foreign))
    expected = read_model(model_file)
    for which in ("best", "last"):
        found = load_model(imported, which)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.model.parameters, expected.model.parameters, rtol=1e-6)
    assert record.best is not None
    assert record.best == record.latest


def test_every_command_works_on_it(imported: SavedRun, root: Path, tmp_path: Path) -> None:
    at = f"--runs-dir={root}"
    listed = call_command("runs", at).stdout
    assert listed.splitlines()[1].split()[1:3] == ["imported", "-"], "it was not trained here"
    for typed in ("my-model-1", "imported my-model"):
        assert imported.name in call_command("runs", at, f"--find={typed}").stdout
    shown = call_command("runs", "show", imported.name, at)
    assert "imported from" in shown.stdout
    assert "resume" not in shown.stdout
    assert call_command("runs", "export", imported.name, at).stdout.count("\n") == 2
    other = call_command("import", imported.path / "best.npz", at, "--name=again").stdout.strip()
    assert call_command("runs", "compare", imported.name, other, at).returncode == 0
    copy = tmp_path / "copy.safetensors"
    words = ("export", imported.name, "--format=safetensors", f"--output={copy}", at)
    assert call_command(*words).returncode == 0
    predicted = call_command("predict", "--model", imported.name, at, stdin=GRID)
    assert predicted.stdout == call_command("predict", "--model", copy, stdin=GRID).stdout


def test_it_is_not_resumed_but_starts_new_runs(
    imported: SavedRun, root: Path, tiny_folder: Path
) -> None:
    at = f"--runs-dir={root}"
    line = refused(call_command("--headless", f"--resume={imported.name}", "--epochs=99", at))
    assert "was imported from" in line
    assert f"--init-from {imported.name}" in line
    with pytest.raises(ConfigError, match="imported"):
        imported.config_with({})
    hidden = "-".join(map(str, imported.record.config.hidden))
    flags = (f"--hidden={hidden}", "--epochs=1", "--quiet", f"--data-dir={tiny_folder}")
    done = call_command("--headless", f"--init-from={imported.name}", *flags, at)
    assert done.returncode == 0, done.stderr


def test_weights_are_used_without_importing(
    foreign: Path, model_file: Path, root: Path, tiny_folder: Path
) -> None:
    done = call_command("predict", "--model", foreign, "--json", stdin=GRID)
    assert done.returncode == 0
    assert f"{foreign}: layers 784-" in done.stderr
    digit = json.loads(done.stdout)["digit"]
    own = call_command("predict", "--model", model_file, "--json", stdin=GRID)
    assert (digit, own.stderr) == (json.loads(own.stdout)["digit"], "")
    hidden = "-".join(map(str, read_model(model_file).config.hidden))
    flags = (f"--hidden={hidden}", "--epochs=1", f"--data-dir={tiny_folder}")
    done = call_command("--headless", f"--init-from={foreign}", *flags, f"--runs-dir={root}")
    assert done.returncode == 0, done.stderr
    assert "warning: layers 784-" in done.stderr
    assert not list_runs(root)[0][0].record.imported_from


def test_refusals_leave_nothing(foreign: Path, root: Path, tmp_path: Path) -> None:
    at = f"--runs-dir={root}"
    (tmp_path / "model.pth").write_bytes(pickle.dumps({"W1": [1]}))
    unreachable = tmp_path / ("x" * 300 + ".npz")  # its very existence cannot be asked for
    for words, said in [
        (("import", tmp_path / "model.pth"), "safetensors.torch.save_file"),
        (("predict", "--model", tmp_path / "model.pth"), "safetensors.torch.save_file"),
        (("import", tmp_path / "missing.npz"), "No such file"),
        (("import", unreachable), "File name too long"),
        (("predict", "--model", unreachable), "File name too long"),
        (("import", tmp_path), "a folder"),
        (("import", foreign, "--name=../out"), "--name ../out"),
        (("import", foreign, "--activation=gelu"), "gelu"),
    ]:
        assert said in refused(call_command(*words, at, stdin=GRID))
    assert "File name too long" in refused(call_command("check", unreachable))
    assert not root.exists() or not list(root.iterdir())
