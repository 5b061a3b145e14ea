"""What a user waits for: help, version and refusals do not load NumPy, let alone Textual."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.commands import call_command, environment, run_command
from tui.system.versions import version

HEAVY = ("numpy", "textual", "PIL", "plotext", "threadpoolctl")


def test_nothing_heavy_is_imported() -> None:
    """One command after the other in one process: what the first imports, the later ones have."""
    # A command that needs NumPy to do its work may import it; a refusal before that may not.
    commands = [
        (["--version"], 0, HEAVY),
        (["--help"], 0, HEAVY),
        (["-h"], 0, HEAVY),
        (["--print-config", "--recipe", "two-layer-net"], 0, HEAVY),
        (["--learning-rate", "x"], 2, HEAVY),
        (["--headless", "--recipe", "no-such-recipe"], 2, HEAVY),
        (["__complete", "--recipe", "l"], 0, HEAVY),
        (["predict", "--no-such-option"], 2, sorted({*HEAVY} - {"numpy", "PIL"})),
    ]
    script = (
        "import sys; from tui.__main__ import main\n"
        f"for words, code, heavy in {commands!r}:\n"
        "    assert main(words) == code, words\n"
        "    assert not (sys.modules.keys() & set(heavy)), (words, sys.modules.keys() & set(heavy))"
    )
    words = [sys.executable, "-W", "error", "-c", script]
    result = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_a_headless_run_loads_nothing_of_the_screen() -> None:
    script = (
        "import sys, tui.cli.headless; sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], env=environment(), check=True)


def test_the_first_frame_waits_for_neither_arrays_nor_runs_nor_configurations() -> None:
    later = ("numpy", "plotext", "nn.config", "nn.events", "nn.storage", "textual.scrollbar")
    script = (
        "import sys; from tui.cli.launch import open_screen; from tui.app.app import MnistApp;"
        "from tui.app.screens.train import TrainScreen; from tui.system.terminal import FULL;"
        "TrainScreen(MnistApp(terminal=FULL).bench, FULL);"
        f"sys.exit([name for name in {later!r} if name in sys.modules] or None)"
    )
    subprocess.run([sys.executable, "-c", script], env=environment(), check=True)


def test_version() -> None:
    result = run_command("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{version()}\n", "")


def test_help_has_examples_and_every_command() -> None:
    result = call_command("--help")
    assert (result.returncode, result.stderr) == (0, "")
    for word in (
        "recipes",
        "reproduce",
        "predict",
        "summary",
        "gradcheck",
        "completion",
        "Examples:",
    ):
        assert word in result.stdout
    assert "Exit codes:" in result.stdout
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    "name", ["recipes", "reproduce", "predict", "summary", "gradcheck", "completion"]
)
def test_each_command_has_help(name: str) -> None:
    result = call_command(name, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: mnist-tui {name}")


@pytest.mark.parametrize("shell", ["bash", "zsh", pytest.param("fish", marks=pytest.mark.slow)])
def test_completion_scripts_know_flags_choices_and_commands(shell: str) -> None:
    result = call_command("completion", shell)
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("learning-rate", "nesterov", "gradcheck", "print-config"):
        assert word in result.stdout


def test_recipes_complete_by_name() -> None:
    result = call_command("__complete", "--recipe", "lincoln-m")
    assert "lincoln-momentum" in result.stdout.split()
