"""Stopped and continued by the shell: the terminal is right before, in between and afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.monkey.inputs import Action
from tests.monkey.sitting import Sitting
from tests.support.tmux import APPLICATION, PATIENCE, Tmux, Window, child_of


@pytest.mark.parametrize(
    "signals",
    [("SIGTSTP",), ("SIGCONT",), ("SIGCONT", "SIGCONT", "SIGTSTP"), ("SIGTSTP", "SIGCONT")],
    ids="-".join,
)
def test_signals_of_job_control(signals: tuple[str, ...], tmp_path: Path) -> None:
    """`Sitting` continues what has stopped, as `fg` does, and checks the terminal's settings."""
    sitting = Sitting(tmp_path, ["--limit=300", "--no-save"], {})
    try:
        for name in signals:
            sitting.act(Action("signal", name, 0.6))
        sitting.check_it_draws()
        sitting.check_it_reacts()
        assert "Epoch" in sitting.text()
        sitting.leave()
    finally:
        sitting.close()


def test_signals_that_interrupt_one_another(tmp_path: Path) -> None:
    """One handled in the middle of a write once waited for the lock of that write for ever."""
    sitting = Sitting(tmp_path, ["--limit=300", "--no-save"], {})
    pauses = random.Random(1)
    try:
        for _ in range(25):
            for name in ("SIGTSTP", "SIGCONT"):
                os.kill(sitting.pid, signal.Signals[name])
                time.sleep(pauses.uniform(0, 0.03))
            sitting.pump(0.05)
        sitting.check_it_draws()
        sitting.check_it_reacts()
        sitting.leave()
    finally:
        sitting.close()


@pytest.fixture
def bash(window: Window) -> Tmux:
    """A window with a shell that edits its line, for which it changes the mode of the terminal."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    terminal = window()
    type_line(terminal, "exec bash --norc --noprofile")
    type_line(terminal, f"clear; {APPLICATION} --limit 300 --hidden 8 --epochs 5000")
    terminal.begin_training()
    return terminal


def type_line(terminal: Tmux, line: str) -> None:
    terminal._tmux("send-keys", "-l", line)
    terminal.press("Enter")


def wait_until_stopped(pid: int) -> None:
    limit = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}/stat").read_text().split()[2] != "T":
        assert time.monotonic() < limit, "not stopped"
        time.sleep(0.05)


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_in_the_background_it_stays_stopped_and_the_shell_keeps_its_line(
    bash: Tmux, stop: signal.Signals
) -> None:
    """It once painted over the shell, which took it for running and could not bring it back."""
    pid = child_of(bash)
    os.kill(pid, stop)
    bash.wait_for("Stopped")
    for _ in range(2):
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.3)
        wait_until_stopped(pid)
    type_line(bash, "fg")
    bash.wait_for("running", "Grad 2", "? Help")
    bash.press("6")
    bash.wait_for("by newest")
    bash.press("q")
    bash.wait_for("A run is under way")
    bash.press("x")
    bash.wait_for("interrupted after")
    assert not bash.in_application()


def test_ended_in_the_background_it_saves_its_run(bash: Tmux) -> None:
    bash.press("C-z")
    bash.wait_for("Stopped")
    type_line(bash, "clear; kill %1; wait; echo exit:$?")
    bash.wait_for("interrupted after", "run saved in", "exit:")
