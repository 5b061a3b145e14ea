"""Processes take their modules from where this one has them, not from the working directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import call_command, environment
from tui.system.python import module_command

NAMES = ("nn", "tui", "numpy", "random", "queue", "multiprocessing", "tempfile", "runpy")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a learner, whose files are named like modules."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from here')\n")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["recipes"],
        pytest.param(
            ["sweep", "--vary=lr=0.1,0.01", "--trials=2", "--limit=300", "--epochs=1"],
            marks=pytest.mark.slow,
        ),
        ["--headless", "--no-save", "--limit=300", "--epochs=1", "--processes=2"],
    ],
    ids=["command", "sweep", "processes"],
)
def test_modules_of_the_working_directory_are_not_imported(folder: Path, words: list[str]) -> None:
    command = module_command("tui", *words)
    variables = environment() | {"MNIST_TUI_RUNS_DIR": str(folder / "runs")}
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "taken from here" not in done.stdout + done.stderr
    assert command[0] == sys.executable


def test_a_visitor_is_served_the_program_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("textual_serve", reason="the extra serve is not installed")
    served: list[list[str]] = []
    monkeypatch.setattr(
        "tui.serving.server.serve", lambda command, _port, _names: served.append(command)
    )
    (tmp_path / "tui").mkdir()
    (tmp_path / "tui" / "__init__.py").touch()
    (tmp_path / "tui" / "__main__.py").write_text("print('not installed')\n")
    with monkeypatch.context() as checkout:
        checkout.setattr(sys, "path", [str(tmp_path), *sys.path])
        assert call_command("serve").returncode == 0
    (command,) = served
    done = subprocess.run(
        command, env=environment(), cwd=tmp_path.parent, capture_output=True, text=True, check=False
    )
    assert done.stdout == "not installed\n", done.stderr
