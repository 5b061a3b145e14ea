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


@pytest.mark.slow
def test_signals_of_job_control(tmp_path: Path) -> None:
    """`Sitting` continues what has stopped, as `fg` does, and checks the terminal's settings.

    A signal that was handled in the middle of a write once waited for the lock of that write for
    ever, so that in the end signals interrupt one another.
    """
    sitting = Sitting(tmp_path, ["--limit=300", "--no-save"], {})
    pauses = random.Random(1)
    try:
        for signals in (
            ("SIGTSTP",),
            ("SIGCONT",),
            ("SIGCONT", "SIGCONT", "SIGTSTP"),
            ("SIGTSTP", "SIGCONT"),
        ):
            for name in signals:
                sitting.act(Action("signal", name, 0.4))
            sitting.check_it_draws()
            assert "Epoch" in sitting.text(), signals
        sitting.check_it_reacts()
        for _ in range(20):
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


def test_in_the_background_it_stays_stopped_and_the_shell_keeps_its_line(bash: Tmux) -> None:
    """It once painted over the shell, which took it for running and could not bring it back.

    Ended in the background, by the signals that `kill %1` sends, it saves its run.
    """
    pid = child_of(bash)
    for stop, key, shown in ((signal.SIGTSTP, "6", "by newest"), (signal.SIGSTOP, "1", "Grad 2")):
        os.kill(pid, stop)
        bash.wait_for("Stopped")
        for _ in range(2):
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.3)
            wait_until_stopped(pid)
        type_line(bash, "clear; fg")
        bash.wait_for("running", "? Help")
        bash.press(key)
        bash.wait_for(shown)
    bash.press("C-z")
    bash.wait_for("Stopped")
    assert not bash.in_application()
    type_line(bash, "clear; kill %1; wait; echo exit:$?")
    bash.wait_for("interrupted after", "run saved in", "exit:")
