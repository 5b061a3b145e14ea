"""Data of another size with named classes, through every command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.bands import bands, write_bands
from tests.support.commands import call_command, refused

NAMES = ("apple", "plum", "quince")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 12x20 pixels, three classes, for training and for testing."""
    folder = tmp_path_factory.mktemp("fruit")
    write_bands(folder / "train", 60)
    write_bands(folder / "test", 12)
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """A network that knows them all, with the runs folder beside it."""
    path = folder.parent / "fruit.npz"
    flags = ("--hidden=8", "--epochs=20", "--batch-size=10", "--threads=1")
    result = call_command("--headless", "--data-dir", folder, *flags, "--save", path)
    assert result.returncode == 0, result.stderr
    assert "12x20 pixels, 3 classes (apple, plum, quince)" in result.stderr
    assert "240-8-3 relu, 1,955 parameters" in result.stderr
    assert "test accuracy 100.00%" in result.stderr
    return path


def test_a_run_names_its_classes(model: Path) -> None:
    shown = call_command("runs", "show", "last").stdout
    assert "12x20 pixels, 3 classes: apple, plum, quince" in shown
    record = json.loads(call_command("runs", "show", "last", "--json").stdout)
    assert record["spec"] == {"rows": 20, "columns": 12, "names": list(NAMES)}


@pytest.mark.parametrize("label", range(3))
def test_predict_answers_with_the_name(folder: Path, model: Path, label: int) -> None:
    picture = next((folder / "test" / NAMES[label]).iterdir())
    answer = call_command("predict", "--model", model, picture).stdout.split("\t")
    assert answer[1] == NAMES[label]
    record = json.loads(call_command("predict", "--model", model, "--json", picture).stdout)
    assert (record["digit"], record["class"]) == (label, NAMES[label])
    assert len(record["probabilities"]) == 3


def test_predict_takes_a_grid_of_that_size(model: Path) -> None:
    images, labels = bands(3)
    grid = "\n".join(" ".join(map(str, row)) for row in images[2].tolist())
    answer = call_command("predict", "--model", model, stdin=grid)
    assert answer.stdout.split("\t")[1] == NAMES[labels[2]]
    said = refused(call_command("predict", "--model", model, stdin="0 1 2\n3 4 5\n"))
    assert "a grid of 20 lines of 12 numbers" in said


@pytest.mark.parametrize("kind", ["npz", "safetensors", "onnx"])
def test_exported_weights_are_opened_again(
    folder: Path, model: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "onnx":
        pytest.importorskip("onnx", reason="the extra onnx is not installed")
    path = tmp_path / f"weights.{kind}"
    call_command("export", "last", "--format", kind, "-o", path)
    picture = next((folder / "test" / NAMES[1]).iterdir())
    answers = [call_command("predict", "--model", each, picture) for each in ("last", path)]
    assert answers[0].stdout.split("\t")[1] in NAMES
    assert answers[1].stdout == answers[0].stdout
    assert answers[1].stderr == ""
    result = call_command("import", path, "--data-dir", folder, f"--runs-dir={tmp_path / 'runs'}")
    assert "test accuracy 100.00%" in result.stderr


def test_a_model_of_other_data_is_imported_with_its_data_only(
    model: Path, folder: Path, tmp_path: Path
) -> None:
    """It ended in an internal error."""
    said = refused(call_command("import", model, f"--runs-dir={tmp_path}"))
    assert "takes images of 12x20 pixels and knows 3 classes, where MNIST has 28x28 and 10" in said
    assert said.endswith(f"--data-dir={folder}")


def test_a_run_is_resumed(folder: Path, model: Path) -> None:
    result = call_command("--headless", "--resume", "last", "--epochs=21")
    assert result.returncode == 0, result.stderr
    assert "resumed after 20 epochs" in result.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("walk", "--steps=1"), "classes: 0 (apple), 1 (plum), 2 (quince)"),
        (("lr-find", "--hidden=8"), "learning"),
        (("summary", "--hidden=8"), "1,955"),
    ],
)
def test_other_commands_take_it(folder: Path, words: tuple[str, ...], shown: str) -> None:
    result = call_command(*words, "--data-dir", folder)
    assert result.returncode == 0, result.stderr
    assert shown in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["--headless", "walk", "lr-find", "summary"])
def test_edges_of_images_of_an_odd_size_are_refused(command: str, tmp_path: Path) -> None:
    images, labels = np.zeros((20, 7, 5), np.uint8), np.arange(20) % 2
    file = tmp_path / "odd.npz"
    np.savez(file, x_train=images, y_train=labels, x_test=images, y_test=labels)
    result = call_command(command, "--preprocessing=edges", "--data-dir", file)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == (
        "mnist-tui: error: preprocessing=edges: images of 5x7 pixels cannot be divided into"
        " rectangles of 2x4; choose unit, standardize or minmax"
    )


def test_several_processes_train_it_to_the_same_bits(folder: Path, tmp_path: Path) -> None:
    losses = []
    for processes in ("1", "2"):
        flags = ("--hidden=8", "--epochs=3", "--batch-size=10", "--dtype=float64", "--no-save")
        result = call_command(
            "--headless", "--data-dir", folder, *flags, "--processes", processes, "--json"
        )
        assert result.returncode == 0, result.stderr
        events = [json.loads(line) for line in result.stdout.splitlines()]
        losses.append(events[-1]["evaluation"]["test"]["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-9)


def test_a_table_with_a_line_without_an_end_is_named(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(bytes(2**24))
    done = call_command("--headless", f"--data-dir={table}")
    assert refused(done).startswith(f"{table}: no table of images: a line of over ")
