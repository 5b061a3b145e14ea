"""`mnist-tui figures`: which figures are drawn, on a terminal, in a pipe, and as files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from nn.errors import NNError
from nn.storage.runs import list_runs
from tests.support.commands import ROOT, call_command, refused, run_command
from tui.cli.parser import run
from tui.figures.catalogue import FIGURES
from tui.system.exits import CommandError, ExitCode


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, small_run: Sequence[str]) -> Path:
    """A folder with one saved run."""
    root = tmp_path_factory.mktemp("figures") / "runs"
    assert call_command(*small_run, "--epochs", "2", "--runs-dir", root, "--quiet").returncode == 0
    return root


def headings(text: str) -> list[str]:
    lines = text.splitlines()
    rules = [i for i, line in enumerate(lines) if line and set(line) == {"="}]
    return [lines[i - 1] for i in rules]


def test_the_list() -> None:
    result = call_command("figures")
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(FIGURES)
    assert "of sigmoid-mse, sigmoid-bce, or any run" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("encoding", [pytest.param("utf-8", marks=pytest.mark.slow), "ascii"])
def test_figures_in_a_pipe(encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding, "COLUMNS": "72"}
    names = ("path", "tangent", "surface", "contour", "activations", "digits")
    call = run_command if encoding == "ascii" else call_command  # whose output is UTF-8
    result = call("figures", *names, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    assert result.stdout.isascii() or encoding == "utf-8"
    assert [heading.split()[0] for heading in headings(result.stdout)] == [
        *("16", "Activation", "f(x)", "f(x0,", "f(x0,", "Gradient"),
    ]
    drawn = [line for line in result.stdout.splitlines() if "=" not in line]
    assert max(map(len, drawn)) <= 72
    assert "contours at f = 1, 5, 12.5, 22.5" in result.stdout
    assert "slope 0.200001 at 5 and 0.300001 at 10" in result.stdout


def test_a_run_alone_has_all_of_its_figures(saved: Path) -> None:
    result = call_command("figures", "last", "--runs-dir", saved)
    assert (result.returncode, result.stderr) == (0, "")
    name = list_runs(saved)[0][0].name
    starts = ["Layers", "Loss", "Accuracy", "25 random test images", "of"]
    found = headings(result.stdout)
    assert len(found) == 5
    assert all(heading.endswith(f": {name}") for heading in found)
    assert all(start in heading for start, heading in zip(starts, found, strict=True))
    assert "train" in result.stdout
    assert "epoch" in result.stdout


def test_names_that_are_too_long_for_one_line_have_lines_of_their_own(
    saved: Path, tmp_path: Path
) -> None:
    (name,) = (run.name for run in list_runs(saved)[0])
    shutil.copytree(saved / name, tmp_path / name)
    shutil.copytree(saved / name, tmp_path / "another-run-with-a-long-name")
    result = call_command("figures", "accuracy", name, "another", "--runs-dir", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    for each in (name, "another-run-with-a-long-name"):
        for split in ("train", "test"):
            assert sum(line.endswith(f" {each}, {split}") for line in lines) == 1


def test_a_figure_and_a_run(saved: Path) -> None:
    name = list_runs(saved)[0][0].name
    result = call_command("figures", "layers", "tangent", name[:8], "--runs-dir", saved)
    assert (result.returncode, result.stderr) == (0, "")
    assert [heading[:6] for heading in headings(result.stdout)] == ["f(x) =", "Layers"]
    result = call_command("figures", "steps", "last", "--runs-dir", saved)
    assert f"training {name} once more" in result.stderr
    assert headings(result.stdout) == [f"Training loss of every step: {name}"]
    assert len(list_runs(saved)[0]) == 1


def test_files(saved: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    folder = tmp_path / "new" / "pictures"
    words = ("figures", "accuracy", "last", "contour", "layers", "--save", folder)
    result = call_command(*words, "--runs-dir", saved)
    assert (result.returncode, result.stderr) == (0, "")
    written = [Path(line) for line in result.stdout.splitlines()]
    name = list_runs(saved)[0][0].name
    names = ("contour", f"layers-{name}", f"accuracy-{name}")
    assert written == [folder / f"{each}.svg" for each in names]
    assert sorted(folder.iterdir()) == sorted(written)
    assert all(path.read_bytes().startswith(b"<?xml") for path in written)


def test_without_matplotlib_a_line_names_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here')")
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    result = run_command("figures", "tangent", "--save", tmp_path / "out", env=env)
    assert "pip install 'mnist-tui[figures]'" in refused(result)
    assert not (tmp_path / "out").exists()
    assert run_command("figures", "layers", env=env).returncode == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("tangant",), "'tangant' is no figure, recipe or saved run; did you mean 'tangent'?"),
        (("sigmoid-mce",), "did you mean 'sigmoid-mse'?"),
        (("xyz",), "'xyz' is no figure, recipe or saved run; `mnist-tui figures` lists"),
        (("layers", "last"), "no saved runs in "),
        (("layers", "no/such/folder"), "no/such/folder"),
        (("tangent", "--format", "png"), "--format png: is for files; add --save DIR"),
        (("--save", "x"), "--save needs the names of figures, recipes or runs"),
        (("tangent", "--draw", "-1"), "--draw -1: must be at least 0"),
    ],
)
def test_refusals(words: Sequence[str], reason: str, tmp_path: Path) -> None:
    """By the exit code of usage, which is that of these errors."""
    with pytest.raises((NNError, CommandError), match=re.escape(reason)) as raised:
        run(["figures", *words, "--runs-dir", str(tmp_path)])
    assert getattr(raised.value, "code", ExitCode.USAGE) == ExitCode.USAGE


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "file").write_text("")
    result = call_command("figures", "tangent", "--save", tmp_path / "file", "--format", "png")
    assert refused(result) == (
        f"--save {tmp_path / 'file'}: a file, where a folder is wanted; name another folder,"
        " which may be new"
    )


@pytest.mark.slow
def test_the_figures_of_the_notes_from_a_fresh_run(tmp_path: Path) -> None:
    result = run_command("figures", "two-layer-net", "--runs-dir", tmp_path, timeout=600)
    assert result.returncode == 0
    assert result.stderr == "training two-layer-net: no run of it is saved\n"
    assert len(headings(result.stdout)) == 6
    (run,) = list_runs(tmp_path)[0]
    assert (run.record.recipe, run.status) == ("two-layer-net", "finished")
    result = call_command("figures", "accuracy", "two-layer-net", "--runs-dir", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
