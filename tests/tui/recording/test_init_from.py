"""New runs that start from trained weights, and refusals where a run is wanted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nn.storage.checkpoint import Checkpoint, load_model
from nn.storage.model_file import read_model
from nn.storage.runs import SavedRun, list_runs, run_names
from tests.support.bands import bands
from tests.support.commands import call_command, refused

GRID = ("0 " * 13 + "255 " * 2 + "0 " * 13 + "\n") * 28


@pytest.fixture
def first(small_run: Sequence[str], root: Path) -> SavedRun:
    """A run of two epochs."""
    assert call_command(*small_run, "--epochs=2", "--quiet", f"--runs-dir={root}").returncode == 0
    return SavedRun.read(list_runs(root)[0][0].path)


@pytest.mark.parametrize("by_file", [False, True])
def test_the_first_weights_are_those(
    small_run: Sequence[str], root: Path, first: SavedRun, by_file: bool
) -> None:
    named = first.path / "best.npz" if by_file else "last"
    at = f"--runs-dir={root}"
    result = call_command(
        *small_run, "--epochs=2", "--lr=1e-30", f"--init-from={named}", at, "--json"
    )
    assert (result.returncode, result.stderr) == (0, "")
    run = list_runs(root)[0][0]
    assert run.path != first.path
    expected = load_model(first, "best").model.parameters
    np.testing.assert_allclose(load_model(run, "last").model.parameters, expected, atol=1e-6)
    started = json.loads(result.stdout.splitlines()[0])
    assert started["start_step"] == 0
    assert f"--init-from={named if by_file else first.path}" in started["command"]
    raw = json.loads((run.path / "run.json").read_text())
    assert raw["init_from"] == str(named if by_file else first.path)


def test_it_is_resumed_and_repeated_like_any_run(
    small_run: Sequence[str], root: Path, first: SavedRun
) -> None:
    at = f"--runs-dir={root}"
    words = [*small_run, "--epochs=3", f"--init-from={first.path}", at, "--quiet"]
    for _ in range(2):
        assert call_command(*words).returncode == 0
    new = [run for run in list_runs(root)[0] if run.path != first.path]
    finals = [read_model(run.path / "final.npz").model.parameters for run in new]
    np.testing.assert_array_equal(*finals)
    result = call_command("--headless", f"--resume={new[0].path}", "--epochs=5", "--quiet", at)
    assert result.returncode == 0
    assert SavedRun.read(new[0].path).record.init_from == str(first.path)
    assert Checkpoint.load(new[0].path / "last.npz").state.values["step"] == 15


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--hidden=9", "--init-from=last"], "its layers are 784-8-10, those of this run 784-9-10"),
        (["--init-from=nothing"], "no run 'nothing' in "),
        (["--init-from=nothing.npz"], "nothing.npz: No such file"),
        (["--init-from=last", "--resume=last"], "--init-from contradicts --resume"),
    ],
)
def test_refusals(
    small_run: Sequence[str], root: Path, first: SavedRun, flags: list[str], said: str
) -> None:
    words = [word for word in small_run if not word.startswith("--hidden")]
    hidden = [] if any(flag.startswith("--hidden") for flag in flags) else ["--hidden=8"]
    assert said in refused(call_command(*words, *hidden, *flags, f"--runs-dir={root}"))


def test_other_hyperparameters_name_it(root: Path, first: SavedRun) -> None:
    said = refused(call_command("--headless", "--resume", "--lr=1", f"--runs-dir={root}"))
    assert f"--init-from {first.name} starts a new run from its weights" in said


@pytest.mark.parametrize("named", ["last", "name", "beginning", "folder", "file"])
def test_predict_takes_a_run(root: Path, first: SavedRun, named: str) -> None:
    model = {
        "last": "last",
        "name": first.name,
        "beginning": first.name[:12],
        "folder": str(first.path),
        "file": str(first.path / "last.npz"),
    }[named]
    result = call_command("predict", "--model", model, "--json", f"--runs-dir={root}", stdin=GRID)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["digit"] in range(10)


def test_a_file_where_a_run_is_wanted(root: Path, first: SavedRun) -> None:
    at, file = f"--runs-dir={root}", first.path / "best.npz"
    for arguments in (["--headless", "--resume", file], ["export", file], ["runs", "show", file]):
        said = refused(call_command(*arguments, at))
        assert said.startswith(f"{file} is a file; a saved run is wanted: its name, ")
        assert said.endswith(f"best.npz is a file of the run {first.path}")


def test_a_folder_of_the_working_directory_where_a_run_is_wanted(
    root: Path, first: SavedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    for named in (root.name, str(root)):
        said = refused(call_command("export", named, f"--runs-dir={root}"))
        assert said.startswith(f"{named}: no run.json in this folder; a saved run is wanted")
        assert said.endswith(f"it holds 1 of them, such as {first.name}")


def test_a_folder_where_a_run_is_wanted(root: Path, first: SavedRun, tmp_path: Path) -> None:
    at = f"--runs-dir={root}"
    for arguments in (["--headless", "--resume"], ["export"], ["runs", "show"], ["attach"]):
        said = refused(call_command(*arguments, root, at))
        assert said.startswith(f"{root}: no run.json in this folder; a saved run is wanted: ")
        assert said.endswith(f"; it holds {len(run_names(root))} of them, such as {first.name}")
        said = refused(call_command(*arguments, tmp_path, at))
        assert said.startswith(f"{tmp_path}: no run.json in this folder; a saved run is wanted: ")
        assert "it holds" not in said
        assert refused(call_command(*arguments, "", at)).startswith("the name of a run is empty; ")
    said = refused(call_command("predict", "--model", tmp_path, at, stdin=GRID))
    assert said.startswith(f"{tmp_path}: no run.json in this folder; ")


def test_the_repeat_command_after_a_stretched_schedule(root: Path, first: SavedRun) -> None:
    """The rates of the first two epochs were those of a budget of two."""
    result = call_command("--headless", "--resume", "--epochs=4", f"--runs-dir={root}")
    (repeat,) = [line for line in result.stderr.splitlines() if line.startswith("repeat: ")]
    assert "--epochs=2 " in repeat
    assert repeat.endswith(" && mnist-tui --headless --resume last --epochs=4")
    result = call_command("--headless", "--resume", "--epochs=6", f"--runs-dir={root}")
    assert "--resume last --epochs=4 && mnist-tui --headless --resume last --epochs=6\n" in (
        result.stderr
    )


def test_an_unwritable_target_is_told_without_the_temporary_name(
    root: Path, first: SavedRun
) -> None:
    target = first.path / "run.json" / "model.npz"
    said = refused(call_command("export", "-o", target, f"--runs-dir={root}"))
    assert said == f"--output {target}: {target.parent} is a file, where a folder is wanted"
    target = first.path / "exports" / "model.npz"
    said = refused(call_command("export", "-o", target, f"--runs-dir={root}"))
    assert said == f"--output {target}: there is no folder {target.parent}"


def test_weights_go_to_data_with_other_classes(
    root: Path, first: SavedRun, tiny_folder: Path, tmp_path: Path
) -> None:
    """All layers but the last are taken over, and that is stated."""
    images, labels = bands(60, shape=(28, 28))
    np.savez(tmp_path / "own.npz", x=images, y=labels)
    flags = ("--hidden=8", "--epochs=1", "--lr=1e-30", f"--runs-dir={root}")
    data = f"--data-dir={tmp_path / 'own.npz'}"
    result = call_command("--headless", data, "--init-from=last", *flags)
    assert result.returncode == 0, result.stderr
    assert "warning: the last layer is begun anew: own has 3 classes, the weights of" in (
        result.stderr
    )
    before, after = load_model(first, "best").model, load_model(list_runs(root)[0][0], "last").model
    assert after.sizes == (784, 8, 3)
    np.testing.assert_allclose(after.linears[0].weight, before.linears[0].weight, atol=1e-6)
    assert after.linears[1].weight.any()


def test_normalization_goes_to_other_classes_too(root: Path, tmp_path: Path) -> None:
    images, labels = bands(60, shape=(28, 28))
    np.savez(tmp_path / "three.npz", x=images, y=labels)
    np.savez(tmp_path / "two.npz", x=images, y=labels % 2)
    flags = ("--hidden=8-6", "--batch-norm", "--epochs=2", "--quiet", f"--runs-dir={root}")
    three, two = (f"--data-dir={tmp_path / name}.npz" for name in ("three", "two"))
    assert call_command("--headless", three, *flags).returncode == 0
    before = load_model(list_runs(root)[0][0], "best").model
    assert call_command("--headless", two, *flags, "--init-from=last", "--lr=1e-30").returncode == 0
    after = load_model(list_runs(root)[0][0], "last").model
    assert after.sizes == (784, 8, 6, 2)
    for old, new in zip(before.norms, after.norms, strict=True):
        np.testing.assert_allclose(old.scale, new.scale, atol=1e-6)


def test_weights_for_images_of_another_size_are_refused(
    root: Path, first: SavedRun, tmp_path: Path
) -> None:
    images, labels = bands(60)
    np.savez(tmp_path / "own.npz", x=images, y=labels)
    data = f"--data-dir={tmp_path / 'own.npz'}"
    said = refused(
        call_command("--headless", data, "--init-from=last", "--hidden=8", f"--runs-dir={root}")
    )
    assert "takes images of 28x28 pixels, and those of own have 12x20" in said
